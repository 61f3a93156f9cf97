// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Parameters} from "../src/Parameters.sol";
import {MarketParams, RiskTuple} from "../src/Types.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {ISteered} from "../src/interfaces/ISteered.sol";
import {ISteward as I, StewardTerms} from "../src/interfaces/ISteward.sol";
import {StewardTest} from "./support/StewardTest.sol";

/// @notice What a steward is given, and how governance stands beside it.
contract StewardGovernedTest is StewardTest {
    // ------------------------------------------------------------------ terms

    function test_terms_areBounded() public {
        _badTerm("initialMaxPpm", 0, 999_999, 5_000_001);
        _badTerm("maintenanceMaxPpm", 1, 999_999, 2_000_001);
        _badTerm("concentrationMaxPpm", 2, 999_999, 5_000_001);
        _badTerm("capMinPpm", 3, 99_999, 1_000_001);
        _badTerm("tightenPpm", 4, 0, 250_001);
        _badTerm("loosenPpm", 5, 0, 50_001);
        _badTerm("decayPpm", 6, 4_999, 250_001);
        _badTerm("moveSeconds", 7, 59, 3_601);
        _badTerm("holdSeconds", 8, 3_599, 604_801);
        _badTerm("noticeSeconds", 9, 86_399, 2_592_001);
        _badTerm("inputAgeSeconds", 10, 29, 3_601);
        StewardTerms memory t = terms();
        (t.tightenPpm, t.loosenPpm) = (5_000, 5_001);
        vm.expectRevert(_termError("loosenPpm", 5_001));
        deploy("Steward", abi.encode(parameters, OPERATOR, t));
        vm.expectRevert(abi.encodeWithSelector(I.NotOperator.selector, address(0), address(0)));
        deploy("Steward", abi.encode(parameters, address(0), terms()));
        assertEq(keccak256(abi.encode(steward.terms())), keccak256(abi.encode(terms())));
        assertEq(steward.operator(), OPERATOR);
    }

    function test_band_namesBothEnds() public view {
        (MarketParams memory loosest, MarketParams memory tightest) = steward.band(0);
        assertEq(keccak256(abi.encode(loosest)), keccak256(abi.encode(parameters.anchor(0))));
        assertEq(tightest.initialPpm, 150_000);
        assertEq(tightest.maintenancePpm, 45_000);
        assertEq(tightest.concentrationPpm, 600_000);
        assertEq(tightest.fundingRatePpmMax, 30_000);
        assertEq(tightest.openInterestMax, 250_000);
        assertEq(tightest.backstopLotsMax, 2_500);
    }

    // ------------------------------------------------------------------ governance

    function test_dismissSteward_atOnce_andAnyoneRestores() public {
        move(tighterByAnHour(inForce()));
        vm.expectRevert(abi.encodeWithSelector(ISteered.StewardPresent.selector, steward));
        parameters.restoreMarket(0);
        vm.expectEmit(address(parameters));
        emit ISteered.StewardChanged(address(0));
        vm.recordLogs();
        vm.prank(GOVERNOR);
        parameters.dismissSteward();
        // Nobody waited, so that nobody is dropped.
        assertEq(vm.getRecordedLogs().length, 1);
        later(1 hours);
        bytes4 error = ISteered.NotSteward.selector;
        refused(inForce(), abi.encodeWithSelector(error, steward, address(0)));
        parameters.restoreMarket(0);
        assertAnchor();
        uint256 last = uint256(parameters.marketsCount()) - 1;
        uint8 none = uint8(last + 1);
        vm.expectRevert(abi.encodeWithSelector(Parameters.MarketIdInvalid.selector, none, last));
        parameters.restoreMarket(none);
    }

    function test_steward_isAppointedAfterTheDelay() public {
        vm.startPrank(GOVERNOR);
        vm.expectRevert(ISteered.StewardZero.selector);
        parameters.proposeSteward(address(0));
        vm.expectEmit(address(parameters));
        emit ISteered.StewardProposed(address(0x7), uint40(START + DELAY));
        parameters.proposeSteward(address(0x7));
        vm.stopPrank();
        vm.warp(START + DELAY - 1);
        bytes4 early = IGoverned.ProposalEarly.selector;
        vm.expectRevert(abi.encodeWithSelector(early, START + DELAY - 1, START + DELAY));
        parameters.appointSteward();
        vm.warp(START + DELAY);
        parameters.appointSteward();
        assertEq(parameters.steward(), address(0x7));
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        parameters.appointSteward();
    }

    function test_pendingSteward_isDropped() public {
        vm.startPrank(GOVERNOR);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        parameters.cancelSteward();
        parameters.proposeSteward(address(0x7));
        vm.expectEmit(address(parameters));
        emit ISteered.StewardCancelled(address(0x7));
        parameters.cancelSteward();
        parameters.proposeSteward(address(0x7));
        parameters.dismissSteward();
        vm.warp(START + DELAY);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        parameters.appointSteward();
        vm.stopPrank();
        assertEq(parameters.steward(), address(0));
    }

    /// @dev Governance tightens at once beside a steward, and neither loosens the other.
    function test_anchor_tightensBesideTheSteward() public {
        move(tighterByAnHour(inForce()));
        MarketParams memory p = parameters.anchor(0);
        (p.initialPpm, p.takerFeePpm, p.openInterestMax) = (52_000, 400, 800_000);
        vm.prank(GOVERNOR);
        assertTrue(parameters.proposeMarket(0, p));
        assertEq(parameters.anchor(0).initialPpm, 52_000);
        MarketParams memory now_ = parameters.market(0);
        assertEq(now_.initialPpm, 55_000);
        assertEq(now_.takerFeePpm, 400);
        assertEq(now_.openInterestMax, 800_000);
        assertEq(now_.concentrationPpm, 220_000);
    }

    /// @dev A loosening that has waited does not undo the steward: it stays until it decays.
    function test_attack_applyLooseningInTheCrash() public {
        MarketParams memory p = parameters.anchor(0);
        (p.initialPpm, p.openInterestMax, p.markClampPpm) = (40_000, 2_000_000, 10_000);
        vm.prank(GOVERNOR);
        assertFalse(parameters.proposeMarket(0, p));
        later(DELAY);
        move(tighterByAnHour(inForce()));
        parameters.applyMarket(0);
        assertEq(parameters.market(0).initialPpm, 55_000);
        assertEq(parameters.market(0).openInterestMax, 900_000);
        assertEq(parameters.market(0).markClampPpm, 10_000);
        later(30 days);
        steward.decay(0);
        assertAnchor();
        assertEq(parameters.market(0).initialPpm, 40_000);
    }

    function _badTerm(bytes32 term, uint256 index, uint24 low, uint24 high) private {
        uint24[2] memory values = [low, high];
        for (uint256 i; i < 2; ++i) {
            bytes memory encoded = abi.encode(terms());
            uint256 value = values[i];
            assembly ("memory-safe") {
                mstore(add(encoded, add(32, mul(index, 32))), value)
            }
            vm.expectRevert(_termError(term, value));
            deploy("Steward", abi.encodePacked(abi.encode(parameters, OPERATOR), encoded));
        }
    }

    /// @dev The bound that follows the term and the value found.
    function _termError(bytes32 term, uint256 found) private pure returns (bytes memory) {
        uint256 required = _required(term, found);
        return abi.encodeWithSelector(I.TermOutOfBounds.selector, term, found, required);
    }

    function _required(bytes32 term, uint256 found) private pure returns (uint256) {
        if (term == "loosenPpm" && found == 5_001) return 5_000;
        if (term == "capMinPpm" && found == 99_999) return 100_000;
        if (found == 0) return 1;
        if (found == 999_999 || found == 1_000_001) return 1_000_000;
        if (found == 4_999 || found == 59 || found == 3_599 || found == 86_399 || found == 29) {
            return found + 1;
        }
        return found - 1;
    }
}
