// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {ExitVenueTest} from "./support/ExitVenueTest.sol";

/// @notice The fees of trading: account 1 has no owner, and one door for the treasury alone.
contract ClearingHouseFeesTest is ExitVenueTest {
    uint32 private constant FEES = 1;

    /// @dev 10 lots at 1,000,000 ticks are 1,000 tokens: the taker pays 0.45, the maker 0.15.
    uint256 private constant PAID = 600_000;

    function test_fees_leaveToTheTreasuryAlone() public {
        trade(alice, bob, 10, PRICE);
        assertEq(cashOf(FEES), int256(PAID << 32));
        (uint256 most, uint256 atOnce) = house.withdrawable(FEES);
        assertEq(most, PAID);
        assertEq(atOnce, PAID);
        address[4] memory others = [address(this), owner_(alice), address(0), address(house)];
        for (uint256 i; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(I.NotOwner.selector, others[i], TREASURY));
            house.withdraw(FEES, 1, others[i], "");
        }
        vm.startPrank(TREASURY);
        vm.expectRevert(abi.encodeWithSelector(I.MarginShort.selector, FEES, -1, 0));
        house.withdraw(FEES, PAID + 1, TREASURY, "");
        house.withdraw(FEES, PAID - 1, TREASURY, "");
        house.withdraw(FEES, 1, address(9), "");
        vm.stopPrank();
        assertEq(token.balanceOf(TREASURY), PAID - 1);
        assertEq(token.balanceOf(address(9)), 1);
        assertEq(cashOf(FEES), 0);
        checkLaws(3);
        // What comes next is theirs as well.
        trade(bob, alice, 10, PRICE);
        assertEq(cashOf(FEES), int256(PAID << 32));
        checkLaws(3);
    }

    /// The door is for taking out: nothing else that an owner may do opens to the treasury.
    function test_treasury_isNoOwnerOfTheFees() public {
        trade(alice, bob, 10, PRICE);
        bytes[] memory calls = new bytes[](6);
        calls[0] = abi.encodeCall(house.transfer, (FEES, alice, 1, ""));
        calls[1] =
            abi.encodeCall(house.setSession, (FEES, address(9), type(uint40).max, everything()));
        calls[2] = abi.encodeCall(house.cancelAll, (FEES));
        calls[3] = abi.encodeCall(house.cancelLane, (FEES, 1, 9));
        calls[4] = abi.encodeCall(house.setLeverage, (FEES, 1, ""));
        calls[5] = abi.encodeCall(house.liquidate, (alice, 0, 1, FEES, ""));
        bytes memory reason = abi.encodeWithSelector(I.NotOwner.selector, TREASURY, address(0));
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(TREASURY);
            (bool ok, bytes memory result) = address(house).call(calls[i]);
            assertFalse(ok);
            assertEq(result, reason);
        }
        // Nor do the insurance funds open.
        house.deposit(address(token), 0, 5);
        vm.prank(TREASURY);
        vm.expectRevert(abi.encodeWithSelector(I.NotOwner.selector, TREASURY, address(0)));
        house.withdraw(0, 1, TREASURY, "");
    }

    /// After a freeze the fees bear losses behind the insurance: nobody takes them out first.
    function test_fees_stayInAFreeze() public {
        trade(alice, bob, 10, PRICE);
        freezeVenue();
        vm.prank(TREASURY);
        vm.expectRevert(abi.encodeWithSelector(I.Frozen.selector, uint40(block.timestamp)));
        house.withdraw(FEES, 1, TREASURY, "");
        house.reckon(1_000);
        vm.prank(TREASURY);
        vm.expectPartialRevert(I.AccountUnknown.selector);
        house.exit(FEES, TREASURY);
    }
}
