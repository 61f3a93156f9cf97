// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Guardians} from "../src/Guardians.sol";
import {VenueGovernor} from "../src/governance/VenueGovernor.sol";
import {GovernedTest} from "./support/GovernedTest.sol";

/// @notice Votes by signature: each for one proposal, once, and until a time.
contract GovernanceBallotsTest is GovernedTest {
    /// @dev Brought to another proposal than was signed for, and brought twice.
    function test_presignedVote_countsForItsProposalAlone() public {
        (address signer, uint256 key) = _seated();
        Draft memory signed = draft(address(parameters), proposeLooser());
        propose(signed);
        Draft memory other = _removal();
        propose(other);
        bytes memory until = abi.encode(governor.proposalDeadline(signed.id));
        bytes memory signature = _ballot(key, signer, signed.id, until);
        skip(VOTING_DELAY + 1);
        vm.expectPartialRevert(IGovernor.GovernorInvalidSignature.selector);
        _bring(other.id, signer, until, signature);
        _bring(signed.id, signer, until, signature);
        assertTrue(governor.hasVoted(signed.id, signer));
        vm.expectPartialRevert(IGovernor.GovernorInvalidSignature.selector);
        _bring(signed.id, signer, until, signature);
    }

    /// @dev The end is signed: nobody brings it later, and nobody moves it.
    function test_presignedVote_diesAtItsEnd() public {
        (address signer, uint256 key) = _seated();
        Draft memory d = _removal();
        propose(d);
        skip(VOTING_DELAY + 1);
        uint256 end = block.timestamp + 600;
        bytes memory signature = _ballot(key, signer, d.id, abi.encode(end));
        skip(601);
        vm.expectRevert(
            abi.encodeWithSelector(VenueGovernor.BallotExpired.selector, end + 1, end)
        );
        _bring(d.id, signer, abi.encode(end), signature);
        vm.expectPartialRevert(IGovernor.GovernorInvalidSignature.selector);
        _bring(d.id, signer, abi.encode(end + 1), signature);
        vm.warp(end);
        _bring(d.id, signer, abi.encode(end), signature);
        assertTrue(governor.hasVoted(d.id, signer));
    }

    /// @dev A seat that once signed for all time signed nothing.
    function test_presignedVote_revertsIf_endless() public {
        (address signer, uint256 key) = _seated();
        Draft memory d = _removal();
        propose(d);
        skip(VOTING_DELAY + 1);
        uint256 deadline = governor.proposalDeadline(d.id);
        bytes memory late = abi.encode(deadline + 1);
        bytes memory signature = _ballot(key, signer, d.id, late);
        vm.expectRevert(
            abi.encodeWithSelector(VenueGovernor.BallotTooLong.selector, deadline + 1, deadline)
        );
        _bring(d.id, signer, late, signature);
        bytes memory endless = abi.encodeWithSelector(VenueGovernor.BallotEndless.selector, signer);
        for (uint256 length; length < 65; length += 16) {
            if (length == 32) continue;
            bytes memory params = new bytes(length);
            signature = _ballot(key, signer, d.id, params);
            vm.expectRevert(endless);
            _bring(d.id, signer, params, signature);
        }
        vm.expectRevert(endless);
        governor.castVoteBySig(d.id, 1, signer, signature);
        assertFalse(governor.hasVoted(d.id, signer));
    }

    function _removal() private view returns (Draft memory) {
        bytes memory call = abi.encodeCall(Guardians.removeGuardian, (guardians[0]));
        return draft(address(breaker), call);
    }

    function _seated() private returns (address signer, uint256 key) {
        (signer, key) = makeActor("signer");
        vm.prank(address(access));
        (bool done,) = votes.call(abi.encodeWithSignature("setSeat(address,bool)", signer, true));
        assertTrue(done);
        skip(1);
    }

    function _bring(uint256 id, address signer, bytes memory params, bytes memory signature)
        private
    {
        governor.castVoteWithReasonAndParamsBySig(id, 1, signer, "", params, signature);
    }

    function _ballot(uint256 key, address signer, uint256 id, bytes memory params)
        private
        view
        returns (bytes memory)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,"
                    "address verifyingContract)"
                ),
                keccak256("Holdfast Governor"),
                keccak256("1"),
                block.chainid,
                address(governor)
            )
        );
        bytes32 typehash = keccak256(
            "ExtendedBallot(uint256 proposalId,uint8 support,address voter,uint256 nonce,"
            "string reason,bytes params)"
        );
        bytes32 hash = keccak256(
            abi.encode(
                typehash, id, uint8(1), signer, uint256(0), keccak256(""), keccak256(params)
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, hash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
