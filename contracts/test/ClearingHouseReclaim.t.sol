// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {WindowedVenueTest} from "./support/WindowedVenueTest.sol";

/// @notice What waits in the vault's queue while the venue is frozen is its owner's.
contract ClearingHouseReclaimTest is WindowedVenueTest {
    function test_reclaim_afterTheFreeze() public {
        address owner = owner_(alice);
        vm.prank(owner);
        (uint256 paid, uint64 number) = house.withdraw(alice, 3_000 * UNIT, owner, "");
        assertLt(paid, 3_000 * UNIT);
        freezeAndReckon();
        uint256 owed = windowed.liabilities();
        int256 cash = cashOf(alice);
        vm.prank(owner);
        house.reclaim(number);
        // It goes out by itself, and is no part of what all share.
        assertEq(windowed.liabilities(), owed);
        assertEq(cashOf(alice), cash);
        drain(72);
        assertEq(token.balanceOf(owner), 3_000 * UNIT);
    }
}
