// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The Poseidon library of `poseidon-solidity`, as it is published, by its address.
/// @dev It is no source here: only its published code is small enough to be deployed.
interface IPoseidon {
    /// @notice Poseidon of two elements of the field, with the constants of circomlib.
    /// Assumes: both are below the order of the field; others are reduced.
    function hash(uint256[2] calldata inputs) external pure returns (uint256);
}
