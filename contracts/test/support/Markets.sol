// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams} from "../../src/Types.sol";

/// @notice Market parameters for tests.
library Markets {
    /// @notice Every field away from its bounds, so that each can move both ways.
    function middling() internal pure returns (MarketParams memory p) {
        p = plain();
        (p.openInterestLowPpm, p.openInterestHighPpm) = (500_000, 900_000);
        (p.concentrationPpm, p.concentrationCapPpm) = (200_000, 300_000);
        (p.fundingGapSecondsMax, p.coverSharePpm) = (30, 250_000);
        (p.liquidationPartPpm, p.backstopLotsMax) = (100_000, 10_000);
        p.markClampPpm = 5_000;
    }

    /// @notice Base margins alone: every further term is switched off.
    function plain() internal pure returns (MarketParams memory) {
        return MarketParams({
            tickValue: 100,
            initialPpm: 50_000,
            maintenancePpm: 30_000,
            takerFeePpm: 450,
            makerFeePpm: 150,
            priceAgeSecondsMax: 60,
            bandPpm: 100_000,
            fillBandPpm: 50_000,
            fundingRatePpmMax: 120_000,
            openInterestMax: 1_000_000,
            openInterestLowPpm: 1_000_000,
            openInterestHighPpm: 1_000_000,
            concentrationPpm: 0,
            concentrationCapPpm: 0,
            isolated: 0,
            markClampPpm: 20_000,
            fundingGapSecondsMax: 7_200,
            liquidationPartPpm: 1_000_000,
            coverSharePpm: 1_000_000,
            backstopLotsMax: 0
        });
    }
}
