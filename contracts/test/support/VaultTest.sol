// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vault} from "../../src/Vault.sol";
import {VaultWindows} from "../../src/VaultWindows.sol";
import {IGuardians} from "../../src/interfaces/IGuardians.sol";
import {ISolvency} from "../../src/interfaces/ISolvency.sol";
import {TestToken} from "../../src/mocks/TestToken.sol";
import {Base} from "../Base.sol";

/// @notice Guardians that come and go as a test says.
contract Guard is IGuardians {
    mapping(address => bool) public isGuardian;
    uint256 public guardiansCount;

    function set(address guardian, bool on) external {
        if (isGuardian[guardian] == on) return;
        isGuardian[guardian] = on;
        guardiansCount = on ? guardiansCount + 1 : guardiansCount - 1;
    }
}

/// @notice A vault whose clearing house is the test itself.
abstract contract VaultTest is Base, ISolvency {
    uint256 internal constant START = 1_800_000_000;
    address internal constant USER = address(0xCAFE);
    uint256 internal constant HOUR_FLOOR = 50_000e6;
    uint256 internal constant DAY_FLOOR = 250_000e6;
    /// @dev Account of payments that need none in particular.
    uint32 internal constant ANY = 7;

    Guard internal guard = new Guard();
    TestToken internal token;
    Vault internal vault;

    /// @inheritdoc ISolvency
    uint256 public insolvency;

    /// @inheritdoc ISolvency
    function uncovered() public view returns (uint256) {
        return insolvency;
    }

    function windows() internal pure returns (VaultWindows.Windows memory) {
        return VaultWindows.Windows(HOUR_FLOOR, DAY_FLOOR, 10_000, 100_000);
    }

    /// @notice No reserved share, and nothing below ten hours' budgets is large: the bare windows.
    function bare() internal pure returns (VaultWindows.Rules memory) {
        return VaultWindows.Rules(0, 0, 0, 10_000_000, 1 hours, 3 days);
    }

    /// @notice The rules of a real venue.
    function rules() internal pure returns (VaultWindows.Rules memory) {
        return VaultWindows.Rules(200_000, 1_000, 500e6, 500_000, 1 hours, 3 days);
    }

    function deployVault(address token_, VaultWindows.Rules memory rules_)
        internal
        returns (Vault)
    {
        bytes memory args = abi.encode(token_, this, guard, windows(), rules_);
        return Vault(deploy("Vault", args));
    }

    /// @notice A vault at the first second of all buckets, with ten million whole tokens of age.
    function begin(TestToken token_, VaultWindows.Rules memory rules_) internal {
        vm.warp(START - START % 12 hours);
        token = token_;
        vault = deployVault(address(token), rules_);
        uint256 unit = 10 ** token.decimals();
        fund(token, vault, 1e9 * unit);
        mature(1e7 * unit);
    }

    function fund(TestToken token_, Vault vault_, uint256 amount) internal {
        token_.mint(USER, amount);
        vm.prank(USER);
        token_.approve(address(vault_), type(uint256).max);
    }

    function skip(uint256 seconds_) internal {
        vm.warp(vm.getBlockTimestamp() + seconds_);
    }

    /// @notice Takes `amount` and waits until the budgets are shares of it.
    function mature(uint256 amount) internal {
        vault.take(USER, amount);
        skip(36 hours);
        assertEq(vault.trailingLow(), amount);
    }
}
