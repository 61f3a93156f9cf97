// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SessionScope} from "../Types.sol";

/// @title Accounts, session keys, and the cancelling of orders.
interface IRoster {
    /// @notice Opens an account for `owner`; anyone may call.
    function openAccount(address owner) external returns (uint32 id);

    /// @notice Lets `key` sign orders within `scope` (nothing else) until `expiry`; only the owner.
    /// It may cancel whatever its scope; it acts as a keeper only when the scope has no limit.
    function setSession(uint32 account, address key, uint40 expiry, SessionScope calldata scope)
        external;

    /// @notice Expiry and scope of a session key; all zero when it is none.
    function session(uint32 account, address key)
        external
        view
        returns (uint40 expiry, SessionScope memory scope);

    /// @notice Demands at least `initialPpm` of initial margin of every position of the account;
    /// only the owner. Less than before needs initial margin at fresh prices with the new value.
    /// @param initialPpm Parts per million of notional, at most the whole; 0: no own demand.
    /// @param report Price report to accept first; empty for none.
    function setLeverage(uint32 account, uint24 initialPpm, bytes calldata report) external;

    /// @notice Kills the orders of a lane with a seq of at most `seq`; owner or session key.
    function cancelLane(uint32 account, uint16 lane, uint32 seq) external;

    /// @notice Kills every order signed so far; owner or session key.
    function cancelAll(uint32 account) external;
}
