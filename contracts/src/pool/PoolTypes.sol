// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// Markets that a pool trades at most; the circuits have as many slots.
uint256 constant SLOTS = 16;

/// @notice What a pool is made of; fixed for ever.
/// @param house Clearing house of the venue.
/// @param poseidon Deployed Poseidon of two inputs.
/// @param operator Keeps the book, signs orders and admissions; the first member.
/// @param governor May replace the circuits after `delaySeconds`.
/// @param delaySeconds Delay of a replaced circuit.
/// @param freshSeconds How long an epoch's proof counts.
/// @param exitSeconds Without a newer proof for this long, anyone winds the pool up.
struct PoolConfig {
    address house;
    address poseidon;
    address operator;
    address governor;
    uint40 delaySeconds;
    uint40 freshSeconds;
    uint40 exitSeconds;
}

/// @notice The circuits in force.
/// @param solvency Verifier of epochs.
/// @param margin Verifier of one member's margin.
/// @param chunkMembers Members in one chunk of an epoch, a power of two.
struct Circuits {
    address solvency;
    address margin;
    uint16 chunkMembers;
}

/// @notice What an epoch is proven against. Its hash is the epoch's id, which every statement
/// about the epoch contains.
/// @param number Number of the epoch, from 1.
/// @param blockNumber Block in which it was opened.
/// @param blockHash Hash of the block before.
/// @param time Second of that block.
/// @param round Round of the oracle's last report.
/// @param account The omnibus account.
/// @param memberCount Members at that moment: the first so many.
/// @param chunkMembers Members in one chunk.
/// @param flow Deposits and payouts so far.
/// @param netQuote What members put in less what they took out so far, quote units.
/// @param context Per slot: value of a lot u80, maintenance ppm u24, initial ppm u24, funding index
/// + 2^112 u113, from the low bit; 0 for a slot that is not used.
/// @param totalCash Cash of the omnibus account, quote Q32.
/// @param totalSizes Its lots per slot.
struct Snapshot {
    uint32 number;
    uint64 blockNumber;
    bytes32 blockHash;
    uint40 time;
    uint32 round;
    uint32 account;
    uint32 memberCount;
    uint16 chunkMembers;
    uint48 flow;
    int256 netQuote;
    uint256[16] context;
    int256 totalCash;
    int256[16] totalSizes;
}

/// @notice One chunk of an epoch.
/// @param index Number of the chunk, from 0.
/// @param sumsNext Commitment to the sums over all members so far.
/// @param vectorHash h of the statement's vector.
/// @param proof As `IGroth16.verify`.
/// @param leaves Leaves of all its places. Their root is proven, so that nobody needs the operator
/// to know what lies beside a leaf.
struct Chunk {
    uint32 index;
    uint256 sumsNext;
    uint256 vectorHash;
    uint256[8] proof;
    uint256[] leaves;
}

/// @notice One member's statement of margin, for one verifier.
/// @param requester On whose behalf the verifier asks.
/// @param nonce Chosen by the verifier; one answer for each.
/// @param expiry Last second at which it counts.
/// @param chunk Chunk that the member is in.
/// @param kind 0: equity covers maintenance, 1: initial margin, 2: it is at least `threshold`.
/// @param threshold Kind 2: quote units; otherwise 0.
/// @param nullifier Poseidon(secret, challenge, root of the chunk).
/// @param vectorHash h of the statement's vector.
/// @param proof As `IGroth16.verify`.
struct MarginClaim {
    address requester;
    uint256 nonce;
    uint40 expiry;
    uint32 chunk;
    uint8 kind;
    uint256 threshold;
    uint256 nullifier;
    uint256 vectorHash;
    uint256[8] proof;
}

/// @notice What a member opens of its leaf to leave a pool that was wound up.
/// @param salt Salt of the leaf.
/// @param cash Quote Q32.
/// @param sizes Lots per slot.
/// @param siblings Hashes beside the path from the leaf to the root of its chunk, from below.
struct Opening {
    uint256 salt;
    int256 cash;
    int256[16] sizes;
    uint256[] siblings;
}
