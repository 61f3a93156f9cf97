// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VaultQueue} from "../src/VaultQueue.sol";
import {Lines} from "../src/libraries/Lines.sol";
import {TestToken} from "../src/mocks/TestToken.sol";
import {VaultTest} from "./support/VaultTest.sol";

/// @notice What is large by its account or by its crowd, and the veto of many. The windows here:
/// 100,000 an hour of ten million, so that 50,000 is large and 100,000 is a crowd.
contract VaultWeightTest is VaultTest {
    address internal constant THIEF = address(0x7417F);

    function setUp() public {
        begin(new TestToken("Test Dollar", "TUSD", 6), rules());
        for (uint160 i = 1; i <= 3; ++i) guard.set(address(i), true);
    }

    /// @dev A large sum in pieces of one account is large from where it becomes so.
    function test_attack_piecesOfOneAccountAreLarge() public {
        (uint256 paid,) = vault.pay(THIEF, 30_000e6, ANY, 0);
        assertEq(paid, 30_000e6);
        // 49,850: half the hour of what is held now, less one unit; then exactly that.
        uint256 half = vault.trailingLow() / 200;
        assertEq(vault.preview(ANY, half - 30_000e6 - 1, 0), half - 30_000e6 - 1);
        assertEq(vault.preview(ANY, half - 30_000e6, 0), 0);
        (uint256 none, uint64 id) = vault.pay(THIEF, half - 30_000e6, ANY, 0);
        assertEq(none, 0);
        assertEq(Lines.lineOf(id), Lines.LARGE);
        assertEq(uint256(vault.withdrawal(id).readyAt), vm.getBlockTimestamp() + 1 hours);
        // Another account is another matter.
        (paid,) = vault.pay(THIEF, 20_000e6, 8, 0);
        assertEq(paid, 20_000e6);
    }

    /// @dev Asking again keeps the hour open; an hour without asking closes it.
    function test_asked_isForgottenAfterAnHourWithout() public {
        vault.pay(USER, 20_000e6, ANY, 0);
        skip(1 hours - 1);
        vault.pay(USER, 20_000e6, ANY, 0);
        skip(1 hours - 1);
        assertEq(vault.preview(ANY, 20_000e6, 0), 0);
        skip(1);
        assertEq(vault.preview(ANY, 20_000e6, 0), 20_000e6);
    }

    /// @dev An exit that nobody may stop asks for nothing, and wipes out nothing that was asked.
    function test_attack_forcedExitWipesOutWhatWasAsked() public {
        vault.pay(THIEF, 30_000e6, ANY, 0);
        vault.payForced(THIEF, 1_000e6, ANY);
        uint256 half = vault.trailingLow() / 200;
        assertEq(vault.preview(ANY, half - 30_000e6, 0), 0);
        assertEq(vault.preview(8, half - 30_000e6, 0), half - 30_000e6);
    }

    /// @dev Once as much as two large ones waits, whoever asks waits an hour, but for small ones,
    /// and never an exit that nobody may stop.
    function test_attack_crowdOfManyAccountsIsLarge() public {
        uint256 ordinary;
        for (uint32 i; i < 20; ++i) {
            (uint256 paid, uint64 id) = vault.pay(THIEF, 40_000e6, 100 + i, 0);
            if (id != 0 && Lines.lineOf(id) != Lines.LARGE) ordinary += 40_000e6 - paid;
        }
        // At once and in the ordinary line together less than two hours.
        assertLt(token.balanceOf(THIEF) + ordinary, 200_000e6);
        assertGt(token.balanceOf(THIEF) + ordinary, 150_000e6);
        assertEq(vault.preview(200, 900e6, 0), 900e6);
        (, uint64 forced) = vault.payForced(USER, 40_000e6, 201);
        assertEq(Lines.lineOf(forced), Lines.ORDINARY);
    }

    /// @dev Two of three guardians stop all that an account has waiting in one call each, and not
    /// again in 30 days.
    function test_vetoMany_stopsAllOfAnAccountAtOnce() public {
        uint64[] memory ids = _pieces(4, ANY);
        vm.prank(address(1));
        vault.vetoMany(ids);
        vm.prank(address(2));
        vault.vetoMany(ids);
        for (uint256 i; i < ids.length; ++i) {
            assertTrue(vault.withdrawal(ids[i]).state == VaultQueue.State.Vetoed);
        }
        skip(1);
        uint64[] memory more = _pieces(1, ANY);
        vm.prank(address(1));
        uint256 until = vm.getBlockTimestamp() - 1 + 30 days;
        vm.expectRevert(
            abi.encodeWithSelector(
                VaultQueue.VetoResting.selector, ANY, vm.getBlockTimestamp(), until
            )
        );
        vault.veto(more[0]);
        skip(3 days);
        for (uint256 i; i < ids.length; ++i) {
            (uint32 account, uint256 amount, bool open) = vault.takeBack(ids[i]);
            assertEq(uint256(account), ANY);
            assertEq(amount, 49_990e6);
            assertTrue(open);
        }
    }

    /// @dev The thief takes one of them back in the block of the veto: the others are stopped.
    function test_attack_takingOneBackHoldsUpNoVeto() public {
        uint64[] memory ids = _pieces(3, ANY);
        vm.prank(address(1));
        vault.vetoMany(ids);
        vault.takeBack(ids[1]);
        vm.prank(address(2));
        vault.vetoMany(ids);
        assertTrue(vault.withdrawal(ids[0]).state == VaultQueue.State.Vetoed);
        assertTrue(vault.withdrawal(ids[1]).state == VaultQueue.State.None);
        assertTrue(vault.withdrawal(ids[2]).state == VaultQueue.State.Vetoed);
    }

    function test_vetoMany_revertsIf_notAllowed() public {
        uint64[] memory ids = _pieces(2, ANY);
        vm.expectRevert(abi.encodeWithSelector(VaultQueue.NotGuardian.selector, address(this)));
        vault.vetoMany(ids);
        vm.startPrank(address(1));
        vault.vetoMany(ids);
        vm.expectRevert(
            abi.encodeWithSelector(VaultQueue.VetoTwice.selector, ids[0], address(1))
        );
        vault.vetoMany(ids);
        vm.stopPrank();
    }

    /// @dev So many pieces of one account, all in the large line.
    function _pieces(uint256 count, uint32 account) private returns (uint64[] memory ids) {
        ids = new uint64[](count);
        for (uint256 i; i < count; ++i) {
            if (i == 0) vault.pay(THIEF, 49_000e6, account, 0);
            (, ids[i]) = vault.pay(THIEF, 49_990e6, account, 0);
            assertEq(Lines.lineOf(ids[i]), Lines.LARGE);
        }
    }
}
