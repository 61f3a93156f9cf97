// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../src/generated/LawLib.sol";
import {OutflowForecast} from "../src/libraries/OutflowForecast.sol";

/// @title Model of one window of `OutflowRing`: four closed buckets, the newest first, and the one
/// that is open. The library keeps twelve or twenty-four in a ring, by bucket modulo their number.
/// @notice `start` is the first bucket of any stretch of five; `sum` is what left in it.
contract OutflowModel {
    uint256 internal past1;
    uint256 internal past2;
    uint256 internal past3;
    uint256 internal past4;
    uint256 internal open;
    uint256 internal counted;

    uint256 internal bucket;
    uint256 internal start;
    uint256 internal sum;

    /// @dev `roll`: the open bucket closes, the oldest leaves the window.
    function advance() public {
        counted = counted + open - past4;
        past4 = past3;
        past3 = past2;
        past2 = past1;
        past1 = open;
        open = 0;
        bucket += 1;
    }

    /// @dev `VaultWindows._count`, with the law that it asserts.
    function pay(uint96 amount, uint96 budget) public {
        require(counted + open + amount <= budget);
        open += amount;
        if (bucket >= start && bucket <= start + 4) sum += amount;
    }

    /// @dev What is counted is all of the window, and `sum` is the part of it since `start`.
    function holds() public view returns (bool) {
        if (counted != _since(4)) return false;
        if (bucket < start) return sum == 0;
        if (bucket > start + 4) return true;
        return sum == _since(bucket - start) + open;
    }

    function _since(uint256 count) internal view returns (uint256 total) {
        if (count >= 1) total += past1;
        if (count >= 2) total += past2;
        if (count >= 3) total += past3;
        if (count >= 4) total += past4;
    }
}

/// @title Law L14 under any sequence of payments and passing time: what leaves in any five
/// buckets is within the budget of the last payment in them. By induction over `holds`.
contract OutflowAlways is OutflowModel {
    constructor(uint256 start_) {
        start = start_;
        assert(holds());
    }

    function stepPay(uint96 amount, uint96 budget) external {
        require(holds());
        pay(amount, budget);
        assert(holds());
        if (bucket >= start && bucket <= start + 4) assert(sum <= budget);
    }

    function stepAdvance() external {
        require(holds());
        advance();
        assert(holds());
    }
}

/// @title Thirteen buckets of five minutes cover any hour, twenty-five hours any day.
contract OutflowCovers {
    function check(uint40 time) external pure {
        require(time >= 1 days);
        uint256 first = uint256(time - 1 hours + 1) / 5 minutes;
        assert(uint256(time) / 5 minutes <= first + 12);
        uint256 firstHour = uint256(time - 1 days + 1) / 1 hours;
        assert(uint256(time) / 1 hours <= firstHour + 24);
    }
}

/// @title Law L14 as the vault asserts it before anything leaves.
contract OutflowLaw {
    function check(uint96 amount, uint96 hour, uint96 hourMax, uint96 day, uint96 dayMax)
        external
        pure
    {
        bool lawful = LawLib.outflowWithin(amount, hour, hourMax, day, dayMax);
        bool within = uint256(hour) + amount <= hourMax && uint256(day) + amount <= dayMax;
        assert(lawful == within);
    }
}

/// @title Both shares of a window by what the vault asks of them: whatever either has let out
/// before, what both say is open fits the budget together, and each fits its part.
contract OutflowShares {
    function check(
        uint96 budget,
        uint96 reserve,
        uint96 own,
        uint96 other,
        uint96 common,
        uint96 reserved
    ) external pure {
        require(reserve <= budget);
        require(common <= OutflowForecast.left(budget, budget - reserve, own, other));
        require(reserved <= OutflowForecast.left(budget, reserve, other, own));
        if (common != 0) assert(uint256(own) + common <= budget - reserve);
        if (reserved != 0) assert(uint256(other) + reserved <= reserve);
        uint256 quote = uint256(common) + reserved;
        if (quote != 0) assert(uint256(own) + other + quote <= budget);
    }
}
