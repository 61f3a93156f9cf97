// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../src/generated/LawLib.sol";
import {Delayed} from "../src/libraries/Delayed.sol";

/// @title Model of `Breaker.tighten` for one scope: its levels and the law that it asks are as in
/// the contract, whose bookkeeping of guardians and their votes only refuses more.
contract BreakerTightens {
    uint40 internal until1;
    uint40 internal until2;
    uint40 internal until3;

    function level(uint256 time) public view returns (uint8) {
        if (time < until3) return 3;
        if (time < until2) return 2;
        return time < until1 ? 1 : 0;
    }

    /// @dev No level of the scope ends sooner, what is set ends within a day, and no level falls.
    function step(uint8 next, uint40 until, uint40 time, uint8 venueLevel) external {
        uint8 own = level(time);
        uint8 inForce = own > venueLevel ? own : venueLevel;
        uint256 before = next == 1 ? until1 : next == 2 ? until2 : until3;
        require(next != 0 && next <= 3);
        require(LawLib.breakerTightens(inForce, next, before, until, time, 1 days));
        (uint40 old1, uint40 old2, uint40 old3) = (until1, until2, until3);
        if (next == 1) until1 = until;
        else if (next == 2) until2 = until;
        else until3 = until;
        assert(until1 >= old1 && until2 >= old2 && until3 >= old3);
        assert(level(time) == next && next >= own);
        assert(until1 == old1 || until1 <= uint256(time) + 1 days);
        assert(until2 == old2 || until2 <= uint256(time) + 1 days);
        assert(until3 == old3 || until3 <= uint256(time) + 1 days);
    }
}

/// @title Model of the entry of one scope with its clearing: `Breaker.tighten`, `proposeClear`,
/// `cancelClear` and `applyClear`; what is ready is judged by the real library.
/// @notice `proposedAt` is a ghost: when the clearing that waits was proposed.
contract BreakerClears {
    uint40 internal until;
    uint40 internal pendingUntil;
    uint256 internal readyAt;
    uint256 internal proposedAt;
    uint256 internal immutable delay;

    constructor(uint256 delay_) {
        require(delay_ >= 15 minutes && delay_ <= 30 days);
        delay = delay_;
        assert(holds());
    }

    /// @dev What waits is not ready before its delay has passed.
    function holds() public view returns (bool) {
        return readyAt == 0 || readyAt >= proposedAt + 15 minutes;
    }

    function tighten(uint40 next) external {
        require(holds() && next >= until);
        uint40 before = until;
        until = next;
        assert(holds() && until >= before);
    }

    function propose() external {
        require(holds() && delay >= 15 minutes && block.timestamp < 2 ** 39);
        uint40 before = until;
        (pendingUntil, readyAt, proposedAt) = (until, block.timestamp + delay, block.timestamp);
        assert(holds() && until == before);
    }

    function cancel() external {
        require(holds());
        Delayed.checkPending(readyAt);
        uint40 before = until;
        readyAt = 0;
        assert(holds() && until == before);
    }

    function apply_() external {
        require(holds());
        Delayed.checkReady(readyAt);
        require(pendingUntil == until);
        uint256 asked = proposedAt;
        (until, readyAt) = (0, 0);
        assert(holds());
        assert(block.timestamp >= asked + 15 minutes);
    }
}

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
        assert(levelAfter >= levelBefore && levelAfter != 0 && levelAfter <= 3);
        assert(untilAfter > nowTime && untilAfter <= uint256(nowTime) + secondsMax);
        assert(untilAfter > untilBefore);
    }
}
