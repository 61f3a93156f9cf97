// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Handing a call to a module: the only delegatecall of the venue.
/// @dev Assumes: the module was fixed at deployment and declares no state but `Storage`.
library Delegation {
    /// @notice Runs the whole call with the module's code and ends it with the module's answer.
    /// @dev Assembly: forwards calldata, return data and reverts as they are.
    function forward(address module) internal {
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            calldatacopy(pointer, 0, calldatasize())
            let ok := delegatecall(gas(), module, pointer, calldatasize(), 0, 0)
            returndatacopy(pointer, 0, returndatasize())
            if iszero(ok) { revert(pointer, returndatasize()) }
            return(pointer, returndatasize())
        }
    }
}
