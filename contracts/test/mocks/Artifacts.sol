// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base} from "../Base.sol";

/// @notice Deploys what was compiled elsewhere: `new` has the compiler optimize the whole of a
/// contract once more inside of every test that creates it.
abstract contract Artifacts is Base {
    /// @dev Reverts as the constructor does.
    function _create(string memory name, bytes memory args) internal returns (address made) {
        bytes memory code = abi.encodePacked(vm.getCode(name), args);
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
            if iszero(made) {
                let free := mload(0x40)
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
        }
    }
}
