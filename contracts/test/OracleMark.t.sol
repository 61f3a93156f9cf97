// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Oracle} from "../src/Oracle.sol";
import {Parameters} from "../src/Parameters.sol";
import {QuorumVerifier} from "../src/QuorumVerifier.sol";
import {MarketParams, Report, VenueParams} from "../src/Types.sol";
import {LawLib} from "../src/generated/LawLib.sol";
import {IOracle} from "../src/interfaces/IOracle.sol";
import {Marks} from "../src/libraries/Marks.sol";
import {PeripheralsReports} from "./mocks/PeripheralsReports.sol";
import {Markets} from "./support/Markets.sol";

/// @notice The mark: what the oracle makes of a reported one. Clamp 2 %, slew 1 %.
contract OracleMarkTest is PeripheralsReports {
    uint40 internal constant START = 1_800_000_000;
    uint256 internal constant SLEW_PPM = 10_000;

    Oracle internal oracle;
    QuorumVerifier internal verifier;
    uint256[] internal keys;
    uint32 internal round;

    function setUp() public {
        vm.warp(START);
        MarketParams[] memory markets = new MarketParams[](1);
        markets[0] = Markets.plain();
        VenueParams memory venue = VenueParams(address(0x5E9), 30, 30, 0);
        address parameters =
            deploy("Parameters", abi.encode(address(0x60), 2 days, venue, markets, address(0)));
        address[] memory list;
        (keys, list) = _reporters(3);
        verifier = QuorumVerifier(deploy("QuorumVerifier", abi.encode(2, list)));
        oracle = Oracle(deploy("Oracle", abi.encode(address(this), parameters, verifier, 2 days)));
    }

    function test_mark_firstIsClampedAlone() public {
        assertEq(_next(1_000_000, 1_500_000), 1_020_000);
        (uint32 price, uint32 mark, uint40 time) = oracle.quote(0);
        assertEq(price, 1_000_000);
        assertEq(mark, 1_020_000);
        assertEq(time, block.timestamp);
        (price, mark, time) = oracle.quote(1);
        assertEq(uint256(price) + mark + time, 0);
    }

    function test_mark_slews() public {
        _next(1_000_000, 1_000_000);
        assertEq(_next(1_000_000, 1_015_000), 1_010_000);
        assertEq(_next(1_000_000, 1_015_000), 1_015_000);
        assertEq(_next(1_000_000, 1), 1_004_850);
    }

    /// @dev The index falls 5 % in one report and is back in the next: the mark falls and is back
    /// with it, and what the book paid above it is still paid.
    function test_mark_isCarriedByTheIndex() public {
        _next(1_000_000, 1_010_000);
        assertEq(_next(950_000, 959_500), 959_500);
        assertEq(_next(1_000_000, 1_010_000), 1_010_000);
        assertEq(_next(950_000, 0), 949_905);
        assertEq(_next(960_000, 959_903), 959_903);
    }

    /// @dev Book and index part by 5 %: the clamp holds what two slews would pass.
    function test_mark_clampWins() public {
        _next(1_000_000, 1_000_000);
        assertEq(_next(950_000, 1_000_000), 959_500);
        assertEq(_next(950_000, 1_000_000), 969_000);
        assertEq(_next(950_000, 1_000_000), 969_000);
    }

    /// @dev However wild the mark, the index of the report stands.
    function test_attack_wildMarkCannotHoldUpTheIndex() public {
        _next(1_000_000, 1_000_000);
        _next(1_001_000, 0);
        _next(1_002_000, type(uint32).max);
        (uint32 price,,) = oracle.quote(0);
        assertEq(price, 1_002_000);
    }

    /// @dev One liar of three signs any mark: the median is an honest one's.
    function test_attack_oneLiarMovesNoMark() public {
        Value[] memory honest = _one(0, 1_000_000, 0);
        Value[] memory lie = _one(0, 1_000_000, 0);
        lie[0].mark = type(uint32).max;
        bytes memory report = _head(++round, START, honest);
        report = abi.encodePacked(report, uint8(3));
        for (uint256 i; i < 3; ++i) {
            Value[] memory said = i == 1 ? lie : honest;
            bytes32 separator = _separator(address(verifier));
            report = abi.encodePacked(report, _signed(separator, keys[i], round, START, said));
        }
        Report memory got = oracle.accept(report);
        assertEq(got.marks[0], 1_000_000);
    }

    /// @dev A whole quorum of liars is held by the clamp for as long as the index is honest.
    function test_attack_quorumIsHeldByTheClamp() public {
        _next(1_000_000, 1_000_000);
        for (uint256 i; i < 20; ++i) {
            assertLe(_next(1_000_000, type(uint32).max), 1_020_000);
        }
    }

    function test_attack_replayMovesNoMark() public {
        _next(1_000_000, 1_000_000);
        bytes memory report = _report(1_000_000, 1_010_000);
        oracle.accept(report);
        vm.expectRevert(abi.encodeWithSelector(IOracle.RoundNotNewer.selector, 2, 3));
        oracle.accept(report);
        (, uint32 mark,) = oracle.quote(0);
        assertEq(mark, 1_010_000);
    }

    function testFuzz_accepted_isTheNearestAllowed(
        uint32 reported,
        uint32 before,
        uint32 indexBefore,
        uint32 index,
        uint24 clampPpm
    ) public pure {
        index = uint32(bound(index, 1, type(uint32).max));
        clampPpm = uint24(bound(clampPpm, 0, 100_000));
        uint256 mark = Marks.accepted(reported, before, indexBefore, index, clampPpm);
        assertTrue(LawLib.withinBand(mark, index, clampPpm));
        bool isFirst = indexBefore == 0;
        uint256 carried = isFirst ? 0 : uint256(before) * index / indexBefore;
        if (carried > type(uint32).max) carried = type(uint32).max;
        bool slewed = isFirst || _slewed(mark, carried);
        // Whatever is not as reported is at an edge: one tick nearer to the report is forbidden.
        if (mark == reported) {
            if (!slewed) _assertPulled(mark, carried, index, clampPpm);
            return;
        }
        uint256 nearer = mark < reported ? mark + 1 : mark - 1;
        bool free = isFirst || _slewed(nearer, carried);
        bool inside = nearer <= type(uint32).max && nearer != 0
            && LawLib.withinBand(nearer, index, clampPpm);
        if (slewed) assertFalse(inside && free, "nearer was allowed");
        else _assertPulled(mark, carried, index, clampPpm);
    }

    function _slewed(uint256 mark, uint256 carried) internal pure returns (bool) {
        uint256 move = mark > carried ? mark - carried : carried - mark;
        return move <= 1 || move * 1e6 <= carried * SLEW_PPM;
    }

    /// @dev Beyond the slew only because one tick back towards `carried` leaves the clamp.
    function _assertPulled(uint256 mark, uint256 carried, uint256 index, uint256 clampPpm)
        internal
        pure
    {
        uint256 back = mark > carried ? mark - 1 : mark + 1;
        assertFalse(LawLib.withinBand(back, index, clampPpm), "was not pulled");
    }

    function _next(uint32 price, uint32 mark) internal returns (uint32) {
        bytes memory report = _report(price, mark);
        return oracle.accept(report).marks[0];
    }

    function _report(uint32 price, uint32 mark) internal returns (bytes memory) {
        vm.warp(block.timestamp + 2);
        Value[] memory values = _one(0, price, 0);
        values[0].mark = mark;
        uint40 time = uint40(block.timestamp);
        return _uniform(address(verifier), keys, 3, ++round, time, values);
    }
}
