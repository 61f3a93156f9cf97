// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Backstop} from "../src/Backstop.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Withdrawal} from "../src/Types.sol";
import {TestToken} from "../src/mocks/TestToken.sol";
import {OpenVault} from "./support/Doubles.sol";
import {ExitVenueTest} from "./support/ExitVenueTest.sol";

/// @notice A token of 18 decimals: a quote unit is 10^12 of its units, through every door.
contract ClearingHouseScaleTest is ExitVenueTest {
    uint256 private constant SCALE = 1e12;
    uint256 private constant WHOLE = UNIT * SCALE;
    uint256 private constant COOL_DOWN = 1 days;
    address private constant OUT = address(0x0117);
    bytes32 private constant WITHDRAWAL_TYPEHASH = keccak256(
        "Withdrawal(uint32 account,uint256 amount,address to,uint64 nonce,uint40 expiry,"
        "uint256 fee)"
    );
    Backstop private stop;
    uint32 private pool;

    function setUp() public override {
        super.setUp();
        token = new TestToken("Test", "T", 18);
        vault = new OpenVault(token, SCALE);
        house = deployHouse(address(vault));
        bytes memory args = abi.encode(house, vault, around, around, COOL_DOWN);
        stop = Backstop(deploy("Backstop", args));
        token.mint(address(this), 1e30);
        token.approve(address(vault), type(uint256).max);
        token.approve(address(stop), type(uint256).max);
        alice = open("alice", 10_000 * WHOLE);
        bob = open("bob", 10_000 * WHOLE);
        stop.openPool(0);
        pool = stop.accountFor(0, false);
    }

    function backstopAt() internal view override returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
    }

    function _withdraw(uint256 amount) private returns (uint256 paid) {
        vm.prank(owner_(alice));
        (paid,) = house.withdraw(alice, amount, OUT, "");
    }

    function test_deposit_isQuoteUnits() public {
        assertEq(cashOf(alice), int256(10_000 * UNIT) << 32);
        assertEq(vault.liabilities(), 20_000 * WHOLE);
        assertEq(house.principal(alice), int256(10_000 * WHOLE));
        checkLaws(3);
    }

    /// @dev No part of a quote unit, by any door.
    function test_revertsIf_AmountNotWhole() public {
        uint256[3] memory odd = [uint256(1), SCALE - 1, WHOLE + 1];
        for (uint256 i; i < odd.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(I.AmountNotWhole.selector, odd[i], SCALE);
            vm.expectRevert(reason);
            house.deposit(address(token), alice, odd[i]);
            vm.prank(owner_(alice));
            vm.expectRevert(reason);
            house.withdraw(alice, odd[i], OUT, "");
        }
        vm.expectRevert(
            abi.encodeWithSelector(Backstop.AmountInvalid.selector, WHOLE + 1, WHOLE)
        );
        stop.deposit(0, WHOLE + 1);
        vm.expectRevert(
            abi.encodeWithSelector(Backstop.AmountInvalid.selector, WHOLE - SCALE, WHOLE)
        );
        stop.deposit(0, WHOLE - SCALE);
    }

    function test_withdraw_paysTokenUnits() public {
        (uint256 free, uint256 atOnce) = house.withdrawable(alice);
        assertEq(free, 10_000 * WHOLE);
        assertEq(atOnce, free);
        assertEq(_withdraw(3 * WHOLE), 3 * WHOLE);
        assertEq(token.balanceOf(OUT), 3 * WHOLE);
        assertEq(cashOf(alice), int256(9_997 * UNIT) << 32);
        assertEq(_withdraw(SCALE), SCALE);
        checkLaws(3);
    }

    function test_withdrawSigned_paysFeeAndAmount() public {
        _signed(1, 100 * WHOLE, 10 * WHOLE);
        assertEq(token.balanceOf(OUT), 100 * WHOLE);
        assertEq(cashOf(alice), int256(9_890 * UNIT) << 32);
        assertEq(cashOf(bob), int256(10_010 * UNIT) << 32);
        vm.expectRevert(
            abi.encodeWithSelector(I.FeeTooHigh.selector, 10 * WHOLE + SCALE, 10 * WHOLE)
        );
        _signed(2, 100 * WHOLE, 10 * WHOLE + SCALE);
        checkLaws(3);
    }

    function test_transfer_movesQuoteUnits() public {
        uint32 second = house.openAccount(owner_(alice));
        vm.prank(owner_(alice));
        house.transfer(alice, second, 4 * WHOLE, "");
        assertEq(cashOf(second), int256(4 * UNIT) << 32);
        assertEq(house.principal(second), int256(4 * WHOLE));
        checkLaws(3);
    }

    function test_withdrawForced_paysTokenUnits() public {
        uint64 number = requestWithdraw(alice, uint88(5 * UNIT), OUT, 9);
        execute(number);
        assertEq(token.balanceOf(OUT), 5 * WHOLE);
        number = requestWithdraw(alice, ALL, OUT, 10);
        execute(number);
        assertEq(token.balanceOf(OUT), 10_000 * WHOLE);
        assertEq(cashOf(alice), 0);
    }

    function test_exit_paysTokenUnits() public {
        _withdraw(WHOLE);
        freezeAndReckon();
        (, uint256 due) = house.claimOf(alice);
        assertEq(due, 9_999 * WHOLE);
        assertEq(exitOf(alice), due);
        assertEq(house.exited(alice), due);
        assertEq(token.balanceOf(owner_(alice)), due);
    }

    function test_backstop_inAndOut() public {
        uint256 shares = stop.deposit(0, 8 * WHOLE);
        (, uint256 all, int256 equity) = stop.poolOf(0);
        assertEq(all, shares);
        assertEq(equity, int256(8 * UNIT));
        uint256 more = stop.deposit(0, 2 * WHOLE);
        assertApproxEqAbs(more * 4, shares, 4);
        stop.requestWithdrawal(0, shares);
        (uint256 held, uint256 leaving, uint256 readyAt) = stop.holdingOf(0, address(this));
        assertEq(held, shares + more);
        assertEq(leaving, shares);
        assertEq(readyAt, block.timestamp + COOL_DOWN);
        // Taken back, and asked for again.
        stop.requestWithdrawal(0, 0);
        (, leaving, readyAt) = stop.holdingOf(0, address(this));
        assertEq(leaving, 0);
        assertEq(readyAt, 0);
        stop.requestWithdrawal(0, shares - 1);
        stop.requestWithdrawal(0, 1);
        vm.warp(block.timestamp + COOL_DOWN);
        uint256 before = token.balanceOf(address(this));
        uint256 paid = stop.withdraw(0);
        assertEq(token.balanceOf(address(this)), before + paid);
        assertLe(paid, 8 * WHOLE);
        assertGe(paid + SCALE, 8 * WHOLE);
        (, all,) = stop.poolOf(0);
        assertEq(all, more);
        (held, leaving, readyAt) = stop.holdingOf(0, address(this));
        assertEq(held, more);
        assertEq(leaving, 0);
        assertEq(readyAt, 0);
        checkLaws(3);
    }

    /// @dev Too little to buy a share is refused, and says what would do.
    function test_backstop_revertsIf_sharesCost() public {
        house.deposit(address(token), pool, 3_000_000 * WHOLE);
        vm.expectRevert(
            abi.encodeWithSelector(
                Backstop.AmountInvalid.selector, WHOLE, (3_000_000 * UNIT + 1) * SCALE
            )
        );
        stop.deposit(0, WHOLE);
    }

    function _signed(uint64 nonce, uint256 amount, uint256 fee) private {
        Withdrawal memory w =
            Withdrawal(alice, amount, OUT, nonce, uint40(block.timestamp + 1), fee);
        bytes32 typed = keccak256(
            abi.encode(WITHDRAWAL_TYPEHASH, alice, w.amount, w.to, w.nonce, w.expiry, w.fee)
        );
        bytes32 domain = domainSeparator(block.chainid, address(house));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(keys[alice], keccak256(abi.encodePacked(hex"1901", domain, typed)));
        house.withdrawSigned(w, abi.encodePacked(r, s, v), bob, "");
    }

    /// @dev What claims share is what the vault holds, and no more than it owes, in quote units.
    function test_reckon_heldAndOwed() public {
        freezeVenue();
        uint256 snapshot = vm.snapshotState();
        vm.prank(address(vault));
        token.transfer(OUT, 5_000 * WHOLE);
        assertEq(_pool(), 15_000 * UNIT);
        (, uint256 due) = house.claimOf(alice);
        assertEq(due, 7_500 * WHOLE);
        assertEq(exitOf(alice), due);
        vm.revertToState(snapshot);
        bytes memory owed = abi.encodeCall(vault.liabilities, ());
        vm.mockCall(address(vault), owed, abi.encode(4_000 * WHOLE));
        assertEq(_pool(), 4_000 * UNIT);
        (, due) = house.claimOf(alice);
        assertEq(due, 2_000 * WHOLE);
    }

    function _pool() private returns (uint256 shared) {
        house.reckon(type(uint256).max);
        (,,, shared,) = house.reckoning();
    }
}
