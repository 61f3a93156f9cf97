// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../src/generated/LawLib.sol";
import {Aging} from "../src/libraries/Aging.sol";
import {Marks} from "../src/libraries/Marks.sol";

/// @title Model of `Oracle.accept` for one market; the laws and rules are the real ones.
contract ReportModel {
    uint32 internal round;
    uint40 internal time;
    uint32 internal price;
    uint32 internal mark;

    function accept(uint32 nextRound, uint40 nextTime, uint32 found, uint40 nowTime, uint32 skew)
        public
    {
        require(LawLib.reportAdvances(round, nextRound, time, nextTime, nowTime, skew));
        require(found != 0);
        (round, time, price) = (nextRound, nextTime, found);
    }
}

/// @title Law L09: each accepted report is newer than the last, near the block, and not zero.
contract ReportStep is ReportModel {
    function step(uint32 nextRound, uint40 nextTime, uint32 found, uint40 nowTime, uint32 skew)
        external
    {
        (uint256 roundBefore, uint256 timeBefore) = (round, time);
        accept(nextRound, nextTime, found, nowTime, skew);
        assert(round > roundBefore && time > timeBefore);
        assert(uint256(time) + skew >= nowTime && time <= uint256(nowTime) + skew);
        assert(price != 0);
    }
}

/// @title Rounds and times never fall, whatever is reported: a ghost remembers any earlier one. By
/// induction: `holds` is true of a fresh oracle and kept by every step.
contract ReportAlways is ReportModel {
    uint32 internal roundSeen;
    uint40 internal timeSeen;

    constructor() {
        assert(holds());
    }

    function holds() public view returns (bool) {
        return round >= roundSeen && time >= timeSeen;
    }

    function remember() external {
        require(holds());
        (roundSeen, timeSeen) = (round, time);
        assert(holds());
    }

    function step(uint32 nextRound, uint40 nextTime, uint32 found, uint40 nowTime, uint32 skew)
        external
    {
        require(holds());
        accept(nextRound, nextTime, found, nowTime, skew);
        assert(holds());
    }
}

/// @title Law L10: a price inside its band moved by at most that part of the reference.
contract ReportBand {
    function check(uint32 price, uint32 referencePrice, uint24 bandPpm) external pure {
        if (!LawLib.withinBand(price, referencePrice, bandPpm)) return;
        uint256 reach = uint256(bandPpm) * referencePrice;
        uint256 move = price > referencePrice ? price - referencePrice : referencePrice - price;
        assert(price > 0);
        assert(move * 1_000_000 <= reach);
    }
}

/// @title Law L08: a price that moves value exists, is not too old and not ahead.
contract ReportFresh {
    function check(uint32 price, uint40 time, uint40 nowTime, uint32 ageMax, uint32 skewMax)
        external
        pure
    {
        bool valid = LawLib.priceValid(price, time, nowTime, ageMax, skewMax);
        if (!valid) return;
        assert(price > 0);
        assert(uint256(nowTime) <= uint256(time) + ageMax);
        assert(uint256(time) <= uint256(nowTime) + skewMax);
    }
}

/// @title Law L10 for the mark: within the clamp of the index, whatever is reported.
contract MarkClamp {
    function check(uint32 slewed, uint32 index, uint24 clampPpm) external pure {
        require(index != 0 && clampPpm <= 100_000);
        uint256 mark = Marks.clamped(slewed, index, clampPpm);
        uint256 away = mark > index ? mark - index : index - mark;
        assert(mark != 0);
        assert(away * 1_000_000 <= uint256(index) * clampPpm);
    }
}

/// @title The accepted mark: one report moves it by at most 1 % (at least one tick) from the last
/// as the index carried it, as long as the clamp allows that.
contract MarkSlew {
    function check(uint32 reported, uint32 carried, uint32 index, uint24 clampPpm) external pure {
        require(index != 0 && carried != 0);
        uint256 reach = (uint256(index) * clampPpm) / 1_000_000;
        require(carried >= index ? carried - index <= reach : index - carried <= reach);
        uint256 mark = Marks.clamped(Marks.slewed(reported, carried), index, clampPpm);
        uint256 move = mark > carried ? mark - carried : carried - mark;
        assert(move <= 1 || move * 100 <= carried);
    }
}

/// @title The index carries the mark: no move of the index is a move of the mark against it.
/// @dev From an index that is a number: a division by an unknown one is beyond the solvers.
contract MarkCarried {
    function check(uint32 index, uint24 clampPpm) external pure {
        require(index != 0);
        assert(Marks.accepted(index, 1e6, 1e6, index, clampPpm) == index);
    }
}

/// @title A part of a distance, by time over time and constant, is no more than the distance.
contract AgedPart {
    function check(uint64 distance, uint32 elapsedSeconds) external pure {
        uint256 whole = _whole(elapsedSeconds);
        assert(uint256(distance) * elapsedSeconds <= uint256(distance) * whole);
        assert(part(distance, elapsedSeconds) <= distance);
    }

    /// @dev What `Aging.step` moves.
    function part(uint64 distance, uint32 elapsedSeconds) public pure returns (uint256) {
        return uint256(distance) * elapsedSeconds / _whole(elapsedSeconds);
    }

    function _whole(uint32 elapsedSeconds) internal pure returns (uint256) {
        return 4 hours + uint256(elapsedSeconds);
    }
}

/// @title The aged price: never outside of what it was and the new price, so never outside of all
/// prices that it has seen. What `AgedPart` proves is required of the two distances.
contract AgedBetween {
    function check(uint64 aged, uint32 price, uint32 elapsedSeconds) external pure {
        require(aged != 0 && price != 0);
        uint256 target = uint256(price) * 2 ** 32;
        uint256 distance = target > aged ? target - aged : aged - target;
        require(distance * elapsedSeconds / (4 hours + uint256(elapsedSeconds)) <= distance);
        uint256 next = Aging.step(aged, price, elapsedSeconds);
        assert(next <= (aged > target ? aged : target));
        assert(next >= (aged < target ? aged : target));
    }
}
