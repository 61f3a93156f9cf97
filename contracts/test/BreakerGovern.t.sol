// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breaker} from "../src/Breaker.sol";
import {Guardians} from "../src/Guardians.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {BreakerTest} from "./support/BreakerTest.sol";

/// @notice The governor clears and appoints, slowly, and removes at once.
contract BreakerGovernTest is BreakerTest {
    function test_clear_waits() public {
        _tighten(ANN, 1, 1, HOLD);
        vm.expectEmit(address(breaker));
        emit Breaker.ClearProposed(1, uint40(START + CLEAR_DELAY));
        breaker.proposeClear(1);
        assertEq(breaker.clearReadyAt(1), START + CLEAR_DELAY);
        vm.warp(START + CLEAR_DELAY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGoverned.ProposalEarly.selector, START + CLEAR_DELAY - 1, START + CLEAR_DELAY
            )
        );
        breaker.applyClear(1);
        assertEq(breaker.level(1), 1);
        vm.warp(START + CLEAR_DELAY);
        vm.prank(EVE);
        breaker.applyClear(1);
        assertEq(breaker.level(1), 0);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        breaker.applyClear(1);
    }

    /// @dev A clearing proposed in advance does not touch what was tightened afterwards.
    function test_attack_clearProposedInAdvance() public {
        breaker.proposeClear(1);
        vm.warp(START + CLEAR_DELAY);
        _tighten(ANN, 1, 1, HOLD);
        vm.expectRevert(abi.encodeWithSelector(Breaker.EntryChanged.selector, 1));
        breaker.applyClear(1);
        assertEq(breaker.level(1), 1);
    }

    function test_clear_expiresAndCancels() public {
        breaker.proposeClear(0);
        uint256 end = START + CLEAR_DELAY + EXPIRY;
        vm.warp(end + 1);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ProposalExpired.selector, end + 1, end));
        breaker.applyClear(0);
        breaker.cancelClear(0);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        breaker.cancelClear(0);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        breaker.applyClear(0);
    }

    // ------------------------------------------------------------------ guardians

    function test_guardian_isAddedAfterDelay() public {
        breaker.proposeGuardian(EVE);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGoverned.ProposalEarly.selector, START, START + GUARDIAN_DELAY
            )
        );
        breaker.applyGuardian(EVE);
        _refused(EVE, 1, 1, 600, abi.encodeWithSelector(Guardians.NotGuardian.selector, EVE));
        vm.warp(START + GUARDIAN_DELAY);
        vm.prank(EVE);
        breaker.applyGuardian(EVE);
        assertEq(breaker.guardiansCount(), 4);
        _tighten(EVE, 1, 1, 600);
        vm.expectRevert(_invalid(EVE, 4));
        breaker.proposeGuardian(EVE);
    }

    function test_guardian_expires() public {
        breaker.proposeGuardian(EVE);
        uint256 end = START + GUARDIAN_DELAY + EXPIRY;
        vm.warp(end + 1);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ProposalExpired.selector, end + 1, end));
        breaker.applyGuardian(EVE);
    }

    function test_guardian_isRemovedAtOnce() public {
        _tighten(ANN, 1, 1, 600);
        breaker.removeGuardian(ANN);
        assertEq(breaker.guardiansCount(), 2);
        (address[] memory left) = breaker.guardians();
        assertEq(left[0], CAT);
        assertEq(left[1], BEN);
        // What it set stays: removing guardians must not be a way to loosen.
        assertEq(breaker.level(1), 1);
        _refused(ANN, 1, 1, 601, abi.encodeWithSelector(Guardians.NotGuardian.selector, ANN));
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        breaker.removeGuardian(ANN);
        breaker.proposeGuardian(EVE);
        breaker.removeGuardian(EVE);
        vm.warp(START + GUARDIAN_DELAY);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        breaker.applyGuardian(EVE);
    }

    function test_guardian_revertsIf_TooMany() public {
        for (uint160 i; i < 14; ++i) {
            breaker.proposeGuardian(address(100 + i));
        }
        vm.expectRevert(_invalid(address(0), 3));
        breaker.proposeGuardian(address(0));
        vm.warp(START + GUARDIAN_DELAY);
        for (uint160 i; i < 13; ++i) {
            breaker.applyGuardian(address(100 + i));
        }
        vm.expectRevert(_invalid(address(113), 16));
        breaker.applyGuardian(address(113));
    }

    /// @dev Every entrance of the governor, by anyone else, guardians included.
    function testFuzz_revertsIf_NotGovernor(address caller) public {
        vm.assume(caller != address(this));
        bytes[4] memory calls = [
            abi.encodeCall(Breaker.proposeClear, (1)),
            abi.encodeCall(Breaker.cancelClear, (1)),
            abi.encodeCall(Guardians.proposeGuardian, (caller)),
            abi.encodeCall(Guardians.removeGuardian, (ANN))
        ];
        for (uint256 i; i < calls.length; ++i) {
            for (uint256 j; j < 2; ++j) {
                address who = j == 0 ? caller : ANN;
                vm.prank(who);
                (bool ok, bytes memory why) = address(breaker).call(calls[i]);
                assertFalse(ok);
                assertEq(
                    why,
                    abi.encodeWithSelector(IGoverned.NotGovernor.selector, who, address(this))
                );
            }
        }
    }

    /// @dev What was applied is not pending any more: a guardian who was removed stays so.
    function test_attack_removedGuardianIsAddedAgain() public {
        breaker.proposeGuardian(EVE);
        vm.warp(START + GUARDIAN_DELAY);
        breaker.applyGuardian(EVE);
        assertEq(breaker.guardianReadyAt(EVE), 0);
        breaker.removeGuardian(EVE);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        breaker.applyGuardian(EVE);
    }
}
