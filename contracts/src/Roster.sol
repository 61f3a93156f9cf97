// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Ledger} from "./Ledger.sol";
import {SessionWord} from "./libraries/Sessions.sol";

/// @title Who may act for an account.
/// @notice Owns: owners (never change) and session keys.
abstract contract Roster is Ledger, ReentrancyGuardTransient {
    function _exists(uint256 id) internal view {
        if (id >= _accountsCount && id < FUNDS) revert AccountUnknown(uint32(id), _accountsCount);
    }

    function _ownerOf(uint256 id) internal view returns (address owner) {
        owner = _owners[id];
        if (owner == address(0)) revert AccountUnknown(uint32(id), _accountsCount);
    }

    function _onlyOwner(uint256 id) internal view {
        address owner = _owners[id];
        if (msg.sender != owner) revert NotOwner(msg.sender, owner);
    }

    /// @dev Owner, or a session key without any limit: who may take risk for the account.
    function _onlyActor(uint256 id) internal view {
        address owner = _owners[id];
        if (msg.sender == owner) return;
        SessionWord session = _sessionOf(id, msg.sender);
        if (!session.live(block.timestamp)) revert NotOwner(msg.sender, owner);
        if (!session.whole()) revert SessionScoped(msg.sender, owner);
    }

    /// @dev Owner or any session key: taking an order back is never out of scope.
    function _onlyCanceller(uint256 id) internal view {
        address owner = _owners[id];
        if (msg.sender == owner || _sessionOf(id, msg.sender).live(block.timestamp)) return;
        revert NotOwner(msg.sender, owner);
    }

    function _inSession(uint256 id, address key) internal view returns (bool) {
        return _sessionOf(id, key).live(block.timestamp);
    }

    function _sessionOf(uint256 id, address key) internal view returns (SessionWord) {
        return _sessions[_sessionKey(id, key)];
    }

    /// @dev Consumes a one-time number: a second use of it, by whichever path, reverts.
    function _useNonce(uint256 id, uint64 nonce) internal {
        uint256 key = (id << 56) | (nonce >> 8);
        uint256 bit = 1 << (nonce & 0xff);
        if (_nonces[key] & bit != 0) revert NonceUsed(uint32(id), nonce);
        _nonces[key] |= bit;
    }

    /// @dev The one-time number was consumed.
    function _nonceUsed(uint256 id, uint64 nonce) internal view returns (bool) {
        return _nonces[(id << 56) | (nonce >> 8)] & (1 << (nonce & 0xff)) != 0;
    }

    function _sessionKey(uint256 id, address key) internal pure returns (uint256) {
        return (id << 160) | uint160(key);
    }
}
