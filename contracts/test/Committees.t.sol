// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Committees} from "../src/Committees.sol";
import {Candidate, ICommittees} from "../src/interfaces/ICommittees.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {GroupKey, GroupSignature} from "../src/libraries/Schnorr.sol";
import {Artifacts} from "./mocks/Artifacts.sol";
import {CommitteeSigner, Offices} from "./mocks/CommitteeSigner.sol";

/// @notice The two ways to a new key, and every other one that must not lead there.
contract CommitteesTest is Artifacts {
    uint256 internal constant N =
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    uint256 internal constant ROTATION_DELAY = 1 days;
    uint256 internal constant REPLACEMENT_DELAY = 7 days;
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant OLD = 0xa11;
    uint256 internal constant NEXT = 0xb22;
    uint256 internal constant OTHER = 0xc33;
    uint8 internal constant TREASURY = 1;
    uint8 internal constant ORACLE = 2;
    uint8 internal constant BRIDGE = 3;
    address internal constant GOVERNOR = address(0x60);
    address internal constant GUARDIAN = address(0x6a);

    CommitteeSigner internal signer;
    Offices internal offices;
    Committees internal registry;

    function setUp() public {
        vm.warp(START);
        signer = CommitteeSigner(_create("CommitteeSigner.sol:CommitteeSigner", ""));
        offices = new Offices(GOVERNOR, GUARDIAN);
        registry = _deploy();
    }

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
        digest = signer.rotationDigest(address(registry), TREASURY, 2, 0, next);
        assertEq(registry.rotationDigest(TREASURY, next), digest);
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
    }

    // ------------------------------------------------------------------ rotation

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
        bytes32 digest = signer.rotationDigest(address(registry), TREASURY, 2, 0, same);
        registry.proposeRotation(TREASURY, same, signer.sign(OLD, proof), signer.sign(OLD, digest));
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
            registry.proposeRotation(TREASURY, next, life, bad[i]);
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
        registry.proposeRotation(TREASURY, next, life, consent);
        // And with the old key on one's side, the new one has still to sign it.
        bytes32 digest = signer.rotationDigest(address(registry), TREASURY, 2, 0, next);
        consent = signer.sign(OLD, digest);
        vm.expectRevert(_unproved(TREASURY));
        registry.proposeRotation(TREASURY, next, life, consent);
    }

    /// @dev Every place to which a signed rotation could be carried.
    function test_rotation_revertsIf_ReplayedElsewhere() public {
        Candidate memory next = signer.candidate(NEXT);
        GroupSignature memory life = signer.life(registry, TREASURY, NEXT);
        GroupSignature memory consent = signer.consent(registry, TREASURY, OLD, NEXT);
        Committees twin = _deploy();
        vm.expectRevert(_unsigned());
        twin.proposeRotation(TREASURY, next, life, consent);
        vm.chainId(block.chainid + 1);
        vm.expectRevert(_unsigned());
        registry.proposeRotation(TREASURY, next, life, consent);
        vm.chainId(block.chainid - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommittees.CommitteeMissing.selector, ORACLE));
        registry.proposeRotation(ORACLE, next, life, consent);
        registry.proposeRotation(TREASURY, next, life, consent);
    }

    /// @dev What was vetoed must be signed again; else anyone brings it back for ever.
    function test_rotation_revertsIf_Spent() public {
        Candidate memory next = signer.candidate(NEXT);
        GroupSignature memory life = signer.life(registry, TREASURY, NEXT);
        GroupSignature memory consent = signer.consent(registry, TREASURY, OLD, NEXT);
        registry.proposeRotation(TREASURY, next, life, consent);
        vm.prank(GUARDIAN);
        registry.vetoRotation(TREASURY);
        vm.expectRevert(_unsigned());
        registry.proposeRotation(TREASURY, next, life, consent);
        _propose(OLD, NEXT);
    }

    /// @dev To the key and back: the first rotation's signatures are of a generation that is over.
    function test_rotation_revertsIf_OfAnotherGeneration() public {
        Candidate memory next = signer.candidate(NEXT);
        GroupSignature memory life = signer.life(registry, TREASURY, NEXT);
        GroupSignature memory consent = signer.consent(registry, TREASURY, OLD, NEXT);
        _rotate(OLD, NEXT);
        _rotate(NEXT, OLD);
        vm.expectRevert(_unsigned());
        registry.proposeRotation(TREASURY, next, life, consent);
        // The consent of today, the proof of life of the generation before.
        consent = signer.consent(registry, TREASURY, OLD, NEXT);
        vm.expectRevert(_unproved(TREASURY));
        registry.proposeRotation(TREASURY, next, life, consent);
    }

    function test_rotation_revertsIf_KeyIsOld() public {
        _rotate(OLD, NEXT);
        Candidate memory other = signer.candidate(OTHER);
        GroupSignature memory life = signer.life(registry, TREASURY, OTHER);
        GroupSignature memory consent = signer.consent(registry, TREASURY, OLD, OTHER);
        vm.expectRevert(_unsigned());
        registry.proposeRotation(TREASURY, other, life, consent);
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
        uint8[2][5] memory wrong =
            [[1, 1], [uint8(0), 0], [uint8(2), 4], [uint8(6), 5], [uint8(128), 255]];
        for (uint256 i; i < 5; ++i) {
            (bool refused,) = _thresholdRefused(wrong[i][0], wrong[i][1]);
            assertEq(refused, i != 4, vm.toString(i));
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
        registry.proposeRotation(TREASURY, next, life, consent);
        vm.warp(START + REPLACEMENT_DELAY);
        registry.applyReplacement(TREASURY);
        assertEq(_keyX(), signer.key(OTHER).x);
        assertFalse(registry.committee(TREASURY).isRevoked);
    }

    // ------------------------------------------------------------------ helpers

    function _deploy() internal returns (Committees) {
        Committees.Founding[] memory foundings = new Committees.Founding[](1);
        foundings[0] = signer.founding(_later(), TREASURY, OLD);
        address here = address(offices);
        bytes memory args =
            abi.encode(here, here, ROTATION_DELAY, REPLACEMENT_DELAY, foundings);
        return Committees(_create("Committees.sol:Committees", args));
    }

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
        _create("Committees.sol:Committees", args);
    }

    /// @dev Address of what this test deploys next.
    function _later() internal view returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
    }

    function _propose(uint256 from, uint256 to) internal {
        registry.proposeRotation(
            TREASURY,
            signer.candidate(to),
            signer.life(registry, TREASURY, to),
            signer.consent(registry, TREASURY, from, to)
        );
    }

    function _rotate(uint256 from, uint256 to) internal {
        _propose(from, to);
        vm.warp(vm.getBlockTimestamp() + ROTATION_DELAY);
        registry.applyRotation(TREASURY);
    }

    function _replace(uint8 id, uint256 to) internal {
        Candidate memory c = signer.candidate(to);
        GroupSignature memory life = signer.life(registry, id, to);
        vm.prank(GOVERNOR);
        registry.proposeReplacement(id, c, life);
    }

    function _keyX() internal view returns (uint256) {
        (GroupKey memory got,) = registry.key(TREASURY);
        return got.x;
    }

    function _thresholdRefused(uint8 threshold, uint8 size) internal returns (bool, bytes4) {
        Candidate memory c = signer.candidate(NEXT);
        (c.threshold, c.size) = (threshold, size);
        bytes32 digest = signer.proofDigest(address(registry), BRIDGE, 1, c);
        GroupSignature memory life = signer.sign(NEXT, digest);
        vm.prank(GOVERNOR);
        try registry.proposeReplacement(BRIDGE, c, life) {
            return (false, 0);
        } catch (bytes memory reason) {
            assertEq(
                reason,
                abi.encodeWithSelector(Committees.ThresholdInvalid.selector, threshold, size)
            );
            return (true, bytes4(reason));
        }
    }

    function _unsigned() internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Committees.RotationUnsigned.selector, TREASURY);
    }

    function _unproved(uint8 id) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Committees.ProofOfLifeWrong.selector, id);
    }

    function _shared(uint8 id, uint8 other) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Committees.KeyShared.selector, id, other);
    }

    function _delay(uint256 found, uint256 required) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGoverned.DelayOutOfBounds.selector, found, required);
    }
}
