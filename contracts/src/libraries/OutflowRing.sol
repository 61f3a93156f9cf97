// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title OutflowRing: how much left in any window, and the least that was held.
/// @notice Two windows of outflow, 60 minutes in buckets of 5 minutes and 24 hours in buckets of
/// one hour, and the minimum of the liabilities over at least the last 24 hours in buckets of 12.
/// A window sums its full length of past buckets PLUS the current one. It therefore covers every
/// instant of the true sliding window, whatever the phase, and the bound is 1.00 of the budget; a
/// token bucket that refills as it drains lets out 1.99 of it.
/// All amounts are quote units. A payment inside the current 5 minutes touches two slots.
library OutflowRing {
    uint256 internal constant BUCKET_SECONDS = 5 minutes;
    uint256 internal constant HOUR_BUCKETS = 12;
    uint256 internal constant DAY_BUCKETS = 24;
    uint256 internal constant LOW_SECONDS = 12 hours;
    /// @dev The most that one window may count: budgets are capped here so that sums never wrap.
    uint256 internal constant AMOUNT_MAX = type(uint56).max;

    /// @dev One slot. `Past` holds the whole buckets before the current one, `Now` the current.
    struct Flow {
        uint56 hourPast;
        uint56 hourNow;
        uint56 dayPast;
        uint56 dayNow;
        /// Index of the current 5-minute bucket since the epoch.
        uint32 bucket;
    }

    /// @dev One slot. The minimum of `held` in the current 12 hours and in the two before.
    struct Level {
        uint64 held;
        uint56 low0;
        uint56 low1;
        uint56 low2;
        uint24 half;
    }

    struct State {
        Flow flow;
        Level level;
        /// Four buckets of 64 bits in a word: words 0 to 2 the hour, 3 to 8 the day.
        uint256[9] words;
    }

    /// @notice What counts against each window at `time`, read only.
    function used(State storage self, uint256 time)
        internal
        view
        returns (uint256 hour, uint256 day)
    {
        Flow memory flow = self.flow;
        uint256 to = time / BUCKET_SECONDS;
        hour = _sum(self.words, 0, HOUR_BUCKETS, flow.bucket, to, flow.hourNow);
        uint256 from = flow.bucket / HOUR_BUCKETS;
        day = _sum(self.words, 3, DAY_BUCKETS, from, to / HOUR_BUCKETS, flow.dayNow);
    }

    /// @notice The flow moved on to `time`, the buckets that closed written to their words. The
    /// caller stores the flow itself, once.
    function roll(State storage self, uint256 time) internal returns (Flow memory flow) {
        flow = self.flow;
        uint256 to = time / BUCKET_SECONDS;
        uint256 from = flow.bucket;
        if (to <= from) return flow;
        if (uint256(flow.hourPast) + flow.hourNow != 0) {
            flow.hourPast = uint56(
                _advance(self.words, 0, HOUR_BUCKETS, from, to, flow.hourPast, flow.hourNow)
            );
            flow.hourNow = 0;
        }
        (from, to) = (from / HOUR_BUCKETS, to / HOUR_BUCKETS);
        if (to > from && uint256(flow.dayPast) + flow.dayNow != 0) {
            flow.dayPast = uint56(
                _advance(self.words, 3, DAY_BUCKETS, from, to, flow.dayPast, flow.dayNow)
            );
            flow.dayNow = 0;
        }
        flow.bucket = uint32(time / BUCKET_SECONDS);
    }

    /// @notice The level with its 12-hour buckets moved on to `time`.
    function shift(Level memory level, uint256 time) internal pure returns (Level memory) {
        uint256 half = time / LOW_SECONDS;
        uint256 steps = half <= level.half ? 0 : half - level.half;
        if (steps == 0) return level;
        uint56 held = clip(level.held);
        // A bucket without a movement held one level all through.
        level.low2 = steps == 1 ? level.low1 : steps == 2 ? level.low0 : held;
        level.low1 = steps == 1 ? level.low0 : held;
        level.low0 = held;
        level.half = uint24(half);
        return level;
    }

    /// @notice The least that was held over the last 24 hours (and up to 12 hours more).
    function low(Level memory level) internal pure returns (uint256 lowest) {
        lowest = level.low0;
        if (level.low1 < lowest) lowest = level.low1;
        if (level.low2 < lowest) lowest = level.low2;
    }

    /// @notice Budget of a window: a share of the least that was held, or its floor.
    function budget(uint256 floor, uint256 ppm, uint256 lowest) internal pure returns (uint256) {
        uint256 share = lowest * ppm / 1_000_000;
        return clip(share > floor ? share : floor);
    }

    /// @notice Every bucket that counts at `time`: bucket b of the hour at b % 13, of the day at
    /// b % 25.
    function history(State storage self, uint256 time)
        internal
        view
        returns (uint256[13] memory hourly, uint256[25] memory daily)
    {
        Flow memory flow = self.flow;
        uint256 from = flow.bucket;
        uint256 to = time / BUCKET_SECONDS;
        for (uint256 b = to > HOUR_BUCKETS ? to - HOUR_BUCKETS : 0; b < from; ++b) {
            hourly[b % 13] = _at(self.words, 0, HOUR_BUCKETS, b);
        }
        if (to <= from + HOUR_BUCKETS) hourly[from % 13] = flow.hourNow;
        (from, to) = (from / HOUR_BUCKETS, to / HOUR_BUCKETS);
        for (uint256 b = to > DAY_BUCKETS ? to - DAY_BUCKETS : 0; b < from; ++b) {
            daily[b % 25] = _at(self.words, 3, DAY_BUCKETS, b);
        }
        if (to <= from + DAY_BUCKETS) daily[from % 25] = flow.dayNow;
    }

    function clip(uint256 amount) internal pure returns (uint56) {
        return amount > AMOUNT_MAX ? uint56(AMOUNT_MAX) : uint56(amount);
    }

    /// @dev Past buckets of the window that ends in bucket `to`, plus the current one.
    function _sum(
        uint256[9] storage words,
        uint256 base,
        uint256 size,
        uint256 from,
        uint256 to,
        uint256 current
    ) private view returns (uint256 sum) {
        if (to <= from + size) sum = current;
        for (uint256 bucket = to > size ? to - size : 0; bucket < from; ++bucket) {
            sum += _at(words, base, size, bucket);
        }
    }

    function _at(uint256[9] storage words, uint256 base, uint256 size, uint256 bucket)
        private
        view
        returns (uint256)
    {
        return uint64(words[base + (bucket % size) / 4] >> (((bucket % size) % 4) * 64));
    }

    /// @dev Moves the current bucket from `from` to `to`: the bucket that closes takes the place
    /// of the one that leaves the window at that moment. A word is loaded and stored once for the
    /// buckets that share it, and the walk ends as soon as nothing is left to expire.
    function _advance(
        uint256[9] storage words,
        uint256 base,
        uint256 size,
        uint256 from,
        uint256 to,
        uint256 past,
        uint256 current
    ) private returns (uint256) {
        uint256 index = type(uint256).max;
        uint256 word;
        for (uint256 bucket = from; bucket < to && past + current != 0; ++bucket) {
            uint256 next = base + (bucket % size) / 4;
            if (next != index) {
                if (index != type(uint256).max) words[index] = word;
                index = next;
                word = words[index];
            }
            uint256 offset = ((bucket % size) % 4) * 64;
            uint256 left = uint64(word >> offset);
            word = (word ^ (left << offset)) | (current << offset);
            past = past + current - left;
            current = 0;
        }
        if (index != type(uint256).max) words[index] = word;
        return past;
    }
}
