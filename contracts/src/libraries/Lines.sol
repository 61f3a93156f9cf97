// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Heads and tails of the three lines of the queue in one word, from the low bit: queued
/// u64 (quote units of all lines), then per line head u32 and tail u32.
type LinesWord is uint256;

using Lines for LinesWord global;

/// @title The three lines in which withdrawals wait, each first in, first out.
/// @notice A withdrawal's number is its place in its line, then the line: place << 2 | line. The
/// first place is 1, so that no number is zero.
library Lines {
    /// @dev Small ones, paid from the reserved share.
    uint256 internal constant SMALL = 0;
    /// @dev What did not fit.
    uint256 internal constant ORDINARY = 1;
    /// @dev Large ones, which wait a fixed delay first.
    uint256 internal constant LARGE = 2;

    uint256 private constant QUEUED_MASK = type(uint64).max;

    /// @notice Sum of what waits, quote units.
    function queued(LinesWord self) internal pure returns (uint256) {
        return LinesWord.unwrap(self) & QUEUED_MASK;
    }

    /// @notice Place of the first withdrawal of a line that may still wait.
    function head(LinesWord self, uint256 line) internal pure returns (uint256) {
        return uint32(LinesWord.unwrap(self) >> (64 + line * 64)) + 1;
    }

    /// @notice Place after the last withdrawal of a line.
    function tail(LinesWord self, uint256 line) internal pure returns (uint256) {
        return uint32(LinesWord.unwrap(self) >> (96 + line * 64)) + 1;
    }

    function isEmpty(LinesWord self, uint256 line) internal pure returns (bool) {
        return self.head(line) == self.tail(line);
    }

    function withQueued(LinesWord self, uint256 quote) internal pure returns (LinesWord) {
        require(quote <= QUEUED_MASK);
        return LinesWord.wrap((LinesWord.unwrap(self) & ~QUEUED_MASK) | quote);
    }

    /// @notice One more at the end of a line.
    function grown(LinesWord self, uint256 line) internal pure returns (LinesWord) {
        require(self.tail(line) < type(uint32).max);
        return LinesWord.wrap(LinesWord.unwrap(self) + (1 << (96 + line * 64)));
    }

    /// @notice The first of a line is gone. Assumes: the line is not empty.
    function shrunk(LinesWord self, uint256 line) internal pure returns (LinesWord) {
        return LinesWord.wrap(LinesWord.unwrap(self) + (1 << (64 + line * 64)));
    }

    /// @notice Number of a withdrawal.
    function number(uint256 line, uint256 place) internal pure returns (uint64) {
        return uint64(place << 2 | line);
    }

    function lineOf(uint64 id) internal pure returns (uint256) {
        return id & 3;
    }

    function placeOf(uint64 id) internal pure returns (uint256) {
        return id >> 2;
    }
}
