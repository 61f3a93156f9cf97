// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vault} from "../src/Vault.sol";
import {VaultQueue} from "../src/VaultQueue.sol";
import {VaultWindows} from "../src/VaultWindows.sol";
import {TestToken} from "../src/mocks/TestToken.sol";
import {VaultTest} from "./support/VaultTest.sol";

/// @notice Whose turn it is when several lines wait, to the second and to the unit. Windows and
/// rules are those of `VaultRules.t.sol`; what one account may take of the reserved share is 500.
contract VaultOrderTest is VaultTest {
    address internal constant BOB = address(0xB0B);
    address internal constant WHALE = address(0x3A1E);

    function setUp() public {
        VaultWindows.Rules memory r = rules();
        r.smallPpm = 0;
        begin(new TestToken("Test Dollar", "TUSD", 6), r);
        guard.set(address(1), true);
    }

    function test_constructor_acceptsItsBounds() public {
        VaultWindows.Windows memory w = VaultWindows.Windows(5e6, 5e6, 1_000_000, 1_000_000);
        VaultWindows.Rules memory r = VaultWindows.Rules(0, 0, 3, 50_000, 1, 1);
        _deploy(w, r);
        assertEq(vault.smallFloorQuote(), 3);
        r = VaultWindows.Rules(500_000, 100_000, 0, 10_000_000, 1 days, 3 days);
        _deploy(w, r);
        assertEq(vault.smallFloorQuote(), 0);
    }

    // ------------------------------------------------------------------ ordinary and large

    /// @dev A large one in its delay stands in nobody's way, and at its second in everybody's.
    function test_large_countsFromItsSecond() public {
        (, uint64 large) = vault.pay(WHALE, 60_000e6, ANY, 0);
        uint256 readyAt = vault.withdrawal(large).readyAt;
        vm.warp(readyAt - 1);
        assertEq(vault.preview(8, 10_000e6, 0), 10_000e6);
        vm.warp(readyAt);
        assertEq(vault.preview(8, 10_000e6, 0), 0);
        (uint256 paid, uint64 behind) = vault.pay(BOB, 10_000e6, 8, 0);
        assertEq(paid, 0);
        (uint256 ahead,) = vault.position(large);
        assertEq(ahead, 1, "of two that are ready at once the ordinary one is first");
        (ahead,) = vault.position(behind);
        assertEq(ahead, 0);
        assertEq(vault.release(1), 10_000e6);
        assertEq(token.balanceOf(BOB), 10_000e6);
        assertEq(vault.release(1), 60_000e6);
    }

    function test_release_takesWhoWasReadyFirst() public {
        (, uint64 large) = vault.pay(WHALE, 50_000e6, ANY, 0);
        skip(1 hours - 1);
        vault.pay(USER, 49_000e6, 10, 0);
        (, uint64 early) = vault.pay(BOB, 49_000e6, 8, 0);
        skip(2);
        (, uint64 late) = vault.pay(BOB, 10_000e6, 9, 0);
        _ahead(early, 0, 0);
        _ahead(large, 1, 18_392e6);
        _ahead(late, 2, 68_392e6);
        skip(65 minutes);
        vault.release(1);
        assertTrue(vault.withdrawal(early).state == VaultQueue.State.None, "early");
        vault.release(1);
        assertTrue(vault.withdrawal(large).state == VaultQueue.State.None, "large");
        assertTrue(vault.withdrawal(late).state == VaultQueue.State.Waiting, "late");
    }

    /// @dev What was taken back waits for nobody and is not counted, wherever it stood.
    function test_position_leavesOutDeadPlaces() public {
        (, uint64 large) = vault.pay(WHALE, 50_000e6, ANY, 0);
        (uint64 a, uint64 b, uint64 c) = _three();
        vault.takeBack(b);
        _ahead(large, 2, 18_392e6 + 9_000e6);
        _ahead(c, 1, 18_392e6);
        assertEq(vault.earliest(a), vault.earliest(c));
        (, uint64 second) = vault.pay(WHALE, 50_000e6, ANY, 0);
        vault.takeBack(large);
        skip(2 hours);
        (, uint64 last) = vault.pay(BOB, 1_000e6, 9, 0);
        _ahead(last, 3, 77_392e6);
        _ahead(second, 2, 27_392e6);
    }

    /// @dev What was vetoed is out of the way of all others at once.
    function test_veto_clearsTheWay() public {
        (, uint64 large) = vault.pay(WHALE, 50_000e6, ANY, 0);
        vm.prank(address(1));
        vault.veto(large);
        (uint256[3] memory heads, uint256[3] memory tails) = vault.lines();
        assertEq(heads[2], tails[2]);
        skip(1 hours);
        assertEq(vault.preview(8, 10_000e6, 0), 10_000e6);
    }

    function test_veto_revertsIf_resting() public {
        uint256 first = vm.getBlockTimestamp();
        (, uint64 large) = vault.pay(WHALE, 50_000e6, ANY, 0);
        vm.prank(address(1));
        vault.veto(large);
        vm.warp(first + 30 days - 1);
        (, large) = vault.pay(WHALE, 50_000e6, ANY, 0);
        vm.prank(address(1));
        vm.expectRevert(
            abi.encodeWithSelector(
                VaultQueue.VetoResting.selector, ANY, first + 30 days - 1, first + 30 days
            )
        );
        vault.veto(large);
    }

    // ------------------------------------------------------------------ small ones

    function test_position_ofSmallOnesIsThatOfTheirLine() public {
        _three();
        _useUpReserve();
        (uint256 before,) = vault.position(_lastSmall());
        skip(1);
        (, uint64 a) = vault.pay(BOB, 500e6, 5_000, 0);
        skip(1);
        (, uint64 b) = vault.pay(BOB, 400e6, 5_001, 0);
        (uint256 aheadOfA, uint256 amountA) = vault.position(a);
        (uint256 aheadOfB, uint256 amountB) = vault.position(b);
        assertEq(aheadOfA, before + 1);
        assertEq(aheadOfB, before + 2);
        assertEq(amountB, amountA + 500e6);
    }

    /// @dev When nobody else waits the small line uses what is open to all, though its own share
    /// is still used up.
    function test_release_smallLineUsesWhatIsOpenToAll() public {
        (, uint64 large) = vault.pay(WHALE, 50_000e6, ANY, 0);
        skip(1 hours);
        _useUpReserve();
        vault.takeBack(large);
        uint256 left = vault.queued();
        (uint256 common, uint256 reserved) = vault.room();
        assertGt(left, 0);
        assertGt(common, left);
        assertEq(reserved, 0);
        assertEq(vault.release(9), left);
        (, reserved) = vault.room();
        assertEq(reserved, 0);
    }

    function test_reserve_capIsExact() public {
        _three();
        assertEq(_small(500e6 + 1), 0);
        assertEq(_small(500e6), 500e6);
        assertEq(_small(1), 0);
        // To the second, and forgotten whole.
        skip(24 hours - 1);
        assertEq(_small(1), 0);
        skip(1);
        assertEq(_small(200e6), 200e6);
        skip(2 hours);
        assertEq(_small(300e6), 300e6);
        assertEq(_small(1), 0);
    }

    /// @dev One unit of the reserved share counts in it, and leaves its window as any other.
    function test_reserve_countsOneUnit() public {
        vault.pay(WHALE, 50_000e6, ANY, 0);
        skip(1 hours);
        (, uint256 before) = vault.room();
        assertEq(_small(1), 1);
        (, uint256 reserved) = vault.room();
        // One more by rounding: the budget is a share of what is held.
        assertEq(reserved, before - 2);
        skip(65 minutes);
        assertEq(vault.release(9), 50_000e6);
        skip(26 hours);
        (uint256 paid,) = vault.pay(USER, 1_000e6, 9, 0);
        assertEq(paid, 1_000e6);
    }

    /// @dev What went by the reserved share is no part of what everyone took, in the day either.
    function test_room_isThatOfTheDay() public {
        _deploy(VaultWindows.Windows(1, 1, 10_000, 10_000), rules());
        fund(token, vault, 1e15);
        mature(10_000_000e6);
        (, uint64 large) = vault.pay(WHALE, 60_000e6, ANY, 0);
        skip(1 hours);
        for (uint32 i; i < 10; ++i) vault.pay(BOB, 99e6, i, 0);
        vault.takeBack(large);
        skip(2 hours);
        (uint256 common, uint256 reserved) = vault.room();
        assertEq(common, 79_992_080_000);
        assertEq(reserved, 19_998_020_000 - 990e6);
    }

    /// @dev Hour after hour the share of the hour is taken, until that of the day is used up.
    function test_reserve_holdsForTheDay() public {
        VaultWindows.Rules memory r = rules();
        r.smallFloorQuote = 40_000e6;
        _deploy(windows(), r);
        fund(token, vault, 1e15);
        mature(10_000_000e6);
        vault.pay(WHALE, 50_000e6, ANY, 0);
        skip(1 hours);
        uint256 sum;
        for (uint32 i; i < 14; ++i) {
            uint256 open = vault.preview(i, 40_000e6, 0);
            (uint256 paid, uint64 id) = vault.pay(BOB, 40_000e6, i, 0);
            assertEq(paid, open);
            vault.takeBack(id);
            sum += paid;
            skip(65 minutes);
        }
        // A fifth of the day's budget, which is a tenth of what is held.
        assertLe(sum, 200_000e6);
        assertGt(sum, 196_000e6);
        (, uint256 reserved) = vault.room();
        assertEq(reserved, 0);
    }

    function _small(uint256 amount) private returns (uint256 paid) {
        uint256 snapshot = vm.snapshotState();
        uint64 id;
        (paid, id) = vault.pay(BOB, amount, 1_000, 0);
        // What does not fit does not stay.
        if (id != 0) vm.revertToState(snapshot);
    }

    function _ahead(uint64 id, uint256 count, uint256 sum) private view {
        (uint256 ahead, uint256 amount) = vault.position(id);
        assertEq(ahead, count, "ahead");
        assertEq(amount, sum, "amount ahead");
    }

    /// @dev What is open to all is used up; 18,392 and 20,000 and 30,000 wait.
    function _three() private returns (uint64 a, uint64 b, uint64 c) {
        vault.pay(USER, 49_000e6, 20, 0);
        (, a) = vault.pay(BOB, 49_000e6, 21, 0);
        (, b) = vault.pay(BOB, 20_000e6, 8, 0);
        (, c) = vault.pay(BOB, 9_000e6, 9, 0);
    }

    /// @dev Until a part of the last waits.
    function _useUpReserve() private {
        uint64 id;
        for (uint32 account = 2_000; id == 0; ++account) {
            (, id) = vault.pay(BOB, 450e6, account, 0);
        }
        assertEq(uint256(id & 3), 0);
    }

    function _lastSmall() private view returns (uint64) {
        (, uint256[3] memory tails) = vault.lines();
        return uint64((tails[0] - 1) << 2);
    }

    function _deploy(VaultWindows.Windows memory w, VaultWindows.Rules memory r) private {
        bytes memory args = abi.encode(token, address(this), guard, w, r);
        vault = Vault(deploy("Vault", args));
    }
}
