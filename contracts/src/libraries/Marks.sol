// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The mark price that the venue accepts from a reported one.
/// @notice The index carries the mark along; what is slow is the distance between the two, which
/// the venue's own book makes. Two limits: a mark is at most 1 % from the one before as the index
/// carried it, and never further from the index than the market's clamp. The clamp wins.
library Marks {
    /// @notice Largest move of the mark against the index per report, parts per million.
    uint256 internal constant SLEW_PPM = 10_000;
    uint256 private constant PPM = 1_000_000;
    uint256 private constant TICKS_MAX = type(uint32).max;

    /// @notice The mark nearest to `reported` that both limits allow, ticks.
    /// @param reported Mark that the reporters observed, any value.
    /// @param before Mark accepted before, at the index `indexBefore`.
    /// @param indexBefore Index price before; zero: none, then only the clamp holds.
    /// @param index Index price of the same report, not zero.
    /// @param clampPpm Largest distance from the index.
    /// @dev The carried mark is rounded down. Nothing overflows: all below 2^64.
    function accepted(
        uint256 reported,
        uint256 before,
        uint256 indexBefore,
        uint256 index,
        uint256 clampPpm
    ) internal pure returns (uint32) {
        unchecked {
            if (indexBefore == 0) return clamped(reported, index, clampPpm);
            uint256 carried = (before * index) / indexBefore;
            if (carried > TICKS_MAX) carried = TICKS_MAX;
            return clamped(slewed(reported, carried), index, clampPpm);
        }
    }

    /// @notice The mark nearest to `reported` within the slew of a mark that the index carried.
    /// @dev Rounded down; less than one tick is one tick, so that no mark stands still for ever
    /// and what carrying rounds away comes back.
    function slewed(uint256 reported, uint256 carried) internal pure returns (uint256) {
        unchecked {
            uint256 slew = (carried * SLEW_PPM) / PPM;
            return _near(reported, carried, slew == 0 ? 1 : slew);
        }
    }

    /// @notice The nearest that law L10 allows; the span is rounded down.
    function clamped(uint256 mark, uint256 index, uint256 clampPpm)
        internal
        pure
        returns (uint32)
    {
        unchecked {
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
