// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IClearingHouse} from "./interfaces/IClearingHouse.sol";
import {AccountWord} from "./libraries/Accounts.sol";
import {Lanes, LaneWord} from "./libraries/Lanes.sol";
import {Ledger} from "./Ledger.sol";

/// @title Who may act for an account, and which of its orders are dead.
/// @notice Owns: owners (never change), session keys, lanes, epochs.
/// These operations touch no cash: phases refresh, diff, laws and pay are skipped.
abstract contract Roster is Ledger, ReentrancyGuardTransient {
    uint32 private constant FIRST_USER = 2;

    mapping(uint256 => address) internal _owners;
    /// @dev Key: account << 160 | session key. Value: expiry, seconds.
    mapping(uint256 => uint256) internal _sessions;
    mapping(uint256 => LaneWord) internal _lanes;

    /// @inheritdoc IClearingHouse
    uint32 public accountsCount = FIRST_USER;

    /// @inheritdoc IClearingHouse
    function openAccount(address owner) external nonReentrant returns (uint32 id) {
        if (owner == address(0)) revert OwnerZero(owner, msg.sender);
        id = accountsCount;
        accountsCount = id + 1;
        _owners[id] = owner;
        emit AccountOpened(id, owner);
    }

    /// @inheritdoc IClearingHouse
    function setSession(uint32 id, address key, uint40 expiry) external nonReentrant {
        _onlyOwner(id);
        _sessions[_sessionKey(id, key)] = expiry;
        emit SessionSet(id, key, expiry);
    }

    /// @inheritdoc IClearingHouse
    function cancelLane(uint32 id, uint16 laneId, uint32 seq) external nonReentrant {
        _onlyActor(id);
        uint256 key = Lanes.key(id, laneId);
        LaneWord word = _lanes[key];
        if (seq < word.seq()) revert SeqStale(0, seq, word.seq());
        _lanes[key] = word.withOwner(_owners[id]).withOrder(seq, Lanes.CANCELLED);
        emit LaneCancelled(id, laneId, seq);
    }

    /// @inheritdoc IClearingHouse
    function cancelAll(uint32 id) external nonReentrant {
        _onlyActor(id);
        AccountWord word = _accounts[id];
        uint32 epoch = uint32(word.epoch()) + 1;
        _accounts[id] = word.withEpoch(epoch);
        emit AllCancelled(id, epoch);
    }

    function _exists(uint256 id) internal view {
        if (id >= accountsCount) revert AccountUnknown(uint32(id), accountsCount);
    }

    function _ownerOf(uint256 id) internal view returns (address owner) {
        owner = _owners[id];
        if (owner == address(0)) revert AccountUnknown(uint32(id), accountsCount);
    }

    function _onlyOwner(uint256 id) internal view {
        address owner = _owners[id];
        if (msg.sender != owner) revert NotOwner(msg.sender, owner);
    }

    /// @dev Owner or session key.
    function _onlyActor(uint256 id) internal view {
        address owner = _owners[id];
        if (msg.sender != owner && !_inSession(id, msg.sender)) revert NotOwner(msg.sender, owner);
    }

    function _inSession(uint256 id, address key) internal view returns (bool) {
        return _sessions[_sessionKey(id, key)] > block.timestamp;
    }

    function _sessionKey(uint256 id, address key) internal pure returns (uint256) {
        return (id << 160) | uint160(key);
    }
}
