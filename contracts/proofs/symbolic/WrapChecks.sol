// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountWord} from "../../src/libraries/Accounts.sol";
import {Desks} from "../../src/libraries/Desks.sol";
import {Judging} from "../../src/libraries/Judging.sol";
import {Lanes, LaneWord} from "../../src/libraries/Lanes.sol";
import {Margin} from "../../src/libraries/Margin.sol";
import {Marks} from "../../src/libraries/Marks.sol";
import {Medians} from "../../src/libraries/Medians.sol";
import {Orders, OrderTerms} from "../../src/libraries/Orders.sol";
import {MarketParams} from "../../src/Types.sol";
import {Desk, Leg, Market, Totals} from "../../src/Working.sol";

/// @title Arithmetic without checks, compiled with checks: no input of the stated widths panics.
/// @notice The sources of these checks are rewritten: their blocks without checks have them.
contract WrapChecks {
    AccountWord[1 << 32] private accounts;

    /// What the callers keep of the parameters of a market.
    struct Terms {
        uint24 initialPpm;
        uint24 maintenancePpm;
        uint24 lowPpm;
        uint24 highPpm;
        uint24 concentrationPpm;
        uint24 capPpm;
        uint40 interestMax;
    }

    /// Value, caution, fees and close-out of a position: lots of 64 bits, a lot's value of 80.
    function check_products(
        int64 lots,
        uint80 lotValue,
        uint32 price,
        uint48 tickValue,
        uint200 amount,
        uint24 ppm
    ) external pure {
        Market memory market;
        (market.lotValue, market.price, market.params.tickValue) = (lotValue, price, tickValue);
        Margin.notional(market, lots);
        Margin.cautionQ32(market, lots);
        Margin.shareUp(amount, ppm);
        Margin.closeOut(amount);
    }

    /// The margin that open interest demands, which is never below the base; that it is never above
    /// one is proved of the source. And where a batch may end, which leaves room for a lot.
    function check_interest(Terms calldata terms, uint56 interest) external pure {
        require(terms.initialPpm <= Margin.PPM);
        MarketParams memory p = _params(terms);
        uint256 ppm = Margin.interestPpm(p, interest);
        assert(ppm >= terms.initialPpm);
        Margin.ceilingPpm(p, ppm);
        assert(Margin.crowdMost(p, interest) > interest);
    }

    /// The initial margin of a position, in any market whose own is not below the base, which the
    /// check before this one holds: 24 bits, and no division by zero.
    function check_initialPpm(
        Terms calldata terms,
        uint24 marketPpm,
        uint64 size,
        uint56 interest,
        uint24 userPpm
    ) external pure {
        require(marketPpm >= terms.initialPpm);
        Market memory market;
        market.params = _params(terms);
        market.initialPpm = marketPpm;
        market.openInterestBefore = int256(uint256(interest));
        uint256 ppm = Margin.initialPpm(market, size, userPpm);
        assert(ppm < 2 ** 24 && ppm >= marketPpm && ppm >= userPpm);
    }

    /// One more position in the sums of an account, which may have 256: equity of 184 bits,
    /// requirements of 176. What it demands is any 24 bits, which is all that `check_initialPpm`
    /// leaves: no market here demands anything for concentration.
    function check_add(
        uint24[3] calldata ppm,
        int64 lots,
        uint80 lotValue,
        int96 fundingIndex,
        int184 equity,
        uint176[2] calldata held
    ) external pure {
        Market memory market;
        (market.lotValue, market.initialPpm) = (lotValue, ppm[0]);
        market.params.maintenancePpm = ppm[1];
        market.unitQ32 = _unit(lotValue, fundingIndex);
        Totals memory totals;
        (totals.equityQ32, totals.initial, totals.maintenance) = (equity, held[0], held[1]);
        totals.userPpm = ppm[2];
        Margin.add(totals, market, lots);
        Margin.isolationHeld(totals);
    }

    /// Whether equity covers the margin of an only position: of 142 bits, as a batch has it.
    function check_only(
        uint24[2] calldata ppm,
        int64 lots,
        uint80 lotValue,
        uint24 ceilingPpm,
        int144 equity
    ) external pure {
        Market memory market;
        (market.lotValue, market.initialPpm) = (lotValue, ppm[0]);
        market.lotCeiling = uint256(lotValue) * ceilingPpm;
        Margin.isInitial(market, lots, ppm[1], equity);
    }

    /// The accepted mark; `MarginChecks` says which it is. An index before is none, or one above
    /// `below`: so the divisor is seen not to be zero.
    function check_marks(
        uint32 reported,
        uint32 before,
        uint32 below,
        uint32 index,
        uint24 clampPpm
    ) external pure {
        require(index != 0);
        assert(Marks.accepted(reported, before, 0, index, clampPpm) != 0);
        assert(Marks.accepted(reported, before, uint256(below) + 1, index, clampPpm) != 0);
    }

    /// What is left: a lane that is filled, the side of an order, the rank of a median, and the
    /// records of a desk.
    function check_small(uint256 raw, uint40 filled, uint64 lots, uint8 count, uint32 at)
        external
        pure
    {
        require(lots < 2 ** 63 && count != 0);
        LaneWord lane = LaneWord.wrap((raw << 64 >> 64) | (uint256(filled) << 192)).plus(lots);
        assert(lane.sum() == uint256(filled) + lots);
        OrderTerms terms = OrderTerms.wrap(raw);
        terms.wellFormed();
        assert(terms.side() == 1 || terms.side() == -1);
        Medians.check(msg.data[4:4], 0, 0, count, Medians.Value(1, 2, 3));
        assert(Desks.afterTicket(at) > at && Desks.afterLeg(at) > at);
    }

    /// Two legs of a desk, whosever they are, are found, and what they change is counted.
    function check_legs(
        bytes32[6] calldata,
        uint32[2] calldata ids,
        uint32 wanted,
        int64 interest,
        int56 before,
        int56 size
    ) external pure {
        (Desk memory desk,) = Desks.place(msg.data[4:184]);
        Desks.open(desk, 180, 0);
        Market memory market;
        Desks.enter(desk, market);
        uint256 one = Desks.addLeg(desk, ids[0], AccountWord.wrap(0));
        uint256 two = Desks.addLeg(desk, ids[1], AccountWord.wrap(0));
        (uint256 found, uint256 first) = Desks.find(desk, wanted, market);
        if (ids[1] != wanted) assert(found == 0 && first == 0);
        else assert(found == first && first == (ids[0] == wanted ? one : two));
        require(interest > -(2 ** 62) && interest < 2 ** 62);
        market.openInterest = interest;
        Leg memory leg;
        (leg.market, leg.sizeBefore, leg.size) = (market, before, size);
        Judging.countInterest(leg);
        int256 change = int256(size > 0 ? size : int56(0)) - (before > 0 ? before : int56(0));
        assert(market.openInterest == int256(interest) + change);
    }

    function _unit(uint80 lotValue, int96 fundingIndex) private pure returns (int256) {
        unchecked {
            return int256(uint256(lotValue) << 32) - fundingIndex;
        }
    }

    function _params(Terms calldata terms) private pure returns (MarketParams memory p) {
        (p.initialPpm, p.maintenancePpm) = (terms.initialPpm, terms.maintenancePpm);
        (p.openInterestLowPpm, p.openInterestHighPpm) = (terms.lowPpm, terms.highPpm);
        (p.concentrationPpm, p.concentrationCapPpm) = (terms.concentrationPpm, terms.capPpm);
        p.openInterestMax = terms.interestMax;
    }
}
