// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Holds the collateral and pays it out inside two outflow windows.
/// @notice All amounts are in the token's own units.
/// Assumes: only the clearing house may call `take` and `pay`, and it credits or debits
/// accounts for exactly what these report.
interface IVault {
    /// @notice Collateral came in.
    event Taken(address indexed from, uint256 received, uint256 liabilities);

    /// @notice Collateral went out.
    event Paid(address indexed to, uint256 amount, uint256 liabilities);

    /// @notice The caller is not the clearing house.
    error NotClearingHouse(address found, address required);

    /// @notice More than the open part of an outflow window was asked for.
    error OutflowExceeded(uint256 requested, uint256 available);

    /// @notice The one collateral token.
    function token() external view returns (address);

    /// @notice Token units per quote unit: 10^max(decimals - 6, 0).
    function scale() external view returns (uint256);

    /// @notice What the vault owes to all accounts together; not derived from its balance.
    function liabilities() external view returns (uint256);

    /// @notice What may still be paid out now in the hour and in the day window.
    function available() external view returns (uint256 hour, uint256 day);

    /// @notice Pulls `amount` from `from`, which has approved the vault.
    /// @return received Difference of the vault's balance, added to the liabilities.
    function take(address from, uint256 amount) external returns (uint256 received);

    /// @notice Pays exactly `amount` to `to` and takes it off the liabilities.
    function pay(address to, uint256 amount) external;
}
