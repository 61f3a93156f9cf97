// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Conditional} from "../src/Types.sol";
import {TriggerTest} from "./support/TriggerTest.sol";

/// @notice Conditional orders while accounts are barred, and to the second and the lot.
contract ClearingHouseTriggerEdgesTest is TriggerTest {
    /// @notice Dave buys three lots at the index price, whatever it is.
    function _buys() private view returns (Conditional memory c) {
        c = stop();
        (c.account, c.isBuy, c.size, c.reduceOnly) = (dave, true, 3, false);
        (c.triggerPrice, c.limitPrice) = (PRICE, PRICE + 20_000);
    }

    /// @dev While some account is barred all others trade as ever, and it may only reduce.
    function test_trigger_besideABarredAccount() public {
        around.setBarred(alice, true);
        Conditional memory c = _buys();
        trigger(c);
        assertEq(sizeOf(dave, 0), 3);
        // Alice sells what she has, and buys no more.
        c = stop();
        (c.size, c.triggerPrice) = (4, PRICE);
        trigger(c);
        assertEq(sizeOf(alice, 0), 6);
        c = _buys();
        (c.account, c.nonce) = (alice, 8);
        triggerReverts(c, abi.encodeWithSelector(I.AccountBarred.selector, alice));
        around.setBarred(alice, false);
        trigger(c);
        assertEq(sizeOf(alice, 0), 9);
    }

    /// @dev Nor may a barred keeper take what makes it grow.
    function test_trigger_revertsIf_theKeeperIsBarred() public {
        around.setBarred(bob, true);
        triggerReverts(_buys(), abi.encodeWithSelector(I.AccountBarred.selector, bob));
    }

    /// @dev Filled on a price as old as a report may be, and of the second of the order.
    function test_trigger_pricesToTheSecond() public {
        Conditional memory c = _buys();
        vm.warp(block.timestamp + 30);
        uint256 snapshot = vm.snapshotState();
        trigger(c);
        vm.revertToState(snapshot);
        vm.warp(block.timestamp + 1);
        triggerReverts(c, abi.encodeWithSelector(I.PriceStale.selector, 31, 30));
        vm.warp(block.timestamp - 1);
        c.since += 1;
        triggerReverts(c, abi.encodeWithSelector(I.PriceEarlier.selector, c.since - 1, c.since));
    }

    /// @dev Nor is a price refused that is ahead of the block by less than a report may be.
    function test_trigger_pricesAhead() public {
        Conditional memory c = _buys();
        c.since -= 30;
        vm.warp(block.timestamp - 30);
        trigger(c);
        assertEq(sizeOf(dave, 0), 3);
    }

    /// @dev The same in markets far from the first, and of as many lots as an order can have.
    function test_trigger_inEveryPage() public {
        uint8[3] memory ids = [15, 16, 249];
        for (uint256 i; i < 3; ++i) {
            around.setMarket(ids[i], defaults());
            around.setPrice(ids[i], PRICE + uint32(i));
            Conditional memory c = _buys();
            (c.market, c.nonce) = (ids[i], uint64(20 + i));
            trigger(c);
            assertEq(sizeOf(dave, ids[i]), 3);
            (c.isBuy, c.reduceOnly, c.kind, c.limitPrice) = (false, true, TAKE_PROFIT, 1);
            (c.size, c.nonce) = (type(uint40).max, uint64(30 + i));
            trigger(c);
            assertEq(sizeOf(dave, ids[i]), 0);
            c.size += 1;
            bytes32 field = "size";
            bytes4 reason = I.ConditionalMalformed.selector;
            triggerReverts(c, abi.encodeWithSelector(reason, field, c.size, c.size - 1));
        }
    }

    /// @dev A one-time number is used once by whatever it is asked, in every word of numbers.
    function test_ratchet_revertsIf_used() public {
        uint64[3] memory list = [uint64(255), 256, 70_000];
        for (uint256 i; i < 3; ++i) {
            Conditional memory c = trail();
            (c.nonce, c.triggerPrice) = (list[i], PRICE - 1);
            (,, bool used) = house.conditional(c);
            assertFalse(used);
            vm.prank(owner_(alice));
            house.cancelNonce(alice, c.nonce);
            (,, used) = house.conditional(c);
            assertTrue(used);
            bytes memory signature = signed(c);
            vm.expectRevert(abi.encodeWithSelector(I.NonceUsed.selector, alice, c.nonce));
            house.ratchet(c, signature, "");
        }
    }

    /// @dev A position of one lot is enough for an order that only reduces.
    function test_trigger_reducesTheLastLot() public {
        Conditional memory c = stop();
        (c.size, c.triggerPrice) = (9, PRICE);
        trigger(c);
        assertEq(sizeOf(alice, 0), 1);
        (c.size, c.nonce) = (9, 8);
        trigger(c);
        assertEq(sizeOf(alice, 0), 0);
    }

    /// @dev Dead in the second in which it expires.
    function test_trigger_expiresToTheSecond() public {
        Conditional memory c = _buys();
        c.expiry = uint40(block.timestamp + 1);
        uint256 snapshot = vm.snapshotState();
        trigger(c);
        vm.revertToState(snapshot);
        c.expiry = uint40(block.timestamp);
        bytes4 reason = I.OrderExpired.selector;
        triggerReverts(c, abi.encodeWithSelector(reason, 0, c.expiry, block.timestamp));
    }
}
