// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Batch, MarketParams, VenueParams} from "../src/Types.sol";
import {ExitVenueTest} from "./support/ExitVenueTest.sol";

contract ClearingHouseForcedTest is ExitVenueTest {
    uint256 private constant DEPOSIT = 10_000 * UNIT;

    function test_withdraw_pays() public {
        execute(requestWithdraw(alice, uint88(7 * UNIT), address(9), 1));
        assertEq(token.balanceOf(address(9)), 7 * UNIT);
        assertEq(cashOf(alice), int256(DEPOSIT - 7 * UNIT) << 32);
        checkLaws(3);
    }

    /// @dev What was taken out is told of as it was.
    function test_withdraw_tells() public {
        uint64 number = requestWithdraw(alice, uint88(7 * UNIT), address(9), 5);
        vm.expectEmit(address(house));
        emit I.ForcedExecuted(number, alice, address(this), 1, 7 * UNIT, 0, bytes4(0));
        execute(number);
    }

    function test_withdraw_allThatIsFree() public {
        trade(alice, bob, 10, PRICE);
        execute(requestWithdraw(alice, ALL, address(9), 1));
        // What remains is the fee of 0.45 less and the initial margin of 50.
        assertEq(token.balanceOf(address(9)), DEPOSIT - 450_000 - 50 * UNIT);
        (int256 equity, uint256 initial,) = house.health(alice);
        assertEq(equity, int256(initial));
        checkLaws(3);
    }

    function test_withdraw_unlawfulNeverBlocks() public {
        trade(alice, bob, 10, PRICE);
        requestWithdraw(alice, uint88(DEPOSIT), address(9), 1);
        requestWithdraw(bob, 5, address(9), 1);
        executeFails(1, I.MarginShort.selector);
        execute(2);
        assertEq(token.balanceOf(address(9)), 5);
        // A failed withdrawal has used no number: it may be asked for again.
        execute(requestWithdraw(alice, 6, address(9), 1));
        assertEq(token.balanceOf(address(9)), 11);
    }

    function test_withdraw_nothingFree() public {
        around.setPrice(0, PRICE);
        trade(alice, bob, 10, PRICE);
        execute(requestWithdraw(alice, ALL, address(9), 1));
        executeFails(requestWithdraw(alice, ALL, address(9), 2), I.MarginShort.selector);
    }

    function test_withdraw_oneNullifier() public {
        execute(requestWithdraw(alice, 5, address(9), 300));
        executeFails(requestWithdraw(alice, 5, address(9), 300), I.NonceUsed.selector);
        execute(requestWithdraw(alice, 5, address(9), 301));
        execute(requestWithdraw(bob, 5, address(9), 300));
        assertEq(token.balanceOf(address(9)), 15);
    }

    function test_withdraw_stalePriceIsNoFailure() public {
        trade(alice, bob, 10, PRICE);
        requestWithdraw(alice, 5, address(9), 1);
        vm.warp(block.timestamp + 61);
        vm.expectRevert(abi.encodeWithSelector(I.PriceStale.selector, 61, 60));
        execute(1);
        bytes memory report = reportOf(PRICE);
        house.executeForced(1, 0, 0, report);
        assertEq(token.balanceOf(address(9)), 5);
    }

    function test_withdraw_refusedByTheVault() public {
        requestWithdraw(alice, 5, address(9), 1);
        bytes memory refusal = abi.encodeWithSelector(I.AmountNotWhole.selector, 5, 4);
        bytes memory pay = abi.encodeCall(vault.pay, (address(9), 5, alice, 0));
        vm.mockCallRevert(address(vault), pay, refusal);
        executeFails(1, I.AmountNotWhole.selector);
        assertEq(cashOf(alice), int256(DEPOSIT) << 32);
        requestWithdraw(alice, 5, address(9), 1);
        vm.mockCallRevert(address(vault), pay, "");
        executeFails(2, I.Unexplained.selector);
        // Four bytes are a reason, and fewer are none.
        requestWithdraw(alice, 5, address(9), 1);
        vm.mockCallRevert(address(vault), pay, hex"01020304");
        executeFails(3, 0x01020304);
        requestWithdraw(alice, 5, address(9), 1);
        vm.mockCallRevert(address(vault), pay, hex"010203");
        executeFails(4, I.Unexplained.selector);
        vm.clearMockedCalls();
        execute(requestWithdraw(alice, 5, address(9), 1));
        assertEq(token.balanceOf(address(9)), 5);
    }

    /// An executor who starves the inner call would make a lawful withdrawal look unlawful.
    function testFuzz_withdraw_cannotBeStarved(uint256 gasGiven) public {
        requestWithdraw(alice, 5, address(9), 1);
        gasGiven = bound(gasGiven, 30_000, 2_000_000);
        try house.executeForced{gas: gasGiven}(1, 0, 0, "") {
            assertEq(token.balanceOf(address(9)), 5, "taken out unpaid");
        } catch {
            assertEq(uint256(requestAt(1).kind), 1, "lost");
        }
    }

    function test_withdraw_revertsIf_GasShort() public {
        requestWithdraw(alice, 5, address(9), 1);
        vm.expectPartialRevert(I.GasShort.selector);
        house.executeForced{gas: 1_000_000}(1, 0, 0, "");
    }

    function test_withdrawForced_revertsIf_NotSelf() public {
        address owner = owner_(alice);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(I.NotSelf.selector, owner, address(house)));
        house.withdrawForced(alice, 5, owner, 1);
    }

    function test_cancelAll_killsOrders() public {
        Order memory old = order(alice, true, 10);
        execute(requestCancelAll(alice));
        (,, uint32 epoch,) = house.account(alice);
        assertEq(uint256(epoch), 1);
        Order memory sell = order(bob, false, 10);
        add(old);
        add(sell);
        fill(1, 0, 10, PRICE);
        // Signed for the epoch before the cancel.
        Batch memory b = batch();
        vm.expectPartialRevert(I.SignatureWrong.selector);
        house.settle(b);
        reset();
    }

    function test_close_longAtIndexBeforeTheDeadline() public {
        trade(alice, bob, 10, PRICE);
        around.setPrice(0, PRICE + 1_000);
        requestClose(alice, 0, true, ALL, 0);
        (int256 before,,) = house.health(alice);
        house.executeForced(1, _own(), ANY_LOTS, "");
        (int256 equity,,) = house.health(alice);
        assertEq(equity, before);
        assertEq(sizeOf(alice, 0), 0);
        assertEq(sizeOf(_own(), 0), 10);
        checkLaws(3);
    }

    function test_close_shortWithTheSpreadThatGrows() public {
        trade(alice, bob, 10, PRICE);
        requestClose(bob, 0, false, 4, type(uint32).max);
        pass(FORCED_DEADLINE + FORCED_GRACE / 2);
        (int256 before,,) = house.health(bob);
        (int256 keeperBefore,,) = house.health(carol);
        executeBy(carol, 1, ANY_LOTS);
        (int256 equity,,) = house.health(bob);
        (int256 keeper,,) = house.health(carol);
        // Half of 1 % of four lots of 100.
        assertEq(before - equity, int256(2 * UNIT));
        assertEq(keeper - keeperBefore, int256(2 * UNIT));
        assertEq(sizeOf(bob, 0), -6);
        assertEq(sizeOf(carol, 0), -4);
        checkLaws(3);
    }

    function test_close_spreadStopsAtOnePercent() public {
        trade(alice, bob, 10, PRICE);
        requestClose(alice, 0, true, ALL, 0);
        pass(FORCED_DEADLINE + 50 * FORCED_GRACE);
        (int256 before,,) = house.health(alice);
        executeBy(carol, 1, ANY_LOTS);
        (int256 equity,,) = house.health(alice);
        assertEq(before - equity, int256(10 * UNIT));
    }

    function test_close_limit() public {
        trade(alice, bob, 10, PRICE);
        requestClose(alice, 0, true, ALL, PRICE + 1);
        requestClose(bob, 0, false, ALL, PRICE - 1);
        requestClose(alice, 0, true, 3, PRICE);
        requestClose(bob, 0, false, 3, PRICE);
        executeFails(1, I.LimitBroken.selector);
        executeFails(2, I.LimitBroken.selector);
        house.executeForced(3, _own(), ANY_LOTS, "");
        house.executeForced(4, _own(), ANY_LOTS, "");
        assertEq(sizeOf(alice, 0), 7);
        assertEq(sizeOf(bob, 0), -7);
    }

    /// @dev The smallest position is closed as well.
    function test_close_oneLot() public {
        trade(alice, bob, 1, PRICE);
        requestClose(alice, 0, true, ALL, 0);
        house.executeForced(1, _own(), ANY_LOTS, "");
        assertEq(sizeOf(alice, 0), 0);
        assertEq(sizeOf(_own(), 0), 1);
        checkLaws(3);
    }

    function test_close_noPosition() public {
        trade(alice, bob, 10, PRICE);
        executeFails(requestClose(alice, 1, true, 1, 0), I.PositionMissing.selector);
        executeFails(requestClose(alice, 0, false, 1, 0), I.PositionMissing.selector);
        executeFails(requestClose(alice, 77, true, 1, 0), I.PositionMissing.selector);
    }

    function test_close_inParts() public {
        trade(alice, bob, 10, PRICE);
        requestClose(alice, 0, true, 8, 0);
        requestCancelAll(alice);
        pass(FORCED_DEADLINE + 1);
        address carols = owner_(carol);
        vm.expectEmit(address(house));
        emit I.ForcedExecuted(1, alice, carols, 2, 3, PRICE - 5, bytes4(0));
        executeBy(carol, 1, 3);
        assertEq(uint256(requestAt(1).amount), 5);
        assertEq(queue.owed(owner_(carol)), 0);
        vm.expectPartialRevert(bytes4(keccak256("ForcedOutOfTurn(uint64,uint64)")));
        execute(2);
        executeBy(dave, 1, 5);
        assertEq(queue.owed(owner_(dave)), FORCED_FEE);
        execute(2);
        assertEq(sizeOf(alice, 0), 2);
        checkLaws(3);
    }

    function test_close_revertsIf_takerIsAtFault() public {
        trade(alice, bob, 10, PRICE);
        requestClose(alice, 0, true, ALL, 0);
        pass(FORCED_DEADLINE + 1);
        uint32 poor = open("poor", UNIT);
        vm.prank(owner_(poor));
        vm.expectPartialRevert(I.MarginShort.selector);
        house.executeForced(1, poor, ANY_LOTS, "");
        address owner = owner_(carol);
        vm.expectRevert(abi.encodeWithSelector(I.NotOwner.selector, address(this), owner));
        house.executeForced(1, carol, ANY_LOTS, "");
        vm.prank(owner_(alice));
        vm.expectRevert(abi.encodeWithSelector(I.SelfTake.selector, alice, alice));
        house.executeForced(1, alice, ANY_LOTS, "");
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(I.TakeEmpty.selector, 1, 0));
        house.executeForced(1, carol, 0, "");
        vm.warp(block.timestamp + 61);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(I.PriceStale.selector, 61, 60));
        house.executeForced(1, carol, ANY_LOTS, "");
        assertEq(uint256(requestAt(1).kind), 2);
        (address key,) = makeActor("session");
        vm.prank(owner);
        house.setSession(carol, key, type(uint40).max, everything());
        bytes memory report = reportOf(PRICE);
        vm.prank(key);
        house.executeForced(1, carol, ANY_LOTS, report);
        assertEq(sizeOf(carol, 0), 10);
    }

    /// An account under water would leave more of a hole behind.
    function test_close_failsIf_itMakesTheAccountWorse() public {
        uint32 poor = open("poor", 51 * UNIT);
        trade(poor, alice, 10, PRICE);
        requestClose(poor, 0, true, 5, 0);
        pass(FORCED_DEADLINE + FORCED_GRACE);
        around.setPrice(0, PRICE - 49_000);
        executeFails(1, I.MarginShort.selector);
        assertEq(sizeOf(poor, 0), 10);
        // With a third of its maintenance margin it is healthier afterwards.
        requestClose(poor, 0, true, 5, 0);
        around.setPrice(0, PRICE - 38_000);
        pass(FORCED_DEADLINE + FORCED_GRACE);
        executeBy(carol, 2, ANY_LOTS);
        assertEq(sizeOf(poor, 0), 5);
        checkLaws(3);
    }

    /// Equity of exactly the spread: all of it may go for nothing, while half would leave the
    /// rest worse off by the rounding of its margin. That must not take the request out.
    function test_close_revertsIf_partUnlawful() public {
        MarketParams memory odd = defaults();
        odd.maintenancePpm = 30_001;
        around.setMarket(0, odd);
        uint32 poor = open("poor", 50_924_000);
        trade(poor, alice, 10, PRICE);
        requestClose(poor, 0, true, ALL, 0);
        pass(FORCED_DEADLINE + FORCED_GRACE / 20);
        around.setPrice(0, PRICE - 49_999);
        vm.prank(owner_(carol));
        vm.expectRevert(abi.encodeWithSelector(I.PartUnlawful.selector, 1, 5));
        house.executeForced(1, carol, 5, "");
        executeBy(carol, 1, ANY_LOTS);
        assertEq(sizeOf(poor, 0), 0);
        assertEq(cashOf(poor), 0);
        checkLaws(3);
    }

    /// Every level of every scope, and a governor that has turned against its users.
    function test_forced_nobodyCanStopIt() public {
        trade(alice, bob, 10, PRICE);
        for (uint8 level = 1; level <= 3; ++level) {
            for (uint16 scope; scope <= 3; ++scope) around.setLevel(scope, level);
            around.setVenue(VenueParams(address(0), type(uint32).max, 1, 0));
            requestClose(alice, 0, true, 2, 0);
            requestCancelAll(alice);
            requestWithdraw(alice, 5, address(9), level);
            uint64 first = uint64(level) * 3 - 2;
            pass(FORCED_DEADLINE + 1);
            executeBy(carol, first, ANY_LOTS);
            vm.startPrank(STRANGER);
            house.executeForced(first + 1, 0, 0, "");
            house.executeForced(first + 2, 0, 0, "");
            vm.stopPrank();
        }
        assertEq(sizeOf(alice, 0), 4);
        assertEq(token.balanceOf(address(9)), 15);
        checkLaws(3);
    }

    /// An account of the sequencer's own.
    function _own() private returns (uint32 id) {
        for (id = dave + 1; id < house.accountsCount(); ++id) {
            if (house.ownerOf(id) == address(this)) return id;
        }
        id = house.openAccount(address(this));
        house.deposit(address(token), id, DEPOSIT);
    }
}
