// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GroupKey} from "../libraries/Schnorr.sol";

/// @notice A key that waits for its committee, and what its makers say of it.
/// @param x First coordinate of the key.
/// @param isOdd Whether the key's second coordinate is odd.
/// @param threshold Parties that sign together.
/// @param size Parties of the committee.
/// @param roster Hash of who they are, by the rules of the ceremony that made the key.
struct Candidate {
    uint256 x;
    bool isOdd;
    uint8 threshold;
    uint8 size;
    bytes32 roster;
}

/// @title Group keys of the committees; each is one that nobody holds alone.
interface ICommittees {
    /// @notice There is no such committee, or it never had a key.
    error CommitteeMissing(uint8 id);

    /// @notice The committee's key was revoked and signs nothing.
    error KeyRevoked(uint8 id);

    /// @notice The key in force of a committee, and its generation; reverts when there is none.
    function key(uint8 id) external view returns (GroupKey memory groupKey, uint32 generation);
}
