// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breaker} from "../src/Breaker.sol";
import {Guardians} from "../src/Guardians.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {ITightening} from "../src/interfaces/ITightening.sol";
import {BreakerTest} from "./support/BreakerTest.sol";

/// @notice One guardian tightens a little, for a while; nobody loosens without the delay.
contract BreakerAloneTest is BreakerTest {
    function test_constructor_revertsIf_Wrong() public {
        _wrong(Guardians.Limits(0, CLEAR_DELAY, 2 days, HALT, 2, 0), _tooLong(0, HALT));
        _wrong(Guardians.Limits(HALT + 1, 900, 2 days, HALT, 2, 0), _tooLong(HALT + 1, HALT));
        _wrong(Guardians.Limits(1, CLEAR_DELAY, 2 days, 0, 2, 0), _tooLong(0, 1 days));
        _wrong(
            Guardians.Limits(1, CLEAR_DELAY, 2 days, 1 days + 1, 2, 0), _tooLong(1 days + 1, 1 days)
        );
        _wrong(Guardians.Limits(1, 15 minutes - 1, 2 days, HALT, 2, 0), _delay(899, 900));
        _wrong(
            Guardians.Limits(1, 30 days + 1, 2 days, HALT, 2, 0), _delay(30 days + 1, 30 days)
        );
        _wrong(Guardians.Limits(1, 900, 1 days - 1, HALT, 2, 0), _delay(1 days - 1, 1 days));
        bytes4 quorum = Guardians.QuorumInvalid.selector;
        _wrong(
            Guardians.Limits(1, 900, 1 days, HALT, 1, 0), abi.encodeWithSelector(quorum, 1, 2)
        );
        _wrong(
            Guardians.Limits(1, 900, 1 days, HALT, 17, 0), abi.encodeWithSelector(quorum, 17, 2)
        );
        _wrong(Guardians.Limits(1, 900, 1 days, HALT, 2, 59), _delay(59, 60));
        _wrong(Guardians.Limits(1, 900, 1 days, HALT, 2, HALT + 1), _delay(HALT + 1, HALT));
        address[] memory twice = new address[](2);
        vm.expectRevert(_invalid(address(0), 0));
        _deploy(twice, _limits());
        (twice[0], twice[1]) = (ANN, ANN);
        vm.expectRevert(_invalid(ANN, 1));
        _deploy(twice, _limits());
    }

    function test_constructor_takesItsBounds() public {
        Breaker least = _deploy(_three(), Guardians.Limits(1, 900, 1 days, 1, 2, 0));
        assertEq(least.clearDelaySeconds(), 900);
        assertEq(least.silentAt(), 0);
        Breaker most =
            _deploy(_three(), Guardians.Limits(1 days, 30 days, 30 days, 1 days, 16, 1 days));
        assertEq(most.clearDelaySeconds(), 30 days);
        assertEq(most.quorum(), 16);
        assertEq(most.silentAt(), START + 1 days);
    }

    function _wrong(Guardians.Limits memory limits, bytes memory why) private {
        vm.expectRevert(why);
        _deploy(_three(), limits);
    }

    // ------------------------------------------------------------------ levels

    function test_tighten_holdsUntilExpiryAndLeavesItsEvidence() public {
        int256[] memory values = _evidence().values;
        vm.expectEmit(address(breaker));
        emit ITightening.Evidenced(3, "L01", ANN, uint64(block.number), values);
        vm.expectEmit(address(breaker));
        emit ITightening.Tightened(3, ANN, 1, uint40(START + 600));
        assertTrue(_tighten(ANN, 3, 1, 600));
        assertEq(breaker.level(3), 1);
        assertEq(breaker.level(0), 0);
        assertEq(breaker.level(2), 0);
        vm.warp(START + 599);
        assertEq(breaker.level(3), 1);
        vm.warp(START + 600);
        assertEq(breaker.level(3), 0);
    }

    function test_level_isLargerOfOwnAndVenue() public {
        _tighten(ANN, 0, 1, 600);
        assertEq(breaker.level(9), 1);
        _together(9, 2, 300);
        assertEq(breaker.level(9), 2);
        assertEq(breaker.level(8), 1);
        // Withdrawals have a scope of their own.
        assertEq(breaker.level(WITHDRAWALS), 0);
        vm.warp(START + 300);
        assertEq(breaker.level(9), 1);
        vm.warp(START + 600);
        assertEq(breaker.level(9), 0);
    }

    /// @dev A short entry on top does not end the longer one below.
    function test_attack_shortenByRaising() public {
        _tighten(ANN, 1, 1, HOLD);
        _together(1, 2, 1);
        assertEq(breaker.level(1), 2);
        vm.warp(START + 1);
        assertEq(breaker.level(1), 1);
        vm.warp(START + HOLD - 1);
        assertEq(breaker.level(1), 1);
        (uint40 until1, uint40 until2, uint40 until3, uint40 since3) = breaker.entry(1);
        assertEq(until1, START + HOLD);
        assertEq(until2, START + 1);
        assertEq(uint256(until3) + since3, 0);
    }

    /// @dev Neither lower nor sooner; longer is lawful, inside what the guardian may hold on end.
    function test_attack_guardianLoosens() public {
        _together(1, 2, 600);
        _refused(CAT, 1, 1, 1, _notHigher(1, 2));
        _refused(CAT, 1, 1, HOLD, _notHigher(1, 2));
        _tighten(CAT, 2, 1, 600);
        _refused(CAT, 2, 1, 599, _notHigher(1, 1));
        _refused(ANN, 2, 1, 600, _notHigher(1, 1));
        assertTrue(_tighten(ANN, 2, 1, 601));
        bytes memory level = abi.encodeWithSelector(Breaker.LevelInvalid.selector, 0, 3);
        _refused(ANN, 1, 0, 600, level);
    }

    /// @dev Whatever guardians do in whatever order, no level ever ends sooner than was promised.
    function testFuzz_tighten_neverShortens(uint256 seed) public {
        uint256[4] memory promised;
        for (uint256 i; i < 32; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(seed, i)));
            vm.warp(vm.getBlockTimestamp() + roll % 40 minutes);
            uint8 level = uint8(roll >> 16) % 4;
            uint256 hold = (roll >> 32) % (HOLD + 2);
            uint8 before = breaker.level(4);
            bytes memory call = abi.encodeCall(breaker.tighten, (4, level, hold, _evidence()));
            for (uint256 j; j < 2; ++j) {
                vm.prank(j + roll % 2 == 1 ? ANN : BEN);
                (bool ok, bytes memory answer) = address(breaker).call(call);
                if (!ok || !abi.decode(answer, (bool))) continue;
                assertGe(level, before);
                assertTrue(hold > 0 && hold <= (level == 1 ? HOLD : HALT));
                uint256 until = vm.getBlockTimestamp() + hold;
                assertGt(until, promised[level]);
                promised[level] = until;
            }
            for (uint8 l = 1; l <= 3; ++l) {
                if (promised[l] > vm.getBlockTimestamp()) assertGe(breaker.level(4), l);
            }
        }
    }

    function test_tighten_revertsIf_Wrong() public {
        _refused(EVE, 1, 1, 600, abi.encodeWithSelector(Guardians.NotGuardian.selector, EVE));
        bytes4 scope = Breaker.ScopeInvalid.selector;
        _refused(ANN, 258, 1, 600, abi.encodeWithSelector(scope, 258, 257));
        _refused(ANN, 259, 1, 600, abi.encodeWithSelector(scope, 259, 257));
        _refused(ANN, 1, 4, 600, abi.encodeWithSelector(Breaker.LevelInvalid.selector, 4, 3));
        _refused(ANN, 1, 1, 0, _tooLong(0, HALT));
        _refused(ANN, 1, 2, 0, _tooLong(0, HALT));
        _refused(ANN, 1, 1, HALT + 1, _tooLong(HALT + 1, HALT));
        _refused(ANN, 1, 3, type(uint256).max, _tooLong(type(uint256).max, HALT));
        _tighten(ANN, 256, 1, HOLD);
    }

    function test_tighten_revertsIf_EvidenceInvalid() public {
        ITightening.Evidence memory evidence = _evidence();
        evidence.blockNumber = uint64(block.number + 1);
        bytes4 invalid = ITightening.EvidenceInvalid.selector;
        vm.expectRevert(abi.encodeWithSelector(invalid, 2, block.number + 1));
        vm.prank(ANN);
        breaker.tighten(1, 1, 600, evidence);
        evidence = ITightening.Evidence("L01", uint64(block.number), new int256[](9));
        vm.expectRevert(abi.encodeWithSelector(invalid, 9, block.number));
        vm.prank(ANN);
        breaker.tighten(1, 1, 600, evidence);
        evidence.values = new int256[](8);
        vm.prank(ANN);
        assertTrue(breaker.tighten(1, 1, 600, evidence));
    }

    // ------------------------------------------------------------------ lists

    /// @dev What is redundant or refused is skipped, and the rest of the list is in force.
    function test_tightenMany_skipsWhatIsRefused() public {
        ITightening.Tightening[] memory list = new ITightening.Tightening[](6);
        list[0] = ITightening.Tightening(1, 1, 600, _evidence());
        list[1] = ITightening.Tightening(1, 1, 600, _evidence());
        list[2] = ITightening.Tightening(300, 1, 600, _evidence());
        list[3] = ITightening.Tightening(2, 3, 600, _evidence());
        list[4] = ITightening.Tightening(3, 1, uint32(HOLD + 1), _evidence());
        list[5] = ITightening.Tightening(4, 1, 600, _evidence());
        list[5].evidence.blockNumber += 1;
        vm.expectEmit(address(breaker));
        emit ITightening.Skipped(1, ANN, 1, _notHigher(1, 1));
        vm.prank(ANN);
        assertEq(breaker.tightenMany(list), 1);
        vm.prank(BEN);
        // The vote on the halt is complete, and so is that on a longer entry than one may set.
        assertEq(breaker.tightenMany(list), 8 + 16);
        assertEq(breaker.level(1), 1);
        assertEq(breaker.level(2), 3);
        assertEq(breaker.level(4), 0);
        list = new ITightening.Tightening[](33);
        vm.expectRevert(abi.encodeWithSelector(ITightening.EntriesTooMany.selector, 33, 32));
        vm.prank(ANN);
        breaker.tightenMany(list);
        vm.expectRevert(abi.encodeWithSelector(Guardians.NotGuardian.selector, EVE));
        vm.prank(EVE);
        breaker.tightenMany(list);
    }

    // ------------------------------------------------------------------ what one guardian can hold

    function test_attack_guardianHoldsForEver() public {
        _tighten(ANN, 1, 1, HOLD);
        vm.warp(START + 3 hours);
        // Renewing does not prolong, the episode ends when it must: it is a vote.
        assertFalse(_tighten(ANN, 1, 1, 3 hours + 1));
        // Nor does the venue's scope.
        assertFalse(_tighten(ANN, 0, 1, 3 hours + 1));
        assertTrue(_tighten(ANN, 0, 1, 3 hours));
        vm.warp(START + HOLD);
        assertFalse(_tighten(ANN, 0, 1, 1));
        vm.warp(START + 2 * HOLD - 1);
        assertFalse(_tighten(ANN, 1, 1, 1));
        assertEq(breaker.level(1), 0);
        vm.warp(START + 2 * HOLD);
        assertTrue(_tighten(ANN, 1, 1, HOLD));
    }

    /// @dev Fewer than a quorum, one after the other: the second gains nothing.
    function test_attack_guardiansHoldByTurns() public {
        _tighten(ANN, 1, 1, HOLD);
        vm.warp(START + HOLD - 1);
        // Neither before the end of the episode nor in the rest.
        assertFalse(_tighten(BEN, 1, 1, 2));
        vm.warp(START + 2 * HOLD - 1);
        assertFalse(_tighten(BEN, 1, 1, HOLD));
        assertEq(breaker.level(1), 0);
        vm.warp(START + 2 * HOLD);
        assertTrue(_tighten(BEN, 1, 1, HOLD - 1));
        (uint40 since, uint40 until) = breaker.hold(ANN);
        assertEq(since, START + 2 * HOLD);
        assertEq(until, START + 3 * HOLD - 1);
    }

    /// @dev Honest guardians that see different things act at the same time, each alone.
    function test_hold_isSharedBySeveralScopes() public {
        assertTrue(_tighten(ANN, 1, 1, 600));
        vm.warp(START + 300);
        assertTrue(_tighten(BEN, 2, 1, 900));
        assertTrue(_tighten(CAT, 3, 1, HOLD - 300));
        assertFalse(_tighten(CAT, 4, 1, HOLD - 299));
        assertEq(breaker.level(2), 1);
        assertEq(breaker.level(4), 0);
        (uint40 since, uint40 until) = breaker.hold(CAT);
        assertEq(since, START);
        assertEq(until, START + HOLD);
    }

    /// @dev One captured guardian uses up the time of those alone: the others vote, at once.
    function test_attack_guardianUsesTheTimeOfTheOthersUp() public {
        _tighten(ANN, 257, 1, HOLD);
        vm.warp(START + HOLD + 1);
        assertFalse(_tighten(BEN, 1, 1, 600));
        assertEq(breaker.level(1), 0);
        assertTrue(_tighten(CAT, 1, 1, 600));
        assertEq(breaker.level(1), 1);
        (uint40 since, uint40 until) = breaker.hold(address(breaker));
        assertEq(since, START + HOLD + 1);
        assertEq(until, START + HOLD + 601);
    }

    function test_hold_restsAsLongAsItHeld() public {
        _tighten(ANN, 1, 1, 600);
        vm.warp(START + 300);
        _tighten(ANN, 2, 1, 900);
        (uint40 since, uint40 until) = breaker.hold(ANN);
        assertEq(since, START);
        assertEq(until, START + 1_200);
        vm.warp(START + 2_399);
        assertFalse(_tighten(ANN, 3, 1, 1));
        vm.warp(START + 2_400);
        assertTrue(_tighten(ANN, 3, 1, 1));
    }

    /// @dev A short tightening elsewhere would else end the episode, and with it the rest after it.
    function test_attack_episodeIsShortened() public {
        _tighten(ANN, 1, 1, HOLD);
        _tighten(ANN, 2, 1, 1);
        (uint40 since, uint40 until) = breaker.hold(ANN);
        assertEq(since, START);
        assertEq(until, START + HOLD);
    }

    /// @dev Two captured guardians of five, greedy, for eight days: never more than half of the
    /// time, and never above level 1.
    function testFuzz_attack_holdIsAtMostHalf(uint256 seed) public {
        address[] memory five = new address[](5);
        for (uint160 i; i < 5; ++i) five[i] = address(100 + i);
        breaker = _deploy(five, _limits());
        uint256 held;
        uint256 end;
        for (uint256 i; i < 96; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(seed, i)));
            uint256 time = START + i * 2 hours;
            vm.warp(time);
            uint256 hold = roll % 3 == 0 ? HOLD : 1 + roll % HOLD;
            (uint16 scope, uint8 level) = (uint16(roll >> 40) % 2, 1 + uint8(roll >> 32) % 3);
            bytes memory call = abi.encodeCall(breaker.tighten, (scope, level, hold, _evidence()));
            vm.prank(five[(roll >> 48) % 2]);
            (bool ok, bytes memory answer) = address(breaker).call(call);
            assertLe(breaker.level(1), 1);
            if (!ok || !abi.decode(answer, (bool))) continue;
            uint256 from = end > time ? end : time;
            if (time + hold > from) held += time + hold - from;
            if (time + hold > end) end = time + hold;
        }
        assertLe(held, 96 * 2 hours / 2 + HOLD);
    }

    function test_tightenings_areCountedInAnySlidingDay() public {
        for (uint256 i; i < 8; ++i) {
            vm.warp(START + i * 100);
            _tighten(ANN, 1, 1, 1);
        }
        vm.warp(START + 1 days - 11);
        assertFalse(_tighten(ANN, 1, 1, 1));
        assertTrue(_tighten(BEN, 2, 1, 1));
        vm.warp(START + 1 days - 1);
        assertFalse(_tighten(ANN, 1, 1, 1));
        vm.warp(START + 1 days);
        assertTrue(_tighten(ANN, 1, 1, 1));
        vm.warp(START + 1 days + 99);
        assertFalse(_tighten(ANN, 1, 1, 1));
        vm.warp(START + 1 days + 100);
        assertTrue(_tighten(ANN, 1, 1, 1));
    }
}
