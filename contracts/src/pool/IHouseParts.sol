// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The contracts that a clearing house works with, as it names them.
interface IHouseParts {
    function vault() external view returns (address);
    function oracle() external view returns (address);
    function parameters() external view returns (address);
}
