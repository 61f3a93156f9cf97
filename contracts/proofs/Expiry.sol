// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breaker} from "../src/Breaker.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";

/// @title Every entry expires by itself: at its last second at the latest the level is 0.
contract BreakerExpires is Breaker {
    constructor(IGoverned governed_, Limits memory limits)
        Breaker(governed_, new address[](0), limits)
    {}

    function check(uint16 scope) external view {
        Entry memory set = _entries[scope];
        uint8 inForce = _levelOf(set);
        bool past1 = block.timestamp >= set.until1;
        bool past2 = block.timestamp >= set.until2;
        bool past3 = block.timestamp >= set.until3;
        if (past1 && past2 && past3) assert(inForce == 0);
        assert(inForce < 3 || !past3);
        assert(inForce != 2 || (past3 && !past2));
        assert(inForce != 1 || (past3 && past2 && !past1));
    }
}
