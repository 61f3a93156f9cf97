// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, Report} from "../src/Types.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice What is valued at the mark, what at the index, and that gaps accrue nothing.
contract ClearingHouseMarkTest is VenueTest {
    /// @dev The time, kept here: the compiler takes `block.timestamp` for constant in a call.
    uint40 private clock = 1_900_000_000;

    /// @dev Ten lots at PRICE are 1,000 quote tokens; a tick of the price is a thousandth of one.
    function test_health_isAtTheMark() public {
        trade(alice, bob, 10, PRICE);
        (int256 before,,) = house.health(alice);
        around.setMark(0, PRICE + 10_000);
        (int256 equity, uint256 initial, uint256 maintenance) = house.health(alice);
        assertEq(equity - before, int256(10 * UNIT));
        assertEq(initial, 1_010 * UNIT / 20);
        assertEq(maintenance, 1_010 * UNIT * 3 / 100);
    }

    function test_liquidate_isAtTheMark() public {
        uint32 eve = open("eve", 51 * UNIT);
        trade(eve, bob, 10, PRICE);
        // At the index eve is healthy; at a mark 2 % lower she has 30.55 of 29.4: healthy still.
        around.setMark(0, PRICE - 20_000);
        bytes memory healthy = abi.encodeWithSelector(
            I.NotLiquidatable.selector, int256(30_550_000), uint256(29_400_000)
        );
        vm.prank(owner_(carol));
        vm.expectRevert(healthy);
        house.liquidate(eve, 0, 0, carol, "");
        around.setMark(0, PRICE - 22_000);
        vm.prank(owner_(carol));
        house.liquidate(eve, 0, 0, carol, "");
        assertTrue(sizeOf(carol, 0) > 0);
        assertEq(sizeOf(eve, 0) + sizeOf(carol, 0), 10);
        checkLaws(1);
    }

    /// @dev The fill band stands around the index, wherever the mark is.
    function test_settle_bandIsAtTheIndex() public {
        around.setMark(0, PRICE + 20_000);
        add(order(alice, true, 1));
        add(order(bob, false, 1));
        (orders[0].price, orders[1].price) = (PRICE + 50_001, PRICE + 50_001);
        fill(1, 0, 1, PRICE + 50_001);
        settleReverts(abi.encodeWithSelector(I.OutsideBand.selector, 0, PRICE + 50_001, PRICE));
        trade(alice, bob, 1, PRICE + 50_000);
    }

    /// @dev Pushed up, the mark shows a profit: it may be traded on, but it does not leave.
    function test_attack_pushedMarkIsNotPaidOut() public {
        trade(alice, bob, 10, PRICE);
        uint256 free = 10_000 * UNIT - 450_000 - 50 * UNIT;
        around.setMark(0, PRICE + 20_000);
        (int256 equity,,) = house.health(alice);
        assertEq(equity, int256(10_000 * UNIT - 450_000 + 20 * UNIT));
        // Initial margin is 51 at the mark, equity what the index says.
        vm.prank(owner_(alice));
        vm.expectRevert(
            abi.encodeWithSelector(I.MarginShort.selector, alice, 50 * UNIT, 51 * UNIT)
        );
        house.withdraw(alice, free, address(9), "");
        vm.prank(owner_(alice));
        house.withdraw(alice, free - UNIT, address(9), "");
        checkLaws(1);
    }

    /// @dev A short gains from a mark that was pushed down: the same holds.
    function test_attack_pushedMarkIsNotPaidOutToShorts() public {
        trade(alice, bob, 10, PRICE);
        uint256 free = 10_000 * UNIT - 150_000 - 49 * UNIT;
        around.setMark(0, PRICE - 20_000);
        vm.prank(owner_(bob));
        vm.expectRevert(
            abi.encodeWithSelector(I.MarginShort.selector, bob, 49 * UNIT - 1, 49 * UNIT)
        );
        house.withdraw(bob, free + 1, address(9), "");
        vm.prank(owner_(bob));
        house.withdraw(bob, free, address(9), "");
        checkLaws(1);
    }

    /// @dev Where the mark is the worse of the two it counts alone.
    function test_withdraw_isAtTheMarkWhenWorse() public {
        trade(alice, bob, 10, PRICE);
        uint256 free = 10_000 * UNIT - 450_000 - 20 * UNIT - 49 * UNIT;
        around.setMark(0, PRICE - 20_000);
        vm.prank(owner_(alice));
        vm.expectRevert(
            abi.encodeWithSelector(I.MarginShort.selector, alice, 49 * UNIT - 1, 49 * UNIT)
        );
        house.withdraw(alice, free + 1, address(9), "");
        vm.prank(owner_(alice));
        house.withdraw(alice, free, address(9), "");
    }

    /// @dev Whoever is at initial margin at the worst mark that the clamp allows (2 %) is, at the
    /// index, below maintenance by at most a thousandth of the notional, and has equity left.
    function testFuzz_clamp_leavesEquityAtTheIndex(bool isLong, uint32 index) public {
        index = uint32(bound(index, 100_000, 4_000_000_000));
        around.setPrice(0, index);
        around.setMark(0, isLong ? index + index / 50 : index - index / 50);
        uint256 mark = around.marks(0);
        uint256 need = 10 * 100 * mark / 20 + 1;
        uint256 gain = 10 * 100 * (isLong ? mark - index : index - mark);
        uint32 eve = open("eve", need - gain + 10 * 100 * uint256(index) * 450 / 1e6 + 1);
        house.deposit(address(token), bob, 10_000_000 * UNIT);
        _takes(isLong, eve, index);
        (int256 equity, uint256 initial,) = house.health(eve);
        assertGe(equity, int256(initial));
        around.setMark(0, index);
        uint256 maintenance;
        (equity,, maintenance) = house.health(eve);
        assertGe(equity, int256(maintenance - 10 * 100 * uint256(index) / 1_000 - 2));
    }

    function _takes(bool isLong, uint32 eve, uint32 index) internal {
        Order memory taker = order(eve, isLong, 10);
        Order memory maker = order(bob, !isLong, 10);
        (taker.price, maker.price) = (index, index);
        add(maker);
        add(taker);
        fill(0, 1, 10, index);
        settle();
    }

    // ------------------------------------------------------------------ gaps

    function test_funding_gapAccruesNothing() public {
        MarketParams memory params = defaults();
        params.fundingGapSecondsMax = 30;
        around.setMarket(0, params);
        house.push(_report(1_000));
        _pass(31);
        house.push(_report(1_000));
        (int96 index, uint40 time,) = house.market(0);
        assertEq(index, 0);
        assertEq(time, clock);
        // And the next step counts from there: the gap is not made up for.
        _pass(30);
        house.push(_report(1_000));
        (index,,) = house.market(0);
        assertEq(index, (int256(1_000 * 30 * 1e8) << 32) / 86_400_000_000);
    }

    /// @dev The first report sets the time and charges nothing: no time before it is counted.
    function test_funding_firstReportChargesNothing() public {
        _pass(10);
        house.push(_report(120_000));
        (int96 index, uint40 time,) = house.market(0);
        assertEq(index, 0);
        assertEq(time, clock);
    }

    /// @dev A report of the same or an earlier second, should an oracle ever let one through,
    /// charges nothing, and the next charges no second twice.
    function test_attack_timeBackChargesNoSecondTwice() public {
        house.push(_report(1_000));
        _pass(20);
        house.push(_report(1_000));
        (int96 once,,) = house.market(0);
        bytes memory old = _reportAt(1_000, clock - 20);
        house.push(old);
        (int96 index, uint40 time,) = house.market(0);
        assertEq(index, once);
        assertEq(time, clock);
        house.push(_report(1_000));
        (index,,) = house.market(0);
        assertEq(index, once);
    }

    function _pass(uint40 elapsed) private {
        clock += elapsed;
        vm.warp(clock);
    }

    function _report(int32 rate) private view returns (bytes memory) {
        return _reportAt(rate, clock);
    }

    function _reportAt(int32 rate, uint40 time) private pure returns (bytes memory) {
        Report memory r;
        r.time = time;
        (r.markets, r.prices, r.rates) = (new uint8[](1), new uint32[](1), new int32[](1));
        (r.prices[0], r.rates[0]) = (PRICE, rate);
        return abi.encode(r);
    }
}
