// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Leg, Market} from "../Working.sol";

/// @title Arrays of structs whose elements are not allocated yet.
/// @dev Assembly: `new Leg[](n)` would allocate n structs (and theirs) that are thrown away.
/// An element is invalid until it is assigned, and every user assigns before it reads.
library Arrays {
    function legs(uint256 length) internal pure returns (Leg[] memory result) {
        uint256 raw = _allocate(length);
        assembly ("memory-safe") {
            result := raw
        }
    }

    /// @notice Cuts an array to its first `length` elements. Assumes: it has that many.
    function cut(uint256[] memory array, uint256 length) internal pure {
        assembly ("memory-safe") {
            mstore(array, length)
        }
    }

    function markets(uint256 length) internal pure returns (Market[] memory result) {
        uint256 raw = _allocate(length);
        assembly ("memory-safe") {
            result := raw
        }
    }

    /// @notice 16 pages of markets, none of which is allocated yet either.
    function pages() internal pure returns (Market[][] memory result) {
        uint256 raw = _allocate(16);
        assembly ("memory-safe") {
            result := raw
        }
    }

    /// @notice One market with its parameters; every field is to be written.
    function market() internal pure returns (Market[] memory result) {
        uint256 raw = _allocate(1);
        assembly ("memory-safe") {
            result := raw
            let place := mload(0x40)
            mstore(add(result, 0x20), place)
            // 23 fields, of which the 19th is the address of the parameters; 20 of those.
            mstore(add(place, 0x240), add(place, 0x2e0))
            mstore(0x40, add(place, 0x560))
        }
    }

    function _allocate(uint256 length) private pure returns (uint256 place) {
        assembly ("memory-safe") {
            place := mload(0x40)
            mstore(place, length)
            mstore(0x40, add(place, shl(5, add(length, 1))))
        }
    }
}
