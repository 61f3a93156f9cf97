// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Drawn} from "../../src/libraries/Draws.sol";
import {Base} from "../Base.sol";

/// @notice The buckets against a list of everything that was paid.
contract DrawsTest is Base {
    uint256 private constant START = 1_000_000 hours;
    uint256 private constant SHARE = 250_000;

    Drawn private _draws;
    uint256[] private _times;
    uint256[] private _amounts;

    function _pay(uint256 time, uint256 spare, uint256 need) private returns (uint256 amount) {
        Drawn draws = _draws.rolled(time);
        amount = draws.left(spare, SHARE);
        if (amount > need) amount = need;
        _draws = draws.plus(amount);
        _times.push(time);
        _amounts.push(amount);
    }

    function _paid(uint256 time) private view returns (uint256) {
        return _draws.rolled(time).paid();
    }

    function test_paid_countsForAnHourWhateverThePhase() public {
        assertEq(_pay(START + 30 minutes - 1, 40, 100), 10);
        assertEq(_paid(START + 90 minutes - 1), 10);
        assertEq(_paid(START + 90 minutes), 0);
        assertEq(_paid(START + 30 days), 0);
    }

    function test_paid_eachBucketLeavesByItself() public {
        _pay(START, 4_000, 1);
        _pay(START + 30 minutes, 4_000, 2);
        _pay(START + 60 minutes, 4_000, 4);
        assertEq(_paid(START + 90 minutes - 1), 7);
        assertEq(_paid(START + 90 minutes), 6);
        assertEq(_paid(START + 120 minutes), 4);
        assertEq(_paid(START + 150 minutes), 0);
    }

    /// @dev More than a slot holds is not paid.
    function test_left_endsWhereTheSlotDoes() public {
        uint256 most = type(uint64).max;
        assertEq(_pay(START, 1 << 100, most - 5), most - 5);
        assertEq(_pay(START + 30 minutes, 1 << 100, most), 5);
        assertEq(_pay(START + 60 minutes, 1 << 100, most), 0);
        assertEq(_paid(START + 60 minutes), most);
    }

    /// @dev What was paid is part of what the fund would have; a fund that lost the rest pays
    /// nothing more.
    function test_left_isTheShareOfWhatThereWouldBe() public {
        assertEq(_pay(START, 1_000, 10), 10);
        assertEq(_draws.rolled(START).left(990, SHARE), 240);
        assertEq(_draws.rolled(START).left(30, SHARE), 0);
        assertEq(_draws.rolled(START).left(29, SHARE), 0);
        assertEq(_draws.rolled(START).left(0, SHARE), 0);
    }

    function testFuzz_left_isTheShareOfTheHour(uint256 seed) public {
        uint256 time = START;
        uint256 spare = 1_000_000;
        for (uint256 i; i < 40; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            time += (word & 0xff) % 7 * 7 minutes + (word >> 8 & 1);
            uint256 held = spare;
            spare -= _pay(time, spare, (word >> 16) % 400_000);
            uint256 hour;
            uint256 counted;
            for (uint256 k; k <= i; ++k) {
                if (_times[k] + 1 hours > time) hour += _amounts[k];
                if (_times[k] / 30 minutes + 3 > time / 30 minutes) counted += _amounts[k];
            }
            assertEq(_paid(time), counted);
            assertTrue(hour <= counted);
            // Of what was there at the beginning of the hour, had nothing been paid in it.
            assertTrue(counted * 4 <= spare + counted, "more than its share");
            assertTrue(spare <= held);
        }
    }
}
