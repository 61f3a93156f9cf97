// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Vm } from "./Vm.sol";

/// @title Base of every contract test
/// @notice Assertions revert with both values; `bound` folds fuzz input; `target…` steer runs.
/// Assumes: runs under forge, which answers at the cheat-code address.
abstract contract Base {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Read by forge from `targetSelectors()`; field order is forge's.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    address[] private _targetContracts;
    address[] private _targetSenders;
    address[] private _excludedSenders;
    FuzzSelector[] private _targetSelectors;

    // Invariant runs: what forge calls, and as whom.

    function targetContract(address target) internal {
        _targetContracts.push(target);
    }

    function targetSender(address sender) internal {
        _targetSenders.push(sender);
    }

    function excludeSender(address sender) internal {
        _excludedSenders.push(sender);
    }

    function targetSelector(address target, bytes4[] memory selectors) internal {
        _targetSelectors.push(FuzzSelector(target, selectors));
    }

    function targetContracts() public view returns (address[] memory) {
        return _targetContracts;
    }

    function targetSenders() public view returns (address[] memory) {
        return _targetSenders;
    }

    function excludeSenders() public view returns (address[] memory) {
        return _excludedSenders;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory) {
        return _targetSelectors;
    }

    // Assertions.

    function fail(string memory why) internal pure {
        revert(why);
    }

    function assertTrue(bool ok) internal pure {
        vm.assertTrue(ok);
    }

    function assertTrue(bool ok, string memory why) internal pure {
        vm.assertTrue(ok, why);
    }

    function assertFalse(bool bad) internal pure {
        vm.assertFalse(bad);
    }

    function assertFalse(bool bad, string memory why) internal pure {
        vm.assertFalse(bad, why);
    }

    function assertEq(uint256 a, uint256 b) internal pure {
        vm.assertEq(a, b);
    }

    function assertEq(uint256 a, uint256 b, string memory why) internal pure {
        vm.assertEq(a, b, why);
    }

    function assertEq(int256 a, int256 b) internal pure {
        vm.assertEq(a, b);
    }

    function assertEq(int256 a, int256 b, string memory why) internal pure {
        vm.assertEq(a, b, why);
    }

    function assertEq(bool a, bool b) internal pure {
        vm.assertEq(a, b);
    }

    function assertEq(bool a, bool b, string memory why) internal pure {
        vm.assertEq(a, b, why);
    }

    function assertEq(address a, address b) internal pure {
        vm.assertEq(a, b);
    }

    function assertEq(address a, address b, string memory why) internal pure {
        vm.assertEq(a, b, why);
    }

    function assertEq(bytes32 a, bytes32 b) internal pure {
        vm.assertEq(a, b);
    }

    function assertEq(bytes32 a, bytes32 b, string memory why) internal pure {
        vm.assertEq(a, b, why);
    }

    function assertEq(bytes memory a, bytes memory b) internal pure {
        vm.assertEq(a, b);
    }

    function assertEq(bytes memory a, bytes memory b, string memory why) internal pure {
        vm.assertEq(a, b, why);
    }

    function assertEq(string memory a, string memory b) internal pure {
        vm.assertEq(a, b);
    }

    function assertEq(string memory a, string memory b, string memory why) internal pure {
        vm.assertEq(a, b, why);
    }

    function assertNotEq(uint256 a, uint256 b) internal pure {
        vm.assertNotEq(a, b);
    }

    function assertNotEq(bytes32 a, bytes32 b) internal pure {
        vm.assertNotEq(a, b);
    }

    function assertNotEq(address a, address b) internal pure {
        vm.assertNotEq(a, b);
    }

    function assertLt(uint256 a, uint256 b) internal pure {
        vm.assertLt(a, b);
    }

    function assertLt(uint256 a, uint256 b, string memory why) internal pure {
        vm.assertLt(a, b, why);
    }

    function assertLt(int256 a, int256 b) internal pure {
        vm.assertLt(a, b);
    }

    function assertLe(uint256 a, uint256 b) internal pure {
        vm.assertLe(a, b);
    }

    function assertLe(uint256 a, uint256 b, string memory why) internal pure {
        vm.assertLe(a, b, why);
    }

    function assertLe(int256 a, int256 b) internal pure {
        vm.assertLe(a, b);
    }

    function assertGt(uint256 a, uint256 b) internal pure {
        vm.assertGt(a, b);
    }

    function assertGt(uint256 a, uint256 b, string memory why) internal pure {
        vm.assertGt(a, b, why);
    }

    function assertGt(int256 a, int256 b) internal pure {
        vm.assertGt(a, b);
    }

    function assertGe(uint256 a, uint256 b) internal pure {
        vm.assertGe(a, b);
    }

    function assertGe(uint256 a, uint256 b, string memory why) internal pure {
        vm.assertGe(a, b, why);
    }

    function assertGe(int256 a, int256 b) internal pure {
        vm.assertGe(a, b);
    }

    function assertApproxEqAbs(uint256 a, uint256 b, uint256 deltaMax) internal pure {
        vm.assertApproxEqAbs(a, b, deltaMax);
    }

    function assertApproxEqAbs(int256 a, int256 b, uint256 deltaMax) internal pure {
        vm.assertApproxEqAbs(a, b, deltaMax);
    }

    /// @param deltaMaxE18 Largest relative difference, 1e18 = 100 %.
    function assertApproxEqRel(uint256 a, uint256 b, uint256 deltaMaxE18) internal pure {
        vm.assertApproxEqRel(a, b, deltaMaxE18);
    }

    // What is tested.

    /// @notice Path, for `vm.getCode`, of a contract of src as it was built and is deployed. Tests
    /// may be compiled another way: a `new` of theirs would test what the compiler made for them.
    function built(string memory name) internal pure returns (string memory) {
        return string.concat("out/", name, ".sol/", name, ".json");
    }

    /// @notice Deploys a contract of src as it was built; reverts as its constructor does.
    function deploy(string memory name, bytes memory args) internal returns (address) {
        return _create(built(name), args);
    }

    /// @notice As above, from any artifact that `vm.getCode` knows.
    function _create(string memory artifact, bytes memory args) internal returns (address made) {
        bytes memory code = bytes.concat(vm.getCode(artifact), args);
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
            if iszero(made) {
                let free := mload(0x40)
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
        }
    }

    // Fuzz input.

    /// @notice Folds `x` into [low, high]; values already inside stay, so that edges are met.
    function bound(uint256 x, uint256 low, uint256 high) internal pure returns (uint256) {
        require(low <= high, "bound: low > high");
        if (x >= low && x <= high) return x;
        uint256 span = high - low;
        if (span == type(uint256).max) return x;
        return low + (x % (span + 1));
    }

    /// @notice As above for signed values.
    function bound(int256 x, int256 low, int256 high) internal pure returns (int256) {
        require(low <= high, "bound: low > high");
        // Shifting by 2^255 maps the signed order onto the unsigned one.
        uint256 flip = 1 << 255;
        uint256 y = bound(uint256(x) ^ flip, uint256(low) ^ flip, uint256(high) ^ flip);
        return int256(y ^ flip);
    }

    // Actors.

    /// @notice A labelled address and its key, fixed by the name.
    function makeActor(string memory name) internal returns (address actor, uint256 key) {
        key = uint256(keccak256(bytes(name)));
        actor = vm.addr(key);
        vm.label(actor, name);
    }

    /// @notice EIP-2098 form of a signature: r and vs (s with the recovery bit on top).
    function signCompact(uint256 key, bytes32 digest)
        internal
        pure
        returns (bytes32 r, bytes32 vs)
    {
        (uint8 v, bytes32 r_, bytes32 s) = vm.sign(key, digest);
        return (r_, v == 28 ? bytes32(uint256(s) | (1 << 255)) : s);
    }
}
