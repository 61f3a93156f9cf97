// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Conditional} from "../Types.sol";

/// @title Conditional orders: signed once, triggered by any keeper when the chain's price says so.
/// @notice Signatures: the owner's or an in-scope session key's (64 bytes EIP-2098, or 65), or
/// what the owner's wallet contract accepts (ERC-1271).
interface ITrigger {
    /// @notice Fills a conditional order at once against `keeperAccount`; owner or unlimited
    /// session key of `keeperAccount`. The condition is judged on the last accepted price.
    /// @param report A newer price report, or empty.
    /// Assumes: reports are signed by a quorum; which of the newer ones comes first is the
    /// caller's choice within the venue's report skew.
    function trigger(
        Conditional calldata order,
        bytes calldata signature,
        uint32 keeperAccount,
        bytes calldata report
    ) external;

    /// @notice Records the last accepted price as the best one of a trailing stop; anyone.
    /// It only ever moves in the trader's favour.
    function ratchet(
        Conditional calldata order, bytes calldata signature, bytes calldata report
    ) external;

    /// @notice Uses up a one-time number, and with it all that was signed under it; owner or any
    /// session key.
    function cancelNonce(uint32 account, uint64 nonce) external;

    /// @notice Digest that is signed, the price a trailing stop follows from (ticks; the trigger
    /// price of the other kinds), and whether the one-time number is used.
    function conditional(Conditional calldata order)
        external
        view
        returns (bytes32 digest, uint32 best, bool used);
}
