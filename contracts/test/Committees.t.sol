// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Committees} from "../src/Committees.sol";
import {Candidate, ICommittees} from "../src/interfaces/ICommittees.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {IGuardians} from "../src/interfaces/IGuardians.sol";
import {GroupKey, GroupSignature} from "../src/libraries/Schnorr.sol";
import {CommitteeSigner, Offices} from "./mocks/CommitteeSigner.sol";

/// @notice The two ways to a new key, and every other one that must not lead there.
contract CommitteesTest is CommitteeSigner {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant OLD = 0xa11;
    uint256 internal constant NEXT = 0xb22;
    uint256 internal constant OTHER = 0xc33;
    uint8 internal constant TREASURY = 1;
    uint8 internal constant ORACLE = 2;
    uint8 internal constant BRIDGE = 3;
    address internal constant GOVERNOR = address(0x60);
    address internal constant GUARDIAN = address(0x6a);

    Offices internal offices;
    Committees internal registry;

    function setUp() public {
        vm.warp(START);
        offices = new Offices(GOVERNOR, GUARDIAN);
        registry = _deploy();
    }

    // ------------------------------------------------------------------ founding

    function test_constructor_foundsCommittees() public {
        (GroupKey memory got, uint32 generation) = registry.key(TREASURY);
        GroupKey memory wanted = _key(OLD);
        assertEq(got.x, wanted.x);
        assertEq(got.isOdd, wanted.isOdd);
        assertEq(generation, 1);
        Committees.Committee memory all = registry.committee(TREASURY);
        assertEq(uint256(all.threshold), 3);
        assertEq(uint256(all.size), 5);
        assertEq(all.roster, _candidate(OLD).roster);
        assertEq(uint256(all.rotations), 0);
        assertFalse(all.isRevoked);
        vm.expectRevert(abi.encodeWithSelector(ICommittees.CommitteeMissing.selector, ORACLE));
        registry.key(ORACLE);
        assertEq(
            registry.domainSeparator(), _separator("Holdfast Committees", address(registry))
        );
        Candidate memory next = _candidate(NEXT);
        bytes32 digest = _proofDigest(address(registry), TREASURY, 2, next);
        assertEq(registry.proofOfLifeDigest(TREASURY, next), digest);
        digest = _rotationDigest(address(registry), TREASURY, 2, 0, next);
        assertEq(registry.rotationDigest(TREASURY, next), digest);
    }

    function test_constructor_revertsIf_Wrong() public {
        Committees.Founding[] memory none = new Committees.Founding[](0);
        IGoverned governed = IGoverned(address(offices));
        IGuardians guardians = IGuardians(address(offices));
        vm.expectRevert(Committees.AddressZero.selector);
        new Committees(IGoverned(address(0)), guardians, 1 days, 2 days, none);
        vm.expectRevert(Committees.AddressZero.selector);
        new Committees(governed, IGuardians(address(0)), 1 days, 2 days, none);
        vm.expectRevert(_delay(1 days - 1, 1 days));
        new Committees(governed, guardians, 1 days - 1, 2 days, none);
        vm.expectRevert(_delay(30 days + 1, 30 days));
        new Committees(governed, guardians, 1 days, 30 days + 1, none);
        // Governance must be the slower way.
        vm.expectRevert(_delay(2 days, 2 days + 1));
        new Committees(governed, guardians, 2 days, 2 days, none);
        Committees.Founding[] memory twice = new Committees.Founding[](2);
        address later = _later();
        twice[0] = _founding(later, ORACLE, OLD);
        twice[1] = _founding(later, ORACLE, OLD);
        vm.expectRevert(abi.encodeWithSelector(Committees.CommitteeFounded.selector, ORACLE));
        new Committees(governed, guardians, 1 days, 2 days, twice);
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
        assertEq(_keyX(), _key(OLD).x);
        vm.warp(START + ROTATION_DELAY);
        vm.expectEmit(address(registry));
        emit Committees.KeyChanged(TREASURY, 2, _candidate(NEXT));
        registry.applyRotation(TREASURY);
        assertEq(_keyX(), _key(NEXT).x);
        assertEq(uint256(registry.committee(TREASURY).generation), 2);
        assertEq(uint256(registry.pendingRotation(TREASURY).readyAt), 0);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        registry.applyRotation(TREASURY);
    }

    /// @dev The same key with other parties or another threshold is a rotation like any other.
    function test_rotation_mayKeepTheKey() public {
        Candidate memory same = _candidate(OLD);
        (same.threshold, same.size) = (4, 7);
        bytes32 proof = _proofDigest(address(registry), TREASURY, 2, same);
        bytes32 digest = _rotationDigest(address(registry), TREASURY, 2, 0, same);
        registry.proposeRotation(TREASURY, same, _sign(OLD, proof), _sign(OLD, digest));
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
        assertEq(_keyX(), _key(OTHER).x);
    }

    /// @dev A thief without the key, a signature of another message, one of the next key itself.
    function test_rotation_revertsIf_Unsigned() public {
        Candidate memory next = _candidate(NEXT);
        GroupSignature memory life = _life(registry, TREASURY, NEXT);
        GroupSignature[3] memory bad = [
            _consent(registry, TREASURY, NEXT, NEXT),
            _consent(registry, TREASURY, OLD, OTHER),
            _sign(OLD, registry.proofOfLifeDigest(TREASURY, next))
        ];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(_unsigned());
            registry.proposeRotation(TREASURY, next, life, bad[i]);
        }
    }

    /// @dev Each fact is under both signatures: none may be changed by whoever brings them.
    function testFuzz_rotation_revertsIf_FactChanged(uint256 which, uint8 bit) public {
        Candidate memory next = _candidate(NEXT);
        GroupSignature memory life = _life(registry, TREASURY, NEXT);
        GroupSignature memory consent = _consent(registry, TREASURY, OLD, NEXT);
        which = which % 5;
        if (which == 0) next.x ^= 1 << bit;
        if (which == 1) next.isOdd = !next.isOdd;
        if (which == 2) next.threshold = 4;
        if (which == 3) next.size = 4;
        if (which == 4) next.roster ^= bytes32(1 << bit);
        vm.expectRevert(_unsigned());
        registry.proposeRotation(TREASURY, next, life, consent);
        // And with the old key on one's side, the new one has still to sign it.
        bytes32 digest = _rotationDigest(address(registry), TREASURY, 2, 0, next);
        consent = _sign(OLD, digest);
        vm.expectRevert(_unproved(TREASURY));
        registry.proposeRotation(TREASURY, next, life, consent);
    }

    /// @dev Every place to which a signed rotation could be carried.
    function test_rotation_revertsIf_ReplayedElsewhere() public {
        Candidate memory next = _candidate(NEXT);
        GroupSignature memory life = _life(registry, TREASURY, NEXT);
        GroupSignature memory consent = _consent(registry, TREASURY, OLD, NEXT);
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
        Candidate memory next = _candidate(NEXT);
        GroupSignature memory life = _life(registry, TREASURY, NEXT);
        GroupSignature memory consent = _consent(registry, TREASURY, OLD, NEXT);
        registry.proposeRotation(TREASURY, next, life, consent);
        vm.prank(GUARDIAN);
        registry.vetoRotation(TREASURY);
        vm.expectRevert(_unsigned());
        registry.proposeRotation(TREASURY, next, life, consent);
        _propose(OLD, NEXT);
    }

    /// @dev To the key and back: the first rotation's signatures are of a generation that is over.
    function test_rotation_revertsIf_OfAnotherGeneration() public {
        Candidate memory next = _candidate(NEXT);
        GroupSignature memory life = _life(registry, TREASURY, NEXT);
        GroupSignature memory consent = _consent(registry, TREASURY, OLD, NEXT);
        _rotate(OLD, NEXT);
        _rotate(NEXT, OLD);
        vm.expectRevert(_unsigned());
        registry.proposeRotation(TREASURY, next, life, consent);
        // The consent of today, the proof of life of the generation before.
        consent = _consent(registry, TREASURY, OLD, NEXT);
        vm.expectRevert(_unproved(TREASURY));
        registry.proposeRotation(TREASURY, next, life, consent);
    }

    function test_rotation_revertsIf_KeyIsOld() public {
        _rotate(OLD, NEXT);
        Candidate memory other = _candidate(OTHER);
        GroupSignature memory life = _life(registry, TREASURY, OTHER);
        GroupSignature memory consent = _consent(registry, TREASURY, OLD, OTHER);
        vm.expectRevert(_unsigned());
        registry.proposeRotation(TREASURY, other, life, consent);
    }

    // ------------------------------------------------------------------ proof of life

    /// @dev A rogue key is made of another's: the sum is known, its secret is not.
    function test_proofOfLife_revertsIf_RogueKey() public {
        // Known: `OTHER` times G minus the honest key. The rogue signs with what it has.
        GroupKey memory rogue = _key(addmod(OTHER, N - OLD, N));
        Candidate memory c = _candidate(OTHER);
        (c.x, c.isOdd) = (rogue.x, rogue.isOdd);
        bytes32 digest = _proofDigest(address(registry), ORACLE, 1, c);
        GroupSignature memory life = _sign(OTHER, digest);
        vm.prank(GOVERNOR);
        vm.expectRevert(_unproved(ORACLE));
        registry.proposeReplacement(ORACLE, c, life);
    }

    function test_proofOfLife_revertsIf_OfAnotherCommittee() public {
        Candidate memory c = _candidate(NEXT);
        GroupSignature memory life = _life(registry, BRIDGE, NEXT);
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
        Candidate memory c = _candidate(NEXT);
        for (uint256 i; i < 2; ++i) {
            uint8 id = i == 0 ? 0 : 4;
            GroupSignature memory life = _life(registry, id, NEXT);
            vm.prank(GOVERNOR);
            vm.expectRevert(abi.encodeWithSelector(Committees.CommitteeInvalid.selector, id, 3));
            registry.proposeReplacement(id, c, life);
        }
    }

    /// @dev One quorum for two committees, also as the negative of its key.
    function test_candidate_revertsIf_KeyShared() public {
        uint256[2] memory secrets = [OLD, N - OLD];
        for (uint256 i; i < 2; ++i) {
            Candidate memory c = _candidate(secrets[i]);
            GroupSignature memory life = _life(registry, ORACLE, secrets[i]);
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
        assertEq(_keyX(), _key(NEXT).x);
        assertEq(uint256(registry.committee(TREASURY).generation), 2);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        registry.applyReplacement(TREASURY);
    }

    function test_replacement_revertsIf_NotGovernor() public {
        Candidate memory c = _candidate(NEXT);
        GroupSignature memory life = _life(registry, TREASURY, NEXT);
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
        Candidate memory next = _candidate(NEXT);
        GroupSignature memory life = _life(registry, TREASURY, NEXT);
        GroupSignature memory consent = _consent(registry, TREASURY, OLD, NEXT);
        vm.expectRevert(revoked);
        registry.proposeRotation(TREASURY, next, life, consent);
        vm.warp(START + REPLACEMENT_DELAY);
        registry.applyReplacement(TREASURY);
        assertEq(_keyX(), _key(OTHER).x);
        assertFalse(registry.committee(TREASURY).isRevoked);
    }

    // ------------------------------------------------------------------ helpers

    function _deploy() internal returns (Committees) {
        Committees.Founding[] memory foundings = new Committees.Founding[](1);
        foundings[0] = _founding(_later(), TREASURY, OLD);
        return new Committees(
            IGoverned(address(offices)),
            IGuardians(address(offices)),
            ROTATION_DELAY,
            REPLACEMENT_DELAY,
            foundings
        );
    }

    /// @dev Address of what this test deploys next.
    function _later() internal view returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
    }

    function _propose(uint256 from, uint256 to) internal {
        registry.proposeRotation(
            TREASURY,
            _candidate(to),
            _life(registry, TREASURY, to),
            _consent(registry, TREASURY, from, to)
        );
    }

    function _rotate(uint256 from, uint256 to) internal {
        _propose(from, to);
        vm.warp(vm.getBlockTimestamp() + ROTATION_DELAY);
        registry.applyRotation(TREASURY);
    }

    function _replace(uint8 id, uint256 to) internal {
        Candidate memory c = _candidate(to);
        GroupSignature memory life = _life(registry, id, to);
        vm.prank(GOVERNOR);
        registry.proposeReplacement(id, c, life);
    }

    function _keyX() internal view returns (uint256) {
        (GroupKey memory got,) = registry.key(TREASURY);
        return got.x;
    }

    function _thresholdRefused(uint8 threshold, uint8 size) internal returns (bool, bytes4) {
        Candidate memory c = _candidate(NEXT);
        (c.threshold, c.size) = (threshold, size);
        bytes32 digest = _proofDigest(address(registry), BRIDGE, 1, c);
        GroupSignature memory life = _sign(NEXT, digest);
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
