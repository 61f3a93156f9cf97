// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {AccountWord} from "./libraries/Accounts.sol";
import {Arrays} from "./libraries/Arrays.sol";
import {Margin} from "./libraries/Margin.sol";
import {Roster} from "./Roster.sol";
import {Solvency} from "./Solvency.sol";
import {Book, Leg, Market, Subject, Totals} from "./Working.sol";

/// @title What liquidation and the waterfall share: how an account stands, and lots that change
/// hands at a price.
abstract contract Liquidator is Roster, Solvency {
    using Margin for Totals;
    using SafeCast for int256;
    using SafeCast for uint256;

    /// @dev Highest level of the breaker at which positions are taken off accounts.
    uint256 private constant LEVEL_MAX = 1;

    /// @dev An account as the margin rules see it: equity exact and rounded down, requirements, and
    /// the markets that it holds (bit m).
    struct Standing {
        int256 equityQ32;
        int256 equity;
        uint256 maintenance;
        uint256 initial;
        uint256 held;
    }

    /// @dev Loads a market with a valid price in which accounts may be liquidated now.
    function _liquidable(Book memory book, uint256 marketId)
        internal
        view
        returns (Market memory market)
    {
        _use(book, marketId);
        market = book.list[marketId >> 4][marketId & 15];
        _holdLevel(market);
    }

    /// @dev The position of an account in a market, as stored.
    function _leg(uint256 id, Market memory market) internal view returns (Leg memory leg) {
        leg.account = id;
        leg.word = _get(id);
        leg.market = market;
        leg.sizeBefore = _sizeOf(leg.word, id, market.id);
        leg.size = leg.sizeBefore;
    }

    /// @dev How an account stands at the prices of this operation.
    function _standing(Book memory book, uint256 id, AccountWord word)
        internal
        view
        returns (Standing memory standing)
    {
        Totals memory totals;
        totals.equityQ32 = word.cash();
        _addPositions(book, id, word, 0, totals);
        standing.equityQ32 = totals.equityQ32;
        standing.equity = totals.equity();
        (standing.maintenance, standing.initial) = (totals.maintenance, totals.initial);
        standing.held = totals.held;
    }

    /// @dev No account is called unhealthy for a price that is in its grace, in whichever of its
    /// markets it would pay for it.
    function _holdGrace(Book memory book, Standing memory standing) internal pure {
        for (uint256 id = 0; standing.held >> id != 0; ++id) {
            if (standing.held & (1 << id) == 0) continue;
            _holdLevel(book.list[id >> 4][id & 15]);
        }
    }

    function _holdLevel(Market memory market) private pure {
        if (market.level <= LEVEL_MAX) return;
        revert BreakerTripped(uint16(market.id) + 1, uint8(market.level), uint8(LEVEL_MAX));
    }

    /// @dev Maintenance requirement that `lots` of a position of `size` set free.
    function _freed(Market memory market, uint256 size, uint256 lots)
        internal
        pure
        returns (uint256)
    {
        uint256 ppm = market.params.maintenancePpm;
        return Margin.shareUp(size * market.lotValue, ppm)
            - Margin.shareUp((size - lots) * market.lotValue, ppm);
    }

    /// @dev Moves lots from one account to another in memory, at the mark price moved by
    /// `discount` ticks in favour of `to` (negative: of `from`). Returns what `to` gains, quote.
    function _swap(Leg memory from, Leg memory to, uint256 lots, int256 discount)
        internal
        pure
        returns (int256 gain)
    {
        Market memory market = from.market;
        int256 moved = from.size > 0 ? int256(lots) : -int256(lots);
        gain = int256(lots * market.params.tickValue) * discount;
        int256 valueQ32 = moved * market.unitQ32 - (gain << 32);
        from.size -= moved;
        from.cashQ32 += valueQ32;
        to.size += moved;
        to.cashQ32 -= valueQ32;
    }

    /// @dev Stores an account with one leg that was judged by a rule of its own.
    function _settleLeg(Leg memory leg) internal {
        leg.word = leg.word.withCash(leg.word.cash() + leg.cashQ32);
        leg.cashQ32 = 0;
        Subject memory subject;
        subject.legs = Arrays.legs(1);
        subject.legs[0] = leg;
        subject.end = 1;
        _storeAccount(subject);
    }

    /// @dev Price of lots that changed hands at a discount, ticks.
    function _priceOf(Market memory market, int256 size, int256 discount)
        internal
        pure
        returns (uint32)
    {
        int256 price = int256(market.mark) - (size > 0 ? discount : -discount);
        return price.toUint256().toUint32();
    }

    /// @dev Since when an account that is unwound holds its position.
    function _holdSince(Leg memory leg) internal {
        uint256 key = (leg.account << 8) | leg.market.id;
        if (leg.size == 0) delete _heldSince[key];
        else if (leg.sizeBefore == 0) _heldSince[key] = block.timestamp;
    }
}
