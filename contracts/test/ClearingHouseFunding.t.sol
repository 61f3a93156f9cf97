// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Backstop} from "../src/Backstop.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Batch, Conditional, MarketParams, Report, VenueParams, Withdrawal} from "../src/Types.sol";
import {ExitVenueTest} from "./support/ExitVenueTest.sol";
import {TriggerTest} from "./support/TriggerTest.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice Funding that has run: a report charges it by whatever operation it comes, and lots that
/// change hands bring none of what was charged before.
contract ClearingHouseFundingTest is ExitVenueTest, TriggerTest {
    bytes32 private constant WITHDRAWAL_TYPEHASH = keccak256(
        "Withdrawal(uint32 account,uint256 amount,address to,uint64 nonce,uint40 expiry,"
        "uint256 fee)"
    );
    Backstop private backstop;
    uint32 private pool;
    uint32 private poor;
    int256 private index;

    /// Alice and poor are long ten lots each; poor has 50.55 behind them. Funding ran for 50 s.
    function setUp() public override(VenueTest, TriggerTest) {
        super.setUp();
        bytes memory args = abi.encode(house, vault, around, around, 1 days);
        backstop = Backstop(deploy("Backstop", args));
        backstop.openPool(0);
        pool = backstop.accountFor(0, false);
        token.approve(address(backstop), type(uint256).max);
        backstop.deposit(0, 1_000 * UNIT);
        poor = open("poor", 51 * UNIT);
        trade(poor, dave, 10, PRICE);
        house.push(_report(PRICE));
        vm.warp(block.timestamp + 50);
        house.push(_report(PRICE));
        (int96 moved,,) = house.market(0);
        index = moved;
        assertGt(index, int256(0));
    }

    function backstopAt() internal view override returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
    }

    function _report(uint32 price) private view returns (bytes memory) {
        Report memory r;
        r.time = uint40(vm.getBlockTimestamp());
        (r.markets, r.prices, r.rates) = (new uint8[](1), new uint32[](1), new int32[](1));
        (r.prices[0], r.rates[0]) = (price, 100_003);
        return abi.encode(r);
    }

    function _fee(uint256 lots, uint256 price, uint256 ppm) private pure returns (int256) {
        return int256((lots * price * 100 * ppm + 999_999) / 1e6) << 32;
    }

    /// @dev What lots are worth as cash that has paid no funding yet, Q32.
    function _value(uint256 lots, uint256 price) private view returns (int256) {
        return int256((lots * price * 100) << 32) - int256(lots) * index;
    }

    // ------------------------------------------------------------------ who has paid

    /// @dev The buyer pays the price and is not charged for the time before it.
    function test_trade_bringsNoFundingOfBefore() public {
        int256[2] memory before = [cashOf(bob), cashOf(carol)];
        trade(bob, carol, 3, PRICE + 100);
        int256 moved = _value(3, PRICE + 100);
        assertEq(cashOf(bob), before[0] - moved - _fee(3, PRICE + 100, 450));
        assertEq(cashOf(carol), before[1] + moved - _fee(3, PRICE + 100, 150));
        checkLaws(3);
    }

    function test_trigger_bringsNoFundingOfBefore() public {
        int256[2] memory before = [cashOf(alice), cashOf(bob)];
        Conditional memory c = stop();
        (c.size, c.triggerPrice) = (3, PRICE);
        vm.expectEmit(address(house));
        uint256 fee = uint256(_fee(3, PRICE - 1_000, 450) >> 32);
        emit I.Triggered(alice, 0, bob, c.nonce, false, 3, PRICE - 1_000, PRICE, fee);
        trigger(c);
        int256 moved = _value(3, PRICE - 1_000);
        assertEq(cashOf(alice), before[0] + moved - int256(fee << 32));
        assertEq(cashOf(bob), before[1] - moved);
        checkLaws(3);
    }

    /// @dev Who buys pays the reward on top of the index price.
    function test_trigger_aBuyerPaysTheReward() public {
        int256[2] memory before = [cashOf(carol), cashOf(bob)];
        Conditional memory c = stop();
        (c.account, c.isBuy, c.size, c.limitPrice) = (carol, true, 3, PRICE + 1_000);
        c.triggerPrice = PRICE;
        trigger(c);
        int256 moved = _value(3, PRICE + 1_000);
        assertEq(cashOf(carol), before[0] - moved - _fee(3, PRICE + 1_000, 450));
        assertEq(cashOf(bob), before[1] + moved);
    }

    /// @dev The last lot is sold as well, and of none there is nothing to sell.
    function test_trigger_theLastLot() public {
        Conditional memory c = stop();
        (c.size, c.triggerPrice) = (9, PRICE);
        trigger(c);
        assertEq(sizeOf(alice, 0), 1);
        (c.size, c.nonce) = (10, 8);
        trigger(c);
        assertEq(sizeOf(alice, 0), 0);
        c.nonce = 9;
        triggerReverts(c, abi.encodeWithSelector(I.PositionMissing.selector, alice, 0));
    }

    /// @dev A reward beyond the band of fills is no price.
    function test_trigger_revertsIf_OutsideBand() public {
        MarketParams memory p = defaults();
        p.fillBandPpm = 999;
        around.setMarket(0, p);
        Conditional memory c = stop();
        c.triggerPrice = PRICE;
        triggerReverts(c, abi.encodeWithSelector(I.OutsideBand.selector, 0, PRICE - 1_000, PRICE));
    }

    function test_forcedClose_bringsNoFundingOfBefore() public {
        int256[2] memory before = [cashOf(alice), cashOf(bob)];
        uint64 number = requestClose(alice, 0, true, 4, 1);
        around.setVenue(_sequencedBy(owner_(bob)));
        executeBy(bob, number, 4);
        int256 moved = _value(4, PRICE);
        assertEq(cashOf(alice), before[0] + moved);
        assertEq(cashOf(bob), before[1] - moved);
        checkLaws(3);
    }

    function test_liquidate_bringsNoFundingOfBefore() public {
        around.setPrice(0, PRICE - 25_000);
        (int256 equity,,) = house.health(bob);
        (int256 left,,) = house.health(poor);
        int256 fund = cashOf(FUNDS) >> 32;
        vm.prank(owner_(bob));
        house.liquidate(poor, 0, 2, bob, "");
        (int256 equityAfter,,) = house.health(bob);
        (int256 leftAfter,,) = house.health(poor);
        int256 gain = equityAfter - equity + (cashOf(FUNDS) >> 32) - fund;
        assertApproxEqAbs(left - leftAfter, gain, 2);
        checkLaws(3);
    }

    /// @dev What is claimed in the end has paid its funding, at home and beside it.
    function test_exit_hasPaidItsFunding() public {
        tradeIn(1, bob, carol, 2, PRICE);
        tradeIn(0, bob, carol, 3, PRICE);
        house.push(_report(PRICE));
        freezeAndReckon();
        uint32[3] memory ids = [alice, bob, carol];
        for (uint256 i; i < 3; ++i) {
            (int256 equity,,) = house.health(ids[i]);
            (int256 claim, uint256 due) = house.claimOf(ids[i]);
            assertEq(claim >> 32, equity);
            assertEq(due, uint256(equity));
        }
    }

    // ------------------------------------------------------------------ what a report does

    /// @dev Whatever operation brings a report, its market is as if it had been pushed.
    function test_report_isStoredByEach() public {
        vm.warp(vm.getBlockTimestamp() + 50);
        bytes memory r = _report(PRICE);
        uint32 second = house.openAccount(owner_(alice));
        (address owner, address keeper) = (owner_(alice), owner_(bob));
        _same(owner, abi.encodeCall(house.withdraw, (alice, UNIT, address(9), r)));
        _same(owner, abi.encodeCall(house.transfer, (alice, second, UNIT, r)));
        _same(owner, abi.encodeCall(house.setLeverage, (alice, 60_000, r)));
        (Withdrawal memory w, bytes memory signature) = _withdrawal();
        _same(keeper, abi.encodeCall(house.withdrawSigned, (w, signature, bob, r)));
        Conditional memory c = stop();
        c.triggerPrice = PRICE;
        _same(keeper, abi.encodeCall(house.trigger, (c, signed(c), bob, r)));
        c = trail();
        c.triggerPrice = PRICE - 1;
        _same(keeper, abi.encodeCall(house.ratchet, (c, signed(c), r)));
        Batch memory b = _batch(r);
        _same(address(this), abi.encodeCall(house.settle, (b)));
    }

    function test_report_isStoredByEach_forced() public {
        requestWithdraw(alice, uint88(UNIT), address(9), 1);
        _sameForced();
        execute(1);
        requestCancelAll(alice);
        _sameForced();
        execute(2);
        // A close that finds nothing, and one that is carried out.
        requestClose(alice, 0, false, 1, 1);
        _sameForced();
        execute(3);
        requestClose(alice, 0, true, 1, 1);
        _sameForced();
    }

    function _sameForced() private {
        (uint64 number,,) = queue.state();
        around.setVenue(_sequencedBy(owner_(bob)));
        vm.warp(vm.getBlockTimestamp() + 50);
        bytes memory call_ =
            abi.encodeCall(house.executeForced, (number, bob, ANY_LOTS, _report(PRICE)));
        _same(owner_(bob), call_);
        around.setVenue(_sequencedBy(address(this)));
        house.push(_report(PRICE));
    }

    function test_report_isStoredByEach_liquidation() public {
        vm.warp(vm.getBlockTimestamp() + 50);
        bytes memory r = _report(PRICE - 25_000);
        _same(owner_(bob), abi.encodeCall(house.flag, (poor, r)));
        _same(owner_(bob), abi.encodeCall(house.liquidate, (poor, 0, 1, bob, r)));
        r = _report(PRICE - 32_000);
        uint32[] memory list = new uint32[](2);
        (list[0], list[1]) = (carol, dave);
        _same(owner_(bob), abi.encodeCall(house.resolve, (poor, 0, list, r)));
        MarketParams memory p = defaults();
        p.backstopLotsMax = 10;
        around.setMarket(0, p);
        house.resolve(poor, 0, list, r);
        assertEq(sizeOf(pool, 0), 10);
        vm.warp(vm.getBlockTimestamp() + 50);
        r = _report(PRICE - 32_000);
        _same(owner_(bob), abi.encodeCall(house.unwind, (pool, 0, 1, bob, r)));
    }

    /// @dev Funding of market 0 is charged up to now, and the operation has stored it.
    function _same(address who, bytes memory call_) private {
        uint256 snapshot = vm.snapshotState();
        (int96 before, uint40 last,) = house.market(0);
        assertLt(uint256(last), vm.getBlockTimestamp());
        vm.prank(who);
        (bool done, bytes memory result) = address(house).call(call_);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
        (int96 found, uint40 time,) = house.market(0);
        assertEq(uint256(time), vm.getBlockTimestamp(), "time");
        assertGt(int256(found), int256(before));
        vm.revertToState(snapshot);
    }

    function _withdrawal() private view returns (Withdrawal memory w, bytes memory signature) {
        uint40 expiry = uint40(vm.getBlockTimestamp());
        w = Withdrawal(alice, 100 * UNIT, address(9), 3, expiry, UNIT);
        bytes32 typed = keccak256(
            abi.encode(WITHDRAWAL_TYPEHASH, alice, w.amount, w.to, w.nonce, w.expiry, w.fee)
        );
        bytes32 domain = domainSeparator(block.chainid, address(house));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(keys[alice], keccak256(abi.encodePacked(hex"1901", domain, typed)));
        signature = abi.encodePacked(r, s, v);
    }

    function _batch(bytes memory report) private returns (Batch memory b) {
        add(order(bob, true, 1));
        add(order(carol, false, 1));
        fill(1, 0, 1, PRICE);
        b = batch();
        b.report = report;
        reset();
    }

    function _sequencedBy(address who) private pure returns (VenueParams memory) {
        return VenueParams(who, 30, 30, 0);
    }

    /// @dev Told as it is: market, price, mark, rate, and the index after it, all signs kept.
    function test_push_tellsOfEachMarket() public {
        Report memory r;
        (r.markets, r.prices, r.rates) = (new uint8[](2), new uint32[](2), new int32[](2));
        r.marks = new uint32[](2);
        (r.markets[0], r.markets[1]) = (1, 2);
        (r.prices[0], r.prices[1]) = (PRICE, PRICE + 1);
        (r.marks[0], r.marks[1]) = (PRICE + 3, PRICE - 5);
        (r.rates[0], r.rates[1]) = (70_001, -70_001);
        r.time = uint40(vm.getBlockTimestamp());
        house.push(abi.encode(r));
        vm.warp(vm.getBlockTimestamp() + 7);
        (r.round, r.time) = (9, uint40(vm.getBlockTimestamp()));
        uint256 snapshot = vm.snapshotState();
        house.push(abi.encode(r));
        (int96 up,,) = house.market(1);
        (int96 down,,) = house.market(2);
        assertGt(up, int256(0));
        assertLt(down, int256(0));
        vm.revertToState(snapshot);
        bytes memory told = abi.encodePacked(uint8(1), PRICE, PRICE + 3, int32(70_001), up);
        told = abi.encodePacked(told, uint8(2), PRICE + 1, PRICE - 5, int32(-70_001), down);
        vm.expectEmit(address(house));
        emit I.Refreshed(9, r.time, told);
        house.push(abi.encode(r));
    }

    /// @dev The first report of a market ends no outage: there was no price to be without.
    function test_push_theFirstIsNoWayBack() public {
        Report memory r = abi.decode(_report(PRICE), (Report));
        r.markets[0] = 1;
        house.push(abi.encode(r));
        (int96 first, uint40 time,) = house.market(1);
        assertEq(int256(first), 0, "nothing to charge for");
        assertEq(uint256(time), vm.getBlockTimestamp());
        tradeIn(1, bob, carol, 1, PRICE);
        assertEq(sizeOf(bob, 1), 1);
    }

    function test_push_revertsIf_empty() public {
        vm.expectRevert(abi.encodeWithSelector(I.LengthWrong.selector, 0, 1));
        house.push("");
    }

    /// @dev A report that is ahead of the block is no second old, for who else would push.
    function test_push_revertsIf_theLastIsAhead() public {
        vm.warp(vm.getBlockTimestamp() - 5);
        bytes memory r = _report(PRICE);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(I.TooSoon.selector, 0, 30));
        house.push(r);
    }

    /// @dev A price from beyond the skew is refused, and is no second old.
    function test_withdraw_revertsIf_thePriceIsAhead() public {
        around.setPrice(0, PRICE);
        vm.warp(vm.getBlockTimestamp() - 31);
        vm.prank(owner_(alice));
        vm.expectRevert(abi.encodeWithSelector(I.PriceStale.selector, 0, 60));
        house.withdraw(alice, 1, address(9), "");
        vm.warp(vm.getBlockTimestamp() + 1);
        vm.prank(owner_(alice));
        house.withdraw(alice, 1, address(9), "");
    }
}
