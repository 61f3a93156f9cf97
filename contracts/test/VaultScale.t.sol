// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vault} from "../src/Vault.sol";
import {VaultQueue} from "../src/VaultQueue.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {PickyToken} from "./mocks/Tokens.sol";
import {VaultTest} from "./support/VaultTest.sol";

/// @notice The vault of a token of 18 decimals: every amount that it takes, tells and pays is in
/// the token's units, though it counts in millionths. Windows and rules are those of
/// `VaultRules.t.sol`: 100,000 an hour, a fifth of it reserved, and from 50,000 it is large.
contract VaultScaleTest is VaultTest {
    address internal constant BOB = address(0xB0B);

    PickyToken private _picky;

    function setUp() public {
        _picky = new PickyToken(18);
        begin(_picky, rules());
    }

    function test_views_areInTokenUnits() public view {
        assertEq(vault.scale(), 1e12);
        assertEq(vault.liabilities(), 10_000_000e18);
        assertEq(vault.queued(), 0);
        (uint256 hour, uint256 day) = vault.available();
        assertEq(hour, 100_000e18, "hour");
        assertEq(day, 1_000_000e18, "day");
        (uint256 common, uint256 reserved) = vault.room();
        assertEq(common, 80_000e18, "common");
        assertEq(reserved, 20_000e18, "reserved");
        assertEq(vault.preview(ANY, 49_000e18, 0), 49_000e18);
        // Less than a unit of what is counted is nothing.
        assertEq(vault.preview(ANY, 1e12 - 1, 0), 0);
        // What is large waits, however much is open.
        assertEq(vault.preview(ANY, 50_000e18, 0), 0);
    }

    function test_take_isInTokenUnits() public {
        vm.expectEmit(address(vault));
        emit IVault.Taken(USER, 3e18, 10_000_003e18);
        assertEq(vault.take(USER, 3e18), 3e18);
    }

    function test_pay_isInTokenUnits() public {
        vm.expectEmit(address(vault));
        emit IVault.Paid(BOB, 49_000e18, 9_951_000e18);
        (uint256 paid,) = vault.pay(BOB, 49_000e18, ANY, 0);
        assertEq(paid, 49_000e18);
        assertEq(token.balanceOf(BOB), 49_000e18);
        // Of 99,510 a fifth is reserved; 49,000 of the rest are gone.
        vm.expectEmit(address(vault));
        emit IVault.Queued(5, 8, BOB, 18_392e18, uint40(vm.getBlockTimestamp()));
        (paid,) = vault.pay(BOB, 49_000e18, 8, 0);
        assertEq(paid, 30_608e18);
        assertEq(vault.queued(), 18_392e18);
        vm.expectRevert(
            abi.encodeWithSelector(
                Vault.LiabilitiesShort.selector, 9_902_000e18 + 1e12, 9_902_000e18
            )
        );
        vault.pay(BOB, 9_902_000e18 + 1e12, ANY, 0);
        vm.expectRevert(abi.encodeWithSelector(Vault.AmountNotWhole.selector, 1e12 + 1, 1e12));
        vault.pay(BOB, 1e12 + 1, ANY, 0);
    }

    /// @dev One part from what is open to all, another from the reserved share.
    function test_preview_isThatOfBothShares() public {
        vault.pay(BOB, 49_000e18, ANY, 0);
        vault.pay(BOB, 30_000e18, 9, 0);
        (uint256 common, uint256 reserved) = vault.room();
        assertGt(common, 0);
        assertLt(common, 900e18);
        assertGt(reserved, 900e18);
        assertEq(vault.preview(8, 900e18, 0), 900e18);
        (uint256 paid,) = vault.pay(BOB, 900e18, 8, 0);
        assertEq(paid, 900e18);
        // Both were counted: what was taken is off the hour, and the reserved part off its share.
        (uint256 commonAfter, uint256 reservedAfter) = vault.room();
        assertEq(commonAfter, 0);
        assertLt(reservedAfter, reserved - (900e18 - common));
        assertGt(reservedAfter, reserved - 900e18);
    }

    function test_release_isInTokenUnits() public {
        (uint64 first, uint64 second) = _two();
        (uint256 ahead, uint256 amount) = vault.position(second);
        assertEq(ahead, 1);
        assertEq(amount, 18_392e18);
        skip(65 minutes);
        uint256 before = token.balanceOf(BOB);
        vm.expectEmit(address(vault));
        emit IVault.Released(first, ANY, 18_392e18, 0);
        assertEq(vault.release(1), 18_392e18);
        assertEq(token.balanceOf(BOB), before + 18_392e18);
        assertEq(vault.release(1), 49_000e18);
        assertEq(vault.queued(), 0);
    }

    function test_release_tellsWhatIsLeft() public {
        (, uint64 second) = _two();
        vault.pay(BOB, 30_000e18, 9, 0);
        skip(65 minutes);
        vault.release(2);
        (uint256 open,) = vault.room();
        vm.expectEmit(address(vault));
        emit IVault.Released(second + 4, 9, open, 30_000e18 - open);
        assertEq(vault.release(9), open);
    }

    function test_takeBack_isInTokenUnits() public {
        (uint64 first,) = _two();
        vm.expectEmit(address(vault));
        emit IVault.Returned(first, ANY, 18_392e18);
        (, uint256 amount,) = vault.takeBack(first);
        assertEq(amount, 18_392e18);
        assertEq(vault.queued(), 49_000e18);
    }

    function test_release_tellsWhatCouldNotBeDelivered() public {
        (uint64 first,) = _two();
        _picky.refuse(BOB, true);
        skip(65 minutes);
        vm.expectEmit(address(vault));
        emit IVault.Undeliverable(first, ANY, 18_392e18);
        vault.release(1);
        assertTrue(vault.withdrawal(first).state == VaultQueue.State.Undelivered);
    }

    /// @dev 18,392 and 49,000 wait.
    function _two() private returns (uint64 first, uint64 second) {
        vault.pay(BOB, 49_000e18, 20, 0);
        (, first) = vault.pay(BOB, 49_000e18, ANY, 0);
        (, second) = vault.pay(BOB, 49_000e18, 8, 0);
    }
}
