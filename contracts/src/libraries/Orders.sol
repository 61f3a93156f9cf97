// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LaneWord} from "./Lanes.sol";

/// @notice The first 26 bytes of a packed order, right-aligned: account u32, market u8, flags u8,
/// size u40, price u32, expiry u40, lane u16, seq u32.
type OrderTerms is uint256;

using Orders for OrderTerms global;

/// @title Reading and hashing of packed orders (90 bytes: 26 of terms, r 32, vs 32).
/// @notice Flags: bit 0 buy, 1 reduce-only, 2 post-only, 3-4 time in force, 7 contract signature.
library Orders {
    /// @notice Length of one packed order, bytes.
    uint256 internal constant PACKED_BYTES = 90;
    /// @notice Length of the digest buffer, bytes: 13 words to hash, then 66 bytes.
    uint256 internal constant BUFFER_BYTES = 0x1a0 + 0x42;

    bytes32 internal constant TYPEHASH = keccak256(
        "Order(uint32 account,uint8 market,bool isBuy,uint64 size,uint32 price,uint8 timeInForce,"
        "bool reduceOnly,bool postOnly,uint40 expiry,uint16 lane,uint32 seq,uint32 epoch)"
    );

    uint256 private constant FLAGS_SHIFT = 160;
    uint256 internal constant BUY = 0x01;
    uint256 internal constant REDUCE_ONLY = 0x02;
    uint256 internal constant POST_ONLY = 0x04;
    uint256 internal constant IMMEDIATE_OR_CANCEL = 0x08;
    uint256 internal constant FILL_OR_KILL = 0x10;
    uint256 internal constant TIME_IN_FORCE = 0x18;
    uint256 internal constant CONTRACT_SIGNATURE = 0x80;
    uint256 internal constant FLAGS_KNOWN = 0x9f;
    /// @dev Bit b is set when the flags b (without the contract signature) go together: 0-7 any
    /// resting order, 8-11 immediate or cancel, 16-19 fill or kill, both without post-only.
    uint256 private constant FLAGS_LAWFUL = 0x000f0fff;

    /// @notice Terms of order `index`.
    /// @dev Assembly: one load instead of twenty-six. Assumes: the order is inside `orders`.
    /// From memory, because the optimizer repeats a load of calldata at each use.
    function at(bytes memory orders, uint256 index) internal pure returns (OrderTerms terms) {
        assembly ("memory-safe") {
            terms := shr(48, mload(add(add(orders, 0x20), mul(index, 90))))
        }
    }

    /// @notice Signature words (r, vs) of order `index`.
    /// @dev Assembly: as `at`, same assumption.
    function signatureAt(bytes memory orders, uint256 index)
        internal
        pure
        returns (bytes32 r, bytes32 vs)
    {
        assembly ("memory-safe") {
            let position := add(add(orders, 0x3a), mul(index, 90))
            r := mload(position)
            vs := mload(add(position, 0x20))
        }
    }

    function account(OrderTerms self) internal pure returns (uint256) {
        return OrderTerms.unwrap(self) >> 176;
    }

    function market(OrderTerms self) internal pure returns (uint256) {
        return uint8(OrderTerms.unwrap(self) >> 168);
    }

    function flags(OrderTerms self) internal pure returns (uint256) {
        return uint8(OrderTerms.unwrap(self) >> FLAGS_SHIFT);
    }

    function has(OrderTerms self, uint256 flag) internal pure returns (bool) {
        return OrderTerms.unwrap(self) & (flag << FLAGS_SHIFT) != 0;
    }

    function size(OrderTerms self) internal pure returns (uint256) {
        return uint40(OrderTerms.unwrap(self) >> 120);
    }

    function price(OrderTerms self) internal pure returns (uint256) {
        return uint32(OrderTerms.unwrap(self) >> 88);
    }

    function expiry(OrderTerms self) internal pure returns (uint256) {
        return uint40(OrderTerms.unwrap(self) >> 48);
    }

    function lane(OrderTerms self) internal pure returns (uint256) {
        return uint16(OrderTerms.unwrap(self) >> 32);
    }

    function seq(OrderTerms self) internal pure returns (uint256) {
        return uint32(OrderTerms.unwrap(self));
    }

    /// @notice What a batch is sorted by: account u32, lane u16, seq u32.
    function sortKey(OrderTerms self) internal pure returns (uint256) {
        uint256 word = OrderTerms.unwrap(self);
        return ((word >> 176) << 48) | uint48(word);
    }

    /// @notice Account and market: account u32, market u8.
    function pair(OrderTerms self) internal pure returns (uint256) {
        return OrderTerms.unwrap(self) >> 168;
    }

    /// @notice Key of the lane: account u32, lane u16.
    function laneKey(OrderTerms self) internal pure returns (uint256) {
        uint256 word = OrderTerms.unwrap(self);
        return ((word >> 176) << 16) | uint16(word >> 32);
    }

    /// @notice No unknown flag, one time in force, a seq and a price; a post-only order may rest.
    /// @dev An order without a size can never be filled.
    function wellFormed(OrderTerms self) internal pure returns (bool) {
        unchecked {
            uint256 word = OrderTerms.unwrap(self);
            uint256 bits = uint8(word >> FLAGS_SHIFT) & ~CONTRACT_SIGNATURE;
            return (FLAGS_LAWFUL >> bits) & 1 != 0 && uint32(word) != 0
                && uint32(word >> 88) != 0;
        }
    }

    /// @notice The order comes after `previous` in its batch, is well formed, lives at `time`, does
    /// not go back in its lane, whose owner is known, and no breaker forbids it.
    /// @dev Assembly: seven conditions in one branch; which one fails is worked out by the caller.
    function admissible(
        OrderTerms self,
        LaneWord lane_,
        uint256 previous,
        uint256 time,
        uint256 level
    ) internal pure returns (bool ok) {
        uint256 lawful = FLAGS_LAWFUL;
        assembly ("memory-safe") {
            let seq_ := and(self, 0xffffffff)
            ok := gt(or(shl(48, shr(176, self)), and(self, 0xffffffffffff)), previous)
            ok := and(ok, shr(and(shr(160, self), 0x7f), lawful))
            ok := and(ok, gt(and(shr(48, self), 0xffffffffff), time))
            ok := and(ok, lt(and(shr(160, lane_), 0xffffffff), add(seq_, 1)))
            ok := and(ok, gt(shl(96, lane_), 0))
            ok := and(ok, gt(seq_, 0))
            ok := and(ok, gt(and(shr(88, self), 0xffffffff), 0))
            ok := and(ok, lt(level, 3))
        }
    }

    /// @notice Some lots are filled, not more than signed, and all of a fill-or-kill order.
    /// @dev Assembly: one branch for three conditions; the caller works out which one fails.
    function fits(OrderTerms self, uint256 lots, uint256 filled) internal pure returns (bool ok) {
        assembly ("memory-safe") {
            let signed := and(shr(120, self), 0xffffffffff)
            ok := and(gt(lots, 0), iszero(gt(filled, signed)))
            // Bit 4 of the flags, fill or kill: not while short.
            ok := and(ok, iszero(and(shr(164, self), lt(filled, signed))))
        }
    }

    /// @notice Memory to hash orders in, with everything that is the same for all of them.
    /// @dev Assembly: the buffer is raw bytes; it is allocated here and never moves.
    function newBuffer(bytes32 domainSeparator) internal pure returns (bytes memory buffer) {
        buffer = new bytes(BUFFER_BYTES);
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let start := add(buffer, 0x20)
            mstore(start, typehash)
            mstore(add(start, 0x1a0), shl(240, 0x1901))
            mstore(add(start, 0x1a2), domainSeparator)
        }
    }

    /// @notice EIP-712 digest of an order, for the account's current epoch.
    /// @dev Assembly: writes the thirteen words of the struct in place; abi.encode would allocate
    /// for each order. The unused high bits of every field are masked off.
    function digest(OrderTerms self, uint256 epoch, bytes memory buffer)
        internal
        pure
        returns (bytes32 result)
    {
        assembly ("memory-safe") {
            let start := add(buffer, 0x20)
            let bits := shr(160, self)
            mstore(add(start, 0x20), shr(176, self))
            mstore(add(start, 0x40), and(shr(8, bits), 0xff))
            mstore(add(start, 0x60), and(bits, 1))
            mstore(add(start, 0x80), and(shr(120, self), 0xffffffffff))
            mstore(add(start, 0xa0), and(shr(88, self), 0xffffffff))
            mstore(add(start, 0xc0), and(shr(3, bits), 3))
            mstore(add(start, 0xe0), and(shr(1, bits), 1))
            mstore(add(start, 0x100), and(shr(2, bits), 1))
            mstore(add(start, 0x120), and(shr(48, self), 0xffffffffff))
            mstore(add(start, 0x140), and(shr(32, self), 0xffff))
            mstore(add(start, 0x160), and(self, 0xffffffff))
            mstore(add(start, 0x180), epoch)
            mstore(add(start, 0x1c2), keccak256(start, 0x1a0))
            result := keccak256(add(start, 0x1a0), 0x42)
        }
    }
}
