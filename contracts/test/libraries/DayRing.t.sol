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

    function test_sum_countsTheHourOfADayAgo() public {
        _ring.add(5);
        vm.warp(START + 25 hours - 1);
        assertEq(_ring.sum(), 5);
        vm.warp(START + 25 hours);
        assertEq(_ring.sum(), 0);
    }

    /// @dev An hour that takes the place of an old one begins at nothing.
    function test_add_forgetsWhatWasInItsPlace() public {
        _ring.add(5);
        vm.warp(START + 25 hours);
        _ring.add(7);
        _ring.add(1);
        assertEq(_ring.sum(), 8);
    }

    function testFuzz_sum_isThatOfAList(uint256 seed) public {
        for (uint256 i; i < 40; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            vm.warp(vm.getBlockTimestamp() + (word & 0xff) % 30 * 20 minutes);
            _ring.add((word >> 8) & 0xffff);
            _hours.push(vm.getBlockTimestamp() / 1 hours);
            _amounts.push((word >> 8) & 0xffff);
            assertEq(_ring.sum(), _expected());
        }
    }

    function _expected() private view returns (uint256 total) {
        uint256 hour = vm.getBlockTimestamp() / 1 hours;
        for (uint256 i; i < _hours.length; ++i) {
            if (_hours[i] + 25 > hour) total += _amounts[i];
        }
    }
}
