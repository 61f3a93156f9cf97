// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {VenueTest} from "./support/VenueTest.sol";

contract ClearingHouseLiquidateTest is VenueTest {
    uint32 private poor;

    function setUp() public override {
        super.setUp();
        poor = open("poor", 51 * UNIT);
        trade(poor, alice, 10, PRICE);
    }

    function liquidate(uint8 market) private {
        vm.prank(owner_(bob));
        house.liquidate(poor, market, bob, "");
    }

    function test_liquidate_revertsIf_healthy() public {
        (int256 equity,, uint256 maintenance) = house.health(poor);
        vm.prank(owner_(bob));
        vm.expectRevert(abi.encodeWithSelector(I.NotLiquidatable.selector, equity, maintenance));
        house.liquidate(poor, 0, bob, "");
    }

    function test_liquidate_movesThePosition() public {
        around.setPrice(0, PRICE - 25_000);
        (int256 equity,, uint256 maintenance) = house.health(poor);
        // 51 - 0.45 fee - 25 = 25.55 below 29.25.
        assertEq(equity, 25_550_000);
        assertEq(maintenance, 29_250_000);
        int256 keeperBefore = cashOf(bob) >> 32;
        liquidate(0);
        // 1.5 % of 975 is 14.625; equity allows 25.55.
        uint256 penalty = 14_625_000;
        assertEq(sizeOf(poor, 0), 0);
        assertEq(sizeOf(bob, 0), 10);
        assertEq(cashOf(poor) >> 32, equity - int256(penalty));
        assertEq((cashOf(bob) >> 32) - keeperBefore, int256(penalty / 2) - 975_000_000);
        assertEq(cashOf(0) >> 32, int256(penalty - penalty / 2));
        checkLaws(3);
    }

    function test_liquidate_bankruptIsCovered() public {
        house.deposit(address(token), 0, 5 * UNIT);
        around.setPrice(0, PRICE - 60_000);
        (int256 equity,,) = house.health(poor);
        assertEq(equity, 51_000_000 - 450_000 - 60_000_000);
        liquidate(0);
        // 9.45 are missing and the fund has 5.
        assertEq(cashOf(0), 0);
        assertEq(cashOf(poor), int256(-4_450_000) << 32);
        checkLaws(3);
    }

    function test_liquidate_bankruptWithinFund() public {
        house.deposit(address(token), 0, 50 * UNIT);
        around.setPrice(0, PRICE - 60_000);
        liquidate(0);
        assertEq(cashOf(poor), 0);
        assertEq(cashOf(0), int256(50_000_000 - 9_450_000) << 32);
    }

    function test_liquidate_crossMarginNeverWorse() public {
        house.deposit(address(token), poor, 60 * UNIT);
        Order memory a = order(alice, false, 10);
        Order memory p = order(poor, true, 10);
        (a.market, p.market) = (1, 1);
        add(a);
        add(p);
        fill(0, 1, 10, PRICE);
        settle();
        around.setPrice(0, PRICE - 30_000);
        around.setPrice(1, PRICE - 40_000);
        (int256 equity,, uint256 maintenance) = house.health(poor);
        assertGt(int256(maintenance), equity);
        liquidate(1);
        (int256 equityAfter,, uint256 left) = house.health(poor);
        assertEq(sizeOf(poor, 0), 10);
        assertEq(sizeOf(poor, 1), 0);
        assertGe(equityAfter * int256(maintenance), equity * int256(left));
        assertLt(equityAfter, equity);
        checkLaws(3);
    }

    function test_liquidate_revertsIf_callerIsNotKeeper() public {
        around.setPrice(0, PRICE - 25_000);
        vm.expectRevert(abi.encodeWithSelector(I.NotOwner.selector, address(this), owner_(bob)));
        house.liquidate(poor, 0, bob, "");
    }

    function test_liquidate_revertsIf_SelfLiquidation() public {
        around.setPrice(0, PRICE - 25_000);
        address owner = owner_(poor);
        uint32 second = house.openAccount(owner);
        house.deposit(address(token), second, 1_000 * UNIT);
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(I.SelfLiquidation.selector, poor, second));
        house.liquidate(poor, 0, second, "");
        vm.expectRevert(abi.encodeWithSelector(I.SelfLiquidation.selector, poor, poor));
        house.liquidate(poor, 0, poor, "");
        vm.stopPrank();
    }

    function test_liquidate_revertsIf_PositionMissing() public {
        around.setPrice(0, PRICE - 25_000);
        vm.prank(owner_(bob));
        vm.expectRevert(abi.encodeWithSelector(I.PositionMissing.selector, poor, 1));
        house.liquidate(poor, 1, bob, "");
    }

    function test_liquidate_revertsIf_keeperShort() public {
        around.setPrice(0, PRICE - 25_000);
        uint32 weak = open("weak", 10 * UNIT);
        vm.prank(owner_(weak));
        vm.expectPartialRevert(I.MarginShort.selector);
        house.liquidate(poor, 0, weak, "");
    }

    function test_liquidate_revertsIf_PriceStale() public {
        around.setPrice(0, PRICE - 25_000);
        vm.warp(block.timestamp + 61);
        vm.prank(owner_(bob));
        vm.expectRevert(abi.encodeWithSelector(I.PriceStale.selector, 61, 60));
        house.liquidate(poor, 0, bob, "");
    }

    function test_liquidate_breaker() public {
        around.setPrice(0, PRICE - 25_000);
        around.setLevel(1, 2);
        vm.prank(owner_(bob));
        vm.expectRevert(abi.encodeWithSelector(I.BreakerTripped.selector, 1, 2, 1));
        house.liquidate(poor, 0, bob, "");
        around.setLevel(1, 1);
        liquidate(0);
        assertEq(sizeOf(bob, 0), 10);
    }

    function test_liquidate_bySession() public {
        around.setPrice(0, PRICE - 25_000);
        (address key,) = makeActor("session");
        vm.prank(owner_(bob));
        house.setSession(bob, key, type(uint40).max);
        vm.prank(key);
        house.liquidate(poor, 0, bob, "");
        assertEq(sizeOf(bob, 0), 10);
    }
}
