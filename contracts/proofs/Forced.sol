// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ForcedQueue} from "../src/ForcedQueue.sol";
import {LawLib} from "../src/generated/LawLib.sol";

/// @title The real queue, each call on any state in which it has not run ahead of itself.
contract ForcedStep is ForcedQueue {
    constructor(address house, uint40 deadline, uint40 grace, uint256 fee)
        ForcedQueue(house, deadline, grace, fee)
    {
        assert(_done <= _count);
        assert(deadlineSeconds <= 12 hours && graceSeconds <= 12 hours);
    }

    /// @dev Taking is in turn, by the clearing house alone, and touches no other request.
    function stepTake(uint64 number, address executor, uint64 other) external {
        require(_done <= _count && other != number);
        uint256 done = _done;
        uint40 deadline = _requests[other].deadline;
        take(number, executor);
        assert(number == done + 1);
        assert(_done == number && _done <= _count);
        assert(_requests[other].deadline == deadline);
    }

    /// @dev A close that is cut stays where it is, with its deadline, and is smaller.
    function stepCut(uint64 number, uint88 left, uint64 other) external {
        require(_done <= _count);
        uint256 done = _done;
        uint40 deadline = _requests[other].deadline;
        uint88 amount = _requests[number].amount;
        cut(number, left);
        assert(_done == done);
        assert(_requests[other].deadline == deadline);
        assert(_requests[number].amount == left && left < amount && left > 0);
    }
}

/// @title Laws L22 and L23 together: at every second after its deadline the next request can be
/// executed by anyone, and after the grace the venue can be frozen by anyone; never before.
contract ForcedInTime {
    function check(
        uint64 done,
        uint64 count,
        uint40 deadline,
        uint32 grace,
        uint40 reportTime,
        uint32 silence,
        uint40 nowTime,
        bool bySequencer
    ) external pure {
        require(done < count);
        uint256 next = uint256(done) + 1;
        bool turn = LawLib.forcedInTurn(next, done, count, deadline, nowTime, bySequencer);
        assert(turn == (bySequencer || nowTime > deadline));
        bool frozen =
            LawLib.freezeLawful(true, deadline, grace, reportTime, silence, nowTime);
        if (nowTime > uint256(deadline) + grace) assert(turn && frozen);
        if (frozen && nowTime <= uint256(reportTime) + silence) {
            assert(nowTime > uint256(deadline) + grace);
        }
    }

    /// @dev No request but the next one is in turn, whoever asks and whenever.
    function order(
        uint64 number,
        uint64 done,
        uint64 count,
        uint40 deadline,
        uint40 nowTime,
        bool bySequencer
    ) external pure {
        if (!LawLib.forcedInTurn(number, done, count, deadline, nowTime, bySequencer)) return;
        assert(uint256(number) == uint256(done) + 1 && number <= count);
    }
}
