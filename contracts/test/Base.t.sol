// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Base } from "./Base.sol";

/// @notice The test base itself: assertions trip, cheat codes answer.
contract BaseTest is Base {
    function test_assertEq_revertsIf_Different() public {
        vm.expectRevert(bytes("assertion failed: 1 != 2"));
        this.compare(1, 2);
    }

    function test_assertLe_revertsIf_Greater() public {
        vm.expectRevert(bytes("assertion failed: 2 > 1"));
        this.order(2, 1);
    }

    function testFuzz_bound_staysInside(uint256 x, uint256 a, uint256 b) public pure {
        (uint256 low, uint256 high) = a < b ? (a, b) : (b, a);
        uint256 y = bound(x, low, high);
        assertLe(low, y);
        assertLe(y, high);
    }

    function testFuzz_boundInt_staysInside(int256 x, int256 a, int256 b) public pure {
        (int256 low, int256 high) = a < b ? (a, b) : (b, a);
        int256 y = bound(x, low, high);
        assertTrue(low <= y && y <= high);
    }

    function test_warp_movesTime() public {
        vm.warp(123);
        assertEq(block.timestamp, 123);
    }

    function compare(uint256 a, uint256 b) external pure {
        assertEq(a, b);
    }

    function order(uint256 a, uint256 b) external pure {
        assertLe(a, b);
    }
}
