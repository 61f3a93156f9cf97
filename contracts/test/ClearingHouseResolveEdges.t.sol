// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Backstop} from "../src/Backstop.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {MarketParams} from "../src/Types.sol";
import {Vm} from "./Vm.sol";
import {Records} from "./support/Records.sol";

/// @notice The waterfall where its numbers meet their limits: shorts, lists of many, prices that
/// cannot be, caps of the backstop to the lot.
contract ClearingHouseResolveEdgesTest is Records {
    Backstop private stop;
    uint32 private pool;
    uint32 private poor;

    /// Poor is short ten lots with 50.55 behind them; alice is long seven of them, bob three.
    function setUp() public override {
        super.setUp();
        bytes memory args = abi.encode(house, vault, around, around, 1 days);
        stop = Backstop(deploy("Backstop", args));
        token.approve(address(stop), type(uint256).max);
        poor = open("poor", 51 * UNIT);
        trade(alice, poor, 7, PRICE);
        trade(bob, poor, 3, PRICE);
    }

    function backstopAt() internal view override returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
    }

    function _rise(uint32 ticks) private {
        around.setPrice(0, PRICE + ticks);
    }

    function _set(uint24 share, uint40 lots) private {
        MarketParams memory p = defaults();
        (p.coverSharePpm, p.backstopLotsMax) = (share, uint24(lots));
        around.setMarket(0, p);
    }

    function _equity(uint32 id) private view returns (int256 equity) {
        (equity,,) = house.health(id);
    }

    function _both() private view returns (uint32[] memory list) {
        list = new uint32[](2);
        (list[0], list[1]) = (alice, bob);
    }

    function _one(uint32 id) private pure returns (uint32[] memory list) {
        list = new uint32[](1);
        list[0] = id;
    }

    /// @dev What moved is signed as the position was, and the price is below the mark.
    function test_resolve_announcesAShort() public {
        _set(0, 0);
        _rise(60_000);
        assertEq(_equity(poor), -9_150_000);
        int256 others = _equity(alice) + _equity(bob);
        vm.expectEmit(address(house));
        emit I.Resolved(poor, 0, -10, PRICE + 60_000 - 9_150, 0, 10, 0, 0, 0);
        house.resolve(poor, 0, _both(), "");
        assertEq(_equity(alice) + _equity(bob), others - 9_150_000);
        assertEq(cashOf(poor), 0);
        checkLaws(3);
    }

    /// @dev As long as nobody opened a pool, nobody takes over: not account 0, which is insurance.
    function test_resolve_withoutAPool() public {
        _set(1_000_000, 1_000);
        house.deposit(address(token), 0, 1_000 * UNIT);
        _rise(32_000);
        vm.expectPartialRevert(I.CounterpartiesShort.selector);
        house.resolve(poor, 0, new uint32[](0), "");
        house.resolve(poor, 0, _both(), "");
        assertEq(sizeOf(0, 0), 0);
        assertEq(sizeOf(poor, 0), 0);
        checkLaws(3);
    }

    /// @dev A price is never below one: what is left of the loss then is levied.
    function test_resolve_shortAtThePriceOfOne() public {
        uint32 deep = open("deep", 700 * UNIT);
        _set(0, 0);
        tradeIn(0, carol, deep, 10, PRICE);
        MarketParams memory p = defaults();
        p.openInterestMax = 1_000_000;
        around.setMarket(1, p);
        tradeIn(1, deep, dave, 100, PRICE);
        // A tenth of a tenth is left of what deep holds in market 1.
        around.setPrice(1, PRICE / 100);
        int256 missing = -_equity(deep);
        assertGt(missing, 9_000 * int256(UNIT));
        // The share of market 0 is 30 of 33 parts, and more than its ten lots are worth.
        vm.expectEmit(true, true, false, false, address(house));
        emit I.Resolved(deep, 0, -10, 1, 0, 10, 0, 0, 0);
        (,, uint256 maintenance) = house.health(deep);
        vm.recordLogs();
        house.resolve(deep, 0, _three(), "");
        checkLaws(3);
        assertEq(sizeOf(deep, 0), 0);
        // By whomever it is paid, it is its share of what was missing.
        (,, uint256 left) = house.health(deep);
        int256 share = missing * int256(maintenance - left) / int256(maintenance);
        assertApproxEqAbs(_equity(deep) + missing, share, 2);
        assertEq(_priceTold(), 1);
        assertGt(house.levy(0), 0);
    }

    /// @dev The same from the other side: no more ticks than 32 bits hold.
    function test_resolve_longAtTheLargestPrice() public {
        uint32 deep = open("deep", 700 * UNIT);
        _set(0, 0);
        around.setPrice(0, type(uint32).max - 100);
        MarketParams memory p = defaults();
        p.tickValue = 1;
        (p.coverSharePpm, p.openInterestMax) = (0, 1_000_000);
        around.setMarket(2, p);
        around.setPrice(2, type(uint32).max - 100);
        tradeIn(2, deep, dave, 1, type(uint32).max - 100);
        tradeIn(1, deep, carol, 10, PRICE);
        around.setPrice(1, PRICE / 20);
        assertLt(_equity(deep), 0);
        vm.recordLogs();
        house.resolve(deep, 2, _one(dave), "");
        assertEq(_priceTold(), type(uint32).max);
        checkLaws(3);
    }

    function _three() private view returns (uint32[] memory list) {
        list = new uint32[](3);
        (list[0], list[1], list[2]) = (alice, bob, carol);
    }

    function _priceTold() private returns (uint256 price) {
        return priceOf(vm.getRecordedLogs());
    }

    /// @dev A long list may hold less of the other side; then nobody gives up more than its share.
    function test_resolve_aCrowdGivesUpItsShare() public {
        _set(0, 0);
        _rise(32_000);
        uint32[] memory crowd = new uint32[](511);
        crowd[0] = alice;
        for (uint32 i = 1; i < 511; ++i) crowd[i] = 10_000 + i;
        vm.expectRevert(abi.encodeWithSelector(I.CounterpartiesShort.selector, 7, 9));
        house.resolve(poor, 0, crowd, "");
        uint32[] memory larger = new uint32[](512);
        for (uint256 i; i < 511; ++i) larger[i] = crowd[i];
        larger[511] = 20_000;
        house.resolve(poor, 0, larger, "");
        // Seven of ten are alice's, and her part of ten is seven; three find nobody.
        assertEq(sizeOf(alice, 0), 0);
        assertEq(sizeOf(bob, 0), 3);
        assertEq(sizeOf(poor, 0), -3);
        checkLaws(3);
    }

    /// @dev Nor is anything taken of who has nothing, however long the list.
    function test_resolve_aCrowdSparesWhoHasNothing() public {
        _set(0, 0);
        uint32 thin = open("thin", 40 * UNIT);
        trade(thin, alice, 1, PRICE);
        tradeIn(1, thin, carol, 3, PRICE);
        around.setPrice(1, PRICE / 2);
        _rise(32_000);
        assertLt(_equity(thin), 0);
        uint32[] memory crowd = new uint32[](512);
        (crowd[0], crowd[1]) = (alice, thin);
        for (uint32 i = 2; i < 512; ++i) crowd[i] = 10_000 + i;
        house.resolve(poor, 0, crowd, "");
        assertEq(sizeOf(thin, 0), 1);
        assertEq(sizeOf(alice, 0), 0);
        assertEq(sizeOf(poor, 0), -4);
    }

    /// @dev Her part is rounded up, and no more of it is taken from who holds most of the list.
    function test_resolve_aCrowdIsRoundedUp() public {
        _set(0, 4);
        stop.openPool(0);
        pool = stop.accountFor(0, false);
        stop.deposit(0, 1_000 * UNIT);
        _rise(32_000);
        uint32[] memory crowd = new uint32[](512);
        crowd[0] = alice;
        for (uint32 i = 1; i < 512; ++i) crowd[i] = 10_000 + i;
        house.resolve(poor, 0, crowd, "");
        assertEq(sizeOf(pool, 0), -4);
        // Six are needed: 6 * 7 / 10, rounded up, are five.
        assertEq(sizeOf(alice, 0), 2);
        assertEq(sizeOf(poor, 0), -1);
        checkLaws(3);
    }

    /// @dev To its cap, with what it holds on either side, and not a lot more.
    function test_resolve_backstopFillsItsCap() public {
        stop.openPool(0);
        pool = stop.accountFor(0, false);
        stop.deposit(0, 10_000 * UNIT);
        int8[6] memory held = [int8(0), -3, 3, -6, -7, 7];
        for (uint256 i; i < held.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            _hold(held[i]);
            _set(1_000_000, 7);
            _rise(32_000);
            int256 room = 7 + held[i];
            if (room > 10) room = 10;
            if (room == 0) {
                vm.expectPartialRevert(I.CounterpartiesShort.selector);
                house.resolve(poor, 0, new uint32[](0), "");
            } else {
                house.resolve(poor, 0, new uint32[](0), "");
                assertEq(sizeOf(poor, 0), room - 10);
                assertEq(sizeOf(pool, 0), held[i] - room);
            }
            checkLaws(3);
            vm.revertToState(snapshot);
        }
    }

    /// @dev Gives the pool a position by a fall of somebody else.
    function _hold(int256 lots) private {
        if (lots == 0) return;
        _set(1_000_000, 7);
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

    /// @dev And to its own initial margin: with a third of what ten lots need it takes three.
    function test_resolve_backstopKeepsItsMargin() public {
        stop.openPool(0);
        pool = stop.accountFor(0, false);
        stop.deposit(0, 16 * UNIT);
        _set(1_000_000, 1_000);
        _rise(32_000);
        house.resolve(poor, 0, new uint32[](0), "");
        assertEq(sizeOf(pool, 0), -3);
        (int256 equity, uint256 initial,) = house.health(pool);
        assertGe(equity, int256(initial));
        // What it gains by the price comes on top, and does not count before.
        assertLt(16 * UNIT, initial * 4 / 3);
        assertEq(sizeOf(poor, 0), -7);
        checkLaws(3);
    }

    /// @dev As many as its margin carries, whatever that is, and what it holds counts once.
    function test_resolve_backstopTakesAllItCan() public {
        stop.openPool(0);
        pool = stop.accountFor(0, false);
        for (uint256 lots; lots < 11; ++lots) {
            uint256 snapshot = vm.snapshotState();
            stop.deposit(0, 5_160_000 * (lots == 0 ? 1 : lots) - (lots == 0 ? 1 : 0));
            _takes(lots);
            vm.revertToState(snapshot);
        }
        stop.deposit(0, 40 * UNIT);
        _hold(-3);
        around.setPrice(0, PRICE + 32_000);
        _takes(uint256(_equity(pool)) / 5_160_000 - 3);
        assertEq(sizeOf(pool, 0), -8);
    }

    function _takes(uint256 lots) private {
        _set(1_000_000, 1_000);
        _rise(32_000);
        if (lots == 0) vm.expectPartialRevert(I.CounterpartiesShort.selector);
        house.resolve(poor, 0, new uint32[](0), "");
        assertEq(sizeOf(poor, 0), int256(lots) - 10);
    }

    /// @dev What is left of so little that it is a tick a lot is who takes them's.
    function test_resolve_aDiscountOfOneTick() public {
        _set(0, 0);
        _rise(60_000);
        house.deposit(address(token), poor, uint256(1_500 - _equity(poor)));
        int256 others = _equity(alice) + _equity(bob);
        house.resolve(poor, 0, _both(), "");
        assertEq(_equity(poor), 500);
        assertEq(_equity(alice) + _equity(bob), others + 1_000);
    }

    /// @dev The last unit of a loss is paid by the other side as well, and nothing is levied.
    function test_resolve_aLossOfOneUnit() public {
        _set(0, 0);
        _rise(60_000);
        house.deposit(address(token), poor, uint256(-1 - _equity(poor)));
        vm.recordLogs();
        house.resolve(poor, 0, _both(), "");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(priceOf(logs), PRICE + 60_000 - 1);
        for (uint256 i; i < logs.length; ++i) {
            assertTrue(logs[i].topics[0] != I.Levied.selector);
        }
        assertEq(cashOf(poor), 0);
        checkLaws(3);
    }

    /// @dev To the unit of what three lots need, and one less.
    function test_resolve_backstopToTheUnit() public {
        stop.openPool(0);
        pool = stop.accountFor(0, false);
        for (uint256 i; i < 2; ++i) {
            uint256 snapshot = vm.snapshotState();
            stop.deposit(0, 15_480_000 - i);
            _set(1_000_000, 1_000);
            _rise(32_000);
            house.resolve(poor, 0, new uint32[](0), "");
            assertEq(sizeOf(pool, 0), i == 0 ? -3 : -2);
            vm.revertToState(snapshot);
        }
    }

    /// @dev Of lots so small that a requirement is rounded by a third of one: who would be worse
    /// for giving them up is not asked to, and the market's fund takes them instead.
    function test_resolve_sparesWhoWouldBeWorse() public {
        MarketParams memory p = defaults();
        (p.tickValue, p.coverSharePpm) = (1, 0);
        around.setMarket(1, p);
        around.setPrice(1, 110);
        uint32 debtor = open("debtor", 9_500);
        uint32 other = open("other", 60 * UNIT);
        tradeIn(0, other, carol, 10, PRICE);
        tradeIn(1, debtor, other, 1_000, 110);
        around.setPrice(0, PRICE - 58_000);
        around.setPrice(1, 100);
        // A lot frees three units and may leave two of them; the surcharge is one tick of one.
        (int256 equity,, uint256 maintenance) = house.health(other);
        house.deposit(address(token), other, uint256(int256(maintenance / 3) - equity));
        assertLt(_equity(debtor), 0);
        assertGt(_equity(debtor), -1_000);
        uint256 snapshot = vm.snapshotState();
        house.resolve(debtor, 1, _one(other), "");
        assertEq(sizeOf(other, 1), -1_000);
        assertEq(sizeOf(FUNDS + 1, 1), 1_000);
        vm.revertToState(snapshot);
        // With half of its requirement it is no worse for any.
        house.deposit(address(token), other, maintenance / 2 + 1 - maintenance / 3);
        house.resolve(debtor, 1, _one(other), "");
        assertEq(sizeOf(other, 1), 0);
    }

    /// @dev Two thirds of the maintenance are enough to be left alone, and a unit less is not.
    function test_resolve_atTwoThirds() public {
        _rise(30_400);
        (int256 equity,, uint256 maintenance) = house.health(poor);
        uint256 required = maintenance * 2 / 3;
        house.deposit(address(token), poor, uint256(int256(required) - equity));
        vm.expectRevert(abi.encodeWithSelector(I.NotCloseOut.selector, required, required));
        house.resolve(poor, 0, _both(), "");
        around.setPrice(0, PRICE + 30_401);
        house.resolve(poor, 0, _both(), "");
        assertEq(sizeOf(poor, 0), 0);
    }

    /// @dev A shared fund that has not enough gives all of it, and the other side pays the rest.
    function test_resolve_sharedFundGivesItsLast() public {
        house.deposit(address(token), FUNDS, 2 * UNIT);
        house.deposit(address(token), 0, 3 * UNIT);
        _rise(60_000);
        int256 others = _equity(alice) + _equity(bob);
        house.resolve(poor, 0, _both(), "");
        assertEq(cashOf(FUNDS), 0);
        assertEq(cashOf(0), 0);
        assertEq(cashOf(poor), 0);
        assertEq(_equity(alice) + _equity(bob), others - 4_150_000);
        checkLaws(3);
    }
}
