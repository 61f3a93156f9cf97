// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VenueParams} from "../src/Types.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {IVenue} from "../src/interfaces/IVenue.sol";
import {IWindowedVault} from "./support/IWindowedVault.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice The clearing house and the real vault together: 1,000 an hour, 5,000 a day, a fifth
/// reserved, 100 of that for each account, large from 500.
contract ClearingHouseVaultTest is VenueTest {
    /// @dev Storage layout of the clearing house; wrong numbers fail where they are used.
    uint256 private constant ACCOUNTS_SLOT = 1;
    uint256 private constant INSOLVENCY_SLOT = 281_479_271_677_966;

    IWindowedVault private _real;

    function setUp() public override {
        super.setUp();
        uint256 nonce = vm.getNonce(address(this));
        address house_ = vm.computeCreateAddress(address(this), nonce + 9);
        bytes memory args = abi.encode(
            token,
            house_,
            address(this),
            IWindowedVault.Windows(1_000e6, 5_000e6, 10_000, 100_000),
            IWindowedVault.Rules(200_000, 0, 100e6, 500_000, 1 hours, 1 days)
        );
        bytes memory code = bytes.concat(vm.getCode(built("Vault")), args);
        address made;
        assembly {
            made := create(0, add(code, 0x20), mload(code))
        }
        _real = IWindowedVault(made);
        house = deployHouse(made);
        assertEq(address(house), house_);
        token.approve(made, type(uint256).max);
        house.deposit(address(token), 0, 50e6);
        alice = open("alice", 10_000e6);
        bob = open("bob", 10_000e6);
    }

    /// @dev One guardian: the test itself.
    function isGuardian(address who) external view returns (bool) {
        return who == address(this);
    }

    function guardiansCount() external pure returns (uint256) {
        return 1;
    }

    function test_withdraw_queuesAndReclaims() public {
        (uint256 paid, uint64 id) = _take(alice, 490e6);
        assertEq(paid, 490e6);
        assertEq(id, 0);
        (uint256 most, uint256 atOnce) = house.withdrawable(bob);
        assertEq(most, 10_000e6);
        assertEq(atOnce, 0);
        (paid, id) = _take(bob, 450e6);
        assertEq(paid, 310e6);
        _whole();
        vm.expectRevert(
            abi.encodeWithSelector(I.NotOwner.selector, address(this), owner_(bob))
        );
        house.reclaim(id);
        vm.expectEmit(address(house));
        emit I.Deposited(bob, address(_real), 140e6, int128(int256(9_690e6) << 32));
        vm.prank(owner_(bob));
        house.reclaim(id);
        assertEq(house.principal(bob), 9_690e6);
        _whole();
        vm.prank(owner_(bob));
        vm.expectRevert();
        house.reclaim(id);
    }

    function test_reclaim_byAnyoneAfterAVeto() public {
        (uint256 paid, uint64 id) = _take(alice, 600e6);
        assertEq(paid, 0);
        _real.veto(id);
        vm.prank(owner_(alice));
        vm.expectRevert();
        house.reclaim(id);
        vm.warp(block.timestamp + 1 days);
        assertEq(_real.release(9), 0);
        vm.prank(address(0xA11));
        house.reclaim(id);
        assertEq(cashOf(alice), int256(10_000e6) << 32);
        _whole();
        // The second time within 30 days it is paid.
        (, id) = _take(alice, 600e6);
        vm.expectRevert();
        _real.veto(id);
        vm.warp(block.timestamp + 1 hours);
        assertEq(_real.release(9), 600e6);
        _whole();
    }

    /// @dev Forty times levered, the price runs away: what the fund cannot pay gates withdrawals
    /// for three days at most, or until somebody covers it.
    function test_insolvency_gatesUntilCovered() public {
        uint32 poor = _bankrupt();
        uint256 owed = house.insolvency();
        assertGt(owed, 0);
        (, int128 cash,,) = house.account(poor);
        assertEq(int256(owed), (-int256(cash) + int256(2 ** 32 - 1)) >> 32);
        assertEq(house.uncovered(), owed);
        (uint256 most, uint256 atOnce) = house.withdrawable(alice);
        assertGt(most, 0);
        assertEq(atOnce, 0);
        (uint256 paid, uint64 id) = _take(alice, 10e6);
        assertEq(paid, 0);
        assertGt(id, 0);
        assertEq(_real.release(9), 0);
        vm.expectRevert();
        house.cover(poor);
        // Money in the fund opens the gate even before it is used.
        house.deposit(address(token), 0, owed - 1e6);
        assertEq(house.uncovered(), 1e6);
        assertEq(_real.release(9), 0);
        house.deposit(address(token), 0, 1e6);
        assertEq(house.uncovered(), 0);
        house.cover(poor);
        assertEq(house.insolvency(), 0);
        assertEq(cashOf(poor), 0);
        assertEq(_real.release(9), 10e6);
        _whole();
    }

    function test_insolvency_clearedByADepositToTheDebtor() public {
        uint32 poor = _bankrupt();
        uint256 owed = house.insolvency();
        house.deposit(address(token), poor, 1e6);
        assertEq(house.insolvency(), owed - 1e6);
        house.deposit(address(token), poor, owed);
        assertEq(house.insolvency(), 0);
        assertEq(house.principal(poor), int256(cashOf(poor) >> 32));
        _whole();
    }

    function test_insolvency_gateEndsByItself() public {
        _bankrupt();
        _take(alice, 10e6);
        vm.warp(block.timestamp + 3 days);
        assertEq(_real.release(9), 10e6);
    }

    function test_cover_revertsIf_nothingToCover() public {
        bytes4 selector = I.NothingToCover.selector;
        vm.expectRevert(
            abi.encodeWithSelector(selector, int256(10_000e6) << 32, int256(50e6) << 32)
        );
        house.cover(alice);
        vm.expectRevert(abi.encodeWithSelector(selector, int256(50e6) << 32, int256(50e6) << 32));
        house.cover(0);
    }

    /// @dev A debt that nobody is left to pay, as the waterfall leaves it: the fund is empty, who
    /// won has the money. Written into storage, because only a chain of bankruptcies leads there.
    function _bankrupt() private returns (uint32 poor) {
        poor = open("poor", 0);
        _setCash(poor, -430e6);
        _setCash(0, 0);
        _setCash(bob, int256(cashOf(bob) >> 32) + 480e6);
        vm.store(address(house), bytes32(INSOLVENCY_SLOT), bytes32(uint256(430e6)));
        assertEq(house.insolvency(), 430e6);
    }

    function _setCash(uint32 id, int256 quote) private {
        uint256 word = uint256(uint128(uint256(quote << 32))) << 64;
        vm.store(address(house), bytes32(ACCOUNTS_SLOT + id), bytes32(word));
        assertEq(cashOf(id), quote << 32);
    }

    function _take(uint32 id, uint256 amount) private returns (uint256, uint64) {
        vm.prank(owner_(id));
        return house.withdraw(id, amount, address(9), "");
    }

    /// @dev Laws L01 and L02: cash is what the vault owes, and it holds that and what is queued.
    function _whole() private view {
        int256 cash;
        uint32 count = house.accountsCount();
        for (uint32 id; id < count; ++id) cash += cashOf(id);
        assertEq(cash, int256(_real.liabilities()) << 32);
        assertEq(token.balanceOf(address(_real)), _real.liabilities() + _real.queued());
    }
}
