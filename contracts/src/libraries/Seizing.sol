// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {Seizure} from "../Types.sol";
import {Desk} from "../Working.sol";
import {Desks} from "./Desks.sol";
import {Lanes} from "./Lanes.sol";
import {Orders, OrderTerms} from "./Orders.sol";

/// @title What the orders of the protocol did in a batch.
library Seizing {
    /// @notice Reads it off the tickets, before the records of the event are written over them.
    /// Law: an account that the protocol trades for has no other order in the batch, so that it is
    /// judged as it stood before.
    /// @dev Orders of one account are neighbours. Whatever stands on the protocol's lane counts, so
    /// that none of its orders is left out, whoever signed another. Assumes: the fills are netted.
    function collect(Desk memory desk) internal pure returns (Seizure[] memory list) {
        list = new Seizure[](_count(desk));
        uint256 found = 0;
        uint256 last = 0;
        for (uint256 at = Desks.TICKETS; at != desk.ticketsEnd; ) {
            OrderTerms terms = Orders.at(at);
            uint256 id = terms.account();
            uint256 next = Desks.afterTicket(at);
            if (terms.lane() == Lanes.PROTOCOL) {
                bool shared = id == last;
                if (next != desk.ticketsEnd) shared = shared || Orders.at(next).account() == id;
                if (shared) revert IClearingHouse.ProtocolNotAlone(Desks.indexOf(at), uint32(id));
                list[found] = _seizure(terms, Desks.legOf(at));
                ++found;
            }
            last = id;
            at = next;
        }
    }

    function _count(Desk memory desk) private pure returns (uint256 count) {
        for (uint256 at = Desks.TICKETS; at != desk.ticketsEnd; at = Desks.afterTicket(at)) {
            if (Orders.at(at).lane() == Lanes.PROTOCOL) ++count;
        }
    }

    function _seizure(OrderTerms terms, uint256 leg) private pure returns (Seizure memory) {
        (int256 lots, int256 cashQ32) = Desks.changeOf(leg);
        uint32 id = uint32(terms.account());
        // Lots of one fill are below 2^40, and there are fewer than 2^16 of them.
        return Seizure(
            id, uint8(terms.market()), uint32(terms.price()), int56(lots), cashQ32
        );
    }
}
