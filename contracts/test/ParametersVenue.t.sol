// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Parameters} from "../src/Parameters.sol";
import {MarketParams, VenueParams} from "../src/Types.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {Bounds} from "../src/libraries/Bounds.sol";
import {Base} from "./Base.sol";
import {Markets} from "./support/Markets.sol";

/// @notice Parameters of the venue, the governor, and who may call what.
contract ParametersVenueTest is Base {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant DELAY = 2 days;
    uint256 internal constant EXPIRY = 7 days;
    address internal constant GOVERNOR = address(0x60);
    address internal constant SEQUENCER = address(0x5E9);

    Parameters internal parameters;

    function setUp() public {
        vm.warp(START);
        MarketParams[] memory markets = new MarketParams[](2);
        (markets[0], markets[1]) = (_market(), _market());
        bytes memory args = abi.encode(GOVERNOR, DELAY, _venue(), markets, address(0));
        parameters = Parameters(deploy("Parameters", args));
    }

    // ------------------------------------------------------------------ venue

    function test_venue_tightensAtOnce() public {
        VenueParams memory v = VenueParams(address(0), 29, 59, 0);
        VenueParams memory loose = VenueParams(address(0xE71), 30, 60, 0);
        vm.startPrank(GOVERNOR);
        assertFalse(parameters.proposeVenue(loose));
        vm.expectEmit(address(parameters));
        emit Parameters.VenueCancelled();
        assertTrue(parameters.proposeVenue(v));
        vm.stopPrank();
        assertEq(parameters.venue().sequencer, address(0));
        vm.warp(START + DELAY);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        parameters.applyVenue();
    }

    function test_venue_loosensAfterDelay() public {
        VenueParams[3] memory all = [
            VenueParams(address(0xE71), 30, 60, 0),
            VenueParams(SEQUENCER, 31, 60, 0),
            VenueParams(SEQUENCER, 30, 61, 0)
        ];
        for (uint256 i; i < 3; ++i) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(GOVERNOR);
            assertFalse(parameters.proposeVenue(all[i]));
            vm.expectRevert(_early(START, START + DELAY));
            parameters.applyVenue();
            vm.warp(START + DELAY);
            parameters.applyVenue();
            VenueParams memory got = parameters.venue();
            assertEq(keccak256(abi.encode(got)), keccak256(abi.encode(all[i])));
            (, uint40 readyAt) = parameters.pendingVenue();
            assertEq(readyAt, 0);
            vm.revertToState(snapshot);
        }
    }

    function test_venue_revertsIf_OutOfBounds() public {
        vm.startPrank(GOVERNOR);
        vm.expectRevert(_outOfBounds("quietSeconds", 0, 1));
        parameters.proposeVenue(VenueParams(SEQUENCER, 0, 60, 0));
        vm.expectRevert(_outOfBounds("quietSeconds", 7_201, 7_200));
        parameters.proposeVenue(VenueParams(SEQUENCER, 7_201, 60, 0));
        vm.expectRevert(_outOfBounds("reportSkewSecondsMax", 1, 2));
        parameters.proposeVenue(VenueParams(SEQUENCER, 30, 1, 0));
        vm.expectRevert(_outOfBounds("reportSkewSecondsMax", 7_201, 7_200));
        parameters.proposeVenue(VenueParams(SEQUENCER, 30, 7_201, 0));
    }

    function test_venue_expiresAndCancels() public {
        vm.startPrank(GOVERNOR);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        parameters.cancelVenue();
        parameters.proposeVenue(VenueParams(SEQUENCER, 31, 60, 0));
        uint256 end = START + DELAY + EXPIRY;
        vm.warp(end + 1);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ProposalExpired.selector, end + 1, end));
        parameters.applyVenue();
        parameters.cancelVenue();
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        parameters.applyVenue();
    }

    // ------------------------------------------------------------------ governor

    function test_governor_changesInTwoSteps() public {
        vm.prank(GOVERNOR);
        parameters.proposeGovernor(address(0x61));
        vm.prank(address(0x61));
        vm.expectRevert(_early(START, START + DELAY));
        parameters.acceptGovernor();
        vm.warp(START + DELAY);
        vm.expectRevert(_notGovernor(address(this), address(0x61)));
        parameters.acceptGovernor();
        vm.prank(address(0x61));
        parameters.acceptGovernor();
        assertEq(parameters.governor(), address(0x61));
        vm.prank(GOVERNOR);
        vm.expectRevert(_notGovernor(GOVERNOR, address(0x61)));
        parameters.proposeGovernor(GOVERNOR);
    }

    function test_governor_cancelsAndRefusesZero() public {
        vm.startPrank(GOVERNOR);
        vm.expectRevert(Parameters.GovernorZero.selector);
        parameters.proposeGovernor(address(0));
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        parameters.cancelGovernor();
        parameters.proposeGovernor(address(0x61));
        parameters.cancelGovernor();
        vm.stopPrank();
        vm.warp(START + DELAY);
        vm.prank(address(0x61));
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        parameters.acceptGovernor();
    }

    /// @dev Every entrance of the governor, by anyone else.
    function testFuzz_revertsIf_NotGovernor(address caller) public {
        vm.assume(caller != GOVERNOR);
        bytes[10] memory calls = [
            abi.encodeCall(Parameters.proposeMarket, (0, _market())),
            abi.encodeCall(Parameters.cancelMarket, (0)),
            abi.encodeCall(Parameters.proposeVenue, (_venue())),
            abi.encodeCall(Parameters.cancelVenue, ()),
            abi.encodeCall(Parameters.proposeGovernor, (caller)),
            abi.encodeCall(Parameters.cancelGovernor, ()),
            abi.encodeCall(Parameters.proposeSteward, (address(1))),
            abi.encodeCall(Parameters.cancelSteward, ()),
            abi.encodeCall(Parameters.dismissSteward, ()),
            abi.encodeCall(Parameters.proposeMarket, (2, _market()))
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(caller);
            (bool ok, bytes memory why) = address(parameters).call(calls[i]);
            assertFalse(ok);
            assertEq(why, _notGovernor(caller, GOVERNOR));
        }
    }

    // ------------------------------------------------------------------ helpers

    function _market() internal pure returns (MarketParams memory) {
        return Markets.middling();
    }

    function _venue() internal pure returns (VenueParams memory) {
        return VenueParams(SEQUENCER, 30, 60, 0);
    }

    function _outOfBounds(bytes32 field, uint256 found, uint256 required)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            Bounds.ParameterOutOfBounds.selector, field, found, required
        );
    }

    function _early(uint256 time, uint256 timeMin) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGoverned.ProposalEarly.selector, time, timeMin);
    }

    function _notGovernor(address found, address required) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGoverned.NotGovernor.selector, found, required);
    }
}
