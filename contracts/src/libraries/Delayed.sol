// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoverned} from "../interfaces/IGoverned.sol";

/// @title Delayed: the life of a proposal that loosens something.
/// @notice A proposal is ready after its delay and dead `EXPIRY_SECONDS` later, so that an old
/// authorisation cannot be kept for a better moment. Time zero means that nothing is pending.
library Delayed {
    /// @dev Shortest delay of anything that touches prices, margins or roles.
    uint256 internal constant DELAY_SECONDS_MIN = 1 days;
    uint256 internal constant DELAY_SECONDS_MAX = 30 days;
    uint256 internal constant EXPIRY_SECONDS = 7 days;

    function checkDelay(uint256 delaySeconds) internal pure {
        if (delaySeconds < DELAY_SECONDS_MIN) {
            revert IGoverned.DelayOutOfBounds(delaySeconds, DELAY_SECONDS_MIN);
        }
        if (delaySeconds > DELAY_SECONDS_MAX) {
            revert IGoverned.DelayOutOfBounds(delaySeconds, DELAY_SECONDS_MAX);
        }
    }

    /// @notice When a proposal of now becomes ready.
    function readyAfter(uint256 delaySeconds) internal view returns (uint40) {
        return uint40(block.timestamp + delaySeconds);
    }

    /// @notice Reverts unless a proposal that is ready at `readyAt` may be applied now.
    function checkReady(uint256 readyAt) internal view {
        if (readyAt == 0) revert IGoverned.ProposalMissing();
        if (block.timestamp < readyAt) revert IGoverned.ProposalEarly(block.timestamp, readyAt);
        uint256 timeMax = readyAt + EXPIRY_SECONDS;
        if (block.timestamp > timeMax) revert IGoverned.ProposalExpired(block.timestamp, timeMax);
    }

    /// @notice Reverts when there is no proposal to cancel.
    function checkPending(uint256 readyAt) internal pure {
        if (readyAt == 0) revert IGoverned.ProposalMissing();
    }
}
