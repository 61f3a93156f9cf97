// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from
    "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Orders, OrderTerms} from "../libraries/Orders.sol";
import {PoolBase} from "./PoolBase.sol";

/// @title What the pool signs as owner of the omnibus account (ERC-1271).
/// @notice Two things, each by the operator's own signature over the very digest: an order of the
/// omnibus account in the pool's markets, and a login at the venue's gateway, which listens and
/// cancels. Nothing else has a form here: no withdrawal, no conditional order.
///
/// An order that may add risk lives no longer than the newest proof counts. So it dies as every
/// order dies, by its expiry, which all that match or settle it know; and a proof that is late ends
/// the pool's risk without anybody's act.
abstract contract PoolOrders is PoolBase {
    using MessageHashUtils for bytes32;

    /// @dev Form 0: the 26 bytes of a packed order's terms, epoch u32, r, vs.
    uint256 private constant ORDER_BYTES = 95;
    /// @dev Form 1: account u32, expiry u40, nonce of 32 bytes, r, vs.
    uint256 private constant LOGIN_BYTES = 106;
    uint256 private constant TERMS_BYTES = 26;
    bytes32 private constant LOGIN_TYPEHASH =
        keccak256("Login(uint32 account,uint40 expiry,bytes32 nonce)");
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes4 private constant REFUSED = 0xffffffff;

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 digest, bytes calldata signature)
        external
        view
        override
        returns (bytes4)
    {
        if (lapsedTime != 0 || signature.length == 0) return REFUSED;
        bytes32 found;
        if (signature[0] == 0x00 && signature.length == ORDER_BYTES) {
            if (!_mayOrder(_termsOf(signature))) return REFUSED;
            found = _orderHash(_termsOf(signature), uint32(bytes4(signature[27:31])));
        } else if (signature[0] == 0x01 && signature.length == LOGIN_BYTES) {
            found = _loginHash(signature);
        } else {
            return REFUSED;
        }
        if (_venueSeparator().toTypedDataHash(found) != digest) return REFUSED;
        uint256 at = signature.length - 64;
        (address signer, ECDSA.RecoverError wrong,) = ECDSA.tryRecover(
            digest, bytes32(signature[at:at + 32]), bytes32(signature[at + 32:])
        );
        bool isSigned = wrong == ECDSA.RecoverError.NoError && signer == OPERATOR;
        return isSigned ? IERC1271.isValidSignature.selector : REFUSED;
    }

    function _mayOrder(OrderTerms terms) private view returns (bool) {
        if (terms.account() != ACCOUNT || !_trades[uint8(terms.market())]) return false;
        return terms.has(Orders.REDUCE_ONLY) || terms.expiry() <= REGISTRY.freshUntil();
    }

    /// @dev The low six bytes are no part of the terms.
    function _termsOf(bytes calldata signature) private pure returns (OrderTerms) {
        return OrderTerms.wrap(uint256(bytes32(signature[1:1 + TERMS_BYTES])));
    }

    function _orderHash(OrderTerms terms, uint32 epoch) private pure returns (bytes32) {
        bytes memory head = abi.encode(
            Orders.TYPEHASH,
            terms.account(),
            terms.market(),
            terms.has(Orders.BUY),
            terms.size(),
            terms.price(),
            (terms.flags() & Orders.TIME_IN_FORCE) >> 3
        );
        bytes memory tail = abi.encode(
            terms.has(Orders.REDUCE_ONLY),
            terms.has(Orders.POST_ONLY),
            terms.expiry(),
            terms.lane(),
            terms.seq(),
            uint256(epoch)
        );
        return keccak256(bytes.concat(head, tail));
    }

    function _loginHash(bytes calldata signature) private view returns (bytes32) {
        if (uint32(bytes4(signature[1:5])) != ACCOUNT) return bytes32(0);
        return keccak256(
            abi.encode(
                LOGIN_TYPEHASH,
                uint256(ACCOUNT),
                uint256(uint40(bytes5(signature[5:10]))),
                bytes32(signature[10:42])
            )
        );
    }

    /// @dev Separator of the venue, not of the pool.
    function _venueSeparator() private view returns (bytes32) {
        return keccak256(
            abi.encode(
                DOMAIN_TYPEHASH,
                keccak256("Holdfast"),
                keccak256("1"),
                block.chainid,
                address(HOUSE)
            )
        );
    }
}
