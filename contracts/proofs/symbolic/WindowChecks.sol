// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OutflowRing} from "../../src/libraries/OutflowRing.sol";
import {VaultWindows} from "../../src/VaultWindows.sol";

/// @title How what leaves is counted in the windows.
/// @notice Floors, parts and the reserve are those below: they are fixed at deployment.
contract WindowChecks is VaultWindows {
    constructor()
        VaultWindows(
            Windows(1_000e6, 5_000e6, 10_000, 100_000),
            Rules(200_000, 10_000, 100e6, 500_000, 1 hours, 1 days)
        )
    {}

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
