// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Parameters} from "../../src/Parameters.sol";
import {Steward} from "../../src/Steward.sol";
import {MarketParams, RiskTuple, VenueParams} from "../../src/Types.sol";
import {StewardMove, StewardTerms} from "../../src/interfaces/ISteward.sol";
import {Base} from "../Base.sol";
import {Markets} from "./Markets.sol";

/// @notice A steward in front of parameters with two markets, and the making of its moves.
abstract contract StewardTest is Base {
    uint256 internal constant START = 1_900_000_000;
    uint256 internal constant DELAY = 2 days;
    address internal constant GOVERNOR = address(0x60);
    address internal constant OPERATOR = address(0x0b);

    Parameters internal parameters;
    Steward internal steward;

    function setUp() public virtual {
        vm.warp(START);
        MarketParams[] memory markets = new MarketParams[](2);
        (markets[0], markets[1]) = (Markets.middling(), Markets.middling());
        VenueParams memory venue = VenueParams(address(0x5E9), 30, 60, 0);
        address at = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        bytes memory args = abi.encode(GOVERNOR, DELAY, venue, markets, at);
        parameters = Parameters(deploy("Parameters", args));
        steward = Steward(deploy("Steward", abi.encode(parameters, OPERATOR, terms())));
    }

    /// @notice Three times the margin, 1.5 times the maintenance, a quarter of the caps; 10 % and
    /// half a percent an hour, back by 5 %.
    function terms() internal pure returns (StewardTerms memory) {
        return StewardTerms({
            initialMaxPpm: 3_000_000,
            maintenanceMaxPpm: 1_500_000,
            concentrationMaxPpm: 3_000_000,
            capMinPpm: 250_000,
            tightenPpm: 100_000,
            loosenPpm: 5_000,
            decayPpm: 50_000,
            moveSeconds: 10 minutes,
            holdSeconds: 6 hours,
            noticeSeconds: 1 days,
            inputAgeSeconds: 5 minutes
        });
    }

    function inForce() internal view returns (RiskTuple memory) {
        MarketParams memory p = parameters.market(0);
        return RiskTuple(
            p.initialPpm,
            p.maintenancePpm,
            p.concentrationPpm,
            p.fundingRatePpmMax,
            p.openInterestMax,
            p.backstopLotsMax
        );
    }

    function input(RiskTuple memory tuple) internal view returns (StewardMove memory) {
        return StewardMove(0, tuple, "model", "root", uint40(block.timestamp));
    }

    function move(RiskTuple memory tuple) internal {
        vm.prank(OPERATOR);
        steward.move(input(tuple));
    }

    function refused(RiskTuple memory tuple, bytes memory error) internal {
        vm.prank(OPERATOR);
        vm.expectRevert(error);
        steward.move(input(tuple));
    }

    function assertAnchor() internal view {
        bytes32 found = keccak256(abi.encode(parameters.market(0)));
        assertEq(found, keccak256(abi.encode(parameters.anchor(0))));
    }

    function later(uint256 time) internal {
        vm.warp(block.timestamp + time);
    }

    /// @notice The tightest tuple that one move leads to after an hour, maintenance margin aside.
    function tighterByAnHour(RiskTuple memory t) internal pure returns (RiskTuple memory) {
        t.initialPpm = _up(t.initialPpm, 150_000);
        t.concentrationPpm = _up(t.concentrationPpm, 600_000);
        t.fundingRatePpmMax = uint24(_down(t.fundingRatePpmMax, 30_000));
        t.openInterestMax = uint40(_down(t.openInterestMax, 250_000));
        t.backstopLotsMax = uint40(_down(t.backstopLotsMax, 2_500));
        return t;
    }

    function _up(uint256 value, uint256 max) private pure returns (uint24) {
        value += (value + 9) / 10;
        return uint24(value > max ? max : value);
    }

    function _down(uint256 value, uint256 min) private pure returns (uint256) {
        value -= (value + 9) / 10;
        return value < min ? min : value;
    }
}
