// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, VenueParams} from "../src/Types.sol";
import {LawLib} from "../src/generated/LawLib.sol";
import {Bounds} from "../src/libraries/Bounds.sol";
import {Delayed} from "../src/libraries/Delayed.sol";

/// @title Law L17: what the law lets through, which `Bounds.check` asks last, is inside the bounds.
contract LimitsHard {
    function check(LawLib.MarketLimits memory p) external pure {
        if (!LawLib.parametersBounded(p)) return;
        bool margins = p.initialPpm >= 10_000 && p.initialPpm <= 1_000_000
            && p.maintenancePpm >= 5_000 && p.maintenancePpm * 10 <= p.initialPpm * 8
            && p.markClampPpm + p.maintenancePpm <= p.initialPpm && p.markClampPpm <= 100_000;
        bool others = p.tickValue >= 1 && p.takerFeePpm <= 10_000 && p.makerFeePpm <= 10_000
            && p.bandPpm <= 500_000 && p.fillBandPpm <= 500_000 && p.coverSharePpm <= 1_000_000
            && p.fundingRatePpmMax <= 300_000 && p.fundingGapSecondsMax <= 7_200
            && p.liquidationPartPpm >= 10_000 && p.priceAgeSecondsMax <= 7_200;
        assert(margins && others);
    }
}

/// @title Law L18: what may follow at once is looser in no field, and moves neither maintenance nor
/// what a tick is worth.
contract LimitsTighter {
    function check(MarketParams memory p, MarketParams memory next) external view {
        if (!Bounds.tighter(p, next)) return;
        bool margins = next.maintenancePpm == p.maintenancePpm && next.initialPpm >= p.initialPpm
            && next.concentrationPpm >= p.concentrationPpm
            && next.concentrationCapPpm >= p.concentrationCapPpm
            && next.openInterestMax <= p.openInterestMax;
        assert(margins);
        bool others = next.tickValue == p.tickValue && next.isolated == p.isolated
            && next.takerFeePpm <= p.takerFeePpm && next.makerFeePpm <= p.makerFeePpm
            && next.bandPpm <= p.bandPpm && next.fillBandPpm <= p.fillBandPpm
            && next.priceAgeSecondsMax <= p.priceAgeSecondsMax
            && next.fundingRatePpmMax <= p.fundingRatePpmMax
            && next.markClampPpm <= p.markClampPpm && next.coverSharePpm <= p.coverSharePpm
            && next.backstopLotsMax <= p.backstopLotsMax;
        assert(others);
    }
}

/// @title The same for the venue: no other sequencer, no longer quiet, no smaller haircut at once.
contract LimitsVenue {
    function check(VenueParams memory p, VenueParams memory next) external pure {
        if (!Bounds.tighter(p, next)) return;
        bool same = next.sequencer == p.sequencer || next.sequencer == address(0);
        assert(
            same && next.quietSeconds <= p.quietSeconds
                && next.reportSkewSecondsMax <= p.reportSkewSecondsMax
                && next.profitHaircutPpm >= p.profitHaircutPpm
        );
    }
}

/// @title Law L18: what loosens a listed market applies only inside its window after the delay, and
/// keeps what a tick is worth even then.
contract LimitsWait {
    function check(MarketParams memory p, MarketParams memory next, uint40 proposed, uint32 delay)
        external
        view
    {
        require(delay >= 1 days && delay <= 30 days && block.timestamp < 2 ** 39);
        require(p.tickValue != 0);
        if (!Bounds.lawful(p, next, proposed, delay)) return;
        assert(next.tickValue == p.tickValue && next.isolated == p.isolated);
        bool waited = proposed != 0 && block.timestamp >= uint256(proposed) + delay
            && block.timestamp <= uint256(proposed) + delay + 7 days;
        assert(waited || Bounds.tighter(p, next));
    }
}

/// @title A proposal is ready after its delay, and dead a week later; a delay is a day to 30 days.
contract LimitsDelay {
    function ready(uint40 readyAt) external view {
        Delayed.checkReady(readyAt);
        assert(readyAt != 0);
        assert(block.timestamp >= readyAt && block.timestamp <= uint256(readyAt) + 7 days);
    }

    function delays(uint256 delay) external view {
        require(block.timestamp < 2 ** 39);
        Delayed.checkDelay(delay);
        assert(delay >= 1 days && delay <= 30 days);
        assert(Delayed.readyAfter(delay) >= block.timestamp + 1 days);
    }
}
