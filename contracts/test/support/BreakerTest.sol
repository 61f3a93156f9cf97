// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breaker} from "../../src/Breaker.sol";
import {Guardians} from "../../src/Guardians.sol";
import {IGoverned} from "../../src/interfaces/IGoverned.sol";
import {ITightening} from "../../src/interfaces/ITightening.sol";
import {Base} from "../Base.sol";

/// @notice A breaker with three guardians, of whom two are a quorum. The test governs.
abstract contract BreakerTest is Base, IGoverned {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant HOLD = 6 hours;
    uint256 internal constant HALT = 12 hours;
    uint256 internal constant CLEAR_DELAY = 30 minutes;
    uint256 internal constant GUARDIAN_DELAY = 2 days;
    uint256 internal constant SILENCE = 10 minutes;
    uint256 internal constant EXPIRY = 7 days;
    uint16 internal constant WITHDRAWALS = 257;
    uint16 internal constant ACCOUNTS = 258;
    address internal constant ANN = address(0xA);
    address internal constant BEN = address(0xB);
    address internal constant CAT = address(0xC);
    address internal constant EVE = address(0xE);

    Breaker internal breaker;

    function governor() external view override returns (address) {
        return address(this);
    }

    function setUp() public virtual {
        vm.warp(START);
        breaker = _deploy(_three(), _limits());
    }

    function _limits() internal pure returns (Guardians.Limits memory) {
        return Guardians.Limits(HOLD, CLEAR_DELAY, GUARDIAN_DELAY, HALT, 2, SILENCE);
    }

    function _three() internal pure returns (address[] memory list) {
        list = new address[](3);
        (list[0], list[1], list[2]) = (ANN, BEN, CAT);
    }

    function _deploy(address[] memory list, Guardians.Limits memory limits)
        internal
        returns (Breaker)
    {
        return Breaker(deploy("Breaker", abi.encode(this, list, limits)));
    }

    function _evidence() internal view returns (ITightening.Evidence memory) {
        int256[] memory values = new int256[](2);
        (values[0], values[1]) = (1_000, -999);
        return ITightening.Evidence("L01", uint64(block.number), values);
    }

    function _tighten(address who, uint16 scope, uint8 level, uint256 hold)
        internal
        returns (bool)
    {
        ITightening.Evidence memory evidence = _evidence();
        vm.prank(who);
        return breaker.tighten(scope, level, hold, evidence);
    }

    /// @notice Ann and Ben vote.
    function _together(uint16 scope, uint8 level, uint256 hold) internal {
        assertFalse(_tighten(ANN, scope, level, hold));
        assertTrue(_tighten(BEN, scope, level, hold));
    }

    function _refused(address who, uint16 scope, uint8 level, uint256 hold, bytes memory why)
        internal
    {
        ITightening.Evidence memory evidence = _evidence();
        vm.expectRevert(why);
        vm.prank(who);
        breaker.tighten(scope, level, hold, evidence);
    }

    function _tooLong(uint256 found, uint256 secondsMax) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Guardians.HoldTooLong.selector, found, secondsMax);
    }

    function _notHigher(uint8 found, uint8 inForce) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Breaker.LevelNotHigher.selector, found, inForce);
    }

    function _resting(uint256 time, uint256 restUntil) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Guardians.GuardianResting.selector, time, restUntil);
    }

    function _exceeded(uint256 time, uint256 nextAt) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Guardians.TighteningsExceeded.selector, time, nextAt);
    }

    function _invalid(address found, uint256 count) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Guardians.GuardianInvalid.selector, found, count);
    }

    function _delay(uint256 found, uint256 required) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGoverned.DelayOutOfBounds.selector, found, required);
    }
}
