// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICommittees} from "../../src/interfaces/ICommittees.sol";
import {GroupKey} from "../../src/libraries/Schnorr.sol";

/// @dev A registry of one committee, whose key is whatever the test says.
contract KeyDouble is ICommittees {
    uint256 private _x;
    bool private _isOdd;
    uint32 private _generation;
    bool private _isRevoked;
    uint8 private immutable _id;

    constructor(uint8 id) {
        _id = id;
    }

    function set(GroupKey memory key_, uint32 generation_, bool isRevoked) external {
        (_x, _isOdd, _generation, _isRevoked) = (key_.x, key_.isOdd, generation_, isRevoked);
    }

    function key(uint8 id) external view override returns (GroupKey memory, uint32) {
        if (id != _id) revert CommitteeMissing(id);
        if (_isRevoked) revert KeyRevoked(id);
        return (GroupKey(_x, _isOdd), _generation);
    }
}
