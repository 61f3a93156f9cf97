// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breaker} from "../src/Breaker.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {Resume} from "../src/libraries/Resume.sol";

/// @title Every entry expires by itself: at its last second the level is that of what is below it,
/// and 0 when there is nothing. Where a halt ended, the way back is `ResumeLoosens`.
contract BreakerExpires is Breaker {
    constructor(IGoverned governed_, Limits memory limits)
        Breaker(governed_, new address[](0), limits)
    {}

    function check(uint16 scope) external view {
        Entry memory set = _entries[scope];
        uint8 inForce = _levelOf(_entries[scope]);
        if (block.timestamp < set.until3) assert(inForce == 3);
        if (set.until3 != 0) return;
        bool past1 = block.timestamp >= set.until1;
        bool past2 = block.timestamp >= set.until2;
        if (past1 && past2) assert(inForce == 0);
        assert(inForce < 3);
        assert(inForce != 2 || !past2);
        assert(inForce != 1 || (past2 && !past1));
    }
}

/// @title The way back loosens only: no later moment of it is tighter, and no liquidation comes
/// before the end of the grace.
contract ResumeLoosens {
    function check(uint40 start, uint16 grace, uint40 time, uint40 later) external pure {
        uint8 now_ = Resume.level(start, grace, time);
        assert(now_ <= 3);
        if (grace != 0 && time < uint256(start) + grace) assert(now_ >= 2);
        if (time <= later) assert(Resume.level(start, grace, later) <= now_);
        uint256 step = (uint256(grace) + 3) / 4;
        if (time >= uint256(start) + grace + step) assert(now_ == 0);
    }
}

/// @title A grace is no longer than half an hour, nor than what it follows; after an outage no
/// longer than liquidation was open since the last one, or than what was left of it.
contract ResumeBounded {
    function halts(uint40 since, uint40 until) external pure {
        require(since <= until);
        uint256 grace = Resume.afterHalt(since, until);
        assert(grace <= 30 minutes && grace <= uint256(until) - since);
    }

    function outages(uint40 from, uint40 gap, uint40 end) external pure {
        uint256 grace = Resume.afterOutage(from, gap, end);
        if (from < end) assert(grace == uint256(end) - from);
        else assert(grace <= 30 minutes && grace <= gap);
        if (end != 0 && from >= end) assert(grace <= uint256(from) - end);
    }
}
