// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Execution of forced requests.
interface IForced {
    /// @notice Executes the next forced request: the sequencer at any time, anyone after its
    /// deadline; who does earns its fee. Open in every breaker state.
    /// A request that is unlawful is taken out all the same, and the event says why: nothing
    /// blocks the queue but a stale price, which the caller can cure with a report.
    /// @param number Number of the request, so that nobody executes another one than was meant.
    /// @param takerAccount Close: account that takes the position over; owner or session key.
    /// @param lotsMax Close: most lots that it takes; the rest of the request stays due.
    /// @param report A newer price report, or empty.
    function executeForced(
        uint64 number, uint32 takerAccount, uint56 lotsMax, bytes calldata report
    ) external;

    /// @notice The withdrawal of a forced request.
    /// @dev Only the clearing house itself, from `executeForced`, which survives its revert.
    /// @return quote What was paid, quote units.
    function withdrawForced(uint32 account, uint88 amount, address to, uint64 nonce)
        external
        returns (uint256 quote);
}
