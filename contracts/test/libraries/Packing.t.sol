// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accounts, AccountWord} from "../../src/libraries/Accounts.sol";
import {Funding} from "../../src/libraries/Funding.sol";
import {Lanes, LaneWord} from "../../src/libraries/Lanes.sol";
import {Margin} from "../../src/libraries/Margin.sol";
import {Orders, OrderTerms} from "../../src/libraries/Orders.sol";
import {Packer} from "../../src/libraries/Packer.sol";
import {LawLib} from "../../src/generated/LawLib.sol";
import {Base} from "../Base.sol";

contract PackingTest is Base {
    function testFuzz_account_roundTrip(
        int128 cash,
        int56 size,
        uint8 home,
        uint8 others,
        uint32 epoch,
        uint256 dirt
    ) public pure {
        AccountWord word = AccountWord.wrap(dirt).withCash(cash).withHome(home, size)
            .withOthers(others).withEpoch(epoch);
        assertEq(word.cash(), cash);
        assertEq(word.size(), size);
        assertEq(word.home(), home);
        assertEq(word.others(), others);
        assertEq(word.epoch(), epoch);
        // What is spare stays as it was.
        assertEq(AccountWord.unwrap(word) >> 232, dirt >> 232);
    }

    function testFuzz_lane_roundTrip(address owner, uint32 seq, uint40 filled, uint256 dirt)
        public
        pure
    {
        LaneWord word = LaneWord.wrap(dirt).withOwner(owner).withOrder(seq, filled);
        assertEq(word.owner(), owner);
        assertEq(word.seq(), seq);
        assertEq(word.filled(), filled);
        assertEq(word.sum(), filled);
        assertEq(word.plus(7).sum(), uint256(filled) + 7);
        assertEq(word.plus(7).owner(), owner);
        assertEq(word.plus(7).seq(), seq);
    }

    function testFuzz_account_changed(int128 cash, int56 size, uint256 dirt) public pure {
        AccountWord word = AccountWord.wrap(dirt);
        AccountWord expected = word.withCash(cash).withHome(word.home(), size);
        assertEq(AccountWord.unwrap(word.changed(size, cash)), AccountWord.unwrap(expected));
    }

    function testFuzz_account_differs(uint8 home, uint8 others, uint8 market, uint256 dirt)
        public
        pure
    {
        AccountWord word = AccountWord.wrap(dirt).withHome(home, 1).withOthers(others);
        bool only = others == 0 && home == market;
        assertEq(word.differs(Accounts.only(market)) == 0, only);
        // While a breaker is tripped; there are never 255 further positions.
        assertTrue(others == 255 || word.differs(type(uint256).max) != 0);
    }

    function testFuzz_order_fields(
        uint32 account,
        uint8 market,
        uint8 flags,
        uint40 size,
        uint32 price,
        uint40 expiry,
        uint16 lane,
        uint32 seq
    ) public pure {
        bytes memory body =
            abi.encodePacked(account, lane, seq, market, flags, size, price, expiry);
        bytes memory all = bytes.concat(new bytes(90), body, keccak256("r"), keccak256("vs"));
        OrderTerms terms = Orders.at(place(all) + 90);
        assertEq(terms.account(), account);
        assertEq(terms.market(), market);
        assertEq(terms.flags(), flags);
        assertEq(terms.size(), size);
        assertEq(terms.price(), price);
        assertEq(terms.expiry(), expiry);
        assertEq(terms.lane(), lane);
        assertEq(terms.seq(), seq);
        assertEq(terms.side(), flags % 2 == 1 ? int256(1) : int256(-1));
        assertEq(terms.laneKey(), Lanes.key(account, lane));
        assertEq(terms.sortKey(), (uint256(account) << 48) | (uint256(lane) << 32) | seq);
        (uint256 offset, uint256 length) = Orders.spanAt(place(all) + 90);
        assertEq(bytes32(offset), keccak256("r"));
        assertEq(bytes32(length), keccak256("vs"));
    }

    function place(bytes memory data) private pure returns (uint256 start) {
        assembly ("memory-safe") {
            start := add(data, 0x20)
        }
    }

    /// The one value of the hot path says what the laws and the plain conditions say.
    function testFuzz_order_meet(uint256 raw, uint256 lane, uint256 previous, uint40 since)
        public
        pure
    {
        OrderTerms terms = OrderTerms.wrap(raw);
        OrderTerms last = OrderTerms.wrap(previous % 3 == 0 ? raw : previous);
        LaneWord word = LaneWord.wrap(lane);
        if (lane % 3 == 0) word = word.withOrder(terms.seq(), lane >> 216);
        (uint256 wrong, LaneWord turned) = terms.meet(last, word, since);
        bool plain = terms.sortKey() > last.sortKey() && terms.wellFormed()
            && terms.expiry() >= since && terms.seq() >= word.seq();
        assertEq(wrong == 0, plain);
        assertEq(turned.owner(), word.owner());
        assertEq(turned.seq(), terms.seq());
        assertEq(turned.sum(), terms.seq() == word.seq() ? word.sum() : 0);
    }

    function testFuzz_order_fitIsLaneLawful(uint256 raw, uint40 before, uint40 lots) public pure {
        OrderTerms terms = OrderTerms.wrap(raw);
        uint256 filled = uint256(before) + lots;
        bool lawful = LawLib.laneLawful(1, before, 1, filled, terms.size());
        bool whole = !terms.has(Orders.FILL_OR_KILL) || filled == terms.size();
        assertEq(terms.misfit(lots, filled) == 0, lots != 0 && lawful && whole);
    }

    function testFuzz_margin_bandIsTheLaw(uint32 index, uint24 ppm, uint32 fill, uint8 near)
        public
        pure
    {
        (uint256 low, uint256 width) = Margin.band(index, ppm);
        // Half of them at the edges.
        if (near % 2 == 0) {
            unchecked {
                uint256 edge = near % 4 == 0 ? low : low + width;
                fill = uint32(edge + near / 4 - 32);
            }
        }
        bool inside;
        unchecked {
            inside = uint256(fill) - low <= width;
        }
        assertEq(inside && fill != 0, LawLib.withinBand(fill, index, ppm));
    }

    function testFuzz_margin_signs(int128 lots) public pure {
        assertEq(Margin.magnitude(lots), lots < 0 ? uint256(-int256(lots)) : uint128(lots));
        assertEq(Margin.long(lots), lots > 0 ? int256(lots) : int256(0));
    }

    function testFuzz_margin_shareUpIsCeil(uint128 amount, uint24 ppm) public pure {
        uint256 share = Margin.shareUp(amount, ppm);
        assertTrue(LawLib.feesWithin(share, uint256(amount) >> 32 << 32, ppm) || amount < 2 ** 32
            || share * 1e6 >= uint256(amount) * ppm);
        assertLt(share * 1e6, uint256(amount) * ppm + 1e6);
        assertGe(share * 1e6, uint256(amount) * ppm);
    }

    function testFuzz_funding_isWithinTheLaw(
        int32 rate,
        uint32 price,
        uint48 tickValue,
        uint24 maxPpm,
        uint40 elapsed,
        uint16 gapMax
    ) public pure {
        tickValue = uint48(bound(tickValue, 0, 1e6));
        int256 clamped = Funding.clamp(rate, maxPpm);
        uint256 time = Funding.counted(elapsed, gapMax);
        int256 step = Funding.step(clamped, price, tickValue, time);
        assertTrue(LawLib.fundingWithin(0, step, price, tickValue, maxPpm, elapsed, gapMax));
        if (rate == 0 || elapsed == 0 || elapsed > gapMax) assertEq(step, 0);
        // One unit beyond a gap breaks the law.
        if (elapsed > gapMax) {
            assertFalse(LawLib.fundingWithin(0, 1, price, tickValue, maxPpm, elapsed, gapMax));
        }
    }

    function testFuzz_packer_equalsEncodePacked(uint32 a, uint128 b, uint8 c, uint56 d)
        public
        pure
    {
        // A length, 28 bytes, and what `put` and `seal` write behind them.
        uint256 start = place(new bytes(0x80)) + 0x20;
        uint256 cursor = Packer.put(start, a, 4);
        cursor = Packer.put(cursor, b, 16);
        cursor = Packer.put(cursor, c, 1);
        cursor = Packer.put(cursor, d, 7);
        assertEq(Packer.seal(start, cursor), start + 0x20);
        bytes memory found;
        assembly ("memory-safe") {
            found := sub(start, 0x20)
        }
        assertEq(found, abi.encodePacked(a, b, c, d));
    }

    function testFuzz_packer_putAccount(uint32 id, int128 cash, uint8 market, int56 size)
        public
        pure
    {
        AccountWord word = AccountWord.wrap(0).withCash(cash).withHome(market, size).withEpoch(9);
        uint256 start = place(new bytes(0x80)) + 0x20;
        Packer.seal(start, Packer.putAccount(start, id, word));
        bytes memory found;
        assembly ("memory-safe") {
            found := sub(start, 0x20)
        }
        assertEq(found, abi.encodePacked(id, uint8(1), cash, market, size));
    }

    function test_accounts_revertOutOfWidth() public {
        vm.expectRevert();
        this.tooMuchCash();
        vm.expectRevert();
        this.tooManyLots();
    }

    function tooMuchCash() external pure returns (AccountWord) {
        return AccountWord.wrap(0).withCash(int256(type(int128).max) + 1);
    }

    function tooManyLots() external pure returns (AccountWord) {
        return AccountWord.wrap(0).withHome(0, int256(type(int56).max) + 1);
    }

    function test_accounts_positionsMax() public pure {
        assertEq(Accounts.POSITIONS_MAX, 16);
    }
}
