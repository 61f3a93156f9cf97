// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The aged price: an average that a short push hardly moves.
/// @notice Exponential average of the accepted index prices with a time constant of four hours:
/// `aged += (price - aged) * dt / (tau + dt)`. It lies between all prices that it has seen.
library Aging {
    /// @notice Time constant, seconds.
    uint256 internal constant TIME_CONSTANT_SECONDS = 4 hours;

    /// @notice The average after a price that has stood for `elapsedSeconds`, ticks Q32.
    /// @param agedQ32 The average before, ticks Q32; zero: none, then it starts at the price.
    /// @dev The move is truncated toward zero, so that the average never passes the price. Ticks
    /// alone would not do: in whole ticks a report every two seconds would move nothing below
    /// 7,200 ticks of difference. Assumes: widths of the parameters; below 2^64 * 2^40.
    function step(uint64 agedQ32, uint32 price, uint256 elapsedSeconds)
        internal
        pure
        returns (uint64)
    {
        uint256 target = uint256(price) << 32;
        if (agedQ32 == 0) return uint64(target);
        uint256 whole = TIME_CONSTANT_SECONDS + elapsedSeconds;
        // Between two values of 64 bits: the casts keep the value.
        if (target >= agedQ32) {
            return uint64(agedQ32 + ((target - agedQ32) * elapsedSeconds) / whole);
        }
        return uint64(agedQ32 - ((agedQ32 - target) * elapsedSeconds) / whole);
    }

    /// @notice Whole ticks, rounded down; a price has at least one, hence so has its average.
    function toTicks(uint64 agedQ32) internal pure returns (uint32) {
        return uint32(agedQ32 >> 32);
    }
}
