// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VenueParams} from "../src/Types.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Causes} from "../src/libraries/Causes.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice What may leave an account with positions, and the ways in which it leaves.
contract ClearingHouseWithdrawTest is VenueTest {
    // ------------------------------------------------------------------ profit

    /// @dev 100 lots at 1,000,000 ticks are 10,000 tokens; margin 500. The fee is 4.5.
    function test_withdraw_cutsUnrealisedProfit() public {
        _haircut(400_000);
        trade(alice, bob, 100, PRICE);
        _move(1_100_000, 1_100_000);
        // Equity 9,995.5 + 1,000; principal 10,000; profit 995.5, of which 398.2 do not count.
        uint256 free = 10_995.5e6 - 398.2e6 - 550e6;
        (uint256 most, uint256 atOnce) = house.withdrawable(alice);
        assertEq(most, free);
        assertEq(atOnce, free);
        _refuses(alice, free + 1);
        // In pieces or at once: what is taken stays profit.
        _takes(alice, free - 10e6);
        _refuses(alice, 10e6 + 1);
        _takes(alice, 10e6);
        assertEq(house.principal(alice), -47.3e6);
        checkLaws(3);
    }

    function test_withdraw_valuesAtTheAgedPrice() public {
        trade(alice, bob, 100, PRICE);
        _move(1_100_000, 1_000_000);
        // The long is worth what the aged price says, its margin what the index says.
        (uint256 most,) = house.withdrawable(alice);
        assertEq(most, 9_995.5e6 - 550e6);
        // A price that fell: the index counts.
        _move(950_000, 1_000_000);
        (most,) = house.withdrawable(alice);
        assertEq(most, 9_995.5e6 - 500e6 - 475e6);
        // The short gains by the fall, and gets it only as far as the aged price has come down
        // (which is rounded down, hence one tick more).
        (most,) = house.withdrawable(bob);
        assertEq(most, 9_998.5e6 - 475e6 - 10_000);
    }

    function test_withdraw_agedCountsEveryPosition() public {
        trade(alice, bob, 100, PRICE);
        Order memory buy = order(alice, true, 50);
        Order memory sell = order(bob, false, 50);
        (buy.market, sell.market, buy.lane, sell.lane) = (1, 1, 2, 2);
        (buy.seq, sell.seq) = (1, 1);
        add(buy);
        add(sell);
        fill(1, 0, 50, PRICE);
        settle();
        (uint256 before,) = house.withdrawable(alice);
        around.setAged(1, 900_000);
        (uint256 most,) = house.withdrawable(alice);
        assertEq(before - most, 500e6);
        around.setAged(0, 999_999);
        (most,) = house.withdrawable(alice);
        assertEq(before - most, 500e6 + 10_000);
    }

    /// @dev Without positions everything is realised, whatever was won.
    function test_withdraw_realisedProfitIsNotCut() public {
        _haircut(1_000_000);
        trade(alice, bob, 100, PRICE);
        _move(1_040_000, 1_040_000);
        (uint256 most,) = house.withdrawable(alice);
        assertEq(most, 10_000e6 - 520e6);
        trade(bob, alice, 100, 1_040_000);
        int256 cash = cashOf(alice) >> 32;
        assertGt(cash, int256(10_380e6));
        (most,) = house.withdrawable(alice);
        assertEq(most, uint256(cash));
        _takes(alice, 100e6);
        assertEq(house.principal(alice), cash - 100e6);
        _takes(alice, uint256(cash) - 100e6);
        assertEq(house.principal(alice), int256(0));
    }

    function test_principal_followsMoney() public {
        assertEq(house.principal(alice), int256(10_000e6));
        trade(alice, bob, 100, PRICE);
        house.deposit(address(token), alice, 50e6);
        assertEq(house.principal(alice), int256(10_050e6));
        _takes(alice, 20e6);
        assertEq(house.principal(alice), int256(10_030e6));
    }

    /// @dev The most that may leave does, and one more does not, for any state.
    function testFuzz_withdrawable_isExact(uint256 seed) public {
        _haircut(uint24(seed % 1_000_001));
        uint40 lots = uint40(1 + (seed >> 32) % 1_500);
        trade(alice, bob, lots, PRICE);
        uint32 index = uint32(900_000 + (seed >> 64) % 200_000);
        _move(index, uint32(900_000 + (seed >> 96) % 200_000));
        uint32 id = seed & 1 == 0 ? alice : bob;
        (uint256 most,) = house.withdrawable(id);
        _takesMost(id, most / 3);
        (uint256 rest,) = house.withdrawable(id);
        assertEq(rest, most - most / 3);
        _takesMost(id, rest);
        (most,) = house.withdrawable(id);
        assertEq(most, 0);
        _refuses(id, 1);
        checkLaws(3);
    }

    /// @dev Mango, 2022: two own accounts cross a position, the index is ramped inside its band
    /// for some minutes, the winner's unrealised gain is withdrawn and the loser abandoned.
    function test_attack_twoAccountsRampTheIndex() public {
        uint256 put = 20_000e6;
        // Ablation: no haircut, and the index believed at once.
        _haircut(0);
        uint256 snapshot = vm.snapshotState();
        uint256 stolen = _ramp(true);
        assertGt(stolen, put + 2_500e6, "the attack does not bite");
        vm.revertToState(snapshot);
        // The haircut alone takes its part of the gain.
        _haircut(500_000);
        uint256 cut = _ramp(true);
        assertLt(cut, stolen - 2_000e6);
        vm.revertToState(snapshot);
        // The aged price alone: in 20 minutes it has come a twelfth of the way.
        _haircut(0);
        uint256 aged = _ramp(false);
        assertLt(aged, put);
        vm.revertToState(snapshot);
        // Both, as deployed: whoever tries leaves more behind than it takes.
        _haircut(500_000);
        uint256 both = _ramp(false);
        assertLe(both, aged);
        assertLt(both, put - 1_000e6);
    }

    // ------------------------------------------------------------------ between own accounts

    function test_transfer_movesAndIsJudged() public {
        uint32 second = _second();
        trade(alice, bob, 100, PRICE);
        (uint256 most,) = house.withdrawable(alice);
        vm.startPrank(owner_(alice));
        vm.expectRevert(
            abi.encodeWithSelector(I.MarginShort.selector, alice, int256(500e6 - 1), 500e6)
        );
        house.transfer(alice, second, most + 1, "");
        vm.expectEmit(address(house));
        emit I.Transferred(alice, second, most);
        vm.expectEmit(address(house));
        emit I.Touched(
            Causes.TRANSFER,
            abi.encodePacked(
                alice,
                uint8(0),
                int128(cashOf(alice) - int256(most << 32)),
                second,
                uint8(0),
                int128(int256(most << 32))
            )
        );
        house.transfer(alice, second, most, "");
        vm.stopPrank();
        assertEq(house.principal(second), int256(most));
        assertEq(vault.liabilities(), 40_000e6);
        checkLaws(3);
    }

    function test_transfer_revertsIf_notOwn() public {
        uint32 second = _second();
        address owner = owner_(alice);
        vm.expectRevert(abi.encodeWithSelector(I.NotOwner.selector, address(this), owner));
        house.transfer(alice, second, 1, "");
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(I.OwnersDiffer.selector, owner_(bob), owner));
        house.transfer(alice, bob, 1, "");
        vm.expectRevert(abi.encodeWithSelector(I.SameAccount.selector, alice, alice));
        house.transfer(alice, alice, 1, "");
        vm.expectRevert(
            abi.encodeWithSelector(I.AccountUnknown.selector, 0, house.accountsCount())
        );
        house.transfer(alice, 0, 1, "");
        vm.expectRevert(abi.encodeWithSelector(I.AmountNotWhole.selector, 0, 1));
        house.transfer(alice, second, 0, "");
        vm.stopPrank();
    }

    /// @dev Moving a gain to a second account is no way around the haircut.
    function test_attack_transferDoesNotLaunderProfit() public {
        _haircut(1_000_000);
        uint32 second = _second();
        trade(alice, bob, 100, PRICE);
        _move(1_500_000, 1_500_000);
        (uint256 most,) = house.withdrawable(alice);
        vm.startPrank(owner_(alice));
        house.transfer(alice, second, most, "");
        (uint256 left,) = house.withdrawable(alice);
        assertEq(left, 0);
        (uint256 there,) = house.withdrawable(second);
        assertEq(there, most);
        vm.stopPrank();
        assertLe(most, 10_000e6);
    }

    // ------------------------------------------------------------------ helpers

    /// @dev Alice and Bob are one attacker: 1,900 lots crossed, then ten steps of 2 % in 20
    /// minutes; what both accounts together get out.
    function _ramp(bool believed) private returns (uint256 out) {
        trade(alice, bob, 1_900, PRICE);
        uint256 aged = PRICE;
        uint256 price = PRICE;
        for (uint256 i; i < 10; ++i) {
            vm.warp(block.timestamp + 2 minutes);
            price = price * 102 / 100;
            aged += (price - aged) * 2 minutes / (4 hours + 2 minutes);
            _set(uint32(price), believed ? uint32(price) : uint32(aged));
        }
        (out,) = house.withdrawable(alice);
        if (out != 0) _takes(alice, out);
        (uint256 more,) = house.withdrawable(bob);
        if (more != 0) _takes(bob, more);
        out += more;
    }

    function _second() private returns (uint32 id) {
        id = house.openAccount(owner_(alice));
        keys[id] = keys[alice];
    }

    function _haircut(uint24 ppm) private {
        around.setVenue(VenueParams(address(this), 30, 30, ppm));
    }

    function _move(uint32 index, uint32 aged) private {
        vm.warp(block.timestamp + 5);
        _set(index, aged);
    }

    function _set(uint32 index, uint32 aged) private {
        for (uint8 i; i < 3; ++i) around.setPrice(i, around.prices(i));
        around.setPrice(0, index);
        around.setAged(0, aged);
    }

    function _takes(uint32 id, uint256 amount) private {
        vm.prank(owner_(id));
        house.withdraw(id, amount, address(9), "");
    }

    function _takesMost(uint32 id, uint256 amount) private {
        if (amount != 0) _takes(id, amount);
    }

    function _refuses(uint32 id, uint256 amount) private {
        vm.prank(owner_(id));
        vm.expectPartialRevert(I.MarginShort.selector);
        house.withdraw(id, amount, address(9), "");
    }
}
