// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch} from "../src/Types.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Vm} from "./Vm.sol";
import {VenueTest} from "./support/VenueTest.sol";

contract ClearingHouseSettleTest is VenueTest {
    function pair(uint64 size) internal {
        add(order(alice, true, size));
        add(order(bob, false, size));
    }

    function test_settle_movesLotsCashAndFees() public {
        trade(alice, bob, 10, PRICE);
        int256 value = 1_000 * int256(UNIT);
        assertEq(cashOf(alice), (10_000 * int256(UNIT) - value - 450_000) << 32);
        assertEq(cashOf(bob), (10_000 * int256(UNIT) + value - 150_000) << 32);
        assertEq(cashOf(1), int256(600_000) << 32);
        assertEq(sizeOf(alice, 0), 10);
        assertEq(sizeOf(bob, 0), -10);
        checkLaws(3);
    }

    /// The event is put together by hand: it is what the compiler would have made of it.
    function test_settle_emitsWhatIsAfter() public {
        add(order(alice, true, 10));
        add(order(bob, false, 10));
        add(order(carol, false, 10));
        fill(1, 0, 7, PRICE);
        fill(2, 0, 3, PRICE);
        Batch memory b = batch();
        vm.recordLogs();
        house.settle(b);
        bytes memory lanes;
        bytes memory accounts;
        for (uint256 i; i < 3; ++i) {
            (uint32 id, uint40 lots) = (orders[i].account, i == 0 ? 10 : i == 1 ? 7 : 3);
            int56 size = i == 0 ? int56(uint56(lots)) : -int56(uint56(lots));
            bytes memory one = abi.encodePacked(id, uint8(1), int128(cashOf(id)), uint8(0), size);
            lanes = bytes.concat(lanes, abi.encodePacked(id, uint16(1), uint32(1), lots));
            accounts = bytes.concat(accounts, one);
        }
        accounts = bytes.concat(accounts, abi.encodePacked(uint32(1), uint8(0), int128(cashOf(1))));
        Vm.Log memory log = vm.getRecordedLogs()[0];
        assertEq(log.topics.length, 2);
        assertEq(log.topics[0], I.Settled.selector);
        assertEq(uint256(log.topics[1]), 1);
        assertEq(log.data, abi.encode(house.batchHead(), lanes, accounts));
    }

    /// Legs in two markets, each met twice, once with other flags and once to reduce only.
    function test_settle_returnsToALeg() public {
        for (uint8 i; i < 8; ++i) {
            bool isAlice = i < 4;
            Order memory o = order(isAlice ? alice : bob, isAlice, 10);
            (o.market, o.lane, o.seq) = (i % 2, i % 4 + 1, 1);
            o.postOnly = i == 2;
            // Of the market that is not at home: back to a smaller size.
            if (i % 4 == 3) (o.isBuy, o.reduceOnly) = (!isAlice, true);
            add(o);
        }
        fill(0, 4, 10, PRICE);
        fill(2, 6, 5, PRICE);
        fill(1, 5, 10, PRICE);
        fill(3, 7, 4, PRICE);
        settle();
        assertEq(sizeOf(alice, 0), 15);
        assertEq(sizeOf(alice, 1), 6);
        assertEq(sizeOf(bob, 0), -15);
        assertEq(sizeOf(bob, 1), -6);
        checkLaws(3);
        // The same again, but the reduce-only order of the second market would flip.
        Order memory a = order(alice, false, 10);
        (a.market, a.seq, a.reduceOnly) = (1, 9, true);
        add(a);
        Order memory c = order(carol, true, 10);
        (c.market, c.seq) = (1, 9);
        add(c);
        fill(1, 0, 7, PRICE);
        settleReverts(abi.encodeWithSelector(I.ReduceOnlyBroken.selector, 0, -1, 6));
    }

    function test_settle_chainsBatches() public {
        pair(10);
        fill(1, 0, 10, PRICE);
        Batch memory b = batch();
        house.settle(b);
        bytes32 head = keccak256(
            abi.encode(
                bytes32(0), keccak256(""), keccak256(b.orders), keccak256(b.fills), b.receipts
            )
        );
        assertEq(house.batchHead(), head);
        assertEq(uint256(house.batchNumber()), 1);
    }

    function test_settle_revertsIf_NotSequencer() public {
        pair(10);
        fill(1, 0, 10, PRICE);
        Batch memory b = batch();
        vm.expectRevert(abi.encodeWithSelector(I.NotSequencer.selector, address(9), address(this)));
        vm.prank(address(9));
        house.settle(b);
    }

    function test_settle_revertsIf_BatchOutOfOrder() public {
        pair(10);
        fill(1, 0, 10, PRICE);
        Batch memory b = batch();
        b.number = 2;
        vm.expectRevert(abi.encodeWithSelector(I.BatchOutOfOrder.selector, 2, 1));
        house.settle(b);
        b.number = 1;
        b.previous = keccak256("other");
        vm.expectRevert(
            abi.encodeWithSelector(I.BatchHeadWrong.selector, keccak256("other"), bytes32(0))
        );
        house.settle(b);
    }

    function test_settle_revertsIf_bytesTrail() public {
        pair(10);
        fill(1, 0, 10, PRICE);
        Batch memory b = batch();
        bytes memory good = b.orders;
        b.orders = bytes.concat(good, hex"00");
        vm.expectRevert(abi.encodeWithSelector(I.LengthWrong.selector, 181, 90));
        house.settle(b);
        b.orders = "";
        vm.expectRevert(abi.encodeWithSelector(I.LengthWrong.selector, 0, 90));
        house.settle(b);
        b.orders = good;
        b.fills = bytes.concat(b.fills, hex"00");
        vm.expectRevert(abi.encodeWithSelector(I.LengthWrong.selector, 14, 13));
        house.settle(b);
        b.fills = "";
        vm.expectRevert(abi.encodeWithSelector(I.LengthWrong.selector, 0, 13));
        house.settle(b);
    }

    function test_settle_revertsIf_OrdersUnordered() public {
        add(order(bob, false, 10));
        add(order(alice, true, 10));
        fill(0, 1, 10, PRICE);
        uint256 a = (uint256(alice) << 48) | (1 << 32) | 1;
        uint256 b = (uint256(bob) << 48) | (1 << 32) | 1;
        settleReverts(abi.encodeWithSelector(I.OrdersUnordered.selector, 1, a, b));
    }

    function test_settle_revertsIf_orderTwice() public {
        add(order(alice, true, 10));
        add(order(alice, true, 10));
        add(order(bob, false, 20));
        fill(2, 0, 10, PRICE);
        fill(2, 1, 10, PRICE);
        uint256 a = (uint256(alice) << 48) | (1 << 32) | 1;
        settleReverts(abi.encodeWithSelector(I.OrdersUnordered.selector, 1, a, a));
    }

    function test_settle_revertsIf_replayed() public {
        pair(10);
        fill(1, 0, 10, PRICE);
        Batch memory b = batch();
        house.settle(b);
        (b.number, b.previous) = (2, house.batchHead());
        vm.expectRevert(abi.encodeWithSelector(I.OverFilled.selector, 0, 20, 10));
        house.settle(b);
    }

    function test_settle_continuesPartialFill() public {
        add(order(alice, true, 10));
        add(order(bob, false, 10));
        fill(1, 0, 4, PRICE);
        Batch memory b = batch();
        house.settle(b);
        fills = "";
        fill(1, 0, 6, PRICE);
        (b.number, b.previous, b.fills) = (2, house.batchHead(), fills);
        house.settle(b);
        (uint32 seq, uint40 filled) = house.lane(alice, 1);
        assertEq(uint256(seq), 1);
        assertEq(uint256(filled), 10);
    }

    function test_settle_higherSeqReplaces() public {
        Order memory late = order(alice, true, 10);
        late.seq = 5;
        add(late);
        add(order(bob, false, 10));
        fill(1, 0, 10, PRICE);
        settle();
        Order memory early = order(alice, true, 10);
        early.seq = 4;
        add(early);
        add(order(bob, false, 10));
        fill(1, 0, 10, PRICE);
        settleReverts(abi.encodeWithSelector(I.SeqStale.selector, 0, 4, 5));
    }

    function test_settle_sameLaneTwice() public {
        Order memory one = order(alice, true, 10);
        Order memory two = order(alice, true, 10);
        two.seq = 2;
        add(one);
        add(two);
        add(order(bob, false, 20));
        fill(2, 0, 4, PRICE);
        fill(2, 1, 10, PRICE);
        settle();
        (uint32 seq, uint40 filled) = house.lane(alice, 1);
        assertEq(uint256(seq), 2);
        assertEq(uint256(filled), 10);
        assertEq(sizeOf(alice, 0), 14);
    }

    function test_settle_revertsIf_laneCancelled() public {
        vm.prank(owner_(alice));
        house.cancelLane(alice, 1, 7);
        Order memory o = order(alice, true, 10);
        o.seq = 7;
        add(o);
        add(order(bob, false, 10));
        fill(1, 0, 10, PRICE);
        uint256 cancelled = type(uint40).max;
        settleReverts(abi.encodeWithSelector(I.OverFilled.selector, 0, cancelled + 10, 10));
    }

    function test_settle_revertsIf_epochPassed() public {
        Order memory o = order(alice, true, 10);
        vm.prank(owner_(alice));
        house.cancelAll(alice);
        add(o);
        add(order(bob, false, 10));
        fill(1, 0, 10, PRICE);
        Batch memory b = batch();
        vm.expectPartialRevert(I.SignatureWrong.selector);
        house.settle(b);
    }

    function test_settle_revertsIf_OrderExpired() public {
        Order memory o = order(alice, true, 10);
        o.expiry = uint40(block.timestamp);
        add(o);
        add(order(bob, false, 10));
        fill(1, 0, 10, PRICE);
        settleReverts(
            abi.encodeWithSelector(I.OrderExpired.selector, 0, o.expiry, block.timestamp)
        );
    }

    function test_settle_revertsIf_OverFilled() public {
        add(order(alice, true, 10));
        add(order(bob, false, 20));
        fill(1, 0, 11, PRICE);
        settleReverts(abi.encodeWithSelector(I.OverFilled.selector, 0, 11, 10));
    }

    function test_settle_revertsIf_overFilledByTwoFills() public {
        add(order(alice, true, 10));
        add(order(bob, false, 20));
        fill(1, 0, 6, PRICE);
        fill(1, 0, 5, PRICE);
        settleReverts(abi.encodeWithSelector(I.OverFilled.selector, 0, 11, 10));
    }

    function test_settle_revertsIf_OrderUnused() public {
        add(order(alice, true, 10));
        add(order(bob, false, 10));
        add(order(carol, false, 10));
        fill(1, 0, 10, PRICE);
        settleReverts(abi.encodeWithSelector(I.OrderUnused.selector, 2, 0, 1));
    }

    function test_settle_revertsIf_OrderMissing() public {
        pair(10);
        fill(1, 2, 10, PRICE);
        settleReverts(abi.encodeWithSelector(I.OrderMissing.selector, 0, 2, 2));
    }

    function test_settle_revertsIf_FillEmpty() public {
        pair(10);
        fill(1, 0, 0, PRICE);
        settleReverts(abi.encodeWithSelector(I.FillEmpty.selector, 0, 0, 1));
    }

    function test_settle_revertsIf_MarketsDiffer() public {
        add(order(alice, true, 10));
        Order memory o = order(bob, false, 10);
        o.market = 1;
        add(o);
        fill(1, 0, 10, PRICE);
        settleReverts(abi.encodeWithSelector(I.MarketsDiffer.selector, 0, 0, 1));
    }

    function test_settle_revertsIf_SidesEqual() public {
        add(order(alice, true, 10));
        add(order(bob, true, 10));
        fill(1, 0, 10, PRICE);
        settleReverts(abi.encodeWithSelector(I.SidesEqual.selector, 0, 1, 1));
    }

    function test_settle_revertsIf_SelfTrade() public {
        add(order(alice, true, 10));
        Order memory o = order(alice, false, 10);
        o.lane = 2;
        add(o);
        fill(1, 0, 10, PRICE);
        settleReverts(abi.encodeWithSelector(I.SelfTrade.selector, 0, alice, alice));
    }

    function test_settle_revertsIf_makerCannotRest() public {
        add(order(alice, true, 10));
        Order memory o = order(bob, false, 10);
        o.tif = 1;
        add(o);
        fill(1, 0, 10, PRICE);
        settleReverts(abi.encodeWithSelector(I.RoleWrong.selector, 0, 8, 4));
    }

    function test_settle_revertsIf_takerPostOnly() public {
        Order memory o = order(alice, true, 10);
        o.postOnly = true;
        add(o);
        add(order(bob, false, 10));
        fill(1, 0, 10, PRICE);
        settleReverts(abi.encodeWithSelector(I.RoleWrong.selector, 0, 5, 0x18));
    }

    function test_settle_revertsIf_FillOrKillShort() public {
        Order memory o = order(alice, true, 10);
        o.tif = 2;
        add(o);
        add(order(bob, false, 10));
        fill(1, 0, 9, PRICE);
        settleReverts(abi.encodeWithSelector(I.FillOrKillShort.selector, 0, 9, 10));
        o = order(alice, true, 10);
        o.tif = 2;
        add(o);
        add(order(bob, false, 10));
        fill(1, 0, 10, PRICE);
        settle();
    }

    function test_settle_revertsIf_LimitBroken() public {
        pair(10);
        fill(1, 0, 10, PRICE + 1);
        settleReverts(abi.encodeWithSelector(I.LimitBroken.selector, 0, PRICE + 1, PRICE));
        pair(10);
        fill(1, 0, 10, PRICE - 1);
        settleReverts(abi.encodeWithSelector(I.LimitBroken.selector, 0, PRICE - 1, PRICE));
    }

    function test_settle_revertsIf_OutsideBand() public {
        Order memory o = order(alice, true, 10);
        o.price = PRICE * 2;
        add(o);
        add(order(bob, false, 10));
        fill(1, 0, 10, PRICE + 50_001);
        settleReverts(abi.encodeWithSelector(I.OutsideBand.selector, 0, PRICE + 50_001, PRICE));
    }

    function test_settle_revertsIf_PriceStale() public {
        vm.warp(block.timestamp + 61);
        pair(10);
        fill(1, 0, 10, PRICE);
        settleReverts(abi.encodeWithSelector(I.PriceStale.selector, 61, 60));
    }

    function test_settle_revertsIf_MarketUnknown() public {
        Order memory a = order(alice, true, 10);
        Order memory b = order(bob, false, 10);
        (a.market, b.market) = (7, 7);
        add(a);
        add(b);
        fill(1, 0, 10, PRICE);
        settleReverts(abi.encodeWithSelector(I.MarketUnknown.selector, 7, 0));
    }
}
