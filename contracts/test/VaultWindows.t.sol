// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestToken} from "../src/mocks/TestToken.sol";
import {TokenBucket} from "./mocks/TokenBucket.sol";
import {VaultTest} from "./support/VaultTest.sol";

/// @notice The outflow windows of the vault against a naive log of everything that left.
contract VaultWindowsTest is VaultTest {
    // The naive model: every payment and every level of the liabilities, with its time.
    uint256[] internal paidAt;
    uint256[] internal paid;
    uint256[] internal levelAt;
    uint256[] internal levels;

    function setUp() public {
        // The first second of a 12-hour bucket, hence of all buckets.
        vm.warp(START - START % 12 hours);
        token = new TestToken("Test Dollar", "TUSD", 6);
        vault = deployVault(address(token), bare());
        token.mint(USER, 1e15);
        vm.prank(USER);
        token.approve(address(vault), type(uint256).max);
    }

    // ------------------------------------------------------------------ budgets

    function test_fresh_paysFloorAndNoMore() public {
        vault.take(USER, 100_000_000e6);
        _assertOpen(HOUR_FLOOR, DAY_FLOOR);
        _expectExceeded(HOUR_FLOOR + 1, HOUR_FLOOR);
        vault.pay(USER, HOUR_FLOOR, ANY, 0);
        _assertOpen(0, DAY_FLOOR - HOUR_FLOOR);
        _expectExceeded(1, 0);
    }

    function test_fresh_emptiesSmallVault() public {
        vault.take(USER, 40_000e6);
        vault.pay(USER, 40_000e6, ANY, 0);
        assertEq(vault.liabilities(), 0);
    }

    /// @dev THREATS lesson 3: inflow must not widen the budget.
    function test_inflow_neverWidensAtOnce() public {
        mature(10_000_000e6);
        _assertOpen(100_000e6, 1_000_000e6);
        vault.take(USER, 900_000_000e6);
        _assertOpen(100_000e6, 1_000_000e6);
        vault.pay(USER, 100_000e6, ANY, 0);
        vault.take(USER, 100_000e6);
        _expectExceeded(1, 0);
    }

    function test_inflow_countsOnceItStayed() public {
        mature(10_000_000e6);
        skip(11 hours);
        vault.take(USER, 90_000_000e6);
        skip(24 hours);
        assertEq(vault.trailingLow(), 10_000_000e6);
        skip(1 hours);
        assertEq(vault.trailingLow(), 100_000_000e6);
        _assertOpen(1_000_000e6, 10_000_000e6);
    }

    /// @dev A flash deposit and withdrawal leaves the minimum where it was.
    function test_trailingLow_ignoresVisit() public {
        mature(10_000_000e6);
        for (uint256 i; i < 40; ++i) {
            vault.take(USER, 30_000e6);
            vault.pay(USER, 30_000e6, ANY, 0);
            skip(1 hours);
            assertEq(vault.trailingLow(), 10_000_000e6);
        }
    }

    function test_trailingLow_fallsAtOnce() public {
        mature(10_000_000e6);
        vault.pay(USER, 100_000e6, ANY, 0);
        assertEq(vault.trailingLow(), 9_900_000e6);
        skip(65 minutes);
        _assertOpen(99_000e6, 990_000e6 - 100_000e6);
    }

    function test_budget_isCappedNotWrapped() public {
        token.mint(USER, type(uint128).max);
        vault.take(USER, uint256(type(uint64).max));
        skip(48 hours);
        assertEq(vault.trailingLow(), type(uint56).max);
        (uint256 hour, uint256 day) = vault.available();
        assertEq(hour, uint256(type(uint56).max) / 100);
        assertEq(day, uint256(type(uint56).max) / 10);
        vm.expectRevert();
        vault.take(USER, 1);
        // Nor cut to its low bits.
        vault = deployVault(address(token), bare());
        fund(token, vault, 0);
        vault.take(USER, uint256(1 << 56) + 5);
        skip(48 hours);
        assertEq(vault.trailingLow(), type(uint56).max);
    }

    // ------------------------------------------------------------------ edges of the windows

    function test_hour_opensAfter65MinutesAtMost() public {
        vault.take(USER, 1_000_000e6);
        skip(5 minutes - 1);
        vault.pay(USER, HOUR_FLOOR, ANY, 0);
        // 55 minutes and a second later a ring of 12 buckets would have forgotten it.
        skip(55 minutes + 1);
        _expectExceeded(1, 0);
        skip(5 minutes - 1);
        _expectExceeded(1, 0);
        skip(1);
        vault.pay(USER, HOUR_FLOOR, ANY, 0);
    }

    /// @dev Every unit counts, also when it is the only one.
    function test_hour_countsOneUnit() public {
        vault.take(USER, 1_000_000e6);
        vault.pay(USER, 1, ANY, 0);
        skip(5 minutes);
        (uint256 paid,) = vault.pay(USER, HOUR_FLOOR, ANY, 0);
        assertEq(paid, HOUR_FLOOR - 1);
    }

    function test_hour_holdsForFullHour() public {
        vault.take(USER, 1_000_000e6);
        vault.pay(USER, HOUR_FLOOR, ANY, 0);
        skip(1 hours);
        _expectExceeded(1, 0);
        skip(5 minutes - 1);
        _expectExceeded(1, 0);
        skip(1);
        vault.pay(USER, HOUR_FLOOR, ANY, 0);
    }

    function test_day_opensAfter25HoursAtMost() public {
        vault.take(USER, 10_000_000e6);
        uint256 first = vm.getBlockTimestamp();
        for (uint256 i; i < 5; ++i) {
            vault.pay(USER, HOUR_FLOOR, ANY, 0);
            skip(65 minutes);
        }
        _assertOpen(HOUR_FLOOR, 0);
        _expectExceeded(1, 0);
        vm.warp(first + 25 hours - 1);
        _expectExceeded(1, 0);
        vm.warp(first + 25 hours);
        _assertOpen(HOUR_FLOOR, HOUR_FLOOR);
        vault.pay(USER, HOUR_FLOOR, ANY, 0);
        _expectExceeded(1, 0);
    }

    function test_idle_forgetsEverything() public {
        vault.take(USER, 10_000_000e6);
        for (uint256 i; i < 30; ++i) {
            vault.pay(USER, 1_000e6, ANY, 0);
            skip(7 minutes);
        }
        skip(400 days);
        // The trailing minimum has grown to what is still there.
        _assertOpen(99_700e6, 997_000e6);
        vault.pay(USER, 1e6, ANY, 0);
        // One paid, and one hundredth or one tenth of it off the budget.
        _assertOpen(99_698_990_000, 996_998_900_000);
    }

    // ------------------------------------------------------------------ attacks

    /// @dev THREATS lesson 2. The thief drains whatever is open, every 5 minutes, for 24 hours.
    function test_attack_drainWithinADay_takesOneBudgetNotTwo() public {
        vault.take(USER, 100_000_000e6);
        TokenBucket bucket = new TokenBucket(DAY_FLOOR);
        uint256 fromVault;
        uint256 fromBucket;
        for (uint256 i; i < 288; ++i) {
            fromVault += _drain();
            uint256 open = bucket.available();
            bucket.pay(open);
            fromBucket += open;
            skip(i == 287 ? 5 minutes - 1 : 5 minutes);
        }
        fromVault += _drain();
        fromBucket += bucket.available();
        assertGe(fromBucket, DAY_FLOOR * 199 / 100);
        assertEq(fromVault, DAY_FLOOR);
    }

    /// @dev The same for every phase of the buckets and both windows, with a mature vault.
    function testFuzz_attack_drainOfMatureVault(uint32 phase, uint16 step) public {
        mature(100_000_000e6);
        skip(phase % 12 hours);
        uint256 seconds_ = bound(step, 30, 2 hours);
        uint256 start = vm.getBlockTimestamp();
        uint256 taken;
        uint256 firstHour;
        while (vm.getBlockTimestamp() < start + 24 hours) {
            taken += _drain();
            if (vm.getBlockTimestamp() < start + 1 hours) firstHour = taken;
            skip(seconds_ < 10 minutes ? 10 minutes + seconds_ : seconds_);
        }
        assertEq(firstHour, 1_000_000e6);
        assertLe(taken, 10_000_000e6);
    }

    // ------------------------------------------------------------------ against the naive log

    /// @dev Nothing that the vault pays breaks the true sliding windows (safety), and nothing
    /// that it refuses would have fitted windows longer by one bucket (it is not too strict).
    function testFuzz_windows_matchNaiveLog(uint256 seed) public {
        _take(2_000_000e6);
        for (uint256 i; i < 48; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(seed, i)));
            skip(_gap(roll));
            if (roll % 11 == 0) _take((roll >> 64) % 4_000_000e6);
            _tryPay(_amount(roll >> 128));
        }
    }

    /// @dev The view promises exactly what a payment gets.
    function testFuzz_available_isExact(uint256 seed) public {
        mature(20_000_000e6);
        for (uint256 i; i < 24; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(seed, i)));
            skip(_gap(roll));
            (uint256 hour, uint256 day) = vault.available();
            uint256 open = hour < day ? hour : day;
            _expectExceeded(open + 1, open);
            uint256 amount = (roll >> 100) % (open + 1);
            if (roll % 5 == 0) amount = open;
            if (open != 0) vault.pay(USER, amount, ANY, 0);
        }
    }

    // ------------------------------------------------------------------ gas

    function test_gas_pay() public {
        mature(100_000_000e6);
        token.mint(address(0xB0B), 1);
        vault.pay(address(0xB0B), 1e6, ANY, 0);
        skip(5 minutes);
        vault.pay(address(0xB0B), 1e6, ANY, 0);
        _measure("vault-pay-same-bucket", 60_000);
        skip(5 minutes);
        _measure("vault-pay-next-bucket", 60_000);
        skip(1 hours);
        _measure("vault-pay-next-hour", 100_000);
        for (uint256 i; i < 12; ++i) {
            skip(5 minutes);
            vault.pay(address(0xB0B), 1e6, ANY, 0);
        }
        skip(30 days);
        _measure("vault-pay-after-idle", 115_000);
    }

    function _measure(string memory name, uint256 gasMax) internal {
        vm.cool(address(vault));
        vm.cool(address(token));
        vault.pay(address(0xB0B), 1e6, ANY, 0);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        assertLe(used, gasMax, name);
    }

    // ------------------------------------------------------------------ helpers

    function _assertOpen(uint256 hour, uint256 day) internal view {
        (uint256 hourOpen, uint256 dayOpen) = vault.available();
        assertEq(hourOpen, hour, "hour");
        assertEq(dayOpen, day, "day");
    }

    function _expectExceeded(uint256 amount, uint256 open) internal view {
        assertEq(vault.preview(ANY, amount, 0), open, "more is paid than is open");
    }

    function _drain() internal returns (uint256 open) {
        (uint256 hour, uint256 day) = vault.available();
        open = hour < day ? hour : day;
        // After a payment the budget is a share of less, and what left may exceed it.
        if (open != 0) vault.pay(USER, open, ANY, 0);
    }

    function _take(uint256 amount) internal {
        levelAt.push(vm.getBlockTimestamp());
        levels.push(vault.liabilities());
        vault.take(USER, amount);
        levelAt.push(vm.getBlockTimestamp());
        levels.push(vault.liabilities());
    }

    function _tryPay(uint256 amount) internal {
        if (amount > vault.liabilities()) amount = vault.liabilities();
        uint256 time = vm.getBlockTimestamp();
        uint256 hourBudget = _naiveBudget(HOUR_FLOOR, 10_000, 24 hours);
        uint256 dayBudget = _naiveBudget(DAY_FLOOR, 100_000, 24 hours);
        uint256 promised = vault.preview(ANY, amount, 0);
        (uint256 part, uint64 id) = vault.pay(USER, amount, ANY, 0);
        assertEq(part, promised, "promised");
        paidAt.push(time);
        paid.push(part);
        levelAt.push(time);
        levels.push(vault.liabilities() + vault.queued());
        // A budget that shrank below what left before is no reason to call that money back.
        if (part != 0) {
            assertLe(_naiveSum(time, 1 hours), hourBudget, "hour");
            assertLe(_naiveSum(time, 24 hours), dayBudget, "day");
        }
        assertEq(part + vault.queued(), amount, "lost");
        if (part == amount) return;
        vault.takeBack(id);
        hourBudget = _naiveBudget(HOUR_FLOOR, 10_000, 36 hours);
        dayBudget = _naiveBudget(DAY_FLOOR, 100_000, 36 hours);
        bool fits = _naiveSum(time, 65 minutes) + 1 <= hourBudget
            && _naiveSum(time, 25 hours) + 1 <= dayBudget;
        assertFalse(fits, "queued without cause");
    }

    /// @dev Everything that left in the half-open window (time - length, time].
    function _naiveSum(uint256 time, uint256 length) internal view returns (uint256 sum) {
        for (uint256 i = paid.length; i > 0 && paidAt[i - 1] + length > time; --i) {
            sum += paid[i - 1];
        }
    }

    /// @dev The least level that held at any instant of the last `length` seconds.
    function _naiveBudget(uint256 floor, uint256 ppm, uint256 length)
        internal
        view
        returns (uint256)
    {
        uint256 low = vault.liabilities();
        uint256 time = vm.getBlockTimestamp();
        for (uint256 i = levels.length; i > 0; --i) {
            if (levels[i - 1] < low) low = levels[i - 1];
            // The level before the window began still held at its first instant.
            if (levelAt[i - 1] + length <= time) break;
        }
        uint256 share = low * ppm / 1_000_000;
        return share > floor ? share : floor;
    }

    function _gap(uint256 roll) internal pure returns (uint256) {
        uint256 kind = (roll >> 16) % 6;
        if (kind == 0) return 0;
        if (kind == 1) return (roll >> 32) % 5 minutes;
        if (kind == 2) return 5 minutes * ((roll >> 32) % 14);
        if (kind == 3) return (roll >> 32) % 2 hours;
        if (kind == 4) return 1 hours * ((roll >> 32) % 26) + (roll >> 48) % 2;
        return (roll >> 32) % 3 days;
    }

    function _amount(uint256 roll) internal view returns (uint256) {
        (uint256 hour, uint256 day) = vault.available();
        uint256 open = hour < day ? hour : day;
        if (roll % 4 == 0) return open;
        if (roll % 4 == 1) return open + 1;
        return (roll >> 8) % (HOUR_FLOOR + 1);
    }
}
