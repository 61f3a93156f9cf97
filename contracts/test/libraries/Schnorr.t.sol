// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GroupKey, GroupSignature, Schnorr} from "../../src/libraries/Schnorr.sol";
import {SchnorrHarness} from "../../src/mocks/SchnorrHarness.sol";
import {Base} from "../Base.sol";
import {GroupSigner} from "../mocks/GroupSigner.sol";

/// @notice Signatures of RFC 9591, and each way to pass off what is none.
contract SchnorrTest is Base {
    uint256 internal constant N =
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    uint256 internal constant P =
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;
    uint256 internal constant SECRET = 0x5ec2e7;
    bytes32 internal constant DIGEST = keccak256("said");
    address internal constant ECRECOVER = address(1);

    GroupSigner internal signer;

    function setUp() public {
        signer = GroupSigner(_create("GroupSigner.sol:GroupSigner", ""));
    }

    // ------------------------------------------------------------------ what is accepted

    /// @dev Group key, message "test" and signatures of frost-secp256k1/tests/helpers/vectors.json
    /// (RFC 9591, appendix E.5) and vectors-big-identifier.json of ZcashFoundation/frost.
    function test_holds_vectors() public pure {
        GroupKey memory key = GroupKey(
            0xf37c34b66ced1fb51c34a90bdae006901f10625cc06c4f64663b0eae87d87b4f, false
        );
        GroupSignature memory even = GroupSignature(
            0x4c1ad4e031872661fa6ebd05dfc7fb30db08b38d79f0edbc82051ae931381bc6,
            0x004f4e57b19db58941523f0f8af6bf04bbe925e4550517c3a87e1bf89d6fd032,
            0xa46881e25c7989d3816eae32074f1ab0d49ee908a59713ed5284c6bade7cfb02
        );
        GroupSignature memory odd = GroupSignature(
            0x5018f08dbd0a6d610a311d6f6817e85680f0e6838df4849791e716c8838d0fd2,
            0x696c98ee59bfb539d5e35d1ab940def0ece3f19073dd8faae5bff9c219db10b9,
            0x06602560d013a7f8dee04027cc8d0e8bab5586fd2d22c509fb9120c11dd20685
        );
        assertTrue(Schnorr.holds(key, _challenge(key, even, "test"), even), "even");
        assertTrue(Schnorr.holds(key, _challenge(key, odd, "test"), odd), "odd");
        assertFalse(Schnorr.holds(key, _challenge(key, odd, "tess"), odd), "another message");
    }

    function testFuzz_isSigned_byItsGroupAlone(
        uint256 secret,
        uint256 nonce,
        bytes32 digest,
        uint256 bit
    ) public {
        (secret, nonce) = (bound(secret, 1, N - 1), bound(nonce, 1, N - 1));
        GroupKey memory key = signer.key(secret);
        GroupSignature memory good = signer.sign(secret, nonce, digest);
        assertTrue(Schnorr.isSigned(key, digest, good));
        bit = 1 << (bit & 255);
        assertFalse(Schnorr.isSigned(key, digest ^ bytes32(bit), good), "digest");
        assertFalse(Schnorr.isSigned(GroupKey(key.x ^ bit, key.isOdd), digest, good), "x");
        assertFalse(Schnorr.isSigned(GroupKey(key.x, !key.isOdd), digest, good), "parity");
        GroupSignature memory bad = GroupSignature(good.rx ^ bit, good.ry, good.z);
        assertFalse(Schnorr.isSigned(key, digest, bad), "rx");
        bad = GroupSignature(good.rx, good.ry ^ bit, good.z);
        assertFalse(Schnorr.isSigned(key, digest, bad), "ry");
        bad = GroupSignature(good.rx, good.ry, good.z ^ bit);
        assertFalse(Schnorr.isSigned(key, digest, bad), "z");
        bad = GroupSignature(good.rx, P - good.ry, good.z);
        assertFalse(Schnorr.isSigned(key, digest, bad), "R mirrored");
        bad = GroupSignature(good.rx, good.ry, (N - good.z) % N);
        assertFalse(Schnorr.isSigned(key, digest, bad), "z mirrored");
    }

    // ------------------------------------------------------------------ malleability

    /// @dev A second form of a signature would get past whoever remembers signatures.
    function test_holds_zHasOneForm() public {
        (GroupKey memory key, uint256 c, GroupSignature memory s) = _made(SECRET, 77, 5);
        assertTrue(Schnorr.holds(key, c, s));
        s.z += N;
        assertFalse(Schnorr.holds(key, c, s), "z plus the order");
        (key, c, s) = _made(SECRET, 77, N - 1);
        assertTrue(Schnorr.holds(key, c, s), "the largest z");
        (key, c, s) = _made(SECRET, 77, 0);
        assertTrue(Schnorr.holds(key, c, s), "zero is a scalar");
        s.z = N;
        assertFalse(Schnorr.holds(key, c, s), "the order itself");
    }

    /// @dev The point (1, y) and the same with x plus the prime: the curve's equation holds for
    /// both. With key R, c = -1 and z = 0 the sum is R.
    function test_holds_coordinatesHaveOneForm() public pure {
        uint256 y = 0x4218f20ae6c646b363db68605822fb14264ca8d2587fdd6fbc750d587e76a7ee;
        GroupKey memory key = GroupKey(1, false);
        assertTrue(Schnorr.holds(key, N - 1, GroupSignature(1, y, 0)));
        assertFalse(Schnorr.holds(key, N - 1, GroupSignature(1 + P, y, 0)));
    }

    // ------------------------------------------------------------------ R off the curve

    /// @dev A forger who may choose ry freely (its parity alone is in the challenge) matches many
    /// addresses of (rx, ry) with many of z·G - c·P. Here the match is given to it.
    function test_isSigned_refusesPointOffTheCurve() public {
        GroupKey memory key = signer.key(SECRET);
        (uint256 rx, uint256 ry) = signer.point(99);
        GroupSignature memory forged = GroupSignature(rx, ry + 2, 1234);
        address match_ = address(uint160(uint256(keccak256(abi.encode(rx, ry + 2)))));
        vm.mockCall(ECRECOVER, "", abi.encode(match_));
        assertFalse(Schnorr.isSigned(key, DIGEST, forged), "off the curve");
        // That the match is one: on the curve the same trick would work.
        match_ = address(uint160(uint256(keccak256(abi.encode(rx, ry)))));
        vm.mockCall(ECRECOVER, "", abi.encode(match_));
        assertTrue(Schnorr.isSigned(key, DIGEST, GroupSignature(rx, ry, 1234)), "control");
        vm.clearMockedCalls();
    }

    // ------------------------------------------------------------------ what ecrecover refuses

    /// @dev With a challenge of zero the key has no part: any k·G would be signed by any group.
    function test_holds_refusesChallengeZero() public {
        (uint256 x, uint256 y) = signer.point(31);
        assertFalse(Schnorr.holds(signer.key(SECRET), 0, GroupSignature(x, y, 31)));
    }

    /// @dev z·G = c·P: R would be the point at infinity, which has no coordinates.
    function test_holds_refusesInfinity() public {
        GroupKey memory key = signer.key(SECRET);
        uint256 z = mulmod(7, SECRET, N);
        assertFalse(Schnorr.holds(key, 7, GroupSignature(0, 0, z)));
        (uint256 x, uint256 y) = signer.point(31);
        assertFalse(Schnorr.holds(key, 7, GroupSignature(x, y, z)));
    }

    /// @dev No secret belongs to any of these; a key that signed by itself would be anyone's.
    function testFuzz_holds_refusesNoKey(uint256 nonce, uint256 c, uint256 above) public {
        nonce = bound(nonce, 1, N - 1);
        (uint256 x, uint256 y) = signer.point(nonce);
        above = bound(above, N, type(uint256).max);
        c = bound(c, 1, N - 1);
        // 5^3 + 7 is no square: no point has this x.
        uint256[4] memory none = [uint256(0), N, above, 5];
        for (uint256 i; i < 4; ++i) {
            GroupSignature memory s = GroupSignature(x, y, nonce);
            assertFalse(Schnorr.holds(GroupKey(none[i], false), c, s));
            assertFalse(Schnorr.holds(GroupKey(none[i], true), c, s));
            assertFalse(Schnorr.isSigned(GroupKey(none[i], false), bytes32(c), s));
        }
    }

    /// @dev What a failed recovery leaves is zero, whatever was recovered before.
    function test_holds_refusesAfterSuccess() public {
        (GroupKey memory key, uint256 c, GroupSignature memory s) = _made(SECRET, 77, 5);
        assertTrue(Schnorr.holds(key, c, s));
        assertFalse(Schnorr.holds(key, 0, s));
        assertFalse(Schnorr.holds(GroupKey(0, false), c, s));
    }

    // ------------------------------------------------------------------ signatures of others

    /// @dev A rogue key made from another's public key, and signatures carried from key to key.
    function test_isSigned_isBoundToItsKey() public {
        GroupSignature memory s = signer.sign(SECRET, 9, DIGEST);
        GroupKey memory key = signer.key(SECRET);
        assertTrue(Schnorr.isSigned(key, DIGEST, s));
        // The key shifted by a known amount: without the key in the challenge, z would shift along.
        uint256 c = _challenge(key, s, abi.encodePacked(DIGEST));
        GroupKey memory shifted = signer.key(SECRET + 1);
        s.z = addmod(s.z, c, N);
        assertTrue(Schnorr.holds(shifted, c, s), "control");
        assertFalse(Schnorr.isSigned(shifted, DIGEST, s), "key not in the challenge");
    }

    function test_gas_isSigned() public {
        SchnorrHarness harness =
            SchnorrHarness(deploy("SchnorrHarness", ""));
        GroupSignature memory signature = signer.sign(SECRET, DIGEST);
        (bool ok, uint256 used) = harness.measured(signer.key(SECRET), DIGEST, signature);
        assertTrue(ok);
        assertLe(used, 6_100, "isSigned");
    }

    // ------------------------------------------------------------------ helpers

    /// @dev A true sum with a challenge and z of one's choice: R = z·G - c·P.
    function _made(uint256 secret, uint256 c, uint256 z)
        internal
        returns (GroupKey memory key, uint256, GroupSignature memory)
    {
        key = signer.key(secret);
        (uint256 x, uint256 y) = signer.point(addmod(z, N - mulmod(c, secret, N), N));
        return (key, c, GroupSignature(x, y, z));
    }

    function _challenge(GroupKey memory key, GroupSignature memory s, bytes memory message)
        internal
        pure
        returns (uint256)
    {
        bytes memory head =
            abi.encodePacked(_compress(s.rx, s.ry & 1 == 1), _compress(key.x, key.isOdd));
        return Schnorr.challenge(abi.encodePacked(head, message));
    }

    function _compress(uint256 x, bool isOdd) internal pure returns (bytes memory) {
        return abi.encodePacked(isOdd ? bytes1(0x03) : bytes1(0x02), x);
    }
}
