// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from
    "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {LawLib} from "./generated/LawLib.sol";
import {AccountWord} from "./libraries/Accounts.sol";
import {Closing} from "./libraries/Closing.sol";
import {Desks} from "./libraries/Desks.sol";
import {Judging} from "./libraries/Judging.sol";
import {LaneWord} from "./libraries/Lanes.sol";
import {Netting} from "./libraries/Netting.sol";
import {Orders, OrderTerms} from "./libraries/Orders.sol";
import {Packer} from "./libraries/Packer.sol";
import {Slots} from "./libraries/Slots.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Roster} from "./Roster.sol";
import {Batch, VenueParams} from "./Types.sol";
import {Desk, Leg, Market, Subject} from "./Working.sol";

/// @title Settlement of batches.
/// @notice Owns: number and head of the chain of batches. A batch is settled whole or not at all:
/// every order is authenticated once, every touched account judged once, at the end.
abstract contract Settlement is Roster, EIP712, ISettlement {
    using Desks for Desk;

    /// @dev Levels of the breaker.
    uint256 private constant NO_GROWTH = 1;
    uint256 private constant REDUCE_ONLY = 3;

    /// @inheritdoc ISettlement
    function settle(Batch calldata batch) external nonReentrant {
        VenueParams memory venue = parameters.venue();
        if (msg.sender != venue.sequencer) revert NotSequencer(msg.sender, venue.sequencer);
        bytes memory orders = batch.orders;
        bytes memory fills = batch.fills;
        bytes32 head = _extend(batch, keccak256(orders), keccak256(fills));

        Desk memory desk;
        desk.book = _refresh(venue, batch.report);
        _authenticate(desk, orders, batch.signatures);
        uint256 fees = Netting.net(fills, desk);
        orders = Closing.lanes(desk);
        bytes memory accounts = _settleAccounts(desk, fees);
        _holdInterest(desk.book);
        _storeMarkets(desk.book);
        emit Settled(batch.number, head, accounts, orders);
    }

    /// @dev Law: the chain of batches is contiguous.
    function _extend(Batch calldata batch, bytes32 orders, bytes32 fills)
        private
        returns (bytes32 head)
    {
        uint64 last = _batchNumber;
        bytes32 previous = _batchHead;
        if (!LawLib.batchContiguous(batch.number, last, batch.previous, previous)) {
            if (batch.number != last + 1) revert BatchOutOfOrder(batch.number, last + 1);
            revert BatchHeadWrong(batch.previous, previous);
        }
        bytes32 report = keccak256(batch.report);
        head = keccak256(abi.encode(previous, report, orders, fills, batch.receipts));
        _batchNumber = batch.number;
        _batchHead = head;
    }

    /// @dev Authenticates every order and consumes its nonce in memory.
    function _authenticate(Desk memory desk, bytes memory orders, bytes calldata signatures)
        private
        view
    {
        uint256 count = orders.length / Orders.PACKED_BYTES;
        if (count == 0 || count * Orders.PACKED_BYTES != orders.length) {
            revert LengthWrong(orders.length, Orders.PACKED_BYTES);
        }
        desk.open(count, _domainSeparatorV4());
        bytes memory buffer = desk.buffer;
        uint256 previous = 0;
        for (uint256 i = 0; i < count; ++i) {
            OrderTerms terms = Orders.at(orders, i);
            if (desk.pair != terms.pair()) _turn(desk, terms);
            Leg memory leg = desk.leg;
            uint256 slot = Slots.at(_lanes, terms.laneKey());
            LaneWord lane = LaneWord.wrap(Slots.read(slot));
            if (!terms.admissible(lane, previous, block.timestamp, leg.market.level)) {
                lane = _admit(leg, terms, lane, i, previous);
            }
            previous = terms.sortKey();
            bytes32 digest = terms.digest(leg.word.epoch(), buffer);
            (bytes32 r, bytes32 vs) = Orders.signatureAt(orders, i);
            address signer = Signatures.recover(digest, r, vs, buffer);
            if (signer != lane.owner()) {
                if (terms.has(Orders.CONTRACT_SIGNATURE)) {
                    _verifyContract(signatures, lane.owner(), i, digest, uint256(r), uint256(vs));
                } else {
                    _verifySession(i, terms, signer, lane.owner());
                }
            }
            desk.addTicket(terms, lane, leg, slot);
        }
    }

    /// @dev Not plainly admissible: names what is wrong, or meets an account's lane for the first
    /// time and remembers its owner.
    function _admit(
        Leg memory leg,
        OrderTerms terms,
        LaneWord lane,
        uint256 index,
        uint256 previous
    ) private view returns (LaneWord) {
        if (terms.sortKey() <= previous) revert OrdersUnordered(index, terms.sortKey(), previous);
        if (!terms.wellFormed()) {
            revert OrderMalformed(index, terms.flags(), Orders.FLAGS_KNOWN);
        }
        if (terms.expiry() <= block.timestamp) {
            revert OrderExpired(index, terms.expiry(), block.timestamp);
        }
        if (lane.owner() == address(0)) lane = lane.withOwner(_ownerOf(terms.account()));
        if (terms.seq() < lane.seq()) revert SeqStale(index, terms.seq(), lane.seq());
        if (leg.market.level >= REDUCE_ONLY && !terms.has(Orders.REDUCE_ONLY)) {
            _tripped(leg.market, REDUCE_ONLY - 1);
        }
        return lane;
    }

    /// @dev Makes the leg that an order's fills change the current one; orders of one account are
    /// neighbours.
    function _turn(Desk memory desk, OrderTerms terms) private view {
        uint256 id = terms.account();
        uint256 marketId = terms.market();
        desk.pair = terms.pair();
        Leg memory leg = desk.leg;
        uint256 slot;
        AccountWord word;
        if (leg.account == id) {
            if (desk.find(id, marketId)) return;
            desk.leg.count += 1;
            (slot, word) = (leg.slot, leg.word);
        } else {
            slot = Slots.at(_accounts, id);
            word = AccountWord.wrap(Slots.read(slot));
        }
        // The market of the leg before was loaded and judged fresh already.
        Market memory market = leg.market;
        if (market.id != marketId) {
            _use(desk.book, marketId);
            market = desk.book.list[marketId];
        }
        int256 size = word.home() == marketId ? word.size() : _sizeOf(word, id, marketId);
        desk.addLeg(id, word, market, size, slot);
    }

    /// @dev Not the owner's signature: a session key's, or nobody's.
    function _verifySession(uint256 index, OrderTerms terms, address signer, address owner)
        private
        view
    {
        if (signer == address(0) || !_inSession(terms.account(), signer)) {
            revert SignatureWrong(index, signer, owner);
        }
    }

    /// @dev The signature of a wallet contract that owns the account (ERC-1271).
    function _verifyContract(
        bytes calldata signatures,
        address owner,
        uint256 index,
        bytes32 digest,
        uint256 offset,
        uint256 length
    ) private view {
        bool inside = offset <= signatures.length && length <= signatures.length - offset;
        if (inside) {
            bytes calldata part = signatures[offset:offset + length];
            if (SignatureChecker.isValidERC1271SignatureNowCalldata(owner, digest, part)) return;
        }
        revert SignatureWrong(index, address(0), owner);
    }

    /// @dev Law: every touched account ends healthy or healthier, judged once; then it is stored.
    /// The same pass does both, as above; fees come last.
    function _settleAccounts(Desk memory desk, uint256 fees)
        private
        returns (bytes memory records)
    {
        uint256 end = desk.legsEnd;
        uint256 cursor;
        (records, cursor) = Packer.open(
            (end - desk.legs) / Desks.LEG_BYTES * (Packer.HEAD_BYTES + Packer.POSITION_BYTES)
                + Packer.HEAD_BYTES
        );
        for (uint256 at = desk.legs; at < end; ) {
            AccountWord word = Judging.record(desk, at);
            if (AccountWord.unwrap(word) == 0) {
                (at, cursor) = _settleAccount(desk, at, cursor);
            } else {
                (uint256 id, uint256 slot) = Desks.accountAt(at);
                Slots.write(slot, AccountWord.unwrap(word));
                cursor = Packer.putAccount(cursor, id, word);
                at = Desks.next(at);
            }
        }
        cursor = Packer.putHead(cursor, FEES, _credit(FEES, int256(fees << 32)), 0);
        Packer.close(records, cursor);
    }

    /// @dev One account in full: any number of positions, a tripped breaker, or a step that is
    /// lawful only because it makes the account healthier.
    function _settleAccount(Desk memory desk, uint256 at, uint256 cursor)
        private
        returns (uint256, uint256)
    {
        Subject memory subject = desk.subject(at);
        _judge(desk.book, subject);
        _storeAccount(subject);
        Leg memory leg = subject.legs[0];
        cursor = Packer.putHead(cursor, leg.account, leg.word.cash(), subject.end);
        for (uint256 i = 0; i < subject.end; ++i) {
            leg = subject.legs[i];
            Judging.countInterest(leg);
            bool held = LawLib.reduceOnlyHeld(leg.sizeBefore, leg.size);
            if (leg.market.level >= NO_GROWTH && !held) _tripped(leg.market, NO_GROWTH - 1);
            cursor = Packer.putPosition(cursor, leg.market.id, leg.size);
            at = Desks.next(at);
        }
        return (at, cursor);
    }

    function _tripped(Market memory market, uint256 required) private pure {
        revert BreakerTripped(uint16(market.id + 1), uint8(market.level), uint8(required));
    }
}
