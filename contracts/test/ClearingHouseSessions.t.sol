// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch, SessionScope} from "../src/Types.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice What a session key may do, and everything that it may not.
contract ClearingHouseSessionsTest is VenueTest {
    address private key;
    uint256 private secret;

    function setUp() public override {
        super.setUp();
        (key, secret) = makeActor("session");
    }

    function grant(uint128 markets, uint40 lotsMax, bool reduceOnly) private {
        vm.prank(owner_(alice));
        house.setSession(
            alice, key, type(uint40).max, SessionScope(markets, lotsMax, reduceOnly)
        );
    }

    /// @dev A batch of an order of alice that the session key signed, against bob.
    function batchWith(Order memory o) private returns (Batch memory) {
        o.key = secret;
        Order memory other = order(bob, !o.isBuy, o.size);
        other.market = o.market;
        add(o);
        add(other);
        fill(1, 0, uint40(o.size), PRICE);
        Batch memory b = batch();
        reset();
        return b;
    }

    function refused(Order memory o, bytes memory reason) private {
        Batch memory b = batchWith(o);
        vm.expectRevert(reason);
        house.settle(b);
    }

    function test_settle_withinScope() public {
        grant(1 << 1, 10, false);
        Order memory o = order(alice, true, 10);
        o.market = 1;
        house.settle(batchWith(o));
        assertEq(sizeOf(alice, 1), 10);
    }

    function test_settle_revertsIf_SessionMarketBarred() public {
        grant(1 << 1, type(uint40).max, false);
        refused(
            order(alice, true, 10),
            abi.encodeWithSelector(I.SessionMarketBarred.selector, 0, uint128(1 << 1))
        );
    }

    function test_settle_revertsIf_SessionOversize() public {
        grant(type(uint128).max, 9, false);
        refused(
            order(alice, true, 10), abi.encodeWithSelector(I.SessionOversize.selector, 10, 9)
        );
        house.settle(batchWith(order(alice, true, 9)));
    }

    function test_settle_revertsIf_SessionReduceOnly() public {
        trade(alice, bob, 20, PRICE);
        grant(type(uint128).max, type(uint40).max, true);
        Order memory o = order(alice, false, 10);
        refused(o, abi.encodeWithSelector(I.SessionReduceOnly.selector, false, true));
        o.reduceOnly = true;
        house.settle(batchWith(o));
        assertEq(sizeOf(alice, 0), 10);
    }

    /// The scope binds the key, never the owner.
    function test_settle_ownerIsNotHeld() public {
        grant(0, 0, true);
        trade(alice, bob, 20, PRICE);
        assertEq(sizeOf(alice, 0), 20);
    }

    /// Bit m stands for market m; beyond the bitmap only a key without any limit trades.
    function testFuzz_scope_marketBit(uint128 markets, uint8 market) public {
        grant(markets, type(uint40).max, false);
        around.setMarket(market, defaults());
        around.setPrice(market, PRICE);
        bool listed = market < 128 && (markets >> market) & 1 == 1;
        bool inside = markets == type(uint128).max || listed;
        Order memory o = order(alice, true, 10);
        o.market = market;
        if (inside) {
            house.settle(batchWith(o));
            assertEq(sizeOf(alice, market), 10);
        } else {
            refused(o, abi.encodeWithSelector(I.SessionMarketBarred.selector, market, markets));
        }
    }

    function testFuzz_session_roundTrip(
        uint40 expiry,
        uint128 markets,
        uint40 lotsMax,
        bool reduceOnly
    ) public {
        vm.prank(owner_(alice));
        house.setSession(alice, key, expiry, SessionScope(markets, lotsMax, reduceOnly));
        (uint40 seen, SessionScope memory scope) = house.session(alice, key);
        assertEq(uint256(seen), expiry);
        assertEq(uint256(house.sessionExpiry(alice, key)), expiry);
        // A key without a time holds nothing at all.
        bool none = expiry == 0;
        assertEq(uint256(scope.markets), none ? 0 : markets);
        assertEq(uint256(scope.orderLotsMax), none ? 0 : lotsMax);
        assertEq(scope.reduceOnly, !none && reduceOnly);
    }

    function test_setSession_announcesTheScope() public {
        SessionScope memory scope = SessionScope(5, 6, true);
        vm.expectEmit(address(house));
        emit I.SessionSet(alice, key, 7, scope);
        vm.prank(owner_(alice));
        house.setSession(alice, key, 7, scope);
    }

    function test_cancel_byAnyScope() public {
        grant(0, 0, true);
        vm.startPrank(key);
        house.cancelLane(alice, 1, 5);
        house.cancelAll(alice);
        house.cancelNonce(alice, 9);
        vm.stopPrank();
        (uint32 seq,) = house.lane(alice, 1);
        assertEq(uint256(seq), 5);
    }

    function test_cancel_revertsIf_expired() public {
        grant(0, 0, true);
        vm.warp(uint256(type(uint40).max) + 1);
        bytes memory reason = abi.encodeWithSelector(I.NotOwner.selector, key, owner_(alice));
        vm.startPrank(key);
        vm.expectRevert(reason);
        house.cancelLane(alice, 1, 5);
        vm.expectRevert(reason);
        house.cancelAll(alice);
        vm.expectRevert(reason);
        house.cancelNonce(alice, 9);
        vm.stopPrank();
    }

    function test_liquidate_revertsIf_SessionScoped() public {
        uint32 poor = open("poor", 51 * UNIT);
        trade(poor, bob, 10, PRICE);
        around.setPrice(0, PRICE - 25_000);
        SessionScope[3] memory limited = [
            SessionScope(type(uint128).max - 1, type(uint40).max, false),
            SessionScope(type(uint128).max, type(uint40).max - 1, false),
            SessionScope(type(uint128).max, type(uint40).max, true)
        ];
        for (uint256 i; i < 3; ++i) {
            grant(limited[i].markets, limited[i].orderLotsMax, limited[i].reduceOnly);
            vm.prank(key);
            vm.expectRevert(
                abi.encodeWithSelector(I.SessionScoped.selector, key, owner_(alice))
            );
            house.liquidate(poor, 0, 0, alice, "");
        }
        grant(type(uint128).max, type(uint40).max, false);
        vm.prank(key);
        house.liquidate(poor, 0, 0, alice, "");
        assertTrue(sizeOf(alice, 0) > 0);
        assertEq(sizeOf(alice, 0) + sizeOf(poor, 0), 10);
    }

    /// Even a key without any limit moves no money and no power: each entrance is tried.
    function test_session_neverMovesMoneyOrPower() public {
        grant(type(uint128).max, type(uint40).max, false);
        bytes memory reason = abi.encodeWithSelector(I.NotOwner.selector, key, owner_(alice));
        vm.startPrank(key);
        vm.expectRevert(reason);
        house.withdraw(alice, UNIT, key, "");
        vm.expectRevert(reason);
        house.setSession(alice, key, type(uint40).max, everything());
        vm.expectRevert(reason);
        house.setSession(alice, address(this), type(uint40).max, everything());
        vm.stopPrank();
    }

    /// @dev A key that is taken back holds nothing any more.
    function test_setSession_takenBack() public {
        (address key,) = makeActor("key");
        vm.startPrank(owner_(alice));
        house.setSession(alice, key, type(uint40).max, everything());
        house.setSession(alice, key, 0, everything());
        vm.stopPrank();
        (uint40 expiry, SessionScope memory scope) = house.session(alice, key);
        assertEq(uint256(expiry), 0);
        assertEq(uint256(scope.markets) + scope.orderLotsMax, 0);
        assertFalse(scope.reduceOnly);
        assertEq(uint256(house.sessionExpiry(alice, key)), 0);
    }
}
