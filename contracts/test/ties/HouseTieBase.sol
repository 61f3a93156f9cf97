// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch, MarketParams} from "../../src/Types.sol";
import {AccountWord} from "../../src/libraries/Accounts.sol";
import {VenueTest} from "../support/VenueTest.sol";
import {Vm} from "../Vm.sol";
import {TiedCash, TiedInterest, TiedLane} from "./Models.sol";
import {Tie} from "./Tie.sol";

/// @notice The stage of the tie of the house: six users in one market, its fund, the models, and
/// what the house stores, read behind its views.
/// @dev With one market every position is at home: an account is one slot.
abstract contract HouseTieBase is VenueTest, Tie {
    uint256 internal constant USERS = 6;
    /// @dev Place of the fund of the market, behind the users.
    uint256 internal constant FUND = USERS;
    uint16 internal constant LANES = 2;
    uint256 private constant START = 300 * UNIT;
    // Slots of `Storage`.
    uint256 private constant ACCOUNTS_SLOT = 1;
    uint256 private constant LEVIES_SLOT = 281479271677967;
    uint256 private constant ENTRIES_SLOT = 281479271677968;

    /// @dev Cash as stored (levies not yet taken off), lots, and what is owed of levies, by place.
    struct State {
        int256[USERS + 1] cash;
        int256[USERS + 1] size;
        int256[USERS + 1] due;
        int256 fees;
        int256 insurance;
        int256 owed;
        uint256 levy;
    }

    TiedCash internal cash;
    TiedInterest internal interest;
    mapping(uint256 => TiedLane) private _lanes;
    uint32[] internal users;
    /// @dev The two accounts that the models look at, by place.
    uint256 internal left;
    uint256 internal right;

    function setUp() public override {
        super.setUp();
        open("erin", START);
        // A second account of one owner.
        open("alice", START);
        MarketParams memory p = defaults();
        (p.liquidationPartPpm, p.coverSharePpm) = (500_000, 250_000);
        around.setMarket(0, p);
        for (uint256 i; i < USERS; ++i) {
            users.push(alice + uint32(i));
            uint256 spare = (uint256(cashOf(users[i])) >> 32) - START;
            address owner = owner_(users[i]);
            vm.prank(owner);
            if (spare != 0) house.withdraw(users[i], spare, address(9), "");
        }
    }

    function _begin() internal override {
        cash = TiedCash(_deployModel("TiedCash", ""));
        interest = TiedInterest(_deployModel("TiedInterest", ""));
        for (uint256 i; i < USERS; ++i) {
            cash.turn(0, 0, 0, 0);
            cash.deposit(uint128(uint256(cashOf(users[i]))), 0);
        }
    }

    /// @notice Two different users, at whom the models look from now on.
    function _turn(uint256 a, uint256 b) internal returns (State memory was) {
        (left, right) = (a, b);
        was = _state();
        cash.turn(int128(was.cash[a]), int128(was.cash[b]), int128(was.due[a]), int128(was.due[b]));
        interest.turn(int64(was.size[a]), int64(was.size[b]));
    }

    function _state() internal view returns (State memory s) {
        s.levy = _slotAt(uint256(keccak256(abi.encode(uint256(0), LEVIES_SLOT))));
        for (uint256 i; i <= FUND; ++i) {
            uint256 id = i == FUND ? FUNDS : users[i];
            AccountWord word = _word(id);
            (s.cash[i], s.size[i]) = (word.cash(), word.size());
            if (s.levy == 0 || s.size[i] == 0) continue;
            uint256 paid = _slotAt(uint256(keccak256(abi.encode(id << 8, ENTRIES_SLOT))));
            s.due[i] = int256(_magnitude(s.size[i]) * (s.levy - paid));
        }
        (s.insurance, s.fees) = (_word(0).cash(), _word(1).cash());
        s.owed = int256(vault.liabilities() << 32);
    }

    /// @notice All that the models say is what the house stores.
    function _compare() internal view {
        State memory s = _state();
        int256 rest;
        int256 dueRest = s.due[FUND];
        int256 lots = s.size[FUND];
        int256 longs = _long(s.size[FUND]);
        for (uint256 i; i < USERS; ++i) {
            if (i == left || i == right) continue;
            rest += s.cash[i];
            dueRest += s.due[i];
            lots += s.size[i];
            longs += _long(s.size[i]);
        }
        int256[10] memory m = cash.state();
        _same("cash", s.cash[left], m[0]);
        _same("cash of the other", s.cash[right], m[1]);
        _same("cash of the rest", rest, m[2]);
        _same("fees", s.fees, m[3]);
        _same("fund", s.cash[FUND], m[4]);
        _same("insurance", s.insurance, m[5]);
        _same("owes of levies", s.due[left], m[6]);
        _same("the other owes of levies", s.due[right], m[7]);
        _same("the rest owes of levies", dueRest, m[8]);
        _same("liabilities", s.owed, m[9]);
        int256[5] memory n = interest.state();
        _same("lots", s.size[left], n[0]);
        _same("lots of the other", s.size[right], n[1]);
        _same("lots of the rest", lots, n[2]);
        _same("longs of the rest", longs, n[3]);
        (,, uint56 open_) = house.market(0);
        _same("open interest", int256(uint256(open_)), n[4]);
    }

    /// @notice The model of a lane: a new one, with another sequence to watch, when it has passed.
    function _laneOf(uint256 place, uint16 lane, uint256 x) internal returns (TiedLane model) {
        uint256 key = place * (LANES + 1) + lane;
        model = _lanes[key];
        (uint32 seq, uint40 filled) = house.lane(users[place], lane);
        if (address(model) != address(0)) {
            (uint256 seqHere, uint256 filledHere, uint256 sum) = model.state();
            (uint32 watched, uint40 size) = model.terms();
            _same("seq", uint256(seq), seqHere);
            _same("filled", uint256(filled), filledHere);
            if (sum > size) _same("filled beyond its size", int256(sum), int256(uint256(size)));
            if (seq <= watched) return model;
        }
        bytes memory args = abi.encode(seq + 1 + x % 2, 24 + (x >> 8) % 30, seq, filled);
        model = TiedLane(_deployModel("TiedLane", args));
        _lanes[key] = model;
    }

    /// @notice Whether the model of its lane lets an order be filled; then it is.
    function _filled(uint256 place, Order memory o, uint40 lots) internal returns (bool) {
        TiedLane model = _lanes[place * (LANES + 1) + o.lane];
        try model.fill(o.seq, uint40(o.size), lots) {
            return true;
        } catch (bytes memory reason) {
            return _refused(reason);
        }
    }

    /// @notice `users[left]` and `users[right]` trade at the index price.
    function _traded(bool leftBuys, bool leftMakes, uint40 lots) internal {
        MarketParams memory p = around.market(0);
        uint256 amount = uint256(lots) * around.prices(0) * p.tickValue;
        uint256 makerFee = (amount * p.makerFeePpm + 999_999) / 1e6;
        uint256 takerFee = (amount * p.takerFeePpm + 999_999) / 1e6;
        int256 signed = leftBuys ? int256(uint256(lots)) : -int256(uint256(lots));
        cash.trade(
            int128(_value(signed, around.prices(0))),
            uint128((leftMakes ? makerFee : takerFee) << 32),
            uint128((leftMakes ? takerFee : makerFee) << 32)
        );
        interest.move(int64(signed));
    }

    /// @notice Two orders by account, filled once or twice; the maker is left or right.
    function _batchOfTwo(
        Order memory one,
        Order memory two,
        bool oneMakes,
        uint40 lots,
        uint40 more
    ) internal view returns (Batch memory b) {
        bool isFirst = one.account < two.account;
        uint16 maker = isFirst == oneMakes ? 0 : 1;
        bytes memory some = abi.encodePacked(maker, 1 - maker, lots, one.price);
        if (more != 0) some = abi.encodePacked(some, maker, 1 - maker, more, one.price);
        b = batchOf(
            isFirst
                ? bytes.concat(packed(one), packed(two))
                : bytes.concat(packed(two), packed(one))
        );
        b.fills = some;
    }

    /// @notice What both owe of levies is taken off, as it is of whoever is touched.
    function _touchBoth(State memory was) internal {
        cash.touch();
        _touchRight(was);
    }

    function _touchRight(State memory was) internal {
        _swap();
        cash.touch();
        _swap();
        _same("levies paid", was.cash[right] - was.due[right], cash.state()[1]);
    }

    /// @dev Another user takes the place of `left` for it. The fund gives what it owes to `left`,
    /// who pays it.
    function _touchOther(State memory was, uint256 place) internal {
        if (place == right) return _touchRight(was);
        int128 due = int128(was.due[place]);
        if (due == 0) return;
        int256[10] memory m = cash.state();
        int128 first = place == FUND ? int128(m[0]) : int128(was.cash[place]);
        cash.turn(first, int128(m[1]), due, int128(m[7]));
        if (place == FUND) cash.resolve(0, -due, 0, 0);
        cash.touch();
        cash.turn(int128(m[0]), int128(m[1]), int128(m[6]), int128(m[7]));
    }

    /// @dev The model takes levies off the first of its two accounts.
    function _swap() private {
        int256[10] memory m = cash.state();
        cash.turn(int128(m[1]), int128(m[0]), int128(m[7]), int128(m[6]));
    }

    /// @notice What lots are worth at a price, Q32.
    function _value(int256 lots, uint32 price) internal view returns (int256) {
        (int96 index,,) = house.market(0);
        return lots * ((int256(uint256(price) * around.market(0).tickValue) << 32) - index);
    }

    /// @notice Data of the one event of a kind since logs are recorded.
    function _found(bytes32 topic) internal returns (bytes memory data) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) if (logs[i].topics[0] == topic) return logs[i].data;
        revert("no such event");
    }

    function _magnitude(int256 x) internal pure returns (uint256) {
        return uint256(x < 0 ? -x : x);
    }

    function _long(int256 x) private pure returns (int256) {
        return x > 0 ? x : int256(0);
    }

    function _word(uint256 id) private view returns (AccountWord) {
        return AccountWord.wrap(_slotAt(ACCOUNTS_SLOT + id));
    }

    function _slotAt(uint256 slot) private view returns (uint256) {
        return uint256(vm.load(address(house), bytes32(slot)));
    }
}
