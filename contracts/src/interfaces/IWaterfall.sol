// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What happens to a position that no keeper wants: backstop, insurance, deleveraging, levy.
interface IWaterfall {
    /// @notice Takes a position off an account below its close-out requirement, all of it if the
    /// account is bankrupt. Anyone; the caller needs no account. In one block at most a part of a
    /// market's open interest, `liquidationPartPpm`, and one position beyond it that is larger
    /// than half of that part.
    /// @param counterparties Accounts on the other side, ids strictly ascending. Unless the
    /// backstop takes everything they must hold 95 % of that side's open interest; a list of 512
    /// may hold less, and then nobody in it loses a larger part than its share of that side.
    /// @param report A newer price report, or empty.
    function resolve(
        uint32 account,
        uint8 market,
        uint32[] calldata counterparties,
        bytes calldata report
    ) external;

    /// @notice Account that takes over positions in a market first; 0 when there is none.
    function backstopOf(uint8 market) external view returns (uint32);

    /// @notice What an insurance fund, by its account, paid in the last hour and up to half an hour
    /// before it, quote units; it counts against the share that it pays in any hour.
    function drawn(uint32 fund) external view returns (uint256);

    /// @notice Contract of the pools whose accounts those are; zero when there is none.
    function backstop() external view returns (address);
}
