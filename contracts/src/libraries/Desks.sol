// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Desk, Leg, Market, Subject} from "../Working.sol";
import {AccountWord} from "./Accounts.sol";
import {Arrays} from "./Arrays.sol";
import {LaneWord} from "./Lanes.sol";
import {Orders, OrderTerms} from "./Orders.sol";

/// @title The tickets and legs of a batch as records in two blocks of memory.
/// @dev Assembly: arrays of structs cost an allocation, a pointer and a bounds check for each
/// access, which is a third of the work of an order. A record is laid out as its struct is, one
/// word for each field in order; a record is written whole before its address is handed out.
library Desks {
    /// @notice Length of one record, bytes: words of the struct * 32.
    uint256 internal constant TICKET_BYTES = 5 * 32;
    uint256 internal constant LEG_BYTES = 8 * 32;

    /// @notice Room for `count` tickets and as many legs.
    function open(Desk memory desk, uint256 count, bytes32 separator) internal pure {
        desk.buffer = Orders.newBuffer(separator);
        uint256 tickets;
        uint256 legs;
        assembly ("memory-safe") {
            tickets := mload(0x40)
            legs := add(tickets, mul(count, 0xa0))
            mstore(0x40, add(legs, shl(8, count)))
        }
        // No order has this account and market: the first one turns to a leg of its own.
        desk.pair = type(uint256).max;
        desk.leg.account = type(uint256).max;
        desk.leg.market.id = type(uint256).max;
        (desk.tickets, desk.ticketsEnd) = (tickets, tickets);
        (desk.legs, desk.legsEnd) = (legs, legs);
    }

    /// @notice Writes a ticket for an order of the current leg.
    function addTicket(
        Desk memory desk,
        OrderTerms terms,
        LaneWord lane,
        Leg memory leg,
        uint256 slot
    ) internal pure {
        uint256 at = desk.ticketsEnd;
        assembly ("memory-safe") {
            mstore(at, terms)
            mstore(add(at, 0x20), lane)
            mstore(add(at, 0x40), 0)
            mstore(add(at, 0x60), leg)
            mstore(add(at, 0x80), slot)
        }
        unchecked {
            desk.ticketsEnd = at + TICKET_BYTES;
        }
    }

    /// @notice Writes a leg and makes it the current one.
    function addLeg(
        Desk memory desk,
        uint256 account,
        AccountWord word,
        Market memory market,
        int256 size,
        uint256 slot
    ) internal pure {
        uint256 at = desk.legsEnd;
        Leg memory leg = desk.leg;
        assembly ("memory-safe") {
            leg := at
            mstore(at, account)
            mstore(add(at, 0x20), word)
            mstore(add(at, 0x40), market)
            mstore(add(at, 0x60), size)
            mstore(add(at, 0x80), size)
            mstore(add(at, 0xa0), 0)
            mstore(add(at, 0xc0), 1)
            mstore(add(at, 0xe0), slot)
        }
        desk.leg = leg;
        unchecked {
            desk.legsEnd = at + LEG_BYTES;
        }
    }

    /// @notice Makes the leg of an account in a market the current one, if there is one. Otherwise
    /// the account's first leg is made the current one and `found` is false.
    /// @dev Assumes: the last leg is the account's.
    function find(Desk memory desk, uint256 account, uint256 market)
        internal
        pure
        returns (bool found)
    {
        unchecked {
            Leg memory leg = desk.leg;
            uint256 at = desk.legsEnd;
            while (at > desk.legs) {
                at -= LEG_BYTES;
                Leg memory each = desk.leg;
                assembly ("memory-safe") {
                    each := at
                }
                if (each.account != account) break;
                leg = each;
                if (each.market.id == market) {
                    found = true;
                    break;
                }
            }
            desk.leg = leg;
        }
    }

    /// @notice Account of the leg record at `at`, and its slot.
    function accountAt(uint256 at) internal pure returns (uint256 id, uint256 slot) {
        assembly ("memory-safe") {
            id := mload(at)
            slot := mload(add(at, 0xe0))
        }
    }

    /// @notice Address of the record after the leg at `at`.
    function next(uint256 at) internal pure returns (uint256) {
        unchecked {
            return at + LEG_BYTES;
        }
    }

    /// @notice The legs of the account whose first leg is at `at`.
    function subject(Desk memory desk, uint256 at) internal pure returns (Subject memory result) {
        unchecked {
            Leg memory leg = desk.leg;
            assembly ("memory-safe") {
                leg := at
            }
            uint256 count = leg.count;
            Leg[] memory legs = Arrays.legs(count);
            for (uint256 i = 0; i < count; ++i) {
                legs[i] = leg;
                assembly ("memory-safe") {
                    leg := add(leg, 0x100)
                }
            }
            result.legs = legs;
            result.end = count;
        }
    }
}
