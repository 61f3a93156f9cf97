// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Collateral in and out.
interface ICustody {
    /// @notice Deposits `amount` token units from the caller, who has approved the vault.
    /// Open in every breaker state. Accounts 0 (insurance) and 1 (fees) may be topped up.
    function deposit(address token, uint32 account, uint256 amount) external;

    /// @notice Pays `amount` token units to `to`; only the owner. The account must stay at
    /// initial margin. Open in every breaker state.
    /// @param report A newer price report, or empty. A fresh price is needed only for positions.
    function withdraw(uint32 account, uint256 amount, address to, bytes calldata report) external;
}
