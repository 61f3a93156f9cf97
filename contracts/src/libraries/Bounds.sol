// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, VenueParams} from "../Types.sol";
import {LawLib} from "../generated/LawLib.sol";
import {Delayed} from "./Delayed.sol";

/// @title Bounds: what no governor can leave, and which way is tighter.
/// @notice The laws decide; a check names the first field that fails and the bound it crossed.
library Bounds {
    uint256 internal constant PPM = 1_000_000;
    uint256 internal constant INITIAL_PPM_MIN = 10_000;
    uint256 internal constant INITIAL_PPM_MAX = 1_000_000;
    uint256 internal constant MAINTENANCE_PPM_MIN = 5_000;
    /// @dev Maintenance margin is at most this share of the initial margin.
    uint256 internal constant MAINTENANCE_SHARE_PPM_MAX = 800_000;
    uint256 internal constant FEE_PPM_MAX = 10_000;
    uint256 internal constant PRICE_AGE_SECONDS_MIN = 5;
    uint256 internal constant PRICE_AGE_SECONDS_MAX = 7_200;
    uint256 internal constant BAND_PPM_MIN = 10_000;
    uint256 internal constant BAND_PPM_MAX = 500_000;
    uint256 internal constant FILL_BAND_PPM_MIN = 1_000;
    uint256 internal constant FILL_BAND_PPM_MAX = 500_000;
    uint256 internal constant MARK_CLAMP_PPM_MIN = 1_000;
    /// @dev Nor above what lies between initial and maintenance margin: whoever is at initial
    /// margin at the worst mark is, at the index, below maintenance by at most clamp * initial.
    uint256 internal constant MARK_CLAMP_PPM_MAX = 100_000;
    /// @dev So that a whole position is gone after at most a hundred blocks.
    uint256 internal constant LIQUIDATION_PART_PPM_MIN = 10_000;
    uint256 internal constant FUNDING_RATE_PPM_MAX = 300_000;
    uint256 internal constant QUIET_SECONDS_MIN = 1;
    uint256 internal constant QUIET_SECONDS_MAX = 7_200;
    uint256 internal constant SKEW_SECONDS_MIN = 2;
    uint256 internal constant SKEW_SECONDS_MAX = 7_200;

    /// @notice A parameter is outside its hard bounds.
    error ParameterOutOfBounds(bytes32 field, uint256 found, uint256 required);

    /// @notice Reverts unless every field of a market is inside its bounds.
    function check(MarketParams memory p) internal pure {
        _atLeast("tickValue", p.tickValue, 1);
        _between("initialPpm", p.initialPpm, INITIAL_PPM_MIN, INITIAL_PPM_MAX);
        uint256 maintenanceMax = uint256(p.initialPpm) * MAINTENANCE_SHARE_PPM_MAX / PPM;
        _between("maintenancePpm", p.maintenancePpm, MAINTENANCE_PPM_MIN, maintenanceMax);
        _atMost("takerFeePpm", p.takerFeePpm, FEE_PPM_MAX);
        _atMost("makerFeePpm", p.makerFeePpm, FEE_PPM_MAX);
        uint256 age = p.priceAgeSecondsMax;
        _between("priceAgeSecondsMax", age, PRICE_AGE_SECONDS_MIN, PRICE_AGE_SECONDS_MAX);
        _between("bandPpm", p.bandPpm, BAND_PPM_MIN, BAND_PPM_MAX);
        _between("fillBandPpm", p.fillBandPpm, FILL_BAND_PPM_MIN, FILL_BAND_PPM_MAX);
        _atMost("fundingRatePpmMax", p.fundingRatePpmMax, FUNDING_RATE_PPM_MAX);
        _atMost("openInterestHighPpm", p.openInterestHighPpm, PPM);
        _atMost("openInterestLowPpm", p.openInterestLowPpm, p.openInterestHighPpm);
        _atMost("concentrationPpm", p.concentrationPpm, PPM);
        _atMost("concentrationCapPpm", p.concentrationCapPpm, PPM);
        _atMost("isolated", p.isolated, 1);
        uint256 clampMax = p.initialPpm - p.maintenancePpm;
        if (clampMax > MARK_CLAMP_PPM_MAX) clampMax = MARK_CLAMP_PPM_MAX;
        _between("markClampPpm", p.markClampPpm, MARK_CLAMP_PPM_MIN, clampMax);
        _atMost("fundingGapSecondsMax", p.fundingGapSecondsMax, PRICE_AGE_SECONDS_MAX);
        _between("liquidationPartPpm", p.liquidationPartPpm, LIQUIDATION_PART_PPM_MIN, PPM);
        _atMost("coverSharePpm", p.coverSharePpm, PPM);
        if (!LawLib.parametersBounded(limits(p))) revert ParameterOutOfBounds("L17", 0, 1);
    }

    /// @notice Reverts unless every field of the venue is inside its bounds.
    function check(VenueParams memory p) internal pure {
        _between("quietSeconds", p.quietSeconds, QUIET_SECONDS_MIN, QUIET_SECONDS_MAX);
        uint256 skew = p.reportSkewSecondsMax;
        _between("reportSkewSecondsMax", skew, SKEW_SECONDS_MIN, SKEW_SECONDS_MAX);
        _atMost("profitHaircutPpm", p.profitHaircutPpm, PPM);
    }

    /// @notice Law L18: whether `next` may follow `current`, if proposed at `proposedTime`; zero
    /// for not at all, when only what is tighter in every field may.
    function lawful(
        MarketParams memory current,
        MarketParams memory next,
        uint256 proposedTime,
        uint256 delaySeconds
    ) internal view returns (bool) {
        return LawLib.parameterChangeLawful(
            limits(current),
            limits(next),
            proposedTime,
            delaySeconds,
            Delayed.EXPIRY_SECONDS,
            block.timestamp
        );
    }

    /// @notice Whether `next` may follow `current` without a delay.
    /// @dev Narrower than L18: raising the maintenance margin would liquidate accounts that were
    /// healthy a moment ago, so it waits as long as lowering it.
    function tighter(MarketParams memory current, MarketParams memory next)
        internal
        view
        returns (bool)
    {
        return next.maintenancePpm == current.maintenancePpm && lawful(current, next, 0, 0);
    }

    /// @notice Whether no field of `next` is looser than in `current`.
    /// @dev No sequencer at all is tighter than any: matching stops, and prices, liquidations and
    /// withdrawals go on without one. Another sequencer is looser.
    function tighter(VenueParams memory current, VenueParams memory next)
        internal
        pure
        returns (bool)
    {
        return (next.sequencer == current.sequencer || next.sequencer == address(0))
            && next.quietSeconds <= current.quietSeconds
            && next.reportSkewSecondsMax <= current.reportSkewSecondsMax
            && next.profitHaircutPpm >= current.profitHaircutPpm;
    }

    /// @notice The tuple with each field as wide as a word, as the laws take it.
    function limits(MarketParams memory p) internal pure returns (LawLib.MarketLimits memory) {
        return LawLib.MarketLimits({
            tickValue: p.tickValue,
            initialPpm: p.initialPpm,
            maintenancePpm: p.maintenancePpm,
            takerFeePpm: p.takerFeePpm,
            makerFeePpm: p.makerFeePpm,
            priceAgeSecondsMax: p.priceAgeSecondsMax,
            bandPpm: p.bandPpm,
            fillBandPpm: p.fillBandPpm,
            fundingRatePpmMax: p.fundingRatePpmMax,
            openInterestMax: p.openInterestMax,
            openInterestLowPpm: p.openInterestLowPpm,
            openInterestHighPpm: p.openInterestHighPpm,
            concentrationPpm: p.concentrationPpm,
            concentrationCapPpm: p.concentrationCapPpm,
            isolated: p.isolated,
            markClampPpm: p.markClampPpm,
            fundingGapSecondsMax: p.fundingGapSecondsMax,
            liquidationPartPpm: p.liquidationPartPpm,
            coverSharePpm: p.coverSharePpm,
            backstopLotsMax: p.backstopLotsMax
        });
    }

    function _between(bytes32 field, uint256 found, uint256 low, uint256 high) private pure {
        _atLeast(field, found, low);
        _atMost(field, found, high);
    }

    function _atLeast(bytes32 field, uint256 found, uint256 low) private pure {
        if (found < low) revert ParameterOutOfBounds(field, found, low);
    }

    function _atMost(bytes32 field, uint256 found, uint256 high) private pure {
        if (found > high) revert ParameterOutOfBounds(field, found, high);
    }
}
