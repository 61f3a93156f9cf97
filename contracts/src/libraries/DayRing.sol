// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title DayRing: a sum over the last 24 hours, for what is rare.
/// @notice Buckets of one hour: the current one and the 24 before, so that every instant of the
/// true window is covered and the bound is 1.00 of a limit. Reading costs 25 slots.
library DayRing {
    uint256 private constant BUCKETS = 25;

    /// @dev One slot.
    struct Bucket {
        uint40 hour;
        uint216 amount;
    }

    struct Ring {
        Bucket[25] buckets;
    }

    /// @notice What was added in the last 24 hours, and up to one hour more.
    function sum(Ring storage self) internal view returns (uint256 total) {
        uint256 hour = block.timestamp / 1 hours;
        for (uint256 i; i < BUCKETS; ++i) {
            Bucket memory bucket = self.buckets[i];
            if (bucket.hour + BUCKETS > hour) total += bucket.amount;
        }
    }

    /// @notice Adds to the current hour. Assumes: the amount is below 2^215.
    function add(Ring storage self, uint256 amount) internal {
        uint256 hour = block.timestamp / 1 hours;
        Bucket storage bucket = self.buckets[hour % BUCKETS];
        uint256 before = bucket.hour == hour ? bucket.amount : 0;
        (bucket.hour, bucket.amount) = (uint40(hour), uint216(before + amount));
    }
}
