// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TreasuryRules} from "../src/TreasuryRules.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {Delayed} from "../src/libraries/Delayed.sol";

/// @title `TreasuryRules` itself: what loosens a rule of any token or call.
contract TreasuryRulesSteps is TreasuryRules {
    constructor(IGoverned governed_) TreasuryRules(governed_, 2 days) {}

    /// @dev A limit that was pending, ready, and not too old comes into force as it was.
    function apply_(address token) external {
        PendingLimit memory pending = pendingLimit[token];
        applyLimit(token);
        Limit memory after_ = limits[token];
        assert(pending.readyAt != 0 && block.timestamp >= pending.readyAt);
        assert(block.timestamp <= uint256(pending.readyAt) + 7 days);
        assert(after_.small == pending.small && after_.day == pending.day);
        assert(pendingLimit[token].readyAt == 0);
    }

    /// @dev A call is allowed by a proposal that was ready, and not by proposing.
    function call_(address target, bytes4 selector) external {
        uint256 readyAt = callReadyAt[target][selector];
        applyCall(target, selector);
        assert(readyAt != 0 && block.timestamp >= readyAt);
        assert(block.timestamp <= readyAt + 7 days && callReadyAt[target][selector] == 0);
    }
}

/// @title Model of one payment of `Treasury._count`: limit and sum of the day are those that it
/// reads, and nothing that it adds is above the limit in force.
contract TreasuryDay {
    uint256 internal used;

    function pay(uint256 amount, uint128 day) external {
        uint256 max = day;
        uint256 open = max > used ? max - used : 0;
        require(amount <= open);
        uint256 before = used;
        used += amount;
        assert(used >= before && (amount == 0 || used <= max));
    }
}

/// @title Buckets of `DayRing`, by their hours: no payment of the last 24 hours is left out of the
/// sum, and a bucket that is written over counts no more.
contract DayRingBuckets {
    function counts(uint40 paid, uint40 time) external pure {
        require(paid <= time && uint256(time) - paid <= 1 days);
        assert(uint256(paid) / 1 hours + 25 > uint256(time) / 1 hours);
    }

    function forgets(uint40 paid, uint40 time) external pure {
        require(uint256(paid) + 25 hours <= time);
        assert(uint256(paid) / 1 hours + 25 <= uint256(time) / 1 hours);
    }

    function written(uint40 kept, uint40 hour) external pure {
        require(kept < hour && kept % 25 == hour % 25);
        assert(uint256(kept) + 25 <= hour);
    }
}
