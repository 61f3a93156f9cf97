// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {MarketParams} from "../src/Types.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice Insurance, deleveraging and levy, without a backstop.
contract ClearingHouseResolveTest is VenueTest {
    uint32 internal poor;

    function setUp() public virtual override {
        super.setUp();
        // Long ten lots with 50.55 behind them; alice is short seven of them, bob three.
        poor = open("poor", 51 * UNIT);
        trade(poor, alice, 7, PRICE);
        trade(poor, bob, 3, PRICE);
    }

    function ids(uint32 a, uint32 b) internal pure returns (uint32[] memory list) {
        list = new uint32[](2);
        (list[0], list[1]) = (a, b);
    }

    function fall(uint32 ticks) internal {
        around.setPrice(0, PRICE - ticks);
    }

    function equityOf(uint32 id) internal view returns (int256 equity) {
        (equity,,) = house.health(id);
    }

    function cover(uint24 ppm) internal {
        MarketParams memory p = defaults();
        p.coverSharePpm = ppm;
        around.setMarket(0, p);
    }

    function test_resolve_revertsIf_NotCloseOut() public {
        fall(31_000);
        (int256 equity,, uint256 maintenance) = house.health(poor);
        assertEq(equity, 19_550_000);
        uint256 required = maintenance * 2 / 3;
        assertLt(int256(required), equity);
        vm.expectRevert(abi.encodeWithSelector(I.NotCloseOut.selector, equity, required));
        house.resolve(poor, 0, ids(alice, bob), "");
    }

    /// 18.55 of 29.04: below close-out. The other side takes all at the zero price and gains what
    /// is left of the account, less than a tick a lot.
    function test_resolve_belowCloseOut_atTheZeroPrice() public {
        fall(32_000);
        int256 equity = equityOf(poor);
        int256 others = equityOf(alice) + equityOf(bob);
        uint256 discount = uint256(equity) / (10 * 100);
        vm.expectEmit(true, true, true, true);
        emit I.Resolved(poor, 0, 10, uint32(PRICE - 32_000 - discount), 0, 10, 0, 0, 0);
        house.resolve(poor, 0, ids(alice, bob), "");
        assertEq(sizeOf(poor, 0), 0);
        assertEq(sizeOf(alice, 0), 0);
        assertEq(sizeOf(bob, 0), 0);
        assertEq(equityOf(poor), equity - int256(discount * 1_000));
        assertEq(equityOf(alice) + equityOf(bob), others + int256(discount * 1_000));
        checkLaws(3);
    }

    function test_resolve_bankrupt_isCoveredByItsOwnFundFirst() public {
        house.deposit(address(token), FUNDS, 5 * UNIT);
        house.deposit(address(token), 0, 50 * UNIT);
        fall(60_000);
        int256 missing = -equityOf(poor);
        assertEq(missing, 9_450_000);
        int256 others = equityOf(alice) + equityOf(bob);
        house.resolve(poor, 0, ids(alice, bob), "");
        assertEq(cashOf(poor), 0);
        assertEq(cashOf(FUNDS), 0);
        assertEq(cashOf(0) >> 32, 50_000_000 - 4_450_000);
        assertEq(equityOf(alice) + equityOf(bob), others, "covered: closed at the index price");
        checkLaws(3);
    }

    function test_resolve_bankrupt_coverIsCapped() public {
        house.deposit(address(token), FUNDS, 20 * UNIT);
        cover(250_000);
        fall(60_000);
        int256 others = equityOf(alice) + equityOf(bob);
        house.resolve(poor, 0, ids(alice, bob), "");
        // A quarter of 20 is 5; the other side pays 4.45 as 4,450 ticks on ten lots, exactly.
        assertEq(cashOf(FUNDS) >> 32, 15_000_000);
        assertEq(equityOf(alice) + equityOf(bob), others - 4_450_000);
        assertEq(cashOf(poor), 0);
        checkLaws(3);
    }

    function test_resolve_isolatedFundAlone() public {
        MarketParams memory p = defaults();
        p.isolated = 1;
        around.setMarket(0, p);
        house.deposit(address(token), 0, 50 * UNIT);
        house.deposit(address(token), FUNDS + 1, 50 * UNIT);
        fall(60_000);
        house.resolve(poor, 0, ids(alice, bob), "");
        assertEq(cashOf(0) >> 32, 50_000_000);
        assertEq(cashOf(FUNDS + 1) >> 32, 50_000_000);
        checkLaws(3);
    }

    /// 9,450,500 on ten lots is no whole number of ticks: what is left of the last one stays here.
    function test_resolve_dustGoesToTheFund() public {
        house.deposit(address(token), FUNDS, 500);
        fall(60_001);
        assertEq(equityOf(poor), -9_451_000);
        int256 others = equityOf(alice) + equityOf(bob);
        house.resolve(poor, 0, ids(alice, bob), "");
        assertEq(equityOf(alice) + equityOf(bob), others - 9_451_000);
        assertEq(cashOf(FUNDS), 500 << 32);
        assertEq(cashOf(poor), 0);
        checkLaws(3);
    }

    /// Alice holds 70 % of the other side: a list without her is no list.
    function test_resolve_revertsIf_CounterpartiesShort() public {
        fall(60_000);
        uint32[] memory list = new uint32[](1);
        list[0] = alice;
        vm.expectRevert(abi.encodeWithSelector(I.CounterpartiesShort.selector, 7, 9));
        house.resolve(poor, 0, list, "");
        vm.expectRevert(abi.encodeWithSelector(I.CounterpartiesShort.selector, 0, 9));
        house.resolve(poor, 0, new uint32[](0), "");
    }

    /// The caller cannot count a victim twice, nor the debtor's own side.
    function test_resolve_revertsIf_CounterpartiesUnordered() public {
        fall(60_000);
        bytes4 unordered = I.CounterpartiesUnordered.selector;
        vm.expectRevert(abi.encodeWithSelector(unordered, 1, alice, alice));
        house.resolve(poor, 0, ids(alice, alice), "");
        vm.expectRevert(abi.encodeWithSelector(unordered, 1, alice, bob));
        house.resolve(poor, 0, ids(bob, alice), "");
        vm.expectRevert(abi.encodeWithSelector(I.CounterpartiesShort.selector, 7, 9));
        house.resolve(poor, 0, ids(alice, poor), "");
    }

    function test_resolve_passesOverWhoeverLeft() public {
        fall(32_000);
        uint32[] memory list = new uint32[](3);
        (list[0], list[1], list[2]) = (alice, bob, carol);
        house.resolve(poor, 0, list, "");
        assertEq(sizeOf(carol, 0), 0);
        checkLaws(3);
    }

    /// Leverage counts: bob, with all but nothing behind his three lots, gives up more than 30 %.
    function test_resolve_proRataToLeverage() public {
        uint32 rich = open("rich", 10_000 * UNIT);
        trade(rich, alice, 30, PRICE);
        vm.prank(owner_(bob));
        house.withdraw(bob, 9_800 * UNIT, address(5), "");
        fall(32_000);
        house.resolve(poor, 0, ids(alice, bob), "");
        assertEq(sizeOf(bob, 0), 0, "three of three");
        assertEq(sizeOf(alice, 0), -30);
        checkLaws(3);
    }

    function test_resolve_revertsIf_breakerOrStale() public {
        fall(60_000);
        around.setLevel(1, 2);
        vm.expectRevert(abi.encodeWithSelector(I.BreakerTripped.selector, 1, 2, 1));
        house.resolve(poor, 0, ids(alice, bob), "");
        around.setLevel(1, 0);
        vm.warp(block.timestamp + 61);
        vm.expectRevert(abi.encodeWithSelector(I.PriceStale.selector, 61, 60));
        house.resolve(poor, 0, ids(alice, bob), "");
    }

    function test_resolve_revertsIf_PositionMissing() public {
        vm.expectRevert(abi.encodeWithSelector(I.PositionMissing.selector, carol, 0));
        house.resolve(carol, 0, ids(alice, bob), "");
    }

    /// One market's debts are not protected by another market whose price is old.
    function test_resolve_staleMarketOfACounterparty() public {
        Order memory a = order(alice, true, 1);
        Order memory c = order(carol, false, 1);
        (a.market, c.market) = (2, 2);
        add(a);
        add(c);
        fill(1, 0, 1, PRICE);
        settle();
        vm.warp(block.timestamp + 61);
        fall(60_000);
        house.resolve(poor, 0, ids(alice, bob), "");
        assertEq(sizeOf(alice, 0), 0);
        checkLaws(3);
    }

    /// A loss in two markets: each market's funds and counterparties bear their own share of it.
    function test_resolve_crossAccountSplitsItsLoss() public {
        house.deposit(address(token), poor, 50 * UNIT);
        Order memory c = order(carol, false, 10);
        Order memory p = order(poor, true, 10);
        (c.market, p.market) = (1, 1);
        add(c);
        add(p);
        fill(0, 1, 10, PRICE);
        settle();
        house.deposit(address(token), FUNDS, 1_000 * UNIT);
        house.deposit(address(token), FUNDS + 1, 1_000 * UNIT);
        fall(60_000);
        around.setPrice(1, PRICE - 60_000);
        int256 missing = -equityOf(poor);
        house.resolve(poor, 0, ids(alice, bob), "");
        int256 first = 1_000_000_000 - (cashOf(FUNDS) >> 32);
        assertEq(first, (missing + 1) / 2);
        assertEq(equityOf(poor), -missing / 2);
        uint32[] memory list = new uint32[](1);
        list[0] = carol;
        house.resolve(poor, 1, list, "");
        assertEq(first + 1_000_000_000 - (cashOf(FUNDS + 1) >> 32), missing);
        assertEq(equityOf(poor), 0);
        checkLaws(3);
    }

    /// Two accounts of one owner cross a position, the index is ramped, the winner strips its
    /// margin and the loser is abandoned: insurance pays its capped share once, and neither other
    /// markets nor whoever holds nothing here pay anything.
    function test_attack_twoAccountSqueeze() public {
        uint32 up = open("squeeze up", 6_000 * UNIT);
        uint32 down = open("squeeze down", 6_000 * UNIT);
        Order memory u = order(up, true, 900);
        Order memory d = order(down, false, 900);
        (u.market, d.market) = (2, 2);
        add(u);
        add(d);
        fill(1, 0, 900, PRICE);
        settle();
        MarketParams memory p = defaults();
        p.coverSharePpm = 250_000;
        around.setMarket(2, p);
        for (uint32 i; i < 3; ++i) house.deposit(address(token), FUNDS + i, 1_000 * UNIT);
        house.deposit(address(token), 0, 1_000 * UNIT);
        around.setPrice(2, PRICE + PRICE / 5);
        // Long enough for the aged price to believe it: before that nothing could be taken out.
        around.setAged(2, PRICE + PRICE / 5);
        (int256 equity, uint256 initial,) = house.health(up);
        vm.prank(owner_(up));
        house.withdraw(up, uint256(equity) - initial, address(5), "");
        int256[4] memory before =
            [equityOf(alice), equityOf(bob), cashOf(FUNDS), cashOf(FUNDS + 1)];
        uint32[] memory list = new uint32[](1);
        list[0] = up;
        house.resolve(down, 2, list, "");
        assertEq(equityOf(alice), before[0]);
        assertEq(equityOf(bob), before[1]);
        assertEq(cashOf(FUNDS), before[2]);
        assertEq(cashOf(FUNDS + 1), before[3]);
        assertEq(cashOf(0) >> 32, 750_000_000, "a quarter of the shared fund");
        assertTrue(equityOf(up) < int256(initial), "the winner pays the levy");
        checkLaws(3);
    }
}
