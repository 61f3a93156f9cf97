// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams} from "../../src/Types.sol";
import {Market, Totals} from "../../src/Working.sol";
import {Margin} from "../../src/libraries/Margin.sol";
import {Base} from "../Base.sol";
import {Markets} from "../support/Markets.sol";

/// @notice The terms of initial margin one by one: where they begin, that they only grow, that
/// none goes below the base, and which way they round.
contract MarginTest is Base {
    using Margin for Totals;

    uint256 private constant PPM = 1_000_000;

    function market(MarketParams memory p, uint256 openInterest)
        internal
        pure
        returns (Market memory m)
    {
        m.params = p;
        m.lotValue = 100_000_000;
        m.openInterestBefore = int256(openInterest);
        m.initialPpm = Margin.interestPpm(p, openInterest);
        m.lotCeiling = m.lotValue * Margin.ceilingPpm(p, m.initialPpm);
    }

    /// @dev Parameters inside their bounds, from any words.
    function bounded(uint256 a, uint256 b) internal pure returns (MarketParams memory p) {
        p = Markets.plain();
        p.initialPpm = uint24(bound(a, 10_000, PPM));
        p.maintenancePpm = uint24(bound(b, 5_000, uint256(p.initialPpm) * 8 / 10));
        p.openInterestMax = uint40(bound(a >> 32, 1, type(uint40).max));
        p.openInterestHighPpm = uint24(bound(b >> 32, 0, PPM));
        p.openInterestLowPpm = uint24(bound(a >> 64, 0, p.openInterestHighPpm));
        p.concentrationPpm = uint24(bound(b >> 64, 0, PPM));
        p.concentrationCapPpm = uint24(bound(a >> 96, 0, PPM));
    }

    function test_interestPpm_isAStraightLineBetweenTheParts() public pure {
        MarketParams memory p = Markets.middling();
        assertEq(Margin.interestPpm(p, 0), 50_000);
        assertEq(Margin.interestPpm(p, 500_000), 50_000);
        assertEq(Margin.interestPpm(p, 700_000), 525_000);
        assertEq(Margin.interestPpm(p, 900_000), PPM);
        assertEq(Margin.interestPpm(p, 2_000_000), PPM);
        // One lot above the low part: 950,000 / 400,000 is rounded up.
        assertEq(Margin.interestPpm(p, 500_001), 50_003);
    }

    function test_interestPpm_isOffWhenThePartsAreEqual() public pure {
        MarketParams memory p = Markets.middling();
        p.openInterestLowPpm = p.openInterestHighPpm = 900_000;
        assertEq(Margin.interestPpm(p, 10_000_000), 50_000);
        p.openInterestLowPpm = p.openInterestHighPpm = 0;
        assertEq(Margin.interestPpm(p, 10_000_000), 50_000);
    }

    function testFuzz_interestPpm_growsAndStaysBetweenBaseAndAll(
        uint256 a,
        uint256 b,
        uint56 less,
        uint56 more
    ) public pure {
        MarketParams memory p = bounded(a, b);
        if (less > more) (less, more) = (more, less);
        uint256 low = Margin.interestPpm(p, less);
        uint256 high = Margin.interestPpm(p, more);
        assertGe(low, p.initialPpm);
        assertLe(low, high);
        assertLe(high, PPM);
    }

    /// @dev The smallest whole ppm that is not below the exact line.
    function testFuzz_interestPpm_roundsUp(uint256 a, uint256 b, uint40 interest) public pure {
        MarketParams memory p = bounded(a, b);
        uint256 from = uint256(p.openInterestMax) * p.openInterestLowPpm;
        uint256 to = uint256(p.openInterestMax) * p.openInterestHighPpm;
        uint256 scaled = uint256(interest) * PPM;
        vm.assume(scaled > from && scaled < to);
        uint256 added = Margin.interestPpm(p, interest) - p.initialPpm;
        uint256 exact = (PPM - p.initialPpm) * (scaled - from);
        assertGe(added * (to - from), exact);
        assertLt((added == 0 ? 0 : added - 1) * (to - from), exact + (added == 0 ? 1 : 0));
    }

    /// @dev As in packages/risk/test/boundaries.test.ts.
    function test_crowdMost_isATwentiethOfTheCapAboveWhereMarginGrows() public pure {
        MarketParams memory p = Markets.middling();
        assertEq(Margin.crowdMost(p, 0), 550_000);
        assertEq(Margin.crowdMost(p, 500_000), 550_000);
        assertEq(Margin.crowdMost(p, 500_001), 550_001);
        assertEq(Margin.crowdMost(p, 2_000_000), 2_050_000);
        uint40[5] memory caps = [uint40(0), 1, 19, 39, 40];
        uint8[5] memory most = [1, 1, 10, 20, 22];
        for (uint256 i; i < caps.length; ++i) {
            p.openInterestMax = caps[i];
            assertEq(Margin.crowdMost(p, 0), most[i]);
        }
        p.openInterestLowPpm = p.openInterestHighPpm;
        assertEq(Margin.crowdMost(p, 0), type(uint256).max);
    }

    function test_initialPpm_concentration() public pure {
        Market memory m = market(Markets.middling(), 1_000);
        assertEq(Margin.initialPpm(m, 0, 0), 50_000);
        assertEq(Margin.initialPpm(m, 100, 0), 70_000);
        // 200,000 / 1,000 for each lot; the cap is 300,000.
        assertEq(Margin.initialPpm(m, 1_000, 0), 250_000);
        assertEq(Margin.initialPpm(m, 5_000, 0), 250_000);
        m.params.concentrationCapPpm = 60_000;
        assertEq(Margin.initialPpm(m, 1_000, 0), 60_000);
        // A third of a ppm is a ppm.
        m = market(Markets.middling(), 600_000);
        m.initialPpm = 50_000;
        assertEq(Margin.initialPpm(m, 1, 0), 50_001);
    }

    function test_initialPpm_anEmptyMarketIsAllOfWhoeverOpensIt() public pure {
        Market memory m = market(Markets.middling(), 0);
        assertEq(Margin.initialPpm(m, 0, 0), 50_000);
        assertEq(Margin.initialPpm(m, 1, 0), 250_000);
    }

    function test_initialPpm_ownersDemandHoldsWhenItIsTheLargest() public pure {
        Market memory m = market(Markets.middling(), 1_000);
        assertEq(Margin.initialPpm(m, 100, 60_000), 70_000);
        assertEq(Margin.initialPpm(m, 100, 80_000), 80_000);
    }

    function testFuzz_initialPpm_growsInSizeAndNeverBelowAnyTerm(
        uint256 a,
        uint256 b,
        uint56 interest,
        uint56 less,
        uint56 more
    ) public pure {
        Market memory m = market(bounded(a, b), interest);
        uint256 user = bound(a >> 128, 0, PPM);
        if (less > more) (less, more) = (more, less);
        uint256 low = Margin.initialPpm(m, less, user);
        uint256 high = Margin.initialPpm(m, more, user);
        assertLe(low, high);
        assertGe(low, m.initialPpm);
        assertGe(low, m.params.initialPpm);
        assertGe(low, user);
        uint256 ceiling = Margin.ceilingPpm(m.params, m.initialPpm);
        assertLe(high, user > ceiling ? user : ceiling);
    }

    function testFuzz_initialPpm_roundsConcentrationUp(uint256 a, uint256 b, uint40 size)
        public
        pure
    {
        MarketParams memory p = bounded(a, b);
        (p.openInterestLowPpm, p.openInterestHighPpm, p.concentrationCapPpm) = (0, 0, uint24(PPM));
        uint256 interest = bound(b >> 128, 1, type(uint40).max);
        vm.assume(size <= interest);
        uint256 ppm = Margin.initialPpm(market(p, interest), size, 0);
        vm.assume(ppm < PPM);
        uint256 added = ppm - p.initialPpm;
        uint256 exact = uint256(p.concentrationPpm) * size;
        assertGe(added * interest, exact);
        if (added != 0) assertLt((added - 1) * interest, exact);
    }

    /// @dev Crowding never liquidates: maintenance knows neither open interest nor owner.
    function testFuzz_add_maintenanceFollowsFromItsOwnParameterAlone(
        uint256 a,
        uint256 b,
        uint56 interest,
        int40 size
    ) public pure {
        MarketParams memory p = bounded(a, b);
        Totals memory calm;
        Totals memory crowded;
        crowded.userPpm = bound(b >> 160, 0, PPM);
        calm.add(market(p, 0), size);
        crowded.add(market(p, interest), size);
        uint256 amount = Margin.magnitude(size) * 100_000_000;
        assertEq(calm.maintenance, crowded.maintenance);
        assertEq(calm.maintenance, (amount * p.maintenancePpm + PPM - 1) / PPM);
        assertGe(calm.initial, calm.maintenance);
    }

    /// @dev The fast path says exactly what the sums say.
    function testFuzz_isInitial_isEquityAtOrAboveInitial(
        uint256 a,
        uint256 b,
        uint56 interest,
        int40 size,
        int8 off
    ) public pure {
        Market memory m = market(bounded(a, b), interest);
        uint256 user = bound(a >> 128, 0, PPM);
        int256 equity = int256(Margin.initial(m, size, user)) + off;
        assertEq(Margin.isInitial(m, size, user, equity), off >= 0);
    }

    function test_closeOut_isTwoThirdsRoundedDown() public pure {
        assertEq(Margin.closeOut(0), 0);
        assertEq(Margin.closeOut(1), 0);
        assertEq(Margin.closeOut(2), 1);
        assertEq(Margin.closeOut(90), 60);
        assertEq(Margin.closeOut(91), 60);
    }

    function test_isolationHeld() public pure {
        Totals memory totals;
        Market memory lone = market(Markets.plain(), 0);
        (lone.id, lone.params.isolated) = (7, 1);
        Market memory plain = market(Markets.plain(), 0);
        plain.id = 255;
        totals.add(lone, 5);
        assertTrue(totals.isolationHeld());
        totals.add(plain, 0);
        assertTrue(totals.isolationHeld(), "an empty leg is no position");
        totals.add(plain, -1);
        assertFalse(totals.isolationHeld());
    }
}
