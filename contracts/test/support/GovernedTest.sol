// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Breaker} from "../../src/Breaker.sol";
import {Guardians} from "../../src/Guardians.sol";
import {Parameters} from "../../src/Parameters.sol";
import {MarketParams, VenueParams} from "../../src/Types.sol";
import {Council} from "../../src/governance/Council.sol";
import {VenueAccess} from "../../src/governance/VenueAccess.sol";
import {VenueGovernor} from "../../src/governance/VenueGovernor.sol";
import {Base} from "../Base.sol";
import {Around} from "./Doubles.sol";
import {Markets} from "./Markets.sol";

/// @notice Parameters and breaker under five seats; three guardians; votes last a day, what
/// loosens waits two.
abstract contract GovernedTest is Base {
    uint256 internal constant START = 1_800_000_000;
    uint48 internal constant VOTING_DELAY = 1 hours;
    uint32 internal constant VOTING_PERIOD = 1 days;
    uint32 internal constant LOOSEN = 2 days;
    uint256 internal constant SHADOW = 7 days;
    uint256 internal constant SHADOW_QUOTE = 10_000e6;
    uint256 internal constant DELAY = 1 days;

    /// @notice A proposal that is on its way.
    struct Draft {
        address[] targets;
        uint256[] values;
        bytes[] calls;
        string text;
        uint256 id;
    }

    Around internal around;
    Parameters internal parameters;
    Breaker internal breaker;
    VenueAccess internal access;
    VenueGovernor internal governor;
    address internal votes;
    address[] internal seats;
    address[] internal guardians;

    function setUp() public virtual {
        vm.warp(START);
        around = new Around();
        for (uint160 i = 1; i <= 5; ++i) seats.push(address(0x5EA0 + i));
        for (uint160 i = 1; i <= 3; ++i) guardians.push(address(0x6A0 + i));
        MarketParams[] memory markets = new MarketParams[](1);
        markets[0] = Markets.middling();
        VenueParams memory venue = VenueParams(address(0x5E9), 30, 60, 0);
        bytes memory args = abi.encode(address(this), DELAY, venue, markets, address(0));
        parameters = Parameters(deploy("Parameters", args));
        Guardians.Limits memory limits = Guardians.Limits(1 days, 1 hours, DELAY, 1 days, 2, 0);
        breaker = Breaker(deploy("Breaker", abi.encode(parameters, guardians, limits)));
        deployGovernance();
        parameters.proposeGovernor(address(access));
        skip(DELAY);
        access.takeOver();
    }

    // The queue of forced requests, as the access manager asks it.

    function deadlineSeconds() external pure returns (uint40) {
        return 900;
    }

    function graceSeconds() external pure returns (uint40) {
        return 21_600;
    }

    function terms() internal pure virtual returns (VenueGovernor.Terms memory) {
        return VenueGovernor.Terms(VOTING_DELAY, VOTING_PERIOD, 1, 3, 500_000);
    }

    function deployVotes(address owner) internal virtual returns (address) {
        return deploy("Council", abi.encode(owner, seats));
    }

    function deployGovernance() internal {
        uint256 nonce = vm.getNonce(address(this));
        address at = vm.computeCreateAddress(address(this), nonce + 2);
        votes = deployVotes(at);
        governor = deployGovernor(at, terms());
        access = VenueAccess(deployAccess(LOOSEN));
        assertEq(address(access), at);
    }

    function deployGovernor(address manager, VenueGovernor.Terms memory t)
        internal
        returns (VenueGovernor)
    {
        bytes memory args = abi.encode(votes, manager, breaker, t);
        return VenueGovernor(payable(deploy("VenueGovernor", args)));
    }

    function deployAccess(uint32 loosen) internal returns (address) {
        return deployAccess(loosen, SHADOW);
    }

    function deployAccess(uint32 loosen, uint256 shadow) internal returns (address) {
        VenueAccess.Tightening[] memory list = new VenueAccess.Tightening[](2);
        bytes4[] memory some = new bytes4[](2);
        (some[0], some[1]) = (Guardians.removeGuardian.selector, Breaker.cancelClear.selector);
        list[0] = VenueAccess.Tightening(address(breaker), some);
        bytes4[] memory more = new bytes4[](3);
        (more[0], more[1]) = (Parameters.cancelMarket.selector, Parameters.cancelVenue.selector);
        more[2] = Parameters.cancelGovernor.selector;
        list[1] = VenueAccess.Tightening(address(parameters), more);
        VenueAccess.Listing memory listing = VenueAccess.Listing(shadow, SHADOW_QUOTE);
        return deploy(
            "VenueAccess",
            abi.encode(governor, parameters, around, address(this), loosen, listing, list)
        );
    }

    // ------------------------------------------------------------------ the life of a proposal

    function draft(address target, bytes memory data) internal pure returns (Draft memory d) {
        (d.targets, d.values, d.calls) = (new address[](1), new uint256[](1), new bytes[](1));
        (d.targets[0], d.calls[0], d.text) = (target, data, "why");
    }

    function add(Draft memory d, address target, bytes memory data)
        internal
        pure
        returns (Draft memory more)
    {
        uint256 count = d.targets.length;
        more.targets = new address[](count + 1);
        (more.values, more.calls) = (new uint256[](count + 1), new bytes[](count + 1));
        for (uint256 i; i < count; ++i) {
            (more.targets[i], more.calls[i]) = (d.targets[i], d.calls[i]);
        }
        (more.targets[count], more.calls[count], more.text) = (target, data, d.text);
    }

    function propose(Draft memory d) internal {
        vm.prank(seats[0]);
        d.id = governor.propose(d.targets, d.values, d.calls, d.text);
    }

    function vote(Draft memory d, uint256 count) internal {
        skip(VOTING_DELAY + 1);
        for (uint256 i; i < count; ++i) {
            vm.prank(seats[i]);
            governor.castVote(d.id, 1);
        }
        skip(VOTING_PERIOD);
    }

    function queue(Draft memory d) internal {
        governor.queue(d.targets, d.values, d.calls, keccak256(bytes(d.text)));
    }

    function execute(Draft memory d) internal {
        governor.execute(d.targets, d.values, d.calls, keccak256(bytes(d.text)));
    }

    function veto(Draft memory d, uint256 guardian) internal {
        vm.prank(guardians[guardian]);
        governor.veto(d.targets, d.values, d.calls, keccak256(bytes(d.text)));
    }

    /// @notice Proposed, voted for by all, queued and due.
    function won(address target, bytes memory data) internal returns (Draft memory d) {
        d = draft(target, data);
        propose(d);
        vote(d, 5);
        queue(d);
        skip(LOOSEN);
    }

    function assertState(Draft memory d, IGovernor.ProposalState state) internal view {
        assertEq(uint256(governor.state(d.id)), uint256(state));
    }

    function looser() internal pure returns (MarketParams memory p) {
        p = Markets.middling();
        p.bandPpm += 1;
    }

    function proposeLooser() internal pure returns (bytes memory) {
        return abi.encodeCall(Parameters.proposeMarket, (0, looser()));
    }

    function skip(uint256 time) internal {
        vm.warp(vm.getBlockTimestamp() + time);
    }
}
