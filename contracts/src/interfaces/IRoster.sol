// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Accounts, session keys, and the cancelling of orders.
interface IRoster {
    /// @notice Opens an account for `owner`; anyone may call.
    function openAccount(address owner) external returns (uint32 id);

    /// @notice Lets `key` sign orders (nothing else) until `expiry`; only the owner.
    function setSession(uint32 account, address key, uint40 expiry) external;

    /// @notice Kills the orders of a lane with a seq of at most `seq`; owner or session key.
    function cancelLane(uint32 account, uint16 lane, uint32 seq) external;

    /// @notice Kills every order signed so far; owner or session key.
    function cancelAll(uint32 account) external;
}
