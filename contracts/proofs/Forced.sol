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
        bool aside = number <= done && _requests[number].kind != 0;
        take(number, executor);
        assert(aside || number == done + 1);
        assert(_done == (aside ? done : number) && _done <= _count);
        assert(_requests[other].deadline == deadline);
        assert(_requests[number].kind == 0);
    }

    /// @dev The next one alone steps aside, with all that it says, and can be taken from then on.
    function stepAside(uint64 number, uint64 other) external {
        require(_done <= _count && other != number);
        // The ring holds numbers that were passed, and nothing comes after the last.
        require(_ring[0].before <= _done && _ring[number].next == 0);
        uint256 done = _done;
        uint8 kind = _requests[number].kind;
        uint40 deadline = _requests[number].deadline;
        uint40 deadlineOther = _requests[other].deadline;
        setAside(number);
        assert(number == done + 1);
        assert(_done == number && _done <= _count);
        assert(_requests[number].deadline == deadline && _requests[number].kind == kind);
        assert(_requests[other].deadline == deadlineOther);
        assert(_ring[0].before == number && _ring[number].next == 0);
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
/// executed by anyone, and after the grace the venue can be frozen by anyone; never before. One
/// that is aside can be executed by anyone, and freezes by the longer term.
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
        bool turn =
            LawLib.forcedInTurn(next, done, count, deadline, nowTime, bySequencer, false);
        assert(turn == (bySequencer || nowTime > deadline));
        bool frozen = LawLib.freezeLawful(
            true, deadline, false, 0, grace, 0, reportTime, silence, nowTime
        );
        if (nowTime > uint256(deadline) + grace) assert(turn && frozen);
        if (frozen && nowTime <= uint256(reportTime) + silence) {
            assert(nowTime > uint256(deadline) + grace);
        }
    }

    function aside(
        uint64 number,
        uint64 done,
        uint40 deadline,
        uint32 grace,
        uint32 term,
        uint40 reportTime,
        uint32 silence,
        uint40 nowTime
    ) external pure {
        require(number <= done && nowTime > deadline);
        assert(LawLib.forcedInTurn(number, done, done, deadline, nowTime, false, true));
        bool frozen = LawLib.freezeLawful(
            false, 0, true, deadline, grace, term, reportTime, silence, nowTime
        );
        if (nowTime > uint256(deadline) + grace + term) assert(frozen);
        if (frozen && nowTime <= uint256(reportTime) + silence) {
            assert(nowTime > uint256(deadline) + grace + term);
        }
    }

    /// @dev No request but the next one is in turn, whoever asks and whenever, but those aside.
    function order(
        uint64 number,
        uint64 done,
        uint64 count,
        uint40 deadline,
        uint40 nowTime,
        bool bySequencer,
        bool isAside
    ) external pure {
        bool turn = LawLib.forcedInTurn(
            number, done, count, deadline, nowTime, bySequencer, isAside
        );
        if (!turn) return;
        bool isNext = uint256(number) == uint256(done) + 1 && number <= count;
        assert(isNext || (isAside && number <= done));
    }
}
