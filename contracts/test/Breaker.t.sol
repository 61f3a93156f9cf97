// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breaker} from "../src/Breaker.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {Base} from "./Base.sol";

/// @notice Guardians tighten, for a while; nobody loosens without the delay. The test governs.
contract BreakerTest is Base, IGoverned {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant CLEAR_DELAY = 30 minutes;
    uint256 internal constant GUARDIAN_DELAY = 2 days;
    uint256 internal constant EXPIRY = 7 days;
    address internal constant ANN = address(0xA);
    address internal constant BEN = address(0xB);
    address internal constant EVE = address(0xE);

    Breaker internal breaker;

    function governor() external view override returns (address) {
        return address(this);
    }

    function setUp() public {
        vm.warp(START);
        breaker = _breaker(1 days, CLEAR_DELAY, GUARDIAN_DELAY);
    }

    function test_constructor_revertsIf_Wrong() public {
        vm.expectRevert(_tooLong(0, 1 days));
        _breaker(0, CLEAR_DELAY, GUARDIAN_DELAY);
        vm.expectRevert(_tooLong(1 days + 1, 1 days));
        _breaker(1 days + 1, CLEAR_DELAY, GUARDIAN_DELAY);
        vm.expectRevert(_delay(15 minutes - 1, 15 minutes));
        _breaker(1 days, 15 minutes - 1, GUARDIAN_DELAY);
        vm.expectRevert(_delay(30 days + 1, 30 days));
        _breaker(1 days, 30 days + 1, GUARDIAN_DELAY);
        vm.expectRevert(_delay(1 days - 1, 1 days));
        _breaker(1 days, CLEAR_DELAY, 1 days - 1);
        address[] memory twice = new address[](2);
        vm.expectRevert(_guardianInvalid(address(0), 0));
        _deploy(twice, Breaker.Limits(1 days, CLEAR_DELAY, GUARDIAN_DELAY));
        (twice[0], twice[1]) = (ANN, ANN);
        vm.expectRevert(_guardianInvalid(ANN, 1));
        _deploy(twice, Breaker.Limits(1 days, CLEAR_DELAY, GUARDIAN_DELAY));
    }

    // ------------------------------------------------------------------ levels

    function test_tighten_holdsUntilExpiry() public {
        vm.expectEmit(address(breaker));
        emit Breaker.Tightened(3, ANN, 2, uint40(START + 600));
        _tighten(ANN, 3, 2, 600);
        assertEq(breaker.level(3), 2);
        assertEq(breaker.level(0), 0);
        assertEq(breaker.level(2), 0);
        vm.warp(START + 599);
        assertEq(breaker.level(3), 2);
        vm.warp(START + 600);
        assertEq(breaker.level(3), 0);
    }

    function test_level_isLargerOfOwnAndVenue() public {
        _tighten(ANN, 0, 1, 600);
        assertEq(breaker.level(9), 1);
        _tighten(BEN, 9, 3, 300);
        assertEq(breaker.level(9), 3);
        assertEq(breaker.level(8), 1);
        vm.warp(START + 300);
        assertEq(breaker.level(9), 1);
        vm.warp(START + 600);
        assertEq(breaker.level(9), 0);
    }

    /// @dev A short entry on top does not end the longer one below.
    function test_attack_shortenByRaising() public {
        _tighten(ANN, 1, 1, 1 days);
        _tighten(BEN, 1, 3, 1);
        assertEq(breaker.level(1), 3);
        vm.warp(START + 1);
        assertEq(breaker.level(1), 1);
        vm.warp(START + 1 days - 1);
        assertEq(breaker.level(1), 1);
        (uint40 until1, uint40 until2, uint40 until3) = breaker.entry(1);
        assertEq(until1, START + 1 days);
        assertEq(until2, 0);
        assertEq(until3, START + 1);
    }

    /// @dev Neither lower, nor the same again (shorter or longer), nor under the venue's level.
    function test_attack_guardianLoosensOrExtends() public {
        _tighten(ANN, 1, 2, 600);
        for (uint8 level = 1; level <= 2; ++level) {
            vm.expectRevert(_notHigher(level, 2));
            _tighten(BEN, 1, level, 1);
            vm.expectRevert(_notHigher(level, 2));
            _tighten(ANN, 1, level, 1 days);
        }
        vm.expectRevert(abi.encodeWithSelector(Breaker.LevelInvalid.selector, 0, 3));
        _tighten(ANN, 1, 0, 600);
        _tighten(BEN, 0, 3, 600);
        vm.expectRevert(_notHigher(3, 3));
        _tighten(ANN, 2, 3, 600);
    }

    /// @dev Whatever guardians do in whatever order, no level ever ends sooner than was promised.
    function testFuzz_tighten_neverShortens(uint256 seed) public {
        uint256[4] memory promised;
        for (uint256 i; i < 24; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(seed, i)));
            vm.warp(vm.getBlockTimestamp() + roll % 3 hours);
            uint8 level = uint8(roll >> 16) % 5;
            uint256 hold = (roll >> 32) % (1 days + 2);
            uint8 before = breaker.level(4);
            vm.prank((roll >> 8) & 1 == 0 ? ANN : BEN);
            try breaker.tighten(4, level, hold) {
                assertGt(level, before);
                assertTrue(hold > 0 && hold <= 1 days);
                uint256 until = vm.getBlockTimestamp() + hold;
                if (until > promised[level]) promised[level] = until;
            } catch {}
            for (uint8 l = 1; l <= 3; ++l) {
                if (promised[l] > vm.getBlockTimestamp()) assertGe(breaker.level(4), l);
            }
        }
    }

    function test_tighten_revertsIf_Wrong() public {
        vm.expectRevert(abi.encodeWithSelector(Breaker.NotGuardian.selector, EVE));
        _tighten(EVE, 1, 1, 600);
        vm.expectRevert(abi.encodeWithSelector(Breaker.NotGuardian.selector, address(this)));
        breaker.tighten(1, 1, 600);
        vm.expectRevert(abi.encodeWithSelector(Breaker.ScopeInvalid.selector, 257, 256));
        _tighten(ANN, 257, 1, 600);
        vm.expectRevert(abi.encodeWithSelector(Breaker.LevelInvalid.selector, 4, 3));
        _tighten(ANN, 1, 4, 600);
        vm.expectRevert(_tooLong(0, 1 days));
        _tighten(ANN, 1, 1, 0);
        vm.expectRevert(_tooLong(1 days + 1, 1 days));
        _tighten(ANN, 1, 1, 1 days + 1);
        vm.expectRevert(_tooLong(type(uint256).max, 1 days));
        _tighten(ANN, 1, 1, type(uint256).max);
        _tighten(ANN, 256, 3, 1 days);
    }

    // ------------------------------------------------------------------ what one guardian can hold

    function test_attack_guardianHoldsForEver() public {
        _tighten(ANN, 1, 1, 1 days);
        vm.warp(START + 12 hours);
        // Escalating does not prolong: the episode ends a day after it began.
        vm.expectRevert(_tooLong(1 days + 1, 1 days));
        _tighten(ANN, 1, 2, 12 hours + 1);
        _tighten(ANN, 1, 2, 12 hours);
        // Nor does the venue's scope.
        vm.expectRevert(_tooLong(1 days + 1, 1 days));
        _tighten(ANN, 0, 3, 12 hours + 1);
        vm.warp(START + 1 days);
        vm.expectRevert(_resting(START + 1 days, START + 2 days));
        _tighten(ANN, 0, 1, 1);
        vm.warp(START + 2 days - 1);
        vm.expectRevert(_resting(START + 2 days - 1, START + 2 days));
        _tighten(ANN, 1, 1, 1);
        // Another guardian is free all the time.
        _tighten(BEN, 1, 1, 600);
        vm.warp(START + 2 days + 600);
        _tighten(ANN, 1, 1, 1 days);
    }

    function test_hold_restsAsLongAsItHeld() public {
        _tighten(ANN, 1, 1, 600);
        vm.warp(START + 300);
        _tighten(ANN, 2, 3, 900);
        (uint40 since, uint40 until) = breaker.hold(ANN);
        assertEq(since, START);
        assertEq(until, START + 1_200);
        vm.warp(START + 2_399);
        vm.expectRevert(_resting(START + 2_399, START + 2_400));
        _tighten(ANN, 3, 1, 1);
        vm.warp(START + 2_400);
        _tighten(ANN, 3, 1, 1);
    }

    /// @dev One captured guardian, greedy, for 20 days: never more than half of the time.
    function testFuzz_attack_holdIsAtMostHalf(uint256 seed) public {
        uint256 held;
        uint256 end;
        for (uint256 i; i < 96; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(seed, i)));
            uint256 time = START + i * 5 hours;
            vm.warp(time);
            uint256 hold = roll % 3 == 0 ? 1 days : 1 + roll % 1 days;
            vm.prank(ANN);
            try breaker.tighten(uint16(roll >> 40) % 2, 1 + uint8(roll >> 32) % 3, hold) {
                uint256 from = end > time ? end : time;
                if (time + hold > from) held += time + hold - from;
                if (time + hold > end) end = time + hold;
            } catch {}
        }
        assertLe(held, 96 * 5 hours / 2 + 1 days);
    }

    function test_tightenings_areCountedInAnySlidingDay() public {
        for (uint256 i; i < 8; ++i) {
            vm.warp(START + i * 100);
            _tighten(ANN, 1, 1, 1);
        }
        vm.warp(START + 1 days - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                Breaker.TighteningsExceeded.selector, START + 1 days - 1, START + 1 days
            )
        );
        _tighten(ANN, 1, 1, 1);
        _tighten(BEN, 1, 1, 1);
        vm.warp(START + 1 days);
        _tighten(ANN, 1, 1, 1);
        vm.warp(START + 1 days + 99);
        vm.expectRevert(
            abi.encodeWithSelector(
                Breaker.TighteningsExceeded.selector, START + 1 days + 99, START + 1 days + 100
            )
        );
        _tighten(ANN, 1, 1, 1);
    }

    // ------------------------------------------------------------------ clearing

    function test_clear_waits() public {
        _tighten(ANN, 1, 3, 1 days);
        vm.expectEmit(address(breaker));
        emit Breaker.ClearProposed(1, uint40(START + CLEAR_DELAY));
        breaker.proposeClear(1);
        assertEq(breaker.clearReadyAt(1), START + CLEAR_DELAY);
        vm.warp(START + CLEAR_DELAY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGoverned.ProposalEarly.selector, START + CLEAR_DELAY - 1, START + CLEAR_DELAY
            )
        );
        breaker.applyClear(1);
        assertEq(breaker.level(1), 3);
        vm.warp(START + CLEAR_DELAY);
        vm.prank(EVE);
        breaker.applyClear(1);
        assertEq(breaker.level(1), 0);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        breaker.applyClear(1);
    }

    /// @dev A clearing proposed in advance does not touch what was tightened afterwards.
    function test_attack_clearProposedInAdvance() public {
        breaker.proposeClear(1);
        vm.warp(START + CLEAR_DELAY);
        _tighten(ANN, 1, 3, 1 days);
        vm.expectRevert(abi.encodeWithSelector(Breaker.EntryChanged.selector, 1));
        breaker.applyClear(1);
        assertEq(breaker.level(1), 3);
    }

    function test_clear_expiresAndCancels() public {
        breaker.proposeClear(0);
        uint256 end = START + CLEAR_DELAY + EXPIRY;
        vm.warp(end + 1);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ProposalExpired.selector, end + 1, end));
        breaker.applyClear(0);
        breaker.cancelClear(0);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        breaker.cancelClear(0);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        breaker.applyClear(0);
    }

    // ------------------------------------------------------------------ guardians

    function test_guardian_isAddedAfterDelay() public {
        breaker.proposeGuardian(EVE);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGoverned.ProposalEarly.selector, START, START + GUARDIAN_DELAY
            )
        );
        breaker.applyGuardian(EVE);
        vm.expectRevert(abi.encodeWithSelector(Breaker.NotGuardian.selector, EVE));
        _tighten(EVE, 1, 1, 600);
        vm.warp(START + GUARDIAN_DELAY);
        vm.prank(EVE);
        breaker.applyGuardian(EVE);
        assertEq(breaker.guardiansCount(), 3);
        _tighten(EVE, 1, 1, 600);
        vm.expectRevert(_guardianInvalid(EVE, 3));
        breaker.proposeGuardian(EVE);
    }

    function test_guardian_expires() public {
        breaker.proposeGuardian(EVE);
        uint256 end = START + GUARDIAN_DELAY + EXPIRY;
        vm.warp(end + 1);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ProposalExpired.selector, end + 1, end));
        breaker.applyGuardian(EVE);
    }

    function test_guardian_isRemovedAtOnce() public {
        _tighten(ANN, 1, 1, 600);
        breaker.removeGuardian(ANN);
        assertEq(breaker.guardiansCount(), 1);
        // What it set stays: removing guardians must not be a way to loosen.
        assertEq(breaker.level(1), 1);
        vm.expectRevert(abi.encodeWithSelector(Breaker.NotGuardian.selector, ANN));
        _tighten(ANN, 1, 2, 600);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        breaker.removeGuardian(ANN);
        breaker.proposeGuardian(EVE);
        breaker.removeGuardian(EVE);
        vm.warp(START + GUARDIAN_DELAY);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        breaker.applyGuardian(EVE);
    }

    function test_guardian_revertsIf_TooMany() public {
        for (uint160 i; i < 15; ++i) {
            breaker.proposeGuardian(address(100 + i));
        }
        vm.expectRevert(_guardianInvalid(address(0), 2));
        breaker.proposeGuardian(address(0));
        vm.warp(START + GUARDIAN_DELAY);
        for (uint160 i; i < 14; ++i) {
            breaker.applyGuardian(address(100 + i));
        }
        vm.expectRevert(_guardianInvalid(address(114), 16));
        breaker.applyGuardian(address(114));
    }

    /// @dev Every entrance of the governor, by anyone else, guardians included.
    function testFuzz_revertsIf_NotGovernor(address caller) public {
        vm.assume(caller != address(this));
        bytes[4] memory calls = [
            abi.encodeCall(Breaker.proposeClear, (1)),
            abi.encodeCall(Breaker.cancelClear, (1)),
            abi.encodeCall(Breaker.proposeGuardian, (caller)),
            abi.encodeCall(Breaker.removeGuardian, (ANN))
        ];
        for (uint256 i; i < calls.length; ++i) {
            for (uint256 j; j < 2; ++j) {
                address who = j == 0 ? caller : ANN;
                vm.prank(who);
                (bool ok, bytes memory why) = address(breaker).call(calls[i]);
                assertFalse(ok);
                assertEq(
                    why,
                    abi.encodeWithSelector(IGoverned.NotGovernor.selector, who, address(this))
                );
            }
        }
    }

    // ------------------------------------------------------------------ helpers

    function _breaker(uint256 hold, uint256 clear, uint256 guardian) internal returns (Breaker) {
        address[] memory guardians = new address[](2);
        (guardians[0], guardians[1]) = (ANN, BEN);
        return _deploy(guardians, Breaker.Limits(hold, clear, guardian));
    }

    function _deploy(address[] memory guardians, Breaker.Limits memory limits)
        internal
        returns (Breaker)
    {
        return Breaker(deploy("Breaker", abi.encode(this, guardians, limits)));
    }

    function _tighten(address who, uint16 scope, uint8 level, uint256 hold) internal {
        vm.prank(who);
        breaker.tighten(scope, level, hold);
    }

    function _tooLong(uint256 found, uint256 secondsMax) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Breaker.HoldTooLong.selector, found, secondsMax);
    }

    function _notHigher(uint8 found, uint8 inForce) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Breaker.LevelNotHigher.selector, found, inForce);
    }

    function _resting(uint256 time, uint256 restUntil) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Breaker.GuardianResting.selector, time, restUntil);
    }

    function _guardianInvalid(address found, uint256 count) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Breaker.GuardianInvalid.selector, found, count);
    }

    function _delay(uint256 found, uint256 required) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGoverned.DelayOutOfBounds.selector, found, required);
    }
}
