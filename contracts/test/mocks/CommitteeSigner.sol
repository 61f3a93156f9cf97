// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Committees} from "../../src/Committees.sol";
import {Candidate} from "../../src/interfaces/ICommittees.sol";
import {GroupKey, GroupSignature} from "../../src/libraries/Schnorr.sol";
import {GroupSigner} from "./GroupSigner.sol";

/// @dev Governor and guardians of the tests, in one contract.
contract Offices {
    address public governor;
    mapping(address who => bool) public isGuardian;

    constructor(address governor_, address guardian) {
        governor = governor_;
        isGuardian[guardian] = true;
    }

    function guardiansCount() external pure returns (uint256) {
        return 1;
    }
}

/// @notice Signs what a registry of committees asks for, with digests written out here.
abstract contract CommitteeSigner is GroupSigner {
    uint256 internal constant ROTATION_DELAY = 1 days;
    uint256 internal constant REPLACEMENT_DELAY = 7 days;

    /// @dev A committee of 3 of 5 with the key of a secret.
    function _candidate(uint256 secret) internal returns (Candidate memory) {
        GroupKey memory key = _key(secret);
        return Candidate(key.x, key.isOdd, 3, 5, keccak256(abi.encode("roster", secret)));
    }

    function _separator(string memory name, address verifier) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,"
                    "address verifyingContract)"
                ),
                keccak256(bytes(name)),
                keccak256("1"),
                block.chainid,
                verifier
            )
        );
    }

    function _proofDigest(address registry, uint8 id, uint32 generation, Candidate memory c)
        internal
        view
        returns (bytes32)
    {
        bytes32 typehash = keccak256(
            "ProofOfLife(uint8 committee,uint32 generation,uint256 x,bool isOdd,"
            "uint8 threshold,uint8 size,bytes32 roster)"
        );
        bytes32 body = keccak256(
            abi.encode(
                typehash, id, generation, c.x, c.isOdd, c.threshold, c.size, c.roster
            )
        );
        bytes32 separator = _separator("Holdfast Committees", registry);
        return keccak256(abi.encodePacked(hex"1901", separator, body));
    }

    function _rotationDigest(
        address registry,
        uint8 id,
        uint32 generation,
        uint32 number,
        Candidate memory c
    ) internal view returns (bytes32) {
        bytes32 typehash = keccak256(
            "Rotation(uint8 committee,uint32 generation,uint32 number,uint256 x,bool isOdd,"
            "uint8 threshold,uint8 size,bytes32 roster)"
        );
        bytes32 body = keccak256(
            abi.encode(
                typehash, id, generation, number, c.x, c.isOdd, c.threshold, c.size, c.roster
            )
        );
        bytes32 separator = _separator("Holdfast Committees", registry);
        return keccak256(abi.encodePacked(hex"1901", separator, body));
    }

    /// @dev Proof of life of a secret for the next generation of a committee.
    function _life(Committees registry, uint8 id, uint256 secret)
        internal
        returns (GroupSignature memory)
    {
        uint32 next = registry.committee(id).generation + 1;
        return _sign(secret, _proofDigest(address(registry), id, next, _candidate(secret)));
    }

    /// @dev Consent of a secret to another one.
    function _consent(Committees registry, uint8 id, uint256 from, uint256 to)
        internal
        returns (GroupSignature memory)
    {
        Committees.Committee memory now_ = registry.committee(id);
        bytes32 digest = _rotationDigest(
            address(registry), id, now_.generation + 1, now_.rotations, _candidate(to)
        );
        return _sign(from, digest);
    }

    /// @dev The first key of a committee, for a registry that is not deployed yet.
    function _founding(address registry, uint8 id, uint256 secret)
        internal
        returns (Committees.Founding memory)
    {
        Candidate memory c = _candidate(secret);
        return Committees.Founding(id, c, _sign(secret, _proofDigest(registry, id, 1, c)));
    }
}
