// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Proof of medians by counting, without sorting.
library Medians {
    /// @notice What a report says of one market.
    struct Value {
        uint32 price;
        uint32 mark;
        int32 rate;
    }

    /// @notice Whether each field of `value` is the lower median of `count` packed values (price
    /// u32, mark u32, rate i32), the first at `offset` of `report`, each `stride` bytes after the
    /// one before.
    /// @dev A value is the lower median of n when at most (n-1)/2 lie below it and more than that
    /// at or below it. Assembly: counts without branches, of each field in 32 bits: values at or
    /// below the median, and from bit 16 on values below it. Unchecked: assumes that the values lie
    /// inside `report`, 1 <= count <= 255.
    function check(
        bytes calldata report,
        uint256 offset,
        uint256 stride,
        uint256 count,
        Value memory value
    ) internal pure returns (bool priceHeld, bool markHeld, bool rateHeld) {
        unchecked {
            (uint256 price, uint256 mark, int256 rate) = (value.price, value.mark, value.rate);
            uint256 tally;
            assembly ("memory-safe") {
                let at := add(report.offset, offset)
                let end := add(at, mul(count, stride))
                for {} lt(at, end) { at := add(at, stride) } {
                    let item := shr(160, calldataload(at))
                    let seen := shr(64, item)
                    tally := add(tally, or(iszero(gt(seen, price)), shl(16, lt(seen, price))))
                    seen := and(shr(32, item), 0xffffffff)
                    let found := or(iszero(gt(seen, mark)), shl(16, lt(seen, mark)))
                    tally := add(tally, shl(32, found))
                    seen := signextend(3, item)
                    found := or(iszero(sgt(seen, rate)), shl(16, slt(seen, rate)))
                    tally := add(tally, shl(64, found))
                }
            }
            uint256 rank = (count - 1) / 2;
            priceHeld = _held(tally, rank);
            markHeld = _held(tally >> 32, rank);
            rateHeld = _held(tally >> 64, rank);
        }
    }

    function _held(uint256 tally, uint256 rank) private pure returns (bool) {
        return uint16(tally >> 16) <= rank && uint16(tally) > rank;
    }
}
