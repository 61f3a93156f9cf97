// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accounts, AccountWord} from "../../src/libraries/Accounts.sol";
import {Lanes, LaneWord} from "../../src/libraries/Lanes.sol";
import {Slots} from "../../src/libraries/Slots.sol";

/// @title The slot of an account: its fields, and where it lies.
contract AccountChecks {
    AccountWord[1 << 32] private accounts;
    LaneWord[1 << 48] private lanes;

    /// Each field is read back as written, and the word is the fields side by side.
    function check_fields(
        uint256 dirt,
        int128 cash,
        int56 size,
        uint8 home,
        uint8 others,
        uint32 epoch,
        uint24 leverage
    ) external pure {
        AccountWord word = AccountWord.wrap(dirt).withCash(cash).withHome(home, size)
            .withOthers(others).withEpoch(epoch).withLeverage(leverage);
        assert(word.cash() == cash && word.size() == size && word.home() == home);
        assert(word.others() == others && word.epoch() == epoch && word.leverage() == leverage);
        bytes memory packed = abi.encodePacked(leverage, epoch, others, cash, home, size);
        assert(AccountWord.unwrap(word) == uint256(bytes32(packed)));
    }

    /// A field that is written leaves all others as they were.
    function check_neighbours(uint256 raw, int128 cash, int56 size, uint8 value, uint32 epoch)
        external
        pure
    {
        AccountWord word = AccountWord.wrap(raw);
        assert(_changes(raw, word.withCash(cash)) & ~(uint256(type(uint128).max) << 64) == 0);
        assert(_changes(raw, word.withHome(value, size)) >> 64 == 0);
        assert(_changes(raw, word.withOthers(value)) & ~(uint256(0xff) << 192) == 0);
        assert(_changes(raw, word.withEpoch(epoch)) & ~(uint256(0xffffffff) << 200) == 0);
        assert(_changes(raw, word.withLeverage(uint24(epoch))) << 24 == 0);
    }

    function _changes(uint256 raw, AccountWord word) private pure returns (uint256) {
        return raw ^ AccountWord.unwrap(word);
    }

    /// What a batch writes is what the careful functions write.
    function check_changed(uint256 raw, int128 cash, int56 size) external pure {
        AccountWord word = AccountWord.wrap(raw);
        AccountWord careful = word.withCash(cash).withHome(word.home(), size);
        assert(AccountWord.unwrap(word.changed(size, cash)) == AccountWord.unwrap(careful));
    }

    /// Zero exactly for an account whose only position is at home in the market.
    function check_differs(uint256 raw, uint8 market) external pure {
        AccountWord word = AccountWord.wrap(raw);
        bool only = word.others() == 0 && word.home() == market;
        assert((word.differs(Accounts.only(market)) == 0) == only);
        assert(word.others() == 255 || word.differs(type(uint256).max) != 0);
    }

    /// No two accounts or lanes share a slot, and what is written is read.
    function check_slots(uint32 id, uint32 other, uint48 key, uint256 word, uint256 lane) external {
        uint256 slot = Slots.at(accounts, id);
        uint256 laneSlot = Slots.at(lanes, key);
        assert(slot != laneSlot);
        assert(id == other || slot != Slots.at(accounts, other));
        Slots.write(slot, word);
        Slots.write(laneSlot, lane);
        assert(AccountWord.unwrap(accounts[id]) == word);
        assert(LaneWord.unwrap(lanes[key]) == lane);
        assert(id == other || AccountWord.unwrap(accounts[other]) == 0);
        assert(Lanes.key(id, uint16(key)) < 1 << 48);
    }
}
