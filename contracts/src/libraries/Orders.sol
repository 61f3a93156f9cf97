// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LaneWord} from "./Lanes.sol";

/// @notice The first word of a packed order, from the high bit: account u32, lane u16, seq u32,
/// market u8, flags u8, size u40, price u32, expiry u40. The low six bytes are not part of it.
type OrderTerms is uint256;

using Orders for OrderTerms global;

/// @title Reading and hashing of packed orders (90 bytes: 26 of terms, r 32, vs 32).
/// @notice Flags: bit 0 buy, 1 reduce-only, 2 post-only, 3-4 time in force, 7 contract signature.
library Orders {
    /// @notice Length of one packed order, bytes.
    uint256 internal constant PACKED_BYTES = 90;
    /// @notice Address of the digest buffer: 13 words to hash, 66 bytes to hash (three words), four
    /// words for the recovery of a signer. `Desks.reserve` allocates it.
    /// @dev A constant, because an order writes some twenty words there.
    uint256 internal constant BUFFER = 0xb00;
    uint256 internal constant BUFFER_BYTES = 0x1a0 + 0x60 + 0x80;

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
    /// @notice What an order of the protocol must be, on either side.
    uint256 internal constant FLAGS_PROTOCOL = IMMEDIATE_OR_CANCEL | REDUCE_ONLY;
    /// @dev Bit b is set when the flags b (without the contract signature) go together: 0-7 any
    /// resting order, 8-11 immediate or cancel, 16-19 fill or kill, both without post-only.
    uint256 private constant FLAGS_LAWFUL = 0x000f0fff;
    uint256 private constant FLAGS_UNLAWFUL = type(uint128).max ^ FLAGS_LAWFUL;

    /// @dev Stands in front of the first order: flags 5 and 6, which are unknown.
    OrderTerms internal constant NONE = OrderTerms.wrap(0x60 << FLAGS_SHIFT);

    uint256 private constant OWNER = 0x00ffffffffffffffffffffffffffffffffffffffff;
    /// @dev Account, market and flags.
    uint256 private constant SHARED_MASK = (uint256(type(uint32).max) << 224) | (0xffff << 160);

    /// @notice Terms of the packed order at an address.
    /// @dev Assembly: one load instead of twenty-six. From memory, because the optimizer repeats a
    /// load of calldata at each use. Assumes: a packed order is there.
    function at(uint256 position) internal pure returns (OrderTerms terms) {
        assembly ("memory-safe") {
            terms := mload(position)
        }
    }

    /// @notice Place of a contract signature in the batch's signatures, from where r and vs are.
    function spanAt(uint256 position) internal pure returns (uint256 offset, uint256 length) {
        assembly ("memory-safe") {
            offset := mload(add(position, 0x1a))
            length := mload(add(position, 0x3a))
        }
    }

    function account(OrderTerms self) internal pure returns (uint256) {
        return OrderTerms.unwrap(self) >> 224;
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

    /// @notice 1 for a buyer, -1 for a seller.
    function side(OrderTerms self) internal pure returns (int256) {
        unchecked {
            return int256((OrderTerms.unwrap(self) >> (FLAGS_SHIFT - 1)) & 2) - 1;
        }
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
        return uint16(OrderTerms.unwrap(self) >> 208);
    }

    function seq(OrderTerms self) internal pure returns (uint256) {
        return uint32(OrderTerms.unwrap(self) >> 176);
    }

    /// @notice What a batch is sorted by: account u32, lane u16, seq u32.
    function sortKey(OrderTerms self) internal pure returns (uint256) {
        return OrderTerms.unwrap(self) >> 176;
    }

    /// @notice Key of the lane: account u32, lane u16.
    function laneKey(OrderTerms self) internal pure returns (uint256) {
        return OrderTerms.unwrap(self) >> 208;
    }

    /// @notice Same account, market and flags: what neighbours often share.
    function shares(OrderTerms self, OrderTerms other) internal pure returns (bool) {
        return (OrderTerms.unwrap(self) ^ OrderTerms.unwrap(other)) & SHARED_MASK == 0;
    }

    /// @notice No unknown flag, one time in force, a seq and a price; a post-only order may rest.
    /// @dev An order without a size can never be filled.
    function wellFormed(OrderTerms self) internal pure returns (bool) {
        unchecked {
            uint256 bits = flags(self) & ~CONTRACT_SIGNATURE;
            return (FLAGS_LAWFUL >> bits) & 1 != 0 && seq(self) != 0 && price(self) != 0;
        }
    }

    /// @notice Zero when the order comes after `last` in its batch, is well formed, does not expire
    /// before `since` and does not go back in its lane. `turned` is the lane with the order on it:
    /// what the order has filled already stays, what an earlier one has filled goes.
    /// @dev Assembly: six conditions in one value, from fields that are taken out once; which one
    /// fails is worked out by the caller. Nothing stands above the filled lots of a lane, so that
    /// the fills of a batch may be added to them before they are judged.
    function meet(OrderTerms self, OrderTerms last, LaneWord lane_, uint256 since)
        internal
        pure
        returns (uint256 wrong, LaneWord turned)
    {
        uint256 unlawful = FLAGS_UNLAWFUL;
        assembly ("memory-safe") {
            let key := shr(176, self)
            let seq_ := and(key, 0xffffffff)
            let before := and(shr(160, lane_), 0xffffffff)
            wrong := iszero(gt(key, shr(176, last)))
            wrong := or(wrong, and(shr(and(shr(160, self), 0x7f), unlawful), 1))
            wrong := or(wrong, lt(and(shr(48, self), 0xffffffffff), since))
            wrong := or(wrong, gt(before, seq_))
            wrong := or(wrong, iszero(mul(seq_, and(shr(88, self), 0xffffffff))))
            // The owner, then the seq, then the filled lots if the seq is the same.
            turned := or(and(lane_, OWNER), shl(160, seq_))
            turned := or(turned, mul(eq(before, seq_), shl(192, shr(192, lane_))))
        }
    }

    /// @notice Zero when some lots are filled, not more than signed, and all of a fill-or-kill
    /// order.
    /// @dev Assembly: three conditions in one value; the caller works out which one fails.
    function misfit(OrderTerms self, uint256 lots, uint256 filled)
        internal
        pure
        returns (uint256 wrong)
    {
        assembly ("memory-safe") {
            let signed := and(shr(120, self), 0xffffffffff)
            wrong := or(iszero(lots), gt(filled, signed))
            // Bit 4 of the flags, fill or kill: not while short.
            wrong := or(wrong, and(shr(164, self), lt(filled, signed)))
        }
    }

    /// @notice Writes into the buffer what is the same for all orders.
    /// @dev Assembly: the buffer is raw words.
    function openBuffer(bytes32 domainSeparator) internal pure {
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            mstore(BUFFER, typehash)
            mstore(add(BUFFER, 0x1a0), shl(240, 0x1901))
            mstore(add(BUFFER, 0x1a2), domainSeparator)
        }
    }

    /// @notice Writes the market of the orders that follow into the buffer.
    /// @dev Assembly: as `digest`.
    function hashMarket(uint256 id) internal pure {
        assembly ("memory-safe") {
            mstore(add(BUFFER, 0x40), id)
        }
    }

    /// @notice Writes account, flags, and the account's current epoch into the buffer.
    /// @dev Assembly: as `digest`.
    function hashShared(OrderTerms self, uint256 epoch) internal pure {
        assembly ("memory-safe") {
            mstore(add(BUFFER, 0x20), shr(224, self))
            mstore(add(BUFFER, 0x60), and(shr(160, self), 1))
            mstore(add(BUFFER, 0xc0), and(shr(163, self), 3))
            mstore(add(BUFFER, 0xe0), and(shr(161, self), 1))
            mstore(add(BUFFER, 0x100), and(shr(162, self), 1))
            mstore(add(BUFFER, 0x180), epoch)
        }
    }

    /// @notice EIP-712 digest of an order. Assumes: `hashMarket` and `hashShared` wrote the rest.
    /// @dev Assembly: writes the words of the struct in place; abi.encode would allocate for each
    /// order. The unused high bits of every field are masked off.
    function digest(OrderTerms self) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            mstore(add(BUFFER, 0x80), and(shr(120, self), 0xffffffffff))
            mstore(add(BUFFER, 0xa0), and(shr(88, self), 0xffffffff))
            mstore(add(BUFFER, 0x120), and(shr(48, self), 0xffffffffff))
            mstore(add(BUFFER, 0x140), and(shr(208, self), 0xffff))
            mstore(add(BUFFER, 0x160), and(shr(176, self), 0xffffffff))
            mstore(add(BUFFER, 0x1c2), keccak256(BUFFER, 0x1a0))
            result := keccak256(add(BUFFER, 0x1a0), 0x42)
        }
    }

    /// @notice The digest that was made last.
    function lastDigest() internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := keccak256(add(BUFFER, 0x1a0), 0x42)
        }
    }
}
