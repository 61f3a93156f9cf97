// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Committees} from "../../src/Committees.sol";
import {Candidate} from "../../src/interfaces/ICommittees.sol";
import {GroupSignature} from "../../src/libraries/Schnorr.sol";
import {CommitteeSigner, Offices} from "../mocks/CommitteeSigner.sol";
import {TiedCommittee} from "./Models.sol";
import {Tie} from "./Tie.sol";

/// @title `committee.keys`: the registry as deployed, and the model of one committee of it.
/// @notice Five keys that sign for themselves and for one another; governor and guardian act at
/// every moment, and time passes by hours and days, so that proposals are early, ready and dead.
contract CommitteeTie is Tie {
    uint8 private constant ID = 2;
    uint256 private constant KEYS = 5;
    uint256 private constant ROTATION_DELAY = 2 days;
    uint256 private constant REPLACEMENT_DELAY = 5 days;
    address private constant GUARDIAN = address(0x6a);

    CommitteeSigner private _signer;
    Committees private _registry;
    TiedCommittee private _model;
    uint256[KEYS] private _xs;

    function _name() internal pure override returns (string memory) {
        return "committee";
    }

    function _operations() internal pure override returns (string[] memory all) {
        all = new string[](10);
        (all[0], all[1], all[2]) = ("rotation", "no rotation", "rotated");
        (all[3], all[4], all[5]) = ("veto", "replacement", "replaced");
        (all[6], all[7], all[8]) = ("cancel", "revoke", "not rotated");
        all[9] = "not replaced";
    }

    function _begin() internal override {
        vm.warp(1_900_000_000);
        _signer = CommitteeSigner(_create("CommitteeSigner.sol:CommitteeSigner", ""));
        address offices = address(new Offices(address(this), GUARDIAN));
        for (uint256 i; i < KEYS; ++i) _xs[i] = _signer.candidate(_secret(i)).x;
        address later = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        Committees.Founding[] memory foundings = new Committees.Founding[](1);
        foundings[0] = _signer.founding(later, ID, _secret(0));
        bytes memory args =
            abi.encode(offices, offices, ROTATION_DELAY, REPLACEMENT_DELAY, foundings);
        _registry = Committees(_deployBuilt("Committees", args));
        args = abi.encode(uint256(0), ROTATION_DELAY, REPLACEMENT_DELAY);
        _model = TiedCommittee(_deployModel("TiedCommittee", args));
    }

    function _act(uint256 r) internal override {
        uint256 kind = r % 16;
        uint256 wait = (r >> 8) % 4 == 0 ? (r >> 16) % 4 days : (r >> 16) % 18 hours;
        vm.warp(vm.getBlockTimestamp() + wait);
        if (kind < 4) _rotation(r >> 64);
        else if (kind < 8) _rotate();
        else if (kind < 9) _veto(r >> 64);
        else if (kind < 11) _replacement((r >> 64) % KEYS);
        else if (kind < 14) _replace();
        else if (kind < 15) _cancel();
        else if ((r >> 64) % 3 == 0) _revoke();
        _compare();
    }

    /// @dev Mostly the key in force speaks; else another one tries.
    function _rotation(uint256 r) private {
        (uint256 current,) = _model.state();
        uint256 by = r % 4 == 0 ? (r >> 8) % KEYS : current;
        uint256 next = (r >> 16) % KEYS;
        Candidate memory c = _signer.candidate(_secret(next));
        GroupSignature memory life = _signer.life(_registry, ID, _secret(next));
        // Now and then it comes a second too late.
        uint40 expiry = uint40(vm.getBlockTimestamp());
        if ((r >> 24) % 8 == 0) --expiry;
        GroupSignature memory consent =
            _signer.consentUntil(_registry, ID, _secret(by), _secret(next), expiry);
        bool real =
            _ok(abi.encodeCall(Committees.proposeRotation, (ID, expiry, c, life, consent)));
        bool model = _modelled(abi.encodeCall(_model.proposeRotation, (by, next, expiry)));
        _same("proposed", real, model);
        _did(real ? "rotation" : "no rotation");
    }

    function _rotate() private {
        bool real = _ok(abi.encodeCall(Committees.applyRotation, (ID)));
        _same("rotated", real, _modelled(abi.encodeCall(_model.applyRotation, ())));
        _did(real ? "rotated" : "not rotated");
    }

    function _replace() private {
        bool real = _ok(abi.encodeCall(Committees.applyReplacement, (ID)));
        _same("replaced", real, _modelled(abi.encodeCall(_model.applyReplacement, ())));
        _did(real ? "replaced" : "not replaced");
    }

    function _veto(uint256 r) private {
        if (r % 2 == 0) vm.prank(GUARDIAN);
        bool real = _ok(abi.encodeCall(Committees.vetoRotation, (ID)));
        _same("vetoed", real, _modelled(abi.encodeCall(_model.veto, ())));
        if (real) _did("veto");
    }

    function _replacement(uint256 next) private {
        Candidate memory c = _signer.candidate(_secret(next));
        GroupSignature memory life = _signer.life(_registry, ID, _secret(next));
        bool real = _ok(abi.encodeCall(Committees.proposeReplacement, (ID, c, life)));
        _same("replacing", real, _modelled(abi.encodeCall(_model.proposeReplacement, (next))));
        if (real) _did("replacement");
    }

    function _cancel() private {
        bool real = _ok(abi.encodeCall(Committees.cancelReplacement, (ID)));
        _same("cancelled", real, _modelled(abi.encodeCall(_model.cancel, ())));
        if (real) _did("cancel");
    }

    function _revoke() private {
        bool real = _ok(abi.encodeCall(Committees.revoke, (ID)));
        _same("revoked", real, _modelled(abi.encodeCall(_model.revoke, ())));
        if (real) _did("revoke");
    }

    function _compare() private view {
        Committees.Committee memory real = _registry.committee(ID);
        (uint256 key, uint256 generation) = _model.state();
        _same("key", real.x, _xs[key]);
        _same("generation", uint256(real.generation), generation);
        _same("revoked", real.isRevoked, _model.revoked());
        (uint256 next, uint256 readyAt) = _model.rotating();
        Committees.Pending memory pending = _registry.pendingRotation(ID);
        _same("rotation ready", uint256(pending.readyAt), readyAt);
        if (readyAt != 0) _same("rotation to", pending.candidate.x, _xs[next]);
        (next, readyAt) = _model.replacing();
        pending = _registry.pendingReplacement(ID);
        _same("replacement ready", uint256(pending.readyAt), readyAt);
        if (readyAt != 0) _same("replacement by", pending.candidate.x, _xs[next]);
    }

    function _secret(uint256 i) private pure returns (uint256) {
        return 0xa11 + i;
    }

    function _ok(bytes memory data) private returns (bool ok) {
        (ok,) = address(_registry).call(data);
    }

    function _modelled(bytes memory data) private returns (bool) {
        (bool ok, bytes memory reason) = address(_model).call(data);
        return ok || _refused(reason);
    }
}
