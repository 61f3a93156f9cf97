// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {ForcedRequest, IForcedQueue as Q} from "../src/interfaces/IForcedQueue.sol";
import {ExitVenueTest} from "./support/ExitVenueTest.sol";

/// @notice Requests that wait for a price that nobody brings: market 1 is dead, market 0 lives.
contract ClearingHouseAsideTest is ExitVenueTest {
    uint256 private constant ASIDE = 3 days;
    /// The limit of a price and what is added to it.
    uint256 private constant MISSING = 60 + 300;

    function test_aside_thoseBehindHaveTheirTurn() public {
        tradeIn(1, alice, bob, 1, PRICE);
        requestClose(alice, 1, true, ALL, 0);
        requestWithdraw(carol, 5, address(9), 1);
        _die();
        vm.startPrank(STRANGER);
        vm.expectPartialRevert(I.PriceStale.selector);
        house.executeForced(1, 0, 0, "");
        vm.expectEmit(address(queue));
        emit Q.ForcedSetAside(1);
        house.setAsideForced(1, "");
        house.executeForced(2, 0, 0, "");
        vm.stopPrank();
        assertEq(token.balanceOf(address(9)), 5);
        (uint64 next, uint64 count, uint40 deadline) = queue.state();
        assertEq(uint256(next), 3);
        assertEq(uint256(count), 2);
        assertEq(uint256(deadline), 0);
        _assertOldest(1);
        assertEq(queue.owed(STRANGER), FORCED_FEE);
    }

    function test_aside_isExecutedOnceThereIsAPrice() public {
        tradeIn(1, alice, bob, 10, PRICE);
        requestWithdraw(alice, 5, address(9), 1);
        _die();
        house.setAsideForced(1, "");
        vm.expectPartialRevert(I.PriceStale.selector);
        house.executeForced(1, 0, 0, "");
        refresh();
        vm.prank(STRANGER);
        house.executeForced(1, 0, 0, "");
        assertEq(token.balanceOf(address(9)), 5);
        assertEq(queue.owed(STRANGER), FORCED_FEE);
        _assertOldest(0);
        vm.expectRevert(abi.encodeWithSelector(Q.ForcedOutOfTurn.selector, 1, 2));
        house.executeForced(1, 0, 0, "");
    }

    /// The spread stops at the grace, and what is left stays aside.
    function test_aside_closeInParts() public {
        tradeIn(1, alice, bob, 10, PRICE);
        requestClose(alice, 1, true, ALL, 0);
        _die();
        house.setAsideForced(1, "");
        pass(ASIDE);
        (int256 before,,) = house.health(alice);
        executeBy(carol, 1, 4);
        (int256 equity,,) = house.health(alice);
        assertEq(before - equity, int256(4 * UNIT));
        assertEq(uint256(requestAt(1).amount), 6);
        _assertOldest(1);
        executeBy(dave, 1, ANY_LOTS);
        assertEq(sizeOf(alice, 1), 0);
        _assertOldest(0);
        checkLaws(3);
    }

    /// Whoever holds a report serves at once: a request cannot be set aside against it.
    function test_aside_revertsIf_aReportCuresIt() public {
        trade(alice, bob, 10, PRICE);
        requestWithdraw(alice, 5, address(9), 1);
        vm.warp(block.timestamp + FORCED_DEADLINE + 1);
        around.setPrice(1, PRICE);
        bytes memory report = reportOf(PRICE);
        vm.expectRevert(abi.encodeWithSelector(I.PriceUsable.selector, 1));
        house.setAsideForced(1, report);
        house.setAsideForced(1, "");
        assertEq(token.balanceOf(address(9)), 0);
        vm.prank(STRANGER);
        house.executeForced(1, 0, 0, report);
        assertEq(token.balanceOf(address(9)), 5);
    }

    function test_aside_revertsIf_usable() public {
        trade(alice, bob, 10, PRICE);
        tradeIn(1, alice, bob, 10, PRICE);
        requestWithdraw(carol, 5, address(9), 1);
        requestClose(alice, 0, false, ALL, 0);
        requestClose(alice, 0, true, ALL, PRICE + 1);
        requestCancelAll(alice);
        requestWithdraw(alice, 5, address(9), 7);
        vm.prank(owner_(alice));
        house.cancelNonce(alice, 7);
        _die();
        for (uint64 number = 1; number < 6; ++number) {
            vm.expectRevert(abi.encodeWithSelector(I.PriceUsable.selector, number));
            house.setAsideForced(number, "");
            execute(number);
        }
        assertEq(token.balanceOf(address(9)), 5);
    }

    /// A position in another market than the one that is closed needs its price too.
    function test_aside_closeOfAnAccountWithADeadPosition() public {
        trade(alice, bob, 10, PRICE);
        tradeIn(1, alice, bob, 10, PRICE);
        requestClose(alice, 0, true, ALL, 0);
        _die();
        house.setAsideForced(1, "");
        _assertOldest(1);
    }

    function test_aside_revertsIf_early() public {
        tradeIn(1, alice, bob, 1, PRICE);
        requestWithdraw(alice, 5, address(9), 1);
        requestWithdraw(bob, 5, address(9), 1);
        uint256 due = block.timestamp + FORCED_DEADLINE;
        vm.warp(due);
        around.setPrice(0, PRICE);
        vm.expectRevert(abi.encodeWithSelector(Q.ForcedEarly.selector, due, due));
        house.setAsideForced(1, "");
        vm.warp(due + 1);
        // What was reported at the deadline does not tell that the venue lives after it.
        vm.expectRevert(abi.encodeWithSelector(I.VenueSilent.selector, due, due));
        house.setAsideForced(1, "");
        around.setPrice(0, PRICE);
        vm.expectRevert(abi.encodeWithSelector(Q.ForcedOutOfTurn.selector, 2, 1));
        house.setAsideForced(2, "");
        house.setAsideForced(1, "");
        vm.expectRevert(abi.encodeWithSelector(Q.ForcedOutOfTurn.selector, 1, 2));
        house.setAsideForced(1, "");
        house.setAsideForced(2, "");
        vm.expectRevert(abi.encodeWithSelector(Q.QueueEmpty.selector, 3, 2));
        house.setAsideForced(3, "");
    }

    /// A price that is only late is awaited: five minutes more than its limit.
    function test_aside_revertsIf_priceAwaited() public {
        tradeIn(1, alice, bob, 1, PRICE);
        requestClose(alice, 1, true, ALL, 0);
        vm.warp(block.timestamp + FORCED_DEADLINE + 1);
        around.setPrice(1, PRICE);
        vm.warp(block.timestamp + MISSING);
        around.setPrice(0, PRICE);
        vm.expectRevert(
            abi.encodeWithSelector(I.PriceAwaited.selector, 1, MISSING, MISSING)
        );
        house.setAsideForced(1, "");
        vm.warp(block.timestamp + 1);
        house.setAsideForced(1, "");
    }

    /// Nobody is trapped for ever: what is aside freezes the venue too, after a longer term.
    function test_aside_freezesAfterTheLongerTerm() public {
        tradeIn(1, alice, bob, 1, PRICE);
        for (uint64 i = 1; i < 5; ++i) {
            requestWithdraw(alice, 5, address(9), i);
            vm.warp(block.timestamp + 10);
        }
        _die();
        for (uint64 i = 1; i < 5; ++i) house.setAsideForced(i, "");
        around.setPrice(1, PRICE);
        execute(2);
        _assertOldest(1);
        assertEq(uint256(queue.asideAfter(1)), 3);
        execute(1);
        _assertOldest(3);
        execute(4);
        assertEq(uint256(queue.asideAfter(3)), 0);
        uint256 end = requestAt(3).deadline + FORCED_GRACE + ASIDE;
        vm.warp(end);
        refresh();
        vm.expectRevert(abi.encodeWithSelector(I.FreezeEarly.selector, end, end + 1));
        house.freeze();
        vm.warp(end + 1);
        vm.expectEmit(address(house));
        emit I.VenueFrozen(uint40(end + 1), 0, 3);
        vm.prank(STRANGER);
        house.freeze();
        queue.refund(3);
        assertEq(queue.owed(owner_(alice)), FORCED_FEE);
        _assertOldest(0);
        vm.expectRevert(abi.encodeWithSelector(Q.FeesNone.selector, address(this)));
        queue.refund(3);
    }

    /// One in the line freezes by its own term, whatever is aside.
    function test_aside_theLineKeepsItsTerm() public {
        tradeIn(1, alice, bob, 1, PRICE);
        requestWithdraw(alice, 5, address(9), 1);
        requestCancelAll(carol);
        _die();
        house.setAsideForced(1, "");
        vm.warp(requestAt(2).deadline + FORCED_GRACE + 1);
        vm.expectEmit(address(house));
        emit I.VenueFrozen(uint40(block.timestamp), 0, 2);
        house.freeze();
    }

    /// With no report at all the venue is to be frozen, not emptied of what waits.
    function test_aside_aSilentVenueFreezesAsBefore() public {
        tradeIn(1, alice, bob, 1, PRICE);
        requestWithdraw(alice, 5, address(9), 1);
        vm.warp(requestAt(1).deadline + FORCED_GRACE + 1);
        vm.expectPartialRevert(I.VenueSilent.selector);
        house.setAsideForced(1, "");
        house.freeze();
        vm.expectRevert(
            abi.encodeWithSelector(I.Frozen.selector, uint40(block.timestamp))
        );
        house.setAsideForced(1, "");
    }

    function test_aside_revertsIf_notTheClearingHouse() public {
        requestCancelAll(alice);
        bytes memory reason =
            abi.encodeWithSelector(Q.NotClearingHouse.selector, address(this), address(house));
        vm.expectRevert(reason);
        queue.setAside(1);
        ForcedRequest memory request = requestAt(1);
        vm.expectRevert(
            abi.encodeWithSelector(I.NotSelf.selector, address(this), address(house))
        );
        house.judgeForced(request);
    }

    /// Starved of gas the inner call looks like no stale price.
    function testFuzz_aside_cannotBeStarved(uint256 gasGiven) public {
        trade(carol, bob, 10, PRICE);
        requestWithdraw(carol, 5, address(9), 1);
        _die();
        around.setPrice(0, PRICE);
        gasGiven = bound(gasGiven, 30_000, 2_000_000);
        try house.setAsideForced{gas: gasGiven}(1, "") {
            assertTrue(false, "set aside for want of gas");
        } catch {}
    }

    /// @dev The deadline passes; only market 0 has a price then.
    function _die() private {
        vm.warp(block.timestamp + FORCED_DEADLINE + 1);
        around.setPrice(0, PRICE);
    }

    function _assertOldest(uint64 number) private view {
        (uint64 found, uint40 deadline) = queue.aside();
        assertEq(uint256(found), uint256(number));
        assertEq(uint256(deadline), uint256(requestAt(number).deadline));
    }
}
