// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OutflowRing} from "./OutflowRing.sol";

/// @title When a queued withdrawal can be paid in full: the windows played forward in memory.
/// @notice Exact when everything before it and itself is released as soon as it fits, and nothing
/// else moves; anything else that is paid makes it later. All amounts are quote units.
library OutflowForecast {
    using OutflowRing for OutflowRing.Level;

    /// @dev How far the windows are played forward: bounds the work of a call.
    uint256 private constant HORIZON_SECONDS = 14 days;

    /// @notice Budgets of the two windows and the part of them that may be used.
    /// @param partPpm Part of each budget, parts per million.
    /// @param isRest The part is what `partPpm` leaves over.
    struct Terms {
        uint256 hourFloor;
        uint256 hourPpm;
        uint256 dayFloor;
        uint256 dayPpm;
        uint256 partPpm;
        bool isRest;
    }

    /// @notice The windows in memory. `own` flows count against the part and the whole, `other`
    /// flows against the whole alone.
    struct Windows {
        Terms terms;
        OutflowRing.Level level;
        uint256 time;
        uint256[13] ownHour;
        uint256[25] ownDay;
        uint256[13] otherHour;
        uint256[25] otherDay;
        Sums sums;
    }

    /// @notice Sums of the four rings.
    struct Sums {
        uint256 ownHour;
        uint256 ownDay;
        uint256 otherHour;
        uint256 otherDay;
    }

    /// @notice Second at which the last of `quotes` is paid whole; zero when that is too far.
    /// @param quotes What waits, in order; used up.
    /// @param readyAts From when each may be paid; not falling.
    function completion(
        Windows memory windows,
        uint256[] memory quotes,
        uint256[] memory readyAts
    ) internal pure returns (uint256) {
        _sum(windows);
        uint256 i = 0;
        uint256 end = windows.time + HORIZON_SECONDS;
        while (windows.time < end) {
            bool dayFull = false;
            while (i < quotes.length && readyAts[i] <= windows.time) {
                (uint256 hour, uint256 day) = _open(windows);
                uint256 part = hour < day ? hour : day;
                dayFull = day == 0;
                if (part == 0) break;
                if (part > quotes[i]) part = quotes[i];
                _pay(windows, part);
                quotes[i] -= part;
                if (quotes[i] == 0) ++i;
            }
            if (i == quotes.length) return windows.time;
            uint256 unit = dayFull ? 1 hours : OutflowRing.BUCKET_SECONDS;
            uint256 next = (windows.time / unit + 1) * unit;
            _advance(windows, readyAts[i] > windows.time ? readyAts[i] : next);
        }
        return 0;
    }

    function _sum(Windows memory w) private pure {
        for (uint256 i = 0; i < 13; ++i) {
            w.sums.ownHour += w.ownHour[i];
            w.sums.otherHour += w.otherHour[i];
        }
        for (uint256 i = 0; i < 25; ++i) {
            w.sums.ownDay += w.ownDay[i];
            w.sums.otherDay += w.otherDay[i];
        }
    }

    function _open(Windows memory w) private pure returns (uint256 hour, uint256 day) {
        uint256 low = w.level.low();
        Terms memory terms = w.terms;
        uint256 budget = OutflowRing.budget(terms.hourFloor, terms.hourPpm, low);
        hour = _left(terms, budget, w.sums.ownHour, w.sums.otherHour);
        budget = OutflowRing.budget(terms.dayFloor, terms.dayPpm, low);
        day = _left(terms, budget, w.sums.ownDay, w.sums.otherDay);
    }

    function _left(Terms memory terms, uint256 budget, uint256 own, uint256 other)
        private
        pure
        returns (uint256)
    {
        uint256 part = budget * terms.partPpm / 1_000_000;
        return left(budget, terms.isRest ? budget - part : part, own, other);
    }

    /// @notice What is open: within the part and within the whole budget.
    function left(uint256 budget, uint256 part, uint256 own, uint256 other)
        internal
        pure
        returns (uint256)
    {
        if (own >= part || own + other >= budget) return 0;
        uint256 inPart = part - own;
        uint256 inWhole = budget - own - other;
        return inPart < inWhole ? inPart : inWhole;
    }

    function _pay(Windows memory w, uint256 quote) private pure {
        w.ownHour[(w.time / OutflowRing.BUCKET_SECONDS) % 13] += quote;
        w.ownDay[(w.time / 1 hours) % 25] += quote;
        w.sums.ownHour += quote;
        w.sums.ownDay += quote;
        w.level.held -= uint64(quote);
        if (w.level.held < w.level.low0) w.level.low0 = uint56(w.level.held);
    }

    /// @dev Moves to `time`: the buckets that begin take the place of those that leave.
    function _advance(Windows memory w, uint256 time) private pure {
        Sums memory sums = w.sums;
        uint256 from = w.time / OutflowRing.BUCKET_SECONDS;
        uint256 to = time / OutflowRing.BUCKET_SECONDS;
        for (uint256 b = from + 1; b <= to && b <= from + 13; ++b) {
            uint256 i = b % 13;
            sums.ownHour -= w.ownHour[i];
            sums.otherHour -= w.otherHour[i];
            (w.ownHour[i], w.otherHour[i]) = (0, 0);
        }
        (from, to) = (w.time / 1 hours, time / 1 hours);
        for (uint256 b = from + 1; b <= to && b <= from + 25; ++b) {
            uint256 i = b % 25;
            sums.ownDay -= w.ownDay[i];
            sums.otherDay -= w.otherDay[i];
            (w.ownDay[i], w.otherDay[i]) = (0, 0);
        }
        w.time = time;
        w.level = w.level.shift(time);
    }
}
