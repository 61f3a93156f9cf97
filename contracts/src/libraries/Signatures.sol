// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LaneWord} from "./Lanes.sol";

/// @title Recovery of EIP-2098 signatures.
library Signatures {
    /// @dev The last four words of the digest buffer: `Orders.BUFFER` + 0x200.
    uint256 private constant INPUT = 0xd00;
    uint256 private constant S_MASK =
        0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff;
    /// @dev Half the order of secp256k1: a larger s is the twin of a smaller one.
    uint256 private constant S_MAX =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Zero when the signature (r, vs) of the packed order at `position` over `digest` is
    /// by the owner of a lane.
    /// @dev Assembly: calls the precompile on reused memory, and folds two conditions into a value.
    /// A failed recovery returns nothing and leaves the digest where the signer would be: an
    /// address that is nobody's, to the same 160 bits as any address is somebody's.
    function recover(bytes32 digest, uint256 position, LaneWord lane)
        internal
        view
        returns (uint256 wrong)
    {
        assembly ("memory-safe") {
            let vs := mload(add(position, 0x3a))
            let s := and(vs, S_MASK)
            mstore(INPUT, digest)
            mstore(add(INPUT, 0x20), add(27, shr(255, vs)))
            mstore(add(INPUT, 0x40), mload(add(position, 0x1a)))
            mstore(add(INPUT, 0x60), s)
            pop(staticcall(gas(), 1, INPUT, 0x80, INPUT, 0x20))
            wrong := or(shl(96, xor(mload(INPUT), lane)), gt(s, S_MAX))
        }
    }

    /// @notice Signer that was recovered last, or zero when there was none.
    /// @dev Assembly: reads what `recover` left. More than an address is the digest.
    function lastSigner() internal pure returns (address signer) {
        assembly ("memory-safe") {
            let word := mload(INPUT)
            let failed := or(shr(160, word), gt(mload(add(INPUT, 0x60)), S_MAX))
            signer := mul(word, iszero(failed))
        }
    }
}
