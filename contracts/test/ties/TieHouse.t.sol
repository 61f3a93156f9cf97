// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch} from "../../src/Types.sol";
import {IClearingHouse as I} from "../../src/interfaces/IClearingHouse.sol";
import {HouseActs} from "./HouseActs.sol";
import {TiedLane} from "./Models.sol";

/// @title `cash.*`, `net.*` and `lane.*`: the clearing house as deployed, with all its modules, and
/// the models of its cash, its positions and its lanes.
contract HouseTie is HouseActs {
    function _name() internal pure override returns (string memory) {
        return "house";
    }

    function _operations() internal pure override returns (string[] memory all) {
        all = new string[](15);
        (all[0], all[1], all[2], all[3]) = ("deposit", "endow", "withdraw", "transfer");
        (all[4], all[5], all[6], all[7]) = ("batch", "batch refused", "liquidate", "unwind");
        (all[8], all[9], all[10], all[11]) = ("resolve", "deleverage", "cover by funds", "levy");
        (all[12], all[13], all[14]) = ("cancel", "lane refused", "cover");
    }

    function _act(uint256 r) internal override {
        uint256 kind = r % 64;
        uint256 a = (r >> 8) % USERS;
        uint256 b = (a + 1 + (r >> 16) % (USERS - 1)) % USERS;
        // The first and the last have one owner.
        if (kind >= 39 && kind < 41 && a % 2 == 0) {
            (a, b) = b < 3 ? (USERS - 1, uint256(0)) : (uint256(0), USERS - 1);
        }
        if (kind >= 41 && kind < 59 && r >> 255 == 0) (a, b) = _worst(kind >= 57, b);
        uint256 x = r >> 32;
        State memory was = _turn(a, b);
        if (kind < 23) _trade(was, x);
        else if (kind < 30) _price(x);
        else if (kind < 34) _deposit(was, x);
        else if (kind < 36) _endow(was, x);
        else if (kind < 39) _withdraw(x);
        else if (kind < 41) _transfer(was, x);
        else if (kind < 47) _liquidate(was, x);
        else if (kind < 53) _resolve(was);
        else if (kind < 57) _unwind(was, x);
        else if (kind < 59) _cover(was);
        else _cancel(x);
        _compare();
    }

    /// @dev The user with the least equity for its maintenance margin, or one that owes and holds
    /// nothing; and another one.
    function _worst(bool isFlat, uint256 b) private view returns (uint256 worst, uint256 other) {
        int256 least = type(int256).max;
        for (uint256 i; i < USERS; ++i) {
            (int256 equity,, uint256 margin) = house.health(users[i]);
            if (isFlat != (margin == 0)) continue;
            int256 found = isFlat ? equity : equity * 1e6 / int256(margin);
            if (found < least) (worst, least) = (i, found);
        }
        other = b == worst ? (b + 1) % USERS : b;
    }

    /// @dev A batch of one or two fills between two orders, on any lane and at any sequence around
    /// the next, of sizes that hold the fills or do not.
    function _trade(State memory was, uint256 x) private {
        Order memory one = _draw(left, x);
        Order memory two = _draw(right, x >> 64);
        // Half of the time somebody closes, or the margins of all would soon be used.
        if ((x >> 216) % 2 == 0 && was.size[left] != 0) one.isBuy = was.size[left] < 0;
        two.isBuy = !one.isBuy;
        uint40 lots = uint40(1 + (x >> 128) % ((x >> 152) % 4 == 0 ? 24 : 8));
        uint40 more = (x >> 136) % 4 == 0 ? uint40(1 + (x >> 144) % 10) : 0;
        bool leftMakes = (x >> 160) % 2 == 0;
        try house.settle(_batchOfTwo(one, two, leftMakes, lots, more)) {
            _touchBoth(was);
            for (uint256 i; i < (more == 0 ? 1 : 2); ++i) {
                uint40 part = i == 0 ? lots : more;
                _same("first lane", true, _filled(left, one, part));
                _same("second lane", true, _filled(right, two, part));
                _traded(one.isBuy, leftMakes, part);
            }
            _did("batch");
        } catch (bytes memory reason) {
            _did("batch refused");
            uint256 at = _laneRefused(reason);
            if (at == 0) return;
            // Orders stand in the batch by account.
            bool isOne = (at == 1) == (one.account < two.account);
            (uint256 place, Order memory o) = isOne ? (left, one) : (right, two);
            _same("lane", false, _filled(place, o, lots + more));
            _did("lane refused");
        }
    }

    /// @dev 1 or 2 when a lane refused that order; 0 when something else was refused.
    function _laneRefused(bytes memory reason) private pure returns (uint256) {
        bytes4 why = bytes4(reason);
        if (why != I.SeqStale.selector && why != I.OverFilled.selector) return 0;
        uint256 index;
        assembly ("memory-safe") {
            index := mload(add(reason, 0x24))
        }
        return index + 1;
    }

    function _draw(uint256 place, uint256 x) private returns (Order memory o) {
        uint16 lane = uint16(1 + x % LANES);
        TiedLane model = _laneOf(place, lane, x >> 40);
        (uint32 seq,) = house.lane(users[place], lane);
        (uint32 watched, uint40 size) = model.terms();
        uint32 next = _near(seq, x >> 8);
        bool isBuy = (x >> 24) % 2 == 0;
        uint64 any = uint64((x >> 30) % 8 == 0 ? 1 + (x >> 32) % 20 : 24 + (x >> 32) % 30);
        o = order(users[place], isBuy, next == watched ? size : any);
        (o.lane, o.seq, o.price) = (lane, next, around.prices(0));
    }

    /// @dev An owner cancels up to a sequence.
    function _cancel(uint256 x) private {
        uint16 lane = uint16(1 + x % LANES);
        TiedLane model = _laneOf(left, lane, x >> 40);
        (uint32 seq,) = house.lane(users[left], lane);
        uint32 to = _near(seq, x >> 8);
        address owner = owner_(users[left]);
        bool real;
        vm.prank(owner);
        try house.cancelLane(users[left], lane, to) {
            real = true;
            _did("cancel");
        } catch {}
        bool modelled;
        try model.cancel(to) {
            modelled = true;
        } catch (bytes memory reason) {
            _refused(reason);
        }
        _same("cancelled", real, modelled);
    }

    /// @dev Mostly one of the next two, or the last; now and then an older one; never 0.
    function _near(uint32 seq, uint256 x) private pure returns (uint32 next) {
        next = seq + uint32((x % 8 + 3) / 4);
        if ((x >> 8) % 32 == 0 && next > 2) next -= 2;
        return next == 0 ? 1 : next;
    }
}
