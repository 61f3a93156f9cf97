// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Leg, Market, Ticket} from "../Working.sol";

/// @title Arrays of structs whose elements are not allocated yet.
/// @dev Assembly: `new Leg[](n)` would allocate n structs (and theirs) that are thrown away.
/// An element is invalid until it is assigned, and every user assigns before it reads.
library Arrays {
    function legs(uint256 length) internal pure returns (Leg[] memory result) {
        uint256[] memory raw = new uint256[](length);
        assembly ("memory-safe") {
            result := raw
        }
    }

    function tickets(uint256 length) internal pure returns (Ticket[] memory result) {
        uint256[] memory raw = new uint256[](length);
        assembly ("memory-safe") {
            result := raw
        }
    }

    function markets(uint256 length) internal pure returns (Market[] memory result) {
        uint256[] memory raw = new uint256[](length);
        assembly ("memory-safe") {
            result := raw
        }
    }
}
