// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModule} from "../interfaces/IModule.sol";
import {IRoster} from "../interfaces/IRoster.sol";
import {AccountWord} from "../libraries/Accounts.sol";
import {Lanes, LaneWord} from "../libraries/Lanes.sol";
import {Pricing} from "../Pricing.sol";
import {Roster} from "../Roster.sol";
import {Config} from "../Types.sol";

/// @title Accounts, session keys, and which orders are dead.
/// @notice These operations touch no cash: phases refresh, diff, laws and pay are skipped.
contract RosterModule is Roster, IRoster, IModule {
    constructor(Config memory config) Pricing(config) {}

    /// @inheritdoc IModule
    function operations() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](4);
        selectors[0] = IRoster.openAccount.selector;
        selectors[1] = IRoster.setSession.selector;
        selectors[2] = IRoster.cancelLane.selector;
        selectors[3] = IRoster.cancelAll.selector;
    }

    /// @inheritdoc IRoster
    function openAccount(address owner) external nonReentrant returns (uint32 id) {
        if (owner == address(0)) revert OwnerZero(owner, msg.sender);
        id = _accountsCount;
        _accountsCount = id + 1;
        _owners[id] = owner;
        emit AccountOpened(id, owner);
    }

    /// @inheritdoc IRoster
    function setSession(uint32 id, address key, uint40 expiry) external nonReentrant {
        _onlyOwner(id);
        _sessions[_sessionKey(id, key)] = expiry;
        emit SessionSet(id, key, expiry);
    }

    /// @inheritdoc IRoster
    function cancelLane(uint32 id, uint16 laneId, uint32 seq) external nonReentrant {
        _onlyActor(id);
        uint256 key = Lanes.key(id, laneId);
        LaneWord word = _lanes[key];
        if (seq < word.seq()) revert SeqStale(0, seq, word.seq());
        _lanes[key] = word.withOwner(_owners[id]).withOrder(seq, Lanes.CANCELLED);
        emit LaneCancelled(id, laneId, seq);
    }

    /// @inheritdoc IRoster
    function cancelAll(uint32 id) external nonReentrant {
        _onlyActor(id);
        AccountWord word = _accounts[id];
        uint32 epoch = uint32(word.epoch()) + 1;
        _accounts[id] = word.withEpoch(epoch);
        emit AllCancelled(id, epoch);
    }
}
