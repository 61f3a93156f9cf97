// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Desks} from "../../src/libraries/Desks.sol";
import {Orders, OrderTerms} from "../../src/libraries/Orders.sol";

/// @title Packed orders: their fields, and the digest that is signed.
contract OrderChecks {
    struct Fields {
        uint32 account;
        uint16 lane;
        uint32 seq;
        uint8 market;
        uint8 flags;
        uint40 size;
        uint32 price;
        uint40 expiry;
    }

    /// What was packed is read, and nothing else; the keys are the fields side by side.
    function check_fields(
        uint32 account,
        uint16 lane,
        uint32 seq,
        uint8 market,
        uint8 flags,
        uint40 size,
        uint32 price,
        uint40 expiry,
        bytes6 behind
    ) external pure {
        bytes memory packed =
            abi.encodePacked(account, lane, seq, market, flags, size, price, expiry, behind);
        OrderTerms terms = OrderTerms.wrap(uint256(bytes32(packed)));
        assert(terms.account() == account && terms.lane() == lane && terms.seq() == seq);
        assert(terms.market() == market && terms.flags() == flags && terms.size() == size);
        assert(terms.price() == price && terms.expiry() == expiry);
        assert(terms.side() == (flags & 1 == 1 ? int256(1) : -1));
        bytes memory key = abi.encodePacked(account, lane, seq);
        assert(terms.sortKey() == uint80(bytes10(key)));
        assert(terms.laneKey() == uint48(bytes6(key)));
        assert(terms.has(Orders.REDUCE_ONLY) == (flags & 2 != 0));
    }

    /// The digest made in place is that of EIP-712 by abi.encode: equal bytes go into Keccak.
    function check_digest(bytes32[3] calldata, uint256 market, uint32 epoch, bytes32 separator)
        external
        pure
    {
        Desks.place(msg.data[4:94]);
        Orders.openBuffer(separator);
        OrderTerms terms = Orders.at(Desks.TICKETS);
        Orders.hashMarket(market);
        terms.hashShared(epoch);
        bytes32 digest = terms.digest();
        uint256 flags = terms.flags();
        bytes32 inner = keccak256(
            abi.encode(
                Orders.TYPEHASH,
                terms.account(),
                market,
                flags & 1 != 0,
                terms.size(),
                terms.price(),
                (flags >> 3) & 3,
                flags & 2 != 0,
                flags & 4 != 0,
                terms.expiry(),
                terms.lane(),
                terms.seq(),
                epoch
            )
        );
        bytes32 plain = keccak256(abi.encodePacked(hex"1901", separator, inner));
        assert(digest == plain && Orders.lastDigest() == plain);
    }

    /// A second order that shares account, market and flags needs only the rest written again.
    function check_digestShared(bytes32[6] calldata, uint8 market, uint32 epoch, bytes32 separator)
        external
        pure
    {
        Desks.place(msg.data[4:184]);
        OrderTerms first = Orders.at(Desks.TICKETS);
        OrderTerms second = Orders.at(Desks.TICKETS + 90);
        require(second.shares(first) && second.market() == market && first.market() == market);
        Orders.openBuffer(separator);
        Orders.hashMarket(market);
        first.hashShared(epoch);
        first.digest();
        bytes32 short = second.digest();
        Orders.hashMarket(second.market());
        second.hashShared(epoch);
        assert(short == second.digest());
    }

    /// Two orders with the same digest are the same order: no field is left out of what is signed.
    function check_digestBinds(bytes32[6] calldata, uint8 market, uint32 epoch, uint32 other)
        external
        pure
    {
        Desks.place(msg.data[4:184]);
        OrderTerms first = Orders.at(Desks.TICKETS);
        OrderTerms second = Orders.at(Desks.TICKETS + 90);
        Orders.openBuffer(0);
        Orders.hashMarket(market);
        first.hashShared(epoch);
        bytes32 digest = first.digest();
        second.hashShared(other);
        if (second.digest() != digest) return;
        // But for the market, which is entered, bits 5 and 6 of the flags, which must be zero, and
        // bit 7, which only says how the signature is checked.
        uint256 differ = OrderTerms.unwrap(first) ^ OrderTerms.unwrap(second);
        assert(differ & ~((uint256(0xff) << 168) | (uint256(0xe0) << 160) | type(uint48).max) == 0);
        assert(epoch == other);
    }
}
