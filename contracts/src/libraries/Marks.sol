// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The mark price that the venue accepts from a reported one.
/// @notice Two limits: a mark moves by at most 1 % of the one before per report, and it is never
/// further from the index price than the market's clamp. The clamp wins: an index that runs away
/// pulls the mark after it however far.
library Marks {
    /// @notice Largest move of the mark per report, parts per million of the mark before.
    uint256 internal constant SLEW_PPM = 10_000;
    uint256 private constant PPM = 1_000_000;
    uint256 private constant TICKS_MAX = type(uint32).max;

    /// @notice The mark nearest to `reported` that both limits allow, ticks.
    /// @param reported Mark that the reporters observed, any value.
    /// @param before Mark accepted before; zero: none, then only the clamp holds.
    /// @param index Index price of the same report, not zero.
    /// @param clampPpm Largest distance from the index.
    /// @dev Both spans are rounded down, so that law L10 holds of mark and index; a slew of less
    /// than one tick is one tick, so that no mark stands still for ever. Nothing overflows: all
    /// below 2^32 * 2^24.
    function accepted(uint256 reported, uint256 before, uint256 index, uint256 clampPpm)
        internal
        pure
        returns (uint32)
    {
        unchecked {
            uint256 mark = reported;
            if (before != 0) {
                uint256 slew = (before * SLEW_PPM) / PPM;
                mark = _near(mark, before, slew == 0 ? 1 : slew);
            }
            return uint32(_near(mark, index, (index * clampPpm) / PPM));
        }
    }

    /// @dev The value nearest to `wanted` within `span` of `centre`, from one tick to the widest.
    function _near(uint256 wanted, uint256 centre, uint256 span) private pure returns (uint256) {
        unchecked {
            uint256 low = span < centre ? centre - span : 1;
            uint256 high = centre + span;
            if (high > TICKS_MAX) high = TICKS_MAX;
            return wanted < low ? low : wanted > high ? high : wanted;
        }
    }
}
