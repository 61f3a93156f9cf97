// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {LawLib} from "./generated/LawLib.sol";
import {Accounts, AccountWord} from "./libraries/Accounts.sol";
import {Margin} from "./libraries/Margin.sol";
import {Packer} from "./libraries/Packer.sol";
import {Pricing} from "./Pricing.sol";
import {Book, Leg, Market, Subject, Totals} from "./Working.sol";

/// @title Cash and positions, and the judgement at the end of every operation.
/// @notice Owns: the slot of each account and its positions beyond the home position.
/// A position is at home (in the account slot) when it was opened while no other was there;
/// it stays where it was opened, so that no market is ever in two places.
abstract contract Ledger is Pricing {
    using Margin for Totals;

    /// @dev The shared insurance fund and the fees are accounts without an owner; so are those
    /// from `FUNDS` on: FUNDS + m is the insurance fund of market m.
    uint256 internal constant INSURANCE = 0;
    uint256 internal constant FEES = 1;
    uint256 internal constant FUNDS = (1 << 32) - 256;

    /// @dev Lots of an account in a market.
    function _sizeOf(AccountWord word, uint256 id, uint256 market) internal view returns (int256) {
        return word.sizeIn(_positions, id, market);
    }

    /// @dev An account with what it owes of levies taken off its cash. Whoever changes an account
    /// reads it here and stores it with `_put`, so that what others see is always the truth.
    function _get(uint256 id) internal view returns (AccountWord word) {
        word = _accounts[id];
        if (!_levied) return word;
        uint256 bits = _held(id, word);
        int256 owed = 0;
        for (uint256 market = 0; bits >> market != 0; ++market) {
            if (bits & (1 << market) == 0) continue;
            uint256 since = _levies[market] - _levyEntries[(id << 8) | market];
            owed += int256(Margin.magnitude(_sizeOf(word, id, market)) * since);
        }
        return word.withCash(word.cash() - owed);
    }

    /// @dev Stores an account that was read with `_get`: its positions owe nothing from now on.
    /// Assumes: positions beyond the home are stored already.
    function _put(uint256 id, AccountWord word) internal {
        _accounts[id] = word;
        if (!_levied) return;
        uint256 bits = _held(id, word);
        for (uint256 market = 0; bits >> market != 0; ++market) {
            if (bits & (1 << market) == 0) continue;
            _levyEntries[(id << 8) | market] = _levies[market];
        }
    }

    /// @dev Markets in which an account holds a position, as a bitmap.
    function _held(uint256 id, AccountWord word) private view returns (uint256 bits) {
        if (word.others() != 0) bits = _bitmaps[id];
        if (word.size() != 0) bits |= 1 << word.home();
    }

    /// @dev Adds all positions of an account except those in `except` (bitmap of markets).
    function _addPositions(
        Book memory book,
        uint256 id,
        AccountWord word,
        uint256 except,
        Totals memory totals
    ) internal view {
        totals.userPpm = word.leverage();
        uint256 home = word.home();
        if (word.size() != 0 && except & (1 << home) == 0) {
            _price(book, home);
            _add(book, totals, home, word.size());
        }
        if (word.others() == 0) return;
        uint256 bits = _bitmaps[id] & ~except;
        for (uint256 market = 0; bits >> market != 0; ++market) {
            if (bits & (1 << market) == 0) continue;
            _price(book, market);
            _add(book, totals, market, _positions[(id << 8) | market]);
        }
    }

    function _add(Book memory book, Totals memory totals, uint256 id, int256 lots) private pure {
        Market memory market = book.list[id >> 4][id & 15];
        totals.add(market, lots);
        if (book.cautious) totals.equityQ32 -= Margin.cautionQ32(market, lots);
    }

    /// @dev Judges one touched account at the prices of this operation, and leaves its cash after
    /// in the word of its first leg. Law: healthy or healthier.
    function _judge(Book memory book, Subject memory subject) internal view {
        Leg memory leg = subject.legs[subject.first];
        Totals memory totals = subject.totals;
        AccountWord word = leg.word;
        totals.equityQ32 = word.cash();
        totals.userPpm = word.leverage();
        for (uint256 i = subject.first; i < subject.end; ++i) {
            leg = subject.legs[i];
            totals.equityQ32 += leg.cashQ32;
            subject.touched |= 1 << leg.market.id;
        }
        subject.legs[subject.first].word = word.withCash(totals.equityQ32);
        for (uint256 i = subject.first; i < subject.end; ++i) {
            leg = subject.legs[i];
            totals.add(leg.market, leg.size);
        }
        _addPositions(book, leg.account, word, subject.touched, totals);
        _holdIsolation(leg.account, totals);
        // At initial margin the state before does not matter, and need not be computed.
        if (totals.equity() < int256(totals.initial)) _judgeShort(book, subject, word);
    }

    /// @dev An account with a position in an isolated market holds nothing else. The fast path of
    /// a batch need not ask: it takes accounts with one position only.
    function _holdIsolation(uint256 id, Totals memory totals) internal pure {
        if (totals.isolationHeld()) return;
        uint256 market = Math.log2(totals.lone);
        uint256 other = Math.log2(totals.held & ~(1 << market));
        revert IsolatedMarket(uint32(id), uint8(market), uint8(other));
    }

    /// @dev Below initial margin: only a step that makes the account healthier is lawful.
    function _judgeShort(Book memory book, Subject memory subject, AccountWord word) private view {
        Totals memory old;
        bool grew = false;
        Leg memory leg = subject.legs[subject.first];
        old.equityQ32 = word.cash();
        for (uint256 i = subject.first; i < subject.end; ++i) {
            leg = subject.legs[i];
            old.add(leg.market, leg.sizeBefore);
            grew = grew || !LawLib.reduceOnlyHeld(leg.sizeBefore, leg.size);
        }
        _addPositions(book, leg.account, word, subject.touched, old);
        Totals memory totals = subject.totals;
        bool lawful = LawLib.healthyOrHealthier(
            old.equity(),
            old.maintenance,
            totals.equity(),
            totals.initial,
            totals.maintenance,
            grew
        );
        if (!lawful) revert MarginShort(uint32(leg.account), totals.equity(), totals.initial);
    }

    /// @dev Stores one judged account.
    function _storeAccount(Subject memory subject) internal {
        Leg memory leg = subject.legs[subject.first];
        AccountWord word = leg.word;
        uint256 id = leg.account;
        for (uint256 i = subject.first; i < subject.end; ++i) {
            leg = subject.legs[i];
            uint256 market = leg.market.id;
            if (word.home() == market) word = word.withHome(market, leg.size);
            else if (leg.size != leg.sizeBefore) word = _place(word, id, leg);
        }
        _put(id, word);
    }

    /// @dev Stores a position that is not at home, and moves in when the home is empty.
    function _place(AccountWord word, uint256 id, Leg memory leg) private returns (AccountWord) {
        uint256 market = leg.market.id;
        uint256 others = word.others();
        if (leg.sizeBefore == 0) {
            if (word.size() == 0) return word.withHome(market, leg.size);
            // The home counts as well.
            if (others + 1 >= Accounts.POSITIONS_MAX) {
                revert PositionsExceeded(uint32(id), others + 2, Accounts.POSITIONS_MAX);
            }
            _bitmaps[id] |= 1 << market;
            word = word.withOthers(others + 1);
        } else if (leg.size == 0) {
            _bitmaps[id] &= ~(1 << market);
            word = word.withOthers(others - 1);
        }
        // Same width as at home: 2^55 lots.
        word.withHome(market, leg.size);
        _positions[(id << 8) | market] = leg.size;
        return word;
    }

    /// @dev Law: open interest does not grow above the cap of its market.
    function _holdInterest(Book memory book) internal pure {
        for (uint256 id = 0; book.loaded >> id != 0; ++id) {
            if (book.loaded & (1 << id) == 0) continue;
            Market memory market = book.list[id >> 4][id & 15];
            uint256 cap = market.params.openInterestMax;
            uint256 open = uint256(market.openInterest);
            if (!LawLib.openInterestWithin(uint256(market.openInterestBefore), open, cap)) {
                revert OpenInterestExceeded(uint8(id), open, cap);
            }
        }
    }

    /// @dev Adds to the cash of an account; nothing is read but its slot when it has no position.
    function _credit(uint256 id, int256 cashQ32) internal returns (int128 cashAfter) {
        AccountWord word = _accounts[id];
        if (word.size() != 0 || word.others() != 0) {
            word = _get(id);
            word = word.withCash(word.cash() + cashQ32);
            _put(id, word);
        } else {
            word = word.withCash(word.cash() + cashQ32);
            _accounts[id] = word;
        }
        return int128(word.cash());
    }

    /// @dev Announces accounts as an operation left them, each once with its legs; accounts of
    /// `others` (ids) with their cash alone. Assumes: everything is stored.
    function _touched(uint8 cause, Leg[] memory legs, uint256[] memory others) internal {
        uint256 room = Packer.HEAD_BYTES + Packer.POSITION_BYTES;
        (bytes memory records, uint256 cursor) =
            Packer.open((legs.length + others.length) * room);
        for (uint256 i = 0; i < legs.length; ) {
            uint256 id = legs[i].account;
            uint256 end = i + 1;
            while (end < legs.length && legs[end].account == id) ++end;
            cursor = Packer.putHead(cursor, id, _accounts[id].cash(), end - i);
            for (; i < end; ++i) {
                cursor = Packer.putPosition(cursor, legs[i].market.id, legs[i].size);
            }
        }
        for (uint256 i = 0; i < others.length; ++i) {
            cursor = Packer.putHead(cursor, others[i], _accounts[others[i]].cash(), 0);
        }
        Packer.close(records, cursor);
        emit Touched(cause, records);
    }

    /// @dev How `_addPositions` loads a market: priced and fresh, unless a view overrides it.
    function _price(Book memory book, uint256 id) private view {
        if (book.anyAge) _peek(book, id);
        else _use(book, id);
    }
}
