// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A group's public key: a point of secp256k1.
/// @param x Its first coordinate.
/// @param isOdd Whether its second coordinate is odd.
struct GroupKey {
    uint256 x;
    bool isOdd;
}

/// @notice A group's signature: the point R and the scalar z of RFC 9591. Of the 65 bytes there
/// (R compressed, z) the first say rx and whether ry is odd; ry in full saves a square root here.
struct GroupSignature {
    uint256 rx;
    uint256 ry;
    uint256 z;
}

/// @title Signatures of FROST(secp256k1, SHA-256), RFC 9591, section 6.5.
/// @notice Holds when z·G = R + c·P. One `ecrecover` computes z·G - c·P and returns the last 20
/// bytes of its hash: with r the key's x it answers r⁻¹(s·P - m·G), so s is -c·r and m is -z·r.
///
/// What is checked here:
/// - z is below the order: else z plus the order would be a second signature of the same message.
/// - R is on the curve. The challenge knows only rx and the parity of ry; were ry free, a forger
///   would look for a match between many ry and many z, which takes 2^80 steps and not 2^160.
///
/// What `ecrecover` refuses, and answers with zero, which is the address of no point anyone knows:
/// - a key whose x is zero, not below the order, or not on the curve (one valid key in 2^127 has an
///   x above the order: such a group makes another one);
/// - a challenge of zero; a sum at infinity.
/// A coordinate of R that is not below the field's prime has the hash of no point.
library Schnorr {
    /// @dev Order of the group.
    uint256 private constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    /// @dev Prime of the field of coordinates.
    uint256 private constant P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;
    /// @dev The domain of the challenge with its length, 29 and 1 bytes.
    bytes30 private constant DOMAIN = "FROST-secp256k1-SHA256-v1chal\x1d";

    /// @notice Whether `signature` is the group's over `digest`.
    function isSigned(GroupKey memory key, bytes32 digest, GroupSignature memory signature)
        internal
        pure
        returns (bool)
    {
        bytes memory message = abi.encodePacked(
            _prefix(signature.ry & 1 == 1), signature.rx, _prefix(key.isOdd), key.x, digest
        );
        return holds(key, challenge(message), signature);
    }

    /// @notice H2 of the suite: hash_to_field of RFC 9380 with one element of 48 bytes.
    /// @param message R compressed, key compressed, what was signed.
    /// @return c Below the order.
    function challenge(bytes memory message) internal pure returns (uint256 c) {
        // Two blocks of output: 48 bytes are the first and half of the second.
        bytes32 b0 = sha256(
            abi.encodePacked(bytes32(0), bytes32(0), message, uint16(48), uint8(0), DOMAIN)
        );
        bytes32 b1 = sha256(abi.encodePacked(b0, uint8(1), DOMAIN));
        bytes32 b2 = sha256(abi.encodePacked(b0 ^ b1, uint8(2), DOMAIN));
        return addmod(mulmod(uint256(b1), 1 << 128, N), uint256(b2) >> 128, N);
    }

    /// @notice Whether z·G = R + c·key. Assumes: c is below the order.
    function holds(GroupKey memory key, uint256 c, GroupSignature memory signature)
        internal
        pure
        returns (bool)
    {
        (uint256 rx, uint256 ry, uint256 z) = (signature.rx, signature.ry, signature.z);
        if (z >= N) return false;
        if (mulmod(ry, ry, P) != addmod(mulmod(mulmod(rx, rx, P), rx, P), 7, P)) return false;
        address found = ecrecover(
            bytes32(mulmod(N - z, key.x, N)),
            key.isOdd ? 28 : 27,
            bytes32(key.x),
            bytes32(mulmod(N - c, key.x, N))
        );
        return found == address(uint160(uint256(keccak256(abi.encode(rx, ry)))));
    }

    function _prefix(bool isOdd) private pure returns (bytes1) {
        return isOdd ? bytes1(0x03) : bytes1(0x02);
    }
}
