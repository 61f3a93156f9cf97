// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from
    "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ILiquidation} from "./interfaces/ILiquidation.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {LawLib} from "./generated/LawLib.sol";
import {AccountWord} from "./libraries/Accounts.sol";
import {Arrays} from "./libraries/Arrays.sol";
import {Closing} from "./libraries/Closing.sol";
import {Desks} from "./libraries/Desks.sol";
import {Judging} from "./libraries/Judging.sol";
import {Lanes, LaneWord} from "./libraries/Lanes.sol";
import {Margin} from "./libraries/Margin.sol";
import {Netting} from "./libraries/Netting.sol";
import {Orders, OrderTerms} from "./libraries/Orders.sol";
import {Packer} from "./libraries/Packer.sol";
import {ParameterWords} from "./libraries/ParameterWords.sol";
import {Seizing} from "./libraries/Seizing.sol";
import {Slots} from "./libraries/Slots.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Roster} from "./Roster.sol";
import {Batch} from "./Types.sol";
import {Book, Desk, Leg, Market, Subject} from "./Working.sol";

/// @title Settlement of batches.
/// @notice Owns: number and head of the chain of batches. A batch is settled whole or not at all:
/// every order is authenticated once, every touched account judged once, at the end.
abstract contract Settlement is Roster, EIP712, ISettlement {
    using Desks for Desk;
    using Netting for Desk;
    using Seizing for Desk;

    /// @dev Levels of the breaker.
    uint256 private constant NO_GROWTH = 1;
    uint256 private constant REDUCE_ONLY = 3;

    /// @inheritdoc ISettlement
    function settle(Batch calldata batch) external nonReentrant {
        (Desk memory desk, bytes memory orders) = Desks.place(batch.orders);
        uint256 venue = parameters.venueWord();
        address sequencer = ParameterWords.sequencer(venue);
        if (msg.sender != sequencer) revert NotSequencer(msg.sender, sequencer);
        desk.fills = batch.fills;
        _extend(desk, batch, orders);
        desk.book = _refresh(ParameterWords.reportSkewSecondsMax(venue), batch.report);
        desk.open(orders.length, _domainSeparatorV4());
        _authenticate(desk, batch);
        uint256 fees = desk.net(_positions);
        if (desk.protocol) desk.seizures = desk.collect();
        bool single = desk.fills.length == Netting.FILL_BYTES;
        if (single) _foreseeFill(desk);
        uint256 cursor = Closing.close(_lanes, desk);
        uint256 accounts = Packer.seal(Desks.TICKETS, cursor) + 32;
        cursor = _settleAccounts(desk, accounts);
        cursor = Packer.putHead(cursor, FEES, _credit(FEES, int256(fees << 32)), 0);
        _holdInterest(desk.book);
        if (!single) _holdCrowd(desk.book);
        _storeMarkets(desk.book);
        Desks.announce(Settled.selector, batch.number, desk.head, accounts, cursor);
        if (desk.protocol) ILiquidation(address(this)).seize(desk.seizures);
    }

    /// @dev Law: the chain of batches is contiguous.
    function _extend(Desk memory desk, Batch calldata batch, bytes memory orders) private {
        if (_frozenTime != 0) revert Frozen(_frozenTime);
        uint64 last = _batchNumber;
        bytes32 previous = _batchHead;
        if (!LawLib.batchContiguous(batch.number, last, batch.previous, previous)) {
            if (batch.number != last + 1) revert BatchOutOfOrder(batch.number, last + 1);
            revert BatchHeadWrong(batch.previous, previous);
        }
        bytes32 report = keccak256(batch.report);
        bytes32 fills = keccak256(desk.fills);
        bytes32 head =
            keccak256(abi.encode(previous, report, keccak256(orders), fills, batch.receipts));
        _batchNumber = batch.number;
        _batchHead = head;
        desk.head = head;
    }

    /// @dev Authenticates every order and consumes its nonce in memory. The first order has no
    /// neighbour: in front of it stands one of account 0 with flags that no order may have, so that
    /// only an order that is malformed itself could share them, and it is refused as such.
    function _authenticate(Desk memory desk, Batch calldata batch) private view {
        OrderTerms last = Orders.NONE;
        uint256 leg = 0;
        uint256 at = Desks.TICKETS;
        while (true) {
            OrderTerms terms = Orders.at(at);
            if (!terms.shares(last)) leg = _turn(desk, terms, last);
            LaneWord lane = LaneWord.wrap(Slots.read(Slots.at(_lanes, terms.laneKey())));
            uint256 wrong = Signatures.recover(terms.digest(), at, lane);
            (uint256 amiss, LaneWord turned) = terms.meet(last, lane, desk.plainFrom);
            if (wrong | amiss != 0) turned = _examine(desk, batch, at, last, lane, turned);
            Desks.writeTicket(at, turned, leg);
            at = Desks.afterTicket(at);
            if (at == desk.ticketsEnd) break;
            last = terms;
        }
    }

    /// @dev Not a plain order that the owner signed: names what is wrong, if anything.
    function _examine(
        Desk memory desk,
        Batch calldata batch,
        uint256 at,
        OrderTerms last,
        LaneWord lane,
        LaneWord turned
    ) private view returns (LaneWord) {
        _admit(desk, at, last, lane);
        return _verify(desk, batch.signatures, at, turned);
    }

    function _admit(Desk memory desk, uint256 at, OrderTerms last, LaneWord lane) private view {
        OrderTerms terms = Orders.at(at);
        uint256 index = Desks.indexOf(at);
        if (terms.sortKey() <= last.sortKey()) {
            revert OrdersUnordered(index, terms.sortKey(), last.sortKey());
        }
        if (!terms.wellFormed()) {
            revert OrderMalformed(index, terms.flags(), Orders.FLAGS_KNOWN);
        }
        if (terms.expiry() <= block.timestamp) {
            revert OrderExpired(index, terms.expiry(), block.timestamp);
        }
        if (terms.seq() < lane.seq()) revert SeqStale(index, terms.seq(), lane.seq());
        if (desk.market.level >= REDUCE_ONLY && !terms.has(Orders.REDUCE_ONLY)) {
            _tripped(desk.market, REDUCE_ONLY - 1);
        }
    }

    /// @dev The leg that an order's fills change, and what it shares with others in the buffer;
    /// orders of one account are neighbours.
    function _turn(Desk memory desk, OrderTerms terms, OrderTerms last)
        private
        view
        returns (uint256 leg)
    {
        uint256 id = terms.account();
        uint256 market = terms.market();
        AccountWord word;
        if (desk.marketId != market) _enter(desk, market);
        if (id == last.account()) (leg, word) = _return(desk, id);
        else word = AccountWord.wrap(Slots.read(Slots.at(_accounts, id)));
        terms.hashShared(word.epoch());
        if (leg != 0) return leg;
        return desk.addLeg(id, word);
    }

    /// @dev Back at an account that has an order already: its leg in the current market, or none
    /// when it is to have one more.
    function _return(Desk memory desk, uint256 id)
        private
        view
        returns (uint256 leg, AccountWord word)
    {
        uint256 first;
        (leg, first) = desk.find(id, desk.market);
        // Only an order of account 0 can be here without any leg; it has no owner to sign it.
        if (first == 0) revert AccountUnknown(uint32(id), _accountsCount);
        if (leg == 0) Desks.countLeg(first);
        word = Desks.wordOf(first);
    }

    /// @dev Makes a market the current one. The market of the leg before was loaded and judged
    /// fresh already.
    function _enter(Desk memory desk, uint256 id) private view {
        _use(desk.book, id);
        Market memory market = desk.book.list[id >> 4][id & 15];
        desk.enter(market);
        desk.plainFrom = market.level < REDUCE_ONLY ? block.timestamp + 1 : type(uint256).max;
    }

    /// @dev Not the owner's signature as the lane knows the owner: an account's first order on a
    /// lane, whose owner is remembered from here on; a session key's; a wallet contract's; or
    /// nobody's, which only an order of the protocol may be: it is judged as a liquidation later.
    function _verify(Desk memory desk, bytes calldata signatures, uint256 at, LaneWord lane)
        private
        view
        returns (LaneWord)
    {
        OrderTerms terms = Orders.at(at);
        bool protocol = terms.lane() == Lanes.PROTOCOL;
        if (lane.owner() == address(0)) {
            address owner = _ownerOf(terms.account());
            // The protocol's lane has none, so that every order on it comes here.
            if (!protocol) lane = lane.withOwner(owner);
        }
        if (protocol) {
            uint256 flags = terms.flags();
            if (flags & ~Orders.BUY != Orders.FLAGS_PROTOCOL) {
                revert OrderMalformed(Desks.indexOf(at), flags, Orders.FLAGS_PROTOCOL);
            }
            desk.protocol = true;
            return lane;
        }
        address signer = Signatures.lastSigner();
        if (signer == lane.owner()) return lane;
        if (terms.has(Orders.CONTRACT_SIGNATURE)) {
            _verifyContract(signatures, lane.owner(), Desks.indexOf(at), at);
            return lane;
        }
        if (signer == address(0) || !_inSession(terms.account(), signer)) {
            revert SignatureWrong(Desks.indexOf(at), signer, lane.owner());
        }
        _sessionOf(terms.account(), signer).hold(
            terms.market(), terms.size(), terms.has(Orders.REDUCE_ONLY)
        );
        return lane;
    }

    /// @dev The signature of a wallet contract that owns the account (ERC-1271).
    function _verifyContract(
        bytes calldata signatures,
        address owner,
        uint256 index,
        uint256 at
    ) private view {
        (uint256 offset, uint256 length) = Orders.spanAt(at);
        bool inside = offset <= signatures.length && length <= signatures.length - offset;
        if (inside) {
            bytes calldata part = signatures[offset:offset + length];
            bytes32 digest = Orders.lastDigest();
            if (SignatureChecker.isValidERC1271SignatureNowCalldata(owner, digest, part)) return;
        }
        revert SignatureWrong(index, address(0), owner);
    }

    /// @dev Law: every touched account ends healthy or healthier, judged once; then it is stored.
    /// The same pass does both, and writes the records for the event at `cursor`, behind those of
    /// the orders and over tickets that are not needed any more; fees come last.
    function _settleAccounts(Desk memory desk, uint256 cursor)
        private
        returns (uint256)
    {
        uint256 at = desk.legs;
        while (true) {
            (at, cursor) = Judging.plain(_accounts, desk, at, cursor);
            if (at == desk.legsEnd) return cursor;
            (at, cursor) = _settleAccount(desk, at, cursor);
            if (at == desk.legsEnd) return cursor;
        }
    }

    /// @dev A batch of one fill is judged at the open interest after it. No other leg changes.
    function _foreseeFill(Desk memory desk) private view {
        int256 change = 0;
        Market memory market = desk.market;
        for (uint256 at = desk.legs; at != desk.legsEnd; at = Desks.afterLeg(at)) {
            (int256 lots,) = Desks.changeOf(at);
            if (lots == 0) continue;
            market = Desks.marketOf(at);
            int256 before = _sizeOf(Desks.wordOf(at), Desks.accountOf(at), market.id);
            change += Margin.long(before + lots) - Margin.long(before);
        }
        _foresee(market, change);
    }

    /// @dev Several fills are judged at the open interest before them, so that their order does not
    /// matter; hence they may not add much where initial margin grows with it.
    function _holdCrowd(Book memory book) private pure {
        for (uint256 id = 0; book.loaded >> id != 0; ++id) {
            if (book.loaded & (1 << id) == 0) continue;
            Market memory market = book.list[id >> 4][id & 15];
            uint256 open = uint256(market.openInterest);
            uint256 most = Margin.crowdMost(market.params, uint256(market.openInterestBefore));
            if (open > most) revert BatchCrowds(uint8(id), open, most);
        }
    }

    /// @dev One account in full: any number of positions, a tripped breaker, or a step that is
    /// lawful only because it makes the account healthier.
    function _settleAccount(Desk memory desk, uint256 at, uint256 cursor)
        private
        returns (uint256, uint256)
    {
        Subject memory subject = _subject(at);
        if (_levied) subject.legs[0].word = _get(subject.legs[0].account);
        _judge(desk.book, subject);
        _storeAccount(subject);
        Leg memory leg = subject.legs[0];
        cursor = Packer.putHead(cursor, leg.account, leg.word.cash(), subject.end);
        for (uint256 i = 0; i < subject.end; ++i) {
            leg = subject.legs[i];
            Judging.countInterest(leg);
            bool held = LawLib.reduceOnlyHeld(leg.sizeBefore, leg.size);
            if (!held && leg.market.level >= NO_GROWTH) _tripped(leg.market, NO_GROWTH - 1);
            if (!held && leg.market.barring) _holdBar(leg.account);
            cursor = Packer.putPosition(cursor, leg.market.id, leg.size);
        }
        return (at + subject.end * Desks.LEG_BYTES, cursor);
    }

    /// @dev The legs of the account whose first leg is at `at`.
    function _subject(uint256 at) private view returns (Subject memory subject) {
        uint256 count = Desks.countOf(at);
        (subject.legs, subject.end) = (Arrays.legs(count), count);
        uint256 id = Desks.accountOf(at);
        for (uint256 i = 0; i < count; ++i) {
            Market memory market = Desks.marketOf(at);
            AccountWord word = Desks.wordOf(at);
            int256 sizeBefore = _sizeOf(word, id, market.id);
            (int256 lots, int256 cashQ32) = Desks.changeOf(at);
            subject.legs[i] = Leg(id, word, market, sizeBefore, sizeBefore + lots, cashQ32);
            at = Desks.afterLeg(at);
        }
    }

    function _tripped(Market memory market, uint256 required) private pure {
        revert BreakerTripped(uint16(market.id + 1), uint8(market.level), uint8(required));
    }
}
