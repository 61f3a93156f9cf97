// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What is switched off for now; guardians tighten only and every entry expires.
/// @notice Levels: 0 normal; 1 nobody may grow or flip a position; 2 and no liquidation;
/// 3 and every settled order must be flagged reduce-only.
/// Scopes: 0 the venue, 1 + market id one market.
interface IBreaker {
    /// @notice Level in force for a scope: the larger of its own and the venue's.
    function level(uint16 scope) external view returns (uint8);
}
