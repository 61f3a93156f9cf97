// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Causes} from "../src/libraries/Causes.sol";
import {Batch, MarketParams, Seizure} from "../src/Types.sol";
import {Records} from "./support/Records.sol";

/// @notice The book stage of liquidation: orders of the protocol, which nobody signs.
contract ClearingHouseSeizeTest is Records {
    uint16 private constant PROTOCOL = type(uint16).max;
    /// What poor holds after the price fell by 25,000: see ClearingHouseLiquidate.t.sol.
    uint32 private constant MARK = PRICE - 25_000;
    uint32 private constant FILLABLE = MARK - 5_550;
    uint40 private constant PART = 6;

    uint32 private poor;

    function setUp() public override {
        super.setUp();
        poor = open("poor", 51 * UNIT);
        trade(poor, alice, 10, PRICE);
    }

    function protocol(bool isBuy, uint64 size, uint32 limit)
        private
        view
        returns (Order memory o)
    {
        o = order(poor, isBuy, size);
        (uint32 seq,) = house.lane(poor, PROTOCOL);
        (o.lane, o.seq, o.price, o.tif, o.reduceOnly) = (PROTOCOL, seq + 1, limit, 1, true);
    }

    function unsigned(Order memory o) private pure returns (bytes memory) {
        return abi.encodePacked(terms(o, 0), bytes32(0), bytes32(0));
    }

    /// @notice Carol's resting order, then that of the protocol for poor, matched at `price`.
    function meeting(Order memory mine, uint40 lots, uint32 price)
        private
        returns (Batch memory b)
    {
        Order memory hers = order(carol, !mine.isBuy, lots);
        hers.price = price;
        fill(0, 1, lots, price);
        b = batchOf(bytes.concat(packed(hers), unsigned(mine)));
        reset();
    }

    function sell(uint40 lots, uint32 price) private returns (Batch memory) {
        return meeting(protocol(false, lots, FILLABLE), lots, price);
    }

    function refuses(Batch memory b, bytes memory reason) private {
        vm.expectRevert(reason);
        house.settle(b);
    }

    function fee(uint256 lots, uint256 price) private pure returns (int256) {
        return int256((lots * price * 100 * 450 + 999_999) / 1_000_000);
    }

    function ratio(uint32 id) private view returns (int256) {
        (int256 equity,, uint256 maintenance) = house.health(id);
        return equity * 1e6 / int256(maintenance);
    }

    function test_seize_sellsIntoTheBook() public {
        around.setPrice(0, MARK);
        (int256 equity,,) = house.health(poor);
        Batch memory b = sell(PART, MARK - 100);
        int256 lost = 100 * 100 * int256(uint256(PART)) + fee(PART, MARK - 100);
        uint256 penalty = uint256(PART) * MARK * 100 * 15_000 / 1e6;
        vm.expectEmit(true, true, true, true);
        emit I.Seized(
            poor, 0, int56(uint56(PART)), lost, penalty, int128(int256(penalty << 32))
        );
        house.settle(b);
        (int256 after_,,) = house.health(poor);
        assertEq(after_, equity - lost - int256(penalty));
        assertEq(sizeOf(poor, 0), 4);
        assertEq(sizeOf(carol, 0), 6);
        assertEq(cashOf(FUNDS) >> 32, int256(penalty));
        assertGe(ratio(poor), 1_000_000);
        (uint32 seq, uint40 filled) = house.lane(poor, PROTOCOL);
        assertEq(seq, 1);
        assertEq(filled, PART);
        checkLaws(3);
    }

    function test_seize_buysBackAShort() public {
        uint32 short = open("short", 51 * UNIT);
        trade(alice, short, 10, PRICE);
        around.setPrice(0, PRICE + 25_000);
        poor = short;
        (int256 equity,, uint256 maintenance) = house.health(short);
        assertLt(equity, int256(maintenance));
        int256 before = ratio(short);
        Batch memory b = meeting(protocol(true, 3, PRICE + 26_000), 3, PRICE + 25_500);
        house.settle(b);
        assertEq(sizeOf(short, 0), -7);
        assertGe(ratio(short), before);
        checkLaws(3);
    }

    /// A fill above the mark brings in more than was lost; the penalty is what it always is.
    function test_seize_betterThanTheMark() public {
        around.setPrice(0, MARK);
        house.settle(sell(PART, MARK + 5_000));
        assertEq(cashOf(FUNDS) >> 32, int256(uint256(PART) * MARK * 100 * 15_000 / 1e6));
        checkLaws(3);
    }

    function test_seize_clearsAndFlags() public {
        around.setPrice(0, MARK);
        house.flag(poor, "");
        uint256 snapshot = vm.snapshotState();
        house.settle(sell(PART, MARK));
        assertEq(house.unhealthySince(poor), 0, "healthy again");
        vm.revertToState(snapshot);
        house.settle(sell(1, MARK));
        assertEq(house.unhealthySince(poor), block.timestamp, "still unhealthy");
    }

    function test_seize_flagsWhatStaysUnhealthy() public {
        around.setPrice(0, MARK);
        house.settle(sell(1, MARK));
        assertEq(house.unhealthySince(poor), block.timestamp);
    }

    /// @dev Who ends with exactly what is required is healthy, and was unhealthy before with less.
    function test_seize_toExactlyHealthy() public {
        around.setPrice(0, MARK);
        (int256 equity,, uint256 maintenance) = house.health(poor);
        int256 penalty = int256(uint256(MARK) * 100 * 15_000 / 1e6);
        int256 to = int256(maintenance) * 9 / 10 + penalty + fee(1, MARK);
        house.deposit(address(token), poor, uint256(to - equity));
        house.settle(meeting(protocol(false, 1, MARK), 1, MARK));
        (equity,, maintenance) = house.health(poor);
        assertEq(equity, int256(maintenance));
        assertEq(house.unhealthySince(poor), 0);
        Batch memory b = meeting(protocol(false, 1, MARK), 1, MARK);
        refuses(b, abi.encodeWithSelector(I.NotLiquidatable.selector, equity, maintenance));
    }

    /// @dev Who was seen unhealthy before is so since then.
    function test_seize_keepsTheOlderFlag() public {
        around.setPrice(0, MARK);
        house.flag(poor, "");
        uint256 since = vm.getBlockTimestamp();
        vm.warp(since + 10);
        around.setPrice(0, MARK);
        house.settle(sell(1, MARK));
        assertEq(house.unhealthySince(poor), since);
    }

    /// @dev The penalty is told of as it is paid, by the account and to the fund of the market.
    function test_seize_tells() public {
        around.setPrice(0, MARK);
        Batch memory b = sell(PART, MARK);
        vm.recordLogs();
        house.settle(b);
        readTold();
        assertTold(1);
        assertTold(0, Causes.LIQUIDATION, bytes.concat(cashRecord(poor), cashRecord(FUNDS)));
    }

    /// @dev Close to the zero price no more is taken than the fill left of what the lot is worth.
    function test_seize_takesWhatIsLeft() public {
        uint32 mark = PRICE - 40_000;
        around.setPrice(0, mark);
        (int256 equity,,) = house.health(poor);
        // A tenth of the requirement is set free.
        int256 worth = equity / 10;
        int256 lost = 500_000 + fee(1, mark - 5_000);
        assertLt(worth - lost, int256(uint256(mark) * 100 * 15_000 / 1e6));
        Batch memory b = meeting(protocol(false, 1, mark - 5_000), 1, mark - 5_000);
        vm.expectEmit(address(house));
        int256 penalty = worth - lost;
        emit I.Seized(poor, 0, 1, lost, uint256(penalty), int128(penalty << 32));
        house.settle(b);
        (int256 left,,) = house.health(poor);
        assertEq(left, equity - worth);
    }

    /// Keepers and the protocol share what one block allows.
    function test_seize_sharesTheSpeedCap() public {
        MarketParams memory p = defaults();
        p.liquidationPartPpm = 300_000;
        around.setMarket(0, p);
        around.setPrice(0, PRICE - 30_000);
        vm.prank(owner_(bob));
        house.liquidate(poor, 0, 1, bob, "");
        Order memory mine = protocol(false, 3, PRICE - 30_000);
        Batch memory b = meeting(mine, 3, PRICE - 30_000);
        refuses(b, abi.encodeWithSelector(I.SeizureTooLarge.selector, poor, 3, 2));
        b = meeting(protocol(false, 2, PRICE - 30_000), 2, PRICE - 30_000);
        house.settle(b);
        assertEq(sizeOf(poor, 0), 7);
        vm.prank(owner_(bob));
        vm.expectRevert(abi.encodeWithSelector(I.LiquidatedEnough.selector, poor, 0, 3, 3));
        house.liquidate(poor, 0, 0, bob, "");
    }

    function test_seize_revertsIf_healthy() public {
        (int256 equity,, uint256 maintenance) = house.health(poor);
        Batch memory b = meeting(protocol(false, 1, PRICE), 1, PRICE);
        refuses(b, abi.encodeWithSelector(I.NotLiquidatable.selector, equity, maintenance));
    }

    /// The fills may make it healthy: what counts is how it stood before them.
    function test_seize_revertsIf_healthyBeforeAndPoorerAfter() public {
        around.setPrice(0, PRICE - 21_000);
        (int256 equity,, uint256 maintenance) = house.health(poor);
        assertGe(equity, int256(maintenance));
        Batch memory b = meeting(protocol(false, 1, PRICE - 21_000), 1, PRICE - 21_000);
        refuses(b, abi.encodeWithSelector(I.NotLiquidatable.selector, equity, maintenance));
    }

    function test_seize_revertsIf_bankrupt() public {
        around.setPrice(0, PRICE - 60_000);
        (int256 equity,,) = house.health(poor);
        Batch memory b = meeting(protocol(false, 10, PRICE - 60_000), 10, PRICE - 40_000);
        refuses(b, abi.encodeWithSelector(I.AccountBankrupt.selector, poor, equity));
    }

    function test_seize_revertsIf_tooLarge() public {
        around.setPrice(0, MARK);
        refuses(
            sell(PART + 1, MARK),
            abi.encodeWithSelector(I.SeizureTooLarge.selector, poor, PART + 1, PART)
        );
    }

    function test_seize_revertsIf_tooCheap() public {
        around.setPrice(0, MARK);
        Batch memory b = meeting(protocol(false, 1, FILLABLE - 1), 1, MARK);
        bytes4 selector = I.SeizureTooCheap.selector;
        refuses(b, abi.encodeWithSelector(selector, poor, FILLABLE - 1, FILLABLE));
        b = meeting(protocol(false, 1, FILLABLE), 1, FILLABLE);
        house.settle(b);
        assertEq(sizeOf(poor, 0), 9);
    }

    /// Near the zero price the fee alone would make it worse.
    function test_seize_revertsIf_worse() public {
        around.setPrice(0, PRICE - 45_000);
        Batch memory b = meeting(protocol(false, 1, PRICE - 50_500), 1, PRICE - 50_500);
        vm.expectPartialRevert(I.MarginShort.selector);
        house.settle(b);
    }

    /// @dev Nor while any market of the account is tripped.
    function test_seize_revertsIf_anotherMarketIsTripped() public {
        house.deposit(address(token), poor, 5 * UNIT);
        tradeIn(1, poor, alice, 1, PRICE);
        around.setPrice(0, MARK);
        around.setLevel(2, 2);
        Batch memory b = meeting(protocol(false, 1, MARK), 1, MARK);
        refuses(b, abi.encodeWithSelector(I.BreakerTripped.selector, 2, 2, 1));
        around.setLevel(2, 1);
        house.settle(b);
    }

    function test_seize_revertsIf_growing() public {
        around.setPrice(0, MARK);
        Batch memory b = meeting(protocol(true, 1, MARK), 1, MARK);
        refuses(b, abi.encodeWithSelector(I.ReduceOnlyBroken.selector, 0, 11, 10));
    }

    function test_seize_revertsIf_flagsWrong() public {
        around.setPrice(0, MARK);
        uint8[3] memory forces = [0, 1, 2];
        for (uint256 i; i < 3; ++i) {
            Order memory mine = protocol(false, 1, MARK);
            (mine.tif, mine.reduceOnly) = (forces[i], i != 1);
            Batch memory b = meeting(mine, 1, MARK);
            vm.expectPartialRevert(I.OrderMalformed.selector);
            house.settle(b);
        }
    }

    function test_seize_revertsIf_replayed() public {
        around.setPrice(0, MARK);
        Order memory mine = protocol(false, 1, MARK);
        house.settle(meeting(mine, 1, MARK));
        Batch memory b = meeting(mine, 1, MARK);
        refuses(b, abi.encodeWithSelector(I.OverFilled.selector, 1, 2, 1));
    }

    function test_seize_revertsIf_breaker() public {
        around.setPrice(0, MARK);
        around.setLevel(1, 2);
        // Carol may not grow while it is tripped: a holder of the other side may close.
        Order memory hers = order(alice, true, 1);
        hers.price = MARK;
        fill(0, 1, 1, MARK);
        Batch memory b = batchOf(bytes.concat(packed(hers), unsigned(protocol(false, 1, MARK))));
        refuses(b, abi.encodeWithSelector(I.BreakerTripped.selector, 1, 2, 1));
        around.setLevel(1, 1);
        house.settle(b);
        assertEq(sizeOf(poor, 0), 9);
    }

    /// Nobody's signature is nobody's order on any other lane.
    function test_attack_unsignedOnAnotherLane() public {
        around.setPrice(0, MARK);
        Order memory mine = protocol(false, 1, MARK);
        mine.lane = PROTOCOL - 1;
        Batch memory b = meeting(mine, 1, MARK);
        refuses(b, abi.encodeWithSelector(I.SignatureWrong.selector, 1, address(0), owner_(poor)));
    }

    /// A second order of the account in the batch would blur how it stood before.
    function test_attack_notAlone() public {
        around.setPrice(0, MARK);
        Order memory hers = order(carol, true, 3);
        Order memory own = order(poor, false, 1);
        (hers.price, own.price) = (MARK, MARK);
        fill(0, 1, 1, MARK);
        fill(0, 2, 2, MARK);
        bytes memory all = bytes.concat(packed(hers), packed(own));
        Batch memory b = batchOf(bytes.concat(all, unsigned(protocol(false, 2, MARK))));
        refuses(b, abi.encodeWithSelector(I.ProtocolNotAlone.selector, 2, poor));
    }

    /// An order that an accomplice signed on the protocol's lane hides no other: both are judged.
    function test_attack_signedOnTheLaneShieldsNothing() public {
        Order memory first = order(bob, false, 1);
        trade(bob, alice, 1, PRICE);
        first = order(bob, false, 1);
        (first.lane, first.seq, first.tif, first.reduceOnly) = (PROTOCOL, 1, 1, true);
        Order memory hers = order(carol, true, 2);
        fill(1, 0, 1, PRICE);
        fill(1, 2, 1, PRICE);
        bytes memory all = bytes.concat(packed(first), packed(hers));
        Batch memory b = batchOf(bytes.concat(all, unsigned(protocol(false, 1, PRICE))));
        vm.expectPartialRevert(I.NotLiquidatable.selector);
        house.settle(b);
    }

    function test_attack_seizeFromOutside() public {
        around.setPrice(0, MARK);
        Seizure[] memory list = new Seizure[](1);
        list[0] = Seizure(poor, 0, MARK, -1, 0);
        vm.expectRevert(
            abi.encodeWithSelector(I.NotSelf.selector, address(this), address(house))
        );
        house.seize(list);
    }

    /// With the highest seq of that lane an owner would be out of the protocol's reach.
    function test_attack_cancelTheProtocolsLane() public {
        vm.startPrank(owner_(poor));
        vm.expectRevert(
            abi.encodeWithSelector(I.LaneReserved.selector, PROTOCOL, PROTOCOL - 1)
        );
        house.cancelLane(poor, PROTOCOL, type(uint32).max);
        vm.stopPrank();
    }

    /// @dev The lane stays the protocol's after it was used: what its owner signs there is lawful
    /// only as a liquidation too, whatever the flags, and hides nothing.
    function test_attack_ordinaryOrderOnTheProtocolsLane() public {
        around.setPrice(0, MARK);
        house.settle(sell(PART, MARK));
        house.deposit(address(token), poor, 1_000 * UNIT);
        Order memory own = order(poor, true, 1);
        (own.lane, own.seq, own.price) = (PROTOCOL, type(uint32).max, MARK);
        Order memory hers = order(carol, false, 1);
        hers.price = MARK;
        fill(1, 0, 1, MARK);
        bytes memory all = bytes.concat(packed(hers), packed(own));
        refuses(batchOf(all), abi.encodeWithSelector(I.OrderMalformed.selector, 1, 1, 0x0a));
        // Nor may it reduce what is healthy, as an ordinary order could.
        reset();
        (own.isBuy, own.tif, own.reduceOnly) = (false, 1, true);
        hers = order(carol, true, 1);
        hers.price = MARK;
        fill(0, 1, 1, MARK);
        all = bytes.concat(packed(hers), packed(own));
        Batch memory b = batchOf(all);
        vm.expectPartialRevert(I.NotLiquidatable.selector);
        house.settle(b);
    }
}
