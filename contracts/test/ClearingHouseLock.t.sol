// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Backstop} from "../src/Backstop.sol";
import {Batch, Conditional, SessionScope, Withdrawal} from "../src/Types.sol";
import {TestToken} from "../src/mocks/TestToken.sol";
import {OpenVault} from "./support/Doubles.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice Calls what it was told in the middle of a transfer, and keeps what came back.
contract CallingToken is TestToken {
    address private _target;
    bytes private _data;
    bytes public answer;

    constructor() TestToken("Calling", "C", 6) {}

    function arm(address target, bytes calldata data) external {
        (_target, _data, answer) = (target, data, "");
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (_target == address(0)) return;
        (address target, bytes memory data) = (_target, _data);
        _target = address(0);
        (, answer) = target.call(data);
    }
}

/// @notice One operation at a time: whatever the token calls while a deposit is under way, the
/// house and the backstop refuse it for that reason, before they look at anything else.
contract ClearingHouseLockTest is VenueTest {
    bytes4 private constant LOCKED = bytes4(keccak256("ReentrancyGuardReentrantCall()"));
    CallingToken private caller;
    Backstop private stop;

    function setUp() public override {
        super.setUp();
        caller = new CallingToken();
        token = caller;
        vault = new OpenVault(token, 1);
        house = deployHouse(address(vault));
        bytes memory args = abi.encode(house, vault, around, around, 1 days);
        stop = Backstop(deploy("Backstop", args));
        token.mint(address(this), 1e18);
        token.approve(address(vault), type(uint256).max);
        token.approve(address(stop), type(uint256).max);
        alice = open("alice", 10_000 * UNIT);
        stop.openPool(0);
    }

    function backstopAt() internal view override returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
    }

    function test_house_isLocked() public {
        bytes[] memory calls = _operations();
        for (uint256 i; i < calls.length; ++i) {
            caller.arm(address(house), calls[i]);
            house.deposit(address(token), alice, UNIT);
            _assertLocked(i);
        }
    }

    /// @dev What reads the books is as shut: they are half written.
    function test_house_viewsAreLocked() public {
        bytes[6] memory calls = [
            abi.encodeCall(house.account, (alice)),
            abi.encodeCall(house.health, (alice)),
            abi.encodeCall(house.withdrawable, (alice)),
            abi.encodeCall(house.uncovered, ()),
            abi.encodeCall(house.claimOf, (alice)),
            abi.encodeCall(house.account, (type(uint32).max))
        ];
        for (uint256 i; i < calls.length; ++i) {
            caller.arm(address(house), calls[i]);
            house.deposit(address(token), alice, UNIT);
            _assertLocked(i);
        }
    }

    function test_backstop_isLocked() public {
        bytes[5] memory calls = [
            abi.encodeCall(stop.openPool, (1)),
            abi.encodeCall(stop.deposit, (0, UNIT)),
            abi.encodeCall(stop.withdraw, (0)),
            abi.encodeCall(stop.leave, (0)),
            abi.encodeCall(stop.collect, (0))
        ];
        for (uint256 i; i < calls.length; ++i) {
            caller.arm(address(stop), calls[i]);
            stop.deposit(0, UNIT);
            _assertLocked(i);
        }
    }

    /// @dev The lock opens again with each end, of every kind.
    function test_house_opensAgain() public {
        caller.arm(address(house), abi.encodeCall(house.cancelAll, (alice)));
        house.deposit(address(token), alice, UNIT);
        _assertLocked(0);
        vm.prank(owner_(alice));
        house.cancelAll(alice);
        house.account(alice);
        vm.expectRevert();
        house.deposit(address(token), alice, 0);
        house.deposit(address(token), alice, UNIT);
    }

    function _assertLocked(uint256 i) private view {
        bytes memory answer = caller.answer();
        assertEq(answer.length, 4, vm.toString(i));
        assertEq(bytes32(bytes4(answer)), bytes32(LOCKED), vm.toString(i));
    }

    function _operations() private view returns (bytes[] memory c) {
        Batch memory none;
        Conditional memory stop_;
        Withdrawal memory w;
        SessionScope memory scope;
        uint32[] memory ids;
        address t = address(token);
        c = new bytes[](25);
        c[0] = abi.encodeCall(house.settle, (none));
        c[1] = abi.encodeCall(house.push, (""));
        c[2] = abi.encodeCall(house.openAccount, (address(this)));
        c[3] = abi.encodeCall(house.setSession, (alice, address(1), 0, scope));
        c[4] = abi.encodeCall(house.setLeverage, (alice, 0, ""));
        c[5] = abi.encodeCall(house.cancelLane, (alice, 1, 1));
        c[6] = abi.encodeCall(house.cancelAll, (alice));
        c[7] = abi.encodeCall(house.deposit, (t, alice, UNIT));
        c[8] = abi.encodeCall(house.depositWithPermit, (t, alice, UNIT, 0, 0, "", ""));
        c[9] = abi.encodeCall(house.withdraw, (alice, UNIT, address(9), ""));
        c[10] = abi.encodeCall(house.withdrawSigned, (w, "", alice, ""));
        c[11] = abi.encodeCall(house.transfer, (alice, alice, UNIT, ""));
        c[12] = abi.encodeCall(house.reclaim, (1));
        c[13] = abi.encodeCall(house.cover, (alice));
        c[14] = abi.encodeCall(house.flag, (alice, ""));
        c[15] = abi.encodeCall(house.liquidate, (alice, 0, 1, alice, ""));
        c[16] = abi.encodeCall(house.unwind, (FUNDS, 0, 1, alice, ""));
        c[17] = abi.encodeCall(house.resolve, (alice, 0, ids, ""));
        c[18] = abi.encodeCall(house.trigger, (stop_, "", alice, ""));
        c[19] = abi.encodeCall(house.ratchet, (stop_, "", ""));
        c[20] = abi.encodeCall(house.cancelNonce, (alice, 1));
        c[21] = abi.encodeCall(house.executeForced, (1, alice, 1, ""));
        c[22] = abi.encodeCall(house.freeze, ());
        c[23] = abi.encodeCall(house.reckon, (1));
        c[24] = abi.encodeCall(house.setAsideForced, (1, ""));
    }

    /// @dev The way out of a frozen venue is shut for as long.
    function test_exit_isLocked() public {
        caller.arm(address(house), abi.encodeCall(house.exit, (alice, address(9))));
        house.deposit(address(token), alice, UNIT);
        _assertLocked(0);
    }
}
