// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../generated/LawLib.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {Desk} from "../Working.sol";
import {Desks} from "./Desks.sol";
import {LaneWord} from "./Lanes.sol";
import {Orders, OrderTerms} from "./Orders.sol";
import {Packer} from "./Packer.sol";
import {Slots} from "./Slots.sol";

/// @title Judging and storing of the lanes of a batch.
library Closing {
    /// @notice Every order is used, no more than signed, and a fill-or-kill one whole. Returns the
    /// end of the records for the event.
    /// @dev The same loop judges and stores: a later revert undoes both, and a second pass would
    /// only cost gas. A ticket is not read again, so that the records, which are shorter, are
    /// written over the tickets from their start.
    function close(LaneWord[1 << 48] storage lanes, Desk memory desk)
        internal
        returns (uint256 cursor)
    {
        unchecked {
            cursor = Desks.TICKETS;
            uint256 at = cursor;
            while (true) {
                OrderTerms terms = Orders.at(at);
                (LaneWord lane, uint256 lots) = Desks.ticketAt(at);
                lane = lane.plus(lots);
                if (terms.misfit(lots, lane.sum()) != 0) _explain(at);
                Slots.write(Slots.at(lanes, terms.laneKey()), LaneWord.unwrap(lane));
                cursor = Packer.putOrder(cursor, terms, lane.sum());
                at += Desks.TICKET_BYTES;
                if (at == desk.ticketsEnd) return cursor;
            }
        }
    }

    /// @dev Names what is wrong with an order. Law: filled within the order's size.
    function _explain(uint256 at) private pure {
        OrderTerms terms = Orders.at(at);
        (LaneWord lane, uint256 lots) = Desks.ticketAt(at);
        uint256 index = Desks.indexOf(at);
        uint256 seq = terms.seq();
        uint256 before = lane.sum();
        uint256 size = terms.size();
        if (lots == 0) revert IClearingHouse.OrderUnused(index, lots, 1);
        if (!LawLib.laneLawful(seq, before, seq, before + lots, size)) {
            revert IClearingHouse.OverFilled(index, before + lots, size);
        }
        revert IClearingHouse.FillOrKillShort(index, before + lots, size);
    }
}
