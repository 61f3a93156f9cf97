// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, VenueParams} from "../Types.sol";

/// @title Parameters as the words in which they are stored.
/// @notice The compiler lays the fields of a struct side by side from the low bit. A batch reads
/// them as words: to encode and decode twenty fields costs more than to store them.
/// @dev Assembly: reads slots, and writes fields without checking what shifts and masks ensure.
library ParameterWords {
    /// @notice Both words of a market.
    function load(MarketParams storage params) internal view returns (uint256 low, uint256 high) {
        assembly ("memory-safe") {
            low := sload(params.slot)
            high := sload(add(params.slot, 1))
        }
    }

    /// @notice The word of the venue.
    function load(VenueParams storage params) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(params.slot)
        }
    }

    function tickValue(uint256 low) internal pure returns (uint256) {
        return uint48(low);
    }

    function bandPpm(uint256 low) internal pure returns (uint256) {
        return uint24(low >> 144);
    }

    function markClampPpm(uint256 high) internal pure returns (uint256) {
        return uint24(high >> 104);
    }

    function sequencer(uint256 word) internal pure returns (address) {
        return address(uint160(word));
    }

    function quietSeconds(uint256 word) internal pure returns (uint256) {
        return uint32(word >> 160);
    }

    function reportSkewSecondsMax(uint256 word) internal pure returns (uint256) {
        return uint32(word >> 192);
    }

    /// @notice Writes every field of `params` from the words of a market.
    function unpack(MarketParams memory params, uint256 low, uint256 high) internal pure {
        assembly ("memory-safe") {
            mstore(params, and(low, 0xffffffffffff))
            mstore(add(params, 0x20), and(shr(48, low), 0xffffff))
            mstore(add(params, 0x40), and(shr(72, low), 0xffffff))
            mstore(add(params, 0x60), and(shr(96, low), 0xffff))
            mstore(add(params, 0x80), and(shr(112, low), 0xffff))
            mstore(add(params, 0xa0), and(shr(128, low), 0xffff))
            mstore(add(params, 0xc0), and(shr(144, low), 0xffffff))
            mstore(add(params, 0xe0), and(shr(168, low), 0xffffff))
            mstore(add(params, 0x100), and(shr(192, low), 0xffffff))
            mstore(add(params, 0x120), shr(216, low))
            mstore(add(params, 0x140), and(high, 0xffffff))
            mstore(add(params, 0x160), and(shr(24, high), 0xffffff))
            mstore(add(params, 0x180), and(shr(48, high), 0xffffff))
            mstore(add(params, 0x1a0), and(shr(72, high), 0xffffff))
            mstore(add(params, 0x1c0), and(shr(96, high), 0xff))
            mstore(add(params, 0x1e0), and(shr(104, high), 0xffffff))
            mstore(add(params, 0x200), and(shr(128, high), 0xffff))
            mstore(add(params, 0x220), and(shr(144, high), 0xffffff))
            mstore(add(params, 0x240), and(shr(168, high), 0xffffff))
            mstore(add(params, 0x260), and(shr(192, high), 0xffffffffff))
        }
    }
}
