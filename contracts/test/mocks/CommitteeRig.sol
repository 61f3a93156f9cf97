// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Committees} from "../../src/Committees.sol";
import {Candidate} from "../../src/interfaces/ICommittees.sol";
import {IGoverned} from "../../src/interfaces/IGoverned.sol";
import {GroupKey, GroupSignature} from "../../src/libraries/Schnorr.sol";
import {Base} from "../Base.sol";
import {CommitteeSigner, Offices} from "./CommitteeSigner.sol";

/// @notice A registry with a treasury, and what its suites do again and again.
abstract contract CommitteeRig is Base {
    uint256 internal constant N =
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    uint256 internal constant ROTATION_DELAY = 1 days;
    uint256 internal constant REPLACEMENT_DELAY = 7 days;
    uint256 internal constant START = 1_800_000_000;
    uint40 internal constant EXPIRY = 4_000_000_000;
    uint256 internal constant OLD = 0xa11;
    uint256 internal constant NEXT = 0xb22;
    uint256 internal constant OTHER = 0xc33;
    uint8 internal constant TREASURY = 1;
    uint8 internal constant ORACLE = 2;
    uint8 internal constant BRIDGE = 3;
    address internal constant GOVERNOR = address(0x60);
    address internal constant GUARDIAN = address(0x6a);

    CommitteeSigner internal signer;
    Offices internal offices;
    Committees internal registry;

    function setUp() public {
        vm.warp(START);
        signer = CommitteeSigner(_create("CommitteeSigner.sol:CommitteeSigner", ""));
        offices = new Offices(GOVERNOR, GUARDIAN);
        registry = _deploy();
    }

    function _deploy() internal returns (Committees) {
        Committees.Founding[] memory foundings = new Committees.Founding[](1);
        foundings[0] = signer.founding(_later(), TREASURY, OLD);
        address here = address(offices);
        bytes memory args =
            abi.encode(here, here, ROTATION_DELAY, REPLACEMENT_DELAY, foundings);
        return Committees(deploy("Committees", args));
    }

    /// @dev Address of what this test deploys next.
    function _later() internal view returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
    }

    function _propose(uint256 from, uint256 to) internal {
        registry.proposeRotation(
            TREASURY,
            EXPIRY,
            signer.candidate(to),
            signer.life(registry, TREASURY, to),
            signer.consent(registry, TREASURY, from, to)
        );
    }

    function _rotate(uint256 from, uint256 to) internal {
        _propose(from, to);
        vm.warp(vm.getBlockTimestamp() + ROTATION_DELAY);
        registry.applyRotation(TREASURY);
    }

    function _replace(uint8 id, uint256 to) internal {
        Candidate memory c = signer.candidate(to);
        GroupSignature memory life = signer.life(registry, id, to);
        vm.prank(GOVERNOR);
        registry.proposeReplacement(id, c, life);
    }

    function _keyX() internal view returns (uint256) {
        (GroupKey memory got,) = registry.key(TREASURY);
        return got.x;
    }

    function _unsigned() internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Committees.RotationUnsigned.selector, TREASURY);
    }

    function _unproved(uint8 id) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Committees.ProofOfLifeWrong.selector, id);
    }

    function _delay(uint256 found, uint256 required) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGoverned.DelayOutOfBounds.selector, found, required);
    }
}
