// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Losses that nobody has covered yet.
interface ISolvency {
    /// @notice Negative cash of closed accounts that no fund has covered, quote units.
    function insolvency() external view returns (uint256);

    /// @notice The part of it that exceeds the insurance fund's cash, quote units; while it is not
    /// zero the vault queues withdrawals instead of paying them, for a bounded time. Zero once the
    /// venue is frozen: the exits have shared the losses.
    function uncovered() external view returns (uint256);
}
