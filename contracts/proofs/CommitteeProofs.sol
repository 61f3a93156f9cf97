// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Delayed} from "../src/libraries/Delayed.sol";

/// @title Model of one committee of `Committees`: its two ways to another key; what is ready is
/// judged by the real library. `by` is the key whose signature is brought.
/// @notice Ghosts: `rotationAt` and `replacementAt`, when what waits was proposed, and
/// `rotationExpiry`, until when that could be.
contract CommitteeKeys {
    uint256 internal key;
    uint256 internal generation;
    bool internal isRevoked;
    uint256 internal rotation;
    uint256 internal rotationReadyAt;
    uint256 internal rotationAt;
    uint256 internal rotationExpiry;
    uint256 internal replacement;
    uint256 internal replacementReadyAt;
    uint256 internal replacementAt;
    uint256 internal immutable rotationDelay;
    uint256 internal immutable replacementDelay;

    constructor(uint256 first, uint256 rotationDelay_, uint256 replacementDelay_) {
        Delayed.checkDelay(rotationDelay_);
        Delayed.checkDelay(replacementDelay_);
        require(replacementDelay_ > rotationDelay_);
        (rotationDelay, replacementDelay) = (rotationDelay_, replacementDelay_);
        (key, generation) = (first, 1);
        assert(holds());
    }

    /// @dev What waits is not ready before its delay, and was proposed before its expiry; a revoked
    /// key has proposed nothing.
    function holds() public view returns (bool) {
        bool waits = rotationReadyAt == 0
            || (!isRevoked && rotationReadyAt >= rotationAt + 1 days
                && rotationAt <= rotationExpiry);
        return waits
            && (replacementReadyAt == 0 || replacementReadyAt > replacementAt + 1 days);
    }

    function proposeRotation(uint256 by, uint256 next, uint256 expiry) external {
        require(holds() && _sane());
        require(!isRevoked && by == key && block.timestamp <= expiry);
        (uint256 before, uint256 count) = (key, generation);
        (rotation, rotationAt) = (next, block.timestamp);
        (rotationReadyAt, rotationExpiry) = (block.timestamp + rotationDelay, expiry);
        assert(holds() && key == before && generation == count);
    }

    function applyRotation() external {
        require(holds() && _sane());
        Delayed.checkReady(rotationReadyAt);
        (uint256 asked, uint256 next, uint256 count) = (rotationAt, rotation, generation);
        assert(!isRevoked);
        _install(next);
        assert(holds() && key == next && generation == count + 1);
        assert(block.timestamp >= asked + 1 days);
    }

    function veto() external {
        require(holds());
        Delayed.checkPending(rotationReadyAt);
        (uint256 before, uint256 count) = (key, generation);
        rotationReadyAt = 0;
        assert(holds() && key == before && generation == count);
    }

    function proposeReplacement(uint256 next) external {
        require(holds() && _sane());
        (uint256 before, uint256 count) = (key, generation);
        (replacement, replacementAt) = (next, block.timestamp);
        replacementReadyAt = block.timestamp + replacementDelay;
        assert(holds() && key == before && generation == count);
    }

    function applyReplacement() external {
        require(holds() && _sane());
        Delayed.checkReady(replacementReadyAt);
        (uint256 asked, uint256 next, uint256 count) =
            (replacementAt, replacement, generation);
        _install(next);
        assert(holds() && key == next && generation == count + 1);
        assert(block.timestamp > asked + 1 days);
    }

    function cancel() external {
        require(holds());
        Delayed.checkPending(replacementReadyAt);
        (uint256 before, uint256 count) = (key, generation);
        replacementReadyAt = 0;
        assert(holds() && key == before && generation == count);
    }

    function revoke() external {
        require(holds() && !isRevoked);
        (uint256 before, uint256 count) = (key, generation);
        (isRevoked, rotationReadyAt) = (true, 0);
        assert(holds() && key == before && generation == count);
    }

    function _install(uint256 next) private {
        (key, generation, isRevoked) = (next, generation + 1, false);
        (rotationReadyAt, replacementReadyAt) = (0, 0);
    }

    /// @dev Delays as the constructor left them, and a clock and a count far from their ends.
    function _sane() private view returns (bool) {
        return rotationDelay >= 1 days && rotationDelay <= 30 days
            && replacementDelay > rotationDelay && replacementDelay <= 30 days
            && block.timestamp < 2 ** 39 && generation < 2 ** 31;
    }
}
