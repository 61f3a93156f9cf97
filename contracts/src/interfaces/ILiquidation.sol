// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Seizure} from "../Types.sol";

/// @title Liquidation, by anyone.
interface ILiquidation {
    /// @notice Records that an account is below maintenance, or clears that record when it is not;
    /// the keeper's part of a penalty grows from then on. Anyone.
    /// @param report A newer price report, or empty.
    function flag(uint32 account, bytes calldata report) external;

    /// @notice Moves part of a position of an account below maintenance to the keeper's account at
    /// the fillable price, for a penalty; owner or session key of `keeperAccount`.
    /// @param lots Most lots that the keeper wants; 0 takes the computed partial size. Never more
    /// than that size, nor than the market's part per block.
    /// @param report A newer price report, or empty.
    function liquidate(
        uint32 account,
        uint8 market,
        uint40 lots,
        uint32 keeperAccount,
        bytes calldata report
    ) external;

    /// @notice Judges what the protocol's orders sold of accounts below maintenance in the batch
    /// that was just settled, and takes the penalty for the market's insurance fund.
    /// @dev Only the clearing house itself, at the end of `settle`.
    function seize(Seizure[] calldata seizures) external;

    /// @notice Takes lots off the backstop or off a market's insurance account at the mark price
    /// less a discount that grows with time; owner or session key of `taker`.
    /// @param lots Most lots to take.
    /// @param report A newer price report, or empty.
    function unwind(
        uint32 from,
        uint8 market,
        uint40 lots,
        uint32 taker,
        bytes calldata report
    ) external;

    /// @notice Charge per lot, quote Q32, that the losses of a market have cost every position in
    /// it so far; only its growth since a position was last touched is still owed.
    function levy(uint8 market) external view returns (uint256 perLotQ32);

    /// @notice Second at which an account was seen unhealthy; 0 when it was not.
    function unhealthySince(uint32 account) external view returns (uint256);
}
