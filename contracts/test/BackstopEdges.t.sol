// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Backstop} from "../src/Backstop.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {MarketParams} from "../src/Types.sol";
import {ExitVenueTest} from "./support/ExitVenueTest.sol";

/// @notice The backstop's limits to the unit, on the other side of the market, and what it tells.
contract BackstopEdgesTest is ExitVenueTest {
    Backstop private stop;
    uint32 private pool;
    uint32 private poor;

    /// Poor is long ten lots with 50.55 behind them.
    function setUp() public override {
        super.setUp();
        bytes memory args = abi.encode(house, vault, around, around, 1 days);
        stop = Backstop(deploy("Backstop", args));
        stop.openPool(0);
        pool = stop.accountFor(0, false);
        token.approve(address(stop), type(uint256).max);
        poor = open("poor", 51 * UNIT);
        trade(poor, alice, 10, PRICE);
    }

    function backstopAt() internal view override returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
    }

    function _cap(uint24 lots) private {
        MarketParams memory p = defaults();
        p.backstopLotsMax = lots;
        around.setMarket(0, p);
    }

    /// @dev A long one: what it holds on the same side counts, on the other it makes room.
    function test_resolve_longToTheCap() public {
        stop.deposit(0, 10_000 * UNIT);
        int8[5] memory held = [int8(0), -4, 4, 6, 7];
        for (uint256 i; i < held.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            _cap(7);
            _hold(held[i]);
            around.setPrice(0, PRICE - 32_000);
            int256 room = 7 - held[i];
            if (room > 10) room = 10;
            if (room == 0) {
                vm.expectPartialRevert(I.CounterpartiesShort.selector);
                house.resolve(poor, 0, new uint32[](0), "");
            } else {
                house.resolve(poor, 0, new uint32[](0), "");
                assertEq(sizeOf(poor, 0), 10 - room);
                assertEq(sizeOf(pool, 0), held[i] + room);
            }
            checkLaws(3);
            vm.revertToState(snapshot);
        }
    }

    /// @dev Gives the pool a position by the fall of somebody else.
    function _hold(int256 lots) private {
        if (lots == 0) return;
        uint32 other = open("other", 51 * UNIT);
        uint40 size = uint40(uint256(lots < 0 ? -lots : lots));
        if (lots < 0) tradeIn(0, carol, other, size, PRICE);
        else tradeIn(0, other, carol, size, PRICE);
        (uint256 free,) = house.withdrawable(other);
        vm.prank(owner_(other));
        house.withdraw(other, free, address(9), "");
        around.setPrice(0, lots < 0 ? PRICE + 32_000 : PRICE - 32_000);
        house.resolve(other, 0, new uint32[](0), "");
        assertEq(sizeOf(pool, 0), lots);
        around.setPrice(0, PRICE);
    }

    /// @dev Deposits and withdrawals wait while positions need more than a fiftieth of equity.
    function test_deposit_untilAFiftieth() public {
        stop.deposit(0, 1_500 * UNIT);
        _cap(10);
        around.setPrice(0, PRICE - 32_000);
        house.resolve(poor, 0, new uint32[](0), "");
        assertEq(sizeOf(pool, 0), 10);
        (int256 equity,, uint256 maintenance) = house.health(pool);
        assertEq(maintenance, 29_040_000);
        assertGt(uint256(equity), 1_452 * UNIT);
        stop.deposit(0, UNIT);
        // Down to where it is exactly a fiftieth, and one unit less.
        (equity,,) = house.health(pool);
        _take(uint256(equity) - 1_452 * UNIT);
        stop.deposit(0, UNIT);
        _take(UNIT);
        _take(1);
        vm.expectRevert(
            abi.encodeWithSelector(Backstop.PoolBusy.selector, 29_040_000, 29_039_999)
        );
        stop.deposit(0, UNIT);
    }

    /// @dev Who comes buys at what is best for the pool, who leaves is paid at what is worst.
    function test_shares_atTheWorstOfBoth() public {
        uint256 held = stop.deposit(0, 1_500 * UNIT);
        _cap(10);
        around.setPrice(0, PRICE - 32_000);
        house.resolve(poor, 0, new uint32[](0), "");
        (int256 equity,, uint256 maintenance) = house.health(pool);
        assertGt(maintenance, 29 * UNIT);
        uint256 supply = held + 1e6;
        uint256 bought = stop.deposit(0, 50 * UNIT);
        assertEq(bought, 50 * UNIT * supply / (uint256(equity) + maintenance + 1));
        stop.requestWithdrawal(0, bought);
        vm.warp(block.timestamp + 1 days);
        refresh();
        (equity,, maintenance) = house.health(pool);
        uint256 paid = stop.withdraw(0);
        assertEq(paid, bought * (uint256(equity) - maintenance + 1) / (supply + bought));
    }

    /// @dev The last to leave takes all but the part of the virtual shares, to the unit.
    function test_withdraw_allOfIt() public {
        uint256 shares = stop.deposit(0, 1_000 * UNIT);
        house.deposit(address(token), pool, UNIT);
        stop.requestWithdrawal(0, shares);
        vm.warp(block.timestamp + 1 days);
        // The virtual shares have a part of a unit: rounded down, one is left.
        assertEq(stop.withdraw(0), 1_001 * UNIT - 1);
        assertEq(cashOf(pool), int256(1 << 32));
    }

    /// @dev While positions may not be taken off accounts the pool keeps its own.
    function test_unwind_revertsIf_tripped() public {
        stop.deposit(0, 1_500 * UNIT);
        _cap(10);
        around.setPrice(0, PRICE - 32_000);
        house.resolve(poor, 0, new uint32[](0), "");
        around.setLevel(1, 2);
        // Alice is short, and would only reduce.
        vm.startPrank(owner_(alice));
        vm.expectRevert(abi.encodeWithSelector(I.BreakerTripped.selector, 1, 2, 1));
        house.unwind(pool, 0, 1, alice, "");
        around.setLevel(1, 1);
        house.unwind(pool, 0, 1, alice, "");
        vm.stopPrank();
        assertEq(sizeOf(pool, 0), 9);
    }

    /// @dev A share that is worth less than a unit is not paid out, and stays.
    function test_withdraw_revertsIf_lessThanAUnit() public {
        stop.deposit(0, 1_500 * UNIT);
        stop.requestWithdrawal(0, 1);
        vm.warp(block.timestamp + 1 days);
        vm.expectRevert(abi.encodeWithSelector(Backstop.AmountInvalid.selector, 0, 1));
        stop.withdraw(0);
    }

    /// @dev Of a pool that lost all shares grow beyond any number: what does not fit is refused.
    function test_deposit_revertsIf_sharesDoNotFit() public {
        bytes memory health = abi.encodeCall(house.health, (pool));
        vm.mockCall(address(house), health, abi.encode(int256(0), 0, 0));
        stop.deposit(0, 1e12);
        stop.deposit(0, 1e12);
        uint256 most = type(uint128).max;
        vm.expectPartialRevert(Backstop.SharesShort.selector);
        stop.deposit(0, 1e12);
        (, uint256 shares,) = stop.poolOf(0);
        assertLt(shares, most);
    }

    /// @dev Beyond a cap that was lowered a pool takes nothing over, though it would have less.
    function test_resolve_aboveALoweredCap() public {
        stop.deposit(0, 10_000 * UNIT);
        _cap(10);
        _hold(-10);
        uint32 large = open("large", 92 * UNIT);
        tradeIn(0, large, carol, 18, PRICE);
        _cap(1);
        around.setPrice(0, PRICE - 32_000);
        vm.expectPartialRevert(I.CounterpartiesShort.selector);
        house.resolve(large, 0, new uint32[](0), "");
    }

    /// @dev Lots do not move from an account to itself.
    function test_unwind_revertsIf_ofItself() public {
        stop.deposit(0, 1_500 * UNIT);
        _cap(10);
        around.setPrice(0, PRICE - 32_000);
        house.resolve(poor, 0, new uint32[](0), "");
        vm.prank(address(stop));
        vm.expectRevert(abi.encodeWithSelector(I.SelfLiquidation.selector, pool, pool));
        house.unwind(pool, 0, 1, pool, "");
    }

    /// @dev A pool without shares owes nobody, and one that lost everything takes nothing.
    function test_pool_withNothing() public {
        (uint256 part, uint256 taken) = stop.partOf(0, address(this));
        assertEq(part + taken, 0);
        vm.mockCall(
            address(house), abi.encodeCall(house.health, (pool)), abi.encode(int256(-5), 0, 0)
        );
        vm.expectRevert(abi.encodeWithSelector(Backstop.PoolBankrupt.selector, int256(-5)));
        stop.deposit(0, UNIT);
    }

    /// @dev As if it had been lost.
    function _take(uint256 amount) private {
        vm.prank(address(stop));
        house.withdraw(pool, amount, address(9), "");
    }

    /// @dev By the time that it held them the price is better for who takes them, up to a limit.
    function test_unwind_tellsItsPrice() public {
        stop.deposit(0, 1_500 * UNIT);
        _cap(10);
        uint32 mark = PRICE - 32_000;
        around.setPrice(0, mark);
        house.resolve(poor, 0, new uint32[](0), "");
        uint16[4] memory times = [uint16(0), 1, 100, 1_000];
        uint256 held = block.timestamp;
        for (uint256 i; i < 4; ++i) {
            uint256 snapshot = vm.snapshotState();
            vm.warp(held + times[i]);
            refresh();
            uint256 ppm = uint256(times[i]) * 10;
            if (ppm > 5_000) ppm = 5_000;
            uint32 price = uint32(mark - uint256(mark) * ppm / 1e6);
            (int256 before,,) = house.health(bob);
            vm.expectEmit(address(house));
            emit I.Unwound(pool, 0, bob, 3, price);
            vm.prank(owner_(bob));
            house.unwind(pool, 0, 3, bob, "");
            (int256 equity,,) = house.health(bob);
            assertEq(equity - before, int256(uint256(mark - price) * 3 * 100));
            vm.revertToState(snapshot);
        }
    }
}
