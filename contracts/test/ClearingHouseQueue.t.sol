// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ForcedRequest, IForcedQueue as Q} from "../src/interfaces/IForcedQueue.sol";
import {ExitVenueTest} from "./support/ExitVenueTest.sol";

/// @notice Takes no ether.
contract Closed {
    function collect(Q queue) external {
        queue.collect(payable(address(this)));
    }
}

contract ClearingHouseQueueTest is ExitVenueTest {
    function test_request_extendsTheChain() public {
        uint64 first = requestWithdraw(alice, 5, address(9), 77);
        bytes32 head = keccak256(abi.encode(bytes32(0), first, requestAt(first)));
        assertEq(queue.chainHead(), head);
        uint64 second = requestClose(bob, 2, true, 8, 900_000);
        head = keccak256(abi.encode(head, second, requestAt(second)));
        assertEq(queue.chainHead(), head);
        uint64 third = requestCancelAll(carol);
        head = keccak256(abi.encode(head, third, requestAt(third)));
        assertEq(queue.chainHead(), head);
        (uint64 next, uint64 count, uint40 deadline) = queue.state();
        assertEq(uint256(next), 1);
        assertEq(uint256(count), 3);
        assertEq(uint256(deadline), block.timestamp + FORCED_DEADLINE);
        // Execution empties the queue and leaves the chain alone.
        execute(1);
        assertEq(queue.chainHead(), head);
        ForcedRequest memory r = requestAt(2);
        assertEq(uint256(r.kind), 2);
        assertEq(uint256(r.account), bob);
        assertEq(uint256(r.market), 2);
        assertTrue(r.isLong);
        assertEq(uint256(r.amount), 8);
        assertEq(uint256(r.limit), 900_000);
    }

    function test_request_revertsIf_notOwner() public {
        address owner = owner_(alice);
        (address key,) = makeActor("session");
        vm.prank(owner);
        house.setSession(alice, key, type(uint40).max, everything());
        vm.deal(key, 1 ether);
        bytes memory reason = abi.encodeWithSelector(Q.NotOwner.selector, key, owner);
        vm.startPrank(key);
        vm.expectRevert(reason);
        queue.requestWithdraw{value: FORCED_FEE}(alice, 5, key, 1);
        vm.expectRevert(reason);
        queue.requestClose{value: FORCED_FEE}(alice, 0, true, 5, 0);
        vm.expectRevert(reason);
        queue.requestCancelAll{value: FORCED_FEE}(alice);
        vm.expectRevert(abi.encodeWithSelector(Q.NotOwner.selector, key, address(0)));
        queue.requestCancelAll{value: FORCED_FEE}(999);
        vm.stopPrank();
    }

    function test_request_revertsIf_malformed() public {
        address owner = owner_(alice);
        vm.deal(owner, 1 ether);
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(Q.FeeWrong.selector, 5, FORCED_FEE));
        queue.requestCancelAll{value: 5}(alice);
        vm.expectRevert(abi.encodeWithSelector(Q.FeeWrong.selector, 1 ether, FORCED_FEE));
        queue.requestCancelAll{value: 1 ether}(alice);
        vm.expectRevert(Q.AmountZero.selector);
        queue.requestWithdraw{value: FORCED_FEE}(alice, 0, owner, 1);
        vm.expectRevert(Q.AmountZero.selector);
        queue.requestClose{value: FORCED_FEE}(alice, 0, true, 0, 0);
        vm.expectRevert(Q.RecipientZero.selector);
        queue.requestWithdraw{value: FORCED_FEE}(alice, 1, address(0), 1);
        vm.stopPrank();
    }

    function test_queue_onlyTheClearingHouseTakes() public {
        requestCancelAll(alice);
        bytes memory reason =
            abi.encodeWithSelector(Q.NotClearingHouse.selector, address(this), address(house));
        vm.expectRevert(reason);
        queue.take(1, address(this));
        vm.expectRevert(reason);
        queue.cut(1, 1);
    }

    function test_cut_onlyShortens() public {
        requestClose(alice, 0, true, 8, 0);
        vm.startPrank(address(house));
        vm.expectRevert(abi.encodeWithSelector(Q.CutWrong.selector, 8, 8));
        queue.cut(1, 8);
        vm.expectRevert(abi.encodeWithSelector(Q.CutWrong.selector, 0, 8));
        queue.cut(1, 0);
        vm.expectRevert(abi.encodeWithSelector(Q.ForcedOutOfTurn.selector, 2, 1));
        queue.cut(2, 1);
        uint40 deadline = requestAt(1).deadline;
        queue.cut(1, 7);
        vm.stopPrank();
        assertEq(uint256(requestAt(1).amount), 7);
        assertEq(uint256(requestAt(1).deadline), uint256(deadline));
    }

    function test_execute_inTurnAndOnTime() public {
        requestCancelAll(alice);
        requestCancelAll(bob);
        uint256 deadline = block.timestamp + FORCED_DEADLINE;
        vm.expectRevert(abi.encodeWithSelector(Q.ForcedOutOfTurn.selector, 2, 1));
        execute(2);
        vm.warp(deadline);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(Q.ForcedEarly.selector, deadline, deadline));
        house.executeForced(1, 0, 0, "");
        execute(1);
        vm.expectRevert(abi.encodeWithSelector(Q.ForcedOutOfTurn.selector, 1, 2));
        execute(1);
        vm.warp(deadline + 1);
        vm.prank(STRANGER);
        house.executeForced(2, 0, 0, "");
        vm.expectRevert(abi.encodeWithSelector(Q.QueueEmpty.selector, 3, 2));
        execute(3);
        (uint64 next, uint64 count, uint40 none) = queue.state();
        assertEq(uint256(next), 3);
        assertEq(uint256(count), 2);
        assertEq(uint256(none), 0);
    }

    function test_fees_goToWhoExecutes() public {
        requestCancelAll(alice);
        requestCancelAll(bob);
        execute(1);
        assertEq(queue.owed(address(this)), FORCED_FEE);
        pass(FORCED_DEADLINE + 1);
        vm.startPrank(STRANGER);
        house.executeForced(2, 0, 0, "");
        assertEq(queue.collect(payable(address(0xfee))), FORCED_FEE);
        assertEq(address(0xfee).balance, FORCED_FEE);
        vm.expectRevert(abi.encodeWithSelector(Q.FeesNone.selector, STRANGER));
        queue.collect(payable(STRANGER));
        vm.stopPrank();
        assertEq(address(queue).balance, FORCED_FEE);
    }

    /// A keeper that cannot be paid keeps its claim, and blocks nobody.
    function test_collect_survivesAFailingRecipient() public {
        Closed closed = new Closed();
        requestCancelAll(alice);
        pass(FORCED_DEADLINE + 1);
        vm.prank(address(closed));
        house.executeForced(1, 0, 0, "");
        vm.expectRevert();
        closed.collect(queue);
        assertEq(queue.owed(address(closed)), FORCED_FEE);
        vm.prank(address(closed));
        assertEq(queue.collect(payable(address(0xfee))), FORCED_FEE);
    }

    function test_refund_onlyAfterAFreeze() public {
        requestCancelAll(bob);
        vm.expectRevert(abi.encodeWithSelector(Q.VenueRuns.selector, 1));
        queue.refund(1);
        freezeVenue();
        queue.refund(1);
        queue.refund(2);
        vm.expectRevert(abi.encodeWithSelector(Q.FeesNone.selector, address(this)));
        queue.refund(1);
        assertEq(queue.owed(owner_(bob)), FORCED_FEE);
        vm.prank(owner_(alice));
        queue.collect(payable(address(0xfee)));
        assertEq(address(0xfee).balance, FORCED_FEE);
        address owner = owner_(carol);
        vm.deal(owner, 1 ether);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(Q.VenueFrozen.selector, block.timestamp));
        queue.requestCancelAll{value: FORCED_FEE}(carol);
    }

    function test_constructor_revertsIf_outOfBounds() public {
        bytes memory low = abi.encodeWithSelector(Q.TermsOutOfBounds.selector, 299, 300);
        bytes memory high = abi.encodeWithSelector(Q.TermsOutOfBounds.selector, 43_201, 43_200);
        _refuses(abi.encode(address(0), 300, 300, 0), abi.encodePacked(Q.AddressZero.selector));
        _refuses(abi.encode(address(1), 299, 300, 0), low);
        _refuses(abi.encode(address(1), 300, 299, 0), low);
        _refuses(abi.encode(address(1), 43_201, 300, 0), high);
        _refuses(abi.encode(address(1), 300, 43_201, 0), high);
        _refuses(
            abi.encode(address(1), 300, 300, 0.01 ether + 1),
            abi.encodeWithSelector(Q.TermsOutOfBounds.selector, 0.01 ether + 1, 0.01 ether)
        );
    }

    function _refuses(bytes memory args, bytes memory reason) private {
        bytes memory code = bytes.concat(vm.getCode(built("ForcedQueue")), args);
        address made;
        bytes memory found;
        assembly {
            made := create(0, add(code, 0x20), mload(code))
            found := mload(0x40)
            mstore(found, returndatasize())
            returndatacopy(add(found, 0x20), 0, returndatasize())
            mstore(0x40, add(found, add(0x40, returndatasize())))
        }
        assertEq(made, address(0));
        assertEq(found, reason);
    }
}
