// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What a small withdrawal is; answered by the vault, fixed there.
interface IVaultRules {
    /// @notice What one account may take of the share that is kept for small withdrawals, however
    /// small the budget, quote units.
    function smallFloorQuote() external view returns (uint256);
}
