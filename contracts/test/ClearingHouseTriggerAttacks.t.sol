// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Conditional} from "../src/Types.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {TriggerTest} from "./support/TriggerTest.sol";

/// @notice What a dishonest keeper, stranger or thief would try.
contract ClearingHouseTriggerAttacksTest is TriggerTest {
    uint256 private constant FIELDS = 14;
    uint256 private constant WORD = 32;

    function falls() private {
        around.setPrice(0, PRICE - 20_000);
    }

    function test_trigger_revertsIf_replayed() public {
        Conditional memory c = stop();
        c.size = 4;
        falls();
        trigger(c);
        // Six lots are left, and the order was for four of ten: it is spent all the same.
        triggerReverts(c, abi.encodeWithSelector(I.NonceUsed.selector, alice, 7));
    }

    /// A reduce-only order that was cut down does not come back for the rest.
    function test_trigger_revertsIf_replayedAfterPartial() public {
        Conditional memory c = stop();
        c.size = 30;
        falls();
        trigger(c);
        trade(alice, carol, 20, PRICE - 20_000);
        triggerReverts(c, abi.encodeWithSelector(I.NonceUsed.selector, alice, 7));
        assertEq(sizeOf(alice, 0), 20);
    }

    function test_trigger_oneCancelsTheOther() public {
        Conditional memory loss = stop();
        Conditional memory profit = stop();
        (profit.kind, profit.triggerPrice) = (TAKE_PROFIT, PRICE + 20_000);
        falls();
        trigger(loss);
        trade(alice, carol, 10, PRICE - 20_000);
        around.setPrice(0, PRICE + 20_000);
        triggerReverts(profit, abi.encodeWithSelector(I.NonceUsed.selector, alice, 7));
    }

    /// Each field of the signed struct, one bit changed: the signature is nobody's any more.
    function test_trigger_revertsIf_anyFieldMutated() public {
        Conditional memory c = trail();
        (c.market, c.rewardPpm, c.since) = (1, 4, uint40(block.timestamp - 4));
        bytes memory signature = signed(c);
        bytes memory words = abi.encode(c);
        assertEq(words.length, FIELDS * WORD);
        around.setPrice(1, PRICE - 20_000);
        around.setPrice(0, PRICE - 20_000);
        for (uint256 field; field < FIELDS; ++field) {
            Conditional memory mutant = _mutate(words, field);
            assertTrue(digestOf(mutant) != digestOf(c));
            vm.prank(owner_(bob));
            (bool ok, bytes memory reason) = address(house).call(
                abi.encodeCall(house.trigger, (mutant, signature, bob, bytes("")))
            );
            assertFalse(ok);
            // The epoch is compared with the account's before the signature is looked at, and a
            // kind without a trail is malformed.
            bytes4 expected = field == 13 ? I.EpochWrong.selector : I.SignatureWrong.selector;
            if (field == 4) expected = I.ConditionalMalformed.selector;
            assertEq(bytes32(bytes4(reason)), bytes32(expected));
        }
        // The unchanged order is good but for a position to reduce.
        triggerReverts(
            c, signature, abi.encodeWithSelector(I.PositionMissing.selector, alice, 1)
        );
    }

    /// @dev The account's lowest bit makes it another trader that exists: 2 becomes 4.
    function _mutate(bytes memory words, uint256 field)
        private
        pure
        returns (Conditional memory)
    {
        bytes memory copy = bytes.concat(words);
        uint256 bit = field == 0 ? 6 : field == 2 || field == 9 || field == 1 ? 1 : 2;
        assembly {
            let at := add(add(copy, 0x20), mul(field, 0x20))
            mstore(at, xor(mload(at), bit))
        }
        return abi.decode(copy, (Conditional));
    }

    function test_trigger_revertsIf_otherDomain() public {
        Conditional memory c = stop();
        falls();
        bytes32[2] memory separators = [
            domainSeparator(block.chainid + 1, address(house)),
            domainSeparator(block.chainid, _module())
        ];
        for (uint256 i; i < 2; ++i) {
            (bytes32 r, bytes32 vs) =
                signCompact(keys[alice], conditionalDigest(c, separators[i]));
            _refused(c, abi.encodePacked(r, vs));
        }
        // A fork of the chain: the same contract under another id.
        bytes memory signature = signed(c);
        vm.chainId(block.chainid + 1);
        _refused(c, signature);
    }

    function _module() private view returns (address module) {
        (bool ok, bytes memory data) = address(house).staticcall(
            abi.encodeWithSignature("moduleOf(bytes4)", house.trigger.selector)
        );
        assertTrue(ok);
        return abi.decode(data, (address));
    }

    function _refused(Conditional memory c, bytes memory signature) private {
        vm.prank(owner_(bob));
        vm.expectPartialRevert(I.SignatureWrong.selector);
        house.trigger(c, signature, bob, "");
    }

    function test_trigger_revertsIf_signatureMalformed() public {
        Conditional memory c = stop();
        falls();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[alice], digestOf(c));
        uint256 n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        _refused(c, "");
        _refused(c, new bytes(64));
        _refused(c, new bytes(65));
        _refused(c, abi.encodePacked(r, bytes32(n - uint256(s)), v == 27 ? 28 : 27));
        _refused(c, abi.encodePacked(r, s, v, uint8(0)));
        // An order signature is of another type.
        (bytes32 r2, bytes32 vs2) = signCompact(keys[alice], digestOf(order(alice, false, 10)));
        _refused(c, abi.encodePacked(r2, vs2));
    }

    function test_trigger_revertsIf_EpochWrong() public {
        Conditional memory c = stop();
        falls();
        vm.prank(owner_(alice));
        house.cancelAll(alice);
        triggerReverts(c, abi.encodeWithSelector(I.EpochWrong.selector, 0, 1));
        // Nor an epoch that has not come yet.
        c.epoch = 2;
        triggerReverts(c, abi.encodeWithSelector(I.EpochWrong.selector, 2, 1));
    }

    function test_trigger_revertsIf_NonceCancelled() public {
        Conditional memory c = stop();
        falls();
        vm.expectEmit(address(house));
        emit I.NonceCancelled(alice, 7);
        vm.prank(owner_(alice));
        house.cancelNonce(alice, 7);
        triggerReverts(c, abi.encodeWithSelector(I.NonceUsed.selector, alice, 7));
        vm.prank(owner_(alice));
        vm.expectRevert(abi.encodeWithSelector(I.NonceUsed.selector, alice, 7));
        house.cancelNonce(alice, 7);
        // The neighbour in the same word lives.
        c.nonce = 8;
        trigger(c);
    }

    function test_cancelNonce_revertsIf_stranger() public {
        vm.expectRevert(abi.encodeWithSelector(I.NotOwner.selector, address(this), owner_(alice)));
        house.cancelNonce(alice, 7);
    }

    function test_trigger_revertsIf_OrderExpired() public {
        Conditional memory c = stop();
        c.expiry = uint40(block.timestamp + 10);
        vm.warp(block.timestamp + 10);
        falls();
        triggerReverts(
            c,
            abi.encodeWithSelector(I.OrderExpired.selector, 0, block.timestamp, block.timestamp)
        );
    }

    /// The price fell before the order was signed, and the chain has not heard of it since.
    function test_trigger_revertsIf_PriceEarlier() public {
        falls();
        vm.warp(1_900_000_005);
        Conditional memory c = stop();
        bytes memory reason =
            abi.encodeWithSelector(I.PriceEarlier.selector, 1_900_000_000, 1_900_000_005);
        triggerReverts(c, reason);
        Conditional memory t = trail();
        t.triggerPrice = PRICE - 40_000;
        bytes memory signature = signed(t);
        vm.expectRevert(reason);
        house.ratchet(t, signature, "");
    }

    /// A keeper waits with a price that it likes while the market comes back: 30 s, not the 60
    /// for which the price is good for trading.
    function test_trigger_revertsIf_stalePriceIsPicked() public {
        falls();
        Conditional memory c = stop();
        vm.warp(block.timestamp + 31);
        triggerReverts(c, abi.encodeWithSelector(I.PriceStale.selector, 31, 30));
        vm.warp(block.timestamp - 1);
        trigger(c);
    }

    /// A newer report decides, not the one before it that the keeper would like better.
    function test_trigger_revertsIf_priceCameBack() public {
        falls();
        Conditional memory c = stop();
        bytes memory signature = signed(c);
        bytes memory report = reportOf(PRICE, uint40(block.timestamp));
        vm.prank(owner_(bob));
        vm.expectRevert(
            abi.encodeWithSelector(I.NotTriggered.selector, PRICE, PRICE - 20_000)
        );
        house.trigger(c, signature, bob, report);
    }

    function test_trigger_revertsIf_SelfTrigger() public {
        uint32 second = house.openAccount(owner_(alice));
        house.deposit(address(token), second, 1_000 * UNIT);
        falls();
        Conditional memory c = stop();
        bytes memory signature = signed(c);
        vm.startPrank(owner_(alice));
        vm.expectRevert(abi.encodeWithSelector(I.SelfTrigger.selector, second, alice));
        house.trigger(c, signature, second, "");
        vm.expectRevert(abi.encodeWithSelector(I.SelfTrigger.selector, alice, alice));
        house.trigger(c, signature, alice, "");
        vm.stopPrank();
    }

    function test_trigger_revertsIf_keeperAccountOfAnother() public {
        falls();
        Conditional memory c = stop();
        bytes memory signature = signed(c);
        vm.expectRevert(abi.encodeWithSelector(I.NotOwner.selector, address(this), owner_(bob)));
        house.trigger(c, signature, bob, "");
    }

    function test_trigger_revertsIf_accountWithoutOwner() public {
        falls();
        Conditional memory c = stop();
        for (uint32 id; id < 2; ++id) {
            c.account = id;
            triggerReverts(
                c,
                signed(c, keys[alice]),
                abi.encodeWithSelector(I.AccountUnknown.selector, id, house.accountsCount())
            );
        }
    }

    function test_trigger_revertsIf_MarketUnknown() public {
        Conditional memory c = stop();
        c.market = 9;
        triggerReverts(c, abi.encodeWithSelector(I.MarketUnknown.selector, 9, 0));
    }

    function test_trigger_revertsIf_ConditionalMalformed() public {
        falls();
        _malformed("size", 0, type(uint40).max);
        _malformed("size", uint256(1) << 40, type(uint40).max);
        _malformed("kind", 3, 2);
        _malformed("triggerPrice", 0, 1);
        _malformed("limitPrice", 0, 1);
        _malformed("rewardPpm", 10_001, 10_000);
        _malformed("trailPpm", 1, 0);
        Conditional memory c = trail();
        c.trailPpm = 0;
        triggerReverts(c, _reason("trailPpm", 0, 999_999));
        c.trailPpm = 1_000_000;
        triggerReverts(c, _reason("trailPpm", 1_000_000, 999_999));
    }

    function _malformed(bytes32 field, uint256 value, uint256 required) private {
        Conditional memory c = stop();
        if (field == "size") c.size = uint64(value);
        if (field == "kind") c.kind = uint8(value);
        if (field == "triggerPrice") c.triggerPrice = uint32(value);
        if (field == "limitPrice") c.limitPrice = uint32(value);
        if (field == "rewardPpm") c.rewardPpm = uint32(value);
        if (field == "trailPpm") c.trailPpm = uint32(value);
        triggerReverts(c, _reason(field, value, required));
    }

    function _reason(bytes32 field, uint256 found, uint256 required)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(I.ConditionalMalformed.selector, field, found, required);
    }

    function test_ratchet_revertsIf_againstTheTrader() public {
        Conditional memory c = trail();
        around.setPrice(0, PRICE + 30_000);
        ratchet(c);
        uint32[2] memory worse = [PRICE + 30_000, PRICE + 29_999];
        for (uint256 i; i < 2; ++i) {
            around.setPrice(0, worse[i]);
            bytes memory signature = signed(c);
            vm.expectRevert(
                abi.encodeWithSelector(I.RatchetIdle.selector, worse[i], PRICE + 30_000)
            );
            house.ratchet(c, signature, "");
        }
    }

    function test_ratchet_revertsIf_notATrailingStop() public {
        Conditional memory c = stop();
        around.setPrice(0, PRICE + 30_000);
        bytes memory signature = signed(c);
        vm.expectRevert(
            abi.encodeWithSelector(I.ConditionalMalformed.selector, bytes32("kind"), 0, 2)
        );
        house.ratchet(c, signature, "");
    }

    function test_ratchet_revertsIf_unsignedSpentOrStale() public {
        Conditional memory c = trail();
        around.setPrice(0, PRICE + 30_000);
        bytes memory forged = signed(c, keys[carol]);
        vm.expectPartialRevert(I.SignatureWrong.selector);
        house.ratchet(c, forged, "");
        bytes memory good = signed(c);
        vm.warp(block.timestamp + 31);
        vm.expectRevert(abi.encodeWithSelector(I.PriceStale.selector, 31, 30));
        house.ratchet(c, good, "");
        vm.prank(owner_(alice));
        house.cancelNonce(alice, 7);
        vm.expectRevert(abi.encodeWithSelector(I.NonceUsed.selector, alice, 7));
        house.ratchet(c, good, "");
    }

    /// Whatever the price does, the best one moves one way and the fill keeps every promise.
    function testFuzz_trail(uint32[8] memory walk, bool isBuy, uint32 trailPpm) public {
        Conditional memory c = trail();
        c.account = isBuy ? carol : alice;
        c.isBuy = isBuy;
        c.limitPrice = isBuy ? type(uint32).max : 1;
        c.trailPpm = uint32(bound(trailPpm, 1, 200_000));
        bytes memory signature = signed(c);
        uint256 best = PRICE;
        for (uint256 i; i < walk.length; ++i) {
            uint32 price = uint32(bound(walk[i], 900_000, 1_100_000));
            around.setPrice(0, price);
            bool better = isBuy ? price < best : price > best;
            (bool moved,) =
                address(house).call(abi.encodeCall(house.ratchet, (c, signature, bytes(""))));
            assertEq(moved, better);
            if (better) best = price;
            assertEq(bestOf(c), best);
            vm.prank(owner_(bob));
            (bool done,) = address(house).call(
                abi.encodeCall(house.trigger, (c, signature, bob, bytes("")))
            );
            uint256 gap = isBuy ? uint256(price) - best : best - price;
            assertEq(done, gap * 1_000_000 >= best * c.trailPpm);
            if (done) break;
        }
        checkLaws(3);
    }

    /// The reward is never more than signed, the limit and conservation hold at any terms.
    function testFuzz_trigger(uint32 price, uint32 limit, uint32 reward, uint40 size, bool reduce)
        public
    {
        price = uint32(bound(price, 900_000, PRICE - 20_000));
        limit = uint32(bound(limit, 880_000, 1_000_000));
        Conditional memory c = stop();
        (c.limitPrice, c.reduceOnly) = (limit, reduce);
        c.rewardPpm = uint32(bound(reward, 0, 10_000));
        c.size = uint64(bound(size, 1, 40));
        around.setPrice(0, price);
        int256 before = cashOf(bob);
        int256 held = sizeOf(bob, 0);
        bytes memory signature = signed(c);
        vm.prank(owner_(bob));
        (bool ok,) =
            address(house).call(abi.encodeCall(house.trigger, (c, signature, bob, bytes(""))));
        assertEq(ok, price >= limit);
        if (!ok) return;
        uint256 lots = uint256(sizeOf(bob, 0) - held);
        assertEq(lots, reduce && c.size > 10 ? 10 : c.size);
        uint256 paid = uint256(before - cashOf(bob)) >> 32;
        uint256 filled = paid / (lots * 100);
        assertGe(filled, limit);
        assertGe(filled * 1_000_000, uint256(price) * (1_000_000 - c.rewardPpm));
        assertTrue(filled <= price);
        checkLaws(3);
    }
}
