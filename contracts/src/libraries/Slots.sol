// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountWord} from "./Accounts.sol";
import {LaneWord} from "./Lanes.sol";

/// @title Storage slots that a batch reads once and writes once.
/// @dev Assembly: accounts and lanes are arrays of fixed length, whose elements the compiler lays
/// side by side, so that the address of one is a sum; no index is wider than its array is long.
library Slots {
    /// @notice Slot of an account. Assumes: `id` < 2^32.
    function at(AccountWord[1 << 32] storage list, uint256 id)
        internal
        pure
        returns (uint256 slot)
    {
        assembly ("memory-safe") {
            slot := add(list.slot, id)
        }
    }

    /// @notice Slot of a lane. Assumes: `key` < 2^48.
    function at(LaneWord[1 << 48] storage list, uint256 key) internal pure returns (uint256 slot) {
        assembly ("memory-safe") {
            slot := add(list.slot, key)
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
