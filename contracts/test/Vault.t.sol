// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Vault} from "../src/Vault.sol";
import {VaultWindows} from "../src/VaultWindows.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {TestToken} from "../src/mocks/TestToken.sol";
import {
    FalseToken,
    FeeToken,
    PhantomToken,
    SenderFeeToken,
    SilentToken
} from "./mocks/Tokens.sol";
import {VaultTest} from "./support/VaultTest.sol";

/// @notice Who may move money, how much of it arrives, and every refusal of the vault but the
/// windows, which stand in `VaultWindows.t.sol`. The test is the clearing house.
contract VaultMoneyTest is VaultTest {
    function setUp() public {
        vm.warp(START);
        token = new TestToken("Test Dollar", "TUSD", 6);
        vault = deployVault(address(token), bare());
        fund(token, vault, 1_000_000e6);
    }

    function test_constructor_setsParts() public view {
        assertEq(vault.token(), address(token));
        assertEq(vault.clearingHouse(), address(this));
        assertEq(vault.scale(), 1);
        assertEq(vault.hourFloorQuote(), 50_000e6);
        assertEq(vault.dayFloorQuote(), 250_000e6);
        assertEq(vault.hourPpm(), 10_000);
        assertEq(vault.dayPpm(), 100_000);
        assertEq(vault.liabilities(), 0);
        assertEq(vault.trailingLow(), 0);
    }

    function test_constructor_revertsIf_AddressZero() public {
        vm.expectRevert(Vault.AddressZero.selector);
        deploy("Vault", abi.encode(address(token), address(0), address(guard), windows(), bare()));
        vm.expectRevert(Vault.AddressZero.selector);
        deploy("Vault", abi.encode(address(token), address(this), address(0), windows(), bare()));
    }

    function test_constructor_revertsIf_WindowsInvalid() public {
        VaultWindows.Windows memory w = windows();
        w.hourPpm = 100_001;
        _refused(w, bare(), _error(VaultWindows.WindowsInvalid.selector, 100_001, 100_000));
        w.hourPpm = 10_000;
        w.dayPpm = 1_000_001;
        _refused(w, bare(), _error(VaultWindows.WindowsInvalid.selector, 10_000, 1_000_001));
    }

    function test_constructor_revertsIf_FloorsInvalid() public {
        VaultWindows.Windows memory w = windows();
        w.hourFloorQuote = 0;
        _refused(w, bare(), _error(VaultWindows.FloorsInvalid.selector, 0, 250_000e6));
        w.hourFloorQuote = 250_000e6 + 1;
        _refused(
            w, bare(), _error(VaultWindows.FloorsInvalid.selector, 250_000e6 + 1, 250_000e6)
        );
    }

    function test_constructor_revertsIf_RuleInvalid() public {
        VaultWindows.Rules memory r = rules();
        r.reservePpm = 500_001;
        _refused(windows(), r, _rule(0, 500_001, 500_000));
        r = rules();
        r.smallPpm = 100_001;
        _refused(windows(), r, _rule(1, 100_001, 100_000));
        r = rules();
        r.largePpm = 49_999;
        _refused(windows(), r, _rule(3, 49_999, 50_000));
        r.largePpm = 10_000_001;
        _refused(windows(), r, _rule(3, 10_000_001, 10_000_000));
        r = rules();
        r.delaySeconds = 0;
        _refused(windows(), r, _rule(4, 0, 1));
        r.delaySeconds = 1 days + 1;
        _refused(windows(), r, _rule(4, 1 days + 1, 1 days));
        r = rules();
        r.vetoSeconds = 0;
        _refused(windows(), r, _rule(5, 0, 1));
        r.vetoSeconds = 3 days + 1;
        _refused(windows(), r, _rule(5, 3 days + 1, 3 days));
    }

    function test_constructor_revertsIf_TokenHasNoCode() public {
        vm.expectRevert();
        deployVault(address(0xDEAD), bare());
    }

    function _refused(
        VaultWindows.Windows memory w,
        VaultWindows.Rules memory r,
        bytes memory reason
    ) private {
        vm.expectRevert(reason);
        deploy("Vault", abi.encode(address(token), address(this), address(guard), w, r));
    }

    function _rule(uint256 rule, uint256 found, uint256 required)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(VaultWindows.RuleInvalid.selector, rule, found, required);
    }

    function _error(bytes4 selector, uint256 a, uint256 b) private pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, a, b);
    }

    function testFuzz_scale_followsDecimals(uint8 decimals) public {
        decimals = uint8(bound(decimals, 0, 30));
        Vault other = _v(address(new TestToken("T", "T", decimals)));
        assertEq(other.scale(), decimals > 6 ? 10 ** (decimals - 6) : 1);
    }

    function test_take_creditsWhatArrived() public {
        vm.expectEmit(address(vault));
        emit IVault.Taken(USER, 100e6, 100e6);
        assertEq(vault.take(USER, 100e6), 100e6);
        assertEq(token.balanceOf(address(vault)), 100e6);
        assertEq(vault.liabilities(), 100e6);
    }

    function test_take_revertsIf_NotClearingHouse() public {
        vm.prank(USER);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.NotClearingHouse.selector, USER, address(this))
        );
        vault.take(USER, 1);
    }

    function test_pay_revertsIf_NotClearingHouse() public {
        vm.prank(USER);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.NotClearingHouse.selector, USER, address(this))
        );
        vault.pay(USER, 1, ANY, 0);
    }

    function test_take_revertsIf_NotApproved() public {
        vm.prank(USER);
        token.approve(address(vault), 5);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(vault), 5, 6
            )
        );
        vault.take(USER, 6);
    }

    function test_take_countsBalanceDelta_FeeOnTransfer() public {
        FeeToken fee = new FeeToken();
        Vault other = _v(address(fee));
        fund(fee, other, 100e6);
        assertEq(other.take(USER, 100e6), 99e6);
        assertEq(other.liabilities(), 99e6);
    }

    function test_take_creditsNothing_PhantomTransfer() public {
        PhantomToken phantom = new PhantomToken();
        Vault other = _v(address(phantom));
        assertEq(other.take(USER, 100e6), 0);
        assertEq(other.liabilities(), 0);
    }

    function test_take_revertsIf_TokenReturnsFalse() public {
        FalseToken liar = new FalseToken();
        Vault other = _v(address(liar));
        vm.expectRevert(
            abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(liar))
        );
        other.take(USER, 1);
    }

    function test_takeAndPay_acceptSilentToken() public {
        SilentToken silent = new SilentToken();
        Vault other = _v(address(silent));
        silent.mint(USER, 100e6);
        assertEq(other.take(USER, 100e6), 100e6);
        other.pay(USER, 60e6, ANY, 0);
        assertEq(silent.balanceOf(USER), 60e6);
        assertEq(other.liabilities(), 40e6);
    }

    function test_pay_debitsWhatLeft() public {
        vault.take(USER, 100e6);
        vm.expectEmit(address(vault));
        emit IVault.Paid(address(0xB0B), 30e6, 70e6);
        vault.pay(address(0xB0B), 30e6, ANY, 0);
        assertEq(token.balanceOf(address(0xB0B)), 30e6);
        assertEq(vault.liabilities(), 70e6);
    }

    function test_pay_revertsIf_LiabilitiesShort() public {
        vault.take(USER, 100e6);
        // A gift is nobody's: it cannot be paid out on anyone's word.
        token.mint(address(vault), 500e6);
        vm.expectRevert(
            abi.encodeWithSelector(Vault.LiabilitiesShort.selector, 100e6 + 1, 100e6)
        );
        vault.pay(USER, 100e6 + 1, ANY, 0);
        vault.pay(USER, 100e6, ANY, 0);
    }

    function test_pay_revertsIf_RecipientInvalid() public {
        vault.take(USER, 100e6);
        vm.expectRevert(
            abi.encodeWithSelector(Vault.RecipientInvalid.selector, address(vault))
        );
        vault.pay(address(vault), 1, ANY, 0);
    }

    function test_pay_revertsIf_SenderCharged() public {
        SenderFeeToken odd = new SenderFeeToken();
        Vault other = _v(address(odd));
        fund(odd, other, 1_000e6);
        other.take(USER, 1_000e6);
        odd.charge(true);
        vm.expectRevert(abi.encodeWithSelector(Vault.PaidWrong.selector, 101e6, 100e6));
        other.pay(USER, 100e6, ANY, 0);
    }

    function test_pay_revertsIf_AmountNotWhole() public {
        TestToken ether18 = new TestToken("E", "E", 18);
        Vault other = _v(address(ether18));
        fund(ether18, other, 10e18);
        other.take(USER, 10e18);
        assertEq(other.liabilities(), 10e18);
        vm.expectRevert(abi.encodeWithSelector(Vault.AmountNotWhole.selector, 1e12 + 1, 1e12));
        other.pay(USER, 1e12 + 1, ANY, 0);
        other.pay(USER, 1e12, ANY, 0);
        assertEq(other.liabilities(), 10e18 - 1e12);
        (uint256 hour,) = other.available();
        assertEq(hour, 50_000e18 - 1e12);
    }

    /// @dev A part of a quote unit that came in is held and owed to nobody.
    function test_take_floorsPartsOfQuote() public {
        TestToken ether18 = new TestToken("E", "E", 18);
        Vault other = _v(address(ether18));
        fund(ether18, other, 10e18);
        assertEq(other.take(USER, 3e12 - 1), 3e12 - 1);
        assertEq(other.liabilities(), 2e12);
    }

    /// @dev Custody covers liabilities after any mix of deposits, gifts and payments.
    function testFuzz_custodyCoversLiabilities(uint64[16] memory amounts) public {
        uint256 owed;
        for (uint256 i; i < amounts.length; ++i) {
            uint256 amount = amounts[i] % 20_000e6;
            if (i % 3 == 0) {
                owed += vault.take(USER, amount);
            } else if (i % 3 == 1) {
                token.mint(address(vault), amount);
            } else {
                try vault.pay(USER, amount, ANY, 0) {
                    owed -= amount;
                } catch {}
            }
            assertEq(vault.liabilities(), owed);
            assertGe(token.balanceOf(address(vault)), owed);
        }
    }

    function _v(address token_) internal returns (Vault) {
        return deployVault(token_, bare());
    }
}
