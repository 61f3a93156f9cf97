// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../src/generated/LawLib.sol";
import {Margin} from "../src/libraries/Margin.sol";

/// @title Model of positions in one market: two touched accounts and the sums over all others.
/// @notice Lots move from one account to another, whatever the operation; open interest is counted
/// as `Judging.countInterest` counts it.
contract InterestModel {
    int256 internal a;
    int256 internal b;
    /// @dev Sum over all other accounts, and the long part of it.
    int256 internal rest;
    int256 internal restLong;
    int256 internal openInterest;

    /// @dev Laws L04 and L05.
    function holds() public view returns (bool) {
        return a + b + rest == 0 && openInterest == _long(a) + _long(b) + restLong;
    }

    /// @dev A fill, a liquidation, a takeover, a deleveraging, a trigger, a forced close.
    function move(int64 lots) public {
        int256 before = _long(a) + _long(b);
        a += lots;
        b -= lots;
        openInterest += _long(a) + _long(b) - before;
    }

    /// @dev Other accounts are looked at: the touched ones go to the rest, any two come from it.
    function turn(int64 nextA, int64 nextB) public {
        rest = rest + a + b - nextA - nextB;
        restLong = restLong + _long(a) + _long(b) - _long(nextA) - _long(nextB);
        (a, b) = (nextA, nextB);
    }

    function _long(int256 lots) internal pure returns (int256) {
        return lots > 0 ? lots : int256(0);
    }
}

/// @title Laws L04 and L05 under any sequence of operations.
contract InterestAlways is InterestModel {
    function check() external view {
        assert(holds());
    }
}

/// @title The same for one operation on any lawful state.
contract InterestStep is InterestModel {
    function step(bool turns, int64 x, int64 y) external {
        require(holds());
        if (turns) turn(x, y);
        else move(x);
        assert(a + b + rest == 0);
        assert(openInterest == _long(a) + _long(b) + restLong);
    }
}

/// @title The long part and the size of a position, as the contracts compute them with words.
contract InterestWords {
    function check(int56 lots) external pure {
        assert(Margin.long(lots) == (lots > 0 ? int256(lots) : int256(0)));
        assert(Margin.magnitude(lots) == uint256(lots > 0 ? int256(lots) : -int256(lots)));
    }
}

/// @title What the positions of a market owe of a levy is what the fund was credited with.
/// @notice Sum of sizes = 2 * open interest, where positions add up to zero (L04, L05).
contract LevySplit {
    function check(int56 a, int56 b, uint56 restLong, uint56 restShort, uint96 perLotQ32)
        external
        pure
    {
        int256 rest = int256(uint256(restLong)) - int256(uint256(restShort));
        require(int256(a) + b + rest == 0);
        int256 longs = int256(uint256(restLong));
        longs += (a > 0 ? int256(a) : int256(0)) + (b > 0 ? int256(b) : int256(0));
        uint256 sizes = Margin.magnitude(a) + Margin.magnitude(b) + restLong + restShort;
        assert(sizes == uint256(longs) * 2);
        assert(sizes * perLotQ32 == perLotQ32 * (uint256(longs) * 2));
    }
}

/// @title Law L06: a step that the contracts take never leaves open interest above its cap, unless
/// it was, and then it did not grow.
contract InterestCap {
    function check(uint48 before, uint48 open, uint48 cap) external pure {
        if (!LawLib.openInterestWithin(before, open, cap)) return;
        assert(open <= cap || open <= before);
        assert(before > cap || open <= cap);
    }
}
