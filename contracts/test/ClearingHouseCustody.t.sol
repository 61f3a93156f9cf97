// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVenue} from "../src/interfaces/IVenue.sol";
import {Report} from "../src/Types.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {TestToken} from "../src/mocks/TestToken.sol";
import {OpenVault} from "./support/Doubles.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice Keeps a hundredth of each transfer.
contract Taxed is TestToken {
    constructor() TestToken("Taxed", "X", 6) {}

    function _update(address from, address to, uint256 value) internal override {
        bool moved = from != address(0) && to != address(0);
        super._update(from, to, moved ? value - value / 100 : value);
    }
}

/// @notice Calls back into the clearing house while it is transferred.
contract Hostile is TestToken {
    address public target;
    bytes public data;
    bool public entered;
    bytes public result;

    constructor() TestToken("Hostile", "H", 6) {}

    function arm(address target_, bytes calldata data_) external {
        (target, data, entered) = (target_, data_, false);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (target == address(0) || from == address(0)) return;
        (entered, result) = target.call(data);
    }
}

contract ClearingHouseCustodyTest is VenueTest {
    bytes4 private constant REENTRANT = bytes4(keccak256("ReentrancyGuardReentrantCall()"));

    function test_openAccount_numbersAndOwns() public {
        uint32 id = house.openAccount(address(7));
        (address owner,,,) = house.account(id);
        assertEq(owner, address(7));
        assertEq(uint256(id) + 1, uint256(house.accountsCount()));
        vm.expectRevert(abi.encodeWithSelector(I.OwnerZero.selector, address(0), address(this)));
        house.openAccount(address(0));
    }

    function test_deposit_creditsQuote() public {
        house.deposit(address(token), alice, 5);
        assertEq(cashOf(alice), int256(10_000 * UNIT + 5) << 32);
        house.deposit(address(token), 0, 7);
        assertEq(cashOf(0), int256(7) << 32);
        checkLaws(3);
    }

    function test_deposit_revertsIf_wrong() public {
        vm.expectRevert(
            abi.encodeWithSelector(I.TokenUnlisted.selector, address(1), address(token))
        );
        house.deposit(address(1), alice, 5);
        vm.expectRevert(
            abi.encodeWithSelector(I.AccountUnknown.selector, 77, house.accountsCount())
        );
        house.deposit(address(token), 77, 5);
        vm.expectRevert(abi.encodeWithSelector(I.AmountNotWhole.selector, 0, 1));
        house.deposit(address(token), alice, 0);
    }

    function test_deposit_revertsIf_DepositShort() public {
        TestToken taxed = new Taxed();
        (IVenue other,) = _venueOf(taxed, 1);
        uint32 id = other.openAccount(address(this));
        vm.expectRevert(abi.encodeWithSelector(I.DepositShort.selector, 99, 100));
        other.deposit(address(taxed), id, 100);
    }

    function test_deposit_eighteenDecimals() public {
        TestToken wide = new TestToken("Wide", "W", 18);
        (IVenue other, OpenVault theirs) = _venueOf(wide, 1e12);
        uint32 id = other.openAccount(address(this));
        vm.expectRevert(abi.encodeWithSelector(I.AmountNotWhole.selector, 1e12 + 1, 1e12));
        other.deposit(address(wide), id, 1e12 + 1);
        other.deposit(address(wide), id, 3e12);
        (, int128 cash,,) = other.account(id);
        assertEq(cash, int256(3) << 32);
        vm.expectRevert(abi.encodeWithSelector(I.AmountNotWhole.selector, 5e11, 1e12));
        other.withdraw(id, 5e11, address(this), "");
        other.withdraw(id, 3e12, address(8), "");
        assertEq(wide.balanceOf(address(8)), 3e12);
        assertEq(theirs.liabilities(), 0);
    }

    function test_withdraw_paysOwner() public {
        vm.prank(owner_(alice));
        house.withdraw(alice, 10_000 * UNIT, address(9), "");
        assertEq(token.balanceOf(address(9)), 10_000 * UNIT);
        assertEq(cashOf(alice), 0);
        checkLaws(3);
    }

    function test_withdraw_revertsIf_notOwner() public {
        (address key,) = makeActor("session");
        address owner = owner_(alice);
        vm.prank(owner);
        house.setSession(alice, key, type(uint40).max, everything());
        vm.prank(key);
        vm.expectRevert(abi.encodeWithSelector(I.NotOwner.selector, key, owner));
        house.withdraw(alice, 1, key, "");
    }

    function test_withdraw_revertsIf_MarginShort() public {
        vm.prank(owner_(alice));
        vm.expectRevert(abi.encodeWithSelector(I.MarginShort.selector, alice, -1, 0));
        house.withdraw(alice, 10_000 * UNIT + 1, address(9), "");
        trade(alice, bob, 10, PRICE);
        uint256 free = 10_000 * UNIT - 450_000 - 50 * UNIT;
        vm.prank(owner_(alice));
        vm.expectRevert(
            abi.encodeWithSelector(
                I.MarginShort.selector, alice, int256(50 * UNIT - 1), 50 * UNIT
            )
        );
        house.withdraw(alice, free + 1, address(9), "");
        vm.prank(owner_(alice));
        house.withdraw(alice, free, address(9), "");
        checkLaws(3);
    }

    function test_withdraw_revertsIf_PriceStale() public {
        trade(alice, bob, 10, PRICE);
        vm.warp(block.timestamp + 61);
        vm.prank(owner_(alice));
        vm.expectRevert(abi.encodeWithSelector(I.PriceStale.selector, 61, 60));
        house.withdraw(alice, 1, address(9), "");
        // With a report of its own it can leave, and without positions it needs none.
        vm.prank(owner_(alice));
        house.withdraw(alice, 1, address(9), _report(PRICE, 0));
        vm.warp(block.timestamp + 61);
        vm.prank(owner_(carol));
        house.withdraw(carol, 1, address(9), "");
    }

    function test_withdraw_openWhileHalted() public {
        around.setLevel(1, 3);
        around.setLevel(0, 3);
        house.deposit(address(token), alice, 5);
        vm.prank(owner_(alice));
        house.withdraw(alice, 5, address(9), "");
    }

    function test_push_onlyAfterQuiet() public {
        house.push(_report(PRICE, 1_000));
        bytes memory next = _report(PRICE, 1_000);
        vm.warp(block.timestamp + 30);
        vm.prank(address(9));
        vm.expectRevert(abi.encodeWithSelector(I.TooSoon.selector, 30, 30));
        house.push(next);
        vm.warp(block.timestamp + 1);
        vm.prank(address(9));
        house.push(_report(PRICE, 1_000));
        // 31 s at 1,000 ppm a day: P * tickValue * 2^32 * 31 / (1000 * 86400).
        (int96 index,,) = house.market(0);
        assertEq(index, (int256(1_000 * 31 * 1e8) << 32) / 86_400_000_000);
    }

    function test_push_clampsFunding() public {
        house.push(_report(PRICE, 0));
        vm.warp(block.timestamp + 4_000);
        house.push(_report(PRICE, -500_000));
        (int96 index,,) = house.market(0);
        assertEq(index, (int256(-120_000 * 4_000 * 1e8) * 2 ** 32) / 86_400_000_000);
    }

    function test_funding_movesCashFromLongsToShorts() public {
        house.push(_report(PRICE, 0));
        trade(alice, bob, 10, PRICE);
        (int256 long,,) = house.health(alice);
        (int256 short,,) = house.health(bob);
        vm.warp(block.timestamp + 40);
        house.push(_report(PRICE, 86_400));
        (int256 longAfter,,) = house.health(alice);
        (int256 shortAfter,,) = house.health(bob);
        // 1,000 quote at 8.64 % a day for 40 s is 0.04 quote.
        assertEq(long - longAfter, 40_000);
        assertEq(shortAfter - short, 40_000);
        checkLaws(3);
    }

    function test_roster_revertsIf_NotOwner() public {
        address owner = owner_(alice);
        bytes memory reason = abi.encodeWithSelector(I.NotOwner.selector, address(this), owner);
        vm.expectRevert(reason);
        house.setSession(alice, address(1), 1, everything());
        vm.expectRevert(reason);
        house.cancelLane(alice, 1, 1);
        vm.expectRevert(reason);
        house.cancelAll(alice);
    }

    function test_roster_sessionCancels() public {
        (address key,) = makeActor("session");
        vm.prank(owner_(alice));
        house.setSession(alice, key, uint40(block.timestamp + 1), everything());
        vm.startPrank(key);
        house.cancelLane(alice, 3, 9);
        house.cancelAll(alice);
        vm.expectRevert(abi.encodeWithSelector(I.SeqStale.selector, 0, 8, 9));
        house.cancelLane(alice, 3, 8);
        vm.stopPrank();
        (uint32 seq, uint40 filled) = house.lane(alice, 3);
        assertEq(uint256(seq), 9);
        assertEq(uint256(filled), type(uint40).max);
        (,, uint32 epoch,) = house.account(alice);
        assertEq(uint256(epoch), 1);
    }

    function test_reentrancy_everyEntranceIsLocked() public {
        Hostile hostile = new Hostile();
        (IVenue other,) = _venueOf(hostile, 1);
        uint32 id = other.openAccount(address(this));
        other.deposit(address(hostile), id, 1_000);
        bytes[] memory calls = new bytes[](7);
        calls[0] = abi.encodeCall(house.openAccount, (address(1)));
        calls[1] = abi.encodeCall(house.deposit, (address(hostile), id, 1));
        calls[2] = abi.encodeCall(house.withdraw, (id, 1, address(1), ""));
        calls[3] = abi.encodeCall(house.push, (""));
        calls[4] = abi.encodeCall(house.liquidate, (id, 0, 0, id, ""));
        calls[5] = abi.encodeCall(house.health, (id));
        calls[6] = abi.encodeCall(house.account, (id));
        for (uint256 i; i < calls.length; ++i) {
            hostile.arm(address(other), calls[i]);
            other.withdraw(id, 1, address(5), "");
            assertFalse(hostile.entered());
            assertEq(hostile.result(), abi.encodePacked(REENTRANT));
        }
    }

    function _venueOf(TestToken other, uint256 scale)
        private
        returns (IVenue theirs, OpenVault holds)
    {
        holds = new OpenVault(other, scale);
        theirs = deployHouse(address(holds));
        other.mint(address(this), 1e24);
        other.approve(address(holds), type(uint256).max);
    }

    function _report(uint32 price, int32 rate) private view returns (bytes memory) {
        Report memory r;
        r.time = uint40(block.timestamp);
        (r.markets, r.prices, r.rates) = (new uint8[](1), new uint32[](1), new int32[](1));
        (r.prices[0], r.rates[0]) = (price, rate);
        return abi.encode(r);
    }
}
