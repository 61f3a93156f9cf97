// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Committees} from "../../src/Committees.sol";
import {Candidate} from "../../src/interfaces/ICommittees.sol";
import {GroupSignature} from "../../src/libraries/Schnorr.sol";
import {Base} from "../Base.sol";
import {CommitteeSigner, Offices} from "../mocks/CommitteeSigner.sol";

/// @notice Everybody tries everything: holders of any key, old ones too, governor, guardian, time.
/// What a call left is compared with what it found.
contract CommitteesActs is Base {
    uint40 internal constant EXPIRY = 4_000_000_000;
    uint256 internal constant ROTATION_DELAY = 1 days;
    uint256 internal constant REPLACEMENT_DELAY = 7 days;

    CommitteeSigner internal immutable signer;
    Committees public immutable registry;
    address internal immutable governor;
    address internal immutable guardian;

    /// @dev Ghosts: when what waits was proposed, by committee; and what ever happened.
    mapping(uint8 id => uint256) internal rotationAt;
    mapping(uint8 id => uint256) internal replacementAt;
    uint256 public rotated;
    uint256 public replaced;
    uint256 public revoked;
    uint256 public refused;

    constructor(address governor_, address guardian_) {
        (governor, guardian) = (governor_, guardian_);
        signer = CommitteeSigner(_create("CommitteeSigner.sol:CommitteeSigner", ""));
        Offices offices = new Offices(governor_, guardian_);
        Committees.Founding[] memory foundings = new Committees.Founding[](2);
        address later = vm.computeCreateAddress(address(this), 3);
        foundings[0] = signer.founding(later, 1, _secret(1, 0));
        foundings[1] = signer.founding(later, 2, _secret(2, 0));
        address here = address(offices);
        bytes memory args =
            abi.encode(here, here, ROTATION_DELAY, REPLACEMENT_DELAY, foundings);
        registry = Committees(deploy("Committees", args));
    }

    function wait(uint32 time) external {
        vm.warp(vm.getBlockTimestamp() + time % 4 days);
    }

    /// @dev The key of one place hands over to that of another; it may be old, or never in force.
    function proposeRotation(uint8 id, uint8 from, uint8 to) external {
        id = _id(id);
        Committees.Committee memory before = registry.committee(id);
        Candidate memory next = signer.candidate(_secret(id, to));
        GroupSignature memory life = signer.life(registry, id, _secret(id, to));
        GroupSignature memory consent =
            signer.consent(registry, id, _secret(id, from), _secret(id, to));
        try registry.proposeRotation(id, EXPIRY, next, life, consent) {
            assertEq(before.x, signer.key(_secret(id, from)).x, "another key rotated");
            assertFalse(before.isRevoked, "a revoked key rotated");
            rotationAt[id] = vm.getBlockTimestamp();
            assertEq(registry.committee(id).rotations, before.rotations + 1);
        } catch {
            ++refused;
        }
        _unchanged(id, before);
    }

    function proposeReplacement(uint8 id, uint8 to, bool byGovernor) external {
        id = _id(id);
        Committees.Committee memory before = registry.committee(id);
        Candidate memory next = signer.candidate(_secret(id, to));
        GroupSignature memory life = signer.life(registry, id, _secret(id, to));
        vm.prank(byGovernor ? governor : guardian);
        try registry.proposeReplacement(id, next, life) {
            assertTrue(byGovernor, "another replaced");
            replacementAt[id] = vm.getBlockTimestamp();
        } catch {
            ++refused;
        }
        _unchanged(id, before);
    }

    function applyRotation(uint8 id) external {
        id = _id(id);
        Committees.Committee memory before = registry.committee(id);
        Committees.Pending memory pending = registry.pendingRotation(id);
        try registry.applyRotation(id) {
            _changed(id, before, pending, rotationAt[id] + ROTATION_DELAY);
            assertFalse(before.isRevoked, "a revoked key handed over");
            ++rotated;
        } catch {
            ++refused;
            _unchanged(id, before);
        }
    }

    function applyReplacement(uint8 id) external {
        id = _id(id);
        Committees.Committee memory before = registry.committee(id);
        Committees.Pending memory pending = registry.pendingReplacement(id);
        try registry.applyReplacement(id) {
            _changed(id, before, pending, replacementAt[id] + REPLACEMENT_DELAY);
            ++replaced;
        } catch {
            ++refused;
            _unchanged(id, before);
        }
    }

    function drop(uint8 id, uint8 what, uint8 who) external {
        id = _id(id);
        Committees.Committee memory before = registry.committee(id);
        vm.prank(who % 4 == 0 ? address(this) : who % 4 == 1 ? guardian : governor);
        if (what % 8 == 0) {
            try registry.revoke(id) {
                assertTrue(who % 4 >= 2 && !before.isRevoked, "another revoked");
                assertEq(registry.pendingRotation(id).readyAt, 0, "its rotation stays");
                before.isRevoked = true;
                ++revoked;
            } catch {
                ++refused;
            }
        } else if (what % 8 == 1) {
            try registry.vetoRotation(id) {
                assertTrue(who % 4 != 0, "another vetoed");
            } catch {
                ++refused;
            }
        } else if (what % 8 == 2) {
            try registry.cancelReplacement(id) {
                assertTrue(who % 4 >= 2, "another cancelled");
            } catch {
                ++refused;
            }
        }
        _unchanged(id, before);
    }

    function _changed(
        uint8 id,
        Committees.Committee memory before,
        Committees.Pending memory pending,
        uint256 timeMin
    ) internal view {
        Committees.Committee memory after_ = registry.committee(id);
        assertEq(after_.generation, before.generation + 1, "a generation was left out");
        assertEq(_hash(_facts(after_)), _hash(pending.candidate), "another key came");
        uint256 time = vm.getBlockTimestamp();
        assertTrue(time >= timeMin && time <= timeMin + 7 days, "outside its week");
        assertEq(registry.pendingRotation(id).readyAt, 0);
        assertEq(registry.pendingReplacement(id).readyAt, 0);
    }

    function _unchanged(uint8 id, Committees.Committee memory before) internal view {
        Committees.Committee memory after_ = registry.committee(id);
        assertEq(after_.generation, before.generation, "a generation by another way");
        assertEq(_hash(_facts(after_)), _hash(_facts(before)), "a key by another way");
        assertEq(after_.isRevoked, before.isRevoked, "revoked or not by another way");
    }

    function _facts(Committees.Committee memory c) internal pure returns (Candidate memory) {
        return Candidate(c.x, c.isOdd, c.threshold, c.size, c.roster);
    }

    function _hash(Candidate memory c) internal pure returns (bytes32) {
        return keccak256(abi.encode(c));
    }

    function _id(uint8 id) internal pure returns (uint8) {
        return 1 + id % 3;
    }

    function _secret(uint8 id, uint8 place) internal pure returns (uint256) {
        return uint256(id) * 1000 + place % 3 + 1;
    }
}

/// @notice A key changes by the two ways alone, and each change is one generation.
contract CommitteesInvariantTest is Base {
    CommitteesActs internal acts;

    function setUp() public {
        vm.warp(1_800_000_000);
        acts = new CommitteesActs(address(0x60), address(0x6a));
        bytes4[] memory selectors = new bytes4[](6);
        selectors[0] = CommitteesActs.wait.selector;
        selectors[1] = CommitteesActs.proposeRotation.selector;
        selectors[2] = CommitteesActs.proposeReplacement.selector;
        selectors[3] = CommitteesActs.applyRotation.selector;
        selectors[4] = CommitteesActs.applyReplacement.selector;
        selectors[5] = CommitteesActs.drop.selector;
        targetContract(address(acts));
        targetSelector(address(acts), selectors);
    }

    /// @notice Generations count exactly the changes that took one of the two ways.
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_keysChangeByTwoWaysAlone() public view {
        Committees registry = acts.registry();
        uint256 generations;
        for (uint8 id = 1; id <= 3; ++id) generations += registry.committee(id).generation;
        assertEq(generations, 2 + acts.rotated() + acts.replaced());
    }

    /// @notice That the campaign reaches what it is about: a fixed walk as long as one of its runs.
    function test_walkReachesEverything() public {
        uint256 seed = 7;
        for (uint256 i; i < 600; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            (uint8 id, uint8 a, uint8 b) = (uint8(seed), uint8(seed >> 8), uint8(seed >> 16));
            uint256 what = (seed >> 24) % 6;
            if (what == 0) acts.wait(uint32(seed >> 32));
            else if (what == 1) acts.proposeRotation(id, a, b);
            else if (what == 2) acts.proposeReplacement(id, a, b % 4 != 0);
            else if (what == 3) acts.applyRotation(id);
            else if (what == 4) acts.applyReplacement(id);
            else acts.drop(id, a, b);
        }
        assertGt(acts.rotated(), 2, "rotated");
        assertGt(acts.replaced(), 2, "replaced");
        assertGt(acts.revoked(), 0, "revoked");
        assertGt(acts.refused(), 50, "refused");
    }
}
