// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, RiskTuple} from "../Types.sol";
import {Bounds} from "./Bounds.sol";

/// @title Steering: a steward's tuple beside governance's anchor.
/// @notice The anchor is what governance set; in force is the anchor with the six fields of a
/// tuple, each no looser. Everything else cannot differ: it is taken from the anchor.
library Steering {
    using Bounds for MarketParams;

    /// @dev A rate in parts per million an hour, times seconds, in whole.
    uint256 private constant HOUR_PPM = 3_600 * 1_000_000;

    /// @notice The six fields of parameters that a steward moves.
    function tupleOf(MarketParams memory p) internal pure returns (RiskTuple memory) {
        return RiskTuple({
            initialPpm: p.initialPpm,
            maintenancePpm: p.maintenancePpm,
            concentrationPpm: p.concentrationPpm,
            fundingRatePpmMax: p.fundingRatePpmMax,
            openInterestMax: p.openInterestMax,
            backstopLotsMax: p.backstopLotsMax
        });
    }

    /// @notice The anchor with the fields of a tuple.
    /// @dev The mark clamp narrows where maintenance comes close to initial margin: law L17.
    function composed(MarketParams memory anchor, RiskTuple memory tuple)
        internal
        pure
        returns (MarketParams memory next)
    {
        next = MarketParams({
            tickValue: anchor.tickValue,
            initialPpm: tuple.initialPpm,
            maintenancePpm: tuple.maintenancePpm,
            takerFeePpm: anchor.takerFeePpm,
            makerFeePpm: anchor.makerFeePpm,
            priceAgeSecondsMax: anchor.priceAgeSecondsMax,
            bandPpm: anchor.bandPpm,
            fillBandPpm: anchor.fillBandPpm,
            fundingRatePpmMax: tuple.fundingRatePpmMax,
            openInterestMax: tuple.openInterestMax,
            openInterestLowPpm: anchor.openInterestLowPpm,
            openInterestHighPpm: anchor.openInterestHighPpm,
            concentrationPpm: tuple.concentrationPpm,
            concentrationCapPpm: anchor.concentrationCapPpm,
            isolated: anchor.isolated,
            markClampPpm: anchor.markClampPpm,
            fundingGapSecondsMax: anchor.fundingGapSecondsMax,
            liquidationPartPpm: anchor.liquidationPartPpm,
            coverSharePpm: anchor.coverSharePpm,
            backstopLotsMax: tuple.backstopLotsMax
        });
        if (uint256(tuple.maintenancePpm) + anchor.markClampPpm > tuple.initialPpm) {
            next.markClampPpm = tuple.initialPpm > tuple.maintenancePpm
                ? tuple.initialPpm - tuple.maintenancePpm
                : 0;
        }
    }

    /// @notice Whether a steward's parameters are looser than the anchor in no field: law L18 on
    /// the way from the anchor, and a maintenance margin no lower.
    /// @dev A higher maintenance margin is not L18's to allow at once: the steward gives notice.
    function held(MarketParams memory anchor, MarketParams memory next)
        internal
        view
        returns (bool)
    {
        uint24 maintenancePpm = next.maintenancePpm;
        if (maintenancePpm < anchor.maintenancePpm) return false;
        next.maintenancePpm = anchor.maintenancePpm;
        bool isTighter = anchor.tighter(next);
        next.maintenancePpm = maintenancePpm;
        return isTighter;
    }

    /// @notice What is in force once governance has another anchor: the anchor itself, or where a
    /// steward has tightened, the tighter of both in each field.
    function carried(MarketParams memory before, MarketParams memory inForce, MarketParams memory next)
        internal
        pure
        returns (MarketParams memory)
    {
        RiskTuple memory tuple = tupleOf(inForce);
        if (keccak256(abi.encode(tuple)) == keccak256(abi.encode(tupleOf(before)))) return next;
        return composed(next, stricter(tuple, tupleOf(next)));
    }

    /// @notice The tighter of two tuples in each field.
    function stricter(RiskTuple memory a, RiskTuple memory b)
        internal
        pure
        returns (RiskTuple memory t)
    {
        t.initialPpm = a.initialPpm > b.initialPpm ? a.initialPpm : b.initialPpm;
        t.maintenancePpm = a.maintenancePpm > b.maintenancePpm ? a.maintenancePpm : b.maintenancePpm;
        bool isFirst = a.concentrationPpm > b.concentrationPpm;
        t.concentrationPpm = isFirst ? a.concentrationPpm : b.concentrationPpm;
        isFirst = a.fundingRatePpmMax < b.fundingRatePpmMax;
        t.fundingRatePpmMax = isFirst ? a.fundingRatePpmMax : b.fundingRatePpmMax;
        t.openInterestMax = a.openInterestMax < b.openInterestMax ? a.openInterestMax : b.openInterestMax;
        t.backstopLotsMax = a.backstopLotsMax < b.backstopLotsMax ? a.backstopLotsMax : b.backstopLotsMax;
    }

    /// @notice A tuple a step closer to the anchor, and never past it.
    /// @param ratePpm Step in an hour, part of the value in force; rounded up, so that it ends.
    function decayed(
        RiskTuple memory anchor,
        RiskTuple memory current,
        uint256 ratePpm,
        uint256 elapsedSeconds
    ) internal pure returns (RiskTuple memory t) {
        uint256 scaled = ratePpm * elapsedSeconds;
        t.initialPpm = uint24(_lower(current.initialPpm, anchor.initialPpm, scaled));
        t.maintenancePpm = uint24(_lower(current.maintenancePpm, anchor.maintenancePpm, scaled));
        uint256 to = anchor.concentrationPpm;
        t.concentrationPpm = uint24(_lower(current.concentrationPpm, to, scaled));
        to = anchor.fundingRatePpmMax;
        t.fundingRatePpmMax = uint24(_higher(current.fundingRatePpmMax, to, scaled));
        t.openInterestMax = uint40(_higher(current.openInterestMax, anchor.openInterestMax, scaled));
        t.backstopLotsMax = uint40(_higher(current.backstopLotsMax, anchor.backstopLotsMax, scaled));
    }

    function _lower(uint256 from, uint256 to, uint256 scaled) private pure returns (uint256) {
        uint256 step = _step(from, scaled);
        return from > to + step ? from - step : to;
    }

    function _higher(uint256 from, uint256 to, uint256 scaled) private pure returns (uint256) {
        uint256 step = _step(from, scaled);
        return from + step < to ? from + step : to;
    }

    function _step(uint256 value, uint256 scaled) private pure returns (uint256) {
        return (value * scaled + HOUR_PPM - 1) / HOUR_PPM;
    }
}
