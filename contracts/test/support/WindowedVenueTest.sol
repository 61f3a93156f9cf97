// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Backstop} from "../../src/Backstop.sol";
import {TestToken} from "../../src/mocks/TestToken.sol";
import {HookToken} from "../mocks/Tokens.sol";
import {OpenVault} from "./Doubles.sol";
import {ExitVenueTest} from "./ExitVenueTest.sol";
import {IWindowedVault} from "./IWindowedVault.sol";

/// @notice The whole venue: the real vault with its windows and queue, the real backstop, and a
/// token that calls back. One guardian: the test itself.
abstract contract WindowedVenueTest is ExitVenueTest {
    uint256 internal constant COOL_DOWN = 1 days;

    IWindowedVault internal windowed;
    Backstop internal stop;
    uint32 internal pool;

    function setUp() public virtual override {
        super.setUp();
        token = TestToken(address(new HookToken()));
        // After the vault come the queue, seven modules, the clearing house and the backstop.
        uint256 nonce = vm.getNonce(address(this));
        address house_ = vm.computeCreateAddress(address(this), nonce + 9);
        address vault_ =
            deploy("Vault", abi.encode(token, house_, this, windows(), rules()));
        (windowed, vault) = (IWindowedVault(vault_), OpenVault(vault_));
        house = deployHouse(vault_);
        assertEq(address(house), house_);
        bytes memory args = abi.encode(house, vault_, around, around, COOL_DOWN);
        stop = Backstop(deploy("Backstop", args));
        assertEq(house.backstop(), address(stop));
        token.mint(address(this), 1e18);
        token.approve(vault_, type(uint256).max);
        alice = open("alice", 10_000 * UNIT);
        bob = open("bob", 10_000 * UNIT);
        carol = open("carol", 10_000 * UNIT);
        dave = open("dave", 10_000 * UNIT);
        stop.openPool(0);
        pool = stop.accountFor(0, false);
    }

    function isGuardian(address who) external view returns (bool) {
        return who == address(this);
    }

    function guardiansCount() external pure returns (uint256) {
        return 1;
    }

    /// @notice 1,000 an hour, 5,000 a day or a tenth of what is held.
    function windows() internal pure virtual returns (IWindowedVault.Windows memory) {
        return IWindowedVault.Windows(1_000e6, 5_000e6, 10_000, 100_000);
    }

    /// @notice A fifth is reserved, 100 of it for each account; large from half an hour's budget.
    function rules() internal pure virtual returns (IWindowedVault.Rules memory) {
        return IWindowedVault.Rules(200_000, 0, 100e6, 500_000, 1 hours, 1 days);
    }

    function backstopAt() internal view virtual override returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
    }

    function lend(uint16 to, address who, uint256 amount) internal returns (uint256 shares) {
        token.mint(who, amount);
        vm.startPrank(who);
        token.approve(address(stop), amount);
        shares = stop.deposit(to, amount);
        vm.stopPrank();
    }

    /// @notice Hours pass; whatever fits is released.
    function drain(uint256 hours_) internal returns (uint256 paid) {
        for (uint256 i; i < hours_; ++i) {
            vm.warp(vm.getBlockTimestamp() + 1 hours);
            paid += windowed.release(20);
        }
    }
}
