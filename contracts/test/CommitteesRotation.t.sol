// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Committees} from "../src/Committees.sol";
import {Candidate, ICommittees} from "../src/interfaces/ICommittees.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {GroupSignature} from "../src/libraries/Schnorr.sol";
import {CommitteeRig} from "./mocks/CommitteeRig.sol";

/// @notice A committee hands over to its next key, and every other way to that.
contract CommitteesRotationTest is CommitteeRig {
    function test_rotation_handsOver() public {
        _propose(OLD, NEXT);
        assertEq(registry.pendingRotation(TREASURY).readyAt, START + ROTATION_DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGoverned.ProposalEarly.selector, START, START + ROTATION_DELAY
            )
        );
        registry.applyRotation(TREASURY);
        assertEq(_keyX(), signer.key(OLD).x);
        vm.warp(START + ROTATION_DELAY);
        Candidate memory next = signer.candidate(NEXT);
        vm.expectEmit(address(registry));
        emit Committees.KeyChanged(TREASURY, 2, next);
        registry.applyRotation(TREASURY);
        assertEq(_keyX(), signer.key(NEXT).x);
        assertEq(uint256(registry.committee(TREASURY).generation), 2);
        assertEq(uint256(registry.pendingRotation(TREASURY).readyAt), 0);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        registry.applyRotation(TREASURY);
    }

    /// @dev The same key with other parties or another threshold is a rotation like any other.
    function test_rotation_mayKeepTheKey() public {
        Candidate memory same = signer.candidate(OLD);
        (same.threshold, same.size) = (4, 7);
        bytes32 proof = signer.proofDigest(address(registry), TREASURY, 2, same);
        bytes32 digest = signer.rotationDigest(address(registry), TREASURY, 2, 0, EXPIRY, same);
        registry.proposeRotation(
            TREASURY, EXPIRY, same, signer.sign(OLD, proof), signer.sign(OLD, digest)
        );
        vm.warp(START + ROTATION_DELAY);
        registry.applyRotation(TREASURY);
        assertEq(uint256(registry.committee(TREASURY).size), 7);
        assertEq(uint256(registry.committee(TREASURY).generation), 2);
    }

    function test_rotation_dies() public {
        _propose(OLD, NEXT);
        uint256 last = START + ROTATION_DELAY + 7 days;
        vm.warp(last + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IGoverned.ProposalExpired.selector, last + 1, last)
        );
        registry.applyRotation(TREASURY);
        vm.warp(last);
        registry.applyRotation(TREASURY);
    }

    function test_rotation_replacesPendingOne() public {
        _propose(OLD, NEXT);
        vm.warp(START + ROTATION_DELAY);
        _propose(OLD, OTHER);
        vm.expectRevert();
        registry.applyRotation(TREASURY);
        vm.warp(START + 2 * ROTATION_DELAY);
        registry.applyRotation(TREASURY);
        assertEq(_keyX(), signer.key(OTHER).x);
    }

    /// @dev A thief without the key, a signature of another message, one of the next key itself.
    function test_rotation_revertsIf_Unsigned() public {
        Candidate memory next = signer.candidate(NEXT);
        GroupSignature memory life = signer.life(registry, TREASURY, NEXT);
        GroupSignature[3] memory bad = [
            signer.consent(registry, TREASURY, NEXT, NEXT),
            signer.consent(registry, TREASURY, OLD, OTHER),
            signer.sign(OLD, registry.proofOfLifeDigest(TREASURY, next))
        ];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(_unsigned());
            registry.proposeRotation(TREASURY, EXPIRY, next, life, bad[i]);
        }
    }

    /// @dev Each fact is under both signatures: none may be changed by whoever brings them.
    function testFuzz_rotation_revertsIf_FactChanged(uint256 which, uint8 bit) public {
        Candidate memory next = signer.candidate(NEXT);
        GroupSignature memory life = signer.life(registry, TREASURY, NEXT);
        GroupSignature memory consent = signer.consent(registry, TREASURY, OLD, NEXT);
        which = which % 5;
        if (which == 0) next.x ^= 1 << bit;
        if (which == 1) next.isOdd = !next.isOdd;
        if (which == 2) next.threshold = 4;
        if (which == 3) next.size = 4;
        if (which == 4) next.roster ^= bytes32(1 << bit);
        vm.expectRevert(_unsigned());
        registry.proposeRotation(TREASURY, EXPIRY, next, life, consent);
        // And with the old key on one's side, the new one has still to sign it.
        bytes32 digest = signer.rotationDigest(address(registry), TREASURY, 2, 0, EXPIRY, next);
        consent = signer.sign(OLD, digest);
        vm.expectRevert(_unproved(TREASURY));
        registry.proposeRotation(TREASURY, EXPIRY, next, life, consent);
    }

    /// @dev Every place to which a signed rotation could be carried.
    function test_rotation_revertsIf_ReplayedElsewhere() public {
        Candidate memory next = signer.candidate(NEXT);
        GroupSignature memory life = signer.life(registry, TREASURY, NEXT);
        GroupSignature memory consent = signer.consent(registry, TREASURY, OLD, NEXT);
        Committees twin = _deploy();
        vm.expectRevert(_unsigned());
        twin.proposeRotation(TREASURY, EXPIRY, next, life, consent);
        vm.chainId(block.chainid + 1);
        vm.expectRevert(_unsigned());
        registry.proposeRotation(TREASURY, EXPIRY, next, life, consent);
        vm.chainId(block.chainid - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommittees.CommitteeMissing.selector, ORACLE));
        registry.proposeRotation(ORACLE, EXPIRY, next, life, consent);
        registry.proposeRotation(TREASURY, EXPIRY, next, life, consent);
    }

    /// @dev What was vetoed must be signed again; else anyone brings it back for ever.
    function test_rotation_revertsIf_Spent() public {
        Candidate memory next = signer.candidate(NEXT);
        GroupSignature memory life = signer.life(registry, TREASURY, NEXT);
        GroupSignature memory consent = signer.consent(registry, TREASURY, OLD, NEXT);
        registry.proposeRotation(TREASURY, EXPIRY, next, life, consent);
        vm.prank(GUARDIAN);
        registry.vetoRotation(TREASURY);
        vm.expectRevert(_unsigned());
        registry.proposeRotation(TREASURY, EXPIRY, next, life, consent);
        _propose(OLD, NEXT);
    }

    /// @dev What was signed and given up must not come into force when nobody thinks of it.
    function test_rotation_revertsIf_Expired() public {
        Candidate memory next = signer.candidate(NEXT);
        GroupSignature memory life = signer.life(registry, TREASURY, NEXT);
        uint40 expiry = uint40(START + 1 hours);
        GroupSignature memory consent =
            signer.consentUntil(registry, TREASURY, OLD, NEXT, expiry);
        vm.warp(expiry + 1);
        vm.expectRevert(
            abi.encodeWithSelector(Committees.RotationExpired.selector, expiry + 1, expiry)
        );
        registry.proposeRotation(TREASURY, expiry, next, life, consent);
        // Nobody makes it last longer, or shorter, than was signed.
        vm.expectRevert(_unsigned());
        registry.proposeRotation(TREASURY, expiry + 1, next, life, consent);
        vm.warp(expiry);
        registry.proposeRotation(TREASURY, expiry, next, life, consent);
        // What was proposed in time waits its day as ever.
        vm.warp(expiry + ROTATION_DELAY);
        registry.applyRotation(TREASURY);
        assertEq(_keyX(), signer.key(NEXT).x);
    }

    /// @dev To the key and back: the first rotation's signatures are of a generation that is over.
    function test_rotation_revertsIf_OfAnotherGeneration() public {
        Candidate memory next = signer.candidate(NEXT);
        GroupSignature memory life = signer.life(registry, TREASURY, NEXT);
        GroupSignature memory consent = signer.consent(registry, TREASURY, OLD, NEXT);
        _rotate(OLD, NEXT);
        _rotate(NEXT, OLD);
        vm.expectRevert(_unsigned());
        registry.proposeRotation(TREASURY, EXPIRY, next, life, consent);
        // The consent of today, the proof of life of the generation before.
        consent = signer.consent(registry, TREASURY, OLD, NEXT);
        vm.expectRevert(_unproved(TREASURY));
        registry.proposeRotation(TREASURY, EXPIRY, next, life, consent);
    }

    function test_rotation_revertsIf_KeyIsOld() public {
        _rotate(OLD, NEXT);
        Candidate memory other = signer.candidate(OTHER);
        GroupSignature memory life = signer.life(registry, TREASURY, OTHER);
        GroupSignature memory consent = signer.consent(registry, TREASURY, OLD, OTHER);
        vm.expectRevert(_unsigned());
        registry.proposeRotation(TREASURY, EXPIRY, other, life, consent);
    }
}
