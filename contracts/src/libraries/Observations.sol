// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Signers of the observations of one report.
/// @notice All observations of a report share round, time and markets; only the values differ.
/// @dev Assembly: one buffer for all of them, whose shared words are written once.
library Observations {
    uint256 private constant S_MASK =
        0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff;
    /// @dev Half the order of secp256k1: a larger s is the twin of a smaller one.
    uint256 private constant S_MAX =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice A buffer for the signers of a report: five words of the struct to hash, 66 bytes of
    /// the digest (in three words), four words for the recovery, then `valuesBytes` of values.
    function open(
        bytes32 typehash,
        bytes32 separator,
        uint256 round,
        uint256 time,
        bytes32 marketsHash,
        uint256 valuesBytes
    ) internal pure returns (uint256 buffer) {
        assembly ("memory-safe") {
            buffer := mload(0x40)
            mstore(0x40, and(add(add(buffer, valuesBytes), 0x19f), not(0x1f)))
            mstore(buffer, typehash)
            mstore(add(buffer, 0x20), round)
            mstore(add(buffer, 0x40), time)
            mstore(add(buffer, 0x60), marketsHash)
            mstore(add(buffer, 0xa0), shl(240, 0x1901))
            mstore(add(buffer, 0xa2), separator)
        }
    }

    /// @notice Who signed the `valuesBytes` of values at `offset` of a report, with the signature
    /// (r, vs) behind them; zero when nobody did.
    /// @dev Assumes: all of it lies inside `report`; the buffer was opened for as many bytes.
    function signer(uint256 buffer, bytes calldata report, uint256 offset, uint256 valuesBytes)
        internal
        view
        returns (address result)
    {
        assembly ("memory-safe") {
            let from := add(report.offset, offset)
            let values := add(buffer, 0x180)
            calldatacopy(values, from, valuesBytes)
            mstore(add(buffer, 0x80), keccak256(values, valuesBytes))
            mstore(add(buffer, 0xc2), keccak256(buffer, 0xa0))
            from := add(from, valuesBytes)
            let vs := calldataload(add(from, 0x20))
            let s := and(vs, S_MASK)
            let input := add(buffer, 0x100)
            mstore(input, keccak256(add(buffer, 0xa0), 0x42))
            mstore(add(input, 0x20), add(27, shr(255, vs)))
            mstore(add(input, 0x40), calldataload(from))
            mstore(add(input, 0x60), s)
            mstore(0, 0)
            pop(staticcall(gas(), 1, input, 0x80, 0, 0x20))
            result := mul(mload(0), iszero(gt(s, S_MAX)))
        }
    }
}
