// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Resume} from "../src/libraries/Resume.sol";
import {Report, Withdrawal} from "../src/Types.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice The way back from an outage of prices, barred accounts and tightened withdrawals: what
/// each stops, and what stays open.
contract ClearingHouseResumeTest is VenueTest {
    uint256 internal constant START = 1_900_000_000;
    uint16 internal constant WITHDRAWALS = 257;

    uint32 internal constant LOW = PRICE * 96 / 100;

    uint32 private _round;
    uint32 private _price;
    uint256 private _last;

    function setUp() public override {
        super.setUp();
        _push(PRICE);
        trade(alice, bob, 100, PRICE);
    }

    // ------------------------------------------------------------------ outages

    /// @dev Prices stop for eleven minutes while the market falls by 4 %: ten of them without a
    /// usable price, so nobody is liquidated for ten more, in which owners top up; then as ever.
    function test_attack_stalePriceBadResume() public {
        _lever();
        _stop(START + 660);
        _refusesLiquidation(3);
        _run(START + 1_259);
        _refusesLiquidation(2);
        // Top-ups are open all the time.
        house.deposit(address(token), alice, 1);
        vm.warp(START + 1_260);
        vm.prank(owner_(carol));
        house.liquidate(alice, 0, 1, carol, "");
    }

    function test_outage_ordersComeBackByTheSteps() public {
        vm.warp(START + 660);
        _push(PRICE);
        // Only what is flagged reduce-only, at first.
        _refusesTrade(carol, dave, 3, 2);
        _reduce(true);
        (_price, _last) = (PRICE, START + 660);
        _run(START + 810);
        // Then whatever reduces.
        _reduce(false);
        _refusesTrade(carol, dave, 2, 0);
        _run(START + 1_260);
        _refusesTrade(carol, dave, 1, 0);
        _run(START + 1_409);
        _refusesTrade(carol, dave, 1, 0);
        vm.warp(START + 1_410);
        trade(carol, dave, 1, PRICE);
    }

    /// @dev The report that ends the outage comes with the liquidation itself.
    function test_attack_liquidateWithTheFirstReport() public {
        _lever();
        vm.warp(START + 660);
        bytes memory report = _next(LOW);
        bytes memory tripped = abi.encodeWithSelector(I.BreakerTripped.selector, 1, 3, 1);
        vm.expectRevert(tripped);
        vm.prank(owner_(carol));
        house.liquidate(alice, 0, 1, carol, report);
        vm.expectRevert(tripped);
        house.flag(alice, report);
        vm.expectRevert(tripped);
        house.resolve(alice, 0, new uint32[](0), report);
    }

    function test_outage_isLongerThanAPriceMayBeOld() public {
        vm.warp(START + 60);
        _push(PRICE);
        trade(carol, dave, 1, PRICE);
        vm.warp(START + 121);
        _push(PRICE);
        _refusesTrade(carol, dave, 3, 2);
    }

    function test_outage_graceIsHalfAnHourAtMost() public {
        _lever();
        _stop(START + 5 days);
        _run(START + 5 days + 30 minutes - 1);
        _refusesLiquidation(2);
        vm.warp(START + 5 days + 30 minutes);
        vm.prank(owner_(carol));
        house.liquidate(alice, 0, 1, carol, "");
    }

    /// @dev Whoever can stop reports does so again and again, for a second each: the grace goes on
    /// while prices are usable, and a second of outage is worth a second.
    function test_attack_outagesShieldABadAccount() public {
        _lever();
        _stop(START + 660);
        for (uint256 i; i < 10; ++i) {
            _refusesLiquidation(3);
            vm.warp(vm.getBlockTimestamp() + 61);
            _push(LOW);
        }
        vm.warp(vm.getBlockTimestamp() + 61);
        _push(LOW);
        vm.warp(vm.getBlockTimestamp() + 1);
        vm.prank(owner_(carol));
        house.liquidate(alice, 0, 1, carol, "");
    }

    /// @dev A long outage right after a grace has none: nothing was open in between.
    function test_attack_graceAfterGrace() public {
        _lever();
        _stop(START + 660);
        _run(START + 1_260 - 60);
        _stop(START + 5_000);
        vm.prank(owner_(carol));
        house.liquidate(alice, 0, 1, carol, "");
    }

    /// @dev An outage in the grace does not eat it up: what is left of it starts again.
    function test_attack_outageEatsTheGrace() public {
        _lever();
        _stop(START + 660);
        // Usable until 720: 540 seconds are left.
        _stop(START + 3_000);
        _run(START + 3_539);
        _refusesLiquidation(2);
        vm.warp(START + 3_540);
        vm.prank(owner_(carol));
        house.liquidate(alice, 0, 1, carol, "");
    }

    /// @dev The position in another market is taken for a price that is in its grace.
    function test_attack_liquidatedInAnotherMarket() public {
        Order memory buy = order(alice, true, 1);
        Order memory sell = order(bob, false, 1);
        (buy.market, sell.market) = (1, 1);
        add(buy);
        add(sell);
        fill(0, 1, 1, PRICE);
        settle();
        _lever();
        around.setPrice(0, LOW);
        around.setLevel(1, 2);
        bytes memory tripped = abi.encodeWithSelector(I.BreakerTripped.selector, 1, 2, 1);
        vm.expectRevert(tripped);
        vm.prank(owner_(carol));
        house.liquidate(alice, 1, 1, carol, "");
        vm.expectRevert(tripped);
        house.resolve(alice, 1, new uint32[](0), "");
        vm.expectRevert(tripped);
        house.flag(alice, "");
        around.setLevel(1, 1);
        vm.prank(owner_(carol));
        house.liquidate(alice, 1, 1, carol, "");
    }

    // ------------------------------------------------------------------ accounts

    function test_barred_mayOnlyReduce() public {
        around.setBarred(alice, true);
        Order memory buy = order(alice, true, 1);
        Order memory sell = order(carol, false, 1);
        add(buy);
        add(sell);
        fill(1, 0, 1, PRICE);
        settleReverts(abi.encodeWithSelector(I.AccountBarred.selector, alice));
        // Whoever is not barred grows, whoever is reduces, deposits and withdraws.
        _reduce(false);
        trade(carol, dave, 1, PRICE);
        house.deposit(address(token), alice, UNIT);
        vm.prank(owner_(alice));
        house.withdraw(alice, UNIT, address(9), "");
    }

    // ------------------------------------------------------------------ withdrawals

    /// @dev Level 1 lets small ones pass, the others none; the forced queue knows no level.
    function test_withdrawals_goByTheForcedQueue() public {
        around.setLevel(WITHDRAWALS, 1);
        vm.startPrank(owner_(carol));
        vm.expectRevert(_tripped(1, 0));
        house.withdraw(carol, 50 * UNIT + 1, address(9), "");
        house.withdraw(carol, 50 * UNIT, address(9), "");
        around.setLevel(WITHDRAWALS, 2);
        vm.expectRevert(_tripped(2, 1));
        house.withdraw(carol, 1, address(9), "");
        vm.deal(owner_(carol), 1 ether);
        queue.requestWithdraw{value: FORCED_FEE}(carol, uint88(1_000 * UNIT), owner_(carol), 1);
        vm.stopPrank();
        house.executeForced(1, 0, 0, "");
        assertEq(token.balanceOf(owner_(carol)), 1_000 * UNIT);
    }

    function test_withdrawals_relayedAreHeldToo() public {
        around.setLevel(WITHDRAWALS, 1);
        Withdrawal memory w = Withdrawal(carol, 51 * UNIT, address(9), 1, 2_000_000_000, 0);
        bytes32 typed = keccak256(
            abi.encode(
                keccak256(
                    "Withdrawal(uint32 account,uint256 amount,address to,uint64 nonce,"
                    "uint40 expiry,uint256 fee)"
                ),
                w.account,
                w.amount,
                w.to,
                w.nonce,
                w.expiry,
                w.fee
            )
        );
        bytes32 separator = domainSeparator(block.chainid, address(house));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", separator, typed));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[carol], digest);
        vm.expectRevert(_tripped(1, 0));
        house.withdrawSigned(w, abi.encodePacked(r, s, v), dave, "");
        around.setLevel(WITHDRAWALS, 0);
        house.withdrawSigned(w, abi.encodePacked(r, s, v), dave, "");
    }

    // ------------------------------------------------------------------ the library

    function testFuzz_resume_loosensInOrder(uint40 start, uint16 grace, uint16 a, uint16 b)
        public
        pure
    {
        (uint256 low, uint256 high) = a < b ? (a, b) : (b, a);
        uint8 before = Resume.level(start, grace, uint256(start) + low);
        assertGe(before, Resume.level(start, grace, uint256(start) + high));
        if (low < grace) assertGe(before, 2);
    }

    // ------------------------------------------------------------------ helpers

    /// @dev Leaves alice with 600 of margin for a position of 10,000.
    function _lever() private {
        vm.prank(owner_(alice));
        house.withdraw(alice, 9_400 * UNIT, address(9), "");
    }

    function _next(uint32 price) private returns (bytes memory) {
        ++_round;
        Report memory report;
        (report.round, report.time) = (_round, uint40(vm.getBlockTimestamp()));
        report.markets = new uint8[](1);
        report.prices = new uint32[](1);
        report.rates = new int32[](1);
        report.prices[0] = price;
        return abi.encode(report);
    }

    function _push(uint32 price) private {
        house.push(_next(price));
    }

    /// @dev No report until `time`; then one, 4 % lower.
    function _stop(uint256 time) private {
        vm.warp(time);
        (_price, _last) = (LOW, time);
        _push(LOW);
    }

    /// @dev A report a minute until `time`.
    function _run(uint256 time) private {
        while (_last + 60 < time) {
            _last += 60;
            vm.warp(_last);
            _push(_price);
        }
        _last = time;
        vm.warp(time);
        _push(_price);
    }

    function _refusesLiquidation(uint8 level) private {
        vm.expectRevert(abi.encodeWithSelector(I.BreakerTripped.selector, 1, level, 1));
        vm.prank(owner_(carol));
        house.liquidate(alice, 0, 1, carol, "");
    }

    function _refusesTrade(uint32 buyer, uint32 seller, uint8 level, uint8 required) private {
        add(order(buyer, true, 1));
        add(order(seller, false, 1));
        fill(1, 0, 1, PRICE);
        settleReverts(abi.encodeWithSelector(I.BreakerTripped.selector, 1, level, required));
    }

    /// @dev Alice sells a lot to bob, who is short.
    function _reduce(bool flagged) private {
        Order memory sell = order(alice, false, 1);
        Order memory buy = order(bob, true, 1);
        (sell.reduceOnly, buy.reduceOnly) = (flagged, flagged);
        add(sell);
        add(buy);
        fill(1, 0, 1, PRICE);
        settle();
    }

    function _tripped(uint8 level, uint8 required) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(I.BreakerTripped.selector, WITHDRAWALS, level, required);
    }
}
