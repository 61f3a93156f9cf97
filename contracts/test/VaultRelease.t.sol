// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vault} from "../src/Vault.sol";
import {VaultQueue} from "../src/VaultQueue.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {PickyToken, SenderFeeToken} from "./mocks/Tokens.sol";
import {VaultTest} from "./support/VaultTest.sol";

/// @notice What a release leaves behind: places of the queue that no longer wait, recipients that
/// cannot receive, either share of the windows. Windows and rules are those of `VaultRules.t.sol`.
contract VaultReleaseTest is VaultTest {
    address internal constant BOB = address(0xB0B);
    address internal constant EVE = address(0xE5E);

    PickyToken private _picky;

    function setUp() public {
        _picky = new PickyToken(6);
        begin(_picky, rules());
    }

    // ------------------------------------------------------------------ the gate

    function test_gate_isNotStartedByOrdinaryPayments() public {
        assertEq(vault.gateUntil(), 0);
        vault.pay(BOB, 1e6, ANY, 0);
        vault.release(1);
        assertEq(vault.gateUntil(), 0);
    }

    function test_gate_startsByTheLeastInsolvency() public {
        vm.expectEmit(address(vault));
        emit IVault.Gated(uint40(vm.getBlockTimestamp() + 3 days), 1);
        vault.pay(BOB, 1e6, ANY, 1);
        assertEq(vault.gateUntil(), vm.getBlockTimestamp() + 3 days);
    }

    // ------------------------------------------------------------------ where nothing is paid

    /// @dev Asked for any number, a release ends where nothing more fits.
    function test_release_endsByItself() public {
        uint256 count = type(uint256).max;
        assertEq(vault.release{gas: 3_000_000}(count), 0);
        uint64 id = _useUp();
        vm.recordLogs();
        assertEq(vault.release{gas: 3_000_000}(count), 0);
        assertEq(vm.getRecordedLogs().length, 0);
        assertTrue(vault.withdrawal(id).state == VaultQueue.State.Waiting);
        skip(65 minutes);
        assertEq(vault.release{gas: 3_000_000}(count), 49_000e6 - 30_608e6);
    }

    /// @dev What is queued whole asks nothing of the token.
    function test_pay_queuesForWhoCannotReceive() public {
        _useUp();
        _picky.refuse(EVE, true);
        vm.recordLogs();
        (uint256 paid, uint64 id) = vault.pay(EVE, 40_000e6, 9, 0);
        assertEq(vm.getRecordedLogs().length, 1);
        assertEq(paid, 0);
        assertEq(uint256(vault.withdrawal(id).until), 0);
    }

    // ------------------------------------------------------------------ dead places

    function test_release_stepsOverWhatWasTakenBack() public {
        (uint64 a, uint64 b, uint64 c) = _three();
        vault.takeBack(b);
        skip(65 minutes);
        assertEq(vault.release(9), 18_392e6 + 30_000e6);
        for (uint64 id = a; id <= c; id += 4) {
            assertTrue(vault.withdrawal(id).state == VaultQueue.State.None);
        }
        (uint256[3] memory heads, uint256[3] memory tails) = vault.lines();
        assertEq(heads[1], tails[1]);
        assertEq(vault.queued(), 0);
    }

    /// @dev Stepping over a place moves the windows on: what left before still counts, once.
    function test_release_keepsTheWindowsWhereItStepsOver() public {
        (, uint64 b,) = _three();
        vault.takeBack(b);
        skip(65 minutes);
        assertEq(vault.release(1), 18_392e6);
        for (uint256 i; i < 3; ++i) {
            skip(5 minutes);
            (uint256 hour, uint256 day) = vault.available();
            uint256 snapshot = vm.snapshotState();
            // Over the dead place, then the last one.
            assertEq(vault.release(1), 0);
            (uint256 hourAfter, uint256 dayAfter) = vault.available();
            assertEq(hourAfter, hour, "hour");
            assertEq(dayAfter, day, "day");
            skip(5 minutes);
            assertEq(vault.release(1), 30_000e6);
            (hourAfter,) = vault.available();
            // The budget is a hundredth of what is left.
            assertEq(hourAfter, hour - 30_000e6 - 300e6, "hour after");
            // What is paid is what the view promises, hence no more than the window.
            uint256 open = vault.preview(30, 45_000e6, 0);
            assertLt(open, 45_000e6);
            (uint256 paid,) = vault.pay(EVE, 45_000e6, 30, 0);
            assertEq(paid, open);
            vm.revertToState(snapshot);
        }
    }

    /// @dev Each of the count is one place: the work of a call is what its caller asked for.
    function test_release_takesOnePlaceOfEachCount() public {
        (uint64 a, uint64 b, uint64 c) = _three();
        vault.takeBack(b);
        _picky.refuse(BOB, true);
        skip(65 minutes);
        vm.expectEmit(address(vault));
        emit IVault.Undeliverable(a, ANY, 18_392e6);
        assertEq(vault.release(2), 0);
        assertTrue(vault.withdrawal(c).state == VaultQueue.State.Waiting);
        assertEq(vault.release(1), 30_000e6);
    }

    function test_release_goesOnBehindWhoCannotReceive() public {
        _three();
        _picky.refuse(BOB, true);
        skip(65 minutes);
        assertEq(vault.release(9), 50_000e6);
        assertEq(token.balanceOf(EVE), 50_000e6);
    }

    // ------------------------------------------------------------------ the reserved share

    /// @dev The last unit of a withdrawal has the reserved share as any other.
    function test_reserve_paysTheLastUnit() public {
        _useUp();
        (uint256 paid, uint64 id) = vault.pay(BOB, 1, 20, 0);
        assertEq(paid, 1);
        assertEq(uint256(id), 0);
    }

    function test_release_countsInTheShareItPaysFrom() public {
        uint64 id = _small();
        (uint256 common, uint256 reserved) = vault.room();
        assertGt(common, 50_000e6);
        assertGt(reserved, 19_000e6);
        uint256 left = vault.withdrawal(id).quote;
        assertEq(vault.release(1), left);
        // What is paid is off its own share, and a hundredth of it off every budget: four fifths of
        // that are everyone's part and a fifth is the reserved one, rounded.
        (uint256 commonAfter, uint256 reservedAfter) = vault.room();
        assertApproxEqAbs(commonAfter, common - left / 125, 2);
        assertApproxEqAbs(reservedAfter, reserved - left - left / 500, 2);
    }

    function test_release_takesBackInTheShareItPaidFrom() public {
        uint64 id = _small();
        _picky.refuse(EVE, true);
        (uint256 common, uint256 reserved) = vault.room();
        (uint256 hour, uint256 day) = vault.available();
        vm.expectEmit(address(vault));
        emit IVault.Undeliverable(id, 1_021, vault.withdrawal(id).quote);
        assertEq(vault.release(1), 0);
        (uint256 commonAfter, uint256 reservedAfter) = vault.room();
        assertEq(commonAfter, common, "common");
        assertEq(reservedAfter, reserved, "reserved");
        (uint256 hourAfter, uint256 dayAfter) = vault.available();
        assertEq(hourAfter, hour, "hour");
        assertEq(dayAfter, day, "day");
    }

    /// @dev One unit goes out by the reserved share, when nothing else counts any more, and back.
    function test_release_takesBackTheLastUnit() public {
        vault.pay(USER, 60_000e6, ANY, 0);
        skip(1 hours);
        uint256 reserved;
        for (uint32 account = 1_000; true; ++account) {
            (, reserved) = vault.room();
            if (reserved <= 900e6) break;
            vault.pay(EVE, 900e6, account, 0);
        }
        (, uint64 id) = vault.pay(EVE, reserved + 1, 2_000, 0);
        assertEq(uint256(vault.withdrawal(id).quote), 1);
        skip(26 hours);
        _picky.refuse(EVE, true);
        (uint256 common, uint256 before) = vault.room();
        vm.expectEmit(address(vault));
        emit IVault.Undeliverable(id, 2_000, 1);
        vault.release(1);
        (uint256 commonAfter, uint256 reservedAfter) = vault.room();
        assertEq(commonAfter, common);
        assertEq(reservedAfter, before);
    }

    /// @dev A token that takes more off the vault than it pays is no way out of the queue either.
    function test_release_revertsIf_SenderCharged() public {
        SenderFeeToken fee = new SenderFeeToken();
        token = fee;
        vault = deployVault(address(fee), rules());
        fund(fee, vault, 1e15);
        mature(10_000_000e6);
        _useUp();
        fee.charge(true);
        skip(65 minutes);
        vm.expectRevert(
            abi.encodeWithSelector(Vault.PaidWrong.selector, 18_575_920_000, 18_392e6)
        );
        vault.release(1);
    }

    /// @dev What is open to all is used up: of the second 49,000 18,392 wait.
    function _useUp() private returns (uint64 id) {
        vault.pay(USER, 49_000e6, 20, 0);
        (, id) = vault.pay(BOB, 49_000e6, ANY, 0);
    }

    /// @dev 18,392 for Bob, 20,000 and 30,000 for Eve wait.
    function _three() private returns (uint64 a, uint64 b, uint64 c) {
        a = _useUp();
        (, b) = vault.pay(EVE, 20_000e6, 8, 0);
        (, c) = vault.pay(EVE, 30_000e6, 9, 0);
    }

    /// @dev The reserved share was used up, a part of a small one waits, and both are open again.
    function _small() private returns (uint64 id) {
        _useUp();
        uint32 account = 1_000;
        while (id == 0) (, id) = vault.pay(EVE, 900e6, account++, 0);
        assertEq(uint256(account), 1_022);
        skip(65 minutes);
    }
}
