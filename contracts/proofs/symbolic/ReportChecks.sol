// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Medians} from "../../src/libraries/Medians.sol";
import {OutflowRing} from "../../src/libraries/OutflowRing.sol";
import {Reports} from "../../src/libraries/Reports.sol";
import {Report} from "../../src/Types.sol";

/// @title Reports: medians by counting, and the report between contracts.
contract ReportChecks {
    /// Observations as they are packed: price u32, mark u32, rate i32.
    function check_medianOf3(bytes32[2] calldata, uint32 price, uint32 mark, int32 rate)
        external
        pure
    {
        _median(msg.data[4:40], 3, Medians.Value(price, mark, rate));
    }

    function check_medianOf4(bytes32[2] calldata, uint32 price, uint32 mark, int32 rate)
        external
        pure
    {
        _median(msg.data[4:52], 4, Medians.Value(price, mark, rate));
    }

    function check_medianOf5(bytes32[2] calldata, uint32 price, uint32 mark, int32 rate)
        external
        pure
    {
        _median(msg.data[4:64], 5, Medians.Value(price, mark, rate));
    }

    /// A value is held exactly when it is one of the reported, at most (n-1)/2 lie below it and
    /// more than that at or below: for each field by itself.
    function _median(bytes calldata report, uint256 count, Medians.Value memory value)
        private
        pure
    {
        (bool price, bool mark, bool rate) = Medians.check(report, 0, 12, count, value);
        uint256[3] memory below;
        uint256[3] memory within;
        uint256[3] memory equal;
        unchecked {
            for (uint256 i = 0; i < count; ++i) {
                bytes calldata item = report[12 * i:12 * i + 12];
                int256[3] memory seen = [
                    int256(uint256(uint32(bytes4(item[0:4])))),
                    int256(uint256(uint32(bytes4(item[4:8])))),
                    int256(int32(uint32(bytes4(item[8:12]))))
                ];
                int256[3] memory wanted =
                    [int256(uint256(value.price)), int256(uint256(value.mark)), value.rate];
                for (uint256 f = 0; f < 3; ++f) {
                    below[f] += _less(seen[f], wanted[f]);
                    within[f] += 1 - _less(wanted[f], seen[f]);
                    equal[f] |= (1 - _less(seen[f], wanted[f])) - _less(wanted[f], seen[f]);
                }
            }
        }
        uint256 rank = (count - 1) / 2;
        assert(price == (below[0] <= rank && within[0] > rank));
        assert(mark == (below[1] <= rank && within[1] > rank));
        assert(rate == (below[2] <= rank && within[2] > rank));
        assert((!price || equal[0] != 0) && (!mark || equal[1] != 0) && (!rate || equal[2] != 0));
    }

    function _less(int256 a, int256 b) private pure returns (uint256 result) {
        assembly ("memory-safe") {
            result := slt(a, b)
        }
    }

    /// A report that the compiler encoded is taken as it is.
    function check_take(
        uint32 round,
        uint40 time,
        uint8[2] calldata markets,
        uint32[2] calldata prices,
        uint32[2] calldata marks,
        int32[2] calldata rates
    ) external pure {
        Report memory report;
        (report.round, report.time) = (round, time);
        report.markets = new uint8[](2);
        report.prices = new uint32[](2);
        report.marks = new uint32[](2);
        report.rates = new int32[](2);
        for (uint256 i = 0; i < 2; ++i) {
            report.markets[i] = markets[i];
            report.prices[i] = prices[i];
            report.marks[i] = marks[i];
            report.rates[i] = rates[i];
        }
        bytes memory data = abi.encode(report);
        bytes32 before = keccak256(data);
        Report memory taken = Reports.take(true, data);
        assert(keccak256(abi.encode(taken)) == before);
    }

    /// Whatever words another contract replies with: those that are taken fit their types, and
    /// stand where the encoder puts them; of lists of one element.
    function check_takeRaw(uint256[15] calldata words) external pure {
        bytes memory data = abi.encodePacked(words);
        assembly ("memory-safe") {
            mstore(add(data, 0x100), 1)
        }
        Report memory taken = Reports.take(true, data);
        assert(words[1] >> 32 == 0 && words[2] >> 40 == 0 && words[0] == 32);
        assert(words[8] >> 8 == 0 && words[10] >> 32 == 0 && words[12] >> 32 == 0);
        assert(int256(words[14]) == int32(int256(words[14])));
        assert(words[3] == 192 && words[4] == 256 && words[5] == 320 && words[6] == 384);
        assert(words[9] == 1 && words[11] == 1 && words[13] == 1);
        assert(taken.markets[0] == words[8] && taken.rates[0] == int256(words[14]));
    }

    /// The level moved on by up to three half days never tells of more than was held meanwhile.
    function check_level(
        uint64 held,
        uint56 low0,
        uint56 low1,
        uint56 low2,
        uint24 half,
        uint8 steps
    ) external pure {
        require(half < 2 ** 23);
        OutflowRing.Level memory level = OutflowRing.Level(held, low0, low1, low2, half);
        uint256 before = OutflowRing.low(level);
        uint256 time = (uint256(half) + steps) * OutflowRing.LOW_SECONDS;
        OutflowRing.Level memory next = OutflowRing.shift(level, time);
        uint256 lowest = OutflowRing.low(next);
        assert(next.half == uint256(half) + steps && next.held == held);
        if (steps == 0) assert(lowest == before);
        else assert(lowest <= OutflowRing.clip(held));
        if (steps == 1) assert(lowest <= low0 && lowest <= low1);
        if (steps == 2) assert(lowest <= low0);
    }
}
