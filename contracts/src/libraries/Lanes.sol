// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice One lane in one word, from the low bit: owner of the account (160 bits, remembered
/// at first use because it never changes), seq u32, filled u40 (lots).
type LaneWord is uint256;

using Lanes for LaneWord global;

/// @title Packing of the lane slot: a place for one live order.
library Lanes {
    uint256 private constant OWNER_MASK = type(uint160).max;
    uint256 private constant SEQ_SHIFT = 160;
    uint256 private constant FILLED_SHIFT = 192;

    /// @notice `filled` of a cancelled seq; no order can be filled beyond it.
    uint256 internal constant CANCELLED = type(uint40).max;
    /// @notice The lane of the protocol in every account: its orders are signed by nobody, and
    /// lawful only as a liquidation.
    uint256 internal constant PROTOCOL = type(uint16).max;

    function key(uint256 account, uint256 lane) internal pure returns (uint256) {
        return (account << 16) | lane;
    }

    function owner(LaneWord self) internal pure returns (address) {
        return address(uint160(LaneWord.unwrap(self)));
    }

    function seq(LaneWord self) internal pure returns (uint256) {
        return uint32(LaneWord.unwrap(self) >> SEQ_SHIFT);
    }

    function filled(LaneWord self) internal pure returns (uint256) {
        return uint40(LaneWord.unwrap(self) >> FILLED_SHIFT);
    }

    function withOwner(LaneWord self, address value) internal pure returns (LaneWord) {
        return LaneWord.wrap((LaneWord.unwrap(self) & ~OWNER_MASK) | uint160(value));
    }

    /// @dev Assumes: `seqValue` fits 32 and `filledValue` 40 bits.
    function withOrder(LaneWord self, uint256 seqValue, uint256 filledValue)
        internal
        pure
        returns (LaneWord)
    {
        return LaneWord.wrap(
            (LaneWord.unwrap(self) & OWNER_MASK) | (seqValue << SEQ_SHIFT)
                | (filledValue << FILLED_SHIFT)
        );
    }

    /// @notice The lane with `lots` more filled.
    /// @dev Assumes: lots < 2^63. The sum is to be judged before it is stored.
    function plus(LaneWord self, uint256 lots) internal pure returns (LaneWord) {
        unchecked {
            return LaneWord.wrap(LaneWord.unwrap(self) + (lots << FILLED_SHIFT));
        }
    }

    /// @notice What is filled, without a bound on it.
    function sum(LaneWord self) internal pure returns (uint256) {
        return LaneWord.unwrap(self) >> FILLED_SHIFT;
    }
}
