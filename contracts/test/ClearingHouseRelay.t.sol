// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Withdrawal} from "../src/Types.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice A wallet that signs whatever its owner has allowed.
contract AllowingWallet {
    mapping(bytes32 => bool) public allowed;

    function allow(bytes32 digest) external {
        allowed[digest] = true;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return allowed[digest] ? this.isValidSignature.selector : bytes4(0);
    }
}

/// @notice Withdrawals that owners sign and others relay, and deposits by permit.
contract ClearingHouseRelayTest is VenueTest {
    bytes32 private constant WITHDRAWAL_TYPEHASH = keccak256(
        "Withdrawal(uint32 account,uint256 amount,address to,uint64 nonce,uint40 expiry,"
        "uint256 fee)"
    );

    function test_withdrawSigned_paysAndRewardsTheRelayer() public {
        Withdrawal memory w = _signedDraft();
        bytes memory signature = _sign(w, keys[alice]);
        vm.expectEmit(address(house));
        emit I.Relayed(alice, 7, bob, w.amount, w.fee);
        vm.prank(address(0x9E1A));
        house.withdrawSigned(w, signature, bob, "");
        assertEq(token.balanceOf(address(9)), 100e6);
        assertEq(cashOf(alice), int256(9_899e6) << 32);
        assertEq(cashOf(bob), int256(10_001e6) << 32);
        assertTrue(house.nonceUsed(alice, 7));
        assertFalse(house.nonceUsed(alice, 6));
        vm.expectRevert(abi.encodeWithSelector(I.NonceUsed.selector, alice, 7));
        house.withdrawSigned(w, signature, bob, "");
        checkLaws(3);
    }

    function test_withdrawSigned_revertsIf_anyFieldDiffers() public {
        Withdrawal memory good = _signedDraft();
        bytes memory signature = _sign(good, keys[alice]);
        for (uint256 field; field < 6; ++field) {
            Withdrawal memory w = _signedDraft();
            if (field == 0) w.account = bob;
            if (field == 1) w.amount += 1;
            if (field == 2) w.to = address(10);
            if (field == 3) w.nonce += 1;
            if (field == 4) w.expiry += 1;
            if (field == 5) w.fee -= 1;
            address owner = owner_(w.account);
            vm.expectRevert(
                abi.encodeWithSelector(I.WithdrawalUnsigned.selector, w.account, owner)
            );
            house.withdrawSigned(w, signature, bob, "");
        }
    }

    function test_withdrawSigned_revertsIf_notLawful() public {
        Withdrawal memory w = _signedDraft();
        w.expiry = uint40(block.timestamp - 1);
        vm.expectRevert(
            abi.encodeWithSelector(I.WithdrawalExpired.selector, w.expiry, block.timestamp)
        );
        house.withdrawSigned(w, "", bob, "");
        w = _signedDraft();
        w.fee = w.amount / 10 + 1;
        bytes memory signature = _sign(w, keys[alice]);
        vm.expectRevert(abi.encodeWithSelector(I.FeeTooHigh.selector, w.fee, w.amount / 10));
        house.withdrawSigned(w, signature, bob, "");
        w = _signedDraft();
        w.amount = 10_000e6;
        signature = _sign(w, keys[alice]);
        vm.expectRevert(
            abi.encodeWithSelector(I.MarginShort.selector, alice, -int256(w.fee), 0)
        );
        house.withdrawSigned(w, signature, bob, "");
        uint32 count = house.accountsCount();
        vm.expectRevert(abi.encodeWithSelector(I.AccountUnknown.selector, 99, count));
        house.withdrawSigned(w, signature, 99, "");
        // A session key only trades.
        (address key, uint256 secret) = makeActor("session");
        address owner = owner_(alice);
        vm.prank(owner);
        house.setSession(alice, key, type(uint40).max, everything());
        signature = _sign(_signedDraft(), secret);
        vm.expectRevert(abi.encodeWithSelector(I.WithdrawalUnsigned.selector, alice, owner));
        house.withdrawSigned(_signedDraft(), signature, bob, "");
    }

    function test_withdrawSigned_byContractWallet() public {
        AllowingWallet wallet = new AllowingWallet();
        uint32 id = house.openAccount(address(wallet));
        house.deposit(address(token), id, 500e6);
        Withdrawal memory w = _signedDraft();
        w.account = id;
        bytes32 digest = _digest(w);
        vm.expectRevert(
            abi.encodeWithSelector(I.WithdrawalUnsigned.selector, id, address(wallet))
        );
        house.withdrawSigned(w, hex"01", bob, "");
        wallet.allow(digest);
        house.withdrawSigned(w, hex"01", bob, "");
        assertEq(token.balanceOf(address(9)), 100e6);
    }

    /// @dev Signed and direct, one amount each: nothing is paid twice.
    function test_withdraw_directAndSignedTogetherPayWhatThereIs() public {
        Withdrawal memory w = _signedDraft();
        (w.amount, w.fee) = (6_000e6, 0);
        bytes memory signature = _sign(w, keys[alice]);
        _takes(alice, 6_000e6);
        vm.expectRevert(
            abi.encodeWithSelector(I.MarginShort.selector, alice, -int256(2_000e6), 0)
        );
        house.withdrawSigned(w, signature, bob, "");
        assertEq(cashOf(alice), int256(4_000e6) << 32);
        assertFalse(house.nonceUsed(alice, 7));
    }

    function test_depositWithPermit_needsNoApproval() public {
        (address payer, uint256 key) = makeActor("payer");
        token.mint(payer, 100e6);
        (uint8 v, bytes32 r, bytes32 s) = _permit(payer, key, 60e6);
        uint256 snapshot = vm.snapshotState();
        vm.prank(payer);
        house.depositWithPermit(address(token), alice, 60e6, type(uint256).max, v, r, s);
        assertEq(cashOf(alice), int256(10_060e6) << 32);
        vm.revertToState(snapshot);
        // Somebody uses the permit first: the allowance is there, and the deposit goes on.
        token.permit(payer, address(vault), 60e6, type(uint256).max, v, r, s);
        vm.prank(payer);
        house.depositWithPermit(address(token), alice, 60e6, type(uint256).max, v, r, s);
        assertEq(cashOf(alice), int256(10_060e6) << 32);
        // A wrong one without an allowance fails as a deposit without approval does.
        vm.prank(payer);
        vm.expectRevert();
        house.depositWithPermit(address(token), alice, 1e6, type(uint256).max, v, s, r);
        vm.expectRevert(
            abi.encodeWithSelector(I.TokenUnlisted.selector, address(1), address(token))
        );
        house.depositWithPermit(address(1), alice, 1e6, type(uint256).max, v, r, s);
    }

    function _takes(uint32 id, uint256 amount) private {
        vm.prank(owner_(id));
        house.withdraw(id, amount, address(9), "");
    }

    function _signedDraft() private view returns (Withdrawal memory) {
        return Withdrawal(alice, 100e6, address(9), 7, uint40(block.timestamp), 1e6);
    }

    function _sign(Withdrawal memory w, uint256 key) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(w));
        return abi.encodePacked(r, s, v);
    }

    function _digest(Withdrawal memory w) private view returns (bytes32) {
        bytes32 hash = keccak256(
            abi.encode(WITHDRAWAL_TYPEHASH, w.account, w.amount, w.to, w.nonce, w.expiry, w.fee)
        );
        bytes32 separator = domainSeparator(block.chainid, address(house));
        return keccak256(abi.encodePacked(hex"1901", separator, hash));
    }

    function _permit(address payer, uint256 key, uint256 amount)
        private
        view
        returns (uint8, bytes32, bytes32)
    {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "Permit(address owner,address spender,uint256 value,uint256 nonce,"
                    "uint256 deadline)"
                ),
                payer,
                address(vault),
                amount,
                token.nonces(payer),
                type(uint256).max
            )
        );
        return vm.sign(
            key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), hash))
        );
    }
}
