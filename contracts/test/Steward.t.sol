// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, RiskTuple} from "../src/Types.sol";
import {ISteered} from "../src/interfaces/ISteered.sol";
import {ISteward as I, StewardCourse, StewardMove} from "../src/interfaces/ISteward.sol";
import {StewardTest} from "./support/StewardTest.sol";

/// @notice What a steward does in an ordinary day, and what is refused.
contract StewardContractTest is StewardTest {
    function test_move_tightensAtOnce_andKeepsTheRestOfTheAnchor() public {
        RiskTuple memory next = tighterByAnHour(inForce());
        move(next);
        MarketParams memory p = parameters.market(0);
        MarketParams memory a = parameters.anchor(0);
        assertEq(p.initialPpm, 55_000);
        assertEq(p.concentrationPpm, 220_000);
        assertEq(p.fundingRatePpmMax, 108_000);
        assertEq(p.openInterestMax, 900_000);
        assertEq(p.backstopLotsMax, 9_000);
        assertEq(p.maintenancePpm, a.maintenancePpm);
        (a.initialPpm, a.concentrationPpm) = (p.initialPpm, p.concentrationPpm);
        (a.fundingRatePpmMax, a.openInterestMax) = (p.fundingRatePpmMax, p.openInterestMax);
        a.backstopLotsMax = p.backstopLotsMax;
        assertEq(keccak256(abi.encode(p)), keccak256(abi.encode(a)));
        assertEq(parameters.anchor(0).initialPpm, 50_000);
        assertEq(parameters.market(1).initialPpm, 50_000);
    }

    function test_move_isRecorded() public {
        RiskTuple memory next = inForce();
        uint40 until = uint40(START + 6 hours);
        vm.expectEmit(address(steward));
        emit I.Moved(0, next, "model", "root", uint40(START), until);
        move(next);
        StewardCourse memory c = steward.course(0);
        assertEq(c.movedAt, START);
        assertEq(c.inputTime, START);
        assertEq(c.expiresAt, until);
        assertEq(steward.course(1).movedAt, 0);
    }

    /// @dev Each end of each step: one more is refused, and says which field.
    function test_move_revertsIf_StepTooLarge() public {
        move(tighterByAnHour(inForce()));
        later(1 hours);
        RiskTuple memory from = inForce();
        RiskTuple memory t = inForce();
        t.initialPpm = 60_501;
        _refusedStep(t, "initialPpm", from.initialPpm, t.initialPpm);
        t.initialPpm = 54_724;
        _refusedStep(t, "initialPpm", from.initialPpm, t.initialPpm);
        t = inForce();
        t.concentrationPpm = 242_001;
        _refusedStep(t, "concentrationPpm", from.concentrationPpm, t.concentrationPpm);
        t.concentrationPpm = 218_899;
        _refusedStep(t, "concentrationPpm", from.concentrationPpm, t.concentrationPpm);
        t = inForce();
        t.fundingRatePpmMax = 97_199;
        _refusedStep(t, "fundingRatePpmMax", from.fundingRatePpmMax, t.fundingRatePpmMax);
        t.fundingRatePpmMax = 108_541;
        _refusedStep(t, "fundingRatePpmMax", from.fundingRatePpmMax, t.fundingRatePpmMax);
        t = inForce();
        t.openInterestMax = 809_999;
        _refusedStep(t, "openInterestMax", from.openInterestMax, t.openInterestMax);
        t.openInterestMax = 904_501;
        _refusedStep(t, "openInterestMax", from.openInterestMax, t.openInterestMax);
        t = inForce();
        t.backstopLotsMax = 8_099;
        _refusedStep(t, "backstopLotsMax", from.backstopLotsMax, t.backstopLotsMax);
        t.backstopLotsMax = 9_046;
        _refusedStep(t, "backstopLotsMax", from.backstopLotsMax, t.backstopLotsMax);
        move(RiskTuple(60_500, 30_000, 218_900, 97_200, 904_500, 9_045));
    }

    /// @dev After a pause of days a step is no larger than after an hour.
    function test_move_stepDoesNotGrowWithSilence() public {
        move(inForce());
        later(30 days);
        RiskTuple memory t = inForce();
        t.initialPpm = 55_001;
        _refusedStep(t, "initialPpm", 50_000, 55_001);
        t.initialPpm = 55_000;
        move(t);
        later(10 minutes);
        t.initialPpm = 55_918;
        _refusedStep(t, "initialPpm", 55_000, 55_918);
        t.initialPpm = 55_917;
        move(t);
    }

    function test_move_revertsIf_CalledByAnother() public {
        RiskTuple memory t = inForce();
        vm.expectRevert(abi.encodeWithSelector(I.NotOperator.selector, address(this), OPERATOR));
        steward.move(input(t));
        vm.expectRevert(abi.encodeWithSelector(I.NotOperator.selector, address(this), OPERATOR));
        steward.announce(0, 30_001);
        vm.expectRevert(abi.encodeWithSelector(I.NotOperator.selector, address(this), OPERATOR));
        steward.withdraw(0);
        bytes memory error =
            abi.encodeWithSelector(ISteered.NotSteward.selector, address(this), steward);
        vm.expectRevert(error);
        parameters.steer(0, t);
    }

    function test_move_revertsIf_MarketUnlisted() public {
        RiskTuple memory t;
        vm.prank(OPERATOR);
        vm.expectRevert();
        steward.move(_moveOf(2, t));
        (MarketParams memory loosest, MarketParams memory tightest) = steward.band(2);
        assertEq(uint256(loosest.tickValue) + tightest.initialPpm, 0);
    }

    // ------------------------------------------------------------------ expiry

    function test_decay_returnsToTheAnchorByItself() public {
        for (uint256 i; i < 6; ++i) {
            move(tighterByAnHour(inForce()));
            later(1 hours);
        }
        RiskTuple memory tight = inForce();
        uint256 due = START + 5 hours + 6 hours + 10 minutes;
        vm.expectRevert(
            abi.encodeWithSelector(I.DecayEarly.selector, block.timestamp, due)
        );
        steward.decay(0);
        vm.warp(due - 1);
        vm.expectRevert(abi.encodeWithSelector(I.DecayEarly.selector, due - 1, due));
        steward.decay(0);
        vm.warp(due);
        steward.decay(0);
        RiskTuple memory t = inForce();
        // Ten minutes of five percent an hour, rounded up.
        assertEq(tight.initialPpm - t.initialPpm, (uint256(tight.initialPpm) * 50 + 5_999) / 6_000);
        assertTrue(t.openInterestMax > tight.openInterestMax);
        vm.expectRevert(abi.encodeWithSelector(I.DecayEarly.selector, due, due + 10 minutes));
        steward.decay(0);
        later(30 days);
        vm.prank(address(0xA11));
        steward.decay(0);
        assertAnchor();
        later(1 hours);
        vm.expectRevert(abi.encodeWithSelector(I.AnchorInForce.selector, 0));
        steward.decay(0);
    }

    function test_decay_waitsWhileRenewed() public {
        RiskTuple memory t = tighterByAnHour(inForce());
        for (uint256 i; i < 5; ++i) {
            move(t);
            later(6 hours);
            vm.expectRevert();
            steward.decay(0);
        }
        assertEq(inForce().initialPpm, t.initialPpm);
    }

    /// @dev Whoever lets it decay takes nothing below the anchor, however long nobody called.
    function testFuzz_decay_neverPassesTheAnchor(uint32 wait, uint8 moves) public {
        for (uint256 i; i < moves % 8; ++i) {
            move(tighterByAnHour(inForce()));
            later(1 hours);
        }
        later(uint256(wait) + 7 hours);
        if (moves % 8 == 0) return;
        steward.decay(0);
        RiskTuple memory t = inForce();
        MarketParams memory a = parameters.anchor(0);
        assertTrue(t.initialPpm >= a.initialPpm && t.openInterestMax <= a.openInterestMax);
        assertTrue(t.concentrationPpm >= a.concentrationPpm && t.openInterestMax != 0);
        assertTrue(t.fundingRatePpmMax <= a.fundingRatePpmMax && t.fundingRatePpmMax != 0);
        assertTrue(t.backstopLotsMax <= a.backstopLotsMax && t.backstopLotsMax != 0);
    }

    // ------------------------------------------------------------------ notice

    function test_maintenance_risesOnlyAfterNotice() public {
        RiskTuple memory t = inForce();
        (t.initialPpm, t.maintenancePpm) = (55_000, 33_000);
        refused(t, abi.encodeWithSelector(I.NoticeMissing.selector, 33_000, 0));
        vm.expectEmit(address(steward));
        emit I.Announced(0, 33_000, uint40(START + 1 days));
        vm.prank(OPERATOR);
        steward.announce(0, 33_000);
        vm.warp(START + 1 days - 1);
        bytes4 error = I.NoticeNotReady.selector;
        uint256 ready = START + 1 days;
        refused(t, abi.encodeWithSelector(error, block.timestamp, ready, ready + 1 days));
        vm.warp(ready);
        t.maintenancePpm = 32_999;
        refused(t, abi.encodeWithSelector(I.NoticeMissing.selector, 32_999, 33_000));
        t.maintenancePpm = 33_000;
        move(t);
        assertEq(parameters.market(0).maintenancePpm, 33_000);
        assertEq(steward.course(0).noticePpm, 0);
        // Used once: the next raise needs its own.
        later(1 hours);
        t.maintenancePpm = 33_001;
        refused(t, abi.encodeWithSelector(I.NoticeMissing.selector, 33_001, 0));
        // Lower is nobody's harm, step by step.
        t.maintenancePpm = 32_834;
        _refusedStep(t, "maintenancePpm", 33_000, 32_834);
        t.maintenancePpm = 32_835;
        move(t);
    }

    function test_maintenance_noticeRunsOut() public {
        vm.prank(OPERATOR);
        steward.announce(0, 33_000);
        RiskTuple memory t = inForce();
        t.maintenancePpm = 33_000;
        t.initialPpm = 55_000;
        vm.warp(START + 2 days + 1);
        bytes4 error = I.NoticeNotReady.selector;
        uint256 from = START + 1 days;
        refused(t, abi.encodeWithSelector(error, from + 1 days + 1, from, from + 1 days));
    }

    function test_announce_revertsIf_Unlawful() public {
        vm.startPrank(OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(I.NoticeNeedless.selector, 30_000, 30_000));
        steward.announce(0, 30_000);
        bytes32 field = "maintenancePpm";
        vm.expectRevert(abi.encodeWithSelector(I.StepUnlawful.selector, field, 30_000, 33_001));
        steward.announce(0, 33_001);
        vm.expectRevert(abi.encodeWithSelector(I.NoticeMissing.selector, 0, 0));
        steward.withdraw(0);
        vm.stopPrank();
    }

    function test_withdraw_byOperatorOrGovernor() public {
        address[2] memory who = [OPERATOR, GOVERNOR];
        for (uint256 i; i < 2; ++i) {
            vm.prank(OPERATOR);
            steward.announce(0, 33_000);
            vm.expectEmit(address(steward));
            emit I.Withdrawn(0);
            vm.prank(who[i]);
            steward.withdraw(0);
            StewardCourse memory c = steward.course(0);
            assertEq(uint256(c.noticePpm) + c.noticeReadyAt, 0);
        }
    }

    function _moveOf(uint8 market, RiskTuple memory t) private view returns (StewardMove memory m) {
        m = input(t);
        m.market = market;
    }

    function _refusedStep(RiskTuple memory t, bytes32 field, uint256 from, uint256 to) private {
        refused(t, abi.encodeWithSelector(I.StepUnlawful.selector, field, from, to));
    }
}
