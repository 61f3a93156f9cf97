// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Vault} from "../src/Vault.sol";
import {HookToken, IHooked} from "./mocks/Tokens.sol";
import {VaultTest} from "./support/VaultTest.sol";

/// @notice A token that calls back while it moves finds the vault locked, even for the clearing
/// house, which is the test: no operation begins inside another.
contract VaultLockTest is VaultTest, IHooked {
    bytes[] private _inner;
    uint256 private _refused;
    uint256 private _called;

    function setUp() public {
        vm.warp(START);
        HookToken hook = new HookToken();
        token = hook;
        vault = deployVault(address(token), bare());
        fund(token, vault, 1e15);
        token.mint(address(this), 1e12);
        token.approve(address(vault), type(uint256).max);
        vault.take(USER, 1_000_000e6);
        vault.pay(USER, HOUR_FLOOR, ANY, 0);
        (, uint64 queued) = vault.pay(USER, 1e6, ANY, 0);
        assertTrue(queued != 0);
        _inner.push(abi.encodeCall(Vault.take, (USER, 1)));
        _inner.push(abi.encodeCall(Vault.pay, (USER, 1, ANY, 0)));
        _inner.push(abi.encodeCall(Vault.payForced, (USER, 1, ANY)));
        _inner.push(abi.encodeCall(Vault.takeBack, (queued)));
        _inner.push(abi.encodeCall(Vault.release, (1)));
    }

    function tokensSent(address, uint256) external override {
        _enter();
    }

    function tokensReceived(address, uint256) external override {
        _enter();
    }

    function test_isLocked_whileItTakes() public {
        _outer(abi.encodeCall(Vault.take, (address(this), 1)));
    }

    function test_isLocked_whileItPays() public {
        skip(26 hours);
        vault.release(1);
        _outer(abi.encodeCall(Vault.pay, (address(this), 1, ANY, 0)));
    }

    function test_isLocked_whileItPaysForced() public {
        skip(26 hours);
        vault.release(1);
        _outer(abi.encodeCall(Vault.payForced, (address(this), 1, ANY)));
    }

    function _outer(bytes memory call_) private {
        (_called, _refused) = (0, 0);
        (bool ok,) = address(vault).call(call_);
        assertTrue(ok);
        assertEq(_called, _inner.length, "called");
        assertEq(_refused, _inner.length, "refused");
    }

    function _enter() private {
        for (uint256 i; i < _inner.length; ++i) {
            (bool ok, bytes memory why) = address(vault).call(_inner[i]);
            ++_called;
            bytes4 locked = ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector;
            if (!ok && bytes4(why) == locked) ++_refused;
        }
    }
}
