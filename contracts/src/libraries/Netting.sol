// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../generated/LawLib.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {Desk, Market} from "../Working.sol";
import {AccountWord} from "./Accounts.sol";
import {Desks} from "./Desks.sol";
import {Margin} from "./Margin.sol";
import {Orders, OrderTerms} from "./Orders.sol";

/// @title The phase "compute the difference": fills become changes of legs, in memory only.
library Netting {
    using Desks for Desk;

    /// @notice Length of one packed fill, bytes.
    uint256 internal constant FILL_BYTES = 13;

    /// @notice Applies every fill in turn and returns the fees, quote units.
    /// @dev A fill is judged where it stands: limits, band, roles, reduce-only. What an order has
    /// filled is judged once, when its lane is stored. It returns from inside the loop: the
    /// compiler does not merge such a function into its caller, and it has a stack of its own.
    function net(Desk memory desk, mapping(uint256 => int256) storage positions)
        internal
        view
        returns (uint256 fees)
    {
        unchecked {
            uint256 length = desk.fills.length;
            if (length == 0 || length % FILL_BYTES != 0) {
                revert IClearingHouse.LengthWrong(length, FILL_BYTES);
            }
            uint256 at = _start(desk);
            uint256 end = at + length;
            while (true) {
                fees += _fill(desk, positions, at);
                at += FILL_BYTES;
                if (at == end) return fees;
            }
        }
    }

    function _start(Desk memory desk) private pure returns (uint256 start) {
        bytes memory fills = desk.fills;
        assembly ("memory-safe") {
            start := add(fills, 0x20)
        }
    }

    function _parties(uint256 at) private pure returns (uint256 maker, uint256 taker) {
        assembly ("memory-safe") {
            let word := mload(at)
            maker := shr(240, word)
            taker := and(shr(224, word), 0xffff)
        }
    }

    function _amounts(uint256 at) private pure returns (uint256 lots, uint256 price) {
        assembly ("memory-safe") {
            let word := mload(at)
            lots := and(shr(184, word), 0xffffffffff)
            price := and(shr(152, word), 0xffffffff)
        }
    }

    function _within(uint256 maker, uint256 taker, uint256 count) private pure returns (bool ok) {
        assembly ("memory-safe") {
            ok := and(lt(maker, count), lt(taker, count))
        }
    }

    /// @dev Applies the fill at `at` and returns its fees. Widths: amount 120, value 152 bits.
    /// Assembly: binds the market, and reads the fill.
    function _fill(
        Desk memory desk,
        mapping(uint256 => int256) storage positions,
        uint256 at
    ) private view returns (uint256) {
        unchecked {
            (uint256 maker, uint256 taker) = _parties(at);
            if (!_within(maker, taker, desk.orders)) _missing(desk, at);
            maker = Desks.TICKETS + maker * Desks.TICKET_BYTES;
            taker = Desks.TICKETS + taker * Desks.TICKET_BYTES;
            Market memory market = desk.market;
            uint256 lots;
            uint256 price;
            assembly ("memory-safe") {
                market := and(mload(add(maker, 0x3a)), 0xffffffff)
                market := shr(64, mload(add(market, 0x20)))
                let word := mload(at)
                lots := and(shr(184, word), 0xffffffffff)
                price := and(shr(152, word), 0xffffffff)
            }
            if (_strange(maker, taker, lots, price, market) != 0) {
                _examine(desk, positions, maker, taker, at);
            }
            uint256 amount = lots * price * market.tickValue;
            int256 valueQ32 = int256(amount << 32) - int256(lots) * market.fundingIndex;
            uint256 makerFee = Margin.shareUp(amount, market.makerFeePpm);
            uint256 takerFee = Margin.shareUp(amount, market.takerFeePpm);
            _exchange(maker, taker, lots, valueQ32, makerFee, takerFee);
            return makerFee + takerFee;
        }
    }

    /// @dev Moves lots to the buyer and their value to the seller, takes the fees, and counts the
    /// lots in both tickets. Assembly: sums in records; `moved` is what the maker gets.
    function _exchange(
        uint256 maker,
        uint256 taker,
        uint256 lots,
        int256 valueQ32,
        uint256 makerFee,
        uint256 takerFee
    ) private pure {
        assembly ("memory-safe") {
            // 1 when the maker buys, or -1.
            let moved := sub(and(shr(159, mload(maker)), 2), 1)
            moved := mul(moved, sub(shl(192, lots), valueQ32))
            lots := shl(32, lots)
            maker := add(maker, 0x3a)
            let word := mload(maker)
            mstore(maker, add(word, lots))
            word := add(and(word, 0xffffffff), 0x40)
            mstore(word, sub(add(mload(word), moved), shl(32, makerFee)))
            taker := add(taker, 0x3a)
            word := mload(taker)
            mstore(taker, add(word, lots))
            word := add(and(word, 0xffffffff), 0x40)
            mstore(word, sub(sub(mload(word), moved), shl(32, takerFee)))
        }
    }

    /// @dev Zero for one market, opposite sides, different accounts, roles allowed, within both
    /// limits and the band, and nobody reduces only. Assembly: all conditions in one value;
    /// `_examine` looks closer. Bits of terms: account from 224, market from 168, flags from 160,
    /// price from 88.
    function _strange(
        uint256 maker,
        uint256 taker,
        uint256 lots,
        uint256 price,
        Market memory market
    ) private pure returns (uint256 strange) {
        uint256 low = market.fillLow;
        uint256 width = market.fillWidth;
        assembly ("memory-safe") {
            strange := or(gt(sub(price, low), width), iszero(mul(price, lots)))
            maker := mload(maker)
            taker := mload(taker)
            let differ := xor(maker, taker)
            strange := or(strange, xor(and(shr(160, differ), 0xff01), 1))
            strange := or(strange, iszero(shr(224, differ)))
            // Time in force or reduce-only of the maker, post-only or reduce-only of the taker.
            strange := or(strange, and(shr(160, maker), 0x1a))
            strange := or(strange, and(shr(160, taker), 0x06))
            // The buyer's limit is the one of the maker unless the taker buys.
            let bid := and(shr(88, maker), 0xffffffff)
            let ask := and(shr(88, taker), 0xffffffff)
            differ := mul(xor(bid, ask), and(shr(160, taker), 1))
            strange := or(strange, gt(price, xor(bid, differ)))
            strange := or(strange, lt(price, xor(ask, differ)))
        }
    }

    /// @dev Not a plain fill: names what is wrong with it, if anything. Laws: within both limits
    /// and the band, reduce-only orders reduce.
    function _examine(
        Desk memory desk,
        mapping(uint256 => int256) storage positions,
        uint256 makerAt,
        uint256 takerAt,
        uint256 at
    ) private view {
        OrderTerms maker = Orders.at(makerAt);
        OrderTerms taker = Orders.at(takerAt);
        uint256 index = _indexOf(desk, at);
        (uint256 size, uint256 price) = _amounts(at);
        if (size == 0 || price == 0) revert IClearingHouse.FillEmpty(index, size, 1);
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
        if (!makerHeld || !LawLib.fillWithin(!makerBuys, taker.price(), price)) {
            uint256 limit = makerHeld ? taker.price() : maker.price();
            revert IClearingHouse.LimitBroken(index, price, limit);
        }
        Market memory market = Desks.marketOf(Desks.legOf(makerAt));
        if (!LawLib.withinBand(price, market.price, market.params.fillBandPpm)) {
            revert IClearingHouse.OutsideBand(index, price, market.price);
        }
        int256 lots = int256(size) * maker.side();
        _reduces(positions, makerAt, lots, index);
        _reduces(positions, takerAt, -lots, index);
    }

    function _reduces(
        mapping(uint256 => int256) storage positions,
        uint256 ticket,
        int256 lots,
        uint256 index
    ) private view {
        OrderTerms terms = Orders.at(ticket);
        if (!terms.has(Orders.REDUCE_ONLY)) return;
        uint256 leg = Desks.legOf(ticket);
        AccountWord word = Desks.wordOf(leg);
        (int256 before,) = Desks.changeOf(leg);
        before += word.sizeIn(positions, terms.account(), terms.market());
        if (!LawLib.reduceOnlyHeld(before, before + lots)) {
            revert IClearingHouse.ReduceOnlyBroken(index, before + lots, before);
        }
    }

    function _missing(Desk memory desk, uint256 at) private pure {
        (uint256 maker, uint256 taker) = _parties(at);
        uint256 missing = maker >= desk.orders ? maker : taker;
        revert IClearingHouse.OrderMissing(_indexOf(desk, at), missing, desk.orders);
    }

    function _indexOf(Desk memory desk, uint256 at) private pure returns (uint256 index) {
        return (at - _start(desk)) / FILL_BYTES;
    }
}
