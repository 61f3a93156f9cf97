// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../generated/LawLib.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {Desk, Ticket} from "../Working.sol";
import {Desks} from "./Desks.sol";
import {LaneWord} from "./Lanes.sol";
import {Orders, OrderTerms} from "./Orders.sol";
import {Packer} from "./Packer.sol";
import {Slots} from "./Slots.sol";

/// @title Judging and storing of the lanes of a batch.
library Closing {
    uint256 private constant ORDER_RECORD_BYTES = 15;

    /// @notice Every order is used, no more than signed, and a fill-or-kill one whole. Returns the
    /// records for the event.
    /// @dev The same loop judges and stores: a later revert undoes both, and a second pass would
    /// only cost gas. Assembly: binds the record.
    function lanes(Desk memory desk) internal returns (bytes memory records) {
        unchecked {
            uint256 end = desk.ticketsEnd;
            uint256 cursor;
            uint256 count = (end - desk.tickets) / Desks.TICKET_BYTES;
            (records, cursor) = Packer.open(count * ORDER_RECORD_BYTES);
            Ticket memory ticket = desk.ticket;
            for (uint256 at = desk.tickets; at < end; at += Desks.TICKET_BYTES) {
                assembly ("memory-safe") {
                    ticket := at
                }
                OrderTerms terms = ticket.terms;
                LaneWord lane = ticket.lane;
                uint256 seq = terms.seq();
                uint256 lots = ticket.lots;
                uint256 filled = lane.filledOf(seq) + lots;
                if (!terms.fits(lots, filled)) {
                    _explain(terms, lane, lots, (at - desk.tickets) / Desks.TICKET_BYTES);
                }
                uint256 key = terms.laneKey();
                Slots.write(ticket.slot, LaneWord.unwrap(lane.withOrder(seq, filled)));
                uint256 value = (key << 72) | (seq << 40) | filled;
                cursor = Packer.put(cursor, value, ORDER_RECORD_BYTES);
            }
            Packer.close(records, cursor);
        }
    }

    /// @dev Names what is wrong with an order. Law: filled within the order's size.
    function _explain(OrderTerms terms, LaneWord lane, uint256 lots, uint256 index) private pure {
        uint256 seq = terms.seq();
        uint256 before = lane.filledOf(seq);
        uint256 size = terms.size();
        if (lots == 0) revert IClearingHouse.OrderUnused(index, lots, 1);
        if (!LawLib.laneLawful(lane.seq(), before, seq, before + lots, size)) {
            revert IClearingHouse.OverFilled(index, before + lots, size);
        }
        revert IClearingHouse.FillOrKillShort(index, before + lots, size);
    }
}
