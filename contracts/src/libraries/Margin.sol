// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Market, Totals} from "../Working.sol";

/// @title Notional, fees, equity and requirements, exact in whole quote units.
library Margin {
    uint256 internal constant PPM = 1_000_000;

    /// @notice Size without its sign. Assumes: |lots| < 2^255.
    function magnitude(int256 lots) internal pure returns (uint256) {
        unchecked {
            return uint256(lots < 0 ? -lots : lots);
        }
    }

    /// @notice The long part of a position, lots.
    function long(int256 lots) internal pure returns (int256) {
        return lots > 0 ? lots : int256(0);
    }

    /// @notice A part of an amount, rounded up (against the account).
    /// @dev Assumes: amount < 2^200 and ppm < 2^24, so that nothing overflows.
    function shareUp(uint256 amount, uint256 ppm) internal pure returns (uint256) {
        unchecked {
            return (amount * ppm + (PPM - 1)) / PPM;
        }
    }

    /// @notice Value of a position at the index price, quote units, exact.
    /// @dev Assumes: |lots| < 2^60; a lot's value is 80 bits wide.
    function notional(Market memory market, int256 lots) internal pure returns (uint256) {
        unchecked {
            return magnitude(lots) * market.lotValue;
        }
    }

    /// @notice Adds a position to the sums.
    /// @dev Assumes: |lots| < 2^60, hence |lots * unitQ32| < 2^173.
    function add(Totals memory totals, Market memory market, int256 lots) internal pure {
        unchecked {
            uint256 amount = notional(market, lots);
            totals.equityQ32 += lots * market.unitQ32;
            totals.initial += shareUp(amount, market.params.initialPpm);
            totals.maintenance += shareUp(amount, market.params.maintenancePpm);
        }
    }

    /// @notice Equity in quote units, rounded down.
    function equity(Totals memory totals) internal pure returns (int256) {
        return totals.equityQ32 >> 32;
    }
}
