// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {IVenue} from "../src/interfaces/IVenue.sol";
import {VenueParams} from "../src/Types.sol";
import {TestToken} from "../src/mocks/TestToken.sol";
import {OpenVault} from "./support/Doubles.sol";
import {ExitVenueTest} from "./support/ExitVenueTest.sol";

/// @notice Calls back while it is transferred, and refuses some receivers.
contract Spiteful is TestToken {
    address public target;
    bytes public data;
    bool public entered;
    address public refused;

    constructor() TestToken("Spiteful", "S", 6) {}

    function arm(address target_, bytes calldata data_) external {
        (target, data, entered) = (target_, data_, false);
    }

    function refuse(address refused_) external {
        refused = refused_;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(to != refused, "refused");
        super._update(from, to, value);
        if (target == address(0) || from == address(0)) return;
        (entered,) = target.call(data);
    }
}

contract ClearingHouseExitTest is ExitVenueTest {
    uint40 private constant NEVER = type(uint40).max;

    function test_freeze_revertsIf_early() public {
        house.push(reportOf(PRICE));
        uint256 silent = block.timestamp + 7 days + 1;
        vm.expectRevert(
            abi.encodeWithSelector(I.FreezeEarly.selector, block.timestamp, silent)
        );
        house.freeze();
        requestCancelAll(alice);
        uint256 overdue = block.timestamp + FORCED_DEADLINE + FORCED_GRACE + 1;
        vm.warp(overdue - 1);
        vm.expectRevert(abi.encodeWithSelector(I.FreezeEarly.selector, overdue - 1, overdue));
        house.freeze();
        vm.warp(overdue);
        // Somebody serves the queue: the venue lives on.
        execute(1);
        vm.expectRevert(abi.encodeWithSelector(I.FreezeEarly.selector, overdue, silent));
        house.freeze();
        assertEq(uint256(house.frozenTime()), 0);
    }

    function test_freeze_whenReportsStayAway() public {
        house.push(reportOf(PRICE));
        vm.warp(block.timestamp + 7 days);
        vm.expectPartialRevert(I.FreezeEarly.selector);
        house.freeze();
        vm.warp(block.timestamp + 1);
        vm.prank(STRANGER);
        house.freeze();
        assertEq(uint256(house.frozenTime()), block.timestamp);
    }

    function test_freeze_neverBeforeTheFirstReport() public {
        vm.mockCall(address(around), abi.encodeCall(around.last, ()), abi.encode(0, 0));
        vm.warp(block.timestamp + 3650 days);
        vm.expectRevert(
            abi.encodeWithSelector(I.FreezeEarly.selector, block.timestamp, NEVER)
        );
        house.freeze();
    }

    function test_frozen_nothingElseWorks() public {
        trade(alice, bob, 10, PRICE);
        Order memory buy = order(alice, true, 10);
        Order memory sell = order(bob, false, 10);
        add(buy);
        add(sell);
        fill(1, 0, 10, PRICE);
        bytes memory settle_ = abi.encodeCall(house.settle, (batch()));
        freezeVenue();
        bytes memory reason =
            abi.encodeWithSelector(I.Frozen.selector, uint40(block.timestamp));
        bytes[] memory calls = new bytes[](13);
        calls[0] = settle_;
        calls[1] = abi.encodeCall(house.push, (reportOf(PRICE)));
        calls[2] = abi.encodeCall(house.deposit, (address(token), alice, 5));
        calls[3] = abi.encodeCall(house.withdraw, (alice, 5, address(9), ""));
        calls[4] = abi.encodeCall(house.liquidate, (alice, 0, 1, bob, ""));
        calls[5] = abi.encodeCall(house.openAccount, (address(9)));
        calls[6] = abi.encodeCall(house.setSession, (alice, address(9), 1, everything()));
        calls[7] = abi.encodeCall(house.cancelLane, (alice, 1, 9));
        calls[8] = abi.encodeCall(house.cancelAll, (alice));
        calls[9] = abi.encodeCall(house.executeForced, (1, alice, 1, ""));
        calls[10] = abi.encodeCall(house.withdrawForced, (alice, 1, address(9), 1));
        calls[11] = abi.encodeCall(house.freeze, ());
        calls[12] = abi.encodeCall(house.setAsideForced, (1, ""));
        address owner = owner_(alice);
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(i < 2 ? address(this) : owner);
            (bool ok, bytes memory result) = address(house).call(calls[i]);
            assertFalse(ok);
            assertEq(result, reason);
        }
        // What can be read can still be read.
        house.health(alice);
        house.account(alice);
        assertEq(house.ownerOf(alice), owner);
        assertEq(house.forcedQueue(), address(queue));
    }

    function test_reckon_inStepsAsAtOnce() public {
        _positions();
        freezeVenue();
        uint256 snapshot = vm.snapshotState();
        house.reckon(1_000);
        (uint64 next, uint64 count, uint256 claims, uint256 pool, bool done) = house.reckoning();
        assertTrue(done);
        assertEq(uint256(next), uint256(count));
        vm.revertToState(snapshot);
        house.reckon(0);
        for (uint256 i; i < count; ++i) {
            (,,,, done) = house.reckoning();
            assertFalse(done);
            vm.expectRevert(abi.encodeWithSelector(I.ReckoningOpen.selector, i, count));
            house.exit(alice, owner_(alice));
            house.reckon(1);
        }
        (, , uint256 claimsAgain, uint256 poolAgain, bool doneAgain) = house.reckoning();
        assertTrue(doneAgain);
        assertEq(claims, claimsAgain);
        assertEq(pool, poolAgain);
        vm.expectRevert(abi.encodeWithSelector(I.ReckoningClosed.selector, count, count));
        house.reckon(1);
    }

    function test_exit_revertsIf_notFrozen() public {
        bytes memory reason = abi.encodeWithSelector(I.NotFrozen.selector, block.timestamp);
        vm.expectRevert(reason);
        house.reckon(1);
        vm.expectRevert(reason);
        house.exit(alice, address(this));
    }

    function test_exit_paysEveryoneInFull() public {
        _positions();
        freezeAndReckon();
        uint256 total;
        for (uint32 id = alice; id <= dave; ++id) {
            (int256 equity,,) = house.health(id);
            (int256 equityQ32, uint256 claim) = house.claimOf(id);
            assertEq(equityQ32 >> 32, equity);
            assertEq(claim, uint256(equity));
            assertEq(exitOf(id), uint256(equity));
            assertEq(token.balanceOf(owner_(id)), uint256(equity));
            (,,, uint256 positions) = _account(id);
            assertEq(positions, 0);
            assertEq(cashOf(id), 0);
            total += uint256(equity);
        }
        assertLe(total, 40_000 * UNIT);
        assertEq(token.balanceOf(address(vault)), 40_000 * UNIT - total);
    }

    function test_exit_onceOnly() public {
        _positions();
        freezeAndReckon();
        exitOf(alice);
        address owner = owner_(alice);
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(I.NothingOwed.selector, alice, 0));
        house.exit(alice, owner);
        vm.stopPrank();
        (, uint256 claim) = house.claimOf(alice);
        assertEq(claim, 0);
    }

    /// The number of a withdrawal and the exit are not two claims: what was withdrawn is gone.
    function test_exit_afterAForcedWithdrawal() public {
        execute(requestWithdraw(alice, uint88(9_999 * UNIT), address(9), 1));
        requestWithdraw(alice, uint88(UNIT), address(9), 2);
        freezeAndReckon();
        assertEq(exitOf(alice), UNIT);
        assertEq(token.balanceOf(address(9)), 9_999 * UNIT);
    }

    function test_exit_whoMayCall() public {
        freezeAndReckon();
        address owner = owner_(alice);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(I.NotOwner.selector, STRANGER, owner));
        house.exit(alice, STRANGER);
        vm.prank(STRANGER);
        house.exit(alice, owner);
        assertEq(token.balanceOf(owner), 10_000 * UNIT);
        vm.prank(owner_(bob));
        house.exit(bob, address(77));
        assertEq(token.balanceOf(address(77)), 10_000 * UNIT);
        vm.expectPartialRevert(I.AccountUnknown.selector);
        house.exit(0, address(0));
        vm.expectPartialRevert(I.AccountUnknown.selector);
        house.exit(999, address(0));
    }

    function test_exit_insuranceBearsTheLossFirst() public {
        house.deposit(address(token), 0, 20 * UNIT);
        uint32 poor = _bankrupt(60_000);
        freezeAndReckon();
        (int256 equityQ32,) = house.claimOf(poor);
        assertEq(equityQ32, -int256(9_450_000) << 32);
        vm.expectRevert(abi.encodeWithSelector(I.NothingOwed.selector, poor, equityQ32));
        house.exit(poor, owner_(poor));
        uint256 total;
        for (uint32 id = alice; id <= dave; ++id) {
            (int256 equity,,) = house.health(id);
            assertEq(exitOf(id), uint256(equity));
            total += uint256(equity);
        }
        // 40,051 of users and 20 of insurance came in: nobody misses a unit.
        assertEq(token.balanceOf(address(vault)), 40_071 * UNIT - total);
    }

    function test_exit_shortfallIsSharedToTheUnit() public {
        house.deposit(address(token), 0, 1 * UNIT);
        _bankrupt(900_000);
        freezeAndReckon();
        (,, uint256 claims, uint256 pool,) = house.reckoning();
        assertEq(pool, vault.liabilities());
        assertGt(claims, pool << 32);
        uint256 total;
        for (uint32 id = alice; id <= dave; ++id) {
            (int256 equityQ32,) = house.claimOf(id);
            uint256 share = uint256(equityQ32) * pool / claims;
            assertLt(share, uint256(equityQ32) >> 32);
            assertEq(exitOf(id), share);
            total += share;
        }
        // Each share is rounded down: less than a unit for each of the four stays behind.
        assertLe(total, pool);
        assertGt(total + 4, pool);
        assertEq(token.balanceOf(address(vault)), pool - total);
    }

    /// Tokens that left the vault behind its back: what is left is shared.
    function test_exit_whenTheVaultIsShort() public {
        vm.prank(address(vault));
        token.transfer(STRANGER, 30_000 * UNIT);
        freezeAndReckon();
        for (uint32 id = alice; id <= dave; ++id) assertEq(exitOf(id), 2_500 * UNIT);
        assertEq(token.balanceOf(address(vault)), 0);
    }

    function test_exit_dust() public {
        uint32 tiny = open("tiny", 1);
        uint32 empty = open("empty", 0);
        freezeAndReckon();
        assertEq(exitOf(tiny), 1);
        address owner = owner_(empty);
        vm.expectRevert(abi.encodeWithSelector(I.NothingOwed.selector, empty, 0));
        house.exit(empty, owner);
    }

    /// Less than a unit of equity is no claim, and fractions of funding never add up to one.
    function test_exit_fractions() public {
        house.push(reportOf(PRICE));
        trade(alice, bob, 3, PRICE);
        pass(7);
        house.push(_funded(1_111));
        freezeAndReckon();
        (int256 a,) = house.claimOf(alice);
        (int256 b,) = house.claimOf(bob);
        assertNotEq(uint256(uint32(uint256(a))), 0);
        uint256 total = exitOf(alice) + exitOf(bob);
        assertEq(total, uint256((a + b) >> 32) - 1);
    }

    function test_exit_retryableWhenTheVaultRefuses() public {
        freezeAndReckon();
        bytes memory pay = abi.encodeCall(vault.payForced, (owner_(alice), 10_000 * UNIT, alice));
        bytes memory refusal = abi.encodeWithSelector(I.Unexplained.selector);
        vm.mockCallRevert(address(vault), pay, refusal);
        address owner = owner_(alice);
        vm.prank(owner);
        vm.expectRevert(refusal);
        house.exit(alice, owner);
        vm.clearMockedCalls();
        assertEq(exitOf(alice), 10_000 * UNIT);
    }

    function test_exit_hostileToken() public {
        Spiteful spiteful = new Spiteful();
        OpenVault holds = new OpenVault(spiteful, 1);
        house = deployHouse(address(holds));
        spiteful.mint(address(this), 1e12);
        spiteful.approve(address(holds), 1e12);
        address owner = owner_(alice);
        uint32 one = house.openAccount(owner);
        uint32 two = house.openAccount(owner);
        house.deposit(address(spiteful), one, 100);
        house.deposit(address(spiteful), two, 100);
        keys[one] = keys[alice];
        vm.deal(owner, 1 ether);
        vm.prank(owner);
        queue.requestCancelAll{value: FORCED_FEE}(one);
        vm.warp(block.timestamp + FORCED_DEADLINE + FORCED_GRACE + 1);
        house.freeze();
        house.reckon(1_000);
        // A receiver that calls back gets nothing twice, whichever way in it takes.
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(house.exit, (one, owner));
        calls[1] = abi.encodeCall(house.exit, (two, owner));
        calls[2] = abi.encodeCall(house.reckon, (1));
        uint256 snapshot = vm.snapshotState();
        for (uint256 i; i < calls.length; ++i) {
            spiteful.arm(address(house), calls[i]);
            house.exit(one, owner);
            assertFalse(spiteful.entered());
            assertEq(spiteful.balanceOf(owner), 100);
            vm.revertToState(snapshot);
        }
        // A receiver that the token refuses holds up nobody, and may name another.
        spiteful.refuse(owner);
        vm.startPrank(owner);
        vm.expectRevert("refused");
        house.exit(one, owner);
        house.exit(one, address(77));
        vm.stopPrank();
        assertEq(spiteful.balanceOf(address(77)), 100);
    }

    /// Every level of the breaker, and a governor that has turned against its users.
    function test_exit_nobodyCanStopIt() public {
        _positions();
        requestCancelAll(alice);
        for (uint16 scope; scope <= 3; ++scope) around.setLevel(scope, 3);
        around.setVenue(VenueParams(address(0), type(uint32).max, 1, 0));
        vm.warp(block.timestamp + FORCED_DEADLINE + FORCED_GRACE + 1);
        vm.startPrank(STRANGER);
        house.freeze();
        house.reckon(1_000);
        for (uint32 id = alice; id <= dave; ++id) house.exit(id, owner_(id));
        vm.stopPrank();
        for (uint32 id = alice; id <= dave; ++id) assertGt(token.balanceOf(owner_(id)), 0);
    }

    /// @notice Positions in three markets, then prices move by less than anybody's margin.
    function _positions() private {
        tradeIn(0, alice, bob, 40, PRICE);
        tradeIn(1, alice, carol, 30, PRICE + 999);
        tradeIn(2, alice, dave, 20, PRICE - 999);
        tradeIn(1, bob, dave, 10, PRICE + 1);
        around.setPrice(0, PRICE - 30_001);
        around.setPrice(1, PRICE + 20_003);
        around.setPrice(2, PRICE - 10_007);
    }

    /// @notice An account of 51 quote tokens with a position of 1,000, and a fall of the price.
    function _bankrupt(uint32 fall) private returns (uint32 poor) {
        poor = open("poor", 51 * UNIT);
        trade(poor, alice, 10, PRICE);
        around.setPrice(0, PRICE - fall);
    }

    function _funded(int32 rate) private view returns (bytes memory) {
        bytes memory plain = reportOf(PRICE);
        // The rate is the last word of the encoding.
        assembly {
            mstore(add(plain, mload(plain)), rate)
        }
        return plain;
    }

    function _account(uint32 id)
        private
        view
        returns (address owner, int256 cash, uint32 epoch, uint256 positions)
    {
        (bool ok, bytes memory data) = address(house).staticcall(abi.encodeCall(house.account, id));
        assertTrue(ok);
        assembly {
            positions := mload(add(data, 0xa0))
        }
        return (owner, cash, epoch, positions);
    }
}
