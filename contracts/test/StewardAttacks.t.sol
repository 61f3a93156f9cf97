// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Parameters} from "../src/Parameters.sol";
import {Steward} from "../src/Steward.sol";
import {MarketParams, RiskTuple, VenueParams} from "../src/Types.sol";
import {ISteered} from "../src/interfaces/ISteered.sol";
import {ISteward as I, StewardMove, StewardTerms} from "../src/interfaces/ISteward.sol";
import {StewardTest} from "./support/StewardTest.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice An operator whose key was stolen, doing all that it can.
contract StewardAttacksTest is StewardTest {
    function test_attack_loosenBelowTheAnchor() public {
        RiskTuple memory t = inForce();
        t.initialPpm = 49_999;
        _refusedStep(t, "initialPpm", 50_000, 49_999);
        t = inForce();
        t.concentrationPpm = 199_999;
        _refusedStep(t, "concentrationPpm", 200_000, 199_999);
        t = inForce();
        t.fundingRatePpmMax = 120_001;
        _refusedStep(t, "fundingRatePpmMax", 120_000, 120_001);
        t = inForce();
        t.openInterestMax = 1_000_001;
        _refusedStep(t, "openInterestMax", 1_000_000, 1_000_001);
        t = inForce();
        t.backstopLotsMax = 10_001;
        _refusedStep(t, "backstopLotsMax", 10_000, 10_001);
        t = inForce();
        t.maintenancePpm = 29_999;
        _refusedStep(t, "maintenancePpm", 30_000, 29_999);
    }

    /// @dev Though the steward's own contract were wrong: the parameters judge again.
    function test_attack_brokenStewardLoosens() public {
        vm.startPrank(address(steward));
        for (uint256 field; field < 6; ++field) {
            RiskTuple memory t = inForce();
            if (field == 0) --t.initialPpm;
            if (field == 1) --t.maintenancePpm;
            if (field == 2) --t.concentrationPpm;
            if (field == 3) ++t.fundingRatePpmMax;
            if (field == 4) ++t.openInterestMax;
            if (field == 5) ++t.backstopLotsMax;
            vm.expectRevert(abi.encodeWithSelector(ISteered.LooserThanAnchor.selector, 0));
            parameters.steer(0, t);
        }
        RiskTuple memory wild = inForce();
        wild.maintenancePpm = 40_001;
        vm.expectRevert();
        parameters.steer(0, wild);
        vm.stopPrank();
    }

    function test_attack_leaveTheBand() public {
        for (uint256 i; i < 40; ++i) {
            move(tighterByAnHour(inForce()));
            later(1 hours);
        }
        RiskTuple memory t = inForce();
        (, MarketParams memory tightest) = steward.band(0);
        assertEq(t.initialPpm, tightest.initialPpm);
        assertEq(t.concentrationPpm, tightest.concentrationPpm);
        assertEq(t.fundingRatePpmMax, tightest.fundingRatePpmMax);
        assertEq(t.openInterestMax, tightest.openInterestMax);
        assertEq(t.backstopLotsMax, tightest.backstopLotsMax);
        ++t.initialPpm;
        _refusedStep(t, "initialPpm", 150_000, 150_001);
        t = inForce();
        --t.openInterestMax;
        _refusedStep(t, "openInterestMax", 250_000, 249_999);
        t = inForce();
        --t.backstopLotsMax;
        _refusedStep(t, "backstopLotsMax", 2_500, 2_499);
        t = inForce();
        --t.fundingRatePpmMax;
        _refusedStep(t, "fundingRatePpmMax", 30_000, 29_999);
        t = inForce();
        ++t.concentrationPpm;
        _refusedStep(t, "concentrationPpm", 600_000, 600_001);
    }

    /// @dev Up and down as often as it may: down takes twenty times as long as up.
    function test_attack_flipFlop() public {
        RiskTuple memory t = inForce();
        t.initialPpm = 55_000;
        move(t);
        later(10 minutes - 1);
        bytes4 early = I.MoveEarly.selector;
        refused(t, abi.encodeWithSelector(early, block.timestamp, START + 10 minutes));
        later(1);
        t.initialPpm = 54_953;
        _refusedStep(t, "initialPpm", 55_000, 54_953);
        t.initialPpm = 54_954;
        move(t);
        later(10 minutes);
        t.initialPpm = 54_907;
        _refusedStep(t, "initialPpm", 54_954, 54_907);
    }

    function test_attack_staleAndFutureInput() public {
        bytes4 error = I.InputTimeInvalid.selector;
        StewardMove memory m = input(inForce());
        (uint256 low, uint256 high) = (START - 5 minutes, START);
        m.time = uint40(low - 1);
        _refusedMove(m, abi.encodeWithSelector(error, low - 1, low, high));
        m.time = uint40(high + 1);
        _refusedMove(m, abi.encodeWithSelector(error, high + 1, low, high));
        m.time = uint40(low);
        vm.prank(OPERATOR);
        steward.move(m);
    }

    /// @dev An input moves a market once, and an older one never after it.
    function test_attack_replayInput() public {
        StewardTerms memory t = terms();
        (t.moveSeconds, t.inputAgeSeconds) = (1 minutes, 1 hours);
        _with(t);
        StewardMove memory m = input(inForce());
        vm.startPrank(OPERATOR);
        steward.move(m);
        later(1 minutes);
        vm.expectRevert(abi.encodeWithSelector(I.InputReplayed.selector, START, START));
        steward.move(m);
        m.time = uint40(START - 1);
        vm.expectRevert(abi.encodeWithSelector(I.InputReplayed.selector, START - 1, START));
        steward.move(m);
        m.market = 1;
        steward.move(m);
        (m.market, m.time) = (0, uint40(START + 1));
        steward.move(m);
        vm.stopPrank();
    }

    /// @dev All of the maintenance margin's band, one notice after the other.
    function test_attack_raiseMaintenanceNoticeByNotice() public {
        RiskTuple memory t;
        uint256 notices;
        while (inForce().maintenancePpm < 45_000) {
            t = inForce();
            uint256 next = uint256(t.maintenancePpm) + (t.maintenancePpm + 9) / 10;
            if (next > 45_000) next = 45_000;
            vm.prank(OPERATOR);
            steward.announce(0, uint24(next));
            later(1 days);
            if (t.initialPpm < 100_000) t.initialPpm += t.initialPpm / 10;
            t.maintenancePpm = uint24(next);
            move(t);
            ++notices;
        }
        assertEq(notices, 5);
        bytes32 field = "maintenancePpm";
        vm.prank(OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(I.StepUnlawful.selector, field, 45_000, 45_001));
        steward.announce(0, 45_001);
    }

    /// @dev All that many moves reach, whatever they are: never looser than the anchor, never out
    /// of the band, maintenance margin never higher without notice.
    function testFuzz_attack_anyMoves(uint256[12] memory words) public {
        (, MarketParams memory edge) = steward.band(0);
        MarketParams memory a = parameters.anchor(0);
        for (uint256 i; i < words.length; ++i) {
            later(uint16(words[i]) % 2 hours);
            vm.prank(OPERATOR);
            try steward.move(input(_wild(words[i] >> 16))) {} catch {}
            if (words[i] % 7 == 0) try steward.decay(0) {} catch {}
            MarketParams memory p = parameters.market(0);
            assertEq(p.maintenancePpm, a.maintenancePpm);
            assertTrue(p.initialPpm >= a.initialPpm && p.initialPpm <= edge.initialPpm);
            assertTrue(p.openInterestMax <= a.openInterestMax);
            assertTrue(p.openInterestMax >= edge.openInterestMax);
            assertTrue(p.backstopLotsMax <= a.backstopLotsMax);
            assertTrue(p.backstopLotsMax >= edge.backstopLotsMax);
            assertTrue(p.fundingRatePpmMax <= a.fundingRatePpmMax);
            assertTrue(p.fundingRatePpmMax >= edge.fundingRatePpmMax);
            assertTrue(p.concentrationPpm >= a.concentrationPpm);
            assertTrue(p.concentrationPpm <= edge.concentrationPpm);
        }
    }

    /// @dev Each field within a tenth of what is in force, so that many moves succeed.
    function _wild(uint256 seed) private view returns (RiskTuple memory t) {
        t = inForce();
        t.initialPpm = uint24(_near(t.initialPpm, uint24(seed)));
        t.concentrationPpm = uint24(_near(t.concentrationPpm, uint24(seed >> 24)));
        t.fundingRatePpmMax = uint24(_near(t.fundingRatePpmMax, uint24(seed >> 48)));
        t.openInterestMax = uint40(_near(t.openInterestMax, uint24(seed >> 72)));
        t.backstopLotsMax = uint40(_near(t.backstopLotsMax, uint24(seed >> 96)));
        if (seed % 5 == 0) t.maintenancePpm += uint24(seed % 3_000);
    }

    function _near(uint256 value, uint256 word) private pure returns (uint256) {
        uint256 by = value * (word % 100) / 2_000;
        return word % 2 == 0 ? value + by : value - by / 10;
    }

    /// @dev Another steward with these terms, in office.
    function _with(StewardTerms memory t) private {
        steward = Steward(deploy("Steward", abi.encode(parameters, OPERATOR, t)));
        vm.prank(GOVERNOR);
        parameters.proposeSteward(address(steward));
        vm.warp(START + DELAY);
        parameters.appointSteward();
        vm.warp(START);
    }

    function _refusedMove(StewardMove memory m, bytes memory error) private {
        vm.prank(OPERATOR);
        vm.expectRevert(error);
        steward.move(m);
    }

    function _refusedStep(RiskTuple memory t, bytes32 field, uint256 from, uint256 to) private {
        refused(t, abi.encodeWithSelector(I.StepUnlawful.selector, field, from, to));
    }
}

/// @notice The same operator beside real accounts: who was healthy stays so, and may leave.
contract StewardVenueTest is VenueTest {
    address private constant OPERATOR = address(0x0b);
    Parameters private parameters;
    Steward private steward;

    function setUp() public override {
        super.setUp();
        MarketParams[] memory markets = new MarketParams[](1);
        markets[0] = defaults();
        VenueParams memory venue = VenueParams(address(this), 30, 30, 0);
        address at = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        bytes memory args = abi.encode(address(0x60), 1 days, venue, markets, at);
        parameters = Parameters(deploy("Parameters", args));
        StewardTerms memory t = StewardTerms(
            5e6, 2e6, 5e6, 100_000, 250_000, 50_000, 50_000, 60, 1 days, 1 days, 1 hours
        );
        steward = Steward(deploy("Steward", abi.encode(parameters, OPERATOR, t)));
    }

    /// @dev As tight as the hard bounds of any steward let it be, in every field but maintenance:
    /// an account a hair above maintenance is not touched, and closes as before.
    function test_attack_tightenToLiquidate() public {
        uint32 thin = open("thin", 51 * UNIT);
        trade(thin, alice, 10, PRICE);
        around.setPrice(0, PRICE - 21_000);
        (int256 equity,, uint256 maintenance) = house.health(thin);
        assertTrue(equity >= int256(maintenance) && equity < int256(maintenance) + 2 * 1e6);
        for (uint256 i; i < 12; ++i) {
            _tighten();
            vm.prank(owner_(bob));
            vm.expectRevert();
            house.liquidate(thin, 0, 0, bob, "");
        }
        assertEq(parameters.market(0).initialPpm, 250_000);
        assertEq(parameters.market(0).openInterestMax, 100_000);
        assertFalse(int256(_initial(thin)) <= equity);
        trade(alice, thin, 10, PRICE - 21_000);
        assertEq(sizeOf(thin, 0), 0);
    }

    function _initial(uint32 id) private view returns (uint256 initial) {
        (, initial,) = house.health(id);
    }

    function _tighten() private {
        MarketParams memory p = parameters.market(0);
        uint24 rate = p.fundingRatePpmMax;
        RiskTuple memory t = RiskTuple(
            p.initialPpm, p.maintenancePpm, p.concentrationPpm, rate, p.openInterestMax, 0
        );
        uint256 initial = uint256(t.initialPpm) * 5 / 4;
        t.initialPpm = uint24(initial > 250_000 ? 250_000 : initial);
        uint256 cap = uint256(t.openInterestMax) * 3 / 4;
        t.openInterestMax = uint40(cap < 100_000 ? 100_000 : cap);
        vm.warp(block.timestamp + 1 hours);
        vm.prank(OPERATOR);
        steward.move(StewardMove(0, t, 0, 0, uint40(block.timestamp)));
        around.setMarket(0, parameters.market(0));
        refresh();
    }
}
