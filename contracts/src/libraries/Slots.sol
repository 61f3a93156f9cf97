// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountWord} from "./Accounts.sol";
import {LaneWord} from "./Lanes.sol";

/// @title Storage slots that a batch reads once and writes once.
/// @dev Assembly: the address of a slot is hashed once, as the compiler would do it each time.
library Slots {
    /// @notice Slot of an account.
    function at(mapping(uint256 => AccountWord) storage map, uint256 key)
        internal
        pure
        returns (uint256 slot)
    {
        assembly ("memory-safe") {
            mstore(0, key)
            mstore(0x20, map.slot)
            slot := keccak256(0, 0x40)
        }
    }

    /// @notice Slot of a lane.
    function at(mapping(uint256 => LaneWord) storage map, uint256 key)
        internal
        pure
        returns (uint256 slot)
    {
        assembly ("memory-safe") {
            mstore(0, key)
            mstore(0x20, map.slot)
            slot := keccak256(0, 0x40)
        }
    }

    /// @notice What a slot holds.
    function read(uint256 slot) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(slot)
        }
    }

    /// @notice Stores a word. Assumes: `slot` comes from `at`.
    function write(uint256 slot, uint256 word) internal {
        assembly ("memory-safe") {
            sstore(slot, word)
        }
    }
}
