// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {GovernorTimelockAccess} from
    "@openzeppelin/contracts/governance/extensions/GovernorTimelockAccess.sol";
import {Guardians} from "../src/Guardians.sol";
import {Parameters} from "../src/Parameters.sol";
import {MarketParams} from "../src/Types.sol";
import {Council} from "../src/governance/Council.sol";
import {VenueAccess} from "../src/governance/VenueAccess.sol";
import {VenueGovernor} from "../src/governance/VenueGovernor.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {GovernedTest} from "./support/GovernedTest.sol";
import {Markets} from "./support/Markets.sol";

/// @notice What governance does, how long it takes, and what it refuses.
contract GovernanceTest is GovernedTest {
    address internal constant NEW = address(0x9E3);

    // ------------------------------------------------------------------ delays

    function test_loosening_waitsForItsDelay_andThenForTheVenues() public {
        Draft memory d = draft(address(parameters), proposeLooser());
        propose(d);
        vote(d, 3);
        queue(d);
        skip(LOOSEN - 1);
        vm.expectPartialRevert(GovernorTimelockAccess.GovernorUnmetDelay.selector);
        execute(d);
        skip(1);
        execute(d);
        assertEq(parameters.market(0).bandPpm, Markets.middling().bandPpm);
        skip(DELAY);
        parameters.applyMarket(0);
        assertEq(parameters.market(0).bandPpm, looser().bandPpm);
    }

    function test_tightening_waitsForNothing() public {
        bytes memory remove = abi.encodeCall(Guardians.removeGuardian, (guardians[0]));
        Draft memory d = draft(address(breaker), remove);
        propose(d);
        vote(d, 3);
        execute(d);
        assertEq(breaker.guardiansCount(), 2);
    }

    function test_access_revertsIf_delayIsNotLongerThanAnExit() public {
        uint32 tooShort = 1 days - 1;
        vm.expectRevert(
            abi.encodeWithSelector(IGoverned.DelayOutOfBounds.selector, tooShort, 1 days)
        );
        deployAccess(tooShort);
        // A venue whose exit takes a day: a delay of a day is not enough, one second more is.
        vm.mockCall(
            address(this), abi.encodeCall(this.graceSeconds, ()), abi.encode(1 days - 900)
        );
        vm.expectRevert(
            abi.encodeWithSelector(IGoverned.DelayOutOfBounds.selector, 1 days, 1 days + 1)
        );
        deployAccess(1 days);
        deployAccess(1 days + 1);
    }

    function test_governor_revertsIf_termsAreOutOfBounds() public {
        VenueGovernor.Terms memory bad = terms();
        bad.votingPeriodSeconds = 1 hours - 1;
        _refuseTerms(bad, 1 hours - 1, 1 hours);
        bad = terms();
        bad.quorumFloor = 0;
        _refuseTerms(bad, 0, 1);
        bad = terms();
        bad.votingDelaySeconds = 0;
        _refuseTerms(bad, 0, 1);
        bad = terms();
        bad.threshold = 0;
        _refuseTerms(bad, 0, 1);
        bad = terms();
        bad.quorumPpm = 1_000_001;
        _refuseTerms(bad, 1_000_001, 1_000_000);
    }

    function test_takeOver_revertsIf_nobodyProposedIt() public {
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        access.takeOver();
    }

    // ------------------------------------------------------------------ the role map

    function test_role_revertsIf_anAdminHadLessDelay() public {
        bytes memory grant =
            abi.encodeCall(IAccessManager.grantRole, (access.ADMIN_ROLE(), NEW, LOOSEN - 1));
        Draft memory d = won(address(access), grant);
        vm.expectRevert(
            abi.encodeWithSelector(IGoverned.DelayOutOfBounds.selector, LOOSEN - 1, LOOSEN)
        );
        execute(d);
        grant = abi.encodeCall(IAccessManager.grantRole, (access.ADMIN_ROLE(), NEW, LOOSEN));
        execute(won(address(access), grant));
        (bool isAdmin, uint32 delay) = access.hasRole(access.ADMIN_ROLE(), NEW);
        assertTrue(isAdmin);
        assertEq(delay, LOOSEN);
    }

    function test_function_neverLosesItsDelay() public {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = Parameters.proposeMarket.selector;
        uint64[2] memory roles = [access.TIGHTEN_ROLE(), access.PUBLIC_ROLE()];
        for (uint256 i; i < roles.length; ++i) {
            bytes memory data = abi.encodeCall(
                IAccessManager.setTargetFunctionRole, (address(parameters), selectors, roles[i])
            );
            Draft memory d = won(address(access), data);
            vm.expectRevert(abi.encodeWithSelector(VenueAccess.RoleTooWide.selector, roles[i]));
            execute(d);
        }
    }

    function test_function_mayGetTheDelay() public {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = Parameters.cancelMarket.selector;
        uint64 admin = access.ADMIN_ROLE();
        bytes memory data = abi.encodeCall(
            IAccessManager.setTargetFunctionRole, (address(parameters), selectors, admin)
        );
        execute(won(address(access), data));
        assertEq(access.getTargetFunctionRole(address(parameters), selectors[0]), admin);
    }

    // ------------------------------------------------------------------ seats

    function test_seats_changeOnlyByAProposal() public {
        vm.expectRevert(
            abi.encodeWithSelector(Council.NotOwner.selector, address(this), address(access))
        );
        Council(votes).setSeat(NEW, true);
        execute(won(votes, abi.encodeCall(Council.setSeat, (NEW, true))));
        execute(won(votes, abi.encodeCall(Council.setSeat, (seats[4], false))));
        assertEq(Council(votes).seats(), 5);
        assertEq(Council(votes).getVotes(NEW), 1);
        assertEq(Council(votes).getVotes(seats[4]), 0);
    }

    function test_seats_revertIf_takenOrNone() public {
        vm.prank(address(access));
        vm.expectRevert(abi.encodeWithSelector(Council.SeatInvalid.selector, seats[0], 5));
        Council(votes).setSeat(seats[0], true);
        vm.prank(address(access));
        vm.expectRevert(abi.encodeWithSelector(Council.SeatInvalid.selector, NEW, 5));
        Council(votes).setSeat(NEW, false);
        vm.prank(address(access));
        vm.expectRevert(abi.encodeWithSelector(Council.SeatInvalid.selector, address(0), 5));
        Council(votes).setSeat(address(0), true);
    }

    // ------------------------------------------------------------------ listings

    function test_listing_beginsIsolatedAndShut() public {
        MarketParams memory wide = Markets.middling();
        wide.openInterestMax = 0;
        _refuseListing(wide);
        wide.isolated = 1;
        wide.openInterestMax = 1;
        _refuseListing(wide);
        wide.openInterestMax = 0;
        _list(wide);
        assertEq(parameters.marketsCount(), 2);
        assertGt(access.freeAt(1), vm.getBlockTimestamp());
    }

    function test_listing_isTinyUntilItsShadowPeriodIsOver() public {
        MarketParams memory p = Markets.middling();
        (p.isolated, p.openInterestMax) = (1, 0);
        _list(p);
        p.openInterestMax = 10;
        bytes memory raise = abi.encodeCall(Parameters.proposeMarket, (1, p));
        vm.prank(address(governor));
        access.schedule(address(parameters), raise, 0);
        skip(LOOSEN);
        vm.prank(address(governor));
        vm.expectRevert(
            abi.encodeWithSelector(VenueAccess.ShadowExceeded.selector, 1, 0, SHADOW_QUOTE)
        );
        access.execute(address(parameters), raise);
        // Ten lots are 10,000 of value at this price, 11 are more.
        around.setPrice(1, 10_000_000);
        vm.prank(address(governor));
        access.execute(address(parameters), raise);
        p.openInterestMax = 11;
        raise = abi.encodeCall(Parameters.proposeMarket, (1, p));
        vm.prank(address(governor));
        access.schedule(address(parameters), raise, 0);
        skip(LOOSEN);
        assertLt(vm.getBlockTimestamp(), access.freeAt(1));
        vm.prank(address(governor));
        vm.expectRevert(
            abi.encodeWithSelector(
                VenueAccess.ShadowExceeded.selector, 1, 11_000e6, SHADOW_QUOTE
            )
        );
        access.execute(address(parameters), raise);
        // What was scheduled expires before; it is free from the very second on.
        vm.warp(access.freeAt(1) - LOOSEN - 1);
        vm.prank(address(governor));
        access.schedule(address(parameters), raise, 0);
        skip(LOOSEN);
        vm.prank(address(governor));
        vm.expectRevert(
            abi.encodeWithSelector(
                VenueAccess.ShadowExceeded.selector, 1, 11_000e6, SHADOW_QUOTE
            )
        );
        access.execute(address(parameters), raise);
        skip(1);
        vm.prank(address(governor));
        access.execute(address(parameters), raise);
    }

    function test_listing_appliedAtTheLastMomentHasItsWholeShadowPeriod() public {
        MarketParams memory p = Markets.middling();
        (p.isolated, p.openInterestMax) = (1, 0);
        execute(won(address(parameters), abi.encodeCall(Parameters.proposeMarket, (1, p))));
        skip(DELAY + 7 days);
        parameters.applyMarket(1);
        assertEq(access.freeAt(1), vm.getBlockTimestamp() + access.shadowSeconds());
    }

    function _list(MarketParams memory p) private {
        execute(won(address(parameters), abi.encodeCall(Parameters.proposeMarket, (1, p))));
        skip(DELAY);
        parameters.applyMarket(1);
    }

    function _refuseListing(MarketParams memory p) private {
        bytes memory data = abi.encodeCall(Parameters.proposeMarket, (1, p));
        Draft memory d = won(address(parameters), data);
        vm.expectRevert(
            abi.encodeWithSelector(
                VenueAccess.ListingTooWide.selector, 1, p.isolated, p.openInterestMax
            )
        );
        execute(d);
    }

    function _refuseTerms(VenueGovernor.Terms memory bad, uint256 found, uint256 required)
        private
    {
        vm.expectRevert(
            abi.encodeWithSelector(VenueGovernor.TermsInvalid.selector, found, required)
        );
        deployGovernor(address(access), bad);
    }
}
