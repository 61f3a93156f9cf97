// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The limiter that the vault does not use: capacity X that refills X per day. It stands
/// under the same attack as the vault to show that the attack bites.
contract TokenBucket {
    uint256 public immutable capacity;
    uint256 public level;
    uint256 public updatedAt;

    constructor(uint256 capacity_) {
        capacity = capacity_;
        level = capacity_;
        updatedAt = block.timestamp;
    }

    function available() public view returns (uint256) {
        uint256 refilled = level + capacity * (block.timestamp - updatedAt) / 1 days;
        return refilled < capacity ? refilled : capacity;
    }

    function pay(uint256 amount) external {
        level = available() - amount;
        updatedAt = block.timestamp;
    }
}
