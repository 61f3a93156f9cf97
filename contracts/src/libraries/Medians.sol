// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Proof of medians by counting, without sorting.
library Medians {
    /// @notice Whether `price` and `rate` are the lower medians of `count` packed values (price
    /// u32, rate i32), the first at `offset` of `report`, each `stride` bytes after the one before.
    /// @dev A value is the lower median of n when at most (n-1)/2 lie below it and more than that
    /// at or below it. Unchecked: assumes that the values lie inside `report`, 1 <= count <= 255.
    function check(
        bytes calldata report,
        uint256 offset,
        uint256 stride,
        uint256 count,
        uint32 price,
        int32 rate
    ) internal pure returns (bool priceHeld, bool rateHeld) {
        unchecked {
            uint256 pricesLess;
            uint256 pricesSame;
            uint256 ratesLess;
            uint256 ratesSame;
            for (uint256 i; i < count; ++i) {
                uint64 item = uint64(bytes8(report[offset:]));
                uint32 priceSeen = uint32(item >> 32);
                int32 rateSeen = int32(uint32(item));
                if (priceSeen < price) ++pricesLess;
                else if (priceSeen == price) ++pricesSame;
                if (rateSeen < rate) ++ratesLess;
                else if (rateSeen == rate) ++ratesSame;
                offset += stride;
            }
            uint256 rank = (count - 1) / 2;
            priceHeld = pricesLess <= rank && pricesLess + pricesSame > rank;
            rateHeld = ratesLess <= rank && ratesLess + ratesSame > rank;
        }
    }
}
