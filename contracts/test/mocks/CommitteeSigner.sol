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
contract CommitteeSigner is GroupSigner {
    uint40 public constant EXPIRY = 4_000_000_000;

    /// @dev A committee of 3 of 5 with the key of a secret.
    function candidate(uint256 secret) public returns (Candidate memory) {
        GroupKey memory group = key(secret);
        return Candidate(group.x, group.isOdd, 3, 5, keccak256(abi.encode("roster", secret)));
    }

    function separator(string memory name, address verifier) public view returns (bytes32) {
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

    function proofDigest(address registry, uint8 id, uint32 generation, Candidate memory c)
        public
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
        bytes32 domain = separator("Holdfast Committees", registry);
        return keccak256(abi.encodePacked(hex"1901", domain, body));
    }

    function rotationDigest(
        address registry,
        uint8 id,
        uint32 generation,
        uint32 number,
        uint40 expiry,
        Candidate memory c
    ) public view returns (bytes32) {
        bytes32 typehash = keccak256(
            "Rotation(uint8 committee,uint32 generation,uint32 number,uint40 expiry,uint256 x,"
            "bool isOdd,uint8 threshold,uint8 size,bytes32 roster)"
        );
        bytes32 body =
            keccak256(abi.encode(typehash, id, generation, number, expiry, c));
        bytes32 domain = separator("Holdfast Committees", registry);
        return keccak256(abi.encodePacked(hex"1901", domain, body));
    }

    /// @dev Proof of life of a secret for the next generation of a committee.
    function life(Committees registry, uint8 id, uint256 secret)
        public
        returns (GroupSignature memory)
    {
        uint32 next = registry.committee(id).generation + 1;
        return sign(secret, proofDigest(address(registry), id, next, candidate(secret)));
    }

    /// @dev Consent of a secret to another one, far into the future.
    function consent(Committees registry, uint8 id, uint256 from, uint256 to)
        external
        returns (GroupSignature memory)
    {
        return consentUntil(registry, id, from, to, EXPIRY);
    }

    function consentUntil(Committees registry, uint8 id, uint256 from, uint256 to, uint40 expiry)
        public
        returns (GroupSignature memory)
    {
        Committees.Committee memory now_ = registry.committee(id);
        bytes32 digest = rotationDigest(
            address(registry), id, now_.generation + 1, now_.rotations, expiry, candidate(to)
        );
        return sign(from, digest);
    }

    /// @dev The first key of a committee, for a registry that is not deployed yet.
    function founding(address registry, uint8 id, uint256 secret)
        public
        returns (Committees.Founding memory)
    {
        Candidate memory c = candidate(secret);
        return Committees.Founding(id, c, sign(secret, proofDigest(registry, id, 1, c)));
    }
}
