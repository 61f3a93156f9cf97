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
        assertEq(word.filledOf(seq), filled);
        assertEq(word.filledOf(uint256(seq) + 1), 0);
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
            abi.encodePacked(account, market, flags, size, price, expiry, lane, seq);
        bytes32 r = keccak256("r");
        bytes32 vs = keccak256("vs");
        bytes memory all = bytes.concat(new bytes(90), body, r, vs);
        OrderTerms terms = Orders.at(all, 1);
        assertEq(terms.account(), account);
        assertEq(terms.market(), market);
        assertEq(terms.flags(), flags);
        assertEq(terms.size(), size);
        assertEq(terms.price(), price);
        assertEq(terms.expiry(), expiry);
        assertEq(terms.lane(), lane);
        assertEq(terms.seq(), seq);
        assertEq(terms.laneKey(), Lanes.key(account, lane));
        assertEq(terms.sortKey(), (uint256(account) << 48) | (uint256(lane) << 32) | seq);
        (bytes32 r_, bytes32 vs_) = Orders.signatureAt(all, 1);
        assertEq(r_, r);
        assertEq(vs_, vs);
    }

    /// The one branch of the hot path says what the laws and the plain conditions say.
    function testFuzz_order_admissible(uint256 raw, uint256 lane, uint256 previous, uint40 time)
        public
        pure
    {
        OrderTerms terms = OrderTerms.wrap(raw >> 48);
        LaneWord word = LaneWord.wrap(lane);
        previous = previous % 2 == 0 ? previous >> 176 : terms.sortKey();
        uint256 level = lane % 5;
        bool plain = terms.sortKey() > previous && terms.wellFormed() && terms.expiry() > time
            && terms.seq() >= word.seq() && word.owner() != address(0) && level < 3;
        assertEq(terms.admissible(word, previous, time, level), plain);
    }

    function testFuzz_order_fitsIsLaneLawful(uint256 raw, uint40 before, uint40 lots) public pure {
        OrderTerms terms = OrderTerms.wrap(raw >> 48);
        uint256 filled = uint256(before) + lots;
        bool lawful = LawLib.laneLawful(1, before, 1, filled, terms.size());
        bool whole = !terms.has(Orders.FILL_OR_KILL) || filled == terms.size();
        assertEq(terms.fits(lots, filled), lots != 0 && lawful && whole);
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
        uint40 elapsed
    ) public pure {
        tickValue = uint48(bound(tickValue, 0, 1e6));
        int256 clamped = Funding.clamp(rate, maxPpm);
        int256 step = Funding.step(clamped, price, tickValue, elapsed);
        assertTrue(LawLib.fundingWithin(0, step, price, tickValue, maxPpm, elapsed));
        if (rate == 0 || elapsed == 0) assertEq(step, 0);
    }

    function testFuzz_packer_equalsEncodePacked(uint32 a, uint128 b, uint8 c, uint56 d)
        public
        pure
    {
        (bytes memory buffer, uint256 cursor) = Packer.open(28);
        cursor = Packer.put(cursor, a, 4);
        cursor = Packer.put(cursor, b, 16);
        cursor = Packer.put(cursor, c, 1);
        cursor = Packer.put(cursor, d, 7);
        Packer.close(buffer, cursor);
        assertEq(buffer, abi.encodePacked(a, b, c, d));
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
