// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Guardians} from "../src/Guardians.sol";
import {Parameters} from "../src/Parameters.sol";
import {MarketParams} from "../src/Types.sol";
import {Council} from "../src/governance/Council.sol";
import {VenueAccess} from "../src/governance/VenueAccess.sol";
import {VenueGovernor} from "../src/governance/VenueGovernor.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {GovernedTest} from "./support/GovernedTest.sol";
import {Markets} from "./support/Markets.sol";

/// @notice What is counted of seats, and where the bounds of governance are to the unit.
contract GovernanceEdgesTest is GovernedTest {
    address internal constant NEW = address(0x9E3);

    function _seat(address holder, bool isSeated) private {
        vm.prank(address(access));
        Council(votes).setSeat(holder, isSeated);
    }

    // ------------------------------------------------------------------ seats

    function test_seat_thatIsTaken_countsNowhereAnyMore() public {
        _seat(seats[4], false);
        assertFalse(Council(votes).isSeated(seats[4]));
        skip(1);
        assertEq(Council(votes).getPastTotalSupply(vm.getBlockTimestamp() - 1), 4);
        _seat(seats[4], true);
        assertEq(Council(votes).getVotes(seats[4]), 1);
    }

    function test_seat_thatIsGivenBack_votesAsItsHolderHadSaid() public {
        vm.prank(seats[4]);
        Council(votes).delegate(seats[0]);
        _seat(seats[4], false);
        assertEq(Council(votes).getVotes(seats[0]), 1);
        _seat(seats[4], true);
        assertEq(Council(votes).delegates(seats[4]), seats[0]);
        assertEq(Council(votes).getVotes(seats[0]), 2);
        assertEq(Council(votes).getVotes(seats[4]), 0);
    }

    function test_attack_outsiderDelegatesWhatItHasNot() public {
        vm.prank(NEW);
        Council(votes).delegate(seats[0]);
        assertEq(Council(votes).getVotes(seats[0]), 1);
    }

    // ------------------------------------------------------------------ access

    function test_access_knowsItsGovernor_whoMayTightenAtOnce() public {
        VenueAccess fresh = VenueAccess(deployAccess(LOOSEN));
        assertEq(fresh.governor(), address(governor));
        (bool mayTighten, uint32 delay) = fresh.hasRole(fresh.TIGHTEN_ROLE(), address(governor));
        assertTrue(mayTighten);
        assertEq(delay, 0);
    }

    function test_access_revertsIf_shadowIsShorterThanADay() public {
        deployAccess(LOOSEN, 1 days);
        vm.expectRevert(
            abi.encodeWithSelector(IGoverned.DelayOutOfBounds.selector, 1 days - 1, 1 days)
        );
        deployAccess(LOOSEN, 1 days - 1);
    }

    /// @dev A market of another venue is none of this one's.
    function test_execute_judgesMarketsOfItsOwnVenueAlone() public {
        address other = address(0x07E2);
        MarketParams memory p = Markets.middling();
        bytes memory data = abi.encodeCall(Parameters.proposeMarket, (1, p));
        vm.mockCall(other, data, "");
        vm.prank(address(governor));
        access.schedule(other, data, 0);
        skip(LOOSEN);
        vm.prank(address(governor));
        access.execute(other, data);
        assertEq(access.freeAt(1), 0);
    }

    /// @dev Too short to name a market, whatever it begins with.
    function test_execute_revertsIf_aProposalIsCutOff() public {
        bytes memory whole = abi.encodeCall(Parameters.proposeMarket, (1, looser()));
        uint8[4] memory lengths = [4, 5, 36, 37];
        for (uint256 i; i < lengths.length; ++i) {
            bytes memory data = new bytes(lengths[i]);
            for (uint256 j; j < data.length; ++j) data[j] = whole[j];
            vm.prank(address(governor));
            access.schedule(address(parameters), data, 0);
            skip(LOOSEN);
            vm.prank(address(governor));
            vm.expectRevert();
            access.execute(address(parameters), data);
        }
        assertEq(access.freeAt(1), 0);
    }

    function test_listing_thatStaysShut_needsNoPrice() public {
        MarketParams memory p = Markets.middling();
        (p.isolated, p.openInterestMax) = (1, 0);
        bytes memory list = abi.encodeCall(Parameters.proposeMarket, (1, p));
        execute(won(address(parameters), list));
        skip(DELAY);
        parameters.applyMarket(1);
        p.bandPpm += 1;
        bytes memory change = abi.encodeCall(Parameters.proposeMarket, (1, p));
        vm.prank(address(governor));
        access.schedule(address(parameters), change, 0);
        skip(LOOSEN);
        assertLt(vm.getBlockTimestamp(), access.freeAt(1));
        vm.prank(address(governor));
        access.execute(address(parameters), change);
        skip(DELAY);
        parameters.applyMarket(1);
        assertEq(parameters.market(1).bandPpm, p.bandPpm);
    }

    // ------------------------------------------------------------------ votes

    function test_quorum_mayBeEveryVote() public {
        VenueGovernor.Terms memory t = terms();
        t.quorumPpm = 1_000_000;
        deployGovernor(address(access), t);
    }

    function test_quorum_isRoundedUp_andNeverBelowItsFloor() public {
        VenueGovernor.Terms memory t = terms();
        (t.quorumFloor, t.quorumPpm) = (1, 666_667);
        VenueGovernor strict = deployGovernor(address(access), t);
        skip(1);
        uint256 at = vm.getBlockTimestamp() - 1;
        vm.mockCall(votes, abi.encodeCall(IVotes.getPastTotalSupply, (at)), abi.encode(3));
        // 66.6667 % of three votes is a little more than two.
        assertEq(strict.quorum(at), 3);
        // Half of three is two; the floor is three.
        assertEq(governor.quorum(at), 3);
        vm.mockCall(votes, abi.encodeCall(IVotes.getPastTotalSupply, (at)), abi.encode(9));
        assertEq(governor.quorum(at), 5);
    }

    /// @dev In the second in which the manager stops, the proposal is not said to live.
    function test_proposal_expiresWithItsManager_toTheSecond() public {
        Draft memory d = won(address(parameters), proposeLooser());
        skip(7 days - 1);
        uint256 snapshot = vm.snapshotState();
        execute(d);
        vm.revertToState(snapshot);
        skip(1);
        assertState(d, IGovernor.ProposalState.Expired);
        bytes32 id = access.hashOperation(address(governor), address(parameters), d.calls[0]);
        assertEq(access.getSchedule(id), 0);
    }

    // ------------------------------------------------------------------ veto

    /// @dev The same call to another contract removes nobody here.
    function test_veto_isOpenAgainstCallsOfThatNameElsewhere() public {
        bytes memory remove = abi.encodeCall(Guardians.removeGuardian, (guardians[0]));
        _vetoed(draft(address(parameters), remove));
    }

    function test_veto_isOpenAgainstNewGuardians() public {
        _vetoed(draft(address(breaker), abi.encodeCall(Guardians.proposeGuardian, (NEW))));
    }

    function _vetoed(Draft memory d) private {
        propose(d);
        veto(d, 0);
        veto(d, 1);
        assertState(d, IGovernor.ProposalState.Canceled);
    }
}
