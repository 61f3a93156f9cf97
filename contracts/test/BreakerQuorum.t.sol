// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breaker} from "../src/Breaker.sol";
import {Guardians} from "../src/Guardians.sol";
import {ITightening} from "../src/interfaces/ITightening.sol";
import {BreakerTest} from "./support/BreakerTest.sol";

/// @notice What takes a quorum of guardians, what their silence does, and how a halt ends.
contract BreakerQuorumTest is BreakerTest {
    // ------------------------------------------------------------------ votes

    function test_vote_needsAQuorum() public {
        for (uint8 level = 2; level <= 3; ++level) {
            assertFalse(_tighten(ANN, level, level, 600));
            // The same guardian again is still one.
            assertFalse(_tighten(ANN, level, level, 600));
            assertEq(breaker.level(level), 0);
            vm.expectEmit(address(breaker));
            emit ITightening.Voted(level, CAT, level, 600, 0, 2, 2);
            vm.expectEmit(address(breaker));
            emit ITightening.Tightened(level, CAT, level, uint40(START + 600));
            assertTrue(_tighten(CAT, level, level, 600));
            assertEq(breaker.level(level), level);
        }
        // Level 1 for longer than one may hold it.
        _together(9, 1, HOLD + 1);
        assertEq(breaker.level(9), 1);
    }

    function test_vote_isForOneScopeLevelAndTime() public {
        _tighten(ANN, 1, 3, 600);
        assertFalse(_tighten(BEN, 1, 3, 601));
        assertFalse(_tighten(BEN, 1, 2, 600));
        assertFalse(_tighten(BEN, 2, 3, 600));
        assertEq(breaker.level(1), 0);
        assertTrue(_tighten(BEN, 1, 3, 600));
    }

    function test_vote_expires() public {
        _tighten(ANN, 1, 3, 600);
        vm.warp(START + 10 minutes);
        assertFalse(_tighten(BEN, 1, 3, 600));
        vm.warp(START + 20 minutes - 1);
        // Ben's still counts, whoever opened the ballot.
        assertTrue(_tighten(ANN, 1, 3, 600));
    }

    /// @dev Votes are spent: one more of them alone does not lengthen the halt.
    function test_attack_voteCountsTwice() public {
        _together(1, 3, 600);
        vm.warp(START + 60);
        assertFalse(_tighten(BEN, 1, 3, 600));
        (,, uint40 until3,) = breaker.entry(1);
        assertEq(until3, START + 600);
    }

    function test_attack_removedGuardiansVoteCounts() public {
        _tighten(ANN, 1, 3, 600);
        breaker.removeGuardian(ANN);
        // Two are left, and more than half of them, and never fewer than the fewest, is two.
        assertEq(breaker.quorum(), 2);
        assertFalse(_tighten(BEN, 1, 3, 600));
        assertTrue(_tighten(CAT, 1, 3, 600));
        breaker.removeGuardian(BEN);
        assertEq(breaker.quorum(), 2);
        assertFalse(_tighten(CAT, 2, 3, 600));
        assertEq(breaker.level(2), 0);
    }

    function test_quorum_isMoreThanHalf() public {
        address[] memory list = new address[](16);
        for (uint160 i; i < 16; ++i) list[i] = address(100 + i);
        breaker = _deploy(list, _limits());
        assertEq(breaker.quorum(), 9);
        for (uint160 i; i < 8; ++i) assertFalse(_tighten(list[i], 0, 3, 600));
        assertTrue(_tighten(list[15], 0, 3, 600));
    }

    // ------------------------------------------------------------------ what a quorum can hold

    /// @dev The whole quorum is captured: at most `haltSecondsMax` on end over all scopes, then
    /// twice as long without any, of which a grace at most has no liquidation.
    function test_attack_quorumHaltsForEver() public {
        _together(1, 3, HALT);
        vm.warp(START + 6 hours);
        _refused(ANN, 0, 3, 6 hours + 1, _tooLong(HALT + 1, HALT));
        _together(0, 3, 6 hours);
        (uint40 since, uint40 until) = breaker.hold(address(breaker));
        assertEq(since, START);
        assertEq(until, START + HALT);
        vm.warp(START + HALT);
        uint256 rest = START + 3 * HALT;
        _refused(BEN, 1, 3, 1, _resting(START + HALT, rest));
        vm.warp(START + HALT + 30 minutes);
        assertEq(breaker.level(1), 1);
        vm.warp(rest - 1);
        assertEq(breaker.level(1), 0);
        _refused(BEN, 1, 2, 1, _resting(rest - 1, rest));
        vm.warp(rest);
        _together(1, 2, 1);
    }

    // ------------------------------------------------------------------ how a halt ends

    function test_halt_endsByTheSteps() public {
        _together(1, 3, 1 hours);
        uint256 end = START + 1 hours;
        uint256[5] memory times = [end - 1, end, end + 450, end + 1_800, end + 2_250];
        uint8[5] memory levels = [3, 3, 2, 1, 0];
        for (uint256 i; i < 5; ++i) {
            vm.warp(times[i]);
            assertEq(breaker.level(1), levels[i]);
            if (i < 2) continue;
            vm.warp(times[i] - 1);
            assertEq(breaker.level(1), levels[i - 1]);
        }
    }

    function test_halt_graceIsAsLongAsTheHalt() public {
        _together(0, 3, 100);
        vm.warp(START + 124);
        assertEq(breaker.level(7), 3);
        vm.warp(START + 125);
        assertEq(breaker.level(7), 2);
        vm.warp(START + 199);
        assertEq(breaker.level(7), 2);
        vm.warp(START + 200);
        assertEq(breaker.level(7), 1);
        vm.warp(START + 225);
        assertEq(breaker.level(7), 0);
    }

    /// @dev A clearing ends the halt, and not what owners have after one.
    function test_attack_clearingSkipsTheGrace() public {
        _together(1, 3, 3 hours);
        breaker.proposeClear(1);
        vm.warp(START + CLEAR_DELAY);
        breaker.applyClear(1);
        assertEq(breaker.level(1), 3);
        // Another one in the grace does nothing to it.
        breaker.proposeClear(1);
        vm.warp(START + CLEAR_DELAY + 30 minutes - 1);
        assertEq(breaker.level(1), 2);
        vm.warp(START + CLEAR_DELAY + 30 minutes);
        assertEq(breaker.level(1), 1);
        breaker.applyClear(1);
        assertEq(breaker.level(1), 1);
        vm.warp(START + CLEAR_DELAY + 30 minutes + 450);
        assertEq(breaker.level(1), 0);
    }

    /// @dev A halt of a second within the grace of a long one does not make its grace a second.
    function test_attack_shortHaltEndsALongGrace() public {
        _together(1, 3, 2 hours);
        breaker.proposeClear(1);
        uint256 end = START + CLEAR_DELAY;
        vm.warp(end);
        breaker.applyClear(1);
        vm.warp(end + 29 minutes);
        _together(1, 3, 1);
        (,,, uint40 since3) = breaker.entry(1);
        assertEq(since3, START);
        vm.warp(end + 59 minutes);
        assertEq(breaker.level(1), 2);
        vm.warp(end + 59 minutes + 1);
        assertEq(breaker.level(1), 1);
    }

    function test_halt_afterTheGraceIsANewOne() public {
        _together(1, 3, 1 hours);
        vm.warp(START + 1 hours + 30 minutes);
        _refused(ANN, 1, 3, 60, _resting(START + 90 minutes, START + 3 hours));
        vm.warp(START + 3 hours);
        _together(1, 3, 60);
        (,,, uint40 since3) = breaker.entry(1);
        assertEq(since3, START + 3 hours);
        vm.warp(START + 3 hours + 120);
        assertEq(breaker.level(1), 1);
    }

    // ------------------------------------------------------------------ withdrawals, accounts

    function test_withdrawals_haveTheirOwnLevel() public {
        _together(0, 3, 600);
        assertEq(breaker.level(WITHDRAWALS), 0);
        assertTrue(_tighten(CAT, WITHDRAWALS, 1, 600));
        assertEq(breaker.level(WITHDRAWALS), 1);
        assertEq(breaker.level(0), 3);
        _together(WITHDRAWALS, 2, 300);
        vm.warp(START + 300);
        assertEq(breaker.level(WITHDRAWALS), 1);
        vm.warp(START + 600);
        assertEq(breaker.level(WITHDRAWALS), 0);
    }

    function test_bar_isAVote() public {
        // A halted venue does not hold it up.
        _together(0, 3, 600);
        uint32[] memory list = new uint32[](2);
        (list[0], list[1]) = (5, 9);
        assertFalse(_bar(ANN, list, 600));
        assertFalse(breaker.barred(5));
        assertFalse(_bar(BEN, list, 601));
        vm.expectEmit(address(breaker));
        emit ITightening.Barred(list, uint40(START + 600));
        assertTrue(_bar(CAT, list, 600));
        assertTrue(breaker.barred(5));
        assertTrue(breaker.barred(9));
        assertFalse(breaker.barred(6));
        (, bool barring) = breaker.standing(1);
        assertTrue(barring);
        (uint40 until,,,) = breaker.entry(ACCOUNTS);
        assertEq(until, START + 600);
        vm.warp(START + 600);
        assertFalse(breaker.barred(5));
        (, barring) = breaker.standing(1);
        assertFalse(barring);
    }

    function test_bar_neverShortens() public {
        uint32[] memory list = new uint32[](1);
        list[0] = 5;
        _bar(ANN, list, 600);
        _bar(BEN, list, 600);
        _bar(ANN, list, 60);
        _bar(BEN, list, 60);
        vm.warp(START + 599);
        assertTrue(breaker.barred(5));
    }

    function test_bar_revertsIf_Wrong() public {
        uint32[] memory list = new uint32[](2);
        (list[0], list[1]) = (5, 5);
        bytes4 invalid = ITightening.AccountsInvalid.selector;
        vm.expectRevert(abi.encodeWithSelector(invalid, 1, 2));
        _bar(ANN, list, 600);
        vm.expectRevert(abi.encodeWithSelector(invalid, 0, 65));
        _bar(ANN, new uint32[](65), 600);
        vm.expectRevert(abi.encodeWithSelector(invalid, 0, 0));
        _bar(ANN, new uint32[](0), 600);
        list[1] = 6;
        vm.expectRevert(_tooLong(HALT + 1, HALT));
        _bar(ANN, list, HALT + 1);
        vm.expectRevert(abi.encodeWithSelector(Guardians.NotGuardian.selector, EVE));
        _bar(EVE, list, 600);
        list = new uint32[](64);
        for (uint32 i; i < 64; ++i) list[i] = i;
        _bar(ANN, list, 600);
    }

    /// @dev After a clearing the list is empty: what is barred next bars nobody of before.
    function test_bar_isCleared() public {
        uint32[] memory list = new uint32[](1);
        list[0] = 5;
        _bar(ANN, list, 3 hours);
        _bar(BEN, list, 3 hours);
        breaker.proposeClear(ACCOUNTS);
        vm.warp(START + CLEAR_DELAY);
        breaker.applyClear(ACCOUNTS);
        assertFalse(breaker.barred(5));
        list[0] = 6;
        _bar(ANN, list, 600);
        _bar(BEN, list, 600);
        assertTrue(breaker.barred(6));
        assertFalse(breaker.barred(5));
    }

    function test_attack_clearingOfTheVenueUnbars() public {
        uint32[] memory list = new uint32[](1);
        list[0] = 5;
        breaker.proposeClear(0);
        breaker.proposeClear(ACCOUNTS);
        _bar(ANN, list, 3 hours);
        _bar(BEN, list, 3 hours);
        vm.warp(START + CLEAR_DELAY);
        breaker.applyClear(0);
        assertTrue(breaker.barred(5));
        assertEq(breaker.silentAt(), START + SILENCE);
        vm.expectRevert(abi.encodeWithSelector(Breaker.EntryChanged.selector, ACCOUNTS));
        breaker.applyClear(ACCOUNTS);
    }

    // ------------------------------------------------------------------ the silence of all

    function test_deadMan_tightensALittleWhileNobodyBeats() public {
        assertEq(breaker.silentAt(), START + SILENCE);
        vm.warp(START + SILENCE - 1);
        bytes4 heard = ITightening.NotSilent.selector;
        vm.expectRevert(abi.encodeWithSelector(heard, START + SILENCE - 1, START + SILENCE));
        breaker.deadMan();
        vm.warp(START + SILENCE);
        vm.expectEmit(address(breaker));
        emit ITightening.Tightened(0, address(0), 1, uint40(START + 2 * SILENCE));
        vm.prank(EVE);
        breaker.deadMan();
        assertEq(breaker.level(3), 1);
        // Again in the same second it lengthens nothing.
        vm.expectRevert(_notHigher(1, 1));
        breaker.deadMan();
        vm.warp(START + 2 * SILENCE - 1);
        breaker.deadMan();
        vm.warp(START + 3 * SILENCE - 2);
        assertEq(breaker.level(0), 1);
        // A beat ends the silence, not what it set.
        vm.expectEmit(address(breaker));
        emit ITightening.Beaten(ANN);
        vm.prank(ANN);
        breaker.beat();
        assertEq(breaker.level(0), 1);
        vm.expectRevert(
            abi.encodeWithSelector(heard, START + 3 * SILENCE - 2, START + 4 * SILENCE - 2)
        );
        breaker.deadMan();
        vm.warp(START + 3 * SILENCE - 1);
        assertEq(breaker.level(0), 0);
    }

    function test_beat_revertsIf_NotGuardian() public {
        vm.expectRevert(abi.encodeWithSelector(Guardians.NotGuardian.selector, EVE));
        vm.prank(EVE);
        breaker.beat();
    }

    function test_deadMan_revertsIf_Off() public {
        Guardians.Limits memory limits = _limits();
        limits.silenceSeconds = 0;
        breaker = _deploy(_three(), limits);
        vm.warp(START + 30 days);
        vm.expectRevert(ITightening.DeadManOff.selector);
        breaker.deadMan();
    }

    /// @dev All guardians keep silent on purpose: the venue cannot grow for at most the limit, then
    /// is open for as long.
    function test_attack_silenceHoldsForEver() public {
        uint256 held;
        uint256 time = START + SILENCE;
        for (uint256 i; i < 8 days / 5 minutes; ++i) {
            vm.warp(time + i * 5 minutes);
            try breaker.deadMan() {} catch {}
            if (breaker.level(0) != 0) held += 5 minutes;
            assertLe(breaker.level(0), 1);
        }
        assertLe(held, 4 days + HALT);
        assertGt(held, 1 days);
    }

    function _bar(address who, uint32[] memory list, uint256 hold) private returns (bool) {
        ITightening.Evidence memory evidence = _evidence();
        vm.prank(who);
        return breaker.bar(list, hold, evidence);
    }
}
