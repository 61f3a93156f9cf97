// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Backstop} from "../src/Backstop.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {MarketParams} from "../src/Types.sol";
import {VenueTest} from "./support/VenueTest.sol";

contract BackstopTest is VenueTest {
    uint256 private constant COOL_DOWN = 1 days;
    Backstop private stop;
    uint32 private pool;
    uint32 private poor;
    address private lender;

    function setUp() public override {
        super.setUp();
        bytes memory args = abi.encode(house, vault, around, around, COOL_DOWN);
        stop = Backstop(deploy("Backstop", args));
        stop.openPool(0);
        pool = stop.accountFor(0, false);
        (lender,) = makeActor("lender");
        MarketParams memory p = defaults();
        p.backstopLotsMax = 1_000;
        for (uint8 i; i < 3; ++i) around.setMarket(i, p);
        poor = open("poor", 51 * UNIT);
        trade(poor, alice, 10, PRICE);
    }

    /// The waterfall and the three modules after it, the clearing house, and then the backstop.
    function backstopAt() internal view override returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
    }

    function lend(address who, uint256 amount) private returns (uint256 shares) {
        token.mint(who, amount);
        vm.startPrank(who);
        token.approve(address(stop), amount);
        shares = stop.deposit(0, amount);
        vm.stopPrank();
    }

    function goneWith(address who, uint256 shares) private returns (uint256 amount) {
        vm.prank(who);
        stop.requestWithdrawal(0, shares);
        vm.warp(block.timestamp + COOL_DOWN);
        vm.prank(who);
        return stop.withdraw(0);
    }

    function none() private pure returns (uint32[] memory) {
        return new uint32[](0);
    }

    function equityOf(uint32 id) private view returns (int256 equity) {
        (equity,,) = house.health(id);
    }

    function test_deposit_andLeave() public {
        uint256 shares = lend(lender, 1_000 * UNIT);
        assertEq(cashOf(pool), int256(1_000 * UNIT) << 32);
        assertEq(goneWith(lender, shares), 1_000 * UNIT);
        assertEq(token.balanceOf(lender), 1_000 * UNIT);
        checkLaws(3);
    }

    function test_withdraw_revertsIf_CoolingDown() public {
        uint256 shares = lend(lender, 1_000 * UNIT);
        vm.startPrank(lender);
        vm.expectPartialRevert(Backstop.CoolingDown.selector);
        stop.withdraw(0);
        vm.expectRevert(abi.encodeWithSelector(Backstop.SharesShort.selector, shares, shares + 1));
        stop.requestWithdrawal(0, shares + 1);
        stop.requestWithdrawal(0, shares);
        vm.warp(block.timestamp + COOL_DOWN - 1);
        vm.expectPartialRevert(Backstop.CoolingDown.selector);
        stop.withdraw(0);
        vm.warp(block.timestamp + 1);
        stop.withdraw(0);
        vm.expectPartialRevert(Backstop.CoolingDown.selector);
        stop.withdraw(0);
        vm.stopPrank();
    }

    /// Shares do not depend on the path: one deposit, or ten, or with others in between.
    function test_deposit_pathIndependent() public {
        (address other,) = makeActor("other");
        uint256 whole = lend(lender, 1_000 * UNIT);
        uint256 parts;
        for (uint256 i; i < 10; ++i) parts += lend(other, 100 * UNIT);
        assertApproxEqAbs(parts, whole, 10);
    }

    /// Mint the least, donate, let a victim in: the victim keeps all but 10^-4, the attacker loses.
    function testFuzz_firstDepositor(uint256 gift, uint256 amount) public {
        (address thief,) = makeActor("thief");
        gift = bound(gift, 1, 1e6 * UNIT);
        amount = bound(amount, 10 * UNIT, 1e6 * UNIT);
        uint256 shares = lend(thief, UNIT);
        house.deposit(address(token), pool, gift);
        uint256 mine = lend(lender, amount);
        uint256 got = goneWith(lender, mine);
        assertGe(got + amount / 10_000 + 1, amount);
        assertLe(goneWith(thief, shares), UNIT + gift);
    }

    /// Without any share, too: whoever donates first makes nobody rich.
    function test_donation_beforeTheFirstDeposit() public {
        house.deposit(address(token), pool, 1_000_000 * UNIT);
        uint256 mine = lend(lender, 10_000 * UNIT);
        assertGe(goneWith(lender, mine) + UNIT, 10_000 * UNIT);
    }

    function test_resolve_backstopTakesAtTheZeroPrice() public {
        lend(lender, 1_000 * UNIT);
        around.setPrice(0, PRICE - 32_000);
        int256 equity = equityOf(poor);
        house.resolve(poor, 0, none(), "");
        assertEq(sizeOf(pool, 0), 10);
        assertEq(sizeOf(alice, 0), -10, "nobody was deleveraged");
        assertEq(equityOf(pool), int256(1_000 * UNIT) + equity / 1_000 * 1_000);
        checkLaws(3);
    }

    function test_resolve_backstopTakesWhatItsMarginHolds() public {
        lend(lender, 30 * UNIT);
        around.setPrice(0, PRICE - 32_000);
        uint32[] memory list = new uint32[](1);
        list[0] = alice;
        house.resolve(poor, 0, list, "");
        // 5 % of 96.8 a lot: 4.84; 30 hold six lots, the other four are closed.
        assertEq(sizeOf(pool, 0), 6);
        assertEq(sizeOf(alice, 0), -6);
        checkLaws(3);
    }

    function test_resolve_backstopCap() public {
        lend(lender, 10_000 * UNIT);
        MarketParams memory p = defaults();
        p.backstopLotsMax = 4;
        around.setMarket(0, p);
        around.setPrice(0, PRICE - 32_000);
        uint256 snapshot = vm.snapshotState();
        house.resolve(poor, 0, none(), "");
        assertEq(sizeOf(pool, 0), 4);
        assertEq(sizeOf(poor, 0), 6);
        checkLaws(3);
        vm.revertToState(snapshot);
        uint32[] memory list = new uint32[](1);
        list[0] = alice;
        house.resolve(poor, 0, list, "");
        assertEq(sizeOf(pool, 0), 4);
        assertEq(sizeOf(alice, 0), -4);
        assertEq(sizeOf(poor, 0), 0);
        checkLaws(3);
    }

    /// What insurance does not cover is not the backstop's loss.
    function test_resolve_backstopTakesNoLoss() public {
        lend(lender, 10_000 * UNIT);
        around.setPrice(0, PRICE - 60_000);
        uint32[] memory list = new uint32[](1);
        list[0] = alice;
        house.resolve(poor, 0, list, "");
        assertEq(sizeOf(pool, 0), 0);
        assertEq(equityOf(pool), int256(10_000 * UNIT));
        checkLaws(3);
    }

    /// JELLY: a short is traded with oneself, its margin stripped, the price pumped. The backstop
    /// of an isolated market loses nothing but what is in it, and not more than its cap allows.
    function test_attack_backstopPoisoning() public {
        MarketParams memory p = defaults();
        (p.isolated, p.backstopLotsMax) = (1, 50);
        around.setMarket(2, p);
        stop.openPool(3);
        uint32 jelly = stop.accountFor(2, true);
        lend(lender, 10_000 * UNIT);
        house.deposit(address(token), jelly, 1_000 * UNIT);
        uint32 short = open("jelly short", 1_100 * UNIT);
        uint32 long = open("jelly long", 1_100 * UNIT);
        Order memory s = order(short, false, 200);
        Order memory l = order(long, true, 200);
        (s.market, l.market) = (2, 2);
        add(s);
        add(l);
        fill(0, 1, 200, PRICE);
        settle();
        around.setPrice(2, PRICE + 40_000);
        uint32[] memory list = new uint32[](1);
        list[0] = long;
        house.resolve(short, 2, list, "");
        assertEq(sizeOf(jelly, 2), -50, "the cap");
        assertEq(sizeOf(long, 2), 50, "the rest is deleveraged, not carried");
        for (uint256 i; i < 8; ++i) {
            around.setPrice(2, uint32(uint256(around.prices(2)) * 110 / 100));
        }
        int256 lost = -equityOf(jelly);
        assertGt(lost, 0);
        // A block takes its part of the market; the next one goes on.
        vm.roll(block.number + 1);
        house.resolve(jelly, 2, list, "");
        assertEq(sizeOf(long, 2), 0);
        assertEq(equityOf(pool), int256(10_000 * UNIT), "the other pool");
        assertGe(equityOf(jelly), 0);
        checkLaws(3);
    }

    function test_openPool_revertsIf_notIsolated() public {
        vm.expectRevert(abi.encodeWithSelector(Backstop.PoolNotIsolated.selector, 1));
        stop.openPool(1);
        vm.expectRevert(abi.encodeWithSelector(Backstop.PoolExists.selector, 0, pool));
        stop.openPool(0);
        vm.expectRevert(abi.encodeWithSelector(Backstop.PoolUnknown.selector, 2));
        stop.deposit(2, UNIT);
    }

    function test_shares_waitWhileThePoolUnwinds() public {
        uint256 shares = lend(lender, 1_000 * UNIT);
        vm.prank(lender);
        stop.requestWithdrawal(0, shares);
        vm.warp(block.timestamp + COOL_DOWN);
        around.setPrice(0, PRICE - 32_000);
        house.resolve(poor, 0, none(), "");
        vm.prank(lender);
        vm.expectPartialRevert(Backstop.PoolBusy.selector);
        stop.withdraw(0);
        vm.warp(block.timestamp + 61);
        vm.prank(lender);
        vm.expectRevert(abi.encodeWithSelector(Backstop.PoolPriceStale.selector, 0, 61));
        stop.withdraw(0);
        around.setPrice(0, PRICE - 32_000);
        vm.prank(owner_(carol));
        house.unwind(pool, 0, 10, carol, "");
        assertEq(sizeOf(pool, 0), 0);
        vm.prank(lender);
        assertGt(stop.withdraw(0), 1_000 * UNIT, "it has earned");
        checkLaws(3);
    }

    function test_deposit_revertsIf_AmountInvalid() public {
        vm.expectPartialRevert(Backstop.AmountInvalid.selector);
        stop.deposit(0, UNIT - 1);
    }
}
