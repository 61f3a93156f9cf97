// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Guardians} from "../src/Guardians.sol";
import {Breaker} from "../src/Breaker.sol";
import {ITightening} from "../src/interfaces/ITightening.sol";
import {Vm} from "./Vm.sol";
import {BreakerTest} from "./support/BreakerTest.sol";

/// @notice What the breaker tells, to the event, and its ends to the second.
contract BreakerEdgesTest is BreakerTest {
    function _bar(address who, uint32 account, uint256 hold) private returns (bool) {
        uint32[] memory list = new uint32[](1);
        list[0] = account;
        ITightening.Evidence memory evidence = _evidence();
        vm.prank(who);
        return breaker.bar(list, hold, evidence);
    }

    /// @dev How many events of a kind there were since `vm.recordLogs`.
    function _count(Vm.Log[] memory logs, bytes32 kind) private pure returns (uint256 count) {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == kind) ++count;
        }
    }

    // ------------------------------------------------------------------ accounts

    /// @dev One guardian's vote bars nobody, also while another list is in force.
    function test_attack_oneVoteBesideAListBars() public {
        _bar(ANN, 5, 3 hours);
        assertTrue(_bar(BEN, 5, 3 hours));
        vm.recordLogs();
        assertFalse(_bar(CAT, 7, 3 hours));
        assertEq(_count(vm.getRecordedLogs(), ITightening.Barred.selector), 0);
        assertTrue(breaker.barred(5));
        assertFalse(breaker.barred(7));
    }

    /// @dev Each account is free in the second in which its own time ends.
    function test_bar_endsForEachByItself() public {
        _bar(ANN, 5, 600);
        _bar(BEN, 5, 600);
        _bar(ANN, 6, 1_200);
        _bar(BEN, 6, 1_200);
        vm.warp(START + 599);
        assertTrue(breaker.barred(5));
        vm.warp(START + 600);
        assertFalse(breaker.barred(5));
        assertTrue(breaker.barred(6));
        vm.warp(START + 1_200);
        assertFalse(breaker.barred(6));
    }

    /// @dev The vote on accounts tells its list, and no scope is tightened by it.
    function test_bar_tells() public {
        _bar(ANN, 5, 600);
        uint32[] memory list = new uint32[](1);
        list[0] = 5;
        bytes32 hash = keccak256(abi.encode(list));
        uint256 snapshot = vm.snapshotState();
        vm.expectEmit(address(breaker));
        emit ITightening.Voted(ACCOUNTS, BEN, 1, 600, hash, 2, 2);
        _bar(BEN, 5, 600);
        vm.revertToState(snapshot);
        vm.recordLogs();
        _bar(BEN, 5, 600);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 3);
        assertEq(_count(logs, ITightening.Barred.selector), 1);
        _assertEntry(ACCOUNTS, START + 600, 0, 0);
    }

    function test_clear_ofAccountsLeavesNothing() public {
        _bar(ANN, 5, 3 hours);
        _bar(BEN, 5, 3 hours);
        breaker.proposeClear(ACCOUNTS);
        vm.warp(START + CLEAR_DELAY);
        breaker.applyClear(ACCOUNTS);
        (, bool barring) = breaker.standing(1);
        assertFalse(barring);
        _assertEntry(ACCOUNTS, 0, 0, 0);
    }

    function _assertEntry(uint16 scope, uint256 a, uint256 b, uint256 c) private view {
        (uint40 until1, uint40 until2, uint40 until3, uint40 since3) = breaker.entry(scope);
        assertEq(until1, a);
        assertEq(until2, b);
        assertEq(until3, c);
        if (c == 0) assertEq(since3, 0);
    }

    // ------------------------------------------------------------------ halts

    /// @dev A halt tells since when and until when, and no other level does.
    function test_tighten_tellsOfHaltsAlone() public {
        vm.recordLogs();
        _tighten(ANN, 1, 1, 600);
        _together(1, 2, 600);
        assertEq(_count(vm.getRecordedLogs(), ITightening.Halted.selector), 0);
        assertFalse(_tighten(ANN, 1, 3, 600));
        vm.expectEmit(address(breaker));
        emit ITightening.Halted(1, uint40(START), uint40(START + 600));
        _tighten(BEN, 1, 3, 600);
    }

    /// @dev What is done, and a vote that counts, are not told as skipped.
    function test_tightenMany_tellsOnlyOfWhatIsRefused() public {
        ITightening.Tightening[] memory list = new ITightening.Tightening[](2);
        list[0] = ITightening.Tightening(1, 1, 600, _evidence());
        list[1] = ITightening.Tightening(2, 3, 600, _evidence());
        vm.recordLogs();
        vm.prank(ANN);
        assertEq(breaker.tightenMany(list), 1);
        assertEq(_count(vm.getRecordedLogs(), ITightening.Skipped.selector), 0);
    }

    /// @dev A quorum that rests after its halt keeps no guardian from what it may do alone.
    function test_tighten_aloneWhileTheQuorumRests() public {
        _together(2, 3, 1 hours);
        vm.warp(START + 1 hours + 1);
        assertTrue(_tighten(CAT, 1, 1, 600));
        assertEq(breaker.level(1), 1);
    }

    /// @dev Of what has ended by itself a clearing ends nothing.
    function test_clear_inTheSecondOfTheEnd() public {
        _tighten(ANN, 1, 1, HOLD);
        _together(1, 2, HOLD);
        _together(1, 3, CLEAR_DELAY);
        breaker.proposeClear(1);
        vm.warp(START + CLEAR_DELAY);
        vm.recordLogs();
        breaker.applyClear(1);
        assertEq(_count(vm.getRecordedLogs(), ITightening.Halted.selector), 0);
        _assertEntry(1, 0, 0, START + CLEAR_DELAY);
    }

    /// @dev In the second in which the grace of the last one ends, a halt is a new one.
    function test_halt_asTheGraceEnds() public {
        _together(1, 3, 2 hours);
        breaker.proposeClear(1);
        uint256 end = START + CLEAR_DELAY;
        vm.warp(end);
        breaker.applyClear(1);
        for (uint256 early; early < 2; ++early) {
            uint256 snapshot = vm.snapshotState();
            vm.warp(end + 30 minutes - early);
            _together(1, 3, 60);
            (,,, uint40 since3) = breaker.entry(1);
            assertEq(since3, early == 0 ? end + 30 minutes : START);
            vm.revertToState(snapshot);
        }
    }

    /// @dev The shortest halts have a way back too, each step of a second at least.
    function test_halt_ofSeconds() public {
        _together(1, 3, 1);
        _together(2, 3, 5);
        uint8[4] memory one = [3, 3, 1, 0];
        for (uint256 i; i < 4; ++i) {
            vm.warp(START + i);
            assertEq(breaker.level(1), one[i]);
        }
        uint8[8] memory five = [3, 3, 2, 2, 2, 1, 1, 0];
        for (uint256 i; i < 8; ++i) {
            vm.warp(START + 5 + i);
            assertEq(breaker.level(2), five[i]);
        }
    }

    // ------------------------------------------------------------------ lists, limits

    /// @dev A list of the full length is taken; only what is refused in it is told of as such.
    function test_tightenMany_theLongest() public {
        ITightening.Tightening[] memory list = new ITightening.Tightening[](32);
        for (uint16 i; i < 32; ++i) {
            list[i] = ITightening.Tightening(i + 1, 1, 600, _evidence());
        }
        vm.recordLogs();
        vm.prank(ANN);
        // Eight tightenings are what one guardian has in a day; the rest are votes.
        assertEq(breaker.tightenMany(list), 0xff);
        assertEq(_count(vm.getRecordedLogs(), ITightening.Voted.selector), 24);
    }

    /// @dev A minute of silence is the shortest that may tighten.
    function test_constructor_shortestSilence() public {
        Guardians.Limits memory limits = _limits();
        limits.silenceSeconds = 60;
        assertEq(_deploy(_three(), limits).silentAt(), START + 60);
        limits.silenceSeconds = 59;
        vm.expectRevert(_delay(59, 60));
        _deploy(_three(), limits);
    }

    /// @dev Nobody is told to be silent before the second.
    function test_deadMan_asTheSilenceEnds() public {
        vm.warp(START + SILENCE - 1);
        vm.expectPartialRevert(ITightening.NotSilent.selector);
        breaker.deadMan();
        vm.warp(START + SILENCE);
        breaker.deadMan();
        assertEq(breaker.level(0), 1);
    }
}
