// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Liquidation, by anyone.
interface ILiquidation {
    /// @notice Moves a whole position of an account below maintenance margin to the keeper's
    /// account at the index price, for a penalty; owner or session key of `keeperAccount`.
    function liquidate(
        uint32 account, uint8 market, uint32 keeperAccount, bytes calldata report
    ) external;
}
