// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deleveraging} from "../../src/libraries/Deleveraging.sol";
import {OutflowRing} from "../../src/libraries/OutflowRing.sol";
import {Base} from "../Base.sol";

/// @title What the models of `contracts/proofs` say, of the real libraries: half a million random
/// allocations among three, and half a million payments and pauses of a ring of twelve buckets.
contract SharesTest is Base {
    using OutflowRing for OutflowRing.State;

    uint256 private constant STEPS = 15_625;

    OutflowRing.State private _ring;
    /// @dev What left in each bucket, by its index.
    mapping(uint256 bucket => uint256) private _left;
    uint256 private _seed;

    /// @dev `SharesExact`, `SharesWithin`, by the library.
    /// forge-config: default.fuzz.runs = 32
    function testFuzz_allocate_isTheModel(uint256 seed) public {
        _seed = seed;
        uint256[] memory sizes = new uint256[](3);
        uint256[] memory rooms = new uint256[](3);
        uint256[] memory levers = new uint256[](3);
        uint256 start;
        assembly ("memory-safe") {
            start := mload(0x40)
        }
        for (uint256 i = 0; i < STEPS; ++i) {
            uint256 total = 0;
            for (uint256 j = 0; j < 3; ++j) {
                sizes[j] = _random(1 << (1 + _random(48)));
                rooms[j] = _random(3) == 0 ? 0 : sizes[j];
                levers[j] = 1 + _random(1 << (1 + _random(39)));
                total += rooms[j];
            }
            uint256 need = 1 + _random(1 << (1 + _random(48)));
            (uint256[] memory takes, uint256 taken) =
                Deleveraging.allocate(need, sizes, rooms, levers);
            assertEq(taken, need < total ? need : total);
            assertEq(takes[0] + takes[1] + takes[2], taken);
            for (uint256 j = 0; j < 3; ++j) assertLe(takes[j], rooms[j]);
            // Nothing of a step is needed in the next: else memory alone would use all the gas.
            assembly ("memory-safe") {
                mstore(0x40, start)
            }
        }
    }

    /// @dev `OutflowModel`: what the ring counts is what left in thirteen buckets.
    /// forge-config: default.fuzz.runs = 32
    function testFuzz_ring_isTheModel(uint256 seed) public {
        _seed = seed;
        uint256 time = 1_700_000_000;
        uint256 counted = 0;
        for (uint256 i = 0; i < STEPS; ++i) {
            uint256 before = time / 300;
            time += _random(8) == 0 ? _random(5_000) : _random(200);
            uint256 bucket = time / 300;
            for (uint256 b = before + 1; b <= bucket && b <= before + 13; ++b) {
                counted -= _left[b - 13];
            }
            if (bucket > before + 13) counted = 0;
            OutflowRing.Flow memory flow = _ring.roll(time);
            assertEq(uint256(flow.hourPast) + flow.hourNow, counted);
            uint56 amount = uint56(_random(1_000_000));
            flow.hourNow += amount;
            flow.dayNow += amount;
            _ring.flow = flow;
            _left[bucket] += amount;
            counted += amount;
        }
    }

    function _random(uint256 bound) private returns (uint256) {
        _seed = uint256(keccak256(abi.encode(_seed)));
        return _seed % bound;
    }
}
