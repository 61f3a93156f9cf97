// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {Desk, Market} from "../Working.sol";
import {AccountWord} from "./Accounts.sol";
import {LaneWord} from "./Lanes.sol";
import {Orders} from "./Orders.sol";
import {Packer} from "./Packer.sol";

/// @title The tickets and legs of a batch as records in memory, by their address.
/// @notice A ticket is an authenticated order, in the place of the packed one: its terms, then
/// where the signature was the lane turned to the order, and one word with the lots that are filled
/// by this batch (from bit 32) and the address of the leg that they change.
/// A leg is one position of one touched account, three words: the account as it was before; the
/// account u32, in the account's first leg the number of further ones u32 (from bit 32), and the
/// address of the market (from bit 64); the change by the fills so far, lots * 2^192 + cash Q32,
/// both signed: one sum for both. Legs of one account are neighbours.
/// @dev Assembly: arrays of structs cost an allocation, a pointer and a bounds check for each
/// access, which is a third of the work of an order. Addresses are below 2^32: memory that large
/// could not be paid for. A record is written whole before its address is handed out.
library Desks {
    /// @notice Length of one record, bytes.
    uint256 internal constant TICKET_BYTES = Orders.PACKED_BYTES;
    uint256 internal constant LEG_BYTES = 3 * 32;

    /// @dev Where the desk of a batch is, with room for 16 words in front of `Orders.BUFFER`.
    uint256 private constant PLACE = 0x900;
    /// @dev Behind them, three words for the head of the event, then the packed orders.
    uint256 private constant HEAD = 0xd80;
    uint256 internal constant TICKETS = 0xe00;

    /// @notice Allocates the desk, the digest buffer and the head of the event at addresses that
    /// the compiler knows, and takes the packed orders in behind them.
    /// @dev Assembly: an allocation that leaves a gap. Assumes: asked before anything large is
    /// allocated; that, and that nothing overlaps, is asserted.
    function place(bytes calldata packed)
        internal
        pure
        returns (Desk memory desk, bytes memory orders)
    {
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
            mstore(0x40, add(HEAD, 0x60))
        }
        orders = packed;
        uint256 start;
        assembly ("memory-safe") {
            start := add(orders, 0x20)
            // The records of the event with their zeros end 56 bytes behind a single order, which
            // is the worst case, and before the end of several.
            mstore(0x40, add(mload(0x40), 0x40))
        }
        assert(free <= PLACE && start == TICKETS);
        assembly ("memory-safe") {
            desk := PLACE
        }
    }

    /// @notice Emits `Settled`: the records of the orders stand in place behind the head, those of
    /// the accounts from `accounts` to `end`.
    /// @dev Assembly: the compiler would copy both.
    function announce(
        bytes32 topic,
        uint256 batch,
        bytes32 head,
        uint256 accounts,
        uint256 end
    ) internal {
        end = Packer.seal(accounts, end);
        assembly ("memory-safe") {
            mstore(HEAD, head)
            mstore(add(HEAD, 0x20), 0x60)
            mstore(add(HEAD, 0x40), sub(sub(accounts, 0x20), HEAD))
            log2(HEAD, sub(end, HEAD), topic, batch)
        }
    }

    /// @notice Counts the packed orders, and makes room for as many legs.
    function open(Desk memory desk, uint256 length, bytes32 separator) internal pure {
        uint256 count = length / TICKET_BYTES;
        if (count == 0 || count * TICKET_BYTES != length) {
            revert IClearingHouse.LengthWrong(length, TICKET_BYTES);
        }
        Orders.openBuffer(separator);
        // No order has this market: the first one enters its own.
        desk.marketId = type(uint256).max;
        uint256 legs;
        assembly ("memory-safe") {
            legs := mload(0x40)
            mstore(0x40, add(legs, mul(count, 0x60)))
        }
        (desk.orders, desk.ticketsEnd) = (count, TICKETS + length);
        (desk.legs, desk.legsEnd) = (legs, legs);
    }

    /// @notice Address of the record behind the ticket at `at`.
    function afterTicket(uint256 at) internal pure returns (uint256) {
        unchecked {
            return at + TICKET_BYTES;
        }
    }

    /// @notice Address of the record behind the leg at `at`.
    function afterLeg(uint256 at) internal pure returns (uint256) {
        unchecked {
            return at + LEG_BYTES;
        }
    }

    /// @notice Number of tickets before the address `at`.
    function indexOf(uint256 at) internal pure returns (uint256) {
        return (at - TICKETS) / TICKET_BYTES;
    }

    /// @notice Makes a ticket of the packed order at `at`.
    function writeTicket(uint256 at, LaneWord lane, uint256 leg) internal pure {
        assembly ("memory-safe") {
            mstore(add(at, 0x1a), lane)
            mstore(add(at, 0x3a), leg)
        }
    }

    /// @notice Lane and filled lots of a ticket.
    function ticketAt(uint256 at) internal pure returns (LaneWord lane, uint256 lots) {
        assembly ("memory-safe") {
            lane := mload(add(at, 0x1a))
            lots := shr(32, mload(add(at, 0x3a)))
        }
    }

    /// @notice Leg of a ticket.
    function legOf(uint256 at) internal pure returns (uint256 leg) {
        assembly ("memory-safe") {
            leg := and(mload(add(at, 0x3a)), 0xffffffff)
        }
    }

    /// @notice Makes a market that of the orders that follow.
    function enter(Desk memory desk, Market memory market) internal pure {
        desk.market = market;
        desk.marketId = market.id;
        uint256 bits;
        assembly ("memory-safe") {
            bits := shl(64, market)
        }
        desk.marketBits = bits;
        Orders.hashMarket(market.id);
    }

    /// @notice Writes a leg in the current market and returns its address.
    function addLeg(Desk memory desk, uint256 account, AccountWord word)
        internal
        pure
        returns (uint256 leg)
    {
        leg = desk.legsEnd;
        uint256 bits = desk.marketBits;
        assembly ("memory-safe") {
            mstore(leg, word)
            mstore(add(leg, 0x20), or(account, bits))
            mstore(add(leg, 0x40), 0)
        }
        unchecked {
            desk.legsEnd = leg + LEG_BYTES;
        }
    }

    /// @notice The leg of an account in a market and the account's first leg; zero for none.
    /// @dev Assumes: if the account has legs, the last leg is one of them.
    function find(Desk memory desk, uint256 account, Market memory market)
        internal
        pure
        returns (uint256 found, uint256 first)
    {
        unchecked {
            for (uint256 at = desk.legsEnd; at > desk.legs; ) {
                at -= LEG_BYTES;
                if (accountOf(at) != account) break;
                first = at;
                if (isIn(at, market)) found = at;
            }
        }
    }

    /// @notice Counts one more leg of the account whose first leg is `first`.
    function countLeg(uint256 first) internal pure {
        assembly ("memory-safe") {
            let at := add(first, 0x20)
            mstore(at, add(mload(at), shl(32, 1)))
        }
    }

    /// @notice Zero when the account whose first leg is `first` has no other.
    function further(uint256 first) internal pure returns (uint256 some) {
        assembly ("memory-safe") {
            some := and(mload(add(first, 0x20)), shl(32, 0xffffffff))
        }
    }

    /// @notice Number of legs of the account whose first leg is `first`.
    function countOf(uint256 first) internal pure returns (uint256 count) {
        assembly ("memory-safe") {
            count := add(and(shr(32, mload(add(first, 0x20))), 0xffffffff), 1)
        }
    }

    function accountOf(uint256 leg) internal pure returns (uint256 account) {
        assembly ("memory-safe") {
            account := and(mload(add(leg, 0x20)), 0xffffffff)
        }
    }

    /// @notice The account as it was before.
    function wordOf(uint256 leg) internal pure returns (AccountWord word) {
        assembly ("memory-safe") {
            word := mload(leg)
        }
    }

    /// @dev Returning a struct costs the allocation of an empty one first: where that matters, a
    /// parameter is bound instead, in the same way.
    function marketOf(uint256 leg) internal pure returns (Market memory market) {
        assembly ("memory-safe") {
            market := shr(64, mload(add(leg, 0x20)))
        }
    }

    function isIn(uint256 leg, Market memory market) internal pure returns (bool result) {
        assembly ("memory-safe") {
            result := eq(shr(64, mload(add(leg, 0x20))), market)
        }
    }

    /// @notice Change of a leg by the fills so far: lots, and cash Q32.
    /// @dev Assumes: the cash is below 2^191, the lots below 2^63.
    function changeOf(uint256 leg) internal pure returns (int256 lots, int256 cashQ32) {
        assembly ("memory-safe") {
            let word := mload(add(leg, 0x40))
            cashQ32 := signextend(23, word)
            lots := sar(192, sub(word, cashQ32))
        }
    }
}
