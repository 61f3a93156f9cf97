// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../../src/generated/LawLib.sol";
import {OutflowForecast} from "../../src/libraries/OutflowForecast.sol";
import {OutflowRing} from "../../src/libraries/OutflowRing.sol";
import {VaultWindows} from "../../src/VaultWindows.sol";

/// @title What the two shares of the windows let out together, and how it is counted.
/// @notice Floors, parts and the reserve are those below: they are fixed at deployment.
contract WindowChecks is VaultWindows {
    constructor()
        VaultWindows(
            Windows(1_000e6, 5_000e6, 10_000, 100_000),
            Rules(200_000, 10_000, 100e6, 500_000, 1 hours, 1 days)
        )
    {}

    /// A budget in two parts, of any size each: whatever either has let out, what both say is open
    /// fits the budget together, and each fits its part.
    function check_shares(
        uint56 budget,
        uint56 reserve,
        uint64 own,
        uint64 other,
        uint64 common,
        uint64 reserved
    ) external pure {
        require(reserve <= budget);
        require(common <= OutflowForecast.left(budget, budget - reserve, own, other));
        require(reserved <= OutflowForecast.left(budget, reserve, other, own));
        uint256 used = uint256(own) + other;
        assert(common == 0 || uint256(own) + common <= budget - reserve);
        assert(reserved == 0 || uint256(other) + reserved <= reserve);
        uint256 quote = uint256(common) + reserved;
        assert(quote == 0 || used + quote <= budget);
    }

    /// What both shares of the hour say is open is within its budget, whatever that is and what was
    /// let out before, where the day has room; the narrower of both is what is open.
    function check_hourRoom(
        uint56 budget,
        uint56 used,
        uint56 small,
        uint56 common,
        uint56 reserved
    ) external view {
        require(small <= used);
        _holdsRoom(Room(budget, type(uint56).max, used, 0, small, 0), common, reserved);
    }

    /// The same of the day, where the hour has room.
    function check_dayRoom(
        uint56 budget,
        uint56 used,
        uint56 small,
        uint56 common,
        uint56 reserved
    ) external view {
        require(small <= used);
        _holdsRoom(Room(type(uint56).max, budget, 0, used, 0, small), common, reserved);
    }

    function _holdsRoom(Room memory r, uint256 common, uint256 reserved) private view {
        require(common <= _common(r) && reserved <= _reserved(r) && common + reserved != 0);
        uint256 quote = common + reserved;
        assert(LawLib.outflowWithin(quote, r.hourUsed, r.hourBudget, r.dayUsed, r.dayBudget));
    }

    struct Flows {
        uint56 hourPast;
        uint56 hourNow;
        uint56 dayPast;
        uint56 dayNow;
    }

    /// What leaves within the law is counted in both windows, what of it is reserved in those of
    /// the small too, and it is off what is held; nothing else moves, and nothing wraps.
    function check_count(
        Flows calldata all,
        Flows calldata small,
        uint64 held,
        uint56[3] calldata lows,
        uint56 common,
        uint56 reserved
    ) external view {
        Till memory till;
        till.all = OutflowRing.Flow(all.hourPast, all.hourNow, all.dayPast, all.dayNow, 5);
        till.small =
            OutflowRing.Flow(small.hourPast, small.hourNow, small.dayPast, small.dayNow, 5);
        till.level = OutflowRing.Level(held, lows[0], lows[1], lows[2], 9);
        Room memory r = _roomOf(till);
        require(r.hourSmall <= r.hourUsed && r.daySmall <= r.dayUsed);
        uint256 quote = uint256(common) + reserved;
        require(quote != 0 && quote <= held && lows[0] <= held);
        require(r.hourUsed + quote <= r.hourBudget && r.dayUsed + quote <= r.dayBudget);
        require(r.hourSmall + reserved <= r.hourBudget && r.daySmall + reserved <= r.dayBudget);
        _count(till, common, reserved);
        assert(till.all.hourNow == all.hourNow + quote && till.all.dayNow == all.dayNow + quote);
        assert(till.all.hourPast == all.hourPast && till.all.dayPast == all.dayPast);
        assert(till.small.hourNow == uint256(small.hourNow) + reserved);
        assert(till.small.dayNow == uint256(small.dayNow) + reserved);
        assert(till.small.hourPast == small.hourPast && till.small.dayPast == small.dayPast);
        assert(till.anySmall == (reserved != 0) && till.level.held == held - quote);
        uint256 low = held - quote < lows[0] ? held - quote : lows[0];
        assert(till.level.low0 == low);
        assert(till.level.low1 == lows[1] && till.level.low2 == lows[2]);
    }
}
