// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vault} from "../src/Vault.sol";
import {VaultQueue} from "../src/VaultQueue.sol";
import {VaultWindows} from "../src/VaultWindows.sol";
import {TestToken} from "../src/mocks/TestToken.sol";
import {VaultTest} from "./support/VaultTest.sol";

/// @notice What `earliest` promises when both shares of the windows were used for hours before: of
/// an ordinary withdrawal and of a small one, to the second.
contract VaultForecastTest is VaultTest {
    address internal constant BOB = address(0xB0B);
    address internal constant WHALE = address(0x3A1E);

    uint64 private _large;

    function setUp() public {
        begin(new TestToken("Test Dollar", "TUSD", 6), _greedy());
    }

    /// forge-config: default.fuzz.runs = 16
    function testFuzz_earliest_isExact_OfOrdinary(uint256 seed) public {
        _use(seed);
        vault.takeBack(_large);
        uint64 id;
        for (uint256 i; i < 4 + (seed >> 8) % 3; ++i) {
            (, id) = vault.payForced(BOB, 30_000e6, uint32(200 + i));
        }
        assertEq(uint256(id & 3), 1);
        _walk(id);
    }

    /// forge-config: default.fuzz.runs = 16
    function testFuzz_earliest_isExact_OfSmall(uint256 seed) public {
        _use(seed);
        uint64 id;
        for (uint32 i; i < 3 + (seed >> 8) % 3; ++i) {
            (, id) = vault.pay(BOB, 15_000e6 + (seed >> 16) % 5_000e6, 9_000 + i, 0);
        }
        assertEq(uint256(id & 3), 0);
        _walk(id);
    }

    /// @dev All day's budget of either share is used: it is the day that makes the last one wait.
    function test_earliest_waitsForTheDay() public {
        _use(1 << 15 | 11 << 4 | 11);
        (uint256 paid, uint64 small) = vault.pay(BOB, 20_000e6, 9_000, 0);
        assertLt(paid, 10_000e6);
        assertGt(vault.earliest(small), vm.getBlockTimestamp() + 5 hours);
        _walk(small);
    }

    /// @dev What left an hour ago still counts, and opens with its bucket of five minutes.
    function test_earliest_countsTheLastBucketOfTheHour() public {
        _block();
        uint256 time = vm.getBlockTimestamp();
        (uint256 paid,) = vault.pay(BOB, 20_000e6, 100, 0);
        assertGt(paid, 19_900e6);
        (, uint64 id) = vault.pay(BOB, 10_000e6, 101, 0);
        vm.warp(time + 60 minutes + 7);
        assertEq(vault.earliest(id), time + 65 minutes);
        _walk(id);
    }

    /// @dev What left more than a day ago counts no more, though nothing was paid since.
    function test_earliest_forgetsWhatIsOld() public {
        _block();
        vault.pay(BOB, 15_000e6, 100, 0);
        skip(30 hours);
        uint64 id;
        for (uint32 i; i < 12; ++i) (, id) = vault.pay(BOB, 19_000e6, 101 + i, 0);
        _walk(id);
    }

    /// @dev What one share took is counted once against the whole window, wherever its bucket is.
    function test_earliest_countsEachShareOnce() public {
        for (uint256 i; i < 13; ++i) {
            uint256 snapshot = vm.snapshotState();
            skip(i * 5 minutes);
            _share(40 minutes, 26 minutes);
            vm.revertToState(snapshot);
        }
    }

    function test_earliest_countsEachShareOnceInTheDay() public {
        // The budget of the day is that of the hour: it is the day that binds.
        _deploy(VaultWindows.Windows(1, 1, 10_000, 10_000), _greedy());
        skip(36 hours);
        for (uint256 i; i < 25; ++i) {
            uint256 snapshot = vm.snapshotState();
            skip(i * 1 hours);
            _share(20 hours, 6 hours);
            vm.revertToState(snapshot);
        }
    }

    /// @dev Half of the reserved share is gone and the other half is taken after `first`, then
    /// nearly all that is open to all; after `then_` the first half is back, and pays at once.
    function _share(uint256 first, uint256 then_) private {
        _block();
        vault.pay(BOB, 10_000e6, 100, 0);
        skip(first);
        vault.pay(BOB, 9_900e6, 101, 0);
        (, uint64 id) = vault.pay(BOB, 8_000e6, 102, 0);
        assertEq(uint256(id & 3), 0);
        vault.takeBack(_large);
        uint256 part = vault.withdrawal(id).quote;
        assertGt(part, 7_000e6);
        (uint256 paid,) = vault.pay(BOB, 40_000e6, 103, 0);
        assertEq(paid, 40_000e6);
        (paid,) = vault.pay(BOB, 38_000e6, 104, 0);
        assertEq(paid, 38_000e6);
        skip(then_);
        assertEq(vault.earliest(id), vm.getBlockTimestamp());
        vault.release(1);
        assertTrue(vault.withdrawal(id).state == VaultQueue.State.None);
        (uint256 common,) = vault.room();
        assertLt(common, 2_000e6);
    }

    /// @dev What came in widens the budgets once it stayed: the forecast knows when.
    function test_earliest_knowsWhenBudgetsGrow() public {
        skip(3 hours);
        vault.take(USER, 90_000_000e6);
        (, uint64 id) = vault.payForced(BOB, 2_500_000e6, ANY);
        assertLt(vault.earliest(id), vm.getBlockTimestamp() + 36 hours);
        _walk(id);
    }

    /// @dev A fifth of every 50,000 and no unit less, whichever bucket it left in.
    function test_earliest_opensWithEveryBucket() public {
        _deploy(VaultWindows.Windows(50_000e6, 250_000e6, 0, 0), _greedy());
        for (uint256 i; i < 13; ++i) {
            uint256 snapshot = vm.snapshotState();
            skip(i * 5 minutes);
            _block();
            uint256 time = vm.getBlockTimestamp();
            (uint256 paid,) = vault.pay(BOB, 10_000e6, 100, 0);
            assertEq(paid, 10_000e6);
            for (uint32 k = 1; k < 4; ++k) {
                (, uint64 id) = vault.pay(BOB, 10_000e6, 100 + k, 0);
                assertEq(vault.earliest(id), time + k * 65 minutes);
            }
            vm.revertToState(snapshot);
        }
    }

    /// @dev The same of the day: what left counts for 25 hours, and then no more.
    function test_earliest_opensWithEveryHour() public {
        _deploy(VaultWindows.Windows(1, 1, 10_000, 10_000), _greedy());
        skip(36 hours);
        for (uint256 i; i < 25; ++i) {
            uint256 snapshot = vm.snapshotState();
            skip(i * 1 hours);
            uint256 time = vm.getBlockTimestamp();
            vault.pay(BOB, 40_000e6, 100, 0);
            vault.pay(BOB, 38_000e6, 101, 0);
            (, uint64 id) = vault.pay(BOB, 24_000e6, 102, 0);
            assertEq(uint256(id & 3), 1);
            assertEq(vault.earliest(id), time + 25 hours);
            vm.warp(time + 24 hours + 30 minutes);
            assertEq(vault.earliest(id), time + 25 hours);
            vm.warp(time + 30 hours);
            assertEq(vault.earliest(id), time + 30 hours);
            vm.revertToState(snapshot);
        }
    }

    /// @dev To the second at which a large one is ready, whatever the buckets.
    function test_earliest_ofLargeIsItsReadyTime() public {
        skip(101);
        (, uint64 id) = vault.pay(BOB, 60_000e6, ANY, 0);
        assertEq(vault.earliest(id), vm.getBlockTimestamp() + 1 hours);
    }

    /// @dev One unit is left of the day and none of the hour: the hour opens first.
    function test_earliest_waitsForTheHour_IfOneUnitOfTheDayIsLeft() public {
        _deploy(VaultWindows.Windows(50_000e6, 50_000e6 + 1, 0, 0), bare());
        uint256 time = vm.getBlockTimestamp();
        vault.pay(BOB, 50_000e6, ANY, 0);
        (, uint64 id) = vault.pay(BOB, 1, ANY, 0);
        assertEq(vault.earliest(id), time + 65 minutes);
    }

    /// @dev 250,000 in every 25 hours, and 14 days ahead the next 50,000: that is too far.
    function test_earliest_endsAtItsHorizon() public {
        _deploy(VaultWindows.Windows(50_000e6, 250_000e6, 0, 0), bare());
        for (uint256 i; i < 5; ++i) {
            vault.pay(BOB, 50_000e6, ANY, 0);
            skip(65 minutes);
        }
        skip(14 hours - 325 minutes);
        uint256 snapshot = vm.snapshotState();
        (, uint64 id) = vault.payForced(BOB, 13 * 250_000e6, ANY);
        uint256 last = vm.getBlockTimestamp() + 11 hours + 12 * 25 hours + 260 minutes;
        assertEq(vault.earliest(id), last);
        vm.revertToState(snapshot);
        (, id) = vault.payForced(BOB, 13 * 250_000e6 + 1, ANY);
        assertEq(vault.earliest(id), 0);
    }

    function _deploy(VaultWindows.Windows memory w, VaultWindows.Rules memory r) private {
        bytes memory args = abi.encode(token, address(this), guard, w, r);
        vault = Vault(deploy("Vault", args));
        fund(token, vault, 1e15);
        vault.take(USER, 10_000_000e6);
    }

    /// @dev As the rules, but one account may take the whole of an hour's reserved share.
    function _greedy() private pure returns (VaultWindows.Rules memory r) {
        r = rules();
        r.smallFloorQuote = 20_000e6;
    }

    /// @dev A large one stands before everybody.
    function _block() private {
        (, _large) = vault.pay(WHALE, 200_000e6, ANY, 0);
        skip(1 hours);
    }

    /// @dev What is open to all is taken for some hours, then a large one stands before everybody,
    /// and the reserved share is taken for some hours.
    function _use(uint256 seed) private {
        uint256 count = (seed & 15) % 12;
        for (uint32 i; i < count; ++i) {
            _take(_part(seed, i, 100_000e6), 100 + i);
            _take(_part(seed, i + 32, 100_000e6), 200 + i);
            skip(20 minutes + _part(seed, i + 64, 45 minutes));
        }
        _block();
        count = ((seed >> 4) & 15) % 12;
        for (uint32 i; i < count; ++i) {
            _take(_part(seed, i + 96, 20_000e6), 300 + i);
            skip(20 minutes + _part(seed, i + 128, 45 minutes));
        }
    }

    /// @dev No more than is paid at once.
    function _take(uint256 amount, uint32 account) private {
        if (amount > 40_000e6) amount = 40_000e6;
        amount = vault.preview(account, amount, 0);
        if (amount != 0) vault.pay(USER, amount, account, 0);
    }

    /// @dev Every second seed takes all that it can.
    function _part(uint256 seed, uint256 salt, uint256 max) private pure returns (uint256) {
        if ((seed >> 15) & 1 == 1) return max;
        return uint256(keccak256(abi.encode(seed, salt))) % (max + 1);
    }

    /// @dev Released as soon as it fits, and nothing else: paid at the promised second, not before.
    function _walk(uint64 id) private {
        uint256 promised = vault.earliest(id);
        assertGt(promised, vm.getBlockTimestamp());
        while (vm.getBlockTimestamp() < promised) {
            _release(id);
            assertFalse(vault.withdrawal(id).state == VaultQueue.State.None, "too early");
            uint256 next = (vm.getBlockTimestamp() / 5 minutes + 1) * 5 minutes;
            vm.warp(next < promised ? next : promised);
        }
        _release(id);
        assertTrue(vault.withdrawal(id).state == VaultQueue.State.None, "late");
    }

    /// @dev Small ones by their own share alone: what is open to all belongs to the large one.
    function _release(uint64 id) private {
        if (id & 3 == 1) {
            vault.release(9);
            return;
        }
        for (uint256 i; i < 9; ++i) {
            (, uint256 reserved) = vault.room();
            (uint256[3] memory heads, uint256[3] memory tails) = vault.lines();
            if (reserved == 0 || heads[0] == tails[0]) return;
            vault.release(1);
        }
    }
}
