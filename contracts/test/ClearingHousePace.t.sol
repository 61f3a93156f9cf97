// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {MarketParams} from "../src/Types.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice How fast the waterfall may go: what one block takes of a market, and what a fund pays
/// in an hour.
contract ClearingHousePaceTest is VenueTest {
    uint256 private constant DEBT = 9_450_000;
    uint32[] private list;

    function setUp() public override {
        super.setUp();
        MarketParams memory p = defaults();
        (p.liquidationPartPpm, p.coverSharePpm) = (250_000, 250_000);
        for (uint8 m; m < 2; ++m) around.setMarket(m, p);
        list.push(alice);
    }

    /// @dev Somebody with five tokens behind each lot, long against alice.
    function _long(uint8 m, string memory name, uint40 lots) private returns (uint32 id) {
        id = open(name, uint256(lots) * 51 * UNIT / 10);
        Order memory a = order(alice, false, lots);
        Order memory b = order(id, true, lots);
        (a.market, b.market) = (m, m);
        add(a);
        add(b);
        fill(0, 1, lots, PRICE);
        settle();
    }

    /// @dev Each of them lacks 0.945 a lot.
    function _fall(uint8 m) private {
        around.setPrice(m, PRICE - 60_000);
    }

    function _resolve(uint8 m, uint32 id) private {
        house.resolve(id, m, list, "");
    }

    function _refuses(uint32 id, uint256 found, uint256 most) private {
        vm.expectRevert(
            abi.encodeWithSelector(I.ResolvedEnough.selector, 0, found, most, block.number)
        );
        _resolve(0, id);
    }

    /// Three accounts of twelve lots each: a captured price takes one, and then there is a block in
    /// which it can be stopped.
    function test_attack_allAccountsInOneBlock() public {
        uint32[3] memory poor = [_long(0, "a", 12), _long(0, "b", 12), _long(0, "c", 12)];
        _fall(0);
        _resolve(0, poor[0]);
        _refuses(poor[1], 12, 9);
        _refuses(poor[2], 12, 9);
        assertEq(sizeOf(poor[1], 0), 12);
        vm.roll(vm.getBlockNumber() + 1);
        _resolve(0, poor[1]);
        // A quarter of what is open now.
        _refuses(poor[2], 12, 6);
        vm.roll(vm.getBlockNumber() + 1);
        _resolve(0, poor[2]);
        assertEq(sizeOf(alice, 0), 0);
        checkLaws(3);
    }

    /// The part is that of what was open before the first, however many came since.
    function test_resolve_aPartOfTheOpenInterest() public {
        uint32[4] memory poor =
            [_long(0, "a", 4), _long(0, "b", 4), _long(0, "c", 4), _long(0, "d", 2)];
        _long(0, "rich", 26);
        _fall(0);
        for (uint256 i; i < 2; ++i) _resolve(0, poor[i]);
        _refuses(poor[2], 8, 10);
        _resolve(0, poor[3]);
        checkLaws(3);
    }

    /// Crumbs of somebody who watches the pool do not keep a large one waiting: it goes through
    /// beside them, and after it what fits with it.
    function test_attack_crumbsAhead() public {
        uint32 whale = _long(0, "whale", 31);
        uint32[2] memory crumbs = [_long(0, "a", 5), _long(0, "b", 4)];
        _fall(0);
        for (uint256 i; i < 2; ++i) _resolve(0, crumbs[i]);
        _resolve(0, whale);
        assertEq(sizeOf(alice, 0), 0);
        checkLaws(3);
    }

    /// Markets do not wait for each other.
    function test_resolve_eachMarketHasItsPart() public {
        (uint32 a, uint32 b) = (_long(0, "a", 12), _long(1, "b", 12));
        _fall(0);
        _fall(1);
        _resolve(0, a);
        _resolve(1, b);
        checkLaws(3);
    }

    /// What lies in the same block before the first resolution counts as open, what comes after
    /// does not: nobody makes room by trading in between.
    function test_attack_growsTheMarketInBetween() public {
        (uint32 a, uint32 b) = (_long(0, "a", 12), _long(0, "b", 12));
        _fall(0);
        _resolve(0, a);
        around.setPrice(0, PRICE);
        trade(bob, carol, 200, PRICE);
        _fall(0);
        list.push(carol);
        _refuses(b, 12, 6);
        vm.roll(vm.getBlockNumber() + 1);
        _resolve(0, b);
        checkLaws(3);
    }

    /// Ten accounts with a tenth of a debt each draw what one with all of it would.
    function test_attack_aDebtInTenParts() public {
        house.deposit(address(token), FUNDS, 20 * UNIT);
        uint32[10] memory poor;
        bytes32 salt = "loser";
        for (uint256 i; i < 10; ++i) poor[i] = _long(0, string(abi.encode(salt, i)), 10);
        _fall(0);
        for (uint256 i; i < 10; ++i) {
            vm.roll(vm.getBlockNumber() + 1);
            _resolve(0, poor[i]);
            // A quarter of twenty, whatever the number of debts: the first takes it alone.
            assertEq(cashOf(FUNDS) >> 32, 15_000_000);
        }
        assertEq(house.drawn(FUNDS), 5_000_000);
        assertEq(house.drawn(FUNDS + 1), 0);
        checkLaws(3);
    }

    /// Two markets with funds of their own share one behind them.
    function test_attack_twoMarketsOneFund() public {
        house.deposit(address(token), 0, 40 * UNIT);
        (uint32 a, uint32 b) = (_long(0, "a", 10), _long(1, "b", 10));
        _fall(0);
        _fall(1);
        _resolve(0, a);
        assertEq(house.drawn(0), DEBT);
        assertEq(cashOf(0) >> 32, int256(40 * UNIT - DEBT));
        _resolve(1, b);
        assertEq(house.drawn(0), 10 * UNIT);
        assertEq(cashOf(0) >> 32, 30_000_000);
        checkLaws(3);
    }

    /// Right before and right after the turn of a bucket is one hour, and not two.
    function test_attack_acrossTheTurnOfTheHour() public {
        house.deposit(address(token), FUNDS, 20 * UNIT);
        (uint32 a, uint32 b) = (_long(0, "a", 10), _long(0, "b", 10));
        uint256 turn = (block.timestamp / 30 minutes + 2) * 30 minutes;
        vm.warp(turn - 1);
        _fall(0);
        _resolve(0, a);
        assertEq(house.drawn(FUNDS), 5 * UNIT);
        vm.roll(vm.getBlockNumber() + 1);
        vm.warp(turn + 1 hours - 1);
        assertEq(house.drawn(FUNDS), 5 * UNIT);
        vm.warp(turn + 1 hours);
        assertEq(house.drawn(FUNDS), 0);
        _fall(0);
        _resolve(0, b);
        // A quarter of the fifteen that were left.
        assertEq(cashOf(FUNDS) >> 32, 11_250_000);
        checkLaws(3);
    }

    /// What comes into a fund meanwhile gives its own share, and no more.
    function test_draw_countsWhatCameIn() public {
        house.deposit(address(token), FUNDS, 20 * UNIT);
        (uint32 a, uint32 b) = (_long(0, "a", 10), _long(0, "b", 10));
        _fall(0);
        _resolve(0, a);
        house.deposit(address(token), FUNDS, 4 * UNIT);
        vm.roll(vm.getBlockNumber() + 1);
        _resolve(0, b);
        assertEq(cashOf(FUNDS) >> 32, 18_000_000);
        checkLaws(3);
    }
}
