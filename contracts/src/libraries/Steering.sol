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
        returns (MarketParams memory)
    {
        return MarketParams({
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
            markClampPpm: uint24(
                _clamp(anchor.markClampPpm, tuple.initialPpm, tuple.maintenancePpm)
            ),
            fundingGapSecondsMax: anchor.fundingGapSecondsMax,
            liquidationPartPpm: anchor.liquidationPartPpm,
            coverSharePpm: anchor.coverSharePpm,
            backstopLotsMax: tuple.backstopLotsMax
        });
    }

    /// @notice Whether a steward's tuple is looser than the anchor in no field: law L18 on the way
    /// from the anchor, and a maintenance margin no lower.
    /// @dev A higher maintenance margin is not L18's to allow at once: the steward gives notice.
    function held(MarketParams memory anchor, RiskTuple memory tuple) internal view returns (bool) {
        if (tuple.maintenancePpm < anchor.maintenancePpm) return false;
        RiskTuple memory rest = RiskTuple({
            initialPpm: tuple.initialPpm,
            maintenancePpm: anchor.maintenancePpm,
            concentrationPpm: tuple.concentrationPpm,
            fundingRatePpmMax: tuple.fundingRatePpmMax,
            openInterestMax: tuple.openInterestMax,
            backstopLotsMax: tuple.backstopLotsMax
        });
        return anchor.tighter(composed(anchor, rest));
    }

    /// @notice What is in force once governance has another anchor: the anchor itself, or where a
    /// steward has tightened, the tighter of both in each field.
    function carried(
        MarketParams memory before,
        MarketParams memory inForce,
        MarketParams memory next
    ) internal pure returns (MarketParams memory) {
        RiskTuple memory tuple = tupleOf(inForce);
        if (keccak256(abi.encode(tuple)) == keccak256(abi.encode(tupleOf(before)))) return next;
        return composed(next, stricter(tuple, tupleOf(next)));
    }

    /// @notice The tighter of two tuples in each field.
    function stricter(RiskTuple memory a, RiskTuple memory b)
        internal
        pure
        returns (RiskTuple memory)
    {
        return RiskTuple({
            initialPpm: uint24(_larger(a.initialPpm, b.initialPpm)),
            maintenancePpm: uint24(_larger(a.maintenancePpm, b.maintenancePpm)),
            concentrationPpm: uint24(_larger(a.concentrationPpm, b.concentrationPpm)),
            fundingRatePpmMax: uint24(_smaller(a.fundingRatePpmMax, b.fundingRatePpmMax)),
            openInterestMax: uint40(_smaller(a.openInterestMax, b.openInterestMax)),
            backstopLotsMax: uint40(_smaller(a.backstopLotsMax, b.backstopLotsMax))
        });
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
        to = anchor.openInterestMax;
        t.openInterestMax = uint40(_higher(current.openInterestMax, to, scaled));
        to = anchor.backstopLotsMax;
        t.backstopLotsMax = uint40(_higher(current.backstopLotsMax, to, scaled));
    }

    function _clamp(uint256 clampPpm, uint256 initialPpm, uint256 maintenancePpm)
        private
        pure
        returns (uint256)
    {
        if (initialPpm <= maintenancePpm) return 0;
        return _smaller(clampPpm, initialPpm - maintenancePpm);
    }

    function _larger(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }

    function _smaller(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
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
