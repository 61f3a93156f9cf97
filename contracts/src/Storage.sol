// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountWord} from "./libraries/Accounts.sol";
import {LaneWord} from "./libraries/Lanes.sol";

/// @title Everything that the clearing house stores, in one place.
/// @notice Modules run in the storage of the clearing house: only this contract may declare state,
/// so that a slot means the same to all of them. New state goes to the end.
abstract contract Storage {
    /// @dev One slot. Written by whoever moves the index (a report) or open interest (a fill).
    struct MarketState {
        int96 fundingIndex;
        uint40 fundingTime;
        uint56 openInterest;
    }

    uint32 private constant FIRST_USER = 2;

    mapping(uint256 => MarketState) internal _markets;
    mapping(uint256 => AccountWord) internal _accounts;
    /// @dev Bit m: the account has a position in market m beyond its home.
    mapping(uint256 => uint256) internal _bitmaps;
    mapping(uint256 => int256) internal _positions;
    mapping(uint256 => address) internal _owners;
    /// @dev Key: account << 160 | session key. Value: expiry, seconds.
    mapping(uint256 => uint256) internal _sessions;
    mapping(uint256 => LaneWord) internal _lanes;
    /// @dev First account id that is still free.
    uint32 internal _accountsCount = FIRST_USER;
    /// @dev Number of the last settled batch, and head of the chain of batches.
    uint64 internal _batchNumber;
    bytes32 internal _batchHead;
    /// @dev Which module carries out an operation; set once, at deployment.
    mapping(bytes4 => address) internal _modules;
    /// @dev One-time numbers of what an owner signs or requests besides orders. Key: account << 56
    /// | number >> 8; a bit for each number. Fast and forced paths share it.
    mapping(uint256 => uint256) internal _nonces;
}
