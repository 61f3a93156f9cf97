// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Treasury} from "../src/Treasury.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {Offices} from "./mocks/CommitteeSigner.sol";
import {TreasuryRig} from "./mocks/TreasuryRig.sol";

/// @notice What a change of one place of the treasury would break and nothing else shows.
contract TreasuryEdgesTest is TreasuryRig {
    function test_constructor_takesEqualDelays() public {
        Offices offices = new Offices(GOVERNOR, GUARDIAN);
        bytes memory args =
            abi.encode(address(registry), offices, offices, LARGE_DELAY, LARGE_DELAY);
        assertTrue(deploy("Treasury", args) != address(0));
    }

    /// @dev What is in force, or was dropped, is not pending any more.
    function test_apply_isOnce() public {
        bytes4 selector = bytes4(0x11223344);
        _allow(selector);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        treasury.applyCall(address(target), selector);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        treasury.applyLimit(address(token));
        vm.startPrank(GOVERNOR);
        treasury.proposeLimit(address(token), SMALL, DAY + 1);
        treasury.cancelLimit(address(token));
        _pass();
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        treasury.applyLimit(address(token));
    }

    function test_proposeLimit_tightensEitherLimitAlone() public {
        vm.recordLogs();
        vm.startPrank(GOVERNOR);
        assertTrue(treasury.proposeLimit(address(token), SMALL - 1, DAY));
        assertTrue(treasury.proposeLimit(address(token), SMALL - 1, DAY - 1));
        // Nothing was pending, so that nothing is told to be cancelled.
        assertEq(vm.getRecordedLogs().length, 2);
    }

    /// @dev A selector alone is a whole call.
    function test_schedule_takesACallWithoutArguments() public {
        bytes4 selector = bytes4(0x11223344);
        _allow(selector);
        (address[] memory to, bytes[] memory data) =
            _single(address(target), abi.encodePacked(selector));
        _schedule(0, to, data);
    }

    /// @dev A limit below what was paid already leaves nothing.
    function test_execute_revertsIf_LimitFellBelowWhatWasPaid() public {
        (address[] memory to, bytes[] memory data) = _pay(SMALL - 1);
        _schedule(0, to, data);
        (address[] memory last, bytes[] memory dataOfLast) = _pay(1);
        _schedule(1, last, dataOfLast);
        vm.warp(vm.getBlockTimestamp() + SMALL_DELAY);
        treasury.execute(0, to, data);
        vm.prank(GOVERNOR);
        treasury.proposeLimit(address(token), 1, SMALL - 2);
        vm.expectRevert(
            abi.encodeWithSelector(Treasury.DayExceeded.selector, address(token), 1, 0)
        );
        treasury.execute(1, last, dataOfLast);
    }

    /// @dev All that there is may leave, and no more.
    function test_execute_paysTheLastUnit() public {
        _list(address(token), SMALL, 20_000);
        (address[] memory to, bytes[] memory data) = _pay(10_001);
        _schedule(0, to, data);
        (address[] memory all, bytes[] memory dataOfAll) = _pay(10_000);
        _schedule(1, all, dataOfAll);
        _pass();
        vm.expectRevert(
            abi.encodeWithSelector(Treasury.OutflowWrong.selector, address(token), 10_001, 10_000)
        );
        treasury.execute(0, to, data);
        treasury.execute(1, all, dataOfAll);
        assertEq(token.balanceOf(PAYEE), 10_000);
    }
}
