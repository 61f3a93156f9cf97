// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {GovernorCountingSimple} from
    "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorTimelockAccess} from
    "@openzeppelin/contracts/governance/extensions/GovernorTimelockAccess.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IGuardians} from "../interfaces/IGuardians.sol";

/// @title VenueGovernor: votes about what `VenueAccess` then does.
/// @notice OpenZeppelin's Governor: votes count as they stood at a proposal's snapshot, a quorum
/// has a floor, and a proposal dies when it is not queued in a week after its vote, or not executed
/// in a week after its delay. More than half of the venue's guardians drop one at any moment
/// before; they can propose nothing, and cannot drop their own removal.
/// A ballot by signature says until when it may be brought, as the `params` of an extended ballot:
/// one word, a time not after the end of its vote. So what was signed for another day is worth
/// nothing, and a ballot without an end nothing at any time.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | times, threshold, quorum, votes, guardians' book | nobody | fixed at deployment |
/// | proposal | holder of enough votes | begun |
/// | proposal | its proposer before the vote, more than half of the guardians | dropped |
/// | proposal that won | anyone | queued, and executed after its delay |
///
/// Assumes: the votes' clock is time; `manager` has this contract as its only admin.
contract VenueGovernor is
    Governor,
    GovernorCountingSimple,
    GovernorVotes,
    GovernorTimelockAccess
{
    uint256 private constant PPM = 1_000_000;
    /// @notice How long a proposal that won may wait to be queued, seconds.
    uint256 public constant QUEUE_SECONDS = 7 days;
    /// @dev removeGuardian(address).
    bytes4 private constant REMOVE_GUARDIAN = bytes4(keccak256("removeGuardian(address)"));

    /// @notice How votes are taken, fixed at deployment.
    /// @param votingDelaySeconds Time between a proposal and the snapshot of votes, at least 1 s.
    /// @param votingPeriodSeconds Time to vote, at least an hour.
    /// @param threshold Votes that a proposer has.
    /// @param quorumFloor Votes for and abstained that a proposal needs, however few there are.
    /// @param quorumPpm The same, parts per million of all votes at the snapshot.
    struct Terms {
        uint48 votingDelaySeconds;
        uint32 votingPeriodSeconds;
        uint256 threshold;
        uint256 quorumFloor;
        uint256 quorumPpm;
    }

    /// @notice A guardian wants a proposal dropped.
    event VetoConfirmed(
        uint256 indexed proposalId, address indexed guardian, uint256 confirmed, uint256 required
    );

    /// @notice The caller is not a guardian.
    error NotGuardian(address found);

    /// @notice The terms are outside their bounds.
    error TermsInvalid(uint256 found, uint256 required);

    /// @notice A signed ballot has to say until when it may be brought.
    error BallotEndless(address voter);

    /// @notice The time until which the ballot may be brought is over.
    error BallotExpired(uint256 time, uint256 expiry);

    /// @notice The ballot says a time after the end of its vote.
    error BallotTooLong(uint256 expiry, uint256 deadline);

    /// @notice Guardians cannot drop their own removal.
    error VetoBarred(uint256 proposalId);

    /// @notice Knows the guardians; also whose removal they cannot drop.
    IGuardians public immutable guardians;
    /// @notice Votes that a proposal needs, however few there are.
    uint256 public immutable quorumFloor;
    /// @notice The same, parts per million of all votes.
    uint256 public immutable quorumPpm;

    uint256 private immutable _votingDelay;
    uint256 private immutable _votingPeriod;
    uint256 private immutable _threshold;

    mapping(uint256 proposalId => address[]) private _vetoes;

    constructor(IVotes votes, address manager, IGuardians guardians_, Terms memory terms)
        Governor("Holdfast Governor")
        GovernorVotes(votes)
        GovernorTimelockAccess(manager, 0)
    {
        _atLeast(terms.votingDelaySeconds, 1);
        _atLeast(terms.votingPeriodSeconds, 1 hours);
        _atLeast(terms.threshold, 1);
        _atLeast(terms.quorumFloor, 1);
        if (terms.quorumPpm > PPM) revert TermsInvalid(terms.quorumPpm, PPM);
        guardians = guardians_;
        _votingDelay = terms.votingDelaySeconds;
        _votingPeriod = terms.votingPeriodSeconds;
        _threshold = terms.threshold;
        (quorumFloor, quorumPpm) = (terms.quorumFloor, terms.quorumPpm);
    }

    /// @notice One guardian's word to drop a proposal; the one that makes more than half drops it.
    function veto(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) external {
        if (!guardians.isGuardian(msg.sender)) revert NotGuardian(msg.sender);
        uint256 id = getProposalId(targets, values, calldatas, descriptionHash);
        if (_onlyRemoves(targets, calldatas)) revert VetoBarred(id);
        state(id);
        uint256 confirmed = _confirm(id);
        uint256 required = guardians.guardiansCount() / 2 + 1;
        emit VetoConfirmed(id, msg.sender, confirmed, required);
        if (confirmed >= required) _cancel(targets, values, calldatas, descriptionHash);
    }

    /// @inheritdoc IGovernor
    function votingDelay() public view override returns (uint256) {
        return _votingDelay;
    }

    /// @inheritdoc IGovernor
    function votingPeriod() public view override returns (uint256) {
        return _votingPeriod;
    }

    /// @inheritdoc Governor
    function proposalThreshold() public view override returns (uint256) {
        return _threshold;
    }

    /// @inheritdoc IGovernor
    function quorum(uint256 timepoint) public view override returns (uint256) {
        uint256 all = token().getPastTotalSupply(timepoint);
        uint256 share = (all * quorumPpm + PPM - 1) / PPM;
        return share > quorumFloor ? share : quorumFloor;
    }

    /// @inheritdoc Governor
    /// @dev What won and was not queued, or was queued and not executed, in time is dead.
    function state(uint256 proposalId) public view override returns (ProposalState found) {
        found = super.state(proposalId);
        if (found == ProposalState.Succeeded) {
            uint256 last = proposalDeadline(proposalId) + QUEUE_SECONDS;
            if (block.timestamp > last) return ProposalState.Expired;
        }
        if (found == ProposalState.Queued) {
            // The manager executes nothing any more from this second on.
            uint256 end = proposalEta(proposalId) + accessManager().expiration();
            if (block.timestamp >= end) return ProposalState.Expired;
        }
    }

    /// @inheritdoc Governor
    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockAccess)
        returns (bool)
    {
        return GovernorTimelockAccess.proposalNeedsQueuing(proposalId);
    }

    /// @inheritdoc Governor
    function propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description
    ) public override(Governor, GovernorTimelockAccess) returns (uint256) {
        return GovernorTimelockAccess.propose(targets, values, calldatas, description);
    }

    /// @dev For `castVoteBySig`, whose ballots have no end.
    function _validateVoteSig(uint256, uint8, address voter, bytes memory)
        internal
        pure
        override
        returns (bool)
    {
        revert BallotEndless(voter);
    }

    /// @dev For `castVoteWithReasonAndParamsBySig`. The end of a vote is known only once it was
    /// proposed: an end that was signed before any has to lie in the vote as well.
    function _validateExtendedVoteSig(
        uint256 proposalId,
        uint8 support,
        address voter,
        string memory reason,
        bytes memory params,
        bytes memory signature
    ) internal override returns (bool) {
        if (params.length != 32) revert BallotEndless(voter);
        uint256 expiry = abi.decode(params, (uint256));
        if (block.timestamp > expiry) revert BallotExpired(block.timestamp, expiry);
        uint256 deadline = proposalDeadline(proposalId);
        if (expiry > deadline) revert BallotTooLong(expiry, deadline);
        return super._validateExtendedVoteSig(
            proposalId, support, voter, reason, params, signature
        );
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockAccess) returns (uint48) {
        return GovernorTimelockAccess._queueOperations(
            proposalId, targets, values, calldatas, descriptionHash
        );
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockAccess) {
        GovernorTimelockAccess._executeOperations(
            proposalId, targets, values, calldatas, descriptionHash
        );
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockAccess) returns (uint256) {
        return GovernorTimelockAccess._cancel(targets, values, calldatas, descriptionHash);
    }

    /// @dev Guardians that have said so and are guardians still, the caller among them.
    function _confirm(uint256 id) private returns (uint256 confirmed) {
        address[] storage list = _vetoes[id];
        bool isNew = true;
        for (uint256 i; i < list.length; ++i) {
            if (list[i] == msg.sender) isNew = false;
            if (guardians.isGuardian(list[i])) ++confirmed;
        }
        if (!isNew) return confirmed;
        list.push(msg.sender);
        ++confirmed;
    }

    /// @dev Whether all that is proposed is the removal of guardians.
    function _onlyRemoves(address[] memory targets, bytes[] memory calldatas)
        private
        view
        returns (bool)
    {
        for (uint256 i; i < targets.length; ++i) {
            if (targets[i] != address(guardians)) return false;
            if (bytes4(calldatas[i]) != REMOVE_GUARDIAN) return false;
        }
        return true;
    }

    function _atLeast(uint256 found, uint256 required) private pure {
        if (found < required) revert TermsInvalid(found, required);
    }
}
