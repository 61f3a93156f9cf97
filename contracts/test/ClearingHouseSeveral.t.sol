// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Causes} from "../src/libraries/Causes.sol";
import {Position} from "../src/Types.sol";
import {Records} from "./support/Records.sol";

/// @notice Accounts with positions in several markets: each of them counts wherever the account is
/// judged, valued or paid, whichever of them an operation is about.
contract ClearingHouseSeveralTest is Records {
    /// Long ten lots of each market with 210 behind them; 150 are demanded, 90 at the least.
    uint32 private thin;

    function setUp() public override {
        super.setUp();
        thin = open("thin", 210 * UNIT);
        for (uint8 m; m < 3; ++m) tradeIn(m, thin, alice, 10, PRICE);
    }

    function _equity(uint32 id) private view returns (int256 equity) {
        (equity,,) = house.health(id);
    }

    /// @dev Nothing is free in market 0, though its position alone needs no more than 50.
    function test_settle_countsTheOthers() public {
        Order memory buy = order(thin, true, 14);
        Order memory sell = order(bob, false, 14);
        (buy.lane, buy.seq) = (1, 1);
        add(sell);
        add(buy);
        fill(0, 1, 14, PRICE);
        bytes memory reason = abi.encodeWithSelector(
            I.MarginShort.selector, thin, _equity(thin) - 630_000, 220 * UNIT
        );
        settleReverts(reason);
        tradeIn(0, thin, bob, 10, PRICE);
        assertEq(sizeOf(thin, 0), 20);
        checkLaws(3);
    }

    /// @dev To the last lot that its equity carries, in whichever market, and not one more: a
    /// position that is traded counts once, as it is then.
    function test_settle_toTheLastLot_inEach() public {
        for (uint8 m; m < 3; ++m) {
            uint256 snapshot = vm.snapshotState();
            // 58.65 are free; a lot needs 5, and costs 0.045.
            vm.expectPartialRevert(I.MarginShort.selector);
            this.tradeNow(m, thin, bob, 12);
            tradeIn(m, thin, bob, 11, PRICE);
            assertEq(sizeOf(thin, m), 21);
            vm.revertToState(snapshot);
        }
    }

    function tradeNow(uint8 m, uint32 buyer, uint32 seller, uint40 lots) external {
        tradeIn(m, buyer, seller, lots, PRICE);
    }

    /// @dev Who is below initial margin may not grow in one market while it reduces in another,
    /// though it needs less margin after it, and whichever comes first.
    function test_settle_neverGrowsBesideAReduction() public {
        _fall(2, 100_000);
        for (uint8 first; first < 2; ++first) {
            for (uint8 grown; grown < 2; ++grown) {
                _crosses(first, 1 - first, first == grown);
            }
        }
        // The reduction alone is lawful.
        tradeIn(1, bob, thin, 5, PRICE);
    }

    /// @dev Thin buys a lot in one market and sells five in the other; bob is on the other side.
    function _crosses(uint8 first, uint8 second, bool growsFirst) private {
        for (uint256 i; i < 4; ++i) {
            bool mine = i > 1;
            bool grows = (i % 2 == 0) == growsFirst;
            Order memory o = order(mine ? thin : bob, mine == grows, grows ? 1 : 5);
            (o.market, o.lane) = i % 2 == 0 ? (first, uint16(3)) : (second, uint16(4));
            o.seq = 1;
            add(o);
        }
        fill(0, 2, growsFirst ? 1 : 5, PRICE);
        fill(1, 3, growsFirst ? 5 : 1, PRICE);
        vm.expectPartialRevert(I.MarginShort.selector);
        this.settleNow();
        reset();
    }

    /// @dev Below initial margin a step may reduce, and not grow, and what the others lost before
    /// counts before and after.
    function test_settle_healthierWithOthers() public {
        _fall(1, 100_000);
        (int256 equity, uint256 initial, uint256 maintenance) = house.health(thin);
        assertLt(equity, int256(initial));
        assertGt(equity, int256(maintenance));
        tradeIn(0, bob, thin, 4, PRICE);
        (int256 left,, uint256 needed) = house.health(thin);
        assertEq(sizeOf(thin, 0), 6);
        assertGe(left * int256(maintenance), equity * int256(needed));
        Order memory buy = order(thin, true, 1);
        Order memory sell = order(bob, false, 1);
        (buy.lane, buy.seq) = (1, 1);
        add(sell);
        add(buy);
        fill(0, 1, 1, PRICE);
        vm.expectPartialRevert(I.MarginShort.selector);
        this.settleNow();
        reset();
        // A price that costs more than the margin that it sets free: worse, and refused.
        buy = order(bob, true, 1);
        sell = order(thin, false, 1);
        (buy.price, sell.price, sell.lane, sell.seq) = (950_000, 950_000, 1, 1);
        add(buy);
        add(sell);
        fill(0, 1, 1, 950_000);
        vm.expectPartialRevert(I.MarginShort.selector);
        this.settleNow();
        reset();
    }

    /// @dev Who is below initial margin may not grow, at however good a price.
    function test_settle_neverGrowsShort() public {
        _fall(1, 100_000);
        (int256 equity,, uint256 maintenance) = house.health(thin);
        Order memory buy = order(thin, true, 1);
        Order memory sell = order(bob, false, 1);
        (buy.price, sell.price, buy.lane, buy.seq) = (950_000, 950_000, 1, 1);
        add(sell);
        add(buy);
        fill(0, 1, 1, 950_000);
        // It would be healthier for it.
        assertGt(
            (equity + 4_500_000) * int256(maintenance), equity * int256(maintenance + 3 * UNIT)
        );
        vm.expectPartialRevert(I.MarginShort.selector);
        this.settleNow();
        reset();
    }

    function settleNow() external {
        house.settle(batch());
    }

    /// @dev Whatever is closed, the rest stays where it is, home or not.
    function test_settle_closesOneOfThree() public {
        for (uint8 m; m < 3; ++m) {
            uint256 snapshot = vm.snapshotState();
            tradeIn(m, alice, thin, 10, PRICE);
            for (uint8 other; other < 3; ++other) {
                assertEq(sizeOf(thin, other), other == m ? int256(0) : int256(10));
            }
            (, uint256 initial, uint256 maintenance) = house.health(thin);
            assertEq(initial, 100 * UNIT);
            assertEq(maintenance, 60 * UNIT);
            // What is opened after it takes its place, and the others go as well.
            tradeIn(m, thin, bob, 3, PRICE);
            assertEq(sizeOf(thin, m), 3);
            uint8 next = (m + 1) % 3;
            tradeIn(next, alice, thin, 10, PRICE);
            assertEq(sizeOf(thin, next), 0);
            assertEq(sizeOf(thin, m), 3);
            assertEq(sizeOf(thin, (m + 2) % 3), 10);
            (,,, Position[] memory list) = house.account(thin);
            assertEq(list.length, 2);
            (, initial,) = house.health(thin);
            assertEq(initial, 65 * UNIT);
            checkLaws(3);
            vm.revertToState(snapshot);
        }
    }

    /// @dev A market that was left, home or not, needs no price any more.
    function test_settle_withoutThePriceOfOneThatWasClosed() public {
        for (uint8 m; m < 3; ++m) {
            uint256 snapshot = vm.snapshotState();
            tradeIn(m, alice, thin, 10, PRICE);
            (uint8 one, uint8 other) = ((m + 1) % 3, (m + 2) % 3);
            vm.warp(block.timestamp + 61);
            (uint32 last,) = around.price(m);
            around.setPrice(one, last);
            vm.expectPartialRevert(I.PriceStale.selector);
            this.tradeNow(one, thin, bob, 1);
            reset();
            around.setPrice(other, last);
            tradeIn(one, thin, bob, 1, PRICE);
            assertEq(sizeOf(thin, one), 11);
            vm.revertToState(snapshot);
        }
    }

    /// @dev The aged price of each position counts, also of one lot, at home or not.
    function test_withdrawable_agedOfEach() public {
        uint32 single = open("single", 1_000 * UNIT);
        for (uint8 m; m < 3; ++m) tradeIn(m, single, alice, 1, PRICE);
        (uint256 before,) = house.withdrawable(single);
        for (uint8 m; m < 3; ++m) {
            around.setAged(m, PRICE - 50_000 * (uint32(m) + 1));
            (uint256 free,) = house.withdrawable(single);
            assertEq(before - free, 5_000_000 * (uint256(m) + 1));
            before = free;
        }
        vm.prank(owner_(single));
        vm.expectPartialRevert(I.MarginShort.selector);
        house.withdraw(single, before + 1, address(9), "");
        vm.prank(owner_(single));
        house.withdraw(single, before, address(9), "");
    }

    /// @dev What can be read is read at the last prices, however old; what moves is not.
    function test_views_atOldPrices() public {
        (int256 equity, uint256 initial, uint256 maintenance) = house.health(thin);
        (uint256 free,) = house.withdrawable(thin);
        vm.warp(block.timestamp + 1 days);
        (int256 later, uint256 initialLater, uint256 maintenanceLater) = house.health(thin);
        assertEq(later, equity);
        assertEq(initialLater, initial);
        assertEq(maintenanceLater, maintenance);
        (uint256 freeLater,) = house.withdrawable(thin);
        assertEq(freeLater, free);
        vm.prank(owner_(thin));
        vm.expectPartialRevert(I.PriceStale.selector);
        house.withdraw(thin, free, address(9), "");
    }

    /// @dev The requirements of all positions hold a withdrawal back, the own leverage with them.
    function test_withdraw_countsTheOthers() public {
        (int256 equity, uint256 initial,) = house.health(thin);
        (uint256 free,) = house.withdrawable(thin);
        assertEq(free, uint256(equity) - initial);
        vm.prank(owner_(thin));
        house.setLeverage(thin, 60_000, "");
        (free,) = house.withdrawable(thin);
        assertEq(free, uint256(equity) - 180 * UNIT);
        // More may be demanded than there is; less only once there is enough of it.
        vm.prank(owner_(thin));
        house.setLeverage(thin, 80_000, "");
        (free,) = house.withdrawable(thin);
        assertEq(free, 0);
        vm.prank(owner_(thin));
        vm.expectPartialRevert(I.MarginShort.selector);
        house.setLeverage(thin, 70_000, "");
    }

    /// @dev The whole account is what is liquidated: in any of its markets, for the loss in one.
    function test_liquidate_forTheLossInAnother() public {
        _fall(2, 140_000);
        (int256 equity,, uint256 maintenance) = house.health(thin);
        assertLt(equity, int256(maintenance));
        for (uint8 m; m < 3; ++m) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(owner_(bob));
            house.liquidate(thin, m, 2, bob, "");
            assertEq(sizeOf(thin, m), 8);
            assertEq(sizeOf(bob, m), 2);
            checkLaws(3);
            vm.revertToState(snapshot);
        }
    }

    /// @dev Whichever of its markets is tripped, nothing is taken off the account in any.
    function test_liquidate_revertsIf_anyIsTripped() public {
        _fall(2, 140_000);
        uint32[] memory list = new uint32[](1);
        list[0] = alice;
        for (uint8 m; m < 3; ++m) {
            around.setLevel(m + 1, 2);
            bytes4 tripped = I.BreakerTripped.selector;
            bytes memory reason = abi.encodeWithSelector(tripped, m + 1, 2, 1);
            vm.expectRevert(reason);
            house.flag(thin, "");
            vm.expectRevert(reason);
            house.resolve(thin, (m + 1) % 3, list, "");
            vm.prank(owner_(bob));
            vm.expectRevert(reason);
            house.liquidate(thin, (m + 1) % 3, 1, bob, "");
            around.setLevel(m + 1, 1);
        }
        house.flag(thin, "");
    }

    /// @dev A forced close of one position is judged with the others.
    function test_forcedClose_withOthers() public {
        for (uint8 m; m < 3; ++m) {
            uint256 snapshot = vm.snapshotState();
            uint64 number = requestClose(thin, m, true, 10, 1);
            pass(FORCED_DEADLINE + 1);
            executeBy(bob, number, ANY_LOTS);
            assertEq(sizeOf(thin, m), 0);
            assertEq(sizeOf(bob, m), 10);
            (, uint256 initial,) = house.health(thin);
            assertEq(initial, 100 * UNIT);
            checkLaws(3);
            vm.revertToState(snapshot);
        }
    }

    /// @dev Who closes by taking a forced close over makes the market smaller.
    function test_forcedClose_againstTheOtherSide() public {
        for (uint8 m; m < 3; ++m) {
            uint64 number = requestClose(thin, m, true, 4, 1);
            pass(FORCED_DEADLINE + 1);
            executeBy(alice, number, ANY_LOTS);
            assertEq(sizeOf(alice, m), -6);
            (,, uint56 interest) = house.market(m);
            assertEq(interest, 6);
        }
        checkLaws(3);
    }

    /// @dev Sixteen positions are an account's most, whichever of them is at home.
    function test_settle_revertsIf_PositionsExceeded() public {
        for (uint8 m; m < 17; ++m) {
            around.setMarket(m, defaults());
            around.setPrice(m, PRICE);
            if (m < 16) tradeIn(m, carol, dave, 1, PRICE);
        }
        (,,, Position[] memory list) = house.account(carol);
        assertEq(list.length, 16);
        bytes4 reason = I.PositionsExceeded.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, carol, 17, 16));
        this.tradeNow(16, carol, bob, 1);
        reset();
        tradeIn(3, dave, carol, 1, PRICE);
        tradeIn(16, carol, bob, 1, PRICE);
        assertEq(sizeOf(carol, 16), 1);
    }

    /// @dev All positions are claimed for, none is left, and it is told of each.
    function test_exit_closesAll() public {
        _fall(1, 20_000);
        freezeAndReckon();
        (int256 claim, uint256 due) = house.claimOf(thin);
        assertEq(claim >> 32, _equity(thin));
        vm.recordLogs();
        assertEq(exitOf(thin), due);
        readTold();
        assertTold(1);
        bytes memory flat = abi.encodePacked(uint8(0), int56(0), uint8(1), int56(0));
        flat = abi.encodePacked(thin, uint8(3), int128(0), flat, uint8(2), int56(0));
        assertTold(0, Causes.EXIT, flat);
        (, int128 cash,, Position[] memory list) = house.account(thin);
        assertEq(cash, 0);
        assertEq(list.length, 0);
        for (uint8 m; m < 3; ++m) assertEq(sizeOf(thin, m), 0);
        vm.expectPartialRevert(I.NothingOwed.selector);
        this.exitAgain();
    }

    function exitAgain() external {
        exitOf(thin);
    }

    function _fall(uint8 m, uint32 ticks) private {
        around.setPrice(m, PRICE - ticks);
    }
}
