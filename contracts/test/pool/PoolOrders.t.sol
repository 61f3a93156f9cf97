// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch, Withdrawal} from "../../src/Types.sol";
import {IClearingHouse as I} from "../../src/interfaces/IClearingHouse.sol";
import {PoolTest} from "./PoolTest.sol";

/// @notice What the pool signs as the owner of its omnibus account.
contract PoolOrdersTest is PoolTest {
    function setUp() public override {
        super.setUp();
        fillPool(2);
        pool.deposit(memberOf(1), 5_000 * UNIT);
        proveEpoch();
    }

    function test_isValidSignature_settlesAnOrder() public {
        poolTrade(true, 10);
        assertEq(sizeOf(omnibus, 0), 10);
        checkLaws(3);
    }

    function test_isValidSignature_refusesEveryMutatedField() public view {
        Order memory o = poolOrder(true, 10);
        bytes memory blob = blobOf(o);
        bytes32 digest = digestOf(o);
        assertTrue(isSigned(o));
        // The blob, byte by byte: another order, another signature, another form.
        for (uint256 i; i < blob.length; ++i) {
            blob[i] ^= 0x01;
            // The low bit of the last byte of r and s is no field of the order but the signature.
            assertTrue(pool.isValidSignature(digest, blob) != bytes4(0x1626ba7e));
            blob[i] ^= 0x01;
        }
        assertTrue(pool.isValidSignature(keccak256("else"), blob) != bytes4(0x1626ba7e));
        assertTrue(pool.isValidSignature(digest, "") != bytes4(0x1626ba7e));
        assertTrue(
            pool.isValidSignature(digest, bytes.concat(blob, hex"00")) != bytes4(0x1626ba7e)
        );
    }

    function test_isValidSignature_refusesOthers() public {
        Order memory o = poolOrder(true, 10);
        (, o.key) = makeActor("member1");
        assertFalse(isSigned(o));
        o = poolOrder(true, 10);
        o.account = alice;
        assertFalse(isSigned(o));
        o = poolOrder(true, 10);
        o.market = 3;
        assertFalse(isSigned(o));
    }

    function test_isValidSignature_timeInForceAndFlags() public view {
        for (uint8 tif; tif < 3; ++tif) {
            for (uint256 flags; flags < 8; ++flags) {
                Order memory o = poolOrder(flags & 1 != 0, 10);
                (o.tif, o.reduceOnly) = (tif, flags & 2 != 0);
                o.postOnly = flags & 4 != 0;
                assertTrue(isSigned(o));
            }
        }
    }

    /// @dev Risk lives no longer than the proof: an order signed now is dead by its expiry then.
    function test_isValidSignature_noRiskBeyondFreshness() public {
        Order memory o = poolOrder(true, 10);
        o.expiry += 1;
        assertFalse(isSigned(o));
        o.reduceOnly = true;
        assertTrue(isSigned(o));
        o = poolOrder(true, 10);
        vm.warp(registry.freshUntil());
        refresh();
        poolBatch(o, 10);
        bytes memory whole =
            abi.encodePacked(terms(o, 0x80), uint256(0), uint256(signatures.length));
        Batch memory b = batchOf(bytes.concat(packed(order(bob, false, 10)), whole));
        vm.expectPartialRevert(I.OrderExpired.selector);
        house.settle(b);
    }

    function test_isValidSignature_staleIsReduceOnly() public {
        poolTrade(true, 10);
        vm.warp(block.timestamp + FRESH + 1);
        refresh();
        Order memory o = poolOrder(true, 5);
        o.expiry = uint40(block.timestamp + 60);
        assertFalse(isSigned(o));
        o = poolOrder(false, 4);
        (o.expiry, o.reduceOnly) = (uint40(block.timestamp + 60), true);
        poolSettle(o, 4);
        assertEq(sizeOf(omnibus, 0), 6);
        // A newer proof opens it again.
        proveEpoch();
        poolTrade(true, 5);
        assertEq(sizeOf(omnibus, 0), 11);
    }

    function test_isValidSignature_nothingAfterLapse() public {
        poolTrade(true, 10);
        vm.warp(block.timestamp + GONE + 1);
        pool.lapse();
        refresh();
        Order memory o = poolOrder(false, 4);
        (o.expiry, o.reduceOnly) = (uint40(block.timestamp + 60), true);
        assertFalse(isSigned(o));
    }

    function test_isValidSignature_login() public {
        bytes32 text = keccak256(
            abi.encode(
                keccak256("Login(uint32 account,uint40 expiry,bytes32 nonce)"),
                omnibus,
                uint40(123),
                bytes32(uint256(9))
            )
        );
        bytes32 digest = keccak256(
            abi.encodePacked(hex"1901", domainSeparator(block.chainid, address(house)), text)
        );
        (bytes32 r, bytes32 vs) = signCompact(operatorKey, digest);
        bytes memory blob =
            abi.encodePacked(hex"01", omnibus, uint40(123), bytes32(uint256(9)), r, vs);
        assertTrue(pool.isValidSignature(digest, blob) == bytes4(0x1626ba7e));
        for (uint256 i; i < blob.length; ++i) {
            blob[i] ^= 0x01;
            assertTrue(pool.isValidSignature(digest, blob) != bytes4(0x1626ba7e));
            blob[i] ^= 0x01;
        }
        (, uint256 other) = makeActor("member1");
        (r, vs) = signCompact(other, digest);
        blob = abi.encodePacked(hex"01", omnibus, uint40(123), bytes32(uint256(9)), r, vs);
        assertTrue(pool.isValidSignature(digest, blob) != bytes4(0x1626ba7e));
    }

    /// @dev The operator cannot take money out by the venue's own signed withdrawal.
    function test_isValidSignature_noWithdrawal() public {
        Withdrawal memory w =
            Withdrawal(omnibus, 100 * UNIT, operator, 1, 2_000_000_000, 0);
        bytes32 kind = keccak256(
            "Withdrawal(uint32 account,uint256 amount,address to,uint64 nonce,uint40 expiry,"
            "uint256 fee)"
        );
        bytes32 text = keccak256(
            abi.encode(kind, w.account, w.amount, w.to, w.nonce, w.expiry, w.fee)
        );
        bytes32 digest = keccak256(
            abi.encodePacked(hex"1901", domainSeparator(block.chainid, address(house)), text)
        );
        (bytes32 r, bytes32 vs) = signCompact(operatorKey, digest);
        bytes[3] memory tries = [
            abi.encodePacked(r, vs),
            bytes.concat(hex"00", new bytes(30), r, vs),
            bytes.concat(hex"01", new bytes(41), r, vs)
        ];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(I.WithdrawalUnsigned.selector, omnibus, address(pool))
            );
            house.withdrawSigned(w, tries[i], alice, "");
        }
    }
}
