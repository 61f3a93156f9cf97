// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Causes} from "../src/libraries/Causes.sol";
import {MarketParams} from "../src/Types.sol";
import {Records} from "./support/Records.sol";

/// @notice The exit of the smallest claims, at home or not, and of what stands in the funds.
contract ClearingHouseExitEdgesTest is Records {
    /// @dev One lot is valued, at home and beside it.
    function test_exit_ofOneLot() public {
        uint32 one = open("one", 200 * UNIT);
        trade(one, bob, 1, PRICE);
        uint32 two = open("two", 200 * UNIT);
        tradeIn(1, two, bob, 1, PRICE);
        tradeIn(0, two, bob, 1, PRICE);
        around.setPrice(0, PRICE + 40_000);
        freezeAndReckon();
        uint32[2] memory ids = [one, two];
        for (uint256 i; i < 2; ++i) {
            (int256 equity,,) = house.health(ids[i]);
            (int256 claim, uint256 due) = house.claimOf(ids[i]);
            assertEq(claim >> 32, equity);
            assertEq(due, uint256(equity));
            assertEq(exitOf(ids[i]), due);
        }
    }

    /// @dev An account without positions is told of without any, one with a single one with it.
    function test_exit_tellsOfWhatThereWas() public {
        trade(bob, carol, 3, PRICE);
        tradeIn(1, dave, carol, 1, PRICE);
        trade(dave, carol, 1, PRICE);
        // Dave's home is empty now, and its other position stays where it is.
        tradeIn(1, carol, dave, 1, PRICE);
        freezeAndReckon();
        _exits(alice, abi.encodePacked(alice, uint8(0), int128(0)));
        _exits(bob, abi.encodePacked(bob, uint8(1), int128(0), uint8(0), int56(0)));
        _exits(dave, abi.encodePacked(dave, uint8(1), int128(0), uint8(0), int56(0)));
    }

    /// @dev The first market's position is told of and gone like any other beside the home.
    function test_exit_closesTheFirstMarketAwayFromHome() public {
        tradeIn(1, bob, carol, 1, PRICE);
        trade(bob, carol, 2, PRICE);
        freezeAndReckon();
        bytes memory flat = abi.encodePacked(uint8(1), int56(0), uint8(0), int56(0));
        _exits(bob, abi.encodePacked(bob, uint8(2), int128(0), flat));
        assertEq(sizeOf(bob, 0), 0);
    }

    function _exits(uint32 id, bytes memory record) private {
        vm.recordLogs();
        exitOf(id);
        readTold();
        assertTold(1);
        assertTold(0, Causes.EXIT, record);
    }

    /// @dev The funds of all markets stand for what a bankrupt account lacks, the last as well.
    function test_reckon_countsEveryFund() public {
        uint32 poor = open("poor", 51 * UNIT);
        trade(poor, alice, 10, PRICE);
        around.setPrice(0, PRICE - 100_000);
        (int256 lack,,) = house.health(poor);
        assertLt(lack, int256(0));
        uint8[3] memory funds = [0, 3, 255];
        for (uint256 i; i < 3; ++i) {
            uint256 snapshot = vm.snapshotState();
            house.deposit(address(token), FUNDS + funds[i], uint256(-lack));
            freezeAndReckon();
            (,, uint256 claims, uint256 pool,) = house.reckoning();
            assertGe(pool, claims >> 32);
            (int256 equity,,) = house.health(bob);
            (, uint256 due) = house.claimOf(bob);
            assertEq(due, uint256(equity), "whole");
            vm.revertToState(snapshot);
        }
        freezeAndReckon();
        (int256 whole,,) = house.health(bob);
        (, uint256 cut) = house.claimOf(bob);
        assertLt(cut, uint256(whole));
    }

    /// @dev All of many positions are told of, each as it is now.
    function test_exit_tellsOfMany() public {
        bytes memory record = abi.encodePacked(bob, uint8(12), int128(0));
        for (uint8 m; m < 12; ++m) {
            around.setMarket(m, defaults());
            around.setPrice(m, PRICE);
            tradeIn(m, bob, carol, 1, PRICE);
            record = abi.encodePacked(record, m, int56(0));
        }
        freezeAndReckon();
        _exits(bob, record);
    }

    /// @dev Frozen for the silence of prices in the last second of a request's grace: not for it.
    function test_freeze_forSilenceNamesNoRequest() public {
        house.push(reportOf(PRICE));
        uint256 silent = vm.getBlockTimestamp() + 7 days + 1;
        vm.warp(silent - FORCED_DEADLINE - FORCED_GRACE);
        uint64 number = requestCancelAll(alice);
        vm.warp(silent);
        uint256 snapshot = vm.snapshotState();
        vm.expectEmit(address(house));
        emit I.VenueFrozen(uint40(silent), 0, 0);
        house.freeze();
        vm.revertToState(snapshot);
        vm.warp(silent + 1);
        vm.expectEmit(address(house));
        emit I.VenueFrozen(uint40(silent + 1), 0, number);
        house.freeze();
    }
}
