// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, Report, VenueParams} from "../../src/Types.sol";
import {Lines, LinesWord} from "../../src/libraries/Lines.sol";
import {ParameterWords} from "../../src/libraries/ParameterWords.sol";
import {Reports} from "../../src/libraries/Reports.sol";
import {Base} from "../Base.sol";

/// @notice What contracts hand each other without the compiler's encoder.
contract PackingWordsTest is Base {
    MarketParams private _params;
    VenueParams private _venue;

    function testFuzz_parameters_asStored(MarketParams memory params) public {
        _params = params;
        (uint256 low, uint256 high) = ParameterWords.load(_params);
        MarketParams memory found;
        ParameterWords.unpack(found, low, high);
        assertEq(keccak256(abi.encode(found)), keccak256(abi.encode(params)));
        assertEq(ParameterWords.tickValue(low), params.tickValue);
        assertEq(ParameterWords.bandPpm(low), params.bandPpm);
        assertEq(ParameterWords.markClampPpm(high), params.markClampPpm);
    }

    function testFuzz_venue_asStored(VenueParams memory params) public {
        _venue = params;
        uint256 word = ParameterWords.load(_venue);
        assertEq(ParameterWords.sequencer(word), params.sequencer);
        assertEq(ParameterWords.quietSeconds(word), params.quietSeconds);
        assertEq(ParameterWords.reportSkewSecondsMax(word), params.reportSkewSecondsMax);
    }

    /// @dev The queue's word never spills from one field into the next.
    function test_lines_areBounded() public {
        LinesWord word = this.withQueued(type(uint64).max);
        assertEq(word.queued(), type(uint64).max);
        vm.expectRevert();
        this.withQueued(uint256(type(uint64).max) + 1);
        for (uint256 line; line < 3; ++line) {
            uint256 last = uint256(type(uint32).max - 2) << (96 + line * 64);
            word = this.grown(last - (1 << (96 + line * 64)), line);
            assertEq(word.tail(line), type(uint32).max - 1);
            vm.expectRevert();
            this.grown(last + (1 << (96 + line * 64)), line);
        }
    }

    function withQueued(uint256 quote) external pure returns (LinesWord) {
        return Lines.withQueued(LinesWord.wrap(0), quote);
    }

    function grown(uint256 word, uint256 line) external pure returns (LinesWord) {
        return Lines.grown(LinesWord.wrap(word), line);
    }

    function testFuzz_report_roundTrip(uint32 round, uint40 time, uint256 seed) public view {
        Report memory report = _report(round, time, seed);
        bytes memory data = abi.encode(report);
        assertEq(keccak256(abi.encode(this.take(data))), keccak256(data));
        assertEq(keccak256(abi.encode(this.reply(report))), keccak256(data));
    }

    /// @dev Only what the encoder makes is taken: a changed byte is part of a field, or refused.
    function testFuzz_report_nothingElse(uint256 seed, uint256 at, bytes1 other) public view {
        bytes memory data = abi.encode(_report(7, 9, seed));
        data[at % data.length] = other;
        try this.take(data) returns (Report memory found) {
            assertEq(keccak256(abi.encode(found)), keccak256(data));
        } catch {}
    }

    function testFuzz_report_refusesAnotherLength(uint256 seed, uint256 cut) public {
        bytes memory data = abi.encode(_report(7, 9, seed));
        bytes memory part = new bytes(cut % data.length);
        for (uint256 i; i < part.length; ++i) {
            part[i] = data[i];
        }
        vm.expectRevert();
        this.take(part);
        vm.expectRevert();
        this.take(bytes.concat(data, bytes32(0)));
    }

    function take(bytes calldata data) external pure returns (Report memory) {
        return Reports.take(true, data);
    }

    function reply(Report calldata report) external pure returns (Report memory) {
        Reports.reply(report);
    }

    function _report(uint32 round, uint40 time, uint256 seed)
        private
        pure
        returns (Report memory report)
    {
        uint256 count = seed % 5;
        report = Report(
            round,
            time,
            new uint8[](count),
            new uint32[](count),
            new uint32[](count),
            new int32[](count)
        );
        for (uint256 i; i < count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            report.markets[i] = uint8(seed);
            report.prices[i] = uint32(seed >> 8);
            report.marks[i] = uint32(seed >> 40);
            report.rates[i] = int32(uint32(seed >> 72));
        }
    }
}
