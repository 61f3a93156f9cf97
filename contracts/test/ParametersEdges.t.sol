// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Parameters} from "../src/Parameters.sol";
import {MarketParams, VenueParams} from "../src/Types.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {Bounds} from "../src/libraries/Bounds.sol";
import {Base} from "./Base.sol";
import {Markets} from "./support/Markets.sol";

/// @notice What a change of one place of the parameters would break and nothing else shows.
contract ParametersEdgesTest is Base {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant DELAY = 2 days;
    address internal constant NEXT = address(0x61);

    Parameters internal parameters;

    function setUp() public {
        vm.warp(START);
        parameters = _deploy(_venue(), _markets(2));
    }

    function test_constructor_takesAsManyMarketsAsThereAreIds() public {
        parameters = _deploy(_venue(), _markets(256));
        assertEq(parameters.marketsCount(), 256);
        assertEq(parameters.market(255).tickValue, Markets.middling().tickValue);
    }

    function test_constructor_revertsIf_VenueOutOfBounds() public {
        bytes32 field = "quietSeconds";
        vm.expectRevert(abi.encodeWithSelector(Bounds.ParameterOutOfBounds.selector, field, 0, 1));
        _deploy(VenueParams(address(0), 0, 60, 0), _markets(1));
    }

    /// @dev The smallest tick is a listed market as any other.
    function test_market_ofTheSmallestTickTightensAtOnce() public {
        MarketParams[] memory markets = _markets(1);
        markets[0].tickValue = 1;
        parameters = _deploy(_venue(), markets);
        ++markets[0].initialPpm;
        assertTrue(parameters.proposeMarket(0, markets[0]));
    }

    /// @dev Whoever follows the events would else see a proposal dropped that never was.
    function test_tightening_cancelsNothingWhereNothingIsPending() public {
        MarketParams memory tight = Markets.middling();
        ++tight.initialPpm;
        vm.recordLogs();
        assertTrue(parameters.proposeMarket(0, tight));
        // The anchor, and what is in force.
        assertEq(vm.getRecordedLogs().length, 2);
        assertTrue(parameters.proposeVenue(VenueParams(address(0), 29, 60, 0)));
        assertEq(vm.getRecordedLogs().length, 1);
    }

    function test_marketsCount_growsByListingsAlone() public {
        MarketParams memory loose = Markets.middling();
        --loose.initialPpm;
        assertFalse(parameters.proposeMarket(0, loose));
        assertFalse(parameters.proposeMarket(2, loose));
        vm.warp(START + DELAY);
        parameters.applyMarket(0);
        assertEq(parameters.marketsCount(), 2);
        parameters.applyMarket(2);
        assertEq(parameters.marketsCount(), 3);
    }

    /// @dev Who accepted once cannot again, and so not after having handed over.
    function test_attack_formerGovernorAcceptsAgain() public {
        parameters.proposeGovernor(NEXT);
        vm.warp(START + DELAY);
        vm.startPrank(NEXT);
        parameters.acceptGovernor();
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        parameters.acceptGovernor();
    }

    function _deploy(VenueParams memory venue, MarketParams[] memory markets)
        private
        returns (Parameters)
    {
        bytes memory args = abi.encode(this, DELAY, venue, markets, address(0));
        return Parameters(deploy("Parameters", args));
    }

    function _markets(uint256 count) private pure returns (MarketParams[] memory markets) {
        markets = new MarketParams[](count);
        for (uint256 i; i < count; ++i) markets[i] = Markets.middling();
    }

    function _venue() private pure returns (VenueParams memory) {
        return VenueParams(address(0), 30, 60, 0);
    }
}
