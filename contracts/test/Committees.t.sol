// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Committees} from "../src/Committees.sol";
import {Candidate, ICommittees} from "../src/interfaces/ICommittees.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {GroupKey, GroupSignature} from "../src/libraries/Schnorr.sol";
import {CommitteeRig} from "./mocks/CommitteeRig.sol";

/// @notice First keys, replacements, vetoes and revocations, and whom they refuse.
contract CommitteesTest is CommitteeRig {
    // ------------------------------------------------------------------ founding

    function test_constructor_foundsCommittees() public {
        (GroupKey memory got, uint32 generation) = registry.key(TREASURY);
        GroupKey memory wanted = signer.key(OLD);
        assertEq(got.x, wanted.x);
        assertEq(got.isOdd, wanted.isOdd);
        assertEq(generation, 1);
        Committees.Committee memory all = registry.committee(TREASURY);
        assertEq(uint256(all.threshold), 3);
        assertEq(uint256(all.size), 5);
        assertEq(all.roster, signer.candidate(OLD).roster);
        assertEq(uint256(all.rotations), 0);
        assertFalse(all.isRevoked);
        vm.expectRevert(abi.encodeWithSelector(ICommittees.CommitteeMissing.selector, ORACLE));
        registry.key(ORACLE);
        assertEq(
            registry.domainSeparator(), signer.separator("Holdfast Committees", address(registry))
        );
        Candidate memory next = signer.candidate(NEXT);
        bytes32 digest = signer.proofDigest(address(registry), TREASURY, 2, next);
        assertEq(registry.proofOfLifeDigest(TREASURY, next), digest);
        digest = signer.rotationDigest(address(registry), TREASURY, 2, 0, EXPIRY, next);
        assertEq(registry.rotationDigest(TREASURY, EXPIRY, next), digest);
    }

    function test_constructor_revertsIf_Wrong() public {
        Committees.Founding[] memory none = new Committees.Founding[](0);
        address here = address(offices);
        bytes memory zero = abi.encodeWithSelector(Committees.AddressZero.selector);
        _expectRefused(address(0), here, 1 days, 2 days, none, zero);
        _expectRefused(here, address(0), 1 days, 2 days, none, zero);
        _expectRefused(here, here, 1 days - 1, 2 days, none, _delay(1 days - 1, 1 days));
        _expectRefused(here, here, 1 days, 30 days + 1, none, _delay(30 days + 1, 30 days));
        // Governance must be the slower way.
        _expectRefused(here, here, 2 days, 2 days, none, _delay(2 days, 2 days + 1));
        Committees.Founding[] memory twice = new Committees.Founding[](2);
        address later = _later();
        twice[0] = signer.founding(later, ORACLE, OLD);
        twice[1] = signer.founding(later, ORACLE, OLD);
        bytes memory founded =
            abi.encodeWithSelector(Committees.CommitteeFounded.selector, ORACLE);
        _expectRefused(here, here, 1 days, 2 days, twice, founded);
        // A first key is judged as any other.
        Committees.Founding[] memory one = new Committees.Founding[](1);
        one[0] = signer.founding(later, BRIDGE, OLD);
        one[0].id = ORACLE;
        _expectRefused(here, here, 1 days, 2 days, one, _unproved(ORACLE));
    }

    // ------------------------------------------------------------------ proof of life

    /// @dev A rogue key is made of another's: the sum is known, its secret is not.
    function test_proofOfLife_revertsIf_RogueKey() public {
        // Known: `OTHER` times G minus the honest key. The rogue signs with what it has.
        GroupKey memory rogue = signer.key(addmod(OTHER, N - OLD, N));
        Candidate memory c = signer.candidate(OTHER);
        (c.x, c.isOdd) = (rogue.x, rogue.isOdd);
        bytes32 digest = signer.proofDigest(address(registry), ORACLE, 1, c);
        GroupSignature memory life = signer.sign(OTHER, digest);
        vm.prank(GOVERNOR);
        vm.expectRevert(_unproved(ORACLE));
        registry.proposeReplacement(ORACLE, c, life);
    }

    function test_proofOfLife_revertsIf_OfAnotherCommittee() public {
        Candidate memory c = signer.candidate(NEXT);
        GroupSignature memory life = signer.life(registry, BRIDGE, NEXT);
        vm.prank(GOVERNOR);
        vm.expectRevert(_unproved(ORACLE));
        registry.proposeReplacement(ORACLE, c, life);
    }

    function test_candidate_revertsIf_ThresholdInvalid() public {
        uint8[2][6] memory wrong =
            [[1, 1], [uint8(0), 0], [uint8(2), 4], [uint8(6), 5], [uint8(128), 255], [2, 2]];
        for (uint256 i; i < 6; ++i) {
            bool refused = _thresholdRefused(wrong[i][0], wrong[i][1]);
            assertEq(refused, i < 4, vm.toString(i));
        }
    }

    function test_candidate_revertsIf_CommitteeInvalid() public {
        Candidate memory c = signer.candidate(NEXT);
        for (uint256 i; i < 2; ++i) {
            uint8 id = i == 0 ? 0 : 4;
            GroupSignature memory life = signer.life(registry, id, NEXT);
            vm.prank(GOVERNOR);
            vm.expectRevert(abi.encodeWithSelector(Committees.CommitteeInvalid.selector, id, 3));
            registry.proposeReplacement(id, c, life);
        }
    }

    /// @dev One quorum for two committees, also as the negative of its key.
    function test_candidate_revertsIf_KeyShared() public {
        uint256[2] memory secrets = [OLD, N - OLD];
        for (uint256 i; i < 2; ++i) {
            Candidate memory c = signer.candidate(secrets[i]);
            GroupSignature memory life = signer.life(registry, ORACLE, secrets[i]);
            vm.prank(GOVERNOR);
            vm.expectRevert(_shared(ORACLE, TREASURY));
            registry.proposeReplacement(ORACLE, c, life);
        }
        // Proposed for two, applied for one.
        _replace(ORACLE, NEXT);
        _propose(OLD, NEXT);
        vm.warp(START + REPLACEMENT_DELAY);
        registry.applyRotation(TREASURY);
        vm.expectRevert(_shared(ORACLE, TREASURY));
        registry.applyReplacement(ORACLE);
    }

    /// @dev Every committee is compared, to the last.
    function test_candidate_revertsIf_KeyOfTheLastShared() public {
        _replace(BRIDGE, NEXT);
        vm.warp(START + REPLACEMENT_DELAY);
        registry.applyReplacement(BRIDGE);
        Candidate memory c = signer.candidate(NEXT);
        GroupSignature memory life = signer.life(registry, ORACLE, NEXT);
        vm.prank(GOVERNOR);
        vm.expectRevert(_shared(ORACLE, BRIDGE));
        registry.proposeReplacement(ORACLE, c, life);
    }

    // ------------------------------------------------------------------ replacement

    function test_replacement_bringsALostKeyBack() public {
        _replace(TREASURY, NEXT);
        vm.warp(START + REPLACEMENT_DELAY - 1);
        vm.expectRevert();
        registry.applyReplacement(TREASURY);
        vm.warp(START + REPLACEMENT_DELAY);
        registry.applyReplacement(TREASURY);
        assertEq(_keyX(), signer.key(NEXT).x);
        assertEq(uint256(registry.committee(TREASURY).generation), 2);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        registry.applyReplacement(TREASURY);
    }

    function test_replacement_revertsIf_NotGovernor() public {
        Candidate memory c = signer.candidate(NEXT);
        GroupSignature memory life = signer.life(registry, TREASURY, NEXT);
        bytes memory refused =
            abi.encodeWithSelector(IGoverned.NotGovernor.selector, GUARDIAN, GOVERNOR);
        vm.startPrank(GUARDIAN);
        vm.expectRevert(refused);
        registry.proposeReplacement(TREASURY, c, life);
        vm.expectRevert(refused);
        registry.cancelReplacement(TREASURY);
        vm.expectRevert(refused);
        registry.revoke(TREASURY);
        vm.stopPrank();
    }

    function test_replacement_isCancelled() public {
        vm.prank(GOVERNOR);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        registry.cancelReplacement(TREASURY);
        _replace(TREASURY, NEXT);
        vm.prank(GOVERNOR);
        registry.cancelReplacement(TREASURY);
        vm.warp(START + REPLACEMENT_DELAY);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        registry.applyReplacement(TREASURY);
    }

    /// @dev Either change ends what waited beside it: it was for a generation that is over.
    function test_change_endsWhatWaited() public {
        _replace(TREASURY, OTHER);
        vm.warp(START + REPLACEMENT_DELAY);
        _propose(OLD, NEXT);
        vm.warp(START + REPLACEMENT_DELAY + ROTATION_DELAY);
        uint256 snapshot = vm.snapshotState();
        registry.applyRotation(TREASURY);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        registry.applyReplacement(TREASURY);
        vm.revertToState(snapshot);
        registry.applyReplacement(TREASURY);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        registry.applyRotation(TREASURY);
    }

    // ------------------------------------------------------------------ veto and revocation

    function test_veto_byGovernorOrGuardianAlone() public {
        vm.prank(GUARDIAN);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        registry.vetoRotation(TREASURY);
        address[2] memory may = [GOVERNOR, GUARDIAN];
        for (uint256 i; i < 2; ++i) {
            _propose(OLD, NEXT);
            vm.expectRevert(abi.encodeWithSelector(Committees.NotGuardian.selector, address(this)));
            registry.vetoRotation(TREASURY);
            vm.prank(may[i]);
            registry.vetoRotation(TREASURY);
            vm.warp(vm.getBlockTimestamp() + ROTATION_DELAY);
            vm.expectRevert(IGoverned.ProposalMissing.selector);
            registry.applyRotation(TREASURY);
        }
    }

    /// @dev A stolen key: out at once, its rotation with it, and only governance brings another.
    function test_revoke_endsAStolenKey() public {
        _replace(TREASURY, OTHER);
        _propose(OLD, NEXT);
        vm.prank(GOVERNOR);
        registry.revoke(TREASURY);
        bytes memory revoked = abi.encodeWithSelector(ICommittees.KeyRevoked.selector, TREASURY);
        vm.expectRevert(revoked);
        registry.key(TREASURY);
        vm.prank(GOVERNOR);
        vm.expectRevert(revoked);
        registry.revoke(TREASURY);
        vm.warp(START + ROTATION_DELAY);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        registry.applyRotation(TREASURY);
        Candidate memory next = signer.candidate(NEXT);
        GroupSignature memory life = signer.life(registry, TREASURY, NEXT);
        GroupSignature memory consent = signer.consent(registry, TREASURY, OLD, NEXT);
        vm.expectRevert(revoked);
        registry.proposeRotation(TREASURY, EXPIRY, next, life, consent);
        vm.warp(START + REPLACEMENT_DELAY);
        registry.applyReplacement(TREASURY);
        assertEq(_keyX(), signer.key(OTHER).x);
        assertFalse(registry.committee(TREASURY).isRevoked);
    }

    // ------------------------------------------------------------------ helpers

    function _expectRefused(
        address governed,
        address guardians,
        uint256 rotationDelay,
        uint256 replacementDelay,
        Committees.Founding[] memory foundings,
        bytes memory reason
    ) internal {
        bytes memory args =
            abi.encode(governed, guardians, rotationDelay, replacementDelay, foundings);
        try this.create(args) {
            fail("created");
        } catch (bytes memory found) {
            assertEq(found, reason);
        }
    }

    /// @dev Called from outside, so that its failure can be caught.
    function create(bytes calldata args) external {
        deploy("Committees", args);
    }

    function _thresholdRefused(uint8 threshold, uint8 size) internal returns (bool) {
        Candidate memory c = signer.candidate(NEXT);
        (c.threshold, c.size) = (threshold, size);
        bytes32 digest = signer.proofDigest(address(registry), BRIDGE, 1, c);
        GroupSignature memory life = signer.sign(NEXT, digest);
        vm.prank(GOVERNOR);
        try registry.proposeReplacement(BRIDGE, c, life) {
            return false;
        } catch (bytes memory reason) {
            assertEq(
                reason,
                abi.encodeWithSelector(Committees.ThresholdInvalid.selector, threshold, size)
            );
            return true;
        }
    }

    function _shared(uint8 id, uint8 other) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Committees.KeyShared.selector, id, other);
    }
}
