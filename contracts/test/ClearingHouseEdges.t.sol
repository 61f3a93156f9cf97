// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Batch, MarketParams, Report} from "../src/Types.sol";
import {ExitVenueTest} from "./support/ExitVenueTest.sol";

/// @notice Numbers at their limits: the last that passes, and the first that does not.
contract ClearingHouseEdgesTest is ExitVenueTest {
    /// @dev Each one-time number is one bit: its neighbours stay free, in its word and beyond.
    function test_nonce_isOne() public {
        uint64[9] memory list =
            [uint64(0), 1, 2, 255, 256, 257, 511, 512, type(uint64).max];
        for (uint256 i; i < list.length; ++i) {
            assertFalse(house.nonceUsed(alice, list[i]));
            vm.prank(owner_(alice));
            house.cancelNonce(alice, list[i]);
            for (uint256 j; j < list.length; ++j) {
                assertEq(house.nonceUsed(alice, list[j]), j <= i);
                assertFalse(house.nonceUsed(bob, list[j]));
            }
            vm.prank(owner_(alice));
            vm.expectRevert(abi.encodeWithSelector(I.NonceUsed.selector, alice, list[i]));
            house.cancelNonce(alice, list[i]);
        }
    }

    /// @dev Level 1 stops who grows, and nobody who is liquidated.
    function test_breaker_levelOfLiquidation() public {
        uint32 poor = open("poor", 51 * UNIT);
        trade(poor, alice, 10, PRICE);
        trade(bob, alice, 10, PRICE);
        // Who takes over has to reduce: carol is short.
        trade(alice, carol, 10, PRICE);
        around.setPrice(0, PRICE - 25_000);
        around.setLevel(1, 2);
        vm.prank(owner_(carol));
        vm.expectRevert(abi.encodeWithSelector(I.BreakerTripped.selector, 1, 2, 1));
        house.liquidate(poor, 0, 1, carol, "");
        around.setLevel(1, 1);
        vm.prank(owner_(carol));
        house.liquidate(poor, 0, 1, carol, "");
        assertEq(sizeOf(poor, 0), 9);
        checkLaws(3);
    }

    /// @dev What an account of the treasury's token cannot hold does not come in.
    function test_deposit_revertsIf_beyond88Bits() public {
        uint256 most = type(uint88).max;
        token.mint(address(this), most);
        bytes memory reason = abi.encodeWithSelector(I.AmountNotWhole.selector, most + 1, 1);
        vm.expectRevert(reason);
        house.deposit(address(token), alice, most + 1);
        vm.expectRevert(abi.encodeWithSelector(I.AmountNotWhole.selector, 0, 1));
        house.deposit(address(token), alice, 0);
        house.deposit(address(token), bob, most);
        assertEq(cashOf(bob) >> 32, int256(most + 10_000 * UNIT));
    }

    /// @dev What others brought in by being sold is no equity of the one at home.
    function test_settle_shortsBesideTheHome() public {
        uint32 mixed = open("mixed", 210 * UNIT);
        tradeIn(0, mixed, alice, 10, PRICE);
        tradeIn(1, alice, mixed, 10, PRICE);
        tradeIn(2, alice, mixed, 10, PRICE);
        Order memory buy = order(mixed, true, 14);
        add(order(bob, false, 14));
        add(buy);
        fill(0, 1, 14, PRICE);
        (int256 equity,,) = house.health(mixed);
        settleReverts(
            abi.encodeWithSelector(I.MarginShort.selector, mixed, equity - 630_000, 220 * UNIT)
        );
        tradeIn(0, mixed, bob, 9, PRICE);
        checkLaws(3);
    }

    /// @dev An only position, long or short, needs its initial margin to the unit, fee paid.
    function test_settle_onlyPositionToTheUnit() public {
        // Ten lots need 50; the taker's fee is 0.45, the maker's 0.15.
        for (uint256 side; side < 2; ++side) {
            uint32 just = open(string.concat("just", vm.toString(side)), 50_450_000);
            uint32 less = open(string.concat("less", vm.toString(side)), 50_449_999);
            Order memory o = order(less, side == 0, 10);
            add(order(bob, side == 1, 10));
            add(o);
            fill(0, 1, 10, PRICE);
            settleReverts(
                abi.encodeWithSelector(I.MarginShort.selector, less, 49_999_999, 50 * UNIT)
            );
            add(order(bob, side == 1, 10));
            add(order(just, side == 0, 10));
            fill(0, 1, 10, PRICE);
            settle();
            (int256 equity, uint256 initial,) = house.health(just);
            assertEq(equity, int256(initial));
        }
        checkLaws(3);
    }

    /// @dev A market counts from the first on, wherever the home is, and each once.
    function test_settle_countsEachOnce() public {
        uint32 thin = open("thin", 210 * UNIT);
        tradeIn(2, thin, alice, 10, PRICE);
        tradeIn(0, thin, alice, 10, PRICE);
        (, uint256 initial, uint256 maintenance) = house.health(thin);
        assertEq(initial, 100 * UNIT);
        assertEq(maintenance, 60 * UNIT);
        tradeIn(0, thin, alice, 20, PRICE);
        tradeIn(0, alice, thin, 20, PRICE);
        tradeIn(2, thin, alice, 20, PRICE);
        (, initial,) = house.health(thin);
        assertEq(initial, 200 * UNIT);
        checkLaws(3);
    }

    /// @dev Neither lots nor price of a fill are zero.
    function test_settle_revertsIf_FillEmpty() public {
        for (uint256 i; i < 2; ++i) {
            add(order(alice, true, 10));
            add(order(bob, false, 10));
            fill(0, 1, i == 0 ? 10 : 0, i == 0 ? 0 : PRICE);
            settleReverts(
                abi.encodeWithSelector(I.FillEmpty.selector, 0, i == 0 ? 10 : 0, 1)
            );
        }
    }

    /// @dev A report that comes with an operation is kept, with the funding to its time.
    function test_setLeverage_keepsTheReport() public {
        house.push(reportOf(PRICE));
        vm.warp(block.timestamp + 100);
        bytes memory report = reportOf(PRICE);
        vm.prank(owner_(alice));
        house.setLeverage(alice, 100_000, report);
        (, uint40 time,) = house.market(0);
        assertEq(uint256(time), block.timestamp);
    }

    /// @dev Nobody claims what has no owner.
    function test_claimOf_feesIsNobodys() public {
        trade(alice, bob, 10, PRICE);
        freezeVenue();
        house.reckon(type(uint256).max);
        (int256 claim, uint256 due) = house.claimOf(1);
        assertGt(claim, 0);
        assertEq(due, 0);
        (, due) = house.claimOf(alice);
        assertGt(due, 0);
    }

    /// @dev What funding leaves of a unit goes to the fund when the account is empty.
    function test_resolve_leavesNoFraction() public {
        uint32 poor = open("poor", 51 * UNIT);
        _fund(0);
        trade(poor, alice, 10, PRICE);
        _fund(12_345);
        (int96 index,,) = house.market(0);
        assertTrue(uint96(index) << 64 != 0, "no fraction to speak of");
        around.setPrice(0, PRICE - 60_000);
        uint32[] memory list = new uint32[](1);
        list[0] = alice;
        house.resolve(poor, 0, list, "");
        assertEq(sizeOf(poor, 0), 0);
        assertEq(cashOf(poor), 0);
        checkLaws(3);
    }

    function _fund(int32 rate) private {
        // Within the age of a price: after a longer gap nobody is resolved for its grace.
        vm.warp(block.timestamp + 53);
        Report memory r;
        r.time = uint40(block.timestamp);
        (r.markets, r.prices, r.rates) = (new uint8[](1), new uint32[](1), new int32[](1));
        (r.prices[0], r.rates[0]) = (PRICE, rate);
        house.push(abi.encode(r));
    }

    /// @dev A debt goes down to the last unit, from the fund or from whoever brings it.
    function test_insolvency_toTheLastUnit() public {
        uint32 poor = _bankrupt();
        uint256 owed = house.insolvency();
        assertGt(owed, 3);
        house.deposit(address(token), poor, 1);
        assertEq(house.insolvency(), owed - 1);
        house.deposit(address(token), 0, 1);
        assertEq(house.uncovered(), owed - 2);
        assertEq(house.insolvency(), owed - 1);
        house.cover(poor);
        assertEq(house.insolvency(), owed - 2);
        assertEq(house.uncovered(), owed - 2);
        house.deposit(address(token), poor, owed - 3);
        assertEq(house.insolvency(), 1);
        assertEq(house.uncovered(), 1);
        house.deposit(address(token), 0, 5);
        assertEq(house.uncovered(), 0);
        house.cover(poor);
        assertEq(house.insolvency(), 0);
        assertEq(house.uncovered(), 0);
        vm.expectPartialRevert(I.NothingToCover.selector);
        house.cover(poor);
        house.deposit(address(token), poor, UNIT);
        assertEq(house.insolvency(), 0);
        assertEq(house.principal(poor) >= int256(UNIT), true);
        checkLaws(3);
    }

    /// @dev Whose loss nobody is left to pay.
    function _bankrupt() private returns (uint32 poor) {
        MarketParams memory p = defaults();
        p.coverSharePpm = 0;
        around.setMarket(0, p);
        poor = open("poor", 61 * UNIT);
        trade(poor, alice, 10, PRICE);
        tradeIn(1, carol, poor, 1, PRICE);
        around.setPrice(0, PRICE / 20);
        uint32[] memory list = new uint32[](1);
        list[0] = alice;
        house.resolve(poor, 0, list, "");
        list[0] = carol;
        house.resolve(poor, 1, list, "");
    }

    /// @dev What is on its way out is not shared out again, even if nothing else were there.
    function test_reckon_withLessThanIsQueued() public {
        trade(alice, bob, 10, PRICE);
        freezeVenue();
        uint256 balance = token.balanceOf(address(vault));
        uint256 snapshot = vm.snapshotState();
        uint256[3] memory queued = [balance - 5, balance, balance + 1];
        for (uint256 i; i < 3; ++i) {
            vm.mockCall(
                address(vault), abi.encodeCall(vault.queued, ()), abi.encode(queued[i])
            );
            house.reckon(type(uint256).max);
            (,,, uint256 pool, bool done) = house.reckoning();
            assertTrue(done);
            assertEq(pool, i == 0 ? 5 : 0);
            vm.revertToState(snapshot);
        }
    }

    /// @dev Every place of the reckoning is visited once, in steps of any size.
    function test_reckon_inSteps() public {
        trade(alice, bob, 10, PRICE);
        tradeIn(1, carol, dave, 3, PRICE);
        freezeVenue();
        uint256 snapshot = vm.snapshotState();
        house.reckon(type(uint256).max);
        (uint64 next, uint64 count, uint256 claims, uint256 pool, bool done) = house.reckoning();
        assertTrue(done);
        assertEq(uint256(next), count);
        vm.revertToState(snapshot);
        for (uint256 i = 1; !_done(); i += 3) house.reckon(i);
        (next, count,,,) = house.reckoning();
        (,, uint256 claimsInSteps, uint256 poolInSteps,) = house.reckoning();
        assertEq(uint256(next), count);
        assertEq(claimsInSteps, claims);
        assertEq(poolInSteps, pool);
        vm.expectPartialRevert(I.ReckoningClosed.selector);
        house.reckon(1);
    }

    function _done() private view returns (bool done) {
        (,,,, done) = house.reckoning();
    }

    /// @dev An order is dead in the second in which it expires, on a lane that is known as well.
    function test_settle_revertsIf_expiredOnAKnownLane() public {
        trade(alice, bob, 1, PRICE);
        for (uint256 late; late < 2; ++late) {
            for (uint256 which; which < 2; ++which) {
                Order memory buy = order(alice, true, 1);
                Order memory sell = order(bob, false, 1);
                uint40 expiry = uint40(block.timestamp - late);
                if (which == 0) buy.expiry = expiry;
                else sell.expiry = expiry;
                add(buy);
                add(sell);
                fill(1, 0, 1, PRICE);
                bytes4 reason = I.OrderExpired.selector;
                settleReverts(abi.encodeWithSelector(reason, which, expiry, block.timestamp));
            }
        }
        // In the second before it is filled.
        Order memory alive = order(alice, true, 1);
        alive.expiry = uint40(block.timestamp + 1);
        add(alive);
        add(order(bob, false, 1));
        fill(1, 0, 1, PRICE);
        settle();
    }

    /// @dev Cash never wraps: a batch that would take it beyond its width is refused.
    function test_settle_revertsIf_cashIsTooWide() public {
        uint256 most = type(uint88).max;
        token.mint(address(this), most * 128);
        for (uint256 i; i < 127; ++i) house.deposit(address(token), carol, most);
        // Up to a unit below 2^95.
        uint256 left = (1 << 95) - 1 - uint256(cashOf(carol) >> 32);
        house.deposit(address(token), carol, left);
        add(order(bob, true, 1));
        add(order(carol, false, 1));
        fill(1, 0, 1, PRICE);
        Batch memory b = batch();
        vm.expectPartialRevert(SafeCast.SafeCastOverflowedIntDowncast.selector);
        house.settle(b);
    }

    /// @dev What is demanded is what was set last, to the bit.
    function test_setLeverage_replaces() public {
        uint24[4] memory list = [uint24(60_001), 80_000, 999_999, 50_000];
        for (uint256 i; i < list.length; ++i) {
            vm.prank(owner_(alice));
            house.setLeverage(alice, list[i], "");
            assertEq(uint256(house.leverage(alice)), list[i]);
        }
    }

    /// @dev A fund with more than is owed keeps the rest.
    function test_cover_givesWhatIsOwed() public {
        uint32 poor = _bankrupt();
        int256 owed = cashOf(poor);
        house.deposit(address(token), 0, house.insolvency() + 5);
        int256 fund = cashOf(0);
        house.cover(poor);
        assertEq(cashOf(poor), 0);
        assertEq(cashOf(0), fund + owed);
        checkLaws(3);
    }

    /// @dev The fill that is wrong is named by its number.
    function test_settle_namesTheFill() public {
        for (uint256 wrong; wrong < 3; ++wrong) {
            add(order(alice, true, 9));
            add(order(bob, false, 9));
            for (uint256 i; i < 3; ++i) fill(1, 0, 3, i == wrong ? PRICE + 1 : PRICE);
            settleReverts(abi.encodeWithSelector(I.LimitBroken.selector, wrong, PRICE + 1, PRICE));
            add(order(alice, true, 9));
            add(order(bob, false, 9));
            for (uint256 i; i < 3; ++i) fill(1, i == wrong ? 2 : 0, 3, PRICE);
            settleReverts(abi.encodeWithSelector(I.OrderMissing.selector, wrong, 2, 2));
            add(order(alice, true, 9));
            add(order(bob, false, 9));
            for (uint256 i; i < 3; ++i) fill(i == wrong ? 3 : 1, 0, 3, PRICE);
            settleReverts(abi.encodeWithSelector(I.OrderMissing.selector, wrong, 3, 2));
        }
    }
}
