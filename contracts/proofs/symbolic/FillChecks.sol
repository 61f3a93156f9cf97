// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../../src/generated/LawLib.sol";
import {AccountWord} from "../../src/libraries/Accounts.sol";
import {Desks} from "../../src/libraries/Desks.sol";
import {LaneWord} from "../../src/libraries/Lanes.sol";
import {Margin} from "../../src/libraries/Margin.sol";
import {Netting} from "../../src/libraries/Netting.sol";
import {Orders, OrderTerms} from "../../src/libraries/Orders.sol";
import {Desk, Market} from "../../src/Working.sol";

/// @title One fill of a batch, and what it leaves in its records.
contract FillChecks {
    mapping(uint256 => int256) private positions;

    /// What a fill is made of besides its two orders.
    struct Fill {
        uint40 lots;
        uint32 price;
        uint48 tickValue;
        int96 fundingIndex;
        uint16 makerFeePpm;
        uint16 takerFeePpm;
        uint256 low;
        uint256 width;
    }

    /// One fill through `Netting.net`: lots and cash of both sides add up to nothing but the fees,
    /// in any market, at any price; the maker buys.
    function check_bid(bytes32[6] calldata, Fill calldata fill) external view {
        _conserves(fill, 1);
    }

    /// The same when the maker sells.
    function check_ask(bytes32[6] calldata, Fill calldata fill) external view {
        _conserves(fill, 0);
    }

    function _conserves(Fill calldata fill, uint256 makerBuys) private view {
        (Desk memory desk,) = Desks.place(msg.data[4:184]);
        _enter(desk, fill);
        uint256 maker = _ticket(desk, Desks.TICKETS, makerBuys);
        uint256 taker = _ticket(desk, Desks.TICKETS + 90, 1 - makerBuys);
        uint256 fees = Netting.net(desk, positions);
        (int256 makerLots, int256 makerCash) = Desks.changeOf(maker);
        (int256 takerLots, int256 takerCash) = Desks.changeOf(taker);
        int256 lots = int256(uint256(fill.lots));
        assert(makerLots == (makerBuys == 1 ? lots : -lots) && takerLots == -makerLots);
        // None of the four is near the end of its word: the sums do not wrap.
        assert(makerCash > -(2 ** 190) && makerCash < 2 ** 190);
        assert(takerCash > -(2 ** 190) && takerCash < 2 ** 190 && fees >> 150 == 0);
        unchecked {
            assert(makerCash + takerCash == -int256(fees << 32));
        }
        (, uint256 filled) = Desks.ticketAt(Desks.TICKETS);
        (, uint256 filledTaker) = Desks.ticketAt(Desks.TICKETS + 90);
        assert(filled == fill.lots && filledTaker == fill.lots);
        assert(Desks.legOf(Desks.TICKETS) == maker && Desks.legOf(Desks.TICKETS + 90) == taker);
    }

    /// Two fills of one batch: an order between two others, met in turn, as a taker and then as a
    /// maker. What three accounts gain and lose is nothing but the fees. Bounded: lots and
    /// prices have 8 bits, and the market is the one below.
    function check_two(bytes32[9] calldata, uint8[2] calldata lots, uint8[2] calldata prices)
        external
        view
    {
        (Desk memory desk,) = Desks.place(msg.data[4:274]);
        Desks.open(desk, 270, 0);
        // Each of 13 bytes: two places of 16 bits, lots of 40, a price of 32.
        desk.fills = abi.encodePacked(
            uint16(0), uint16(1), uint40(lots[0]), uint32(prices[0]), uint16(1), uint16(2),
            uint40(lots[1]), uint32(prices[1])
        );
        Market memory market;
        (market.tickValue, market.fundingIndex) = (100, -3);
        (market.makerFeePpm, market.takerFeePpm) = (150, 450);
        market.fillWidth = type(uint256).max;
        Desks.enter(desk, market);
        uint256 one = _ticket(desk, Desks.TICKETS, 1);
        uint256 two = _ticket(desk, Desks.TICKETS + 90, 0);
        uint256 three = _ticket(desk, Desks.TICKETS + 180, 1);
        uint256 fees = Netting.net(desk, positions);
        (int256 bought, int256 cash) = Desks.changeOf(one);
        assert(bought == int256(uint256(lots[0])));
        (int256 sold, int256 more) = Desks.changeOf(two);
        assert(sold == -int256(uint256(lots[0])) - int256(uint256(lots[1])));
        cash += more;
        (bought, more) = Desks.changeOf(three);
        assert(bought == int256(uint256(lots[1])));
        assert(cash + more == -int256(fees << 32));
        (, uint256 filled) = Desks.ticketAt(Desks.TICKETS + 90);
        assert(filled == uint256(lots[0]) + lots[1]);
    }

    /// One more fill, whatever those before it left with both orders and their accounts; the maker
    /// buys. From nothing, which is such a state too, this is every fill of a batch in turn.
    function check_moreBid(
        bytes32[6] calldata,
        Fill calldata fill,
        int256[2] calldata changes,
        uint64[2] calldata filled
    ) external view {
        _adds(fill, changes, filled, 1);
    }

    /// The same when the maker sells.
    function check_moreAsk(
        bytes32[6] calldata,
        Fill calldata fill,
        int256[2] calldata changes,
        uint64[2] calldata filled
    ) external view {
        _adds(fill, changes, filled, 0);
    }

    /// The words of both legs move by the lots, in opposite ways, and by the fees; `check_legs`
    /// says that lots and cash come apart again. Both orders have filled as much more.
    function _adds(
        Fill calldata fill,
        int256[2] calldata changes,
        uint64[2] calldata filled,
        uint256 makerBuys
    ) private view {
        (Desk memory desk,) = Desks.place(msg.data[4:184]);
        _enter(desk, fill);
        uint256 maker = _ticket(desk, Desks.TICKETS, makerBuys);
        uint256 taker = _ticket(desk, Desks.TICKETS + 90, 1 - makerBuys);
        _write(maker, changes[0]);
        _write(taker, changes[1]);
        Desks.writeTicket(Desks.TICKETS, LaneWord.wrap(0), maker | (uint256(filled[0]) << 32));
        Desks.writeTicket(
            Desks.TICKETS + 90, LaneWord.wrap(0), taker | (uint256(filled[1]) << 32)
        );
        uint256 fees = Netting.net(desk, positions);
        unchecked {
            (int256 own, int256 other) = (_read(maker) - changes[0], _read(taker) - changes[1]);
            assert(fees >> 150 == 0 && own + other == -int256(fees << 32));
            (int256 lots, int256 cash) = _apart(own);
            int256 size = int256(uint256(fill.lots));
            assert(lots == (makerBuys == 1 ? size : -size));
            assert(cash > -(2 ** 190) && cash < 2 ** 190);
        }
        (, uint256 more) = Desks.ticketAt(Desks.TICKETS);
        assert(more == uint256(filled[0]) + fill.lots);
        (, more) = Desks.ticketAt(Desks.TICKETS + 90);
        assert(more == uint256(filled[1]) + fill.lots);
        assert(Desks.legOf(Desks.TICKETS) == maker && Desks.legOf(Desks.TICKETS + 90) == taker);
    }

    function _write(uint256 leg, int256 change) private pure {
        assembly ("memory-safe") {
            mstore(add(leg, 0x40), change)
        }
    }

    function _read(uint256 leg) private pure returns (int256 change) {
        assembly ("memory-safe") {
            change := mload(add(leg, 0x40))
        }
    }

    /// What `Desks.changeOf` does with a word of a leg.
    function _apart(int256 word) private pure returns (int256 lots, int256 cash) {
        assembly ("memory-safe") {
            cash := signextend(23, word)
            lots := sar(192, sub(word, cash))
        }
    }

    /// Opens the desk for one fill in a market of its terms.
    function _enter(Desk memory desk, Fill calldata fill) private pure {
        Desks.open(desk, 180, 0);
        desk.fills = abi.encodePacked(uint16(0), uint16(1), fill.lots, fill.price);
        Market memory market;
        market.tickValue = fill.tickValue;
        market.fundingIndex = fill.fundingIndex;
        market.makerFeePpm = fill.makerFeePpm;
        market.takerFeePpm = fill.takerFeePpm;
        (market.fillLow, market.fillWidth) = (fill.low, fill.width);
        Desks.enter(desk, market);
    }

    /// Makes a ticket and a leg of the packed order at `place`, whose side is given.
    function _ticket(Desk memory desk, uint256 place, uint256 buys)
        private
        pure
        returns (uint256 leg)
    {
        assembly ("memory-safe") {
            let flags := add(place, 11)
            mstore8(flags, or(and(byte(0, mload(flags)), 0xfe), buys))
        }
        OrderTerms terms = Orders.at(place);
        leg = Desks.addLeg(desk, terms.account(), AccountWord.wrap(0));
        Desks.writeTicket(place, LaneWord.wrap(0), leg);
    }

    /// The one value of the hot path is zero only for a fill that every plain condition allows.
    function check_strange(
        uint256 maker,
        uint256 taker,
        uint40 lots,
        uint32 price,
        uint32 low,
        uint32 width
    ) external pure {
        Market memory market;
        market.fillLow = low;
        market.fillWidth = width;
        uint256 makerAt;
        uint256 takerAt;
        assembly ("memory-safe") {
            makerAt := mload(0x40)
            takerAt := add(makerAt, 0x20)
            mstore(0x40, add(makerAt, 0x40))
            mstore(makerAt, maker)
            mstore(takerAt, taker)
        }
        if (Netting._strange(makerAt, takerAt, lots, price, market) != 0) return;
        (OrderTerms m, OrderTerms t) = (OrderTerms.wrap(maker), OrderTerms.wrap(taker));
        assert(lots != 0 && m.market() == t.market() && m.account() != t.account());
        assert(m.has(Orders.BUY) != t.has(Orders.BUY));
        assert(LawLib.fillWithin(m.has(Orders.BUY), m.price(), price));
        assert(LawLib.fillWithin(t.has(Orders.BUY), t.price(), price));
        assert(!m.has(Orders.TIME_IN_FORCE) && !t.has(Orders.POST_ONLY));
        assert(!m.has(Orders.REDUCE_ONLY) && !t.has(Orders.REDUCE_ONLY));
        assert(price >= low && uint256(price) - low <= width);
    }

    /// A leg keeps a sum of lots and one of cash in a word, apart.
    function check_legs(int64 lots, int184 cash, int64 more, int184 moreCash) external pure {
        Desk memory desk;
        desk.legsEnd = 0x1000;
        uint256 leg = Desks.addLeg(desk, 7, AccountWord.wrap(0));
        require(lots > -(2 ** 61) && lots < 2 ** 61 && more > -(2 ** 61) && more < 2 ** 61);
        unchecked {
            int256 word = (int256(lots) << 192) + cash + (int256(more) << 192) + moreCash;
            assembly ("memory-safe") {
                mstore(add(leg, 0x40), word)
            }
            (int256 lotsFound, int256 cashFound) = Desks.changeOf(leg);
            assert(lotsFound == int256(lots) + more && cashFound == int256(cash) + moreCash);
        }
    }
}
