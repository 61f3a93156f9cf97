// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Oracle} from "../src/Oracle.sol";
import {Parameters} from "../src/Parameters.sol";
import {QuorumVerifier} from "../src/QuorumVerifier.sol";
import {MarketParams, Report, VenueParams} from "../src/Types.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {IOracle} from "../src/interfaces/IOracle.sol";
import {IParameters} from "../src/interfaces/IParameters.sol";
import {IReportVerifier} from "../src/interfaces/IReportVerifier.sol";
import {Aging} from "../src/libraries/Aging.sol";
import {PeripheralsReports} from "./mocks/PeripheralsReports.sol";
import {Markets} from "./support/Markets.sol";

/// @notice What the oracle takes from its clearing house, which is the test, and what it refuses.
contract OracleTest is PeripheralsReports {
    uint40 internal constant START = 1_800_000_000;
    uint256 internal constant SKEW = 30;
    uint256 internal constant DELAY = 2 days;
    address internal constant GOVERNOR = address(0x60);

    Parameters internal parameters;
    QuorumVerifier internal verifier;
    Oracle internal oracle;
    uint256[] internal keys;

    function setUp() public {
        vm.warp(START);
        MarketParams[] memory markets = new MarketParams[](4);
        for (uint256 i; i < 4; ++i) {
            markets[i] = Markets.plain();
            markets[i].openInterestMax = type(uint40).max;
        }
        VenueParams memory venue = VenueParams(address(0x5E9), 30, uint32(SKEW), 0);
        bytes memory args = abi.encode(GOVERNOR, DELAY, venue, markets, address(0));
        parameters = Parameters(deploy("Parameters", args));
        address[] memory list;
        (keys, list) = _reporters(3);
        verifier = QuorumVerifier(deploy("QuorumVerifier", abi.encode(2, list)));
        oracle = Oracle(deploy("Oracle", abi.encode(address(this), parameters, verifier, DELAY)));
    }

    function test_constructor_revertsIf_Wrong() public {
        vm.expectRevert(Oracle.AddressZero.selector);
        deploy("Oracle", abi.encode(address(0), parameters, verifier, DELAY));
        vm.expectRevert(Oracle.AddressZero.selector);
        deploy("Oracle", abi.encode(address(this), IParameters(address(0)), verifier, DELAY));
        vm.expectRevert(abi.encodeWithSelector(Oracle.VerifierInvalid.selector, address(7)));
        deploy("Oracle", abi.encode(address(this), parameters, IReportVerifier(address(7)), DELAY));
        vm.expectRevert(_delay(1 days - 1, 1 days));
        deploy("Oracle", abi.encode(address(this), parameters, verifier, 1 days - 1));
        vm.expectRevert(_delay(30 days + 1, 30 days));
        deploy("Oracle", abi.encode(address(this), parameters, verifier, 30 days + 1));
    }

    // ------------------------------------------------------------------ accept

    function test_accept_stores() public {
        Report memory got = oracle.accept(_report(1, START, 0, 1_000_000));
        assertEq(got.round, 1);
        assertEq(got.prices[0], 1_000_000);
        (uint32 price, uint40 time) = oracle.price(0);
        assertEq(price, 1_000_000);
        assertEq(time, START);
        assertEq(oracle.roundOf(0), 1);
        (uint32 round, uint40 last) = oracle.last();
        assertEq(round, 1);
        assertEq(last, START);
        (price, time) = oracle.price(1);
        assertEq(uint256(price) + time, 0);
        assertEq(address(oracle.verifier()), address(verifier));
    }

    function test_accept_revertsIf_NotClearingHouse() public {
        bytes memory report = _report(1, START, 0, 5);
        vm.prank(GOVERNOR);
        vm.expectRevert(
            abi.encodeWithSelector(IOracle.NotClearingHouse.selector, GOVERNOR, address(this))
        );
        oracle.accept(report);
    }

    function test_accept_revertsIf_QuorumShort() public {
        bytes memory report = _uniform(address(verifier), keys, 1, 1, START, _one(0, 5, 0));
        vm.expectRevert(abi.encodeWithSelector(IReportVerifier.QuorumShort.selector, 1, 2));
        oracle.accept(report);
    }

    function test_accept_revertsIf_Replayed() public {
        bytes memory report = _report(5, START, 0, 1_000);
        oracle.accept(report);
        vm.expectRevert(abi.encodeWithSelector(IOracle.RoundNotNewer.selector, 5, 6));
        oracle.accept(report);
        vm.warp(START + 5);
        report = _report(4, START + 5, 0, 1_000);
        vm.expectRevert(abi.encodeWithSelector(IOracle.RoundNotNewer.selector, 4, 6));
        oracle.accept(report);
        oracle.accept(_report(9, START + 5, 0, 1_000));
    }

    function test_accept_revertsIf_TimeNotNewer() public {
        oracle.accept(_report(1, START, 0, 1_000));
        bytes memory report = _report(2, START, 0, 1_000);
        vm.expectRevert(
            abi.encodeWithSelector(IOracle.TimeNotNewer.selector, START, START + 1)
        );
        oracle.accept(report);
    }

    function test_accept_revertsIf_ReportStale() public {
        vm.warp(START + SKEW + 1);
        bytes memory report = _report(1, START, 0, 1_000);
        vm.expectRevert(abi.encodeWithSelector(IOracle.ReportStale.selector, SKEW + 1, SKEW));
        oracle.accept(report);
        vm.warp(START + SKEW);
        oracle.accept(report);
    }

    function test_accept_revertsIf_ReportAhead() public {
        bytes memory report = _report(1, uint40(START + SKEW + 1), 0, 1_000);
        vm.expectRevert(abi.encodeWithSelector(IOracle.ReportAhead.selector, SKEW + 1, SKEW));
        oracle.accept(report);
        vm.warp(START + 1);
        oracle.accept(report);
    }

    function test_accept_revertsIf_MarketUnlisted() public {
        bytes memory report = _report(1, START, 4, 1_000);
        vm.expectRevert(abi.encodeWithSelector(Oracle.MarketUnlisted.selector, 4));
        oracle.accept(report);
    }

    function test_accept_revertsIf_PriceZero() public {
        bytes memory report = _report(1, START, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(Oracle.PriceZero.selector, 0));
        oracle.accept(report);
    }

    /// @dev One wrong price refuses the whole report; nothing of it stays.
    function test_accept_isAllOrNothing() public {
        oracle.accept(_pair(1, START, 1_000, 1_000));
        vm.warp(START + 1);
        bytes memory report = _pair(2, START + 1, 1_050, 1_101);
        vm.expectRevert(
            abi.encodeWithSelector(IOracle.PriceOutsideBand.selector, 1, 1_101, 1_000)
        );
        oracle.accept(report);
        (uint32 price,) = oracle.price(0);
        assertEq(price, 1_000);
        (uint32 round,) = oracle.last();
        assertEq(round, 1);
    }

    /// @dev The band against exact rational arithmetic: |p' - p| * 1e6 <= 100000 * p.
    function testFuzz_accept_bandIsExact(uint32 first, uint32 second) public {
        first = uint32(bound(first, 1, type(uint32).max));
        uint256 low = uint256(first) - uint256(first) / 8;
        uint256 high = uint256(first) + uint256(first) / 8 + 1;
        if (high > type(uint32).max) high = type(uint32).max;
        second = uint32(bound(second, low == 0 ? 1 : low, high));
        oracle.accept(_report(1, START, 0, first));
        vm.warp(START + 1);
        bytes memory report = _report(2, START + 1, 0, second);
        uint256 move = second > first ? second - first : first - second;
        if (move * 10 > first) {
            vm.expectRevert(
                abi.encodeWithSelector(IOracle.PriceOutsideBand.selector, 0, second, first)
            );
        }
        oracle.accept(report);
    }

    /// @dev A whole quorum of liars creeps under the band, but only once per second: the time of
    /// a report must rise and may not run ahead, so that `SKEW` seconds bound what fits a block.
    function test_attack_creep_isOneBandPerSecond() public {
        uint32 price = 1_000_000;
        oracle.accept(_report(1, START, 0, price));
        uint32 round = 1;
        for (uint40 ahead = 1; ahead <= SKEW; ++ahead) {
            price += price / 10;
            oracle.accept(_report(++round, START + ahead, 0, price));
        }
        bytes memory next = _report(++round, uint40(START + SKEW + 1), 0, price);
        vm.expectRevert(abi.encodeWithSelector(IOracle.ReportAhead.selector, SKEW + 1, SKEW));
        oracle.accept(next);
    }

    /// @dev After an outage the price is walked to where it is; it does not jump there.
    function test_accept_walksAfterGap() public {
        oracle.accept(_report(1, START, 0, 1_000_000));
        vm.warp(START + 600);
        bytes memory jump = _report(2, START + 600, 0, 800_000);
        vm.expectRevert(
            abi.encodeWithSelector(IOracle.PriceOutsideBand.selector, 0, 800_000, 1_000_000)
        );
        oracle.accept(jump);
        oracle.accept(_report(2, START + 600, 0, 900_000));
        oracle.accept(_report(3, START + 601, 0, 810_000));
        oracle.accept(_report(4, START + 602, 0, 800_000));
    }

    // ------------------------------------------------------------------ aged

    /// @dev By hand: 0.9 -> 1.0 standing for 600 s of tau 14,400 s: 0.9 + 0.1 * 600 / 15,000.
    function test_aged_followsSlowly() public {
        assertEq(oracle.aged(0), 0);
        oracle.accept(_report(1, START, 0, 900_000));
        assertEq(oracle.aged(0), 900_000);
        vm.warp(START + 600);
        oracle.accept(_report(2, START + 600, 0, 990_000));
        assertEq(oracle.aged(0), 900_000 + uint256(90_000) * 600 / 15_000);
        (uint32 price,) = oracle.price(0);
        assertEq(price, 990_000);
    }

    /// @dev In whole ticks these steps would all be zero, and the price would never age.
    function test_aged_keepsFractions() public {
        oracle.accept(_report(1, START, 0, 1_000));
        for (uint32 i = 1; i <= 100; ++i) {
            vm.warp(START + 2 * i);
            oracle.accept(_report(1 + i, uint40(START + 2 * i), 0, 1_100));
        }
        // 1,100 - 100 * (14,400 / 14,402) ^ 100 = 1,001.379.
        assertEq(oracle.aged(0), 1_001);
    }

    /// @dev A push of 10 % that holds a minute moves the aged price by 0.042 %.
    function test_attack_push_hardlyAges() public {
        oracle.accept(_report(1, START, 0, 1_000_000));
        for (uint32 i = 1; i <= 30; ++i) {
            vm.warp(START + 2 * i);
            oracle.accept(_report(1 + i, uint40(START + 2 * i), 0, 1_100_000));
        }
        assertGt(oracle.aged(0), 1_000_400);
        assertLe(oracle.aged(0), 1_000_420);
    }

    function testFuzz_aged_staysBetween(uint32 price, uint32 next, uint32 elapsed) public pure {
        price = uint32(bound(price, 1, type(uint32).max));
        next = uint32(bound(next, 1, type(uint32).max));
        uint64 before = Aging.step(0, price, 5);
        assertEq(before, uint64(price) << 32);
        uint64 found = Aging.step(before, next, elapsed);
        uint64 target = uint64(next) << 32;
        uint64 low = before < target ? before : target;
        uint64 high = before < target ? target : before;
        assertGe(found, low);
        assertLe(found, high);
        int256 diff = int256(uint256(target)) - int256(uint256(before));
        int256 dt = int256(uint256(elapsed));
        assertEq(int256(uint256(found)), int256(uint256(before)) + diff * dt / (14_400 + dt));
    }

    // ------------------------------------------------------------------ verifier

    function test_verifier_changesAfterDelay() public {
        QuorumVerifier next = _other();
        vm.prank(GOVERNOR);
        oracle.proposeVerifier(next);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGoverned.ProposalEarly.selector, START, START + DELAY
            )
        );
        oracle.applyVerifier();
        vm.warp(START + DELAY);
        vm.expectEmit(address(oracle));
        emit Oracle.VerifierChanged(address(next));
        vm.prank(address(0xB0B));
        oracle.applyVerifier();
        assertEq(address(oracle.verifier()), address(next));
        bytes memory old = _report(1, uint40(START + DELAY), 0, 5);
        vm.expectRevert();
        oracle.accept(old);
        oracle.accept(
            _uniform(address(next), keys, 3, 1, uint40(START + DELAY), _one(0, 5, 0))
        );
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        oracle.applyVerifier();
    }

    function test_verifier_revertsIf_Expired() public {
        QuorumVerifier next = _other();
        vm.prank(GOVERNOR);
        oracle.proposeVerifier(next);
        uint256 end = START + DELAY + 7 days;
        vm.warp(end + 1);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ProposalExpired.selector, end + 1, end));
        oracle.applyVerifier();
        vm.warp(end);
        oracle.applyVerifier();
    }

    function test_verifier_cancel() public {
        vm.prank(GOVERNOR);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        oracle.cancelVerifier();
        QuorumVerifier next = _other();
        vm.startPrank(GOVERNOR);
        oracle.proposeVerifier(next);
        oracle.cancelVerifier();
        vm.stopPrank();
        vm.warp(START + DELAY);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        oracle.applyVerifier();
    }

    function test_verifier_revertsIf_NotGovernor() public {
        bytes memory error_ =
            abi.encodeWithSelector(IGoverned.NotGovernor.selector, address(this), GOVERNOR);
        vm.expectRevert(error_);
        oracle.proposeVerifier(verifier);
        vm.expectRevert(error_);
        oracle.cancelVerifier();
    }

    function test_verifier_revertsIf_NoCode() public {
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(Oracle.VerifierInvalid.selector, address(9)));
        oracle.proposeVerifier(IReportVerifier(address(9)));
    }

    /// @dev Nobody can hurry a report in by replacing the verifier and back in one block.
    function test_attack_proposalRestartsDelay() public {
        vm.prank(GOVERNOR);
        oracle.proposeVerifier(verifier);
        vm.warp(START + DELAY);
        QuorumVerifier next = _other();
        vm.prank(GOVERNOR);
        oracle.proposeVerifier(next);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGoverned.ProposalEarly.selector, START + DELAY, START + 2 * DELAY
            )
        );
        oracle.applyVerifier();
    }

    // ------------------------------------------------------------------ gas

    function test_gas_accept() public {
        oracle.accept(_report(1, START, 0, 1_000));
        vm.warp(START + 1);
        bytes memory report = _report(2, START + 1, 0, 1_001);
        vm.cool(address(oracle));
        vm.cool(address(parameters));
        vm.cool(address(verifier));
        oracle.accept(report);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        assertLe(used, 58_000, "oracle-accept-3-signers-1-market");
    }

    // ------------------------------------------------------------------ helpers

    function _report(uint32 round, uint40 time, uint8 market, uint32 price)
        internal
        view
        returns (bytes memory)
    {
        return _uniform(address(verifier), keys, 3, round, time, _one(market, price, 7));
    }

    function _pair(uint32 round, uint40 time, uint32 a, uint32 b)
        internal
        view
        returns (bytes memory)
    {
        Value[] memory values = new Value[](2);
        values[0] = Value(0, a, a, 0);
        values[1] = Value(1, b, b, 0);
        return _uniform(address(verifier), keys, 3, round, time, values);
    }

    function _other() internal returns (QuorumVerifier) {
        (, address[] memory list) = _reporters(3);
        return QuorumVerifier(deploy("QuorumVerifier", abi.encode(3, list)));
    }

    function _delay(uint256 found, uint256 required) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGoverned.DelayOutOfBounds.selector, found, required);
    }
}
