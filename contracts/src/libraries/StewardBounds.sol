// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RiskTuple} from "../Types.sol";
import {ISteward, StewardTerms} from "../interfaces/ISteward.sol";
import {Bounds} from "./Bounds.sol";
import {Delayed} from "./Delayed.sol";

/// @title StewardBounds: what no steward can be given, and how far one can go.
library StewardBounds {
    uint256 internal constant PPM = 1_000_000;
    uint256 internal constant INITIAL_MAX_PPM = 5_000_000;
    uint256 internal constant MAINTENANCE_MAX_PPM = 2_000_000;
    uint256 internal constant CONCENTRATION_MAX_PPM = 5_000_000;
    uint256 internal constant CAP_MIN_PPM = 100_000;
    uint256 internal constant TIGHTEN_MAX_PPM = 250_000;
    uint256 internal constant LOOSEN_MAX_PPM = 50_000;
    uint256 internal constant DECAY_MAX_PPM = 250_000;
    uint256 internal constant MOVE_SECONDS_MIN = 1 minutes;
    uint256 internal constant MOVE_SECONDS_MAX = 1 hours;
    uint256 internal constant HOLD_SECONDS_MIN = 1 hours;
    uint256 internal constant HOLD_SECONDS_MAX = 7 days;
    uint256 internal constant INPUT_SECONDS_MIN = 30;
    uint256 internal constant INPUT_SECONDS_MAX = 1 hours;

    /// @notice Reverts unless every term is inside its bounds.
    function check(StewardTerms memory t) internal pure {
        _between("initialMaxPpm", t.initialMaxPpm, PPM, INITIAL_MAX_PPM);
        _between("maintenanceMaxPpm", t.maintenanceMaxPpm, PPM, MAINTENANCE_MAX_PPM);
        _between("concentrationMaxPpm", t.concentrationMaxPpm, PPM, CONCENTRATION_MAX_PPM);
        _between("capMinPpm", t.capMinPpm, CAP_MIN_PPM, PPM);
        _between("tightenPpm", t.tightenPpm, 1, TIGHTEN_MAX_PPM);
        _between("loosenPpm", t.loosenPpm, 1, LOOSEN_MAX_PPM);
        if (t.loosenPpm > t.tightenPpm) {
            revert ISteward.TermOutOfBounds("loosenPpm", t.loosenPpm, t.tightenPpm);
        }
        _between("decayPpm", t.decayPpm, t.loosenPpm, DECAY_MAX_PPM);
        _between("moveSeconds", t.moveSeconds, MOVE_SECONDS_MIN, MOVE_SECONDS_MAX);
        _between("holdSeconds", t.holdSeconds, HOLD_SECONDS_MIN, HOLD_SECONDS_MAX);
        // As long as the delay of a loosening: whoever dislikes it can be out before.
        uint256 notice = Delayed.DELAY_SECONDS_MIN;
        _between("noticeSeconds", t.noticeSeconds, notice, Delayed.DELAY_SECONDS_MAX);
        _between("inputAgeSeconds", t.inputAgeSeconds, INPUT_SECONDS_MIN, INPUT_SECONDS_MAX);
    }

    /// @notice The far end of the band in every field; where the hard bounds are nearer, those.
    function tightest(StewardTerms memory t, RiskTuple memory anchor)
        internal
        pure
        returns (RiskTuple memory)
    {
        if (anchor.initialPpm == 0) return anchor;
        uint256 initial = _least(uint256(anchor.initialPpm) * t.initialMaxPpm / PPM, PPM);
        uint256 maintenance = uint256(anchor.maintenancePpm) * t.maintenanceMaxPpm / PPM;
        maintenance = _least(maintenance, initial * Bounds.MAINTENANCE_SHARE_PPM_MAX / PPM);
        maintenance = _least(maintenance, initial - Bounds.MARK_CLAMP_PPM_MIN);
        uint256 concentration = uint256(anchor.concentrationPpm) * t.concentrationMaxPpm / PPM;
        return RiskTuple({
            initialPpm: uint24(initial),
            maintenancePpm: uint24(maintenance),
            concentrationPpm: uint24(_least(concentration, PPM)),
            fundingRatePpmMax: uint24(_part(anchor.fundingRatePpmMax, t.capMinPpm)),
            openInterestMax: uint40(_part(anchor.openInterestMax, t.capMinPpm)),
            backstopLotsMax: uint40(_part(anchor.backstopLotsMax, t.capMinPpm))
        });
    }

    function _part(uint256 value, uint256 ppm) private pure returns (uint256) {
        return (value * ppm + PPM - 1) / PPM;
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    function _between(bytes32 term, uint256 found, uint256 low, uint256 high) private pure {
        if (found < low) revert ISteward.TermOutOfBounds(term, found, low);
        if (found > high) revert ISteward.TermOutOfBounds(term, found, high);
    }
}
