// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch, MarketParams} from "../src/Types.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Markets} from "./support/Markets.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice Terms of initial margin, own leverage and isolation as the venue applies them, and the
/// attacks that they stop.
contract ClearingHouseRequirementsTest is VenueTest {
    function set(uint8 id, MarketParams memory p) internal {
        around.setMarket(id, p);
    }

    function settleShort() internal {
        Batch memory b = batch();
        vm.expectPartialRevert(I.MarginShort.selector);
        house.settle(b);
        reset();
    }

    function initialOf(uint32 id) internal view returns (uint256 initial) {
        (, initial,) = house.health(id);
    }

    function tradeIn(uint8 market, uint32 buyer, uint32 seller, uint40 lots) internal {
        Order memory buy = order(buyer, true, lots);
        Order memory sell = order(seller, false, lots);
        (buy.market, sell.market) = (market, market);
        bool buyerFirst = buyer < seller;
        add(buyerFirst ? buy : sell);
        add(buyerFirst ? sell : buy);
        fill(buyerFirst ? 1 : 0, buyerFirst ? 0 : 1, lots, PRICE);
        settle();
    }

    // ------------------------------------------------------------------ own leverage

    function test_setLeverage_raisesAtOnceEvenWhenShort() public {
        trade(alice, bob, 100, PRICE);
        around.setPrice(0, PRICE);
        assertEq(initialOf(alice), 500 * UNIT);
        vm.prank(owner_(alice));
        vm.expectEmit();
        emit I.LeverageSet(alice, 1_000_000);
        house.setLeverage(alice, 1_000_000, "");
        assertEq(uint256(house.leverage(alice)), 1_000_000);
        // 10,000 of notional are needed whole, fees have been paid: no growth any more.
        assertEq(initialOf(alice), 10_000 * UNIT);
        add(order(alice, true, 1));
        add(order(bob, false, 1));
        fill(1, 0, 1, PRICE);
        settleShort();
        // Reducing stays possible, and a fill keeps the demand in the slot.
        trade(bob, alice, 1, PRICE);
        assertEq(uint256(house.leverage(alice)), 1_000_000);
        (,, uint32 epoch,) = house.account(alice);
        assertEq(uint256(epoch), 0);
    }

    function test_setLeverage_lowersOnlyAtInitialMarginWithTheNewValue() public {
        vm.prank(owner_(alice));
        house.setLeverage(alice, 500_000, "");
        trade(alice, bob, 100, PRICE);
        // 10,000 less fees at 10 ticks less: at 5 % plenty, at 100 % not.
        vm.prank(owner_(alice));
        house.setLeverage(alice, 0, "");
        assertEq(initialOf(alice), 500 * UNIT);
        vm.prank(owner_(alice));
        house.setLeverage(alice, 1_000_000, "");
        vm.prank(owner_(alice));
        vm.expectRevert(
            abi.encodeWithSelector(
                I.MarginShort.selector, alice, int256(10_000 * UNIT - 4_500_000), 9_999_990_000
            )
        );
        house.setLeverage(alice, 999_999, "");
    }

    function test_setLeverage_lowersOnlyAtFreshPrices() public {
        vm.prank(owner_(alice));
        house.setLeverage(alice, 500_000, "");
        trade(alice, bob, 100, PRICE);
        vm.warp(block.timestamp + 61);
        vm.startPrank(owner_(alice));
        vm.expectRevert(abi.encodeWithSelector(I.PriceStale.selector, 61, 60));
        house.setLeverage(alice, 400_000, "");
        house.setLeverage(alice, 600_000, "");
        vm.stopPrank();
    }

    function test_setLeverage_revertsIf_NotOwner() public {
        vm.prank(owner_(bob));
        vm.expectRevert(abi.encodeWithSelector(I.NotOwner.selector, owner_(bob), owner_(alice)));
        house.setLeverage(alice, 1, "");
    }

    function test_setLeverage_revertsIf_LeverageInvalid() public {
        vm.prank(owner_(alice));
        vm.expectRevert(abi.encodeWithSelector(I.LeverageInvalid.selector, 1_000_001, 1_000_000));
        house.setLeverage(alice, 1_000_001, "");
    }

    function test_withdraw_leavesTheOwnersMargin() public {
        vm.prank(owner_(alice));
        house.setLeverage(alice, 200_000, "");
        trade(alice, bob, 100, PRICE);
        vm.startPrank(owner_(alice));
        vm.expectPartialRevert(I.MarginShort.selector);
        house.withdraw(alice, 8_000 * UNIT, address(this), "");
        house.withdraw(alice, 7_990 * UNIT, address(this), "");
        vm.stopPrank();
    }

    // ------------------------------------------------------------------ open interest

    function test_settle_judgesAtTheOpenInterestBeforeTheBatch() public {
        MarketParams memory p = Markets.plain();
        (p.openInterestMax, p.openInterestLowPpm) = (1_000, 500_000);
        set(0, p);
        // From 0 to 550 lots in one batch of two fills: the batch itself pays the base.
        uint32 rich = open("rich", 5_000 * UNIT);
        both(rich, 550);
        settle();
        // From there on 55 % of the cap: 50,000 + 950,000 * 0.1.
        (, uint256 initial, uint256 maintenance) = house.health(rich);
        assertEq(initial, 55_000 * UNIT * 145_000 / 1_000_000);
        assertEq(maintenance, 55_000 * UNIT * 30_000 / 1_000_000);
        // 40 lots at 55 % need 580 and the fees, at 59 % they would need 884.
        uint32 late = open("late", 581 * UNIT);
        both(late, 40);
        settleShort();
        house.deposit(address(token), late, 1 * UNIT);
        both(late, 40);
        settle();
    }

    /// Bob and carol sell to an account, which is opened after them, in two fills of one batch.
    function both(uint32 buyer, uint40 lots) internal {
        add(order(bob, false, lots - 1));
        add(order(carol, false, 1));
        add(order(buyer, true, lots));
        fill(0, 2, lots - 1, PRICE);
        fill(1, 2, 1, PRICE);
    }

    /// @dev Attack: fill the market so that others' requirements rise and they are liquidated.
    function test_attack_crowdingLiquidatesNobody() public {
        MarketParams memory p = Markets.plain();
        (p.openInterestMax, p.openInterestLowPpm) = (1_000, 100_000);
        set(0, p);
        uint32 victim = open("victim", 51 * UNIT);
        trade(victim, bob, 10, PRICE);
        uint256 before;
        uint256 initial;
        (, initial, before) = house.health(victim);
        assertEq(initial, 50 * UNIT);
        trade(open("long", 80_000 * UNIT), open("short", 80_000 * UNIT), 800, PRICE);
        uint256 maintenance;
        (, initial, maintenance) = house.health(victim);
        assertGt(initial, 700 * UNIT);
        assertEq(maintenance, before);
        vm.prank(owner_(alice));
        vm.expectPartialRevert(I.NotLiquidatable.selector);
        house.liquidate(victim, 0, 0, alice, "");
        // And the victim may always close.
        trade(bob, victim, 10, PRICE);
        assertEq(sizeOf(victim, 0), 0);
    }

    // ------------------------------------------------------------------ concentration

    /// @dev Attack (dYdX, YFI, November 2023): one actor is most of the open interest on 5 %.
    function test_attack_mostOfTheOpenInterestNeedsMoreMargin() public {
        MarketParams memory p = Markets.plain();
        (p.concentrationPpm, p.concentrationCapPpm) = (400_000, 300_000);
        set(0, p);
        uint32 actor = open("actor", 1_000 * UNIT);
        trade(alice, bob, 10, PRICE);
        // A fair share of a deep market costs nearly nothing more.
        trade(actor, dave, 1, PRICE);
        uint256 share = initialOf(actor) * 1_000_000 / (100 * UNIT);
        assertEq(share, 50_000 + 36_364);
        // 19 of 20 lots of the next state: the share is of the 11 lots before, hence all of it.
        add(order(dave, false, 90));
        add(order(actor, true, 90));
        fill(0, 1, 90, PRICE);
        settleShort();
        // At the base it would have been 455 of the 1,000 that it has.
        p.concentrationPpm = 0;
        set(0, p);
        trade(actor, dave, 90, PRICE);
        assertEq(initialOf(actor), 455 * UNIT);
    }

    // ------------------------------------------------------------------ isolation

    function isolate(uint8 id) internal {
        MarketParams memory p = Markets.plain();
        p.isolated = 1;
        set(id, p);
    }

    function test_settle_revertsIf_IsolatedBesideAnother() public {
        isolate(1);
        tradeIn(0, alice, bob, 5);
        add(marketOrder(1, alice, true, 5));
        add(marketOrder(1, carol, false, 5));
        fill(1, 0, 5, PRICE);
        settleReverts(abi.encodeWithSelector(I.IsolatedMarket.selector, alice, 1, 0));
        assertEq(sizeOf(alice, 1), 0);
    }

    function test_settle_revertsIf_AnotherBesideIsolated() public {
        isolate(1);
        tradeIn(1, alice, bob, 5);
        add(marketOrder(2, alice, true, 5));
        add(marketOrder(2, carol, false, 5));
        fill(1, 0, 5, PRICE);
        settleReverts(abi.encodeWithSelector(I.IsolatedMarket.selector, alice, 1, 2));
    }

    function test_settle_revertsIf_BothInOneBatch() public {
        isolate(1);
        isolate(2);
        Order memory a = marketOrder(1, alice, true, 5);
        Order memory b = marketOrder(2, alice, true, 5);
        Order memory c = marketOrder(1, carol, false, 5);
        Order memory d = marketOrder(2, carol, false, 5);
        (b.lane, d.lane) = (2, 2);
        add(a);
        add(b);
        add(c);
        add(d);
        fill(2, 0, 5, PRICE);
        fill(3, 1, 5, PRICE);
        settleReverts(abi.encodeWithSelector(I.IsolatedMarket.selector, alice, 2, 1));
    }

    /// @dev Judged at the end: what a batch closes is not beside what it opens.
    function test_settle_movesFromOneMarketToAnIsolatedOneInOneBatch() public {
        isolate(1);
        tradeIn(0, alice, bob, 5);
        Order memory opening = marketOrder(1, alice, true, 5);
        Order memory closing = marketOrder(0, alice, false, 5);
        Order memory other = marketOrder(0, dave, true, 5);
        Order memory seller = marketOrder(1, carol, false, 5);
        closing.lane = 2;
        add(opening);
        add(closing);
        add(seller);
        add(other);
        fill(2, 0, 5, PRICE);
        fill(3, 1, 5, PRICE);
        settle();
        assertEq(sizeOf(alice, 0), 0);
        assertEq(sizeOf(alice, 1), 5);
        checkLaws(3);
    }

    function test_liquidate_revertsIf_KeeperWouldHoldIsolatedBesideAnother() public {
        isolate(1);
        uint32 poor = open("poor", 60 * UNIT);
        tradeIn(1, poor, bob, 10);
        tradeIn(0, alice, carol, 1);
        around.setPrice(1, PRICE - 45_000);
        vm.prank(owner_(alice));
        vm.expectRevert(abi.encodeWithSelector(I.IsolatedMarket.selector, alice, 1, 0));
        house.liquidate(poor, 1, 0, alice, "");
        vm.prank(owner_(dave));
        house.liquidate(poor, 1, 0, dave, "");
        assertEq(sizeOf(dave, 1), 10);
    }

    function marketOrder(uint8 id, uint32 account, bool isBuy, uint64 size)
        internal
        view
        returns (Order memory o)
    {
        o = order(account, isBuy, size);
        o.market = id;
    }
}
