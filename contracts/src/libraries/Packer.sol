// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountWord} from "./Accounts.sol";
import {OrderTerms} from "./Orders.sol";

/// @title Writing of packed records into one buffer, for events.
/// @dev Assembly: unaligned stores; abi.encodePacked would copy the whole buffer for each record.
library Packer {
    /// @notice Length of the head of an account's record, bytes.
    uint256 internal constant HEAD_BYTES = 21;
    /// @notice Length of a position in an account's record, bytes.
    uint256 internal constant POSITION_BYTES = 8;

    /// @notice A buffer for `capacity` bytes and the address of its first one.
    /// @dev One word of slack: `put` always stores a whole word.
    function open(uint256 capacity) internal pure returns (bytes memory buffer, uint256 cursor) {
        buffer = new bytes(capacity + 32);
        assembly ("memory-safe") {
            cursor := add(buffer, 0x20)
        }
    }

    /// @notice Makes `bytes` as an event carries them of the records from `start` to `end`: their
    /// length in the word in front, zeros behind. Returns the address after all.
    /// @dev Assumes: that word and the 32 bytes behind are allocated and free to be written.
    function seal(uint256 start, uint256 end) internal pure returns (uint256 next) {
        assembly ("memory-safe") {
            mstore(end, 0)
            mstore(sub(start, 0x20), sub(end, start))
            next := and(add(end, 0x1f), not(0x1f))
        }
    }

    /// @notice Writes the low `count` bytes of `value` and returns the address after them.
    /// @dev Assumes: 1 <= count <= 32 and the buffer has room.
    function put(uint256 cursor, uint256 value, uint256 count)
        internal
        pure
        returns (uint256 next)
    {
        assembly ("memory-safe") {
            mstore(cursor, shl(sub(256, shl(3, count)), value))
            next := add(cursor, count)
        }
    }

    /// @notice Cuts the buffer to what was written.
    function close(bytes memory buffer, uint256 cursor) internal pure {
        assembly ("memory-safe") {
            mstore(buffer, sub(cursor, add(buffer, 0x20)))
        }
    }

    /// @notice Writes the head of an account's record, 21 bytes: id u32, count u8, cash i128.
    function putHead(uint256 cursor, uint256 id, int256 cashQ32, uint256 positions)
        internal
        pure
        returns (uint256)
    {
        uint256 cash = uint128(uint256(cashQ32));
        return put(cursor, (id << 136) | (positions << 128) | cash, HEAD_BYTES);
    }

    /// @notice Writes a position of an account's record, 8 bytes: market u8, size i56.
    function putPosition(uint256 cursor, uint256 market, int256 size)
        internal
        pure
        returns (uint256)
    {
        return put(cursor, (market << 56) | uint56(uint256(size)), POSITION_BYTES);
    }

    /// @notice Writes the record of an order, 15 bytes: account u32, lane u16, seq u32 as they
    /// stand in its terms, then filled u40.
    function putOrder(uint256 cursor, OrderTerms terms, uint256 filled)
        internal
        pure
        returns (uint256 next)
    {
        assembly ("memory-safe") {
            mstore(cursor, or(and(terms, not(shr(80, not(0)))), shl(136, filled)))
            next := add(cursor, 15)
        }
    }

    /// @notice Writes the record of an account with one position, 29 bytes: id u32, 1, then cash
    /// i128, market u8, size i56 as they stand in its word.
    function putAccount(uint256 cursor, uint256 id, AccountWord word)
        internal
        pure
        returns (uint256)
    {
        uint256 position = uint192(AccountWord.unwrap(word));
        return put(cursor, (id << 200) | (1 << 192) | position, 29);
    }
}
