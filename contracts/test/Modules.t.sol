// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ClearingHouse} from "../src/ClearingHouse.sol";
import {IModule} from "../src/interfaces/IModule.sol";
import {Config} from "../src/Types.sol";
import {VenueTest} from "./support/VenueTest.sol";

contract Greedy is IModule {
    function operations() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](2);
        (selectors[0], selectors[1]) = (0x11111111, 0x11111111);
    }
}

/// @notice Creates a contract and hands on why it could not.
contract Factory {
    function create(bytes calldata code) external {
        bytes memory copy = code;
        assembly {
            if iszero(create(0, add(copy, 0x20), mload(copy))) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }
}

contract ModulesTest is VenueTest {
    function test_fallback_revertsIf_OperationUnknown() public {
        bytes memory expected =
            abi.encodeWithSelector(ClearingHouse.OperationUnknown.selector, bytes4(0x12345678));
        (bool ok, bytes memory result) = address(house).call(hex"12345678");
        assertFalse(ok);
        assertEq(result, expected);
    }

    function test_fallback_takesNoEther() public {
        vm.deal(address(this), 1);
        (bool ok,) = address(house).call{value: 1}(abi.encodeCall(house.cancelAll, (alice)));
        assertFalse(ok);
    }

    function test_constructor_revertsIf_selectorTwice() public {
        address[] memory modules = new address[](1);
        modules[0] = address(new Greedy());
        (bool ok, bytes memory result) = _tryHouse(modules);
        assertFalse(ok);
        assertEq(
            result,
            abi.encodeWithSelector(
                ClearingHouse.ModuleInvalid.selector, modules[0], bytes4(0x11111111)
            )
        );
    }

    /// A module called at its own address works on its own empty storage, and harms nobody.
    function test_module_calledDirectly_touchesNothing() public {
        ClearingHouse whole = ClearingHouse(address(house));
        address module = whole.moduleOf(house.openAccount.selector);
        uint32 before = house.accountsCount();
        (bool ok,) = module.call(abi.encodeCall(house.openAccount, (address(1))));
        assertTrue(ok);
        assertEq(house.accountsCount(), before);
    }

    /// @notice Tries to deploy a clearing house with other modules; the reason when it fails.
    function _tryHouse(address[] memory modules) private returns (bool, bytes memory) {
        address a = address(around);
        bytes memory args = abi.encode(Config(address(vault), a, a, a, a), modules);
        Factory factory = new Factory();
        bytes memory code = vm.getCode(built("ClearingHouse"));
        return address(factory).call(abi.encodeCall(factory.create, (bytes.concat(code, args))));
    }
}
