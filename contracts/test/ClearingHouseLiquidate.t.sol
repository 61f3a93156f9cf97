// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {MarketParams} from "../src/Types.sol";
import {Vm} from "./Vm.sol";
import {VenueTest} from "./support/VenueTest.sol";

contract ClearingHouseLiquidateTest is VenueTest {
    uint32 private poor;

    function setUp() public override {
        super.setUp();
        poor = open("poor", 51 * UNIT);
        trade(poor, alice, 10, PRICE);
    }

    function liquidate(uint8 market) private {
        liquidate(market, 0);
    }

    function liquidate(uint8 market, uint40 lots) private {
        vm.prank(owner_(bob));
        house.liquidate(poor, market, lots, bob, "");
    }

    function part(uint24 ppm) private {
        MarketParams memory p = defaults();
        p.liquidationPartPpm = ppm;
        around.setMarket(0, p);
    }

    /// Prices stay fresh while time passes.
    function wait(uint256 time) private {
        vm.warp(block.timestamp + time);
        for (uint8 i; i < 3; ++i) around.setPrice(i, around.prices(i));
    }

    function ratio(uint32 id) private view returns (int256) {
        (int256 equity,, uint256 maintenance) = house.health(id);
        return equity * 1e6 / int256(maintenance);
    }

    function test_liquidate_revertsIf_healthy() public {
        (int256 equity,, uint256 maintenance) = house.health(poor);
        vm.prank(owner_(bob));
        vm.expectRevert(abi.encodeWithSelector(I.NotLiquidatable.selector, equity, maintenance));
        house.liquidate(poor, 0, 0, bob, "");
    }

    /// 25.55 of 29.25: discount 975,000 * 1.5 * 3 % * 12.65 % = 5,550 ticks, and six of ten lots.
    function test_liquidate_takesThePartialSize() public {
        around.setPrice(0, PRICE - 25_000);
        (int256 equity,, uint256 maintenance) = house.health(poor);
        assertEq(equity, 25_550_000);
        assertEq(maintenance, 29_250_000);
        int256 keeperBefore = cashOf(bob) >> 32;
        liquidate(0);
        uint256 penalty = 6 * 97_500_000 * 15_000 / 1e6;
        int256 discount = 5_550 * 6 * 100;
        assertEq(sizeOf(poor, 0), 4);
        assertEq(sizeOf(bob, 0), 6);
        (int256 after_,,) = house.health(poor);
        assertEq(after_, equity - discount - int256(penalty));
        assertEq(
            (cashOf(bob) >> 32) - keeperBefore,
            discount + int256(penalty / 10) - 6 * 97_500_000
        );
        assertEq(cashOf(FUNDS) >> 32, int256(penalty - penalty / 10));
        assertGe(ratio(poor), 1_100_000);
        checkLaws(3);
    }

    function test_liquidate_neverMoreThanWanted() public {
        around.setPrice(0, PRICE - 25_000);
        liquidate(0, 2);
        assertEq(sizeOf(bob, 0), 2);
        liquidate(0, 100);
        assertEq(sizeOf(bob, 0), 6);
    }

    /// At 60 % of maintenance the discount and the zero price meet; below, no penalty is left.
    function test_liquidate_neverWorseThanTheZeroPrice() public {
        around.setPrice(0, PRICE - 45_000);
        int256 before = ratio(poor);
        liquidate(0);
        assertEq(sizeOf(poor, 0), 0);
        (int256 left,,) = house.health(poor);
        assertGe(left, 0);
        assertEq(cashOf(FUNDS), 0);
        assertLt(before, 300_000);
        checkLaws(3);
    }

    function test_liquidate_revertsIf_AccountBankrupt() public {
        around.setPrice(0, PRICE - 60_000);
        (int256 equity,,) = house.health(poor);
        vm.prank(owner_(bob));
        vm.expectRevert(abi.encodeWithSelector(I.AccountBankrupt.selector, poor, equity));
        house.liquidate(poor, 0, 0, bob, "");
    }

    /// A quarter of the position in a block, however often it is asked; more in the next.
    function test_liquidate_speedCap() public {
        // The compiler takes the block's number for constant: it is counted here.
        uint256 height = block.number;
        part(250_000);
        around.setPrice(0, PRICE - 30_000);
        liquidate(0, 1);
        liquidate(0);
        assertEq(sizeOf(poor, 0), 8);
        vm.prank(owner_(bob));
        vm.expectRevert(abi.encodeWithSelector(I.LiquidatedEnough.selector, poor, 0, 2, 2));
        house.liquidate(poor, 0, 0, bob, "");
        vm.roll(height + 1);
        liquidate(0);
        assertEq(sizeOf(poor, 0), 6);
        part(10_000);
        vm.roll(height + 2);
        liquidate(0);
        assertEq(sizeOf(poor, 0), 5);
    }

    /// @dev With exactly what is required nobody is unhealthy, and with a unit less one is.
    function test_liquidate_revertsIf_exactlyHealthy() public {
        around.setPrice(0, PRICE - 25_000);
        (int256 equity,, uint256 maintenance) = house.health(poor);
        house.deposit(address(token), poor, uint256(int256(maintenance) - equity) - 1);
        uint256 snapshot = vm.snapshotState();
        house.flag(poor, "");
        liquidate(0, 1);
        vm.revertToState(snapshot);
        house.deposit(address(token), poor, 1);
        bytes memory reason =
            abi.encodeWithSelector(I.NotLiquidatable.selector, maintenance, maintenance);
        vm.expectRevert(reason);
        house.flag(poor, "");
        vm.prank(owner_(bob));
        vm.expectRevert(reason);
        house.liquidate(poor, 0, 1, bob, "");
    }

    /// @dev Who ends with exactly what is required is healthy.
    function test_liquidate_toExactlyHealthy() public {
        around.setPrice(0, PRICE - 25_000);
        (int256 equity,,) = house.health(poor);
        // Of one lot the discount is 1,907 ticks then, and the penalty 1.4625.
        house.deposit(address(token), poor, uint256(27_978_200 - equity));
        uint256 snapshot = vm.snapshotState();
        liquidate(0, 1);
        (int256 left,, uint256 needed) = house.health(poor);
        assertEq(left, int256(needed));
        assertEq(house.unhealthySince(poor), 0);
        vm.revertToState(snapshot);
        house.flag(poor, "");
        liquidate(0, 1);
        assertEq(house.unhealthySince(poor), 0);
        vm.revertToState(snapshot);
        // And with a unit less is not.
        around.setPrice(0, PRICE);
        (uint256 free,) = house.withdrawable(poor);
        vm.prank(owner_(poor));
        if (free != 0) house.withdraw(poor, 1, address(9), "");
        around.setPrice(0, PRICE - 25_000);
        liquidate(0, 1);
        assertEq(house.unhealthySince(poor), block.timestamp);
    }

    /// @dev What is told of the three accounts is their cash afterwards.
    function test_liquidate_tellsTheCashOfAll() public {
        around.setPrice(0, PRICE - 25_000);
        vm.recordLogs();
        liquidate(0, 2);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != I.Liquidated.selector) continue;
            (,,,, int256 debtor, int256 keeper, int256 fund) = abi.decode(
                logs[i].data, (int256, uint256, uint256, uint256, int256, int256, int256)
            );
            assertEq(debtor, cashOf(poor));
            assertEq(keeper, cashOf(bob));
            assertEq(fund, cashOf(FUNDS));
            return;
        }
        fail("not told");
    }

    /// @dev What one block allows of an account's position is not used up by another's.
    function test_liquidate_speedCapOfEachAlone() public {
        MarketParams memory p = defaults();
        p.liquidationPartPpm = 300_000;
        around.setMarket(0, p);
        uint32 other = open("other", 51 * UNIT);
        trade(other, alice, 10, PRICE);
        around.setPrice(0, PRICE - 30_000);
        vm.startPrank(owner_(bob));
        house.liquidate(poor, 0, 3, bob, "");
        house.liquidate(other, 0, 3, bob, "");
        vm.stopPrank();
        assertEq(sizeOf(poor, 0), 7);
        assertEq(sizeOf(other, 0), 7);
    }

    /// @dev The way back to health is never held up: it costs nobody anything.
    function test_flag_clearsWhileTripped() public {
        around.setPrice(0, PRICE - 25_000);
        house.flag(poor, "");
        house.deposit(address(token), poor, 10 * UNIT);
        around.setLevel(1, 2);
        house.flag(poor, "");
        assertEq(house.unhealthySince(poor), 0);
    }

    /// Split into single lots nobody gains: the discount shrinks as the account recovers.
    function test_liquidate_splitGainsNothing() public {
        around.setPrice(0, PRICE - 25_000);
        uint256 snapshot = vm.snapshotState();
        (int256 start,,) = house.health(bob);
        liquidate(0);
        (int256 whole,,) = house.health(bob);
        int256 lots = sizeOf(bob, 0);
        vm.revertToState(snapshot);
        for (int256 i; i < lots; ++i) {
            vm.prank(owner_(bob));
            try house.liquidate(poor, 0, 1, bob, "") {} catch {}
        }
        (int256 split,,) = house.health(bob);
        assertGt(whole, start);
        assertLe(split, whole);
    }

    function test_flag_rewardGrows() public {
        around.setPrice(0, PRICE - 25_000);
        vm.expectEmit(true, true, true, true);
        emit I.Flagged(poor, uint40(block.timestamp));
        house.flag(poor, "");
        assertEq(house.unhealthySince(poor), block.timestamp);
        wait(60);
        house.flag(poor, "");
        assertEq(house.unhealthySince(poor), block.timestamp - 60, "a second flag moved it");
        uint256 penalty = 6 * 97_500_000 * 15_000 / 1e6;
        liquidate(0);
        // Half way from a tenth to a half.
        assertEq(cashOf(FUNDS) >> 32, int256(penalty - penalty * 3 / 10));
        assertEq(house.unhealthySince(poor), 0, "healthy again");
    }

    function test_flag_rewardIsBoundedAndForgotten() public {
        around.setPrice(0, PRICE - 25_000);
        house.flag(poor, "");
        uint256 penalty = 6 * 97_500_000 * 15_000 / 1e6;
        uint256 snapshot = vm.snapshotState();
        wait(3_600);
        liquidate(0);
        assertEq(cashOf(FUNDS) >> 32, int256(penalty - penalty / 2));
        vm.revertToState(snapshot);
        wait(3_601);
        liquidate(0);
        assertEq(cashOf(FUNDS) >> 32, int256(penalty - penalty / 10));
    }

    function test_flag_clears() public {
        around.setPrice(0, PRICE - 25_000);
        house.flag(poor, "");
        around.setPrice(0, PRICE);
        house.flag(poor, "");
        assertEq(house.unhealthySince(poor), 0);
        (int256 equity,, uint256 maintenance) = house.health(poor);
        vm.expectRevert(abi.encodeWithSelector(I.NotLiquidatable.selector, equity, maintenance));
        house.flag(poor, "");
    }

    function test_liquidate_flagsWhatStaysUnhealthy() public {
        around.setPrice(0, PRICE - 25_000);
        liquidate(0, 1);
        assertEq(house.unhealthySince(poor), block.timestamp);
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
        int256 before = ratio(poor);
        liquidate(1);
        assertEq(sizeOf(poor, 0), 10);
        assertLt(sizeOf(poor, 1), 10);
        assertGe(ratio(poor), before);
        checkLaws(3);
    }

    function test_liquidate_revertsIf_callerIsNotKeeper() public {
        around.setPrice(0, PRICE - 25_000);
        vm.expectRevert(abi.encodeWithSelector(I.NotOwner.selector, address(this), owner_(bob)));
        house.liquidate(poor, 0, 0, bob, "");
    }

    function test_liquidate_revertsIf_SelfLiquidation() public {
        around.setPrice(0, PRICE - 25_000);
        address owner = owner_(poor);
        uint32 second = house.openAccount(owner);
        house.deposit(address(token), second, 1_000 * UNIT);
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(I.SelfLiquidation.selector, poor, second));
        house.liquidate(poor, 0, 0, second, "");
        vm.expectRevert(abi.encodeWithSelector(I.SelfLiquidation.selector, poor, poor));
        house.liquidate(poor, 0, 0, poor, "");
        vm.stopPrank();
    }

    function test_liquidate_revertsIf_PositionMissing() public {
        around.setPrice(0, PRICE - 25_000);
        vm.prank(owner_(bob));
        vm.expectRevert(abi.encodeWithSelector(I.PositionMissing.selector, poor, 1));
        house.liquidate(poor, 1, 0, bob, "");
    }

    function test_liquidate_revertsIf_keeperShort() public {
        around.setPrice(0, PRICE - 25_000);
        uint32 weak = open("weak", 10 * UNIT);
        vm.prank(owner_(weak));
        vm.expectPartialRevert(I.MarginShort.selector);
        house.liquidate(poor, 0, 0, weak, "");
    }

    function test_liquidate_revertsIf_PriceStale() public {
        around.setPrice(0, PRICE - 25_000);
        vm.warp(block.timestamp + 61);
        vm.prank(owner_(bob));
        vm.expectRevert(abi.encodeWithSelector(I.PriceStale.selector, 61, 60));
        house.liquidate(poor, 0, 0, bob, "");
        vm.expectRevert(abi.encodeWithSelector(I.PriceStale.selector, 61, 60));
        house.flag(poor, "");
    }

    function test_liquidate_breaker() public {
        around.setPrice(0, PRICE - 25_000);
        around.setLevel(1, 2);
        vm.prank(owner_(bob));
        vm.expectRevert(abi.encodeWithSelector(I.BreakerTripped.selector, 1, 2, 1));
        house.liquidate(poor, 0, 0, bob, "");
        around.setLevel(1, 1);
        liquidate(0);
        assertEq(sizeOf(bob, 0), 6);
    }

    function test_liquidate_bySession() public {
        around.setPrice(0, PRICE - 25_000);
        (address key,) = makeActor("session");
        vm.prank(owner_(bob));
        house.setSession(bob, key, type(uint40).max, everything());
        vm.prank(key);
        house.liquidate(poor, 0, 0, bob, "");
        assertEq(sizeOf(bob, 0), 6);
    }
}
