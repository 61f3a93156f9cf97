// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Backstop} from "../src/Backstop.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Causes} from "../src/libraries/Causes.sol";
import {MarketParams, Withdrawal} from "../src/Types.sol";
import {Records} from "./support/Records.sol";

/// @notice Every operation that is no batch tells of exactly the accounts that it touched, each
/// once for each part of it, as they are afterwards: a watcher rebuilds the books from that alone.
contract ClearingHouseRecordsTest is Records {
    bytes32 private constant WITHDRAWAL_TYPEHASH = keccak256(
        "Withdrawal(uint32 account,uint256 amount,address to,uint64 nonce,uint40 expiry,"
        "uint256 fee)"
    );
    Backstop private stop;
    uint32 private pool;
    uint32 private poor;

    /// Poor is long ten lots with 50.55 behind them, alice short.
    function setUp() public override {
        super.setUp();
        bytes memory args = abi.encode(house, vault, around, around, 1 days);
        stop = Backstop(deploy("Backstop", args));
        stop.openPool(0);
        pool = stop.accountFor(0, false);
        token.approve(address(stop), type(uint256).max);
        poor = open("poor", 51 * UNIT);
        trade(poor, alice, 10, PRICE);
    }

    function backstopAt() internal view override returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
    }

    function _lend(uint256 amount, uint24 lots) private {
        stop.deposit(0, amount);
        MarketParams memory p = defaults();
        p.backstopLotsMax = lots;
        around.setMarket(0, p);
    }

    function _two(uint32 a, uint32 b) private pure returns (uint32[] memory list) {
        list = new uint32[](2);
        (list[0], list[1]) = (a, b);
    }

    function test_liquidate_tells() public {
        around.setPrice(0, PRICE - 25_000);
        vm.recordLogs();
        vm.prank(owner_(bob));
        house.liquidate(poor, 0, 0, bob, "");
        readTold();
        assertTold(1);
        bytes memory legs = bytes.concat(legRecord(poor, 0), legRecord(bob, 0));
        assertTold(0, Causes.LIQUIDATION, bytes.concat(legs, cashRecord(FUNDS)));
    }

    /// @dev The backstop takes four, two accounts six, and the funds pay nothing.
    function test_resolve_tellsOfBackstopAndCounterparties() public {
        trade(dave, bob, 10, PRICE);
        _lend(1_000 * UNIT, 4);
        around.setPrice(0, PRICE - 32_000);
        vm.recordLogs();
        house.resolve(poor, 0, _two(alice, bob), "");
        readTold();
        assertEq(sizeOf(pool, 0), 4);
        assertTold(3);
        bytes memory hit = bytes.concat(legRecord(alice, 0), legRecord(bob, 0));
        assertTold(0, Causes.DELEVERAGING, hit);
        assertTold(1, Causes.BACKSTOP, legRecord(pool, 0));
        bytes memory rest = bytes.concat(legRecord(poor, 0), legRecord(FUNDS, 0));
        assertTold(2, Causes.LIQUIDATION, rest);
    }

    /// @dev Both funds pay; of the other side only who gave up lots is told of.
    function test_resolve_tellsOfBothFunds() public {
        house.deposit(address(token), FUNDS, 2 * UNIT);
        house.deposit(address(token), 0, 50 * UNIT);
        around.setPrice(0, PRICE - 60_000);
        vm.recordLogs();
        house.resolve(poor, 0, _two(alice, bob), "");
        readTold();
        assertTold(2);
        assertTold(0, Causes.DELEVERAGING, legRecord(alice, 0));
        bytes memory rest = bytes.concat(legRecord(poor, 0), legRecord(FUNDS, 0));
        assertTold(1, Causes.LIQUIDATION, bytes.concat(rest, cashRecord(0)));
    }

    function test_unwind_tells() public {
        _lend(1_000 * UNIT, 10);
        around.setPrice(0, PRICE - 32_000);
        house.resolve(poor, 0, new uint32[](0), "");
        assertEq(sizeOf(pool, 0), 10);
        vm.recordLogs();
        vm.prank(owner_(bob));
        house.unwind(pool, 0, 3, bob, "");
        readTold();
        assertTold(1);
        assertTold(0, Causes.BACKSTOP, bytes.concat(legRecord(pool, 0), legRecord(bob, 0)));
        assertEq(sizeOf(bob, 0), 3);
    }

    function test_forcedClose_tells() public {
        uint64 number = requestClose(poor, 0, true, 10, 1);
        pass(FORCED_DEADLINE + 1);
        vm.recordLogs();
        executeBy(bob, number, 4);
        readTold();
        assertTold(1);
        assertTold(0, Causes.FORCED, bytes.concat(legRecord(poor, 0), legRecord(bob, 0)));
        assertEq(sizeOf(bob, 0), 4);
    }

    /// @dev A debt without positions, and what the fund has of it.
    function test_cover_tells() public {
        MarketParams memory p = defaults();
        p.coverSharePpm = 0;
        around.setMarket(0, p);
        house.deposit(address(token), poor, 10 * UNIT);
        tradeIn(1, carol, poor, 1, PRICE);
        around.setPrice(0, PRICE / 20);
        house.resolve(poor, 0, _two(alice, bob), "");
        house.resolve(poor, 1, _two(carol, dave), "");
        assertLt(cashOf(poor), 0);
        house.deposit(address(token), 0, 5 * UNIT);
        uint256 before = house.insolvency();
        vm.recordLogs();
        house.cover(poor);
        readTold();
        assertTold(1);
        assertTold(0, Causes.TRANSFER, bytes.concat(cashRecord(poor), cashRecord(0)));
        assertEq(house.insolvency(), before - 5 * UNIT);
    }

    function test_transfer_tells() public {
        uint32 second = house.openAccount(owner_(alice));
        vm.recordLogs();
        vm.prank(owner_(alice));
        house.transfer(alice, second, 7 * UNIT, "");
        readTold();
        assertTold(1);
        assertTold(0, Causes.TRANSFER, bytes.concat(cashRecord(alice), cashRecord(second)));
    }

    /// @dev The relayer's fee is told of where there is one.
    function test_withdrawSigned_tells() public {
        vm.recordLogs();
        _withdrawSigned(1, 0);
        readTold();
        assertTold(0);
        vm.recordLogs();
        (int256 before, int256 cash) = (cashOf(bob), cashOf(alice));
        _withdrawSigned(2, UNIT);
        readTold();
        assertTold(1);
        // The fee was taken first: what is told is the state between.
        assertEq(cashOf(bob), before + int256(UNIT << 32));
        bytes memory between = abi.encodePacked(alice, uint8(0), int128(cash - int256(UNIT << 32)));
        assertTold(0, Causes.TRANSFER, bytes.concat(between, cashRecord(bob)));
        assertEq(cashOf(alice), cash - int256(101 * UNIT << 32));
    }

    function _withdrawSigned(uint64 nonce, uint256 fee) private {
        Withdrawal memory w =
            Withdrawal(alice, 100 * UNIT, address(9), nonce, uint40(block.timestamp + 1), fee);
        bytes32 typed = keccak256(
            abi.encode(WITHDRAWAL_TYPEHASH, alice, w.amount, w.to, w.nonce, w.expiry, w.fee)
        );
        bytes32 domain = domainSeparator(block.chainid, address(house));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(keys[alice], keccak256(abi.encodePacked(hex"1901", domain, typed)));
        house.withdrawSigned(w, abi.encodePacked(r, s, v), bob, "");
    }
}
