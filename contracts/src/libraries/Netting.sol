// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../generated/LawLib.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {Desk, Leg, Market, Ticket} from "../Working.sol";
import {Desks} from "./Desks.sol";
import {Margin} from "./Margin.sol";
import {Orders, OrderTerms} from "./Orders.sol";

/// @title The phase "compute the difference": fills become changes of legs, in memory only.
library Netting {
    /// @notice Length of one packed fill, bytes.
    uint256 internal constant FILL_BYTES = 13;

    /// @notice Applies every fill in turn and returns the fees, quote units.
    /// @dev A fill is judged where it stands: limits, band, roles, reduce-only. What an order has
    /// filled is judged once, when its lane is stored.
    function net(bytes memory fills, Desk memory desk) internal pure returns (uint256 fees) {
        unchecked {
            uint256 count = fills.length / FILL_BYTES;
            if (count == 0 || count * FILL_BYTES != fills.length) {
                revert IClearingHouse.LengthWrong(fills.length, FILL_BYTES);
            }
            // Any ticket will do: both are bound to records below.
            Ticket memory maker = desk.ticket;
            Ticket memory taker = desk.ticket;
            uint256 orders = (desk.ticketsEnd - desk.tickets) / Desks.TICKET_BYTES;
            uint256 base = desk.tickets;
            for (uint256 i = 0; i < count; ++i) {
                uint256 word = _at(fills, i);
                uint256 makerAt = word >> 88;
                uint256 takerAt = uint16(word >> 72);
                if (makerAt >= orders || takerAt >= orders) {
                    uint256 missing = makerAt >= orders ? makerAt : takerAt;
                    revert IClearingHouse.OrderMissing(i, missing, orders);
                }
                assembly ("memory-safe") {
                    maker := add(base, mul(0xa0, makerAt))
                    taker := add(base, mul(0xa0, takerAt))
                }
                fees += _fill(maker, taker, i, uint72(word));
            }
        }
    }

    /// @dev Assembly: one load. Assumes: the fill is inside `fills`.
    function _at(bytes memory fills, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := shr(152, mload(add(add(fills, 0x20), mul(index, 13))))
        }
    }

    /// @dev `what`: lots u40, price u32. Widths: amount 120, value 152 bits.
    function _fill(Ticket memory maker, Ticket memory taker, uint256 index, uint256 what)
        private
        pure
        returns (uint256)
    {
        unchecked {
            Market memory market = maker.leg.market;
            uint256 lots = what >> 32;
            uint256 price = uint32(what);
            bool makerBuys = maker.terms.has(Orders.BUY);
            (Ticket memory buyer, Ticket memory seller) =
                makerBuys ? (maker, taker) : (taker, maker);
            if (!_matches(maker.terms, taker.terms, buyer.terms, seller.terms, what)) {
                _explain(maker.terms, taker.terms, index, what);
            }
            if (!LawLib.withinBand(price, market.price, market.params.fillBandPpm)) {
                revert IClearingHouse.OutsideBand(index, price, market.price);
            }
            uint256 amount = lots * price * market.params.tickValue;
            uint256 makerFee = Margin.shareUp(amount, market.params.makerFeePpm);
            uint256 takerFee = Margin.shareUp(amount, market.params.takerFeePpm);
            maker.lots += lots;
            taker.lots += lots;
            maker.leg.cashQ32 -= int256(makerFee << 32);
            taker.leg.cashQ32 -= int256(takerFee << 32);
            _exchange(
                buyer,
                seller,
                int256(lots),
                int256(amount << 32) - int256(lots) * market.fundingIndex,
                index
            );
            return makerFee + takerFee;
        }
    }

    /// @dev Moves lots to the buyer and their value to the seller.
    function _exchange(
        Ticket memory buyer,
        Ticket memory seller,
        int256 lots,
        int256 valueQ32,
        uint256 index
    ) private pure {
        unchecked {
            Leg memory long = buyer.leg;
            Leg memory short = seller.leg;
            int256 longAfter = long.size + lots;
            int256 shortAfter = short.size - lots;
            if (buyer.terms.has(Orders.REDUCE_ONLY)) _reduces(index, long.size, longAfter);
            if (seller.terms.has(Orders.REDUCE_ONLY)) _reduces(index, short.size, shortAfter);
            long.size = longAfter;
            long.cashQ32 -= valueQ32;
            short.size = shortAfter;
            short.cashQ32 += valueQ32;
        }
    }

    function _reduces(uint256 index, int256 before, int256 afterwards) private pure {
        if (!LawLib.reduceOnlyHeld(before, afterwards)) {
            revert IClearingHouse.ReduceOnlyBroken(index, afterwards, before);
        }
    }

    /// @dev One market, opposite sides, different accounts, roles allowed, within both limits.
    /// Assembly: all conditions in one branch; `_explain` names the one that fails.
    /// Bits of terms: account from 176, market from 168, flags from 160, price from 88.
    function _matches(
        OrderTerms maker,
        OrderTerms taker,
        OrderTerms buyer,
        OrderTerms seller,
        uint256 what
    ) private pure returns (bool ok) {
        assembly ("memory-safe") {
            let differ := xor(maker, taker)
            let price := and(what, 0xffffffff)
            ok := eq(and(shr(160, differ), 0xff01), 1)
            ok := and(ok, gt(shr(176, differ), 0))
            ok := and(ok, iszero(and(shr(160, maker), 0x18)))
            ok := and(ok, iszero(and(shr(160, taker), 0x04)))
            ok := and(ok, lt(price, add(and(shr(88, buyer), 0xffffffff), 1)))
            ok := and(ok, gt(add(price, 1), and(shr(88, seller), 0xffffffff)))
            ok := and(ok, gt(price, 0))
            ok := and(ok, gt(shr(32, what), 0))
        }
    }

    /// @dev Names what is wrong with a fill. Law: within both limits.
    function _explain(OrderTerms maker, OrderTerms taker, uint256 index, uint256 what)
        private
        pure
    {
        uint256 price = uint32(what);
        if (what >> 32 == 0 || price == 0) revert IClearingHouse.FillEmpty(index, what >> 32, 1);
        if (maker.market() != taker.market()) {
            revert IClearingHouse.MarketsDiffer(index, taker.market(), maker.market());
        }
        bool makerBuys = maker.has(Orders.BUY);
        if (makerBuys == taker.has(Orders.BUY)) {
            revert IClearingHouse.SidesEqual(index, taker.flags(), maker.flags());
        }
        if (maker.account() == taker.account()) {
            revert IClearingHouse.SelfTrade(index, taker.account(), maker.account());
        }
        if (maker.has(Orders.TIME_IN_FORCE)) {
            revert IClearingHouse.RoleWrong(index, maker.flags(), Orders.POST_ONLY);
        }
        if (taker.has(Orders.POST_ONLY)) {
            revert IClearingHouse.RoleWrong(index, taker.flags(), Orders.TIME_IN_FORCE);
        }
        bool makerHeld = LawLib.fillWithin(makerBuys, maker.price(), price);
        uint256 limit = makerHeld ? taker.price() : maker.price();
        revert IClearingHouse.LimitBroken(index, price, limit);
    }
}
