// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Parameters} from "../src/Parameters.sol";
import {MarketParams, VenueParams} from "../src/Types.sol";
import {Bounds} from "../src/libraries/Bounds.sol";
import {Base} from "./Base.sol";
import {Markets} from "./support/Markets.sol";

/// @notice The second slot of a market's parameters, and the venue's haircut.
contract ParametersRiskTest is Base {
    uint256 internal constant DELAY = 2 days;
    address internal constant GOVERNOR = address(0x60);
    address internal constant SEQUENCER = address(0x5E9);

    Parameters internal parameters;

    function setUp() public {
        vm.warp(1_800_000_000);
        MarketParams[] memory markets = new MarketParams[](1);
        markets[0] = Markets.middling();
        VenueParams memory venue = VenueParams(SEQUENCER, 30, 60, 100_000);
        bytes memory args = abi.encode(GOVERNOR, DELAY, venue, markets, address(0));
        parameters = Parameters(deploy("Parameters", args));
    }

    function test_proposeMarket_revertsIf_OutOfBounds() public {
        MarketParams memory p = Markets.middling();
        p.openInterestHighPpm = 1_000_001;
        _refused(p, "openInterestHighPpm", 1_000_001, 1_000_000);
        p.openInterestHighPpm = 499_999;
        _refused(p, "openInterestLowPpm", 500_000, 499_999);
        p = Markets.middling();
        p.concentrationPpm = 1_000_001;
        _refused(p, "concentrationPpm", 1_000_001, 1_000_000);
        p = Markets.middling();
        p.concentrationCapPpm = 1_000_001;
        _refused(p, "concentrationCapPpm", 1_000_001, 1_000_000);
        p = Markets.middling();
        p.isolated = 2;
        _refused(p, "isolated", 2, 1);
        p = Markets.middling();
        p.markClampPpm = 999;
        _refused(p, "markClampPpm", 999, 1_000);
        // Between initial and maintenance margin lie 2 %.
        p.markClampPpm = 20_001;
        _refused(p, "markClampPpm", 20_001, 20_000);
        (p.initialPpm, p.markClampPpm) = (200_000, 100_001);
        _refused(p, "markClampPpm", 100_001, 100_000);
        p = Markets.middling();
        p.fundingGapSecondsMax = 7_201;
        _refused(p, "fundingGapSecondsMax", 7_201, 7_200);
        p = Markets.middling();
        p.liquidationPartPpm = 9_999;
        _refused(p, "liquidationPartPpm", 9_999, 10_000);
        p.liquidationPartPpm = 1_000_001;
        _refused(p, "liquidationPartPpm", 1_000_001, 1_000_000);
        p = Markets.middling();
        p.coverSharePpm = 1_000_001;
        _refused(p, "coverSharePpm", 1_000_001, 1_000_000);
    }

    /// @dev Each field alone, one unit to each side: only the tighter side is at once.
    function test_eachField_looserWaits() public {
        for (uint256 field; field < 9; ++field) {
            for (uint256 up; up < 2; ++up) {
                uint256 snapshot = vm.snapshotState();
                MarketParams memory p = _nudge(Markets.middling(), field, up == 1);
                bool rises = field == 2 || field == 3;
                bool tighter = field == 6 ? false : rises ? up == 1 : up == 0;
                vm.prank(GOVERNOR);
                assertEq(parameters.proposeMarket(0, p), tighter);
                bytes32 want = keccak256(abi.encode(tighter ? p : Markets.middling()));
                assertEq(keccak256(abi.encode(parameters.market(0))), want);
                vm.revertToState(snapshot);
            }
        }
    }

    /// @dev Both parts equal is no term at all: lowering the high one onto the low one waits.
    function test_openInterestTerm_isSwitchedOffOnlyAfterTheDelay() public {
        MarketParams memory p = Markets.middling();
        p.openInterestHighPpm = p.openInterestLowPpm;
        vm.prank(GOVERNOR);
        assertFalse(parameters.proposeMarket(0, p));
        p.openInterestHighPpm = p.openInterestLowPpm + 1;
        vm.prank(GOVERNOR);
        assertTrue(parameters.proposeMarket(0, p));
    }

    function test_isolated_isFixed() public {
        MarketParams memory p = Markets.middling();
        p.isolated = 1;
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(Parameters.IsolationFixed.selector, 1, 0));
        parameters.proposeMarket(0, p);
    }

    function test_profitHaircut_boundedAndLooserWaits() public {
        vm.prank(GOVERNOR);
        vm.expectRevert(
            abi.encodeWithSelector(
                Bounds.ParameterOutOfBounds.selector,
                bytes32("profitHaircutPpm"),
                1_000_001,
                1_000_000
            )
        );
        parameters.proposeVenue(VenueParams(SEQUENCER, 30, 60, 1_000_001));
        vm.prank(GOVERNOR);
        assertFalse(parameters.proposeVenue(VenueParams(SEQUENCER, 30, 60, 99_999)));
        vm.prank(GOVERNOR);
        assertTrue(parameters.proposeVenue(VenueParams(SEQUENCER, 30, 60, 100_001)));
        assertEq(parameters.venue().profitHaircutPpm, 100_001);
    }

    function _nudge(MarketParams memory p, uint256 field, bool up)
        private
        pure
        returns (MarketParams memory)
    {
        if (field == 0) up ? ++p.openInterestLowPpm : --p.openInterestLowPpm;
        if (field == 1) up ? ++p.openInterestHighPpm : --p.openInterestHighPpm;
        if (field == 2) up ? ++p.concentrationPpm : --p.concentrationPpm;
        if (field == 3) up ? ++p.concentrationCapPpm : --p.concentrationCapPpm;
        if (field == 4) up ? ++p.markClampPpm : --p.markClampPpm;
        if (field == 5) up ? ++p.fundingGapSecondsMax : --p.fundingGapSecondsMax;
        if (field == 6) up ? ++p.liquidationPartPpm : --p.liquidationPartPpm;
        if (field == 7) up ? ++p.coverSharePpm : --p.coverSharePpm;
        if (field == 8) up ? ++p.backstopLotsMax : --p.backstopLotsMax;
        return p;
    }

    function _refused(MarketParams memory p, bytes32 field, uint256 found, uint256 required)
        private
    {
        vm.prank(GOVERNOR);
        vm.expectRevert(
            abi.encodeWithSelector(
                Bounds.ParameterOutOfBounds.selector, field, found, required
            )
        );
        parameters.proposeMarket(0, p);
    }
}
