// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A part of the clearing house with code of its own.
interface IModule {
    /// @notice Selectors that the clearing house hands to this module.
    function operations() external pure returns (bytes4[] memory);
}
