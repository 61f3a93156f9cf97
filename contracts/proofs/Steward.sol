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
        if (!Steering.held(a, next)) return;
        assert(t.initialPpm >= a.initialPpm && t.maintenancePpm >= a.maintenancePpm);
        assert(t.concentrationPpm >= a.concentrationPpm && t.backstopLotsMax <= a.backstopLotsMax);
        assert(t.fundingRatePpmMax <= a.fundingRatePpmMax && t.openInterestMax <= a.openInterestMax);
        assert(next.maintenancePpm == t.maintenancePpm && next.markClampPpm <= a.markClampPpm);
        assert(next.tickValue == a.tickValue && next.takerFeePpm == a.takerFeePpm);
    }
}

/// @title Law L17: governance's next anchor beside a steward's tuple is inside the hard bounds
/// wherever both were, so that no steward can keep governance from acting.
contract StewardMerges {
    function check(MarketParams memory a, RiskTuple memory t) external pure {
        require(a.maintenancePpm >= 5_000 && a.initialPpm <= 1e6 && t.initialPpm <= 1e6);
        require(uint256(a.maintenancePpm) * 10 <= uint256(a.initialPpm) * 8);
        require(uint256(t.maintenancePpm) * 10 <= uint256(t.initialPpm) * 8);
        require(a.markClampPpm >= 1_000 && a.markClampPpm <= 100_000);
        require(uint256(a.maintenancePpm) + a.markClampPpm <= a.initialPpm);
        require(uint256(t.maintenancePpm) + 1_000 <= t.initialPpm);
        RiskTuple memory s = Steering.stricter(t, Steering.tupleOf(a));
        MarketParams memory next = Steering.composed(a, s);
        assert(uint256(next.maintenancePpm) * 10 <= uint256(next.initialPpm) * 8);
        assert(uint256(next.maintenancePpm) + next.markClampPpm <= next.initialPpm);
        assert(next.markClampPpm >= 1_000 && next.markClampPpm <= a.markClampPpm);
        assert(next.initialPpm >= a.initialPpm && next.initialPpm >= t.initialPpm);
        assert(next.maintenancePpm >= a.maintenancePpm && next.initialPpm <= 1e6);
        assert(next.openInterestMax <= a.openInterestMax && next.backstopLotsMax <= t.backstopLotsMax);
    }
}

/// @title What decays ends at the anchor and never beyond it, nor past what was in force.
contract StewardDecays {
    function check(RiskTuple memory a, RiskTuple memory t, uint24 rate, uint40 elapsed)
        external
        pure
    {
        require(t.initialPpm >= a.initialPpm && t.maintenancePpm >= a.maintenancePpm);
        require(t.openInterestMax <= a.openInterestMax && t.backstopLotsMax <= a.backstopLotsMax);
        RiskTuple memory n = Steering.decayed(a, t, rate, elapsed);
        assert(n.initialPpm >= a.initialPpm && n.initialPpm <= t.initialPpm);
        assert(n.maintenancePpm >= a.maintenancePpm && n.maintenancePpm <= t.maintenancePpm);
        assert(n.openInterestMax >= t.openInterestMax && n.openInterestMax <= a.openInterestMax);
        assert(n.backstopLotsMax >= t.backstopLotsMax && n.backstopLotsMax <= a.backstopLotsMax);
    }
}
