// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What is switched off for now; guardians tighten only and every entry expires.
/// @notice Levels: 0 normal; 1 reduce-only: nobody may grow or flip a position; 2 and no
/// liquidation; 3 halted: and every order has to be flagged reduce-only, so that all others can
/// only be cancelled. A halt is left by the same levels downward (`Resume`).
/// Scopes: 0 the venue, 1 + market id one market, 257 withdrawals (1: large ones by the forced
/// queue alone, 2 and 3: all of them), 258 accounts that may not grow (`barred`).
/// Deposits, cancels, orders flagged reduce-only and forced requests are under no level.
interface IBreaker {
    /// @notice Level in force for a scope; of a market the larger of its own and the venue's.
    function level(uint16 scope) external view returns (uint8);

    /// @notice Level of a scope, and whether any account is barred now.
    function standing(uint16 scope) external view returns (uint8 inForce, bool barring);

    /// @notice Whether an account may not grow or flip a position now.
    function barred(uint32 account) external view returns (bool);
}
