// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoseidon} from "./IPoseidon.sol";
import {MarginClaim, Opening, SLOTS, Snapshot} from "./PoolTypes.sol";

/// @title The vectors that the circuits speak of, and their fingerprints.
/// @notice A statement is a vector v of field elements. The circuit has h, a hash of its own copy
/// of v, and the numbers (r, s) with s = sum v[i] r^i. The verifier computes r from the v that it
/// holds and from h, and s from v and r. The prover has fixed its copy by h before r is known: if
/// that copy differs, two polynomials of degree below the length of v meet at r, which happens with
/// probability below length / 2^248. So all of v is bound by three inputs.
library PoolStatements {
    /// @notice Order of the field of the circuits.
    uint256 internal constant FIELD =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;
    uint256 private constant HASH_SHIFT = 8;
    int256 private constant CASH_OFFSET = 1 << 127;
    int256 private constant SIZE_OFFSET = 1 << 56;
    int256 private constant INDEX_OFFSET = 1 << 112;
    uint256 private constant SIZE_BITS = 57;
    uint256 private constant LOT_VALUE_BITS = 80;
    uint256 private constant PPM_BITS = 24;
    uint256 private constant INDEX_SHIFT = 128;

    /// @notice An element of a statement is not below the order of the field.
    error OutsideField(uint256 index, uint256 found);
    /// @notice A chunk has another number of leaves than places.
    error LeavesWrong(uint256 found, uint256 required);
    /// @notice A number does not fit the place that the circuits have for it.
    error OutsideRange(int256 found, int256 bound);

    /// @notice Chain, pool and circuit in one element.
    function domain(address pool, uint256 circuitId) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, pool, circuitId))) >> HASH_SHIFT;
    }

    /// @notice The id of an epoch: everything that its snapshot says, in one element.
    function idOf(Snapshot memory snapshot) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(snapshot))) >> HASH_SHIFT;
    }

    /// @notice What a verifier asks of a requester, in one element.
    function challenge(address verifier, MarginClaim calldata claim)
        internal
        view
        returns (uint256)
    {
        bytes memory text = abi.encode(
            block.chainid, verifier, claim.requester, claim.nonce, uint256(claim.expiry)
        );
        return uint256(keccak256(text)) >> HASH_SHIFT;
    }

    /// @notice The public inputs (h, r, s) of a vector.
    function fingerprint(uint256 circuitId, uint256[] memory v, uint256 h)
        internal
        pure
        returns (uint256[3] memory inputs)
    {
        uint256 r = uint256(keccak256(abi.encode(circuitId, v, h))) >> HASH_SHIFT;
        uint256 s = 0;
        for (uint256 i = v.length; i != 0; --i) {
            uint256 element = v[i - 1];
            if (element >= FIELD) revert OutsideField(i - 1, element);
            s = addmod(mulmod(s, r, FIELD), element, FIELD);
        }
        return [h, r, s];
    }

    /// @notice Vector of one chunk of an epoch; `keys` are those of its places.
    /// @param sumsBefore Commitment to the sums of the chunks before it; 0 for the first.
    function solvency(
        uint256 domain_,
        Snapshot memory snapshot,
        uint256[4] memory chunk,
        uint256 sumsBefore,
        uint256[] memory keys
    ) internal pure returns (uint256[] memory v) {
        (uint256 index, uint256 isLast) = (chunk[0], chunk[3]);
        uint256 n = keys.length;
        v = new uint256[](8 + n + SLOTS + 1 + SLOTS);
        (v[0], v[1], v[2], v[3]) = (domain_, idOf(snapshot), index, snapshot.memberCount);
        (v[4], v[5], v[6], v[7]) = (isLast, sumsBefore, chunk[1], chunk[2]);
        for (uint256 i = 0; i < n; ++i) v[8 + i] = keys[i];
        for (uint256 i = 0; i < SLOTS; ++i) v[8 + n + i] = snapshot.context[i];
        if (isLast == 0) return v;
        uint256 at = 8 + n + SLOTS;
        v[at] = _offset(snapshot.totalCash, CASH_OFFSET);
        for (uint256 i = 0; i < SLOTS; ++i) {
            v[at + 1 + i] = _offset(snapshot.totalSizes[i], SIZE_OFFSET);
        }
    }

    /// @notice Vector of a member's statement of margin.
    function margin(
        uint256 domain_,
        Snapshot memory snapshot,
        address verifier,
        MarginClaim calldata claim,
        uint256 root
    ) internal view returns (uint256[] memory v) {
        v = new uint256[](11 + SLOTS);
        (v[0], v[1], v[2]) = (domain_, uint160(verifier), uint160(claim.requester));
        (v[3], v[4]) = (challenge(verifier, claim), claim.expiry);
        (v[5], v[6], v[7]) = (idOf(snapshot), claim.chunk, root);
        (v[8], v[9], v[10]) = (claim.kind, claim.threshold, claim.nullifier);
        for (uint256 i = 0; i < SLOTS; ++i) v[11 + i] = snapshot.context[i];
    }

    /// @notice Context word of a slot; reverts when a part does not fit.
    function context(
        uint256 lotValue,
        uint256 maintenancePpm,
        uint256 initialPpm,
        int256 fundingIndex
    ) internal pure returns (uint256) {
        if (lotValue >> LOT_VALUE_BITS != 0) {
            revert OutsideRange(int256(lotValue), int256(1 << LOT_VALUE_BITS));
        }
        return lotValue | (maintenancePpm << LOT_VALUE_BITS)
            | (initialPpm << (LOT_VALUE_BITS + PPM_BITS))
            | (_offset(fundingIndex, INDEX_OFFSET) << INDEX_SHIFT);
    }

    /// @notice What cash and lots are worth at an epoch's context, quote Q32.
    function equityQ32(int256 cash, int256[16] memory sizes, uint256[16] memory words)
        internal
        pure
        returns (int256 equity)
    {
        equity = cash;
        for (uint256 i = 0; i < SLOTS; ++i) {
            if (sizes[i] == 0) continue;
            uint256 word = words[i];
            int256 lotQ32 = int256((word & ((1 << LOT_VALUE_BITS) - 1)) << 32);
            equity += sizes[i] * (lotQ32 - (int256(word >> INDEX_SHIFT) - INDEX_OFFSET));
        }
    }

    /// @notice Root that a member's leaf leads to.
    /// @param place Place of the leaf in its chunk.
    /// @param members Places in a chunk.
    function rootOf(
        IPoseidon poseidon,
        uint256 key,
        Opening calldata opening,
        uint256 place,
        uint256 members
    ) internal view returns (uint256 node) {
        if (opening.salt >= FIELD) revert OutsideField(0, opening.salt);
        node = poseidon.hash([key, opening.salt]);
        node = poseidon.hash([node, _offset(opening.cash, CASH_OFFSET)]);
        for (uint256 word = 0; word < 4; ++word) {
            uint256 packed = 0;
            for (uint256 i = 0; i < 4; ++i) {
                uint256 size = _offset(opening.sizes[word * 4 + i], SIZE_OFFSET);
                packed |= size << (i * SIZE_BITS);
            }
            node = poseidon.hash([node, packed]);
        }
        uint256 at = 0;
        for (uint256 width = members; width > 1; width >>= 1) {
            uint256 sibling = opening.siblings[at];
            if (sibling >= FIELD) revert OutsideField(at, sibling);
            node = place & 1 == 0
                ? poseidon.hash([node, sibling])
                : poseidon.hash([sibling, node]);
            place >>= 1;
            ++at;
        }
    }

    /// @notice Root of a chunk's leaves.
    /// @param leaves Is overwritten.
    /// @param members Places in a chunk, a power of two.
    function rootOfLeaves(IPoseidon poseidon, uint256[] memory leaves, uint256 members)
        internal
        pure
        returns (uint256)
    {
        if (leaves.length != members) revert LeavesWrong(leaves.length, members);
        // Poseidon reduces what is larger: such a leaf would be published as another number.
        for (uint256 i = 0; i < members; ++i) {
            if (leaves[i] >= FIELD) revert OutsideField(i, leaves[i]);
        }
        for (uint256 width = members >> 1; width != 0; width >>= 1) {
            for (uint256 i = 0; i < width; ++i) {
                leaves[i] = poseidon.hash([leaves[2 * i], leaves[2 * i + 1]]);
            }
        }
        return leaves[0];
    }

    /// @dev A signed number as one that is not negative; strictly inside its range.
    function _offset(int256 value, int256 offset) private pure returns (uint256) {
        if (value >= offset || value <= -offset) revert OutsideRange(value, offset);
        return uint256(value + offset);
    }
}
