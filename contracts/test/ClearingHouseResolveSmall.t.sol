// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Causes} from "../src/libraries/Causes.sol";
import {MarketParams} from "../src/Types.sol";
import {Records} from "./support/Records.sol";

/// @notice The waterfall of the smallest: lots worth less than a unit of their requirement, and
/// accounts with one unit, with none, and with nobody to take from them.
contract ClearingHouseResolveSmallTest is Records {
    uint32 private debtor;
    uint32 private other;

    function _equity(uint32 id) private view returns (int256 equity) {
        (equity,,) = house.health(id);
    }

    function _one(uint32 id) private pure returns (uint32[] memory list) {
        list = new uint32[](1);
        list[0] = id;
    }

    /// @dev Puts an account at an equity above what it has.
    function _raise(uint32 id, int256 to) private {
        house.deposit(address(token), id, uint256(to - _equity(id)));
        assertEq(_equity(id), to);
    }

    function _tiny() private {
        MarketParams memory p = defaults();
        (p.tickValue, p.coverSharePpm) = (1, 0);
        around.setMarket(1, p);
        around.setAged(1, 0);
    }

    /// @dev One lot of forty units: no part of the notional is a whole unit.
    function test_resolve_theSmallestPosition() public {
        _tiny();
        around.setPrice(1, 60);
        debtor = open("debtor", 5);
        tradeIn(1, debtor, alice, 1, 60);
        around.setPrice(1, 40);
        assertEq(_equity(debtor), -16);
        vm.recordLogs();
        house.resolve(debtor, 1, _one(alice), "");
        assertEq(priceOf(vm.getRecordedLogs()), 56);
        assertEq(sizeOf(debtor, 1), 0);
        assertEq(sizeOf(alice, 1), 0);
        assertEq(cashOf(debtor), 0);
        checkLaws(3);
    }

    /// @dev Worth so little that nobody can be asked: the market's fund has the lot.
    function test_resolve_whatNobodyIsAskedFor() public {
        _tiny();
        around.setPrice(1, 60);
        debtor = open("debtor", 5);
        tradeIn(1, debtor, alice, 1, 60);
        around.setPrice(1, 20);
        house.resolve(debtor, 1, _one(alice), "");
        assertEq(sizeOf(FUNDS + 1, 1), 1);
        assertEq(sizeOf(debtor, 1), 0);
        checkLaws(3);
    }

    /// @dev A fund gives its last unit, the market's own and the shared one.
    function test_resolve_fundsGiveTheirLastUnit() public {
        _tiny();
        MarketParams memory p = defaults();
        p.tickValue = 1;
        around.setMarket(1, p);
        around.setPrice(1, 60);
        debtor = open("debtor", 5);
        tradeIn(1, debtor, alice, 1, 60);
        around.setPrice(1, 40);
        house.deposit(address(token), FUNDS + 1, 1);
        // What the fees of other trades left is nothing of the shared fund's.
        house.deposit(address(token), 0, 1);
        vm.recordLogs();
        house.resolve(debtor, 1, _one(alice), "");
        assertEq(coveredOf(vm.getRecordedLogs()), 2);
        assertEq(cashOf(FUNDS + 1), 0);
        assertEq(cashOf(0), 0);
        checkLaws(3);
    }

    /// @dev A fund that holds lots pays of what it does not need for them, and no more.
    function test_resolve_fundKeepsItsMargin() public {
        _stage();
        around.setPrice(0, PRICE - 250_000);
        around.setPrice(1, PRICE - 80_000);
        house.resolve(debtor, 1, _one(other), "");
        assertEq(sizeOf(FUNDS + 1, 1), 5);
        around.setMarket(1, defaults());
        uint32 next = open("next", 26 * UNIT);
        tradeIn(1, next, carol, 5, PRICE - 80_000);
        around.setPrice(1, PRICE - 160_000);
        assertLt(_equity(next), -14 * int256(UNIT));
        (, uint256 initial,) = house.health(FUNDS + 1);
        _raise(FUNDS + 1, int256(initial + 5 * UNIT));
        vm.recordLogs();
        uint32[] memory list = new uint32[](2);
        (list[0], list[1]) = (carol, other);
        if (other < carol) (list[0], list[1]) = (other, carol);
        house.resolve(next, 1, list, "");
        assertEq(coveredOf(vm.getRecordedLogs()), 5 * UNIT);
        checkLaws(3);
    }

    /// @dev Without a surcharge whoever has equity gives its lots up, however little they free.
    function test_resolve_tinyLotsAtTheirPrice() public {
        _tiny();
        around.setPrice(1, 40);
        debtor = open("debtor", 300);
        tradeIn(1, debtor, alice, 100, 40);
        around.setPrice(1, 30);
        _raise(debtor, 50);
        house.resolve(debtor, 1, _one(alice), "");
        assertEq(sizeOf(debtor, 1), 0);
        assertEq(sizeOf(alice, 1), 0);
        checkLaws(3);
    }

    /// @dev Debtor is long five lots of market 1, the other one short ten of it, and below zero for
    /// what it holds in market 0.
    function _stage() private {
        MarketParams memory p = defaults();
        p.coverSharePpm = 0;
        around.setMarket(1, p);
        debtor = open("debtor", 26 * UNIT);
        other = open("other", 120 * UNIT);
        tradeIn(1, debtor, other, 5, PRICE);
        tradeIn(1, bob, other, 5, PRICE);
        tradeIn(0, other, alice, 10, PRICE);
        around.setPrice(0, PRICE - 160_000);
        around.setPrice(1, PRICE - 35_000);
        assertLt(_equity(other), 0);
    }

    /// @dev One unit of equity is enough to be asked, and to gain what the debtor leaves.
    function test_resolve_ofWhoHasOneUnit() public {
        _stage();
        _raise(other, 1);
        int256 left = _equity(debtor);
        assertGt(left, 8 * int256(UNIT));
        house.resolve(debtor, 1, _one(other), "");
        assertEq(sizeOf(other, 1), -5);
        assertEq(sizeOf(debtor, 1), 0);
        assertApproxEqAbs(_equity(other), 1 + left, 500);
        checkLaws(3);
    }

    /// @dev Of an account with exactly nothing the market's fund takes nothing: it is not bankrupt.
    function test_resolve_revertsIf_NobodyTakesFromNothing() public {
        _stage();
        around.setPrice(0, PRICE - 250_000);
        around.setPrice(1, PRICE - 60_000);
        _raise(debtor, 0);
        vm.expectRevert(abi.encodeWithSelector(I.NobodyTakes.selector, debtor, 1));
        house.resolve(debtor, 1, _one(other), "");
        around.setPrice(1, PRICE - 60_001);
        house.resolve(debtor, 1, _one(other), "");
        assertEq(sizeOf(FUNDS + 1, 1), 5);
        checkLaws(3);
    }

    /// @dev Where nobody gives up a lot, no counterparty is told of.
    function test_resolve_tellsOfNobody() public {
        _stage();
        around.setMarket(1, defaults());
        house.deposit(address(token), 0, 1_000 * UNIT);
        around.setPrice(0, PRICE - 250_000);
        around.setPrice(1, PRICE - 80_000);
        assertLt(_equity(debtor), 0);
        vm.recordLogs();
        house.resolve(debtor, 1, _one(other), "");
        readTold();
        assertTold(1);
        bytes memory legs = bytes.concat(legRecord(debtor, 1), legRecord(FUNDS + 1, 1));
        assertTold(0, Causes.LIQUIDATION, bytes.concat(legs, cashRecord(0)));
        assertEq(sizeOf(FUNDS + 1, 1), 5);
    }

    /// @dev The fund of a market is no place for its own lots: they go to the other side, or stay.
    function test_resolve_ofTheFund() public {
        _stage();
        around.setPrice(0, PRICE - 250_000);
        around.setPrice(1, PRICE - 80_000);
        house.resolve(debtor, 1, _one(other), "");
        uint32 fund = FUNDS + 1;
        assertEq(sizeOf(fund, 1), 5);
        assertLt(_equity(fund), 0);
        vm.recordLogs();
        house.resolve(fund, 1, _one(other), "");
        assertEq(movedOf(vm.getRecordedLogs()), 0);
        assertEq(sizeOf(fund, 1), 5);
        // With equity the other one gives up what it has to.
        _raise(other, 2_000 * int256(UNIT));
        around.setPrice(1, PRICE - 90_000);
        vm.recordLogs();
        house.resolve(fund, 1, _one(other), "");
        readTold();
        assertTold(2);
        assertTold(1, Causes.LIQUIDATION, legRecord(fund, 1));
        assertEq(sizeOf(fund, 1), 0);
        assertEq(sizeOf(other, 1), -5);
        checkLaws(3);
    }
}
