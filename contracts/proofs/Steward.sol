// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, RiskTuple} from "../src/Types.sol";
import {LawLib} from "../src/generated/LawLib.sol";
import {Steering} from "../src/libraries/Steering.sol";

/// @title Law L25: a step that passes ends between the anchor and the band, or no further out than
/// before; and is no larger than the step of a whole hour, if no more than an hour counts.
contract StewardSteps {
    function rises(uint40 anchor, uint40 current, uint40 next, uint24 band, uint24 t, uint24 l)
        external
        pure
    {
        if (!LawLib.stewardStep(anchor, current, next, true, band, t, l, 3_600)) return;
        assert(next >= anchor);
        assert(next <= current || uint256(next) * 1e6 <= uint256(anchor) * band);
        assert(uint256(next) * 1e6 <= uint256(current) * (1e6 + uint256(t)) + 1e6);
        assert(uint256(current) * 1e6 <= uint256(next) * 1e6 + uint256(current) * l + 1e6);
    }

    function falls(uint40 anchor, uint40 current, uint40 next, uint24 band, uint24 t, uint24 l)
        external
        pure
    {
        if (!LawLib.stewardStep(anchor, current, next, false, band, t, l, 3_600)) return;
        assert(next <= anchor);
        assert(next >= current || uint256(next) * 1e6 >= uint256(anchor) * band);
        assert(uint256(next) * 1e6 <= uint256(current) * (1e6 + uint256(l)) + 1e6);
        assert(uint256(current) * 1e6 <= uint256(next) * 1e6 + uint256(current) * t + 1e6);
    }
}

/// @title Law L18 on the way from the anchor: what a steward puts in force is looser in no field,
/// and leaves what it may not move as it is, or tighter.
contract StewardHeld {
    function check(MarketParams memory a, RiskTuple memory t) external view {
        MarketParams memory next = Steering.composed(a, t);
        if (!Steering.held(a, t)) return;
        assert(t.initialPpm >= a.initialPpm && t.maintenancePpm >= a.maintenancePpm);
        assert(t.concentrationPpm >= a.concentrationPpm && t.backstopLotsMax <= a.backstopLotsMax);
        assert(t.fundingRatePpmMax <= a.fundingRatePpmMax);
        assert(t.openInterestMax <= a.openInterestMax);
        assert(next.maintenancePpm == t.maintenancePpm && next.markClampPpm <= a.markClampPpm);
        assert(next.tickValue == a.tickValue && next.takerFeePpm == a.takerFeePpm);
    }
}

/// @title Law L17: governance's next anchor beside a steward's tuple is inside the hard bounds
/// wherever both were, so that no steward can keep governance from acting.
contract StewardMerges {
    function check(
        uint24 initialA,
        uint24 maintenanceA,
        uint24 clampA,
        uint24 initialT,
        uint24 maintenanceT
    ) external pure {
        require(uint256(maintenanceA) * 10 <= uint256(initialA) * 8);
        require(uint256(maintenanceT) * 10 <= uint256(initialT) * 8);
        require(clampA >= 1_000 && uint256(maintenanceA) + clampA <= initialA);
        require(uint256(maintenanceT) + 1_000 <= initialT);
        uint256 initial = Steering._larger(initialA, initialT);
        uint256 maintenance = Steering._larger(maintenanceA, maintenanceT);
        uint256 clamp = Steering._clamp(clampA, initial, maintenance);
        assert(maintenance * 10 <= initial * 8);
        assert(clamp >= 1_000 && clamp <= clampA);
        assert(maintenance + clamp <= initial);
    }
}

/// @title What decays ends at the anchor and never beyond it, nor past what was in force.
contract StewardDecays {
    function lower(uint40 from, uint40 to, uint256 scaled) external pure {
        require(from >= to && scaled < 2 ** 64);
        uint256 next = Steering._lower(from, to, scaled);
        assert(next >= to && next <= from);
    }

    function higher(uint40 from, uint40 to, uint256 scaled) external pure {
        require(from <= to && scaled < 2 ** 64);
        uint256 next = Steering._higher(from, to, scaled);
        assert(next >= from && next <= to);
    }
}
