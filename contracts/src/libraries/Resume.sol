// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The way back to normal, after a halt and after an outage of prices.
/// @notice It is a matter of time alone, so that nobody has to be called and nobody can hold it up.
/// From its start it takes one grace and a quarter: a quarter of the grace halted still (orders can
/// only be cancelled, or reduce), then without growth, and after the grace liquidations are back;
/// a quarter later everything is. Nothing here makes a price usable: each step has fresh prices
/// as far as operations ask for them, and an outage in between starts a way of its own.
/// The grace is as long as positions were safe from liquidation before, at most half an hour:
/// owners had that time to top up twice over, and no bad debt hides longer behind it.
library Resume {
    /// @notice Longest grace.
    uint256 internal constant GRACE_SECONDS_MAX = 30 minutes;

    uint256 private constant STEPS = 4;

    /// @notice Level on a way that started at `start` with a grace of `grace` seconds; 0 when there
    /// is no grace.
    function level(uint256 start, uint256 grace, uint256 time) internal pure returns (uint8) {
        if (grace == 0 || time >= start + grace + step(grace)) return 0;
        if (time >= start + grace) return 1;
        return time < start + step(grace) ? 3 : 2;
    }

    /// @notice Level of a scope at `time`: until when it is set to each level, and since when it is
    /// or last was halted. Every level ends by itself; what follows a halt is the way back.
    function levelOf(
        uint256 until1,
        uint256 until2,
        uint256 until3,
        uint256 since3,
        uint256 time
    ) internal pure returns (uint8 inForce) {
        if (time < until3) return 3;
        if (time < until2) inForce = 2;
        else if (time < until1) inForce = 1;
        if (until3 == 0) return inForce;
        uint8 resuming = level(until3, afterHalt(since3, until3), time);
        if (resuming > inForce) inForce = resuming;
    }

    /// @notice A quarter of a grace, seconds, rounded up.
    function step(uint256 grace) internal pure returns (uint256) {
        return (grace + STEPS - 1) / STEPS;
    }

    /// @notice Grace after a halt. Assumes: until is not before since.
    function afterHalt(uint256 since, uint256 until) internal pure returns (uint256) {
        uint256 held = until - since;
        return held < GRACE_SECONDS_MAX ? held : GRACE_SECONDS_MAX;
    }

    /// @notice Grace after an outage: the last price could be used until `from`, the next one came
    /// `gap` seconds later, and the grace before this one ends at `end` (zero: there was none). A
    /// grace that the outage cut short goes on for what was left of it. A new one is as long at
    /// most as prices were usable and liquidation was open since the last: outages cannot keep
    /// liquidation off for more than half of the time that has prices.
    function afterOutage(uint256 from, uint256 gap, uint256 end) internal pure returns (uint256) {
        if (from < end) return end - from;
        uint256 grace = gap < GRACE_SECONDS_MAX ? gap : GRACE_SECONDS_MAX;
        if (end == 0) return grace;
        uint256 open = from - end;
        return open < grace ? open : grace;
    }
}
