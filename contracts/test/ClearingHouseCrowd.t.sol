// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams} from "../src/Types.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice What one batch may add to open interest, and at which one a single fill is judged.
contract ClearingHouseCrowdTest is VenueTest {
    uint32 internal erin;

    function setUp() public override {
        super.setUp();
        erin = open("erin", 10_000 * UNIT);
        for (uint8 m; m < 2; ++m) crowded(m, 200, 500_000, 1_000_000);
    }

    /// A step is ten lots of 200.
    function crowded(uint8 id, uint40 cap, uint24 low, uint24 high) internal {
        MarketParams memory p = defaults();
        (p.openInterestMax, p.openInterestLowPpm, p.openInterestHighPpm) = (cap, low, high);
        p.concentrationPpm = 0;
        around.setMarket(id, p);
    }

    /// Alice takes one lot of erin and the rest of bob, or gives them: two fills.
    function two(bool isBuy, uint40 lots) internal {
        add(order(alice, isBuy, lots));
        add(order(bob, !isBuy, lots - 1));
        add(order(erin, !isBuy, 1));
        fill(1, 0, lots - 1, PRICE);
        fill(2, 0, 1, PRICE);
    }

    function crowds(uint8 id, uint256 found, uint256 most) internal {
        settleReverts(abi.encodeWithSelector(I.BatchCrowds.selector, id, found, most));
    }

    function interest() internal view returns (uint256) {
        (,, uint56 open_) = house.market(0);
        return open_;
    }

    function test_settle_revertsIf_BatchCrowds() public {
        two(true, 111);
        crowds(0, 111, 110);
        two(true, 110);
        settle();
        two(true, 11);
        crowds(0, 121, 120);
        two(true, 10);
        settle();
        assertEq(interest(), 120);
        checkLaws(3);
    }

    function test_settle_aStepIsALotAtLeast() public {
        crowded(0, 19, 0, 1_000_000);
        two(true, 2);
        crowds(0, 2, 1);
        crowded(0, 59, 0, 1_000_000);
        two(true, 2);
        settle();
        assertEq(interest(), 2);
    }

    function test_settle_isNotCutWhereMarginIsFlat() public {
        crowded(0, 200, 500_000, 500_000);
        two(true, 190);
        settle();
        assertEq(interest(), 190);
    }

    function test_settle_reducesInOneBatchAboveTheCap() public {
        trade(alice, bob, 100, PRICE);
        trade(alice, erin, 1, PRICE);
        crowded(0, 50, 0, 1_000_000);
        two(false, 101);
        settle();
        assertEq(interest(), 0);
        checkLaws(3);
    }

    function test_settle_boundsEveryMarketOfABatch() public {
        uint40[2] memory lots = [uint40(5), 111];
        uint32[2] memory who = [alice, bob];
        for (uint256 i; i < 2; ++i) {
            for (uint8 m; m < 2; ++m) {
                Order memory o = order(who[i], i == 0, lots[m]);
                (o.market, o.lane, o.seq) = (m, m + 1, 9);
                add(o);
            }
        }
        fill(0, 2, 5, PRICE);
        fill(1, 3, 111, PRICE);
        crowds(1, 111, 110);
    }

    function test_settle_judgesASingleFillAtTheOpenInterestAfterIt() public {
        // 150 of 200: half way from 5 % to the whole; not the 750 that an empty market asks for.
        uint32 poor = open("poor", 7_875 * UNIT);
        add(order(alice, false, 150));
        add(order(poor, true, 150));
        fill(0, 1, 150, PRICE);
        int256 equity = int256(7_875 * UNIT - 6_750_000);
        settleReverts(
            abi.encodeWithSelector(I.MarginShort.selector, poor, equity, 7_875 * UNIT)
        );
        house.deposit(address(token), poor, 6_750_000);
        trade(poor, alice, 150, PRICE);
        assertEq(interest(), 150);
        checkLaws(3);
    }

    function test_settle_judgesASingleFillByWhatItAddsAlone() public {
        // Bob leaves; the open interest stays, and with it what erin needs: 24 % of 12,000.
        trade(bob, alice, 120, PRICE);
        add(order(bob, false, 120));
        add(order(erin, true, 120));
        fill(0, 1, 120, PRICE);
        settle();
        (, uint256 initial,) = house.health(erin);
        assertEq(initial, 2_880 * UNIT);
        assertEq(interest(), 120);
    }

    function test_settle_judgesASingleFillOfSeveralPositions() public {
        uint32 poor = open("poor", 7_000 * UNIT);
        Order memory a = order(alice, false, 1);
        Order memory b = order(poor, true, 1);
        (a.market, b.market) = (1, 1);
        add(a);
        add(b);
        fill(0, 1, 1, PRICE);
        settle();
        add(order(alice, false, 150));
        add(order(poor, true, 150));
        fill(0, 1, 150, PRICE);
        vm.expectPartialRevert(I.MarginShort.selector);
        this.settleNow();
        reset();
        // A flip: of the 150 that it buys, 50 only close.
        trade(alice, poor, 50, PRICE);
        trade(poor, erin, 150, PRICE);
        assertEq(interest(), 150);
        assertEq(sizeOf(poor, 0), 100);
    }

    function settleNow() external {
        house.settle(batch());
    }
}
