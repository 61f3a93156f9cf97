// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "./generated/LawLib.sol";
import {OutflowForecast} from "./libraries/OutflowForecast.sol";
import {OutflowRing} from "./libraries/OutflowRing.sol";

/// @title The two outflow windows of the vault, and the share of them that is kept for small users.
/// @notice Owns: what left in either window, what of it went by the reserved share, and the
/// trailing minimum. Each window's budget has two parts that never lend to each other: the reserved
/// share, for small withdrawals alone, and the rest, for all. All amounts here are quote units.
abstract contract VaultWindows {
    using OutflowRing for OutflowRing.State;
    using OutflowRing for OutflowRing.Level;

    /// @notice The two outflow windows, fixed at deployment.
    /// @param hourFloorQuote Budget of 60 minutes however little is held, quote units.
    /// @param dayFloorQuote Budget of 24 hours however little is held, quote units.
    /// @param hourPpm Budget of 60 minutes, parts per million of the trailing minimum.
    /// @param dayPpm Budget of 24 hours, parts per million of the trailing minimum.
    struct Windows {
        uint256 hourFloorQuote;
        uint256 dayFloorQuote;
        uint256 hourPpm;
        uint256 dayPpm;
    }

    /// @notice What small and large withdrawals are, fixed at deployment.
    /// @param reservePpm Share of each window that only small withdrawals use.
    /// @param smallPpm What one account may take of the reserved share in 24 hours, parts per
    /// million of the day's budget.
    /// @param smallFloorQuote The same, however small the budget, quote units.
    /// @param largePpm A withdrawal of at least this part of the hour's budget is large.
    /// @param delaySeconds How long a large withdrawal waits before it may be paid.
    /// @param vetoSeconds How long a vetoed withdrawal is held before it goes back.
    struct Rules {
        uint256 reservePpm;
        uint256 smallPpm;
        uint256 smallFloorQuote;
        uint256 largePpm;
        uint256 delaySeconds;
        uint256 vetoSeconds;
    }

    /// @notice The shares of the windows are out of order or above one.
    error WindowsInvalid(uint256 hourPpm, uint256 dayPpm);

    /// @notice The floors are zero or out of order: a fresh vault would pay nothing.
    error FloorsInvalid(uint256 hourFloorQuote, uint256 dayFloorQuote);

    /// @notice A rule is outside its hard bounds; `rule` counts the fields of `Rules` from 0.
    error RuleInvalid(uint256 rule, uint256 found, uint256 required);

    /// @dev Budgets and what counts against them at one moment.
    struct Room {
        uint256 hourBudget;
        uint256 dayBudget;
        uint256 hourUsed;
        uint256 dayUsed;
        uint256 hourSmall;
        uint256 daySmall;
    }

    /// @dev The state of the windows in memory, moved on to now.
    struct Till {
        OutflowRing.Level level;
        OutflowRing.Flow all;
        OutflowRing.Flow small;
        bool anySmall;
    }

    uint256 internal constant PPM = 1_000_000;
    uint256 private constant RESERVE_PPM_MAX = 500_000;
    uint256 private constant SMALL_PPM_MAX = 100_000;
    uint256 private constant LARGE_PPM_MIN = 50_000;
    uint256 private constant LARGE_PPM_MAX = 10_000_000;
    uint256 private constant DELAY_SECONDS_MAX = 1 days;
    uint256 private constant VETO_SECONDS_MAX = 3 days;

    /// @notice Budget of 60 minutes however little is held, quote units.
    uint256 public immutable hourFloorQuote;
    /// @notice Budget of 24 hours however little is held, quote units.
    uint256 public immutable dayFloorQuote;
    /// @notice Budget of 60 minutes, parts per million of the trailing minimum.
    uint256 public immutable hourPpm;
    /// @notice Budget of 24 hours, parts per million of the trailing minimum.
    uint256 public immutable dayPpm;
    /// @notice Share of each window that only small withdrawals use, parts per million.
    uint256 public immutable reservePpm;
    /// @notice What one account may take of it in 24 hours, ppm of the day's budget.
    uint256 public immutable smallPpm;
    /// @notice The same, however small the budget, quote units.
    uint256 public immutable smallFloorQuote;
    /// @notice Part of the hour's budget from which a withdrawal is large, parts per million.
    uint256 public immutable largePpm;
    /// @notice How long a large withdrawal waits, seconds.
    uint256 public immutable delaySeconds;
    /// @notice How long a vetoed withdrawal is held, seconds.
    uint256 public immutable vetoSeconds;

    OutflowRing.State internal _ring;
    /// @dev What of `_ring` went by the reserved share; its level is not used.
    OutflowRing.State internal _small;

    constructor(Windows memory windows, Rules memory rules) {
        if (windows.hourPpm > windows.dayPpm || windows.dayPpm > PPM) {
            revert WindowsInvalid(windows.hourPpm, windows.dayPpm);
        }
        if (windows.hourFloorQuote == 0 || windows.hourFloorQuote > windows.dayFloorQuote) {
            revert FloorsInvalid(windows.hourFloorQuote, windows.dayFloorQuote);
        }
        _within(0, rules.reservePpm, 0, RESERVE_PPM_MAX);
        _within(1, rules.smallPpm, 0, SMALL_PPM_MAX);
        _within(3, rules.largePpm, LARGE_PPM_MIN, LARGE_PPM_MAX);
        _within(4, rules.delaySeconds, 1, DELAY_SECONDS_MAX);
        _within(5, rules.vetoSeconds, 1, VETO_SECONDS_MAX);
        hourFloorQuote = windows.hourFloorQuote;
        dayFloorQuote = windows.dayFloorQuote;
        hourPpm = windows.hourPpm;
        dayPpm = windows.dayPpm;
        reservePpm = rules.reservePpm;
        smallPpm = rules.smallPpm;
        smallFloorQuote = rules.smallFloorQuote;
        largePpm = rules.largePpm;
        delaySeconds = rules.delaySeconds;
        vetoSeconds = rules.vetoSeconds;
    }

    /// @dev Moves the stored windows on to now. What comes back must be stored by `_store`.
    function _load() internal returns (Till memory till) {
        till.level = _ring.level.shift(block.timestamp);
        till.all = _ring.roll(block.timestamp);
        till.small = _small.flow;
        till.anySmall = uint256(till.small.hourPast) + till.small.hourNow + till.small.dayPast
            + till.small.dayNow != 0;
        if (till.anySmall) till.small = _small.roll(block.timestamp);
        else till.small.bucket = till.all.bucket;
    }

    function _store(Till memory till) internal {
        _ring.level = till.level;
        _ring.flow = till.all;
        if (till.anySmall) _small.flow = till.small;
    }

    function _roomOf(Till memory till) internal view returns (Room memory room_) {
        (room_.hourBudget, room_.dayBudget) = _budgets(till.level.low());
        room_.hourUsed = uint256(till.all.hourPast) + till.all.hourNow;
        room_.dayUsed = uint256(till.all.dayPast) + till.all.dayNow;
        room_.hourSmall = uint256(till.small.hourPast) + till.small.hourNow;
        room_.daySmall = uint256(till.small.dayPast) + till.small.dayNow;
    }

    /// @dev The same from storage, read only.
    function _roomNow() internal view returns (Room memory room_) {
        (room_.hourBudget, room_.dayBudget) = _budgets(_ring.level.shift(block.timestamp).low());
        (room_.hourUsed, room_.dayUsed) = _ring.used(block.timestamp);
        (room_.hourSmall, room_.daySmall) = _small.used(block.timestamp);
    }

    /// @dev Counts what leaves now, in the windows and off what is held. Law L14 holds by
    /// construction; the assertion is its second witness.
    function _count(Till memory till, uint256 common, uint256 reserved) internal view {
        uint256 quote = common + reserved;
        if (quote == 0) return;
        Room memory room_ = _roomOf(till);
        assert(
            LawLib.outflowWithin(
                quote, room_.hourUsed, room_.hourBudget, room_.dayUsed, room_.dayBudget
            )
        );
        till.all.hourNow += uint56(quote);
        till.all.dayNow += uint56(quote);
        if (reserved != 0) {
            till.small.hourNow += uint56(reserved);
            till.small.dayNow += uint56(reserved);
            till.anySmall = true;
        }
        uint64 held = till.level.held - uint64(quote);
        till.level.held = held;
        if (held < till.level.low0) till.level.low0 = uint56(held);
    }

    /// @dev Takes back what `_count` counted at this moment: the token did not move.
    function _uncount(uint256 common, uint256 reserved, uint56 low0) internal {
        uint256 quote = common + reserved;
        _ring.flow.hourNow -= uint56(quote);
        _ring.flow.dayNow -= uint56(quote);
        if (reserved != 0) {
            _small.flow.hourNow -= uint56(reserved);
            _small.flow.dayNow -= uint56(reserved);
        }
        _ring.level.held += uint64(quote);
        _ring.level.low0 = low0;
    }

    /// @dev What anyone may be paid now.
    function _common(Room memory r) internal view returns (uint256) {
        uint256 part = r.hourBudget - _reserve(r.hourBudget);
        uint256 hour =
            OutflowForecast.left(r.hourBudget, part, r.hourUsed - r.hourSmall, r.hourSmall);
        part = r.dayBudget - _reserve(r.dayBudget);
        uint256 day = OutflowForecast.left(r.dayBudget, part, r.dayUsed - r.daySmall, r.daySmall);
        return hour < day ? hour : day;
    }

    /// @dev What small withdrawals may be paid now by the share that is reserved for them.
    function _reserved(Room memory r) internal view returns (uint256) {
        uint256 part = _reserve(r.hourBudget);
        uint256 hour =
            OutflowForecast.left(r.hourBudget, part, r.hourSmall, r.hourUsed - r.hourSmall);
        part = _reserve(r.dayBudget);
        uint256 day = OutflowForecast.left(r.dayBudget, part, r.daySmall, r.dayUsed - r.daySmall);
        return hour < day ? hour : day;
    }

    function _isLarge(Room memory r, uint256 quote) internal view returns (bool) {
        return quote * PPM >= r.hourBudget * largePpm;
    }

    function _smallMax(Room memory r) internal view returns (uint256) {
        uint256 share = r.dayBudget * smallPpm / PPM;
        return share > smallFloorQuote ? share : smallFloorQuote;
    }

    /// @dev The windows as they stand, to be played forward for a line of the queue.
    function _forecast(bool isSmall) internal view returns (OutflowForecast.Windows memory w) {
        w.terms = OutflowForecast.Terms(
            hourFloorQuote, hourPpm, dayFloorQuote, dayPpm, reservePpm, !isSmall
        );
        w.time = block.timestamp;
        w.level = _ring.level.shift(block.timestamp);
        (w.ownHour, w.ownDay) = _small.history(block.timestamp);
        (w.otherHour, w.otherDay) = _ring.history(block.timestamp);
        for (uint256 i = 0; i < 13; ++i) w.otherHour[i] -= w.ownHour[i];
        for (uint256 i = 0; i < 25; ++i) w.otherDay[i] -= w.ownDay[i];
        if (isSmall) return w;
        (w.ownHour, w.otherHour) = (w.otherHour, w.ownHour);
        (w.ownDay, w.otherDay) = (w.otherDay, w.ownDay);
    }

    function _reserve(uint256 budget) private view returns (uint256) {
        return budget * reservePpm / PPM;
    }

    function _budgets(uint256 low) private view returns (uint256 hour, uint256 day) {
        hour = OutflowRing.budget(hourFloorQuote, hourPpm, low);
        day = OutflowRing.budget(dayFloorQuote, dayPpm, low);
    }

    function _within(uint256 rule, uint256 found, uint256 low, uint256 high) private pure {
        if (found < low) revert RuleInvalid(rule, found, low);
        if (found > high) revert RuleInvalid(rule, found, high);
    }
}
