// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vault} from "../src/Vault.sol";
import {VaultQueue} from "../src/VaultQueue.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {Lines} from "../src/libraries/Lines.sol";
import {TestToken} from "../src/mocks/TestToken.sol";
import {HookToken, PickyToken} from "./mocks/Tokens.sol";
import {VaultTest} from "./support/VaultTest.sol";

/// @notice A transfer that takes nearly a million of gas.
contract DearToken is TestToken {
    constructor() TestToken("Dear", "D", 6) {}

    function _update(address from, address to, uint256 value) internal override {
        uint256 until = gasleft() - 900_000;
        while (gasleft() > until) {}
        super._update(from, to, value);
    }
}

/// @notice Calls back into the vault while it is being paid.
contract Greedy {
    Vault private immutable VAULT;
    bool public entered;

    constructor(Vault vault_) {
        VAULT = vault_;
    }

    function tokensReceived(address, uint256) external {
        (entered,) = address(VAULT).call(abi.encodeCall(VAULT.release, (1)));
    }
}

/// @notice What does not fit waits, in order, is never lost, and can be foreseen. The windows here:
/// 50,000 an hour and 250,000 a day at least, 1 % and 10 % of the trailing minimum.
contract VaultQueueTest is VaultTest {
    address internal constant BOB = address(0xB0B);
    address internal constant EVE = address(0xE5E);

    function setUp() public {
        vm.warp(START - START % 12 hours);
        token = new TestToken("Test Dollar", "TUSD", 6);
        vault = deployVault(address(token), bare());
        fund(token, vault, 1e15);
    }

    function test_pay_queuesWhatDoesNotFit() public {
        vault.take(USER, 1_000_000e6);
        vm.expectEmit(address(vault));
        emit IVault.Queued(5, ANY, BOB, 20_000e6, uint40(vm.getBlockTimestamp()));
        vm.expectEmit(address(vault));
        emit IVault.Paid(BOB, HOUR_FLOOR, 930_000e6);
        (uint256 paid, uint64 id) = vault.pay(BOB, 70_000e6, ANY, 0);
        assertEq(paid, HOUR_FLOOR);
        assertEq(token.balanceOf(BOB), HOUR_FLOOR);
        assertEq(vault.queued(), 20_000e6);
        assertEq(vault.liabilities(), 930_000e6);
        VaultQueue.Withdrawal memory w = vault.withdrawal(id);
        assertEq(w.to, BOB);
        assertEq(uint256(w.quote), 20_000e6);
        assertEq(uint256(w.account), ANY);
        // Nothing of it is owed twice.
        vm.expectRevert(
            abi.encodeWithSelector(Vault.LiabilitiesShort.selector, 930_000e6 + 1, 930_000e6)
        );
        vault.pay(EVE, 930_000e6 + 1, ANY, 0);
    }

    function test_release_paysInOrderAndInParts() public {
        vault.take(USER, 1_000_000e6);
        vault.pay(USER, HOUR_FLOOR, ANY, 0);
        (, uint64 first) = vault.pay(BOB, 80_000e6, ANY, 0);
        (, uint64 second) = vault.pay(EVE, 5_000e6, 8, 0);
        assertEq(vault.release(9), 0);
        _position(first, 0, 0);
        _position(second, 1, 80_000e6);
        skip(65 minutes);
        vm.expectEmit(address(vault));
        emit IVault.Released(first, ANY, HOUR_FLOOR, 30_000e6);
        assertEq(vault.release(9), HOUR_FLOOR);
        assertEq(token.balanceOf(EVE), 0);
        _position(second, 1, 30_000e6);
        skip(65 minutes);
        // A newcomer goes behind those who wait, though there is room.
        (uint256 paid,) = vault.pay(USER, 1e6, 9, 0);
        assertEq(paid, 0);
        assertEq(vault.release(1), 30_000e6);
        assertEq(vault.release(9), 5_000e6 + 1e6);
        assertEq(token.balanceOf(BOB), 80_000e6);
        assertEq(token.balanceOf(EVE), 5_000e6);
        assertEq(vault.queued(), 0);
        assertEq(uint256(vault.withdrawal(first).state), uint256(VaultQueue.State.None));
    }

    /// @dev A queued withdrawal counts as held: a run does not shrink the budgets before it is
    /// paid.
    function test_queue_leavesBudgetsAlone() public {
        mature(100_000_000e6);
        vault.pay(BOB, 9_000_000e6, ANY, 0);
        assertEq(vault.trailingLow(), 99_000_000e6);
        assertEq(vault.queued(), 8_000_000e6);
    }

    function test_takeBack_returnsAndClosesTheGap() public {
        (uint64 a, uint64 b, uint64 c) = _three();
        vm.expectEmit(address(vault));
        emit IVault.Returned(b, 8, 20_000e6);
        (uint32 account, uint256 amount, bool open) = vault.takeBack(b);
        assertEq(uint256(account), 8);
        assertEq(amount, 20_000e6);
        assertFalse(open);
        _position(c, 1, 10_000e6);
        assertEq(vault.queued(), 40_000e6);
        vm.expectRevert(abi.encodeWithSelector(VaultQueue.WithdrawalUnknown.selector, b));
        vault.takeBack(b);
        vm.expectRevert(abi.encodeWithSelector(VaultQueue.WithdrawalUnknown.selector, b));
        vault.position(b);
        vm.expectRevert(abi.encodeWithSelector(VaultQueue.WithdrawalUnknown.selector, b));
        vault.earliest(b);
        vault.takeBack(a);
        _position(c, 0, 0);
        skip(65 minutes);
        assertEq(vault.release(9), 30_000e6);
    }

    function test_takeBack_revertsIf_NotClearingHouse() public {
        (uint64 a,,) = _three();
        vm.prank(USER);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.NotClearingHouse.selector, USER, address(this))
        );
        vault.takeBack(a);
    }

    /// @dev One recipient that cannot receive must not stop the others, nor lose its money.
    function test_release_stepsOverUndeliverable() public {
        PickyToken picky = new PickyToken(6);
        token = picky;
        vault = deployVault(address(token), bare());
        fund(token, vault, 1e15);
        (uint64 a, uint64 b,) = _three();
        picky.refuse(BOB, true);
        skip(65 minutes);
        (uint256 hour, uint256 day) = vault.available();
        vm.expectEmit(address(vault));
        emit IVault.Undeliverable(a, ANY, 10_000e6);
        assertEq(vault.release(1), 0);
        (uint256 hourAfter, uint256 dayAfter) = vault.available();
        assertEq(hour, hourAfter);
        assertEq(day, dayAfter);
        assertEq(vault.queued(), 60_000e6);
        _position(b, 0, 0);
        assertEq(vault.release(9), HOUR_FLOOR);
        (,, bool open) = vault.takeBack(a);
        assertTrue(open);
        assertEq(vault.queued(), 0);
        assertEq(token.balanceOf(address(vault)), vault.liabilities());
    }

    /// @dev Starved of gas a transfer fails: that must not throw somebody out of the queue.
    function test_release_revertsIf_GasShort() public {
        token = new DearToken();
        vault = deployVault(address(token), bare());
        fund(token, vault, 1e15);
        (uint64 a,,) = _three();
        skip(65 minutes);
        uint256 failures;
        for (uint256 gas = 100_000; gas < 1_300_000; gas += 10_000) {
            uint256 snapshot = vm.snapshotState();
            (bool ok,) = address(vault).call{gas: gas}(abi.encodeCall(vault.release, (1)));
            if (!ok) ++failures;
            VaultQueue.State state = vault.withdrawal(a).state;
            assertFalse(state == VaultQueue.State.Undelivered, "thrown out");
            assertEq(ok, state == VaultQueue.State.None);
            vm.revertToState(snapshot);
        }
        assertGt(failures, 0);
    }

    function test_release_isLocked() public {
        HookToken hook = new HookToken();
        token = hook;
        vault = deployVault(address(token), bare());
        fund(token, vault, 1e15);
        vault.take(USER, 1_000_000e6);
        vault.pay(USER, HOUR_FLOOR, ANY, 0);
        Greedy greedy = new Greedy(vault);
        vault.pay(address(greedy), 10_000e6, ANY, 0);
        vault.pay(BOB, 10_000e6, ANY, 0);
        skip(65 minutes);
        assertEq(vault.release(1), 10_000e6);
        assertFalse(greedy.entered());
        assertEq(token.balanceOf(BOB), 0);
    }

    function test_gate_queuesWhileUncovered_forThreeDaysIn30() public {
        vault.take(USER, 1_000_000e6);
        insolvency = 5;
        uint256 start = vm.getBlockTimestamp();
        vm.expectEmit(address(vault));
        emit IVault.Gated(uint40(start + 3 days), 5);
        (uint256 paid, uint64 id) = vault.pay(BOB, 1e6, ANY, 5);
        assertEq(paid, 0);
        assertEq(vault.preview(ANY, 1e6, 5), 0);
        assertEq(vault.release(1), 0);
        vm.warp(start + 3 days - 1);
        assertEq(vault.release(1), 0);
        // Resolved: open at once.
        insolvency = 0;
        uint256 snapshot = vm.snapshotState();
        assertEq(vault.release(1), 1e6);
        vm.revertToState(snapshot);
        // Unresolved: open when its time is over, and for the rest of 30 days.
        insolvency = 5;
        vm.warp(start + 3 days);
        assertEq(vault.release(1), 1e6);
        assertEq(uint256(vault.withdrawal(id).state), uint256(VaultQueue.State.None));
        vm.warp(start + 30 days - 1);
        (paid,) = vault.pay(BOB, 1e6, ANY, 5);
        assertEq(paid, 1e6);
        vm.warp(start + 30 days);
        (paid,) = vault.pay(BOB, 1e6, ANY, 5);
        assertEq(paid, 0);
        assertEq(vault.gateUntil(), start + 33 days);
    }

    /// @dev The clock starts with whoever notices, so that nobody can keep the gate shut by
    /// leaving it alone.
    function test_gate_startsByRelease() public {
        _three();
        skip(65 minutes);
        insolvency = 1;
        assertEq(vault.release(9), 0);
        skip(3 days);
        assertEq(vault.release(9), HOUR_FLOOR);
    }

    // ------------------------------------------------------------------ foresight

    /// @dev The view promises the second: released at every opening, the last withdrawal is paid
    /// then and not before.
    function testFuzz_earliest_isExact(uint256 seed) public {
        mature(10_000_000e6 + seed % 20_000_000e6);
        skip(seed % 12 hours);
        vault.pay(USER, 1 + (seed >> 32) % 90_000e6, ANY, 0);
        skip((seed >> 64) % 2 hours);
        (, uint64 id) = vault.pay(BOB, 400_000e6 + (seed >> 96) % 900_000e6, ANY, 0);
        uint256[] memory readyAts = new uint256[](2 + (seed >> 128) % 4);
        readyAts[0] = vault.withdrawal(id).readyAt;
        for (uint256 i; i < readyAts.length - 1; ++i) {
            skip((seed >> (136 + i * 8)) % 100);
            (, id) = vault.pay(EVE, 1 + (seed >> (i * 16)) % 300_000e6, ANY, 0);
            readyAts[i + 1] = vault.withdrawal(id).readyAt;
        }
        uint256 promised = vault.earliest(id);
        assertGt(promised, vm.getBlockTimestamp());
        while (vm.getBlockTimestamp() < promised) {
            vault.release(9);
            assertFalse(vault.withdrawal(id).state == VaultQueue.State.None, "too early");
            // What is asked for in pieces is large, and fits in the second in which it is ready.
            uint256 next = (vm.getBlockTimestamp() / 5 minutes + 1) * 5 minutes;
            for (uint256 i; i < readyAts.length; ++i) {
                if (readyAts[i] <= vm.getBlockTimestamp()) continue;
                if (readyAts[i] < next) next = readyAts[i];
            }
            vm.warp(next < promised ? next : promised);
        }
        vault.release(9);
        assertEq(uint256(vault.withdrawal(id).state), uint256(VaultQueue.State.None));
    }

    function test_earliest_isLaterIf_nobodyReleases() public {
        (,, uint64 c) = _three();
        uint256 before = vault.earliest(c);
        assertEq(before, vm.getBlockTimestamp() + 130 minutes);
        // Nobody releases at the first opening: what could be paid then is paid at the second.
        vm.warp(before);
        assertEq(vault.earliest(c), before + 65 minutes);
    }

    function test_earliest_isZeroBeyondItsHorizon() public {
        vault.take(USER, 100_000_000e6);
        (, uint64 id) = vault.pay(BOB, 100_000_000e6, ANY, 0);
        uint256 gas = gasleft();
        assertEq(vault.earliest(id), 0);
        // A call that is not sent has 30 million on the smallest chains.
        assertLt(gas - gasleft(), 15_000_000);
    }

    function test_lines_namesWhoWaits() public {
        (uint64 a,, uint64 c) = _three();
        (uint256[3] memory heads, uint256[3] memory tails) = vault.lines();
        assertEq(Lines.number(Lines.ORDINARY, heads[1]), a);
        assertEq(Lines.number(Lines.ORDINARY, tails[1] - 1), c);
        assertEq(heads[0], tails[0]);
    }

    /// @dev The hour is used up; 10,000, 20,000 and 30,000 wait.
    function _three() private returns (uint64 a, uint64 b, uint64 c) {
        vault.take(USER, 1_000_000e6);
        vault.pay(USER, HOUR_FLOOR, ANY, 0);
        (, a) = vault.pay(BOB, 10_000e6, ANY, 0);
        (, b) = vault.pay(EVE, 20_000e6, 8, 0);
        (, c) = vault.pay(USER, 30_000e6, 9, 0);
    }

    function _position(uint64 id, uint256 ahead, uint256 amount) private view {
        (uint256 found, uint256 sum) = vault.position(id);
        assertEq(found, ahead, "ahead");
        assertEq(sum, amount, "amount ahead");
    }
}
