// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

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
}
