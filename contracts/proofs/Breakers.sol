// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breaker} from "../src/Breaker.sol";
import {LawLib} from "../src/generated/LawLib.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";

/// @title The real breaker: what a guardian's tightening can do to any state.
contract BreakerTightens is Breaker {
    constructor(IGoverned governed_, Limits memory limits)
        Breaker(governed_, new address[](0), limits)
    {}

    /// @dev The scope that it names goes up, no level of any scope ends sooner, and what it sets
    /// ends within the longest hold.
    function step(uint16 scope, uint8 level_, uint256 holdSeconds, uint16 other) external {
        require(block.timestamp < 2 ** 39 && holdSecondsMax <= 1 days);
        Entry memory before = _entries[other];
        uint8 inForce = _levelOf(_entries[scope]);
        tighten(scope, level_, holdSeconds);
        Entry memory set = _entries[other];
        assert(set.until1 >= before.until1);
        assert(set.until2 >= before.until2);
        assert(set.until3 >= before.until3);
        assert(set.until1 == before.until1 || set.until1 <= block.timestamp + 1 days);
        assert(set.until2 == before.until2 || set.until2 <= block.timestamp + 1 days);
        assert(set.until3 == before.until3 || set.until3 <= block.timestamp + 1 days);
        assert(_levelOf(_entries[scope]) >= inForce);
    }
}

/// @title The real breaker: nothing loosens but a clearing that waited out its delay and found the
/// entry as it was; adding or removing guardians, proposing and cancelling change no level.
contract BreakerLoosens is Breaker {
    constructor(IGoverned governed_, Limits memory limits)
        Breaker(governed_, new address[](0), limits)
    {}

    function stepClear(uint16 scope, uint16 other) external {
        Entry memory before = _entries[other];
        uint256 readyAt = _pendingClears[scope].readyAt;
        applyClear(scope);
        if (other == scope) {
            assert(readyAt != 0 && block.timestamp >= readyAt);
            assert(block.timestamp <= readyAt + 7 days);
        } else {
            assert(_same(_entries[other], before));
        }
    }

    function stepOthers(uint8 kind, address guardian, uint16 scope, uint16 other) external {
        Entry memory before = _entries[other];
        if (kind == 0) proposeClear(scope);
        else if (kind == 1) cancelClear(scope);
        else if (kind == 2) proposeGuardian(guardian);
        else if (kind == 3) applyGuardian(guardian);
        else removeGuardian(guardian);
        assert(_same(_entries[other], before));
    }

    /// @dev A clearing that is proposed is ready after the delay, not before.
    function stepPropose(uint16 scope) external {
        require(block.timestamp < 2 ** 39 && clearDelaySeconds <= 30 days);
        proposeClear(scope);
        assert(_pendingClears[scope].readyAt >= block.timestamp + clearDelaySeconds);
    }

    function _same(Entry memory x, Entry memory y) private pure returns (bool) {
        return x.until1 == y.until1 && x.until2 == y.until2 && x.until3 == y.until3;
    }
}

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
