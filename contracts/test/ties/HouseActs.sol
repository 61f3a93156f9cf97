// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../../src/interfaces/IClearingHouse.sol";
import {HouseTieBase} from "./HouseTieBase.sol";

/// @notice What moves cash and positions besides batches: each operation on the house, and, when it
/// succeeded, the same on the models, with what the house announced. The models look at `left` and
/// `right`; `was` is the state before.
abstract contract HouseActs is HouseTieBase {
    /// @dev What `Resolved` says.
    struct Resolution {
        int56 size;
        uint32 price;
        uint40 toPool;
        uint40 toUsers;
        uint40 toFund;
        uint256 covered;
        uint256 levied;
    }

    function _price(uint256 x) internal {
        vm.warp(vm.getBlockTimestamp() + 5);
        vm.roll(vm.getBlockNumber() + 1);
        // Mostly steps that leave somebody below maintenance, now and then a jump beyond.
        uint256 span = x % 8 == 0 ? 300_000 : 15_000;
        uint256 move = 1e6 - span + (x >> 8) % (2 * span + 1);
        uint256 to = uint256(around.prices(0)) * move / 1e6;
        // From far away it comes back.
        if (to < 400_000 || to > 2_500_000) to = PRICE;
        around.setPrice(0, uint32(to));
    }

    function _deposit(State memory was, uint256 x) internal {
        bool isPoor = was.cash[left] >> 32 < int256(150 * UNIT);
        uint256 amount = 1 + x % ((isPoor ? 100 : 5) * UNIT);
        house.deposit(address(token), users[left], amount);
        cash.touch();
        cash.deposit(uint128(amount << 32), 0);
        _did("deposit");
    }

    function _endow(State memory was, uint256 x) internal {
        uint256 amount = 1 + (x >> 8) % UNIT;
        bool isFund = x % 2 == 0;
        house.deposit(address(token), isFund ? FUNDS : 0, amount);
        uint128 amountQ32 = uint128(amount << 32);
        if (isFund) {
            // By way of `left`.
            _touchOther(was, FUND);
            cash.deposit(amountQ32, 0);
            cash.excess(amountQ32);
        } else {
            cash.deposit(0, amountQ32);
        }
        _did("endow");
    }

    function _withdraw(uint256 x) internal {
        uint32 id = users[left];
        (uint256 most,) = house.withdrawable(id);
        uint256 amount = 1 + (x >> 8) % (most != 0 && x % 2 == 0 ? most : 500 * UNIT);
        address owner = owner_(id);
        vm.prank(owner);
        try house.withdraw(id, amount, address(9), "") {
            cash.touch();
            cash.withdraw(uint128(amount << 32));
            _did("withdraw");
        } catch {}
    }

    /// @dev Between any two; it works between those of one owner alone.
    function _transfer(State memory was, uint256 x) internal {
        uint256 amount = 1 + (x >> 8) % (50 * UNIT);
        address owner = owner_(users[left]);
        vm.prank(owner);
        try house.transfer(users[left], users[right], amount, "") {
            _touchBoth(was);
            cash.transfer(uint128(amount << 32));
            _did("transfer");
        } catch {}
    }

    function _cover(State memory was) internal {
        try house.cover(users[left]) {
            int256 given = was.insurance - _state().insurance;
            cash.cover(uint128(uint256(given)));
            _did("cover");
        } catch {}
    }

    /// @dev `left` loses lots to the keeper's account `right`.
    function _liquidate(State memory was, uint256 x) internal {
        uint40 lots = uint40(x % 2 == 0 ? 0 : 1 + (x >> 8) % 40);
        address owner = owner_(users[right]);
        vm.recordLogs();
        vm.prank(owner);
        try house.liquidate(users[left], 0, lots, users[right], "") {
            (int56 size, uint32 price, uint256 penalty, uint256 reward) =
                abi.decode(_found(I.Liquidated.selector), (int56, uint32, uint256, uint256));
            _touchBoth(was);
            _touchOther(was, FUND);
            int256 value = -_value(size, price);
            cash.liquidate(int128(value), uint128(penalty << 32), uint128(reward << 32));
            interest.move(int64(-size));
            _did("liquidate");
        } catch {}
    }

    /// @dev `right` takes over what the fund holds: to the models from the fund to `left`, and from
    /// `left` to `right`.
    function _unwind(State memory was, uint256 x) internal {
        address owner = owner_(users[right]);
        vm.recordLogs();
        vm.prank(owner);
        try house.unwind(FUNDS, 0, uint40(1 + x % 60), users[right], "") {
            (int56 size, uint32 price) = abi.decode(_found(I.Unwound.selector), (int56, uint32));
            int256 value = _value(size, price);
            _touchOther(was, FUND);
            _touchRight(was);
            cash.resolve(0, int128(value), 0, 0);
            cash.trade(int128(-value), 0, 0);
            interest.turn(int64(was.size[FUND]), int64(was.size[right]));
            interest.move(int64(-size));
            interest.turn(int64(was.size[left]), int64(was.size[right] + size));
            _did("unwind");
        } catch {}
    }

    /// @dev `left` is resolved against everybody on the other side.
    function _resolve(State memory was) internal {
        uint32[] memory list = new uint32[](USERS + 1);
        for (uint256 i; i < USERS; ++i) list[i] = users[i];
        list[FUND] = FUNDS;
        vm.recordLogs();
        try house.resolve(users[left], 0, list, "") {
            _resolved(was, _found(I.Resolved.selector));
            _did("resolve");
        } catch {}
    }

    function _resolved(State memory was, bytes memory data) private {
        Resolution memory r = abi.decode(data, (Resolution));
        _same("a backstop", uint256(r.toPool), 0);
        State memory now_ = _state();
        int256 side = r.size > 0 ? int256(1) : int256(-1);
        cash.touch();
        _touchOther(was, FUND);
        (int256 toRest, int256 toRight) = _given(was, now_);
        // The fund is a counterparty as well, and takes what nobody else does.
        int256 closed = side * int256(uint256(r.toUsers)) - toRest - toRight;
        int256 kept = side * int256(uint256(r.toFund));
        interest.turn(int64(was.size[left] - toRest - toRight), int64(was.size[FUND]));
        interest.move(int64(-closed));
        interest.move(int64(-kept));
        interest.turn(int64(now_.size[left]), int64(now_.size[right]));
        uint256 shared = uint256(was.insurance - now_.insurance);
        cash.resolve(
            int128(-_value(toRest, r.price)),
            int128(-_value(closed, r.price) - _value(kept, around.marks(0))),
            uint128((r.covered << 32) - shared),
            uint128(shared)
        );
        cash.trade(int128(-_value(toRight, r.price)), 0, 0);
        if (r.toUsers != 0) _did("deleverage");
        if (r.covered != 0) _did("cover by funds");
        // What was paid beyond the loss, or is less than a unit, goes to the fund.
        int256 more = cash.state()[0] + int256(r.levied << 32) - now_.cash[left];
        if (more > 0) cash.excess(uint128(uint256(more)));
        if (r.levied != 0) _levied(was, now_, r.levied);
    }

    /// @dev Lots that the others took off `left`, one after another.
    function _given(State memory was, State memory now_)
        private
        returns (int256 toRest, int256 toRight)
    {
        for (uint256 i; i < USERS; ++i) {
            int256 moved = now_.size[i] - was.size[i];
            if (i == left || moved == 0) continue;
            _touchOther(was, i);
            interest.turn(int64(was.size[left] - toRest - toRight), int64(was.size[i]));
            interest.move(int64(-moved));
            if (i == right) toRight += moved;
            else toRest += moved;
        }
    }

    function _levied(State memory was, State memory now_, uint256 levied) private {
        uint256 perLot = now_.levy - was.levy;
        uint256 others;
        for (uint256 i; i <= FUND; ++i) {
            if (i != left && i != right) others += _magnitude(now_.size[i]) * perLot;
        }
        cash.levy(
            uint128(levied << 32),
            uint128(_magnitude(now_.size[left]) * perLot),
            uint128(_magnitude(now_.size[right]) * perLot),
            uint128(others)
        );
        _did("levy");
    }
}
