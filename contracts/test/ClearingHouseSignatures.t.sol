// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch} from "../src/Types.sol";
import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {VenueTest} from "./support/VenueTest.sol";

/// @notice A wallet contract that answers as it is told.
contract Wallet {
    bytes4 public answer = 0x1626ba7e;
    bool public broken;

    function set(bytes4 answer_, bool broken_) external {
        (answer, broken) = (answer_, broken_);
    }

    function isValidSignature(bytes32, bytes calldata data) external view returns (bytes4) {
        require(!broken, "broken");
        return keccak256(data) == keccak256("yes") ? answer : bytes4(0);
    }
}

contract ClearingHouseSignaturesTest is VenueTest {
    bytes32 private constant HALF_ORDER =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @dev A batch of a signed buy of alice, given whole, and a good sell of bob.
    function withOrder(bytes memory whole) private returns (Batch memory b) {
        fills = "";
        fill(1, 0, 10, PRICE);
        b = batchOf(bytes.concat(whole, packed(order(bob, false, 10))));
    }

    function refused(bytes memory whole) private {
        Batch memory b = withOrder(whole);
        vm.expectPartialRevert(I.SignatureWrong.selector);
        house.settle(b);
    }

    function test_settle_acceptsOwner() public {
        house.settle(withOrder(packed(order(alice, true, 10))));
    }

    function test_settle_revertsIf_anyFieldMutated() public {
        Order memory o = order(alice, true, 10);
        o.seq = 3;
        (bytes32 r, bytes32 vs) = signCompact(o.key, digestOf(o));
        for (uint256 field; field < 8; ++field) {
            Order memory m = abi.decode(abi.encode(o), (Order));
            if (field == 0) m.account = carol;
            if (field == 1) m.market = 1;
            if (field == 2) m.size = 11;
            if (field == 3) m.price += 1;
            if (field == 4) m.tif = 1;
            if (field == 5) m.expiry += 1;
            if (field == 6) m.lane = 2;
            if (field == 7) m.seq = 4;
            _refusedHere(m, r, vs);
        }
        Order memory n = abi.decode(abi.encode(o), (Order));
        n.isBuy = false;
        _refusedHere(n, r, vs);
        n.isBuy = true;
        n.reduceOnly = true;
        _refusedHere(n, r, vs);
        n.reduceOnly = false;
        n.postOnly = true;
        _refusedHere(n, r, vs);
        // The unchanged order is good, so that the mutation is what failed.
        house.settle(withOrder(abi.encodePacked(terms(o, 0), r, vs)));
    }

    function _refusedHere(Order memory m, bytes32 r, bytes32 vs) private {
        fills = "";
        fill(1, 0, 10, PRICE);
        bytes memory other = packed(order(dave, !m.isBuy, 10));
        Batch memory b = batchOf(bytes.concat(abi.encodePacked(terms(m, 0), r, vs), other));
        vm.expectPartialRevert(I.SignatureWrong.selector);
        house.settle(b);
    }

    function test_settle_revertsIf_otherDomain() public {
        Order memory o = order(alice, true, 10);
        bytes32[2] memory separators = [
            domainSeparator(block.chainid + 1, address(house)),
            domainSeparator(block.chainid, address(vault))
        ];
        for (uint256 i; i < 2; ++i) {
            (bytes32 r, bytes32 vs) = signCompact(o.key, digestIn(o, separators[i]));
            refused(abi.encodePacked(terms(o, 0), r, vs));
        }
        Batch memory b = withOrder(packed(o));
        vm.chainId(block.chainid + 1);
        vm.expectPartialRevert(I.SignatureWrong.selector);
        house.settle(b);
    }

    function test_settle_revertsIf_signatureMalformed() public {
        Order memory o = order(alice, true, 10);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(o.key, digestOf(o));
        uint256 n = uint256(HALF_ORDER) * 2 + 1;
        bytes memory head = terms(o, 0);
        refused(abi.encodePacked(head, bytes32(0), bytes32(0)));
        refused(abi.encodePacked(head, r, bytes32(0)));
        refused(abi.encodePacked(head, bytes32(0), s));
        // The parity flipped, the twin with a high s, and the largest words.
        bytes32 flipped = v == 28 ? s : bytes32(uint256(s) | (1 << 255));
        refused(abi.encodePacked(head, r, flipped));
        refused(abi.encodePacked(head, r, bytes32(n - uint256(s))));
        refused(abi.encodePacked(head, bytes32(type(uint256).max), bytes32(type(uint256).max)));
        refused(abi.encodePacked(head, r, bytes32(uint256(HALF_ORDER) + 1)));
    }

    function test_settle_revertsIf_unknownAccount() public {
        Order memory o = order(alice, true, 10);
        for (uint256 i; i < 2; ++i) {
            o.account = i == 0 ? 0 : 77;
            bytes memory whole = abi.encodePacked(terms(o, 0), bytes32(0), bytes32(0));
            bytes memory other = packed(order(bob, false, 10));
            fills = "";
            fill(i == 0 ? 1 : 0, i == 0 ? 0 : 1, 10, PRICE);
            Batch memory b =
                batchOf(i == 0 ? bytes.concat(whole, other) : bytes.concat(other, whole));
            vm.expectRevert(
                abi.encodeWithSelector(I.AccountUnknown.selector, o.account, house.accountsCount())
            );
            house.settle(b);
        }
    }

    function test_settle_revertsIf_OrderMalformed() public {
        Order memory o = order(alice, true, 10);
        uint8[4] memory bad = [0x20, 0x40, 0x18, 0x0c];
        for (uint256 i; i < 4; ++i) {
            Batch memory b =
                withOrder(abi.encodePacked(terms(o, bad[i]), bytes32(0), bytes32(0)));
            vm.expectRevert(
                abi.encodeWithSelector(I.OrderMalformed.selector, 0, 1 | bad[i], 0x9f)
            );
            house.settle(b);
        }
        o.seq = 0;
        Batch memory zero = withOrder(packed(o));
        vm.expectPartialRevert(I.OrderMalformed.selector);
        house.settle(zero);
    }

    function test_settle_session() public {
        (address key, uint256 secret) = makeActor("session");
        Order memory o = order(alice, true, 10);
        o.key = secret;
        refused(packed(o));
        vm.prank(owner_(alice));
        house.setSession(alice, key, uint40(block.timestamp + 10), everything());
        house.settle(withOrder(packed(o)));
        assertEq(uint256(house.sessionExpiry(alice, key)), block.timestamp + 10);
    }

    function test_settle_revertsIf_sessionExpiredOrRevoked() public {
        (address key, uint256 secret) = makeActor("session");
        Order memory o = order(alice, true, 10);
        o.key = secret;
        vm.prank(owner_(alice));
        house.setSession(alice, key, uint40(block.timestamp + 10), everything());
        vm.warp(block.timestamp + 10);
        refused(packed(o));
        vm.prank(owner_(alice));
        house.setSession(alice, key, uint40(block.timestamp + 10), everything());
        vm.prank(owner_(alice));
        house.setSession(alice, key, 0, everything());
        refused(packed(o));
    }

    function test_settle_sessionOfAnotherAccount() public {
        (address key, uint256 secret) = makeActor("session");
        vm.prank(owner_(bob));
        house.setSession(bob, key, type(uint40).max, everything());
        Order memory o = order(alice, true, 10);
        o.key = secret;
        refused(packed(o));
    }

    function test_settle_walletContract() public {
        Wallet wallet = new Wallet();
        uint32 id = house.openAccount(address(wallet));
        house.deposit(address(token), id, 1_000 * UNIT);
        Order memory o = order(id, true, 10);
        bytes memory other = packed(order(bob, false, 10));
        bytes memory whole = abi.encodePacked(terms(o, 0x80), uint256(2), uint256(3));
        fill(0, 1, 10, PRICE);
        signatures = "..yes";
        Batch memory b = batchOf(bytes.concat(other, whole));

        wallet.set(0xffffffff, false);
        _walletRefused(b);
        wallet.set(0x1626ba7e, true);
        _walletRefused(b);
        wallet.set(0x1626ba7e, false);
        b.signatures = "..no.";
        _walletRefused(b);
        b.signatures = "..ye";
        _walletRefused(b);
        b.signatures = "..yes";
        house.settle(b);
        assertEq(sizeOf(id, 0), 10);
    }

    function test_settle_revertsIf_contractSignatureOfAnEoa() public {
        Order memory o = order(alice, true, 10);
        signatures = "yes";
        refused(abi.encodePacked(terms(o, 0x80), uint256(0), uint256(3)));
        refused(abi.encodePacked(terms(o, 0x80), type(uint256).max, uint256(2)));
    }

    function _walletRefused(Batch memory b) private {
        vm.expectPartialRevert(I.SignatureWrong.selector);
        house.settle(b);
    }
}
