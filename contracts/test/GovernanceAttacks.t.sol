// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Guardians} from "../src/Guardians.sol";
import {Parameters} from "../src/Parameters.sol";
import {MarketParams} from "../src/Types.sol";
import {VenueGovernor} from "../src/governance/VenueGovernor.sol";
import {VotesToken} from "./mocks/VotesToken.sol";
import {GovernedTest} from "./support/GovernedTest.sol";
import {Markets} from "./support/Markets.sol";

/// @notice Votes that should not count, and proposals that should not live. Beside each attack
/// stands the same thing done lawfully, which goes through.
contract GovernanceVotesTest is GovernedTest {
    address internal constant THIEF = address(0x7E1F);
    address internal constant LENDER = address(0x1E4D);

    VotesToken internal token;

    function terms() internal pure override returns (VenueGovernor.Terms memory t) {
        t = super.terms();
        (t.threshold, t.quorumFloor, t.quorumPpm) = (100, 3_000, 40_000);
    }

    function deployVotes(address) internal override returns (address) {
        token = new VotesToken();
        token.mint(LENDER, 90_000);
        token.mint(THIEF, 100);
        for (uint256 i; i < seats.length; ++i) {
            token.mint(seats[i], 980);
            vm.prank(seats[i]);
            token.delegate(seats[i]);
        }
        vm.prank(THIEF);
        token.delegate(THIEF);
        return address(token);
    }

    function _begin() private returns (Draft memory d) {
        d = draft(address(parameters), proposeLooser());
        vm.prank(THIEF);
        d.id = governor.propose(d.targets, d.values, d.calls, d.text);
    }

    function _voteAs(Draft memory d, address voter) private {
        vm.prank(voter);
        governor.castVote(d.id, 1);
    }

    function test_flashBorrowedVotes_countNothing() public {
        Draft memory d = _begin();
        skip(VOTING_DELAY + 1);
        // In the transaction of the vote, and given back at its end.
        vm.prank(LENDER);
        token.transfer(THIEF, 90_000);
        _voteAs(d, THIEF);
        vm.prank(THIEF);
        token.transfer(LENDER, 90_000);
        (, uint256 forVotes,) = governor.proposalVotes(d.id);
        assertEq(forVotes, 100);
        skip(VOTING_PERIOD);
        assertState(d, IGovernor.ProposalState.Defeated);
    }

    /// @dev Control: the same votes held through the snapshot win.
    function test_heldVotes_count() public {
        vm.prank(LENDER);
        token.transfer(THIEF, 90_000);
        Draft memory d = _begin();
        skip(VOTING_DELAY + 1);
        _voteAs(d, THIEF);
        skip(VOTING_PERIOD);
        assertState(d, IGovernor.ProposalState.Succeeded);
    }

    function test_flashBorrowedVotes_proposeNothing() public {
        address poor = address(0x9002);
        Draft memory d = draft(address(parameters), proposeLooser());
        vm.prank(poor);
        token.delegate(poor);
        vm.prank(LENDER);
        token.transfer(poor, 1_000);
        vm.prank(poor);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorInsufficientProposerVotes.selector, poor, 0, 100
            )
        );
        governor.propose(d.targets, d.values, d.calls, d.text);
    }

    /// @dev Nobody else votes: the floor is what a sleeping majority leaves.
    function test_dormantVotes_leaveTheFloor() public {
        Draft memory d = _begin();
        skip(VOTING_DELAY + 1);
        for (uint256 i; i < 3; ++i) _voteAs(d, seats[i]);
        skip(VOTING_PERIOD);
        // 2,940 of 95,000 votes: below the floor of 3,000, and below 4 %.
        assertState(d, IGovernor.ProposalState.Defeated);
        assertEq(governor.quorum(vm.getBlockTimestamp() - 1), 3_800);
    }

    /// @dev Control: a vote more than the quorum.
    function test_votesAboveTheQuorum_win() public {
        Draft memory d = _begin();
        skip(VOTING_DELAY + 1);
        for (uint256 i; i < 4; ++i) _voteAs(d, seats[i]);
        skip(VOTING_PERIOD);
        assertState(d, IGovernor.ProposalState.Succeeded);
    }

    function test_dormantVotes_thatWakeUpLate_countNothing() public {
        Draft memory d = _begin();
        skip(VOTING_DELAY + 1);
        vm.prank(LENDER);
        token.delegate(THIEF);
        _voteAs(d, THIEF);
        (, uint256 forVotes,) = governor.proposalVotes(d.id);
        assertEq(forVotes, 100);
    }
}

/// @notice All seats in one hand.
contract GovernanceCaptureTest is GovernedTest {
    address internal constant THIEF = address(0x7E1F);

    /// @dev Seize the role, list a market of one's own, lift a cap: in one proposal.
    function _burst() private view returns (Draft memory d) {
        MarketParams memory fake = Markets.middling();
        (fake.isolated, fake.openInterestMax) = (1, 0);
        d = draft(address(parameters), abi.encodeCall(Parameters.proposeGovernor, (THIEF)));
        d = add(d, address(parameters), abi.encodeCall(Parameters.proposeMarket, (1, fake)));
        d = add(d, address(parameters), proposeLooser());
        d = add(d, address(breaker), abi.encodeCall(Guardians.removeGuardian, (guardians[0])));
    }

    function _assertUntouched() private view {
        assertEq(parameters.governor(), address(access));
        assertEq(parameters.marketsCount(), 1);
        assertEq(parameters.market(0).bandPpm, Markets.middling().bandPpm);
        assertEq(breaker.guardiansCount(), 3);
        (address next,) = parameters.pendingGovernor();
        assertEq(next, address(0));
    }

    function test_capture_changesNothingWithinItsDelay_andIsVetoed() public {
        Draft memory d = _burst();
        propose(d);
        vote(d, 5);
        queue(d);
        skip(LOOSEN - 1);
        _assertUntouched();
        veto(d, 0);
        assertState(d, IGovernor.ProposalState.Queued);
        veto(d, 1);
        assertState(d, IGovernor.ProposalState.Canceled);
        skip(1);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        execute(d);
        _assertUntouched();
    }

    /// @dev Control: nobody vetoes. Even then the venue's own delays are still to come.
    function test_capture_thatNobodyVetoes_isStillDelayedByTheVenue() public {
        Draft memory d = _burst();
        propose(d);
        vote(d, 5);
        queue(d);
        skip(LOOSEN);
        execute(d);
        assertEq(parameters.governor(), address(access));
        assertEq(parameters.marketsCount(), 1);
        skip(DELAY);
        vm.prank(THIEF);
        parameters.acceptGovernor();
        assertEq(parameters.governor(), THIEF);
    }

    function test_burst_cannotGoByTheDoorForTightening() public {
        Draft memory d = _burst();
        propose(d);
        vote(d, 5);
        assertTrue(governor.proposalNeedsQueuing(d.id));
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        execute(d);
    }

    function test_relay_goesRoundNoDelay() public {
        bytes memory direct = abi.encodeCall(
            IAccessManager.execute, (address(parameters), proposeLooser())
        );
        bytes memory relayed =
            abi.encodeCall(VenueGovernor(payable(0)).relay, (address(access), 0, direct));
        Draft memory d = draft(address(governor), relayed);
        propose(d);
        vote(d, 5);
        vm.expectPartialRevert(IAccessManager.AccessManagerNotScheduled.selector);
        execute(d);
    }

    // ------------------------------------------------------------------ time

    function test_proposal_expiresUnqueued() public {
        Draft memory d = draft(address(parameters), proposeLooser());
        propose(d);
        vote(d, 5);
        uint256 snapshot = vm.snapshotState();
        skip(governor.QUEUE_SECONDS() - 1);
        queue(d);
        vm.revertToState(snapshot);
        skip(governor.QUEUE_SECONDS() + 1);
        assertState(d, IGovernor.ProposalState.Expired);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        queue(d);
    }

    function test_proposal_expiresUnexecuted() public {
        Draft memory d = won(address(parameters), proposeLooser());
        uint256 snapshot = vm.snapshotState();
        skip(7 days - 1);
        execute(d);
        vm.revertToState(snapshot);
        skip(7 days + 1);
        assertState(d, IGovernor.ProposalState.Expired);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        execute(d);
    }

    // ------------------------------------------------------------------ veto

    function test_guardians_proposeAndVoteNothing() public {
        Draft memory d = draft(address(parameters), proposeLooser());
        vm.prank(guardians[0]);
        vm.expectPartialRevert(IGovernor.GovernorInsufficientProposerVotes.selector);
        governor.propose(d.targets, d.values, d.calls, d.text);
        propose(d);
        skip(VOTING_DELAY + 1);
        vm.prank(guardians[0]);
        assertEq(governor.castVote(d.id, 0), 0);
    }

    function test_veto_isForGuardians_andEachCountsOnce() public {
        Draft memory d = draft(address(parameters), proposeLooser());
        propose(d);
        vm.prank(THIEF);
        vm.expectRevert(abi.encodeWithSelector(VenueGovernor.NotGuardian.selector, THIEF));
        governor.veto(d.targets, d.values, d.calls, keccak256(bytes(d.text)));
        veto(d, 0);
        veto(d, 0);
        assertState(d, IGovernor.ProposalState.Pending);
        veto(d, 2);
        assertState(d, IGovernor.ProposalState.Canceled);
    }

    function test_veto_countsNobodyWhoIsNoGuardianAnyMore() public {
        Draft memory d = draft(address(parameters), proposeLooser());
        propose(d);
        veto(d, 0);
        vm.prank(address(access));
        breaker.removeGuardian(guardians[0]);
        veto(d, 1);
        assertState(d, IGovernor.ProposalState.Pending);
        veto(d, 2);
        assertState(d, IGovernor.ProposalState.Canceled);
    }

    function test_veto_isBarredAgainstTheirOwnRemoval() public {
        bytes memory remove = abi.encodeCall(Guardians.removeGuardian, (guardians[0]));
        Draft memory d = draft(address(breaker), remove);
        propose(d);
        vm.prank(guardians[0]);
        vm.expectRevert(abi.encodeWithSelector(VenueGovernor.VetoBarred.selector, d.id));
        governor.veto(d.targets, d.values, d.calls, keccak256(bytes(d.text)));
        // With anything else beside it, it is a proposal like any other.
        d = add(d, address(parameters), proposeLooser());
        propose(d);
        veto(d, 0);
        veto(d, 1);
        assertState(d, IGovernor.ProposalState.Canceled);
    }

    function test_veto_revertsIf_unknown() public {
        Draft memory d = draft(address(parameters), proposeLooser());
        vm.prank(guardians[0]);
        vm.expectPartialRevert(IGovernor.GovernorNonexistentProposal.selector);
        governor.veto(d.targets, d.values, d.calls, keccak256(bytes(d.text)));
    }

    function test_vetoedProposal_canBeMadeAgain() public {
        Draft memory d = won(address(parameters), proposeLooser());
        veto(d, 0);
        veto(d, 1);
        d.text = "again";
        propose(d);
        vote(d, 5);
        queue(d);
        skip(LOOSEN);
        execute(d);
        assertState(d, IGovernor.ProposalState.Executed);
    }
}
