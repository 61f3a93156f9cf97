// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {MarketParams} from "../src/Types.sol";
import {ExitVenueTest} from "./support/ExitVenueTest.sol";

/// @notice A levy charges the smallest position too, at home or not, once, and nobody else.
contract ClearingHouseLevyOneTest is ExitVenueTest {
    uint32 private constant HALF = PRICE / 2;
    uint8 private levied;
    uint32 private poor;
    /// One lot of market 0 at home, one beside a home in market 1, and one of market 1 alone.
    uint32[3] private small;
    uint32[] private list;

    /// As in ClearingHouseLevy.t.sol: thin, who is short against poor, cannot pay for poor's loss.
    function setUp() public override {
        super.setUp();
        _stage(0, 1);
    }

    /// @dev The same in the last of three markets, with the first as the other one.
    function test_levy_inAnotherMarket() public {
        super.setUp();
        delete list;
        _stage(2, 0);
        test_levy_chargesOneLot();
    }

    /// @dev The same where both are among the highest.
    function test_levy_inTheHighest() public {
        super.setUp();
        delete list;
        around.setMarket(200, defaults());
        around.setPrice(200, PRICE);
        around.setPrice(248, PRICE);
        _stage(248, 200);
        int256[3] memory before = [cashOf(small[0]), cashOf(small[1]), cashOf(small[2])];
        house.resolve(poor, levied, list, "");
        int256 perLot = int256(house.levy(levied));
        for (uint256 round; round < 2; ++round) {
            _assertCharged(before, perLot);
            for (uint256 i; i < 3; ++i) {
                house.deposit(address(token), small[i], UNIT);
                before[i] += int256(UNIT << 32);
            }
        }
    }

    /// @param m The market that is levied.
    /// @param other Another one.
    function _stage(uint8 m, uint8 other) private {
        levied = m;
        MarketParams memory p = defaults();
        p.openInterestMax = 1_000_000;
        around.setMarket(m, p);
        poor = open("poor", 51 * UNIT);
        uint32 thin = open("thin", 600 * UNIT);
        for (uint256 i; i < 3; ++i) small[i] = open(vm.toString(i), 500 * UNIT);
        tradeIn(m, poor, alice, 10, PRICE);
        around.setPrice(m, HALF);
        tradeIn(m, alice, thin, 10, HALF);
        tradeIn(m, bob, thin, 90, HALF);
        tradeIn(m, small[0], carol, 1, HALF);
        tradeIn(other, small[1], carol, 1, PRICE);
        tradeIn(m, carol, small[1], 1, HALF);
        tradeIn(other, small[2], carol, 1, PRICE);
        list.push(thin);
    }

    function test_levy_chargesOneLot() public {
        int256[3] memory before = [cashOf(small[0]), cashOf(small[1]), cashOf(small[2])];
        house.resolve(poor, levied, list, "");
        int256 perLot = int256(house.levy(levied));
        assertGt(perLot, 0);
        _assertCharged(before, perLot);
        // Stored, by whatever touches the account, once.
        for (uint256 round = 1; round < 3; ++round) {
            for (uint256 i; i < 3; ++i) {
                house.deposit(address(token), small[i], UNIT);
                before[i] += int256(UNIT << 32);
            }
            _assertCharged(before, perLot);
        }
        checkLaws(3);
    }

    /// @dev What a deposit tells is the cash with the charge taken off, of one lot as well.
    function test_levy_isToldOfByADeposit() public {
        house.resolve(poor, levied, list, "");
        for (uint256 i; i < 3; ++i) {
            int256 cash = cashOf(small[i]) + int256(UNIT << 32);
            vm.expectEmit(address(house));
            emit I.Deposited(small[i], address(this), UNIT, int128(cash));
            house.deposit(address(token), small[i], UNIT);
        }
    }

    /// @dev Who opens a lot afterwards owes nothing of it, and who closes one has paid.
    function test_levy_isOfItsTimeAlone() public {
        house.resolve(poor, levied, list, "");
        uint32 late = small[2];
        int256 before = cashOf(late);
        tradeIn(levied, late, small[0], 1, HALF);
        assertEq(sizeOf(late, levied), 1);
        assertEq(sizeOf(small[0], levied), 0);
        int256 paid = int256(uint256(HALF) * 100 + (uint256(HALF) * 100 * 450 + 999_999) / 1e6);
        assertEq(cashOf(late), before - (paid << 32));
        before = cashOf(small[0]);
        house.deposit(address(token), small[0], UNIT);
        assertEq(cashOf(small[0]), before + int256(UNIT << 32));
        checkLaws(3);
    }

    function _assertCharged(int256[3] memory before, int256 perLot) private view {
        assertEq(cashOf(small[0]), before[0] - perLot);
        assertEq(cashOf(small[1]), before[1] - perLot);
        assertEq(cashOf(small[2]), before[2]);
    }
}
