// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch, MarketParams} from "../src/Types.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice What is judged at the end of a batch: margin, open interest, breaker, positions.
contract ClearingHouseMarginTest is VenueTest {
    function pair(uint64 size) internal {
        add(order(alice, true, size));
        add(order(bob, false, size));
    }

    function test_settle_revertsIf_OpenInterestExceeded() public {
        MarketParams memory p = defaults();
        p.openInterestMax = 9;
        around.setMarket(0, p);
        pair(10);
        fill(1, 0, 10, PRICE);
        settleReverts(abi.encodeWithSelector(I.OpenInterestExceeded.selector, 0, 10, 9));
    }

    function test_settle_reducesAboveCap() public {
        trade(alice, bob, 10, PRICE);
        MarketParams memory p = defaults();
        p.openInterestMax = 5;
        around.setMarket(0, p);
        trade(bob, alice, 2, PRICE);
        (,, uint56 open_) = house.market(0);
        assertEq(uint256(open_), 8);
    }

    function test_settle_revertsIf_ReduceOnlyBroken() public {
        trade(alice, bob, 10, PRICE);
        Order memory o = order(alice, false, 20);
        o.reduceOnly = true;
        add(o);
        add(order(bob, true, 20));
        fill(1, 0, 11, PRICE);
        settleReverts(abi.encodeWithSelector(I.ReduceOnlyBroken.selector, 0, -1, 10));
        o = order(alice, false, 20);
        o.reduceOnly = true;
        add(o);
        add(order(bob, true, 20));
        fill(1, 0, 10, PRICE);
        settle();
        assertEq(sizeOf(alice, 0), 0);
    }

    function test_settle_revertsIf_MarginShort() public {
        uint32 poor = open("poor", 50 * UNIT);
        add(order(alice, false, 10));
        add(order(poor, true, 10));
        fill(0, 1, 10, PRICE);
        settleReverts(
            abi.encodeWithSelector(
                I.MarginShort.selector, poor, int256(50 * UNIT - 450_000), 50 * UNIT
            )
        );
    }

    function test_settle_netsBeforeItJudges() public {
        uint32 poor = open("poor", 58 * UNIT);
        add(order(alice, false, 1_000));
        add(order(bob, true, 990));
        Order memory buy = order(poor, true, 100);
        Order memory sell = order(poor, false, 90);
        sell.lane = 2;
        add(buy);
        add(sell);
        // In the middle the account is ten times too large; at the end only fees are short.
        fill(0, 2, 100, PRICE);
        fill(1, 3, 90, PRICE);
        Batch memory b = batch();
        vm.expectPartialRevert(I.MarginShort.selector);
        house.settle(b);
        house.deposit(address(token), poor, 5 * UNIT);
        house.settle(b);
        assertEq(sizeOf(poor, 0), 10);
        checkLaws(3);
    }

    function test_settle_healthierBelowInitialPasses() public {
        uint32 poor = open("poor", 51 * UNIT);
        trade(poor, alice, 10, PRICE);
        around.setPrice(0, PRICE - 15_000);
        trade(alice, poor, 4, PRICE - 15_000);
        assertEq(sizeOf(poor, 0), 6);
        Order memory more = order(poor, true, 1);
        add(order(alice, false, 1));
        add(more);
        fill(0, 1, 1, PRICE);
        Batch memory b = batch();
        vm.expectPartialRevert(I.MarginShort.selector);
        house.settle(b);
    }

    function test_settle_breakerForbidsGrowth() public {
        trade(alice, bob, 10, PRICE);
        around.setLevel(1, 1);
        add(order(alice, false, 20));
        add(order(bob, true, 20));
        fill(1, 0, 11, PRICE);
        settleReverts(abi.encodeWithSelector(I.BreakerTripped.selector, 1, 1, 0));
        trade(bob, alice, 4, PRICE);
        around.setLevel(1, 3);
        add(order(alice, false, 4));
        add(order(bob, true, 4));
        fill(1, 0, 4, PRICE);
        settleReverts(abi.encodeWithSelector(I.BreakerTripped.selector, 1, 3, 2));
        Order memory a = order(alice, false, 4);
        Order memory b = order(bob, true, 4);
        (a.reduceOnly, b.reduceOnly) = (true, true);
        add(a);
        add(b);
        fill(1, 0, 4, PRICE);
        settle();
        assertEq(sizeOf(alice, 0), 2);
    }

    function test_settle_severalMarkets() public {
        for (uint8 m; m < 3; ++m) {
            Order memory a = order(alice, true, 10);
            Order memory b = order(bob, false, 10);
            (a.market, b.market) = (m, m);
            add(a);
            add(b);
            fill(1, 0, 10, PRICE);
            settle();
        }
        assertEq(sizeOf(alice, 2), 10);
        (int256 equity, uint256 initial, uint256 maintenance) = house.health(alice);
        assertEq(equity, int256(10_000 * UNIT - 3 * 450_000));
        assertEq(initial, 150 * UNIT);
        assertEq(maintenance, 90 * UNIT);
        checkLaws(3);
        // One batch that closes two of them and leaves the one that is not at home.
        Order[3] memory o;
        for (uint8 i; i < 2; ++i) {
            o[i] = order(alice, false, 10);
            (o[i].market, o[i].lane) = (i, i + 1);
            o[i].seq = 9;
            add(o[i]);
        }
        for (uint8 i; i < 2; ++i) {
            o[i] = order(bob, true, 10);
            (o[i].market, o[i].lane) = (i, i + 1);
            o[i].seq = 9;
            add(o[i]);
        }
        fill(0, 2, 10, PRICE);
        fill(1, 3, 10, PRICE);
        settle();
        assertEq(sizeOf(alice, 0), 0);
        assertEq(sizeOf(alice, 1), 0);
        assertEq(sizeOf(alice, 2), 10);
        checkLaws(3);
    }
}
