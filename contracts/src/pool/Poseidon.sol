// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// Compiled here so that it can be deployed; called by its address, because it is a library whose
// arguments must lie where a call puts them.
import {PoseidonT3} from "poseidon-solidity/PoseidonT3.sol";

/// @title What the library answers, as a deployed contract.
interface IPoseidon {
    /// @notice Poseidon of two elements of the field, with the constants of circomlib.
    /// Assumes: both are below the order of the field; others are reduced.
    function hash(uint256[2] calldata inputs) external pure returns (uint256);
}
