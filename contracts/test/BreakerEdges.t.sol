// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breaker} from "../src/Breaker.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {Base} from "./Base.sol";

/// @notice What a change of one place of the breaker would break and nothing else shows.
contract BreakerEdgesTest is Base, IGoverned {
    uint256 internal constant START = 1_800_000_000;
    address internal constant ANN = address(0xA);
    address internal constant BEN = address(0xB);
    address internal constant EVE = address(0xE);

    function governor() external view override returns (address) {
        return address(this);
    }

    function setUp() public {
        vm.warp(START);
    }

    function test_constructor_takesItsBounds() public {
        assertEq(_breaker(1, 15 minutes, 1 days).clearDelaySeconds(), 15 minutes);
        assertEq(_breaker(1 days, 30 days, 30 days).clearDelaySeconds(), 30 days);
    }

    /// @dev What was applied is not pending any more: a guardian who was removed stays so.
    function test_attack_removedGuardianIsAddedAgain() public {
        Breaker breaker = _breaker(1 days, 15 minutes, 1 days);
        breaker.proposeGuardian(EVE);
        vm.warp(START + 1 days);
        breaker.applyGuardian(EVE);
        assertEq(breaker.guardianReadyAt(EVE), 0);
        breaker.removeGuardian(EVE);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        breaker.applyGuardian(EVE);
    }

    /// @dev Law L16 looks at the expiry of the level that is raised, not of one below: any level
    /// goes on top of any lower one that lasts longer.
    function test_tighten_raisesForLessThanTheLevelBelow() public {
        for (uint8 low = 1; low < 3; ++low) {
            for (uint8 high = low + 1; high <= 3; ++high) {
                Breaker breaker = _breaker(1 days, 15 minutes, 1 days);
                vm.prank(ANN);
                breaker.tighten(1, low, 1 days);
                vm.prank(BEN);
                breaker.tighten(1, high, 1);
                assertEq(breaker.level(1), high);
                vm.warp(vm.getBlockTimestamp() + 1);
                assertEq(breaker.level(1), low);
            }
        }
    }

    /// @dev A short tightening elsewhere would else end the episode, and with it the rest after it.
    function test_attack_episodeIsShortened() public {
        Breaker breaker = _breaker(1 days, 15 minutes, 1 days);
        vm.startPrank(ANN);
        breaker.tighten(1, 1, 1 days);
        breaker.tighten(2, 1, 1);
        (uint40 since, uint40 until) = breaker.hold(ANN);
        assertEq(since, START);
        assertEq(until, START + 1 days);
    }

    function _breaker(uint256 hold, uint256 clear, uint256 guardian) internal returns (Breaker) {
        address[] memory guardians = new address[](2);
        (guardians[0], guardians[1]) = (ANN, BEN);
        Breaker.Limits memory limits = Breaker.Limits(hold, clear, guardian);
        return Breaker(deploy("Breaker", abi.encode(this, guardians, limits)));
    }
}
