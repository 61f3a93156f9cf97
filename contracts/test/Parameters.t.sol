// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Parameters} from "../src/Parameters.sol";
import {MarketParams, VenueParams} from "../src/Types.sol";
import {LawLib} from "../src/generated/LawLib.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {Bounds} from "../src/libraries/Bounds.sol";
import {Base} from "./Base.sol";
import {Markets} from "./support/Markets.sol";

/// @notice Tightening at once, loosening after the delay, and never outside the bounds.
contract ParametersTest is Base {
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

    // ------------------------------------------------------------------ construction, reading

    function test_constructor_setsParts() public view {
        assertEq(parameters.governor(), GOVERNOR);
        assertEq(parameters.delaySeconds(), DELAY);
        assertEq(parameters.marketsCount(), 2);
        _assertMarket(1, _market());
        assertEq(parameters.venue().sequencer, SEQUENCER);
        assertEq(parameters.venue().quietSeconds, 30);
        assertEq(parameters.venue().reportSkewSecondsMax, 60);
        assertEq(parameters.market(2).tickValue, 0);
    }

    function test_constructor_revertsIf_Wrong() public {
        MarketParams[] memory markets = new MarketParams[](1);
        markets[0] = _market();
        vm.expectRevert(Parameters.GovernorZero.selector);
        deploy("Parameters", abi.encode(address(0), DELAY, _venue(), markets, address(0)));
        vm.expectRevert(
            abi.encodeWithSelector(IGoverned.DelayOutOfBounds.selector, 1 days - 1, 1 days)
        );
        deploy("Parameters", abi.encode(GOVERNOR, 1 days - 1, _venue(), markets, address(0)));
        markets[0].initialPpm = 9_999;
        vm.expectRevert(_outOfBounds("initialPpm", 9_999, 10_000));
        deploy("Parameters", abi.encode(GOVERNOR, DELAY, _venue(), markets, address(0)));
        vm.expectRevert(abi.encodeWithSelector(Parameters.MarketIdInvalid.selector, 256, 255));
        markets = new MarketParams[](257);
        deploy("Parameters", abi.encode(GOVERNOR, DELAY, _venue(), markets, address(0)));
    }

    /// @dev Two slots, every bit of them a field: the words survive the round trip.
    function testFuzz_market_packsInTwoSlots(uint256 first, uint232 second) public {
        // Mapping of markets: found by writing, so that the layout is free to move.
        vm.record();
        parameters.market(1);
        (bytes32[] memory reads,) = vm.accesses(address(parameters));
        assertEq(reads.length, 2);
        vm.store(address(parameters), reads[0], bytes32(first));
        vm.store(address(parameters), reads[1], bytes32(uint256(second)));
        MarketParams memory p = parameters.market(1);
        uint256 again = p.tickValue | uint256(p.initialPpm) << 48
            | uint256(p.maintenancePpm) << 72 | uint256(p.takerFeePpm) << 96
            | uint256(p.makerFeePpm) << 112 | uint256(p.priceAgeSecondsMax) << 128
            | uint256(p.bandPpm) << 144 | uint256(p.fillBandPpm) << 168
            | uint256(p.fundingRatePpmMax) << 192 | uint256(p.openInterestMax) << 216;
        assertEq(again, first);
        again = p.openInterestLowPpm | uint256(p.openInterestHighPpm) << 24
            | uint256(p.concentrationPpm) << 48 | uint256(p.concentrationCapPpm) << 72
            | uint256(p.isolated) << 96 | uint256(p.markClampPpm) << 104
            | uint256(p.fundingGapSecondsMax) << 128 | uint256(p.liquidationPartPpm) << 144
            | uint256(p.coverSharePpm) << 168 | uint256(p.backstopLotsMax) << 192;
        assertEq(again, second);
    }

    // ------------------------------------------------------------------ bounds

    function test_proposeMarket_revertsIf_OutOfBounds() public {
        MarketParams memory p = _market();
        p.initialPpm = 1_000_001;
        _refused(p, "initialPpm", 1_000_001, 1_000_000);
        p = _market();
        p.maintenancePpm = 4_999;
        _refused(p, "maintenancePpm", 4_999, 5_000);
        p.maintenancePpm = 40_001;
        _refused(p, "maintenancePpm", 40_001, 40_000);
        p = _market();
        p.takerFeePpm = 10_001;
        _refused(p, "takerFeePpm", 10_001, 10_000);
        p = _market();
        p.makerFeePpm = 10_001;
        _refused(p, "makerFeePpm", 10_001, 10_000);
        p = _market();
        p.priceAgeSecondsMax = 4;
        _refused(p, "priceAgeSecondsMax", 4, 5);
        p.priceAgeSecondsMax = 7_201;
        _refused(p, "priceAgeSecondsMax", 7_201, 7_200);
        p = _market();
        p.bandPpm = 9_999;
        _refused(p, "bandPpm", 9_999, 10_000);
        p.bandPpm = 500_001;
        _refused(p, "bandPpm", 500_001, 500_000);
        p = _market();
        p.fillBandPpm = 999;
        _refused(p, "fillBandPpm", 999, 1_000);
        p.fillBandPpm = 500_001;
        _refused(p, "fillBandPpm", 500_001, 500_000);
        p = _market();
        p.fundingRatePpmMax = 300_001;
        _refused(p, "fundingRatePpmMax", 300_001, 300_000);
        p = _market();
        p.tickValue = 0;
        _refused(p, "tickValue", 0, 1);
    }

    /// @dev The bounds of the contract are inside those of law L17.
    function testFuzz_bounds_areInsideLaw(MarketParams memory p) public view {
        p.initialPpm = uint24(bound(p.initialPpm, 9_000, 1_100_000));
        p.maintenancePpm = uint24(bound(p.maintenancePpm, 4_000, 900_000));
        p.takerFeePpm = uint16(bound(p.takerFeePpm, 0, 11_000));
        p.makerFeePpm = uint16(bound(p.makerFeePpm, 0, 11_000));
        p.priceAgeSecondsMax = uint16(bound(p.priceAgeSecondsMax, 0, 8_000));
        p.bandPpm = uint24(bound(p.bandPpm, 9_000, 510_000));
        p.fillBandPpm = uint24(bound(p.fillBandPpm, 900, 510_000));
        p.fundingRatePpmMax = uint24(bound(p.fundingRatePpmMax, 0, 310_000));
        try this.check(p) {
            assertTrue(LawLib.parametersBounded(Bounds.limits(p)));
        } catch (bytes memory why) {
            assertEq(bytes32(bytes4(why)), bytes32(Bounds.ParameterOutOfBounds.selector));
        }
    }

    function check(MarketParams memory p) external pure {
        Bounds.check(p);
    }

    // ------------------------------------------------------------------ markets

    function test_tighten_isAtOnceAndDropsPending() public {
        MarketParams memory loose = _market();
        loose.initialPpm = 40_000;
        assertFalse(_propose(0, loose));
        MarketParams memory tight = _market();
        tight.initialPpm = 60_000;
        tight.openInterestMax = 10;
        vm.expectEmit(address(parameters));
        emit Parameters.MarketCancelled(0);
        vm.expectEmit(address(parameters));
        emit Parameters.MarketChanged(0, tight);
        assertTrue(_propose(0, tight));
        _assertMarket(0, tight);
        // The loosening that waited cannot undo it.
        vm.warp(START + DELAY);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        parameters.applyMarket(0);
    }

    /// @dev Each field alone, one unit to each side: only the tighter side is at once.
    function test_eachField_looserWaits() public {
        for (uint256 field; field < 9; ++field) {
            for (uint256 up; up < 2; ++up) {
                uint256 snapshot = vm.snapshotState();
                MarketParams memory p = _nudge(_market(), field, up == 1);
                bool tighter = field == 0 ? up == 1 : field == 1 ? false : up == 0;
                assertEq(_propose(0, p), tighter);
                _assertMarket(0, tighter ? p : _market());
                vm.revertToState(snapshot);
            }
        }
    }

    /// @dev A tuple that tightens nine fields and loosens one waits whole.
    function test_attack_loosenHiddenInTightening() public {
        MarketParams memory p = _market();
        p.initialPpm = 900_000;
        p.takerFeePpm = 0;
        p.bandPpm = 100_001;
        assertFalse(_propose(0, p));
        _assertMarket(0, _market());
    }

    /// @dev Raising maintenance at once would liquidate whoever is just above it.
    function test_attack_maintenanceRaisedAtOnce() public {
        MarketParams memory p = _market();
        p.initialPpm = 1_000_000;
        p.maintenancePpm = 800_000;
        assertFalse(_propose(0, p));
        assertEq(parameters.market(0).maintenancePpm, 30_000);
    }

    function test_loosen_appliesAfterDelay() public {
        MarketParams memory p = _market();
        p.initialPpm = 40_000;
        vm.expectEmit(address(parameters));
        emit Parameters.MarketProposed(0, p, uint40(START + DELAY));
        _propose(0, p);
        (MarketParams memory pending, uint40 readyAt) = parameters.pendingMarket(0);
        assertEq(keccak256(abi.encode(pending)), keccak256(abi.encode(p)));
        assertEq(readyAt, START + DELAY);
        vm.warp(START + DELAY - 1);
        vm.expectRevert(_early(START + DELAY - 1, START + DELAY));
        parameters.applyMarket(0);
        vm.warp(START + DELAY);
        vm.prank(address(0xB0B));
        parameters.applyMarket(0);
        _assertMarket(0, p);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        parameters.applyMarket(0);
    }

    function test_loosen_revertsIf_Expired() public {
        MarketParams memory p = _market();
        p.initialPpm = 40_000;
        _propose(0, p);
        uint256 end = START + DELAY + EXPIRY;
        vm.warp(end + 1);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ProposalExpired.selector, end + 1, end));
        parameters.applyMarket(0);
        vm.warp(end);
        parameters.applyMarket(0);
    }

    function test_loosen_reproposalRestartsDelay() public {
        MarketParams memory p = _market();
        p.initialPpm = 40_000;
        _propose(0, p);
        vm.warp(START + DELAY);
        p.initialPpm = 37_500;
        _propose(0, p);
        vm.expectRevert(_early(START + DELAY, START + 2 * DELAY));
        parameters.applyMarket(0);
    }

    function test_cancelMarket() public {
        vm.prank(GOVERNOR);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        parameters.cancelMarket(0);
        MarketParams memory p = _market();
        p.initialPpm = 40_000;
        _propose(0, p);
        vm.prank(GOVERNOR);
        parameters.cancelMarket(0);
        vm.warp(START + DELAY);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        parameters.applyMarket(0);
    }

    function test_tickValue_isFixed() public {
        MarketParams memory p = _market();
        p.tickValue = 101;
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(Parameters.TickValueFixed.selector, 101, 100));
        parameters.proposeMarket(0, p);
    }

    function test_newMarket_waitsAndTakesNextId() public {
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(Parameters.MarketIdInvalid.selector, 3, 2));
        parameters.proposeMarket(3, _market());
        assertFalse(_propose(2, _market()));
        assertEq(parameters.market(2).tickValue, 0);
        vm.warp(START + DELAY);
        parameters.applyMarket(2);
        _assertMarket(2, _market());
        assertEq(parameters.marketsCount(), 3);
    }

    // ------------------------------------------------------------------ helpers

    function _market() internal pure returns (MarketParams memory) {
        return Markets.middling();
    }

    function _venue() internal pure returns (VenueParams memory) {
        return VenueParams(SEQUENCER, 30, 60, 0);
    }

    function _propose(uint8 id, MarketParams memory p) internal returns (bool) {
        vm.prank(GOVERNOR);
        return parameters.proposeMarket(id, p);
    }

    function _assertMarket(uint8 id, MarketParams memory want) internal view {
        MarketParams memory got = parameters.market(id);
        assertEq(keccak256(abi.encode(got)), keccak256(abi.encode(want)));
    }

    function _refused(MarketParams memory p, bytes32 field, uint256 found, uint256 required)
        internal
    {
        vm.prank(GOVERNOR);
        vm.expectRevert(_outOfBounds(field, found, required));
        parameters.proposeMarket(0, p);
    }

    function _nudge(MarketParams memory p, uint256 field, bool up)
        internal
        pure
        returns (MarketParams memory)
    {
        if (field == 0) up ? ++p.initialPpm : --p.initialPpm;
        if (field == 1) up ? ++p.maintenancePpm : --p.maintenancePpm;
        if (field == 2) up ? ++p.takerFeePpm : --p.takerFeePpm;
        if (field == 3) up ? ++p.makerFeePpm : --p.makerFeePpm;
        if (field == 4) up ? ++p.priceAgeSecondsMax : --p.priceAgeSecondsMax;
        if (field == 5) up ? ++p.bandPpm : --p.bandPpm;
        if (field == 6) up ? ++p.fillBandPpm : --p.fillBandPpm;
        if (field == 7) up ? ++p.fundingRatePpmMax : --p.fundingRatePpmMax;
        if (field == 8) up ? ++p.openInterestMax : --p.openInterestMax;
        return p;
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
}
