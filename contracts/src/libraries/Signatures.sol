// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Recovery of EIP-2098 signatures.
library Signatures {
    uint256 private constant S_MASK = type(uint256).max >> 1;
    /// @dev Half the order of secp256k1: a larger s is the twin of a smaller one.
    uint256 private constant S_MAX =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Signer of `digest`, or zero when the signature is none.
    /// @dev Assembly: calls the precompile on reused memory. The buffer has 128 bytes; a failed
    /// recovery returns nothing, so that the output word stays zero.
    function recover(bytes32 digest, bytes32 r, bytes32 vs, bytes memory buffer)
        internal
        view
        returns (address signer)
    {
        uint256 s = uint256(vs) & S_MASK;
        if (s > S_MAX) return address(0);
        assembly ("memory-safe") {
            let start := add(buffer, 0x40)
            mstore(start, digest)
            mstore(add(start, 0x20), add(27, shr(255, vs)))
            mstore(add(start, 0x40), r)
            mstore(add(start, 0x60), s)
            mstore(0, 0)
            pop(staticcall(gas(), 1, start, 0x80, 0, 0x20))
            signer := mload(0)
        }
    }
}
