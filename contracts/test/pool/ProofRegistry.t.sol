// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConfidentialPool as P} from "../../src/pool/IConfidentialPool.sol";
import {IGoverned} from "../../src/interfaces/IGoverned.sol";
import {IGroth16} from "../../src/pool/IGroth16.sol";
import {IProofRegistry as R} from "../../src/pool/IProofRegistry.sol";
import {PoolStatements} from "../../src/pool/PoolStatements.sol";
import {Chunk, Circuits, MarginClaim, Snapshot} from "../../src/pool/PoolTypes.sol";
import {Toxic} from "./Toxic.sol";
import {PoolTest} from "./PoolTest.sol";

/// @notice Epochs, margins and circuits: what is proven is what the chain holds.
contract ProofRegistryTest is PoolTest {
    function setUp() public override {
        super.setUp();
        fillPool(6);
        pool.deposit(operator, 1_000 * UNIT);
    }

    function test_openEpoch_takesTheVenueAsItIs() public {
        proveEpoch();
        poolTrade(true, 10);
        vm.roll(block.number + 5);
        around.setMark(0, PRICE + 9);
        Snapshot memory s = openEpoch();
        assertEq(uint256(s.number), 2);
        assertEq(uint256(s.blockNumber), block.number);
        assertEq(s.blockHash, blockhash(block.number - 1));
        assertEq(uint256(s.time), block.timestamp);
        assertEq(uint256(s.account), omnibus);
        assertEq(uint256(s.memberCount), 6);
        assertEq(uint256(s.chunkMembers), K);
        assertEq(s.totalCash, cashOf(omnibus));
        // Market 0 is in slot 1.
        assertEq(s.totalSizes[1], int256(10));
        assertEq(s.totalSizes[0], int256(0));
        assertEq(s.context[1], word((PRICE + 9) * 100, 0));
        assertEq(s.context[0], word(PRICE * 100, 0));
        assertEq(s.context[3], 0);
    }

    function word(uint256 lotValue, int256 index) private pure returns (uint256) {
        uint256 high = uint256(index + (1 << 112)) << 128;
        return lotValue | (uint256(30_000) << 80) | (uint256(50_000) << 104) | high;
    }

    function test_openEpoch_revertsIf_PriceStale() public {
        vm.warp(block.timestamp + 61);
        around.setPrice(0, PRICE);
        around.setPrice(2, PRICE);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(R.PriceStale.selector, 1, 61, 60));
        registry.openEpoch("");
    }

    function test_openEpoch_revertsIf_caller() public {
        vm.expectRevert(abi.encodeWithSelector(R.CallerWrong.selector, address(this), operator));
        registry.openEpoch("");
    }

    function test_submitChunk_inOrderAndOnce() public {
        Snapshot memory s = openEpoch();
        Chunk memory second = chunkOf(s, 1, LEAF_0 + 1);
        vm.expectRevert(abi.encodeWithSelector(R.ChunkWrong.selector, 1, 0));
        registry.submitChunk(s, second);
        Chunk memory first = chunkOf(s, 0, LEAF_0);
        registry.submitChunk(s, first);
        assertEq(uint256(registry.freshUntil()), 0);
        vm.expectRevert(abi.encodeWithSelector(R.ChunkWrong.selector, 0, 1));
        registry.submitChunk(s, first);
        registry.submitChunk(s, second);
        assertEq(uint256(registry.freshUntil()), s.time + FRESH);
        assertEq(registry.chunkRoot(1, 1), rootFrom(leavesFrom(LEAF_0 + 1)));
        // The epoch is done: nothing can be proven of it again.
        vm.expectPartialRevert(R.SnapshotWrong.selector);
        registry.submitChunk(s, first);
    }

    /// @dev Fresh from the snapshot, not from the proof: a late proof buys no time.
    function test_submitChunk_lateProofIsStale() public {
        Snapshot memory s = openEpoch();
        vm.warp(block.timestamp + FRESH + 1);
        proveChunks(s);
        assertEq(uint256(registry.freshUntil()), s.time + FRESH);
        assertLt(uint256(registry.freshUntil()), block.timestamp);
    }

    function test_submitChunk_newerEpochVoidsTheOld() public {
        Snapshot memory old = openEpoch();
        Chunk memory chunk = chunkOf(old, 0, LEAF_0);
        openEpoch();
        vm.expectPartialRevert(R.SnapshotWrong.selector);
        registry.submitChunk(old, chunk);
    }

    /// @dev Completeness. Every word of the calldata but the proof's is bound: with any other value
    /// the same proof is refused. The words are those of the ABI, so a new field is covered as it
    /// comes. What cannot be decoded is refused too.
    function test_submitChunk_bindsEveryWordOfItsCalldata() public {
        Snapshot memory s = openEpoch();
        bytes memory call = abi.encodeCall(R.submitChunk, (s, chunkOf(s, 0, LEAF_0)));
        assertTrue(_refusesEveryWord(address(registry), call, 47) >= 53);
        (bool ok,) = address(registry).call(call);
        assertTrue(ok);
    }

    function test_verifyMargin_bindsEveryWordOfItsCalldata() public {
        Snapshot memory s = proveEpoch();
        MarginClaim memory claim = claimOf(address(this), s, 2, 400);
        bytes memory call = abi.encodeCall(R.verifyMargin, (s, claim));
        assertTrue(_refusesEveryWord(address(registry), call, (call.length - 4) / 32 - 8) >= 51);
        (bool ok,) = address(registry).call(call);
        assertTrue(ok);
    }

    function _refusesEveryWord(address target, bytes memory call, uint256 proofAt)
        private
        returns (uint256 tried)
    {
        assertEq((call.length - 4) % 32, 0);
        uint256 words = (call.length - 4) / 32;
        tried = words - 8;
        for (uint256 i; i < words; ++i) {
            if (i >= proofAt && i < proofAt + 8) continue;
            for (uint256 kind; kind < 3; ++kind) {
                uint256 before = _wordAt(call, i);
                uint256 other = kind == 0 ? before ^ 1 : before ^ (1 << 30);
                _put(call, i, kind == 2 ? before + Toxic.R : other);
                (bool ok,) = target.call{gas: 3_000_000}(call);
                assertFalse(ok, vm.toString(i));
                _put(call, i, before);
            }
        }
    }

    function _wordAt(bytes memory data, uint256 i) private pure returns (uint256 found) {
        assembly ("memory-safe") {
            found := mload(add(add(data, 36), mul(i, 32)))
        }
    }

    function _put(bytes memory data, uint256 i, uint256 value) private pure {
        assembly ("memory-safe") {
            mstore(add(add(data, 36), mul(i, 32)), value)
        }
    }

    /// @dev And what the chain itself holds: keys, chain, pool, circuit, sums before.
    function test_submitChunk_bindsWhatTheChainHolds() public {
        Snapshot memory s = openEpoch();
        Chunk memory chunk = chunkOf(s, 0, LEAF_0);
        uint256 places = 8 + K + 33;
        for (uint256 i; i < places; ++i) {
            uint256[] memory v = solvencyVector(s, chunk, 0);
            v[i] = addmod(v[i], 1, Toxic.R);
            chunk.proof = proofOf(solvency, v, chunk.vectorHash, 3);
            vm.expectPartialRevert(R.ProofWrong.selector);
            registry.submitChunk{gas: 3_000_000}(s, chunk);
        }
        // Of another circuit.
        chunk.proof = proofOf(margin, solvencyVector(s, chunk, 0), chunk.vectorHash, 3);
        vm.expectPartialRevert(R.ProofWrong.selector);
        registry.submitChunk(s, chunk);
    }

    /// @dev A leaf that is not reduced would lead to the same root, and be published as another
    /// number than the one that a member looks for.
    function test_submitChunk_revertsIf_OutsideField() public {
        Snapshot memory s = openEpoch();
        Chunk memory chunk = chunkOf(s, 0, LEAF_0);
        for (uint256 i; i < K; ++i) {
            chunk.leaves[i] += Toxic.R;
            vm.expectRevert(
                abi.encodeWithSelector(
                    PoolStatements.OutsideField.selector, i, chunk.leaves[i]
                )
            );
            registry.submitChunk(s, chunk);
            chunk.leaves[i] -= Toxic.R;
        }
        chunk = chunkOf(s, 0, LEAF_0);
        chunk.vectorHash += Toxic.R;
        vm.expectPartialRevert(R.ProofWrong.selector);
        registry.submitChunk{gas: 3_000_000}(s, chunk);
    }

    /// @dev Half the leaves, or twice as many, could have the same root and hide each member's own.
    function test_submitChunk_revertsIf_leavesAreNotThePlaces() public {
        Snapshot memory s = openEpoch();
        Chunk memory chunk = chunkOf(s, 0, LEAF_0);
        uint256[] memory l = chunk.leaves;
        chunk.leaves = new uint256[](2);
        (chunk.leaves[0], chunk.leaves[1]) = (hash2(l[0], l[1]), hash2(l[2], l[3]));
        vm.expectRevert(abi.encodeWithSelector(PoolStatements.LeavesWrong.selector, 2, K));
        registry.submitChunk(s, chunk);
    }

    /// @dev What lies beside a leaf can be had from the chain alone.
    function test_submitChunk_publishesTheLeaves() public {
        Snapshot memory s = openEpoch();
        Chunk memory chunk = chunkOf(s, 0, LEAF_0);
        vm.expectEmit();
        emit R.ChunkProven(1, 0, rootFrom(chunk.leaves), chunk.sumsNext, chunk.leaves);
        registry.submitChunk(s, chunk);
        assertEq(registry.chunkRoot(1, 0), rootFrom(chunk.leaves));
    }

    /// @dev Another proof of the same statement is as good, and changes nothing by that.
    function test_submitChunk_malleableProofProvesNothingTwice() public {
        Snapshot memory s = openEpoch();
        Chunk memory chunk = chunkOf(s, 0, LEAF_0);
        registry.submitChunk(s, chunk);
        uint256[] memory v = solvencyVector(s, chunk, 0);
        chunk.proof = proofOf(solvency, v, chunk.vectorHash, 17);
        vm.expectPartialRevert(R.ChunkWrong.selector);
        registry.submitChunk(s, chunk);
    }

    /// @dev Who joins after the snapshot is of the next epoch.
    function test_submitChunk_membersOfTheSnapshot() public {
        Snapshot memory s = openEpoch();
        joins(memberOf(6), memberKey(6));
        registry.submitChunk(s, chunkOf(s, 0, LEAF_0));
        registry.submitChunk(s, chunkOf(s, 1, LEAF_0 + 1));
        assertEq(registry.provenId(1), uint256(keccak256(abi.encode(s))) >> 8);
    }

    // Margin.

    function test_verifyMargin_oncePerChallenge() public {
        Snapshot memory s = proveEpoch();
        MarginClaim memory claim = claimOf(address(this), s, 1, 0);
        registry.checkMargin(address(this), s, claim);
        registry.verifyMargin(s, claim);
        vm.expectPartialRevert(R.ChallengeAnswered.selector);
        registry.verifyMargin(s, claim);
        // Nor by another nullifier, or another proof of it.
        claim.nullifier += 1;
        claim.proof = marginProof(address(this), s, claim, rootFrom(leavesFrom(LEAF_0)));
        vm.expectPartialRevert(R.ChallengeAnswered.selector);
        registry.verifyMargin(s, claim);
        // What one verifier was told convinces nobody else.
        claim = claimOf(address(this), s, 1, 0);
        vm.prank(alice_());
        vm.expectPartialRevert(R.ProofWrong.selector);
        registry.verifyMargin{gas: 3_000_000}(s, claim);
    }

    function alice_() private view returns (address) {
        return owner_(alice);
    }

    function test_verifyMargin_revertsIf_ClaimWrong() public {
        Snapshot memory s = proveEpoch();
        uint8[4] memory kinds = [3, 0, 1, 2];
        uint256[4] memory thresholds = [uint256(0), 1, 1, 1 << 123];
        for (uint256 i; i < 4; ++i) {
            MarginClaim memory claim = claimOf(address(this), s, kinds[i], thresholds[i]);
            vm.expectRevert(
                abi.encodeWithSelector(R.ClaimWrong.selector, kinds[i], thresholds[i])
            );
            registry.verifyMargin(s, claim);
        }
    }

    function test_verifyMargin_revertsIf_lateOrOld() public {
        Snapshot memory s = proveEpoch();
        MarginClaim memory claim = claimOf(address(this), s, 0, 0);
        vm.warp(claim.expiry + 1);
        vm.expectPartialRevert(R.ClaimExpired.selector);
        registry.verifyMargin(s, claim);
        // An older epoch, though it was proven.
        refresh();
        proveEpoch();
        claim = claimOf(address(this), s, 0, 0);
        vm.expectPartialRevert(R.SnapshotWrong.selector);
        registry.verifyMargin(s, claim);
    }

    function test_verifyMargin_revertsIf_PoolStale() public {
        Snapshot memory s = proveEpoch();
        MarginClaim memory claim = claimOf(address(this), s, 0, 0);
        claim.expiry = type(uint40).max;
        claim.proof = marginProof(address(this), s, claim, rootFrom(leavesFrom(LEAF_0)));
        vm.warp(registry.freshUntil() + 1);
        vm.expectPartialRevert(R.PoolStale.selector);
        registry.verifyMargin(s, claim);
    }

    function test_verifyMargin_revertsIf_wrongRootOrChunk() public {
        Snapshot memory s = proveEpoch();
        MarginClaim memory claim = claimOf(address(this), s, 0, 0);
        claim.proof = marginProof(address(this), s, claim, rootFrom(leavesFrom(LEAF_0 + 1)));
        vm.expectPartialRevert(R.ProofWrong.selector);
        registry.verifyMargin{gas: 3_000_000}(s, claim);
        claim.chunk = 2;
        vm.expectRevert(abi.encodeWithSelector(R.ChunkWrong.selector, 2, 0));
        registry.verifyMargin(s, claim);
    }

    // Circuits.

    function test_circuits_waitOutTheDelay() public {
        Circuits memory other = circuitsOf(circuit("solvency 2"), circuit("margin 2"));
        vm.expectRevert(
            abi.encodeWithSelector(R.CallerWrong.selector, address(this), governor)
        );
        registry.proposeCircuits(other);
        vm.prank(governor);
        registry.proposeCircuits(other);
        vm.warp(block.timestamp + DELAY - 1);
        vm.expectPartialRevert(IGoverned.ProposalEarly.selector);
        registry.applyCircuits();
        vm.warp(block.timestamp + 1);
        refresh();
        Snapshot memory s = openEpoch();
        Chunk memory chunk = chunkOf(s, 0, LEAF_0);
        registry.submitChunk(s, chunk);
        registry.applyCircuits();
        assertEq(registry.circuits().solvency, other.solvency);
        // No epoch is proven by two circuits.
        Chunk memory second = chunkOf(s, 1, LEAF_0);
        vm.expectPartialRevert(R.SnapshotWrong.selector);
        registry.submitChunk(s, second);
        // A proof of the circuit before is none of the one after.
        s = openEpoch();
        chunk = chunkOf(s, 0, LEAF_0);
        vm.expectPartialRevert(R.ProofWrong.selector);
        registry.submitChunk{gas: 3_000_000}(s, chunk);
        solvency = IGroth16(other.solvency);
        proveChunks(s);
    }

    function test_circuits_cancelAndExpire() public {
        Circuits memory other = circuitsOf(circuit("solvency 2"), circuit("margin 2"));
        vm.prank(governor);
        registry.proposeCircuits(other);
        vm.expectPartialRevert(R.CallerWrong.selector);
        registry.cancelCircuits();
        vm.prank(governor);
        registry.cancelCircuits();
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ProposalMissing.selector));
        registry.applyCircuits();
        vm.prank(governor);
        registry.proposeCircuits(other);
        vm.warp(block.timestamp + DELAY + 7 days + 1);
        vm.expectPartialRevert(IGoverned.ProposalExpired.selector);
        registry.applyCircuits();
    }

    function test_circuits_revertsIf_CircuitsWrong() public {
        uint16[4] memory sizes = [0, 1, 3, 512];
        for (uint256 i; i < 4; ++i) {
            Circuits memory c = Circuits(address(solvency), address(margin), sizes[i]);
            vm.prank(governor);
            vm.expectRevert(abi.encodeWithSelector(R.CircuitsWrong.selector, 0));
            registry.proposeCircuits(c);
        }
    }
}
