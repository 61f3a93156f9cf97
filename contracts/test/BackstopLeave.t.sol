// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Backstop} from "../src/Backstop.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {MarketParams} from "../src/Types.sol";
import {TestToken} from "../src/mocks/TestToken.sol";
import {WindowedVenueTest} from "./support/WindowedVenueTest.sol";

/// @notice A depositor that tries to be paid once more while it is paid.
contract Greedy {
    Backstop private immutable STOP;
    uint256 public tries;
    uint256 public successes;

    constructor(Backstop stop) {
        STOP = stop;
    }

    function lend(TestToken token, uint256 amount) external {
        token.approve(address(STOP), amount);
        STOP.deposit(0, amount);
    }

    function collect() external returns (uint256) {
        return STOP.collect(0);
    }

    function tokensReceived(address, uint256) external {
        ++tries;
        (bool again,) = address(STOP).call(abi.encodeCall(Backstop.collect, (0)));
        (bool left,) = address(STOP).call(abi.encodeCall(Backstop.leave, (3)));
        if (again || left) ++successes;
    }
}

/// @notice The way out for depositors of the backstop once the venue is frozen.
contract BackstopLeaveTest is WindowedVenueTest {
    address private ann;
    address private ben;

    function setUp() public override {
        super.setUp();
        (ann,) = makeActor("ann");
        (ben,) = makeActor("ben");
    }

    function collect(uint16 from, address who) private returns (uint256) {
        vm.prank(who);
        return stop.collect(from);
    }

    /// 6,000 and 2,000 are owed where the windows let out 5,000 a day.
    function test_collect_asTokensArrive() public {
        lend(0, ann, 6_000 * UNIT);
        lend(0, ben, 2_000 * UNIT);
        freezeAndReckon();
        vm.prank(STRANGER);
        assertEq(stop.leave(0), 8_000 * UNIT);
        uint256 here = token.balanceOf(address(stop));
        assertGt(here, 0);
        assertLt(here, 2_000 * UNIT);
        assertEq(vault.queued(), 8_000 * UNIT - here);
        // The first takes all that is here, and not the part of the other.
        assertEq(collect(0, ben), here);
        vm.expectRevert(
            abi.encodeWithSelector(Backstop.NothingArrived.selector, 0, 6_000 * UNIT, 0)
        );
        collect(0, ann);
        drain(4);
        assertEq(collect(0, ben), 2_000 * UNIT - here);
        uint256 got;
        for (uint256 i; i < 4; ++i) {
            drain(24);
            if (token.balanceOf(address(stop)) != 0) got += collect(0, ann);
        }
        assertEq(got, 6_000 * UNIT);
        assertEq(token.balanceOf(ben), 2_000 * UNIT);
        assertEq(token.balanceOf(address(stop)), 0);
        token.mint(address(stop), 5 * UNIT);
        vm.expectRevert(
            abi.encodeWithSelector(
                Backstop.NothingArrived.selector, 2_000 * UNIT, 2_000 * UNIT, 5 * UNIT
            )
        );
        collect(0, ben);
    }

    /// Anyone may have the account paid out before the pool leaves: nothing is lost by it.
    function test_leave_afterSomebodysExit() public {
        lend(0, ann, 3_000 * UNIT);
        freezeAndReckon();
        vm.prank(STRANGER);
        assertEq(house.exit(pool, address(stop)), 3_000 * UNIT);
        assertEq(house.exited(pool), 3_000 * UNIT);
        vm.expectRevert(abi.encodeWithSelector(Backstop.PoolStays.selector, 0));
        collect(0, ann);
        assertEq(stop.leave(0), 3_000 * UNIT);
        drain(48);
        assertEq(collect(0, ann), 3_000 * UNIT);
    }

    function test_leave_revertsIf_notNow() public {
        uint256 shares = lend(0, ann, 1_000 * UNIT);
        vm.expectRevert(abi.encodeWithSelector(Backstop.PoolUnknown.selector, 9));
        stop.leave(9);
        vm.expectPartialRevert(I.NotFrozen.selector);
        stop.leave(0);
        freezeVenue();
        vm.expectPartialRevert(I.ReckoningOpen.selector);
        stop.leave(0);
        vm.prank(ann);
        stop.requestWithdrawal(0, shares);
        vm.warp(block.timestamp + COOL_DOWN);
        vm.prank(ann);
        vm.expectPartialRevert(I.Frozen.selector);
        stop.withdraw(0);
        house.reckon(type(uint256).max);
        stop.leave(0);
        bytes memory gone =
            abi.encodeWithSelector(Backstop.PoolGone.selector, 0, 1_000 * UNIT);
        vm.expectRevert(gone);
        stop.leave(0);
        vm.expectRevert(gone);
        stop.deposit(0, UNIT);
        vm.startPrank(ann);
        vm.expectRevert(gone);
        stop.requestWithdrawal(0, 0);
        vm.expectRevert(gone);
        stop.withdraw(0);
        vm.stopPrank();
        // What was on its way out shares as well.
        (uint256 part,) = stop.partOf(0, ann);
        assertEq(part, 1_000 * UNIT);
    }

    /// A pool that lost everything has nothing to leave with.
    function test_leave_revertsIf_nothingOwed() public {
        freezeAndReckon();
        vm.expectPartialRevert(I.NothingOwed.selector);
        stop.leave(0);
    }

    /// What was given to the pool is its holders'; virtual shares get none of it.
    function test_collect_virtualSharesGetNothing() public {
        house.deposit(address(token), pool, 500 * UNIT);
        lend(0, ann, UNIT);
        freezeAndReckon();
        assertEq(stop.leave(0), 501 * UNIT);
        drain(2);
        assertEq(collect(0, ann), 501 * UNIT);
    }

    function test_collect_revertsIf_reentered() public {
        Greedy greedy = new Greedy(stop);
        token.mint(address(greedy), 400 * UNIT);
        greedy.lend(token, 400 * UNIT);
        lend(0, ann, 400 * UNIT);
        freezeAndReckon();
        stop.leave(0);
        drain(24);
        uint256 tried = greedy.tries();
        assertEq(greedy.collect(), 400 * UNIT);
        assertEq(greedy.tries(), tried + 1);
        assertEq(greedy.successes(), 0);
        assertEq(token.balanceOf(address(greedy)), 400 * UNIT);
        assertEq(collect(0, ann), 400 * UNIT);
        vm.expectPartialRevert(Backstop.NothingArrived.selector);
        greedy.collect();
    }

    /// Two pools of one contract: what one takes early comes for the other later.
    function test_collect_twoPools() public {
        MarketParams memory p = defaults();
        p.isolated = 1;
        around.setMarket(2, p);
        stop.openPool(3);
        lend(0, ann, 2_000 * UNIT);
        lend(3, ben, 900 * UNIT);
        freezeAndReckon();
        stop.leave(3);
        stop.leave(0);
        drain(24);
        assertEq(collect(0, ann), 2_000 * UNIT);
        drain(24);
        assertEq(collect(3, ben), 900 * UNIT);
        vm.expectPartialRevert(Backstop.NothingArrived.selector);
        collect(3, ann);
    }

    /// Whoever calls in whatever order: nobody gets more than its part, all together what was owed.
    function testFuzz_collect_sumWithinOwed(uint96[3] memory amounts, uint256 order, uint64 gift)
        public
    {
        address[3] memory who = [ann, ben, address(0xC0)];
        for (uint256 i; i < 3; ++i) lend(0, who[i], bound(amounts[i], UNIT, 2_000 * UNIT));
        house.deposit(address(token), pool, bound(gift, 1, 1_000 * UNIT));
        freezeAndReckon();
        uint256 owed = stop.leave(0);
        uint256 sum;
        for (uint256 i; i < 24; ++i) {
            uint256 pick = (order >> (2 * i)) % 3;
            vm.prank(who[pick]);
            try stop.collect(0) returns (uint256 amount) {
                sum += amount;
            } catch {}
            (uint256 part, uint256 taken) = stop.partOf(0, who[pick]);
            assertLe(taken, part);
            drain(order >> (100 + i) & 3);
        }
        drain(72);
        for (uint256 i; i < 3; ++i) {
            (uint256 part, uint256 taken) = stop.partOf(0, who[i]);
            if (taken < part) sum += collect(0, who[i]);
            assertEq(token.balanceOf(who[i]), part);
        }
        assertLe(sum, owed);
        assertGe(sum + 3, owed);
        assertEq(vault.queued(), 0);
    }

    /// What is queued leaves a frozen venue: the vault may ask what it asks before it releases.
    function test_release_worksAfterTheFreeze() public {
        freezeAndReckon();
        assertEq(house.uncovered(), 0);
        assertEq(house.backstop(), address(stop));
        uint256 paid = exitOf(alice);
        uint256 queued = vault.queued();
        assertGt(queued, 0);
        assertEq(token.balanceOf(owner_(alice)), paid - queued);
        drain(96);
        assertEq(vault.queued(), 0);
        assertEq(token.balanceOf(owner_(alice)), paid);
        vm.expectPartialRevert(I.Frozen.selector);
        house.insolvency();
    }
}
