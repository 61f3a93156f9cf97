// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Treasury} from "../../src/Treasury.sol";
import {TreasuryRules} from "../../src/TreasuryRules.sol";
import {GroupSignature} from "../../src/libraries/Schnorr.sol";
import {TestToken} from "../../src/mocks/TestToken.sol";
import {Base} from "../Base.sol";
import {KeyDouble} from "./CommitteeKey.sol";
import {CommitteeSigner, Offices} from "./CommitteeSigner.sol";

/// @dev What the governor may allow: it notes, fails, pulls tokens by an allowance, or calls back.
contract TreasuryTarget {
    uint256 public noted;

    error Failed(uint256 why);

    function note(uint256 value) external {
        noted += value;
    }

    function failing(uint256 why) external pure {
        revert Failed(why);
    }

    function pull(TestToken token, uint256 amount) external {
        token.transferFrom(msg.sender, address(this), amount);
    }

    function again(uint64 nonce, address[] calldata targets, bytes[] calldata data) external {
        Treasury(msg.sender).execute(nonce, targets, data);
    }
}

/// @notice A treasury with one token and one allowed call, and what its suites do again and again.
abstract contract TreasuryRig is Base {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant SMALL_DELAY = 1 hours;
    uint256 internal constant LARGE_DELAY = 2 days;
    uint256 internal constant KEY = 0xa11;
    uint256 internal constant NEXT = 0xb22;
    uint128 internal constant SMALL = 100;
    uint128 internal constant DAY = 1_000;
    address internal constant GOVERNOR = address(0x60);
    address internal constant GUARDIAN = address(0x6a);
    address internal constant PAYEE = address(0xbee);

    CommitteeSigner internal signer;
    KeyDouble internal registry;
    Treasury internal treasury;
    TestToken internal token;
    TreasuryTarget internal target;

    function setUp() public {
        vm.warp(START);
        signer = CommitteeSigner(_create("CommitteeSigner.sol:CommitteeSigner", ""));
        registry = new KeyDouble(1);
        registry.set(signer.key(KEY), 1, false);
        treasury = _deploy(address(new Offices(GOVERNOR, GUARDIAN)));
        token = new TestToken("Test", "T", 6);
        target = new TreasuryTarget();
        token.mint(address(treasury), 10_000);
        _list(address(token), SMALL, DAY);
        _allow(TreasuryTarget.note.selector);
    }

    function _deploy(address offices) internal returns (Treasury) {
        bytes memory args =
            abi.encode(address(registry), offices, offices, SMALL_DELAY, LARGE_DELAY);
        return Treasury(deploy("Treasury", args));
    }

    function _list(address token_, uint128 small, uint128 day) internal {
        vm.prank(GOVERNOR);
        assertFalse(treasury.proposeLimit(token_, small, day));
        _pass();
        treasury.applyLimit(token_);
    }

    function _allow(bytes4 selector) internal {
        vm.prank(GOVERNOR);
        treasury.proposeCall(address(target), selector);
        _pass();
        treasury.applyCall(address(target), selector);
    }

    function _pass() internal {
        vm.warp(vm.getBlockTimestamp() + LARGE_DELAY);
    }

    function _expiry() internal view returns (uint40) {
        return uint40(vm.getBlockTimestamp());
    }

    function _signature(uint64 nonce, address[] memory to, bytes[] memory data)
        internal
        returns (GroupSignature memory)
    {
        return signer.sign(KEY, treasury.digest(nonce, _expiry(), to, data));
    }

    function _schedule(uint64 nonce, address[] memory to, bytes[] memory data) internal {
        treasury.schedule(nonce, _expiry(), to, data, _signature(nonce, to, data));
    }

    function _pay(uint256 amount)
        internal
        view
        returns (address[] memory to, bytes[] memory data)
    {
        return _single(address(token), abi.encodeCall(IERC20.transfer, (PAYEE, amount)));
    }

    function _single(address to_, bytes memory call_)
        internal
        pure
        returns (address[] memory to, bytes[] memory data)
    {
        (to, data) = (new address[](1), new bytes[](1));
        (to[0], data[0]) = (to_, call_);
    }

    function _forbidden(address to, bytes4 selector) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(TreasuryRules.CallForbidden.selector, to, selector);
    }
}
