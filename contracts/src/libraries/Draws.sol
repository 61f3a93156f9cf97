// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev What an insurance fund paid of late, quote units: the bucket since the epoch from bit 192;
/// from bit 0 what was paid in it, from 64 in the one before, from 128 in the one before that.
type Drawn is uint256;

using Draws for Drawn global;

/// @title Draws: how much an insurance fund paid in any hour.
/// @notice Three buckets of half an hour: two that are over and the current one. They cover every
/// instant of the hour that ends now, whatever the phase, so that the bound of a window is 1.00 of
/// the budget; an hour that began anew with the clock would let out 1.99 of it.
library Draws {
    uint256 private constant BUCKET_SECONDS = 30 minutes;
    /// @dev The most that one window counts, and therefore pays.
    uint256 private constant AMOUNT_MAX = type(uint64).max;

    /// @notice The buckets moved on to `time`: what is older leaves the word at its upper end.
    function rolled(Drawn self, uint256 time) internal pure returns (Drawn) {
        uint256 word = Drawn.unwrap(self);
        uint256 bucket = time / BUCKET_SECONDS;
        uint256 steps = bucket - (word >> 192);
        return Drawn.wrap((bucket << 192) | uint192(word << (steps * 64)));
    }

    /// @notice What counts against the hour. Assumes: moved on.
    function paid(Drawn self) internal pure returns (uint256) {
        uint256 word = Drawn.unwrap(self);
        return uint256(uint64(word)) + uint64(word >> 64) + uint64(word >> 128);
    }

    /// @notice What a fund that has `spare` left may still pay: with what it paid in the hour no
    /// more than its share of what it would have, had it paid nothing. Assumes: moved on.
    function left(Drawn self, uint256 spare, uint256 sharePpm) internal pure returns (uint256) {
        uint256 before = paid(self);
        uint256 most = ((spare + before) * sharePpm) / 1_000_000;
        if (most > AMOUNT_MAX) most = AMOUNT_MAX;
        return most > before ? most - before : 0;
    }

    /// @notice With a payment now. Assumes: moved on; the amount is at most what is left.
    function plus(Drawn self, uint256 amount) internal pure returns (Drawn) {
        return Drawn.wrap(Drawn.unwrap(self) + amount);
    }
}
