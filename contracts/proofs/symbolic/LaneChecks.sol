// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../../src/generated/LawLib.sol";
import {Closing} from "../../src/libraries/Closing.sol";
import {Desks} from "../../src/libraries/Desks.sol";
import {Lanes, LaneWord} from "../../src/libraries/Lanes.sol";
import {Orders, OrderTerms} from "../../src/libraries/Orders.sol";
import {Slots} from "../../src/libraries/Slots.sol";
import {Desk} from "../../src/Working.sol";

/// @title The slot of a lane, from its fields to what a batch stores.
contract LaneChecks {
    LaneWord[1 << 48] private lanes;

    /// Each field is read back as written, and the word is the fields side by side.
    function check_fields(uint256 dirt, address owner, uint32 seq, uint40 filled) external pure {
        LaneWord word = LaneWord.wrap(dirt).withOwner(owner).withOrder(seq, filled);
        assert(word.owner() == owner && word.seq() == seq && word.filled() == filled);
        assert(word.sum() == filled);
        uint256 packed = uint256(bytes32(abi.encodePacked(uint64(filled), seq, owner)));
        assert(LaneWord.unwrap(word) == packed);
    }

    /// Filling adds to what is filled, touches nothing else and does not wrap.
    function check_plus(uint256 raw, uint40 filled, uint56 lots) external pure {
        LaneWord word = LaneWord.wrap((raw << 64 >> 64) | (uint256(filled) << 192));
        LaneWord next = word.plus(lots);
        assert(next.sum() == uint256(filled) + lots);
        assert(next.sum() >= word.sum());
        assert(LaneWord.unwrap(next) << 64 == LaneWord.unwrap(word) << 64);
    }

    /// The one value of the hot path says what the plain conditions say, and the lane is turned.
    function check_meet(uint256 raw, uint256 last, uint256 lane, uint40 since) external pure {
        OrderTerms terms = OrderTerms.wrap(raw);
        (uint256 wrong, LaneWord turned) =
            terms.meet(OrderTerms.wrap(last), LaneWord.wrap(lane), since);
        LaneWord word = LaneWord.wrap(lane);
        bool plain = terms.sortKey() > OrderTerms.wrap(last).sortKey() && terms.wellFormed()
            && terms.expiry() >= since && terms.seq() >= word.seq();
        assert((wrong == 0) == plain);
        assert(turned.owner() == word.owner() && turned.seq() == terms.seq());
        assert(turned.sum() == (terms.seq() == word.seq() ? word.sum() : 0));
    }

    /// An order fits exactly when the law of lanes holds, and all of a fill-or-kill one is filled.
    function check_misfit(uint256 raw, uint40 before, uint40 lots) external pure {
        OrderTerms terms = OrderTerms.wrap(raw);
        uint256 filled = uint256(before) + lots;
        bool lawful = LawLib.laneLawful(1, before, 1, filled, terms.size());
        bool whole = !terms.has(Orders.FILL_OR_KILL) || filled == terms.size();
        assert((terms.misfit(lots, filled) == 0) == (lots != 0 && lawful && whole));
    }

    /// Whatever a lane holds, an order that is met and fits moves it forward, never beyond the
    /// order's size; what is cancelled or filled is not filled again.
    function check_replay(uint256 raw, address owner, uint32 seq, uint40 filled, uint56 lots)
        external
        pure
    {
        OrderTerms terms = OrderTerms.wrap(raw);
        LaneWord word = LaneWord.wrap(0).withOwner(owner).withOrder(seq, filled);
        (uint256 wrong, LaneWord next) = terms.meet(Orders.NONE, word, 0);
        next = next.plus(lots);
        if (wrong != 0 || terms.misfit(lots, next.sum()) != 0) return;
        assert(next.owner() == owner && next.seq() == terms.seq() && next.seq() >= seq);
        assert(next.filled() == next.sum() && next.filled() <= terms.size());
        assert(next.seq() > seq || next.filled() > filled);
        assert(next.seq() > seq || filled != Lanes.CANCELLED);
    }

    /// Three orders, of which two or all may be of one lane: each is stored, the later over the
    /// earlier, within its size.
    function check_close3(
        bytes32[9] calldata,
        uint256[3] calldata words,
        uint40[3] calldata before,
        uint56[3] calldata lots
    ) external {
        (Desk memory desk,) = Desks.place(msg.data[4:274]);
        Desks.open(desk, 270, 0);
        OrderTerms[3] memory terms;
        for (uint256 i = 0; i < 3; ++i) {
            uint256 at = Desks.TICKETS + i * Desks.TICKET_BYTES;
            terms[i] = Orders.at(at);
            LaneWord ready =
                LaneWord.wrap((words[i] << 64 >> 64) | (uint256(before[i]) << 192));
            Desks.writeTicket(at, ready, uint256(lots[i]) << 32);
        }
        assert(Closing.close(lanes, desk) == Desks.TICKETS + 45);
        for (uint256 i = 0; i < 3; ++i) {
            uint256 filled = uint256(before[i]) + lots[i];
            assert(lots[i] != 0 && filled <= terms[i].size());
            if (i < 2 && terms[i].laneKey() == terms[2].laneKey()) continue;
            if (i == 0 && terms[0].laneKey() == terms[1].laneKey()) continue;
            LaneWord stored = lanes[terms[i].laneKey()];
            assert(stored.sum() == filled);
            assert(LaneWord.unwrap(stored) << 64 == words[i] << 64);
        }
    }

    /// Two orders of a batch through `Closing.close` into storage: what is stored is the lane with
    /// the lots on it, within the order's size; the records are the fields side by side.
    function check_close(bytes32[6] calldata, uint256[2] calldata words, uint40[2] calldata before,
        uint56[2] calldata lots
    ) external {
        (Desk memory desk,) = Desks.place(msg.data[4:184]);
        Desks.open(desk, 180, 0);
        OrderTerms[2] memory terms;
        LaneWord[2] memory ready;
        for (uint256 i = 0; i < 2; ++i) {
            uint256 at = Desks.TICKETS + i * Desks.TICKET_BYTES;
            terms[i] = Orders.at(at);
            ready[i] = LaneWord.wrap((words[i] << 64 >> 64) | (uint256(before[i]) << 192));
            Desks.writeTicket(at, ready[i], uint256(lots[i]) << 32);
        }
        uint256 end = Closing.close(lanes, desk);
        assert(end == Desks.TICKETS + 30);
        for (uint256 i = 0; i < 2; ++i) {
            uint256 filled = uint256(before[i]) + lots[i];
            assert(lots[i] != 0 && filled <= terms[i].size());
            if (i == 0 && terms[0].laneKey() == terms[1].laneKey()) continue;
            LaneWord stored = lanes[terms[i].laneKey()];
            assert(stored.sum() == filled);
            assert(LaneWord.unwrap(stored) << 64 == words[i] << 64);
        }
    }
}
