// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Whole words in and out of packed records, for the harnesses of the differential test.
abstract contract Records {
    function _word(bytes calldata records, uint256 index) internal pure returns (uint256) {
        return uint256(bytes32(records[index * 32:index * 32 + 32]));
    }

    function _put(bytes memory out, uint256 index, uint256 value) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(out, 0x20), mul(index, 0x20)), value)
        }
    }
}
