// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DayRing} from "../../src/libraries/DayRing.sol";
import {Base} from "../Base.sol";

/// @notice The ring against a list of everything that was added.
contract DayRingTest is Base {
    using DayRing for DayRing.Ring;

    uint256 private constant START = 500_000 hours;

    DayRing.Ring private _ring;
    uint256[] private _hours;
    uint256[] private _amounts;

    function setUp() public {
        vm.warp(START);
    }

    /// Calls from outside: within one call the compiler may read the clock once.
    function add(uint256 amount) external {
        _ring.add(amount);
    }

    function sum() external view returns (uint256) {
        return _ring.sum();
    }

    function test_sum_countsTheHourOfADayAgo() public {
        this.add(5);
        vm.warp(START + 25 hours - 1);
        assertEq(this.sum(), 5);
        vm.warp(START + 25 hours);
        assertEq(this.sum(), 0);
    }

    /// @dev An hour that takes the place of an old one begins at nothing.
    function test_add_forgetsWhatWasInItsPlace() public {
        this.add(5);
        vm.warp(START + 25 hours);
        this.add(7);
        this.add(1);
        assertEq(this.sum(), 8);
    }

    function testFuzz_sum_isThatOfAList(uint256 seed) public {
        for (uint256 i; i < 40; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            vm.warp(vm.getBlockTimestamp() + (word & 0xff) % 30 * 20 minutes);
            this.add((word >> 8) & 0xffff);
            _hours.push(vm.getBlockTimestamp() / 1 hours);
            _amounts.push((word >> 8) & 0xffff);
            assertEq(this.sum(), _expected());
        }
    }

    function _expected() private view returns (uint256 total) {
        uint256 hour = vm.getBlockTimestamp() / 1 hours;
        for (uint256 i; i < _hours.length; ++i) {
            if (_hours[i] + 25 > hour) total += _amounts[i];
        }
    }
}
