// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Conditional, MarketParams, SessionScope} from "../src/Types.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {OneDigest, TriggerTest} from "./support/TriggerTest.sol";

contract ClearingHouseTriggerTest is TriggerTest {
    function test_trigger_stopLoss() public {
        Conditional memory c = stop();
        around.setPrice(0, PRICE - 20_000);
        int256 before = cashOf(alice) >> 32;
        int256 keeperBefore = cashOf(bob) >> 32;
        int256 feesBefore = cashOf(1) >> 32;
        // 980,000 less 0.1 %, ten lots of 100; taker's fee of 450 ppm, rounded up.
        uint256 amount = 10 * 979_020 * 100;
        uint256 fee = (amount * 450 + 999_999) / 1_000_000;
        vm.expectEmit(address(house));
        emit I.Triggered(alice, 0, bob, 7, false, 10, 979_020, 980_000, fee);
        trigger(c);
        assertEq(sizeOf(alice, 0), 0);
        assertEq(sizeOf(bob, 0), 10);
        assertEq((cashOf(alice) >> 32) - before, int256(amount - fee));
        assertEq((cashOf(bob) >> 32) - keeperBefore, -int256(amount));
        assertEq((cashOf(1) >> 32) - feesBefore, int256(fee));
        (,, bool used) = house.conditional(c);
        assertTrue(used);
        checkLaws(3);
    }

    function test_trigger_announcesWhatItLeft() public {
        around.setPrice(0, PRICE - 20_000);
        Conditional memory c = stop();
        bytes memory signature = signed(c);
        uint256 snapshot = vm.snapshotState();
        vm.prank(owner_(bob));
        house.trigger(c, signature, bob, "");
        bytes memory accounts = abi.encodePacked(
            abi.encodePacked(alice, uint8(1), int128(cashOf(alice)), uint8(0), int56(0)),
            abi.encodePacked(bob, uint8(1), int128(cashOf(bob)), uint8(0), int56(10)),
            abi.encodePacked(uint32(1), uint8(0), int128(cashOf(1)))
        );
        vm.revertToState(snapshot);
        vm.expectEmit(address(house));
        emit I.Touched(8, accounts);
        vm.prank(owner_(bob));
        house.trigger(c, signature, bob, "");
    }

    /// Every kind and side at the last price that does not trigger, and at the first that does.
    function test_trigger_atTheEdge() public {
        uint32[6] memory edge = [
            PRICE - 20_000, PRICE + 20_000, PRICE + 20_000, PRICE - 20_000, PRICE - 20_000,
            PRICE + 20_000
        ];
        for (uint256 i; i < 6; ++i) {
            Conditional memory c = i < 4 ? stop() : trail();
            c.nonce = uint64(i);
            c.isBuy = i % 2 == 1;
            c.reduceOnly = false;
            if (c.isBuy) c.limitPrice = type(uint32).max;
            if (i == 2 || i == 3) c.kind = TAKE_PROFIT;
            if (i < 4) c.triggerPrice = edge[i];
            bool falls = edge[i] < PRICE;
            uint32 last = falls ? edge[i] + 1 : edge[i] - 1;
            around.setPrice(0, last);
            triggerReverts(c, abi.encodeWithSelector(I.NotTriggered.selector, last, edge[i]));
            around.setPrice(0, edge[i]);
            trigger(c);
        }
        checkLaws(3);
    }

    function test_trigger_takeProfitOfAShort() public {
        Conditional memory c = stop();
        c.account = carol;
        (c.isBuy, c.kind, c.limitPrice) = (true, TAKE_PROFIT, type(uint32).max);
        around.setPrice(0, PRICE - 20_000);
        trigger(c);
        assertEq(sizeOf(carol, 0), 0);
        assertEq(sizeOf(bob, 0), -10);
        checkLaws(3);
    }

    function test_trigger_limitCutsTheReward() public {
        Conditional memory c = stop();
        c.limitPrice = PRICE - 20_500;
        around.setPrice(0, PRICE - 20_000);
        vm.expectEmit(true, true, true, false, address(house));
        emit I.Triggered(alice, 0, bob, 7, false, 10, PRICE - 20_500, PRICE - 20_000, 0);
        int256 before = cashOf(bob) >> 32;
        trigger(c);
        assertEq((cashOf(bob) >> 32) - before, -int256(10 * uint256(PRICE - 20_500) * 100));
    }

    function test_trigger_revertsIf_LimitBroken() public {
        Conditional memory c = stop();
        c.limitPrice = PRICE - 20_000;
        around.setPrice(0, PRICE - 20_001);
        triggerReverts(
            c, abi.encodeWithSelector(I.LimitBroken.selector, 0, PRICE - 20_001, PRICE - 20_000)
        );
        c.isBuy = true;
        (c.account, c.triggerPrice, c.limitPrice) = (carol, PRICE, PRICE);
        around.setPrice(0, PRICE + 1);
        triggerReverts(c, abi.encodeWithSelector(I.LimitBroken.selector, 0, PRICE + 1, PRICE));
    }

    function test_trigger_revertsIf_OutsideBand() public {
        Conditional memory c = stop();
        c.rewardPpm = 10_000;
        around.setPrice(0, PRICE - 20_000);
        _narrowBand(9_999);
        triggerReverts(
            c, abi.encodeWithSelector(I.OutsideBand.selector, 0, 970_200, PRICE - 20_000)
        );
        _narrowBand(10_000);
        trigger(c);
    }

    function _narrowBand(uint24 ppm) private {
        (bool ok, bytes memory data) =
            address(around).staticcall(abi.encodeCall(around.market, (0)));
        assertTrue(ok);
        assembly {
            // fillBandPpm is the eighth word.
            mstore(add(data, 0x100), ppm)
        }
        (ok,) = address(around).call(
            bytes.concat(abi.encodeWithSelector(around.setMarket.selector, uint8(0)), data)
        );
        assertTrue(ok);
    }

    function test_trigger_reduceOnlyIsCutToThePosition() public {
        Conditional memory c = stop();
        c.size = 1_000;
        around.setPrice(0, PRICE - 20_000);
        trigger(c);
        assertEq(sizeOf(alice, 0), 0);
        assertEq(sizeOf(bob, 0), 10);
    }

    function test_trigger_reduceOnlyInPart() public {
        Conditional memory c = stop();
        c.size = 4;
        around.setPrice(0, PRICE - 20_000);
        trigger(c);
        assertEq(sizeOf(alice, 0), 6);
    }

    function test_trigger_revertsIf_PositionMissing() public {
        Conditional memory c = stop();
        c.account = dave;
        around.setPrice(0, PRICE - 20_000);
        triggerReverts(c, abi.encodeWithSelector(I.PositionMissing.selector, dave, 0));
        // On the side that would grow it there is nothing to reduce either.
        c = stop();
        (c.isBuy, c.limitPrice, c.kind) = (true, type(uint32).max, TAKE_PROFIT);
        triggerReverts(c, abi.encodeWithSelector(I.PositionMissing.selector, alice, 0));
    }

    function test_trigger_opensWhenItMay() public {
        Conditional memory c = stop();
        (c.account, c.reduceOnly) = (dave, false);
        around.setPrice(0, PRICE - 20_000);
        trigger(c);
        assertEq(sizeOf(dave, 0), -10);
        checkLaws(3);
    }

    function test_trigger_revertsIf_MarginShort() public {
        uint32 weak = open("weak", 40 * UNIT);
        Conditional memory c = stop();
        (c.account, c.reduceOnly) = (weak, false);
        around.setPrice(0, PRICE - 20_000);
        bytes memory signature = signed(c);
        vm.prank(owner_(bob));
        vm.expectPartialRevert(I.MarginShort.selector);
        house.trigger(c, signature, bob, "");
        // Nor can a keeper take what it cannot carry.
        c = stop();
        signature = signed(c);
        vm.prank(owner_(weak));
        vm.expectPartialRevert(I.MarginShort.selector);
        house.trigger(c, signature, weak, "");
    }

    /// One by one they would go around the bound on a batch.
    function test_trigger_isJudgedAtTheOpenInterestAfterIt() public {
        MarketParams memory p = defaults();
        (p.openInterestMax, p.openInterestLowPpm, p.openInterestHighPpm) = (200, 0, 1_000_000);
        around.setMarket(0, p);
        Conditional memory c = stop();
        (c.account, c.reduceOnly, c.size) = (dave, false, 180);
        around.setPrice(0, PRICE - 20_000);
        bytes memory signature = signed(c);
        vm.prank(owner_(bob));
        vm.expectPartialRevert(I.MarginShort.selector);
        house.trigger(c, signature, bob, "");
        p.openInterestHighPpm = 0;
        around.setMarket(0, p);
        trigger(c);
        assertEq(sizeOf(dave, 0), -180);
    }

    function test_trigger_revertsIf_OpenInterestExceeded() public {
        Conditional memory c = stop();
        (c.account, c.reduceOnly, c.size) = (dave, false, 20);
        around.setPrice(0, PRICE - 20_000);
        (bool ok, bytes memory data) =
            address(around).staticcall(abi.encodeCall(around.market, (0)));
        assertTrue(ok);
        assembly {
            mstore(add(data, 0x140), 20)
        }
        (ok,) = address(around).call(
            bytes.concat(abi.encodeWithSelector(around.setMarket.selector, uint8(0)), data)
        );
        assertTrue(ok);
        triggerReverts(c, abi.encodeWithSelector(I.OpenInterestExceeded.selector, 0, 30, 20));
    }

    function test_trigger_breaker() public {
        around.setPrice(0, PRICE - 20_000);
        Conditional memory c = stop();
        // Level 1: the keeper would grow.
        around.setLevel(1, 1);
        triggerReverts(c, abi.encodeWithSelector(I.BreakerTripped.selector, 1, 1, 0));
        // It may reduce a short of its own.
        around.setLevel(1, 0);
        trade(dave, bob, 10, PRICE - 20_000);
        around.setLevel(1, 3);
        c.reduceOnly = false;
        triggerReverts(c, abi.encodeWithSelector(I.BreakerTripped.selector, 1, 3, 2));
        c.reduceOnly = true;
        trigger(c);
        assertEq(sizeOf(bob, 0), 0);
        checkLaws(3);
    }

    function test_trigger_revertsIf_traderGrowsWhileTripped() public {
        trade(bob, dave, 10, PRICE);
        around.setPrice(0, PRICE - 20_000);
        around.setLevel(1, 2);
        Conditional memory c = stop();
        (c.reduceOnly, c.size) = (false, 11);
        triggerReverts(c, abi.encodeWithSelector(I.BreakerTripped.selector, 1, 2, 0));
    }

    function test_trigger_carriesAReport() public {
        Conditional memory c = stop();
        bytes memory signature = signed(c);
        bytes memory report = reportOf(PRICE - 20_000, uint40(block.timestamp));
        vm.prank(owner_(bob));
        house.trigger(c, signature, bob, report);
        assertEq(sizeOf(alice, 0), 0);
    }

    function test_trigger_bySignatureOf65Bytes() public {
        around.setPrice(0, PRICE - 20_000);
        Conditional memory c = stop();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[alice], digestOf(c));
        vm.prank(owner_(bob));
        house.trigger(c, abi.encodePacked(r, s, v), bob, "");
        assertEq(sizeOf(alice, 0), 0);
    }

    function test_trigger_byWalletContract() public {
        // The wallet owns the next account; its digest is known before the account is.
        Conditional memory c = stop();
        c.account = house.accountsCount();
        c.reduceOnly = false;
        OneDigest wallet = new OneDigest(digestOf(c));
        uint32 id = house.openAccount(address(wallet));
        house.deposit(address(token), id, 1_000 * UNIT);
        around.setPrice(0, PRICE - 20_000);
        vm.prank(owner_(bob));
        house.trigger(c, "anything", bob, "");
        assertEq(sizeOf(id, 0), -10);
        c.nonce += 1;
        triggerReverts(
            c,
            "anything",
            abi.encodeWithSelector(I.SignatureWrong.selector, 0, address(0), address(wallet))
        );
    }

    function test_trigger_bySessionInScope() public {
        (address key, uint256 secret) = makeActor("session");
        Conditional memory c = stop();
        bytes memory signature = signed(c, secret);
        around.setPrice(0, PRICE - 20_000);
        triggerReverts(
            c, signature, abi.encodeWithSelector(I.SignatureWrong.selector, 0, key, owner_(alice))
        );
        _grant(key, SessionScope(2, 10, true));
        triggerReverts(
            c, signature, abi.encodeWithSelector(I.SessionMarketBarred.selector, 0, uint128(2))
        );
        _grant(key, SessionScope(1, 9, true));
        triggerReverts(c, signature, abi.encodeWithSelector(I.SessionOversize.selector, 10, 9));
        _grant(key, SessionScope(1, 10, true));
        Conditional memory grows = stop();
        grows.reduceOnly = false;
        triggerReverts(
            grows,
            signed(grows, secret),
            abi.encodeWithSelector(I.SessionReduceOnly.selector, false, true)
        );
        vm.prank(owner_(bob));
        house.trigger(c, signature, bob, "");
        assertEq(sizeOf(alice, 0), 0);
    }

    function _grant(address key, SessionScope memory scope) private {
        vm.prank(owner_(alice));
        house.setSession(alice, key, type(uint40).max, scope);
    }

    function test_trigger_asKeeperNeedsAnUnlimitedSession() public {
        (address key,) = makeActor("session");
        Conditional memory c = stop();
        bytes memory signature = signed(c);
        around.setPrice(0, PRICE - 20_000);
        vm.prank(owner_(bob));
        house.setSession(bob, key, type(uint40).max, SessionScope(1, 100, false));
        vm.prank(key);
        vm.expectRevert(abi.encodeWithSelector(I.SessionScoped.selector, key, owner_(bob)));
        house.trigger(c, signature, bob, "");
        vm.prank(owner_(bob));
        house.setSession(bob, key, type(uint40).max, everything());
        vm.prank(key);
        house.trigger(c, signature, bob, "");
        assertEq(sizeOf(bob, 0), 10);
    }

    function test_ratchet_followsThePrice() public {
        Conditional memory c = trail();
        assertEq(bestOf(c), PRICE);
        around.setPrice(0, PRICE + 30_000);
        vm.expectEmit(address(house));
        emit I.Ratcheted(alice, 0, 7, digestOf(c), PRICE + 30_000);
        ratchet(c);
        assertEq(bestOf(c), PRICE + 30_000);
        // 2 % below the best price: 1,009,400.
        around.setPrice(0, 1_009_401);
        triggerReverts(c, abi.encodeWithSelector(I.NotTriggered.selector, 1_009_401, 1_009_400));
        around.setPrice(0, 1_009_400);
        trigger(c);
        assertEq(sizeOf(alice, 0), 0);
        checkLaws(3);
    }

    function test_ratchet_ofABuyFollowsDown() public {
        Conditional memory c = trail();
        (c.account, c.isBuy, c.limitPrice) = (carol, true, type(uint32).max);
        around.setPrice(0, PRICE - 30_000);
        ratchet(c);
        around.setPrice(0, 989_399);
        triggerReverts(c, abi.encodeWithSelector(I.NotTriggered.selector, 989_399, 989_400));
        around.setPrice(0, 989_400);
        trigger(c);
        assertEq(sizeOf(carol, 0), 0);
    }

    function test_ratchet_ofOneOrderMovesNoOther() public {
        Conditional memory c = trail();
        around.setPrice(0, PRICE + 30_000);
        ratchet(c);
        Conditional memory twin = trail();
        twin.trailPpm = 30_000;
        assertEq(bestOf(twin), PRICE);
    }

    function test_module_digestIsEip712() public view {
        (bytes32 digest,,) = house.conditional(trail());
        assertEq(digest, digestOf(trail()));
    }
}
