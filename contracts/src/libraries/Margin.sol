// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams} from "../Types.sol";
import {Market, Totals} from "../Working.sol";

/// @title Notional, fees, equity and requirements, exact in whole quote units.
/// @notice Everything that an account owes is rounded up, what it owns is rounded down. Initial
/// margin is the largest of four terms: base, owner's own, open interest, concentration.
/// Maintenance margin follows from the base alone, so that crowding liquidates nobody.
library Margin {
    uint256 internal constant PPM = 1_000_000;
    /// @dev Part of a market's cap that one batch of several fills may add.
    uint256 private constant CROWD_STEP_PPM = 50_000;

    /// @notice Size without its sign. Assumes: |lots| < 2^255.
    /// @dev The sign is all ones or zero: a complement and one more, or nothing.
    function magnitude(int256 lots) internal pure returns (uint256) {
        unchecked {
            int256 sign = lots >> 255;
            return uint256((lots ^ sign) - sign);
        }
    }

    /// @notice The long part of a position, lots.
    /// @dev As above: nothing is left of a negative one.
    function long(int256 lots) internal pure returns (int256) {
        return lots & ~(lots >> 255);
    }

    /// @notice A part of an amount, rounded up (against the account).
    /// @dev Assumes: amount < 2^200 and ppm < 2^24, so that nothing overflows.
    function shareUp(uint256 amount, uint256 ppm) internal pure returns (uint256) {
        unchecked {
            return (amount * ppm + (PPM - 1)) / PPM;
        }
    }

    /// @notice By how much a position is worth less at the index price than at the mark, quote Q32;
    /// zero when it is worth more.
    /// @dev Assumes: |lots| < 2^60; a lot's value is 80 bits wide.
    function cautionQ32(Market memory market, int256 lots) internal pure returns (int256) {
        unchecked {
            int256 above = int256(market.lotValue)
                - int256(market.price * uint256(market.params.tickValue));
            int256 less = lots * above;
            return less > 0 ? less << 32 : int256(0);
        }
    }

    /// @notice The fill prices inside the band around an index price: from `low`, which wraps
    /// below zero, to `width` above it. So `fill - low <= width`, wrapping, is one comparison.
    /// @dev Assumes: price < 2^32 and ppm < 2^24.
    function band(uint256 price, uint256 ppm) internal pure returns (uint256 low, uint256 width) {
        unchecked {
            uint256 reach = (price * ppm) / PPM;
            return (price - reach, reach * 2);
        }
    }

    /// @notice Value of a position at the mark price, quote units, exact.
    /// @dev Assumes: |lots| < 2^60; a lot's value is 80 bits wide.
    function notional(Market memory market, int256 lots) internal pure returns (uint256) {
        unchecked {
            return magnitude(lots) * market.lotValue;
        }
    }

    /// @notice Initial margin of every position in a market, ppm rounded up: the base up to the low
    /// part of the cap on open interest, the whole notional from the high part on, and a straight
    /// line between them. Both parts equal: the base alone.
    /// @dev Assumes: parameters inside their bounds, openInterest < 2^56.
    function interestPpm(MarketParams memory p, uint256 openInterest)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            uint256 base = p.initialPpm;
            uint256 low = p.openInterestLowPpm;
            uint256 high = p.openInterestHighPpm;
            if (low >= high) return base;
            uint256 scaled = openInterest * PPM;
            uint256 from = p.openInterestMax * low;
            if (scaled <= from) return base;
            uint256 above = scaled - from;
            uint256 span = p.openInterestMax * (high - low);
            if (above >= span) return PPM;
            return base + ((PPM - base) * above + span - 1) / span;
        }
    }

    /// @notice The most open interest at which a batch that is judged at `before` may end, lots: a
    /// step above it, or above where initial margin starts to grow; no bound where it never does.
    /// @dev Assumes: parameters inside their bounds, before < 2^56.
    function crowdMost(MarketParams memory p, uint256 before) internal pure returns (uint256) {
        unchecked {
            uint256 low = p.openInterestLowPpm;
            if (low >= p.openInterestHighPpm) return type(uint256).max;
            uint256 from = p.openInterestMax * low / PPM;
            uint256 step = p.openInterestMax * CROWD_STEP_PPM / PPM;
            return (before > from ? before : from) + (step == 0 ? 1 : step);
        }
    }

    /// @notice The most that a position can need, ppm, the owner's own term left out: all of the
    /// open interest. `marketPpm` comes from `interestPpm`.
    function ceilingPpm(MarketParams memory p, uint256 marketPpm) internal pure returns (uint256) {
        unchecked {
            uint256 all = uint256(p.initialPpm) + p.concentrationPpm;
            uint256 cap = p.concentrationCapPpm;
            if (cap < all) all = cap;
            return all > marketPpm ? all : marketPpm;
        }
    }

    /// @notice Initial margin of a position of `size` lots, ppm rounded up: the largest of the
    /// market's, the owner's own `userPpm`, and that for its share of the open interest.
    /// @dev The share is of the open interest before the operation, and never above one: an
    /// account that opens an empty market is all of it. Assumes: size < 2^60.
    function initialPpm(Market memory market, uint256 size, uint256 userPpm)
        internal
        pure
        returns (uint256 ppm)
    {
        unchecked {
            ppm = market.initialPpm;
            if (userPpm > ppm) ppm = userPpm;
            MarketParams memory p = market.params;
            uint256 added = p.concentrationPpm * size;
            uint256 interest = uint256(market.openInterestBefore);
            if (size > interest) interest = size;
            uint256 base = p.initialPpm;
            // Plainly below what is demanded already: no division. Also keeps zero out of it.
            if (added <= (ppm - base) * interest) return ppm;
            uint256 term = base + (added + interest - 1) / interest;
            if (term > p.concentrationCapPpm) term = p.concentrationCapPpm;
            if (term > ppm) ppm = term;
        }
    }

    /// @notice Initial margin of a position, quote units, rounded up.
    /// @dev Assumes: |lots| < 2^60.
    function initial(Market memory market, int256 lots, uint256 userPpm)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            uint256 size = magnitude(lots);
            return shareUp(size * market.lotValue, initialPpm(market, size, userPpm));
        }
    }

    /// @notice Whether equity covers the initial margin of an account's only position.
    /// @dev Most accounts cover the ceiling, and need no more than that unless their owner demands
    /// it. Widths: equity 142 bits.
    function isInitial(Market memory market, int256 lots, uint256 userPpm, int256 equity_)
        internal
        pure
        returns (bool)
    {
        unchecked {
            int256 most = int256(magnitude(lots) * market.lotCeiling);
            if (equity_ * int256(PPM) >= most && userPpm == 0) return true;
            return equity_ >= int256(initial(market, lots, userPpm));
        }
    }

    /// @notice Adds a position to the sums.
    /// @dev Assumes: |lots| < 2^60, hence |lots * unitQ32| < 2^173.
    function add(Totals memory totals, Market memory market, int256 lots) internal pure {
        unchecked {
            if (lots == 0) return;
            uint256 size = magnitude(lots);
            uint256 amount = size * market.lotValue;
            totals.equityQ32 += lots * market.unitQ32;
            totals.initial += shareUp(amount, initialPpm(market, size, totals.userPpm));
            totals.maintenance += shareUp(amount, market.params.maintenancePpm);
            totals.held |= 1 << market.id;
            totals.lone |= uint256(market.params.isolated) << market.id;
        }
    }

    /// @notice Whether the positions that were added are in one market only, or in no isolated one.
    function isolationHeld(Totals memory totals) internal pure returns (bool) {
        unchecked {
            return totals.lone == 0 || totals.held & (totals.held - 1) == 0;
        }
    }

    /// @notice Equity in quote units, rounded down.
    function equity(Totals memory totals) internal pure returns (int256) {
        return totals.equityQ32 >> 32;
    }

    /// @notice Close-out margin: two thirds of the maintenance margin, rounded down. Below it the
    /// backstop may take over.
    /// @dev Assumes: maintenance < 2^255.
    function closeOut(uint256 maintenance) internal pure returns (uint256) {
        unchecked {
            return maintenance * 2 / 3;
        }
    }
}
