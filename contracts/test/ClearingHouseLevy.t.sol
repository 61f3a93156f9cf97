// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {MarketParams} from "../src/Types.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice What nobody can be made to take: the market's own account, and a levy on its positions.
contract ClearingHouseLevyTest is VenueTest {
    uint32 private constant HALF = PRICE / 2;
    uint32 private poor;
    uint32 private thin;
    uint32[] private list;

    /// Poor bought ten lots at 1,000 and has 50.55; at 500 the winner has left: thin is short a
    /// hundred lots against poor's ten and bob's ninety, with too little behind it to pay.
    function setUp() public override {
        super.setUp();
        MarketParams memory p = defaults();
        p.openInterestMax = 1_000_000;
        around.setMarket(0, p);
        poor = open("poor", 51 * UNIT);
        thin = open("thin", 600 * UNIT);
        trade(poor, alice, 10, PRICE);
        around.setPrice(0, HALF);
        trade(alice, thin, 10, HALF);
        trade(bob, thin, 90, HALF);
        list.push(thin);
    }

    function resolvePoor() private {
        house.resolve(poor, 0, list, "");
    }

    function equityOf(uint32 id) private view returns (int256 equity) {
        (equity,,) = house.health(id);
    }

    function test_levy_chargesEveryPosition() public {
        int256 loss = -equityOf(poor);
        assertEq(loss, 449_450_000);
        int256[3] memory before = [equityOf(thin), equityOf(bob), equityOf(alice)];
        uint256 perLot = (uint256(loss) << 32) / 200;
        assertEq(perLot * 200, uint256(loss) << 32, "exact here");
        vm.expectEmit(true, true, true, true);
        emit I.Levied(0, perLot, perLot);
        vm.expectEmit(true, true, true, true);
        emit I.Resolved(poor, 0, 10, HALF + 449_450, 0, 0, 10, 0, uint256(loss));
        resolvePoor();
        assertEq(house.levy(0), perLot);
        assertEq(sizeOf(FUNDS, 0), 10);
        assertEq(cashOf(poor), 0);
        assertEq(equityOf(thin), before[0] - loss / 2);
        assertEq(equityOf(bob), before[1] - loss * 90 / 200);
        assertEq(equityOf(FUNDS), -loss * 10 / 200);
        assertEq(equityOf(alice), before[2], "no open position, no loss");
        checkLaws(3);
    }

    /// Storage follows when an account is touched, by whatever touches it; views never change.
    function test_levy_isTheSameBeforeAndAfterATouch() public {
        resolvePoor();
        int256 cash = cashOf(bob);
        house.deposit(address(token), bob, 7);
        assertEq(cashOf(bob), cash + (7 << 32));
        house.deposit(address(token), bob, 7);
        assertEq(cashOf(bob), cash + (14 << 32), "charged once");
        checkLaws(3);
        int256 before = equityOf(thin) + equityOf(carol);
        trade(thin, carol, 5, HALF);
        int256 fees = int256(uint256(5) * 50_000_000 * 600 / 1e6);
        assertEq(equityOf(thin) + equityOf(carol), before - fees);
        assertEq(sizeOf(thin, 0), -95);
        checkLaws(3);
    }

    function test_levy_spares_whoComesLater() public {
        resolvePoor();
        int256 before = equityOf(carol);
        trade(carol, bob, 20, HALF);
        assertEq(equityOf(carol), before - 20 * 50_000_000 * 450 / 1e6);
        checkLaws(3);
        // Leaves, and comes back: no debt was kept for the time between.
        trade(bob, carol, 20, HALF);
        trade(carol, bob, 20, HALF);
        checkLaws(3);
        assertGt(equityOf(carol), before - 10 * UNITS);
    }

    int256 private constant UNITS = 1_000_000;

    /// A position elsewhere does not hide the charge: bob trades market 1, and is charged for 0.
    function test_levy_settledByATradeElsewhere() public {
        resolvePoor();
        int256 cash = cashOf(bob);
        Order memory b = order(bob, true, 1);
        Order memory c = order(carol, false, 1);
        (b.market, c.market) = (1, 1);
        add(b);
        add(c);
        fill(1, 0, 1, PRICE);
        settle();
        assertEq(cashOf(bob), cash - ((100_000_000 + 45_000) << 32));
        checkLaws(3);
    }

    function test_levy_withdrawSeesIt() public {
        resolvePoor();
        int256 equity = equityOf(bob);
        (, uint256 initial,) = house.health(bob);
        vm.startPrank(owner_(bob));
        vm.expectPartialRevert(I.MarginShort.selector);
        house.withdraw(bob, uint256(equity) - initial + 1, address(5), "");
        house.withdraw(bob, uint256(equity) - initial, address(5), "");
        vm.stopPrank();
        checkLaws(3);
    }

    /// Two levies, one of them over accounts that have not paid the first.
    function test_levy_twice() public {
        resolvePoor();
        uint256 first = house.levy(0);
        uint32 again = open("again", 40 * UNIT);
        trade(again, thin, 10, HALF);
        around.setPrice(0, HALF - 60_000);
        around.setAged(0, HALF - 60_000);
        // Thin has earned by now: take that away from it, so that it cannot pay either.
        (int256 equity, uint256 initial,) = house.health(thin);
        vm.prank(owner_(thin));
        house.withdraw(thin, uint256(equity) - initial, address(5), "");
        house.resolve(again, 0, list, "");
        checkLaws(3);
        assertGe(house.levy(0), first);
        house.deposit(address(token), bob, 1);
        house.deposit(address(token), thin, 1);
        checkLaws(3);
    }

    /// The market's account is resolved like any other: its loss is levied, its lots stay with it
    /// until somebody takes them.
    function test_resolve_theFundItself() public {
        resolvePoor();
        assertLt(equityOf(FUNDS), 0);
        house.resolve(FUNDS, 0, list, "");
        assertGe(equityOf(FUNDS), 0);
        checkLaws(3);
    }

    function test_unwind_theFund() public {
        resolvePoor();
        house.deposit(address(token), FUNDS, 100 * UNIT);
        int256 before = equityOf(carol);
        vm.warp(block.timestamp + 50);
        around.setPrice(0, HALF);
        vm.prank(owner_(carol));
        house.unwind(FUNDS, 0, 4, carol, "");
        // 50 s at 10 ppm are 250 ticks a lot.
        assertEq(equityOf(carol), before + 4 * 250 * 100);
        assertEq(sizeOf(FUNDS, 0), 6);
        vm.warp(block.timestamp + 5_000);
        around.setPrice(0, HALF);
        vm.prank(owner_(carol));
        house.unwind(FUNDS, 0, 100, carol, "");
        assertEq(equityOf(carol), before + (4 * 250 + 6 * 2_500) * 100, "at most half a percent");
        assertEq(sizeOf(FUNDS, 0), 0);
        checkLaws(3);
    }

    function test_unwind_reverts() public {
        resolvePoor();
        vm.startPrank(owner_(carol));
        vm.expectRevert(abi.encodeWithSelector(I.NotUnwindable.selector, bob, FUNDS));
        house.unwind(bob, 0, 1, carol, "");
        vm.expectRevert(abi.encodeWithSelector(I.NotUnwindable.selector, 0, FUNDS));
        house.unwind(0, 0, 1, carol, "");
        vm.expectRevert(abi.encodeWithSelector(I.PositionMissing.selector, FUNDS + 1, 1));
        house.unwind(FUNDS + 1, 1, 1, carol, "");
        vm.expectRevert(
            abi.encodeWithSelector(I.NotOwner.selector, owner_(carol), owner_(bob))
        );
        house.unwind(FUNDS, 0, 1, bob, "");
        vm.stopPrank();
        // In debt: whoever takes lots off it would leave it worse.
        vm.warp(block.timestamp + 10);
        around.setPrice(0, HALF);
        vm.prank(owner_(carol));
        vm.expectPartialRevert(I.MarginShort.selector);
        house.unwind(FUNDS, 0, 4, carol, "");
    }

    /// One account is a whole side of a market, and everything falls at once.
    function test_resolve_aWholeMarketAtOnce() public {
        uint32 whale = open("whale", 12_000 * UNIT);
        Order memory o;
        uint32[] memory shorts = new uint32[](50);
        for (uint256 i; i < 50; ++i) {
            shorts[i] = open(string.concat("short", vm.toString(i)), 400 * UNIT);
            uint40 lots = uint40(20 + i);
            o = order(whale, true, lots);
            Order memory s = order(shorts[i], false, lots);
            (o.market, s.market) = (2, 2);
            add(o);
            add(s);
            fill(1, 0, lots, PRICE);
            settle();
        }
        assertEq(sizeOf(whale, 2), 50 * 20 + 49 * 25);
        around.setPrice(2, PRICE / 4);
        house.deposit(address(token), FUNDS + 2, 1_000 * UNIT);
        int256 debt = -equityOf(whale);
        assertGt(debt, 100_000 * UNITS);
        int256 others;
        for (uint256 i; i < 50; ++i) others += equityOf(shorts[i]);
        house.resolve(whale, 2, shorts, "");
        assertEq(sizeOf(whale, 2), 0);
        assertEq(equityOf(whale), 0);
        int256 left = cashOf(FUNDS + 2) >> 32;
        for (uint256 i; i < 50; ++i) {
            assertGe(equityOf(shorts[i]), 0);
            left += equityOf(shorts[i]);
        }
        assertEq(left, others + 1_000 * UNITS - debt, "the loss, once, and nothing else");
        (,, uint56 open_) = house.market(2);
        assertEq(open_, 0, "nobody deleveraged without need, nobody left");
        checkLaws(3);
    }

    /// A list of 512 need not hold the other side; nobody in it loses more than its share of it.
    function test_resolve_aCrowd() public {
        uint32 whale = open("whale", 2_700 * UNIT);
        uint32[] memory shorts = new uint32[](512);
        uint32 big = open("big", 10_000 * UNIT);
        for (uint256 i; i < 513; ++i) {
            uint32 id = i < 512 ? open(string.concat("s", vm.toString(i)), 30 * UNIT) : big;
            if (i < 512) shorts[i] = id;
            uint40 lots = i < 512 ? 2 : 976;
            Order memory o = order(i % 2 == 0 ? whale : carol, true, lots);
            Order memory s = order(id, false, lots);
            (o.market, s.market) = (2, 2);
            // Small orders at a price of their own: the whale holds half of the small ones only.
            if (i == 512) (o.account, o.key) = (carol, keys[carol]);
            if (i == 512) (o.seq, o.lane) = (1, 2);
            add(o.account < s.account ? o : s);
            add(o.account < s.account ? s : o);
            fill(o.account < s.account ? 1 : 0, o.account < s.account ? 0 : 1, lots, PRICE);
            settle();
        }
        around.setPrice(2, PRICE - 35_000);
        uint256 lotsBefore = uint256(sizeOf(whale, 2));
        assertEq(lotsBefore, 512);
        uint32[] memory few = new uint32[](511);
        for (uint256 i; i < 511; ++i) few[i] = shorts[i];
        vm.prank(owner_(whale));
        vm.expectPartialRevert(I.CounterpartiesShort.selector);
        house.resolve(whale, 2, few, "");
        house.resolve(whale, 2, shorts, "");
        // 512 of 2,000 lots are needed: two of them are 0.512, one lot at most.
        for (uint256 i; i < 512; ++i) assertGe(sizeOf(shorts[i], 2), -2);
        for (uint256 i; i < 512; ++i) assertLe(sizeOf(shorts[i], 2), -1);
        checkLaws(3);
    }
}
