// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../src/generated/LawLib.sol";

/// @title Model of one lane: which orders it lets be filled, and how far.
/// @notice `watched` is any one sequence; `sum` is all that was ever filled under it.
contract LaneModel {
    uint32 internal seq;
    uint256 internal filled;

    uint32 internal watched;
    /// @dev An owner signs one order per sequence of a lane; a second would share its fills.
    uint40 internal size;
    uint256 internal sum;

    constructor(uint32 watched_, uint40 size_) {
        watched = watched_;
        size = size_;
    }

    /// @dev `Desks` turns the lane to the order, `Closing` judges and stores it.
    function fill(uint32 orderSeq, uint40 orderSize, uint40 lots) public {
        require(orderSeq != watched || orderSize == size);
        require(orderSeq >= seq);
        uint256 before = orderSeq == seq ? filled : 0;
        before += lots;
        require(lots != 0 && before <= orderSize);
        seq = orderSeq;
        filled = before;
        if (orderSeq == watched) sum += lots;
    }

    /// @dev `RosterModule`: nothing can be filled under this sequence or one before any more.
    function cancel(uint32 cancelled) public {
        require(cancelled >= seq);
        seq = cancelled;
        filled = type(uint40).max;
    }
}

/// @title No replay under any sequence of fills and cancellations: of one signed order never more
/// than its size is filled. By induction: `holds` is true of a fresh lane and kept by every step.
contract LaneAlways is LaneModel {
    constructor(uint32 watched_, uint40 size_) LaneModel(watched_, size_) {
        assert(holds());
    }

    function holds() public view returns (bool) {
        if (seq < watched) return sum == 0;
        return sum <= size && (seq > watched || sum <= filled);
    }

    function stepFill(uint32 orderSeq, uint40 orderSize, uint40 lots) external {
        require(holds());
        fill(orderSeq, orderSize, lots);
        assert(holds());
        assert(sum <= size);
    }

    function stepCancel(uint32 cancelled) external {
        require(holds() && filled <= type(uint40).max);
        cancel(cancelled);
        assert(holds());
    }
}

/// @title One fill or cancellation on any lane.
contract LaneStep is LaneModel {
    constructor(uint32 watched_, uint40 size_) LaneModel(watched_, size_) {}

    function stepFill(uint32 orderSeq, uint40 orderSize, uint40 lots) external {
        (uint256 seqBefore, uint256 filledBefore) = (seq, filled);
        fill(orderSeq, orderSize, lots);
        assert(seq >= seqBefore);
        assert(seq != seqBefore || filled > filledBefore);
        assert(filled <= orderSize);
    }

    function stepCancel(uint32 cancelled, uint32 orderSeq, uint40 orderSize, uint40 lots)
        external
    {
        uint256 seqBefore = seq;
        cancel(cancelled);
        assert(seq >= seqBefore);
        uint256 dead = seq;
        fill(orderSeq, orderSize, lots);
        assert(orderSeq > dead);
    }
}

/// @title Law L11 as the contracts ask it.
contract LaneLaw {
    function check(uint32 before, uint40 had, uint32 next, uint256 filled, uint40 size)
        external
        pure
    {
        if (!LawLib.laneLawful(before, had, next, filled, size)) return;
        assert(next >= before && next > 0);
        assert(next != before || filled >= had);
        assert(filled <= size);
    }
}
