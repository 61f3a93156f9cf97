// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vault} from "../src/Vault.sol";
import {VaultQueue} from "../src/VaultQueue.sol";
import {VaultWindows} from "../src/VaultWindows.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {TestToken} from "../src/mocks/TestToken.sol";
import {VaultTest} from "./support/VaultTest.sol";

/// @notice The reserved share, the delay of large withdrawals and their veto. The vault is mature:
/// 10,000,000 held, hence 100,000 an hour and 1,000,000 a day; a fifth is reserved; one account's
/// part of that is 1,000 a day; from 50,000 a withdrawal is large and waits an hour.
contract VaultRulesTest is VaultTest {
    address internal constant BOB = address(0xB0B);
    address internal constant WHALE = address(0x3A1E);
    uint32 internal constant SMALL_USER = 1_000;

    function setUp() public {
        begin(new TestToken("Test Dollar", "TUSD", 6), rules());
        for (uint160 i = 1; i <= 3; ++i) guard.set(address(i), true);
    }

    // ------------------------------------------------------------------ reserved share

    /// @dev THREATS: a whale queues half the vault. Without the share the first small user waits
    /// for all of it; with it every small one is paid at once until the share is used, and the
    /// last of them an hour later.
    function test_attack_whaleCannotStarveSmallUsers() public {
        _whale(vault);
        uint256 served;
        for (uint32 i; i < 20; ++i) served += _small(vault, i, 900e6);
        assertEq(served, 18_000e6, "a small user was starved");
        // The share is one fifth and no more, however many accounts share it.
        for (uint32 i = 20; i < 22; ++i) _small(vault, i, 900e6);
        (uint256 paid, uint64 id) = vault.pay(BOB, 900e6, SMALL_USER + 22, 0);
        assertLt(paid, 900e6);
        uint256 promised = vault.earliest(id);
        assertLe(promised, vm.getBlockTimestamp() + 65 minutes);
        vm.warp(promised);
        vault.release(2);
        assertEq(uint256(vault.withdrawal(id).state), uint256(VaultQueue.State.None));

        // Ablation: the same without a reserved share.
        VaultWindows.Rules memory none = rules();
        none.reservePpm = 0;
        Vault other = deployVault(address(token), none);
        fund(token, other, 1e15);
        other.take(USER, 10_000_000e6);
        skip(36 hours);
        _whale(other);
        assertEq(_small(other, 0, 900e6), 0, "the attack does not bite");
    }

    function test_reserve_isNotForLargerOnes() public {
        (uint256 paid,) = vault.pay(WHALE, 49_000e6, ANY, 0);
        assertEq(paid, 49_000e6);
        (paid,) = vault.pay(WHALE, 49_000e6, 8, 0);
        assertEq(vault.queued(), 49_000e6 - paid);
        // A hundredth of a percent is already off the budgets.
        (uint256 common, uint256 reserved) = vault.room();
        assertEq(common, 0);
        assertGt(reserved, 19_000e6);
    }

    function test_reserve_capsEachAccountIn24Hours() public {
        _whale(vault);
        assertEq(_small(vault, 0, 600e6), 600e6);
        skip(23 hours);
        // 1,000 is the cap: 600 are taken, and taking again starts the 24 hours anew.
        assertEq(_small(vault, 0, 401e6), 0);
        assertEq(_small(vault, 0, 390e6), 390e6);
        skip(24 hours - 1);
        assertEq(_small(vault, 0, 100e6), 0);
        skip(1);
        assertGt(_small(vault, 0, 100e6), 0);
    }

    function test_reserve_smallLineIsFirstInFirstOut() public {
        _whale(vault);
        for (uint32 i; i < 23; ++i) _small(vault, i, 900e6);
        (, uint64 a) = vault.pay(address(0xA), 900e6, 5_000, 0);
        (, uint64 b) = vault.pay(address(0xB), 900e6, 5_001, 0);
        (uint256 ahead,) = vault.position(b);
        assertEq(ahead, 3);
        (ahead,) = vault.position(a);
        assertEq(ahead, 2);
        skip(65 minutes);
        // There is room in the share now, but others wait for it.
        (uint256 paid,) = vault.pay(address(0xC), 900e6, 5_002, 0);
        assertEq(paid, 0);
        vault.release(3);
        assertEq(token.balanceOf(address(0xA)), 900e6);
        assertEq(token.balanceOf(address(0xB)), 0);
    }

    /// @dev When nobody else waits the small line may use what is open to all.
    function test_release_smallLineUsesIdleRoom() public {
        vault.pay(WHALE, 49_000e6, ANY, 0);
        vault.pay(WHALE, 30_000e6, 8, 0);
        for (uint32 i; i < 24; ++i) vault.pay(BOB, 900e6, SMALL_USER + i, 0);
        assertGt(vault.queued(), 0);
        skip(65 minutes);
        (uint256[3] memory heads, uint256[3] memory tails) = vault.lines();
        assertGt(tails[0], heads[0]);
        vault.release(50);
        assertEq(vault.queued(), 0);
        assertEq(token.balanceOf(BOB), 21_600e6);
    }

    // ------------------------------------------------------------------ delay and veto

    function test_large_waitsThoughThereIsRoom() public {
        uint256 time = vm.getBlockTimestamp();
        (uint256 paid, uint64 id) = vault.pay(WHALE, 50_000e6, ANY, 0);
        assertEq(paid, 0);
        assertEq(uint256(vault.withdrawal(id).readyAt), time + 1 hours);
        assertEq(vault.earliest(id), time + 1 hours);
        vm.warp(time + 1 hours - 1);
        assertEq(vault.release(1), 0);
        // Until then it stands in nobody's way.
        (paid,) = vault.pay(BOB, 10_000e6, 8, 0);
        assertEq(paid, 10_000e6);
        vm.warp(time + 1 hours);
        assertEq(vault.release(1), 50_000e6);
    }

    function test_large_joinsTheQueueByItsReadyTime() public {
        (, uint64 large) = vault.pay(WHALE, 50_000e6, ANY, 0);
        skip(30 minutes);
        vault.pay(USER, 45_000e6, 8, 0);
        vault.pay(USER, 45_000e6, 11, 0);
        (, uint64 before) = vault.pay(BOB, 10_000e6, 9, 0);
        skip(40 minutes);
        (, uint64 later) = vault.pay(BOB, 10_000e6, 10, 0);
        (uint256 ahead,) = vault.position(before);
        assertEq(ahead, 1);
        (ahead,) = vault.position(large);
        assertEq(ahead, 2);
        (ahead,) = vault.position(later);
        assertEq(ahead, 3);
        uint256 promised = vault.earliest(later);
        while (vm.getBlockTimestamp() < promised) {
            vault.release(9);
            assertFalse(vault.withdrawal(later).state == VaultQueue.State.None, "too early");
            uint256 next = (vm.getBlockTimestamp() / 5 minutes + 1) * 5 minutes;
            vm.warp(next < promised ? next : promised);
        }
        vault.release(9);
        assertEq(vault.queued(), 0);
    }

    function test_veto_stopsThenReturnsAndNeverPays() public {
        (, uint64 id) = vault.pay(WHALE, 60_000e6, ANY, 0);
        vm.prank(address(1));
        vault.veto(id);
        assertEq(uint256(vault.withdrawal(id).state), uint256(VaultQueue.State.Waiting));
        uint256 until = vm.getBlockTimestamp() + 3 days;
        vm.expectEmit(address(vault));
        emit IVault.VetoConfirmed(id, address(2), 2, 2);
        vm.expectEmit(address(vault));
        emit IVault.Vetoed(id, ANY, uint40(until));
        vm.prank(address(2));
        vault.veto(id);
        assertEq(vault.release(9), 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                VaultQueue.VetoRunning.selector, id, vm.getBlockTimestamp(), until
            )
        );
        vault.takeBack(id);
        vm.warp(until);
        assertEq(vault.release(9), 0);
        assertEq(token.balanceOf(WHALE), 0);
        (uint32 account, uint256 amount, bool open) = vault.takeBack(id);
        assertTrue(open);
        assertEq(uint256(account), ANY);
        assertEq(amount, 60_000e6);
        assertEq(vault.liabilities(), 10_000_000e6);
    }

    function test_veto_revertsIf_notAllowed() public {
        (, uint64 id) = vault.pay(WHALE, 60_000e6, ANY, 0);
        uint256 readyAt = vm.getBlockTimestamp() + 1 hours;
        vm.expectRevert(abi.encodeWithSelector(VaultQueue.NotGuardian.selector, address(this)));
        vault.veto(id);
        vm.startPrank(address(1));
        vault.veto(id);
        vm.expectRevert(abi.encodeWithSelector(VaultQueue.VetoTwice.selector, id, address(1)));
        vault.veto(id);
        vm.warp(readyAt);
        vm.expectRevert(
            abi.encodeWithSelector(VaultQueue.VetoLate.selector, id, readyAt, readyAt)
        );
        vault.veto(id);
        vm.stopPrank();
        // Nothing but a large one: neither an ordinary, nor one that is not there.
        vault.release(9);
        vault.pay(WHALE, 49_000e6, 8, 0);
        (, uint64 ordinary) = vault.pay(WHALE, 49_000e6, 9, 0);
        uint256 time = vm.getBlockTimestamp();
        vm.startPrank(address(1));
        vm.expectRevert(
            abi.encodeWithSelector(VaultQueue.VetoLate.selector, ordinary, time, time)
        );
        vault.veto(ordinary);
        vm.expectRevert(abi.encodeWithSelector(VaultQueue.VetoLate.selector, 6, time, 0));
        vault.veto(6);
        vm.stopPrank();
    }

    /// @dev A guardian who was removed counts no more; a majority of those who are left does.
    function test_veto_countsGuardiansOfNow() public {
        for (uint160 i = 4; i <= 5; ++i) guard.set(address(i), true);
        (, uint64 id) = vault.pay(WHALE, 60_000e6, ANY, 0);
        for (uint160 i = 1; i <= 2; ++i) {
            vm.prank(address(i));
            vault.veto(id);
        }
        guard.set(address(1), false);
        vm.expectEmit(address(vault));
        emit IVault.VetoConfirmed(id, address(3), 2, 3);
        vm.prank(address(3));
        vault.veto(id);
        vm.prank(address(4));
        vault.veto(id);
        assertEq(uint256(vault.withdrawal(id).state), uint256(VaultQueue.State.Vetoed));
        assertEq(vault.confirmations(id).length, 4);
    }

    /// @dev All guardians captured: they hold an account's money once in 30 days, for 3 days.
    function test_attack_vetoCannotCloseTheExit() public {
        uint256 start = vm.getBlockTimestamp();
        uint256 out;
        for (uint256 day; day < 30; ++day) {
            vm.warp(start + day * 1 days);
            (, uint64 id) = vault.pay(WHALE, 50_000e6, ANY, 0);
            for (uint160 i = 1; i <= 2; ++i) {
                vm.prank(address(i));
                try vault.veto(id) {} catch {}
            }
            skip(1 hours);
            out += vault.release(9);
        }
        assertEq(out, 29 * 50_000e6);
        vm.warp(start + 30 days);
        (, uint64 again) = vault.pay(WHALE, 50_000e6, ANY, 0);
        vm.prank(address(1));
        vault.veto(again);
        vm.prank(address(2));
        vault.veto(again);
        assertEq(uint256(vault.withdrawal(again).state), uint256(VaultQueue.State.Vetoed));
    }

    /// @dev The exit stays open: neither guardians nor a gate stop what was forced.
    function test_payForced_waitsForWindowsAlone() public {
        vm.prank(WHALE);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.NotClearingHouse.selector, WHALE, address(this))
        );
        vault.payForced(WHALE, 1, ANY);
        // The gate is closed, and anyone else would queue.
        insolvency = 5;
        vault.release(1);
        assertEq(vault.preview(8, 1e6, 5), 0);
        (uint256 paid, uint64 id) = vault.payForced(WHALE, 150_000e6, ANY);
        assertGt(paid, 79_000e6);
        assertEq(uint256(vault.withdrawal(id).readyAt), vm.getBlockTimestamp());
        vm.prank(address(1));
        vm.expectPartialRevert(VaultQueue.VetoLate.selector);
        vault.veto(id);
        skip(65 minutes);
        insolvency = 0;
        vault.release(9);
        assertEq(token.balanceOf(WHALE), 150_000e6);
    }

    /// @dev Splitting below the threshold escapes the delay, never the windows.
    function test_attack_splittingTakesOneWindow() public {
        uint256 out;
        for (uint32 i; i < 40; ++i) {
            (uint256 paid,) = vault.pay(WHALE, 49_999e6, 100 + i, 0);
            out += paid;
        }
        assertLe(out, 80_000e6);
        vm.warp(vm.getBlockTimestamp() + 1 hours);
        vault.release(100);
        assertLe(token.balanceOf(WHALE), 80_000e6);
    }

    function _whale(Vault at_) private {
        for (uint32 i; i < 20; ++i) at_.pay(WHALE, 49_000e6, 40 + i, 0);
    }

    function _small(Vault at_, uint32 i, uint256 amount) private returns (uint256 paid) {
        (paid,) = at_.pay(BOB, amount, SMALL_USER + i, 0);
    }
}
