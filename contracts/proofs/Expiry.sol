// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Resume} from "../src/libraries/Resume.sol";

/// @title Every level of a scope ends by itself: at its last second the level is that of what is
/// below it, and 0 when there is nothing. After a halt no level is in force that is neither set nor
/// on the way back, and that way is `ResumeLoosens`.
contract BreakerExpires {
    function check(uint40 until1, uint40 until2, uint40 until3, uint40 since3, uint40 time)
        external
        pure
    {
        require(since3 <= until3);
        uint8 inForce = Resume.levelOf(until1, until2, until3, since3, time);
        if (time < until3) assert(inForce == 3);
        uint8 set = time < until2 ? 2 : time < until1 ? 1 : 0;
        if (until3 == 0) assert(inForce == set);
        assert(inForce >= set);
        if (time >= uint256(until3) + 45 minutes) assert(inForce == set);
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
