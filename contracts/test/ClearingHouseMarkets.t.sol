// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {MarketParams, Position, Report} from "../src/Types.sol";
import {ExitVenueTest} from "./support/ExitVenueTest.sol";

/// @notice Markets of every page of a book, and two of one page: each has its own place, whatever
/// else an operation loads.
contract ClearingHouseMarketsTest is ExitVenueTest {
    uint8[5] internal ids = [0, 15, 16, 33, 248];
    /// Long four lots in each of them, bought from alice, at prices that differ.
    uint32 private many;

    function setUp() public virtual override {
        super.setUp();
        many = open("many", 2_000 * UNIT);
        for (uint256 i; i < ids.length; ++i) {
            around.setMarket(ids[i], defaults());
            around.setPrice(ids[i], _price(i));
            around.setAged(ids[i], _price(i));
            tradeIn(ids[i], many, alice, 4, _price(i));
        }
    }

    function _price(uint256 i) private pure returns (uint32) {
        return uint32(PRICE + i * 100_000);
    }

    /// @dev Of all lots at all prices: 4 * (1.0 + 1.1 + 1.2 + 1.3 + 1.4) millions of ticks.
    function test_health_countsEach() public view {
        (int256 equity, uint256 initial, uint256 maintenance) = house.health(many);
        assertEq(initial, 24_000_000 * 100 * 50_000 / 1e6);
        assertEq(maintenance, 24_000_000 * 100 * 30_000 / 1e6);
        assertEq(equity, int256(2_000 * UNIT) - 24_000_000 * 100 * 450 / 1e6);
        (,,, Position[] memory list) = house.account(many);
        assertEq(list.length, ids.length);
        for (uint256 i; i < ids.length; ++i) {
            assertEq(sizeOf(many, ids[i]), 4);
            (,, uint56 interest) = house.market(ids[i]);
            assertEq(uint256(interest), 4);
        }
    }

    function test_health_followsEachPrice() public {
        (int256 before,,) = house.health(many);
        for (uint256 i; i < ids.length; ++i) {
            around.setPrice(ids[i], _price(i) - 1_000);
            (int256 equity,,) = house.health(many);
            assertEq(equity, before - 4 * 1_000 * 100);
            before = equity;
        }
        (uint256 free,) = house.withdrawable(many);
        for (uint256 i; i < ids.length; ++i) {
            around.setAged(ids[i], _price(i) - 3_000);
            (uint256 less,) = house.withdrawable(many);
            assertEq(free - less, 4 * 2_000 * 100);
            free = less;
        }
        vm.prank(owner_(many));
        vm.expectPartialRevert(I.MarginShort.selector);
        house.withdraw(many, free + 1, address(9), "");
        vm.prank(owner_(many));
        house.withdraw(many, free, address(9), "");
        checkLaws(1);
    }

    /// @dev The aged price counts for the first position of an account, wherever it was opened.
    function test_withdrawable_agedOfAHomeAnywhere() public {
        for (uint256 i; i < ids.length; ++i) {
            uint32 single = open("single", 1_000 * UNIT);
            tradeIn(ids[i], single, alice, 4, _price(i));
            (uint256 before,) = house.withdrawable(single);
            around.setAged(ids[i], _price(i) - 5_000);
            (uint256 free,) = house.withdrawable(single);
            assertEq(before - free, 4 * 5_000 * 100);
        }
    }

    /// @dev One batch in all of them, each held to its own cap.
    function test_settle_allAtOnce_heldToEachCap() public {
        for (uint256 full; full <= ids.length; ++full) {
            uint256 snapshot = vm.snapshotState();
            for (uint256 i; i < ids.length; ++i) {
                MarketParams memory p = defaults();
                p.openInterestMax = i == full ? 5 : 6;
                around.setMarket(ids[i], p);
            }
            // Sorted by account, lane and market: bob buys, then carol sells.
            for (uint256 i; i < ids.length; ++i) add(_orderIn(bob, true, i));
            for (uint256 i; i < ids.length; ++i) add(_orderIn(carol, false, i));
            for (uint16 i; i < ids.length; ++i) {
                fill(uint16(ids.length) + i, i, 2, _price(i));
            }
            if (full < ids.length) {
                settleReverts(
                    abi.encodeWithSelector(I.OpenInterestExceeded.selector, ids[full], 6, 5)
                );
            } else {
                settle();
                for (uint256 i; i < ids.length; ++i) {
                    assertEq(sizeOf(bob, ids[i]), 2);
                    assertEq(sizeOf(carol, ids[i]), -2);
                }
            }
            vm.revertToState(snapshot);
            reset();
        }
    }

    function _orderIn(uint32 id, bool isBuy, uint256 i) private view returns (Order memory o) {
        o = order(id, isBuy, 2);
        (o.market, o.price, o.lane) = (ids[i], _price(i), uint16(20 + i));
        (o.seq,) = house.lane(id, o.lane);
        ++o.seq;
    }

    /// @dev A report moves the funding of the markets that it names, each by its own rate and
    /// price, and of no other.
    function test_push_ofEach() public {
        _push();
        int96[5] memory before;
        for (uint256 i; i < ids.length; ++i) (before[i],,) = house.market(ids[i]);
        _push();
        int256 last;
        for (uint256 i; i < ids.length; ++i) {
            (int96 index, uint40 time,) = house.market(ids[i]);
            assertEq(uint256(time), block.timestamp);
            int256 moved = int256(index) - before[i];
            assertTrue(moved > last);
            last = moved;
        }
        (int96 other,,) = house.market(1);
        assertEq(int256(other), 0);
    }

    function _push() private {
        vm.warp(block.timestamp + 100);
        Report memory r;
        r.time = uint40(block.timestamp);
        uint256 count = ids.length;
        (r.markets, r.prices) = (new uint8[](count), new uint32[](count));
        r.rates = new int32[](count);
        for (uint256 i; i < count; ++i) {
            (r.markets[i], r.prices[i]) = (ids[i], _price(i));
            r.rates[i] = int32(int256(10_000 * (i + 1)));
        }
        house.push(abi.encode(r));
    }

    function test_liquidate_inEach() public {
        (uint256 free,) = house.withdrawable(many);
        vm.prank(owner_(many));
        house.withdraw(many, free, address(9), "");
        for (uint256 i; i < ids.length; ++i) around.setPrice(ids[i], _price(i) * 978 / 1_000);
        for (uint256 i; i < ids.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(owner_(bob));
            house.liquidate(many, ids[i], 1, bob, "");
            assertEq(sizeOf(many, ids[i]), 3);
            assertEq(sizeOf(bob, ids[i]), 1);
            assertGt(cashOf(FUNDS + ids[i]), 0);
            vm.revertToState(snapshot);
        }
    }

    function test_resolve_inEach() public {
        (uint256 free,) = house.withdrawable(many);
        vm.prank(owner_(many));
        house.withdraw(many, free, address(9), "");
        for (uint256 i; i < ids.length; ++i) around.setPrice(ids[i], _price(i) * 940 / 1_000);
        uint32[] memory list = new uint32[](1);
        list[0] = alice;
        for (uint256 i; i < ids.length; ++i) {
            house.resolve(many, ids[i], list, "");
            assertEq(sizeOf(many, ids[i]), 0);
            assertEq(sizeOf(alice, ids[i]), 0);
            (,, uint56 interest) = house.market(ids[i]);
            assertEq(uint256(interest), 0);
        }
        assertEq(cashOf(many), 0);
    }

    function test_forcedClose_inEach() public {
        for (uint256 i; i < ids.length; ++i) {
            uint64 number = requestClose(many, ids[i], true, 3, 1);
            vm.warp(block.timestamp + FORCED_DEADLINE + 1);
            for (uint256 j; j < ids.length; ++j) around.setPrice(ids[j], _price(j));
            executeBy(bob, number, ANY_LOTS);
            assertEq(sizeOf(many, ids[i]), 1);
            assertEq(sizeOf(bob, ids[i]), 3);
        }
    }

    function test_exit_ofAll() public {
        requestCancelAll(alice);
        vm.warp(block.timestamp + FORCED_DEADLINE + FORCED_GRACE + 1);
        house.freeze();
        house.reckon(type(uint256).max);
        (int256 equity,,) = house.health(many);
        (int256 claim, uint256 due) = house.claimOf(many);
        assertEq(claim >> 32, equity);
        assertEq(exitOf(many), due);
        for (uint256 i; i < ids.length; ++i) assertEq(sizeOf(many, ids[i]), 0);
    }
}

/// @notice The same far from the first market, and the account's first position in the highest.
contract ClearingHouseHighMarketsTest is ClearingHouseMarketsTest {
    function setUp() public override {
        ids = [248, 129, 247, 200, 130];
        super.setUp();
    }
}
