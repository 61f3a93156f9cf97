// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../src/generated/LawLib.sol";

/// @title Law L16 as the breaker asks it.
contract BreakerLaw {
    function check(
        uint8 levelBefore,
        uint8 levelAfter,
        uint40 untilBefore,
        uint40 untilAfter,
        uint40 nowTime,
        uint32 secondsMax
    ) external pure {
        bool lawful = LawLib.breakerTightens(
            levelBefore, levelAfter, untilBefore, untilAfter, nowTime, secondsMax
        );
        if (!lawful) return;
        assert(levelAfter > levelBefore && levelAfter <= 3);
        assert(untilAfter > nowTime && untilAfter <= uint256(nowTime) + secondsMax);
        assert(untilAfter >= untilBefore);
    }
}
