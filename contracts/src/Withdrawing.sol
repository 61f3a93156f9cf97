// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountWord} from "./libraries/Accounts.sol";
import {Margin} from "./libraries/Margin.sol";
import {Profit} from "./libraries/Profit.sol";
import {Roster} from "./Roster.sol";
import {Solvency} from "./Solvency.sol";
import {VenueParams} from "./Types.sol";
import {Book, Market, Totals} from "./Working.sol";

/// @title What may leave an account.
/// @notice Owns: the principal of each account. Unrealised profit counts only as far as it is old
/// and after a haircut: positions are valued at the worst of index, mark and aged price, and what
/// this is above the principal is cut by `profitHaircutPpm`; the rest must cover initial margin. An
/// account without positions has realised everything: its principal is its cash.
abstract contract Withdrawing is Roster, Solvency {
    using Margin for Totals;

    uint256 internal constant Q32_BITS = 32;

    /// @dev Takes `quote` off an account that stays lawful without it. Assumes: the caller stores
    /// the markets of the book.
    function _debit(Book memory book, VenueParams memory venue, uint256 id, uint256 quote)
        internal
        returns (AccountWord word)
    {
        word = _get(id);
        int256 principal_ = _principal[id] - int256(quote);
        word = word.withCash(word.cash() - int256(quote << Q32_BITS));
        (int256 worth, uint256 initial, bool flat) = _worth(book, id, word);
        if (flat) principal_ = worth;
        else worth -= Profit.haircut(worth, principal_, venue.profitHaircutPpm);
        if (worth < int256(initial)) revert MarginShort(uint32(id), worth, initial);
        _put(id, word);
        _principal[id] = principal_;
    }

    /// @dev Adds `quote` to an account; what a closed account owed is cleared by it.
    function _receive(uint256 id, uint256 quote) internal returns (int128 cashAfter) {
        AccountWord word = _accounts[id];
        int256 before = word.cash();
        cashAfter = _credit(id, int256(quote << Q32_BITS));
        bool flat = word.size() == 0 && word.others() == 0;
        if (!flat) {
            _principal[id] += int256(quote);
            return cashAfter;
        }
        if (before < 0) _clearInsolvency(_owedUp(before) - _owedUp(cashAfter));
        _principal[id] = int256(cashAfter >> Q32_BITS);
    }

    /// @dev The most that may leave now, quote units.
    function _free(Book memory book, VenueParams memory venue, uint256 id)
        internal
        view
        returns (uint256)
    {
        (int256 worth, uint256 initial, bool flat) = _worth(book, id, _get(id));
        if (!flat) worth -= Profit.haircut(worth, _principal[id], venue.profitHaircutPpm);
        return worth > int256(initial) ? uint256(worth) - initial : 0;
    }

    /// @dev Equity of an account with each position at the worst of its three prices, quote units
    /// rounded down, and its initial margin at the mark price.
    function _worth(Book memory book, uint256 id, AccountWord word)
        private
        view
        returns (int256 worth, uint256 initial, bool flat)
    {
        flat = word.size() == 0 && word.others() == 0;
        Totals memory totals;
        totals.equityQ32 = word.cash();
        if (flat) return (totals.equity(), 0, true);
        book.cautious = true;
        _addPositions(book, id, word, 0, totals);
        int256 loss = 0;
        uint256 home = word.home();
        if (word.size() != 0) loss += _agedLoss(book.list[home >> 4][home & 15], word.size());
        uint256 bits = word.others() == 0 ? 0 : _bitmaps[id];
        for (uint256 market = 0; bits >> market != 0; ++market) {
            if (bits & (1 << market) == 0) continue;
            loss += _agedLoss(book.list[market >> 4][market & 15], _positions[(id << 8) | market]);
        }
        return (totals.equity() - loss, totals.initial, false);
    }

    /// @dev What a position is worth less at its aged price than at the worse of index and mark,
    /// quote units; zero when that is better.
    function _agedLoss(Market memory market, int256 lots) private view returns (int256) {
        return Profit.agedLoss(
            lots,
            Profit.worse(lots, market.price, market.mark),
            oracle.aged(uint8(market.id)),
            market.params.tickValue
        );
    }
}
