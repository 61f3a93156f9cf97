// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GroupKey, GroupSignature, Schnorr} from "../../src/libraries/Schnorr.sol";
import {Base} from "../Base.sol";
import {Vm} from "../Vm.sol";

/// @notice Signs as a whole committee does, with a secret that no real committee has in one place.
/// @dev A contract of its own, so that it is compiled once for all suites.
contract GroupSigner is Base {
    uint256 internal constant N =
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    /// @dev Public key of a secret, from 1 to N - 1.
    function key(uint256 secret) public returns (GroupKey memory) {
        (uint256 x, uint256 y) = point(secret);
        return GroupKey(x, y & 1 == 1);
    }

    function point(uint256 secret) public returns (uint256 x, uint256 y) {
        Vm.Wallet memory wallet = vm.createWallet(secret);
        return (wallet.publicKeyX, wallet.publicKeyY);
    }

    /// @dev One signature of a digest; another digest or secret has another nonce.
    function sign(uint256 secret, bytes32 digest) public returns (GroupSignature memory) {
        return sign(secret, uint256(keccak256(abi.encode(secret, digest))) % N, digest);
    }

    function sign(uint256 secret, uint256 nonce, bytes32 digest)
        public
        returns (GroupSignature memory)
    {
        GroupKey memory group = key(secret);
        (uint256 x, uint256 y) = point(nonce);
        uint256 c = Schnorr.challenge(
            abi.encodePacked(_compress(x, y & 1 == 1), _compress(group.x, group.isOdd), digest)
        );
        return GroupSignature(x, y, addmod(nonce, mulmod(c, secret, N), N));
    }

    function _compress(uint256 x, bool isOdd) internal pure returns (bytes memory) {
        return abi.encodePacked(isOdd ? bytes1(0x03) : bytes1(0x02), x);
    }
}
