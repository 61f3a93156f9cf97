// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Parameters} from "../src/Parameters.sol";
import {Steward} from "../src/Steward.sol";
import {MarketParams, RiskTuple, VenueParams} from "../src/Types.sol";
import {StewardTerms} from "../src/interfaces/ISteward.sol";
import {Bounds} from "../src/libraries/Bounds.sol";
import {Markets} from "./support/Markets.sol";
import {StewardTest} from "./support/StewardTest.sol";

/// @notice A steward's terms, notices and decay to the second and to the unit.
contract StewardEdgesTest is StewardTest {
    /// @dev Puts a steward with such terms in front of parameters with such an anchor.
    function _restart(MarketParams memory p, StewardTerms memory t) private {
        MarketParams[] memory list = new MarketParams[](1);
        list[0] = p;
        VenueParams memory venue = VenueParams(address(0x5E9), 30, 60, 0);
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        bytes memory args = abi.encode(GOVERNOR, DELAY, venue, list, next);
        parameters = Parameters(deploy("Parameters", args));
        steward = Steward(deploy("Steward", abi.encode(parameters, OPERATOR, t)));
    }

    // ------------------------------------------------------------------ terms and bands

    /// @dev A steward may loosen as fast as it tightens, and not faster.
    function test_terms_loosenAsFastAsTighten() public {
        StewardTerms memory t = terms();
        (t.tightenPpm, t.loosenPpm) = (5_000, 5_000);
        Steward even = Steward(deploy("Steward", abi.encode(parameters, OPERATOR, t)));
        assertEq(even.terms().loosenPpm, 5_000);
    }

    /// @dev Where a hard bound is nearer than the terms, the band ends there; parts of a cap are
    /// rounded up.
    function test_band_endsAtTheHardBounds() public {
        StewardTerms memory t = terms();
        (t.initialMaxPpm, t.maintenanceMaxPpm) = (1_000_000, 2_000_000);
        t.capMinPpm = 857_143;
        MarketParams memory p = Markets.middling();
        (p.concentrationPpm, p.backstopLotsMax) = (400_000, 7);
        _restart(p, t);
        (, MarketParams memory tightest) = steward.band(0);
        assertEq(tightest.initialPpm, 50_000);
        // Twice thirty would be sixty; four fifths of fifty are forty.
        assertEq(tightest.maintenancePpm, 40_000);
        assertEq(tightest.concentrationPpm, 1_000_000);
        // 6.000001 of seven.
        assertEq(tightest.backstopLotsMax, 7);
    }

    // ------------------------------------------------------------------ notice

    /// @dev What was announced may come in the last second of its day, however lately the steward
    /// moved something else.
    function test_maintenance_inTheLastSecond() public {
        vm.prank(OPERATOR);
        steward.announce(0, 33_000);
        RiskTuple memory t = inForce();
        t.initialPpm = 55_000;
        vm.warp(START + 2 days - 10 minutes);
        move(t);
        vm.warp(START + 2 days);
        t.maintenancePpm = 33_000;
        move(t);
        assertEq(parameters.market(0).maintenancePpm, 33_000);
        assertEq(steward.course(0).noticePpm, 0);
        assertEq(steward.course(0).noticeReadyAt, 0);
    }

    /// @dev The mark stays as near to the index as what lies between the margins.
    function test_maintenance_narrowsTheClamp() public {
        MarketParams memory p = Markets.middling();
        p.markClampPpm = 20_000;
        _restart(p, terms());
        assertEq(parameters.market(0).markClampPpm, 20_000);
        vm.prank(OPERATOR);
        steward.announce(0, 33_000);
        later(1 days);
        RiskTuple memory t = inForce();
        t.maintenancePpm = 33_000;
        move(t);
        assertEq(parameters.market(0).markClampPpm, 17_000);
        // A steward without any rule of its own is told why.
        t.maintenancePpm = 60_000;
        vm.prank(address(steward));
        bytes4 reason = Bounds.ParameterOutOfBounds.selector;
        bytes32 field = "maintenancePpm";
        vm.expectRevert(abi.encodeWithSelector(reason, field, 60_000, 40_000));
        parameters.steer(0, t);
    }

    // ------------------------------------------------------------------ decay and anchors

    /// @dev Ten minutes at five percent an hour, each field by its own, rounded up.
    function test_decay_isAStep() public {
        move(tighterByAnHour(inForce()));
        later(6 hours + 10 minutes);
        steward.decay(0);
        RiskTuple memory t = inForce();
        assertEq(t.initialPpm, 54_541);
        assertEq(t.concentrationPpm, 218_166);
        assertEq(t.fundingRatePpmMax, 108_900);
        assertEq(t.openInterestMax, 907_500);
        assertEq(t.backstopLotsMax, 9_075);
    }

    /// @dev Of a step the least fraction is rounded up.
    function test_decay_roundsUp() public {
        MarketParams memory p = Markets.middling();
        // Times 50,003 ppm and 601 seconds it is one more than a multiple of an hour's parts.
        uint40 low = 1_920_336_467;
        p.openInterestMax = low + low / 20;
        StewardTerms memory t = terms();
        t.decayPpm = 50_003;
        _restart(p, t);
        RiskTuple memory tuple = inForce();
        tuple.openInterestMax = low;
        move(tuple);
        later(6 hours + 601);
        steward.decay(0);
        uint256 exact = uint256(low) * 50_003 * 601;
        assertEq(exact % 3_600_000_000, 1);
        assertEq(inForce().openInterestMax, low + exact / 3_600_000_000 + 1);
    }

    /// @dev Governance tightens past the steward in one field, and not in the others.
    function test_anchor_tightensPastTheSteward() public {
        move(tighterByAnHour(inForce()));
        MarketParams memory p = parameters.anchor(0);
        (p.initialPpm, p.openInterestMax) = (60_000, 950_000);
        vm.prank(GOVERNOR);
        assertTrue(parameters.proposeMarket(0, p));
        assertEq(inForce().initialPpm, 60_000);
        assertEq(inForce().openInterestMax, 900_000);
    }
}
