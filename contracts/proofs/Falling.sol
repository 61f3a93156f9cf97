// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Liquidations} from "../src/libraries/Liquidations.sol";

/// @title Law L20: who takes no more than the share that belongs to the requirement that is set
/// free leaves equity per requirement as it was, or better.
contract FallingNoWorse {
    function check(uint112 equity, uint112 freed, uint112 maintenance, uint112 taken)
        external
        pure
    {
        require(maintenance != 0 && equity < maintenance && freed <= maintenance);
        int256 worth = Liquidations.share(int256(uint256(equity)), freed, maintenance);
        require(int256(uint256(taken)) <= worth);
        uint256 left = maintenance - freed;
        assert(worth >= 0 && worth <= int256(uint256(equity)));
        assert(uint256(taken) * maintenance <= uint256(equity) * freed);
        assert(uint256(equity) * left <= (uint256(equity) - taken) * maintenance);
    }
}

/// @title What a bankrupt account lacks for a position is rounded up: nobody else's loss is left.
contract FallingLoss {
    function check(uint112 debt, uint112 freed, uint112 maintenance) external pure {
        require(maintenance != 0 && debt != 0 && freed <= maintenance);
        int256 loss = -Liquidations.share(-int256(uint256(debt)), freed, maintenance);
        assert(loss >= 0);
        assert(uint256(loss) * maintenance >= uint256(debt) * freed);
    }
}

/// @title `_outcome`: discount and penalty together take no more than the share.
contract FallingTaken {
    function check(uint112 worth, uint56 lots, uint48 tickValue, uint32 wanted, uint96 notional)
        external
        pure
    {
        require(lots != 0 && tickValue != 0);
        uint256 unit = uint256(lots) * tickValue;
        uint256 most = Liquidations.zeroDiscount(worth, lots, tickValue);
        uint256 discount = wanted < most ? wanted : most;
        assert(discount * unit <= worth);
        uint256 left = worth - discount * unit;
        uint256 penalty = Liquidations.penaltyOf(notional, left);
        assert(discount * unit + penalty <= worth);
    }
}

/// @title The speed cap: at least a lot, otherwise no more than the part of the position.
contract FallingSpeed {
    function check(uint56 size, uint24 partPpm) external pure {
        require(partPpm <= 1_000_000);
        uint256 lots = Liquidations.speedLots(size, partPpm);
        assert(lots >= 1);
        assert(lots == 1 || lots * 1_000_000 <= uint256(size) * partPpm);
    }
}

/// @title Pro rata parts of a need, rounded down, are never more than it: three counterparties.
contract SharesWithin {
    function check(uint48 need, uint80 a, uint80 b, uint80 c) external pure {
        uint256 total = uint256(a) + b + c;
        require(total != 0);
        uint256 x = uint256(need) * a / total;
        uint256 y = uint256(need) * b / total;
        uint256 z = uint256(need) * c / total;
        assert(x * total + y * total + z * total <= need * total);
        assert(x + y + z <= need);
    }
}

/// @title Model of `Deleveraging.allocate` for three counterparties in any order of rank, after
/// what each gives pro rata: what is needed is found as far as there is room, to the lot.
contract SharesExact {
    function check(
        uint48 need,
        uint48[3] memory rooms,
        uint48 x,
        uint48 y,
        uint48 z,
        bool swapFirst,
        bool swapLast
    ) external pure {
        require(x <= rooms[0] && y <= rooms[1] && z <= rooms[2]);
        require(uint256(x) + y + z <= need);
        uint256 rest = uint256(need) - x - y - z;
        uint256 first = uint256(swapFirst ? rooms[1] - y : rooms[0] - x);
        uint256 second = uint256(swapFirst ? rooms[0] - x : rooms[1] - y);
        uint256 third = uint256(rooms[2]) - z;
        if (swapLast) (second, third) = (third, second);
        uint256 gave = first < rest ? first : rest;
        uint256 given = gave;
        gave = second < rest - given ? second : rest - given;
        given += gave;
        gave = third < rest - given ? third : rest - given;
        given += gave;
        uint256 taken = uint256(x) + y + z + given;
        uint256 room = uint256(rooms[0]) + rooms[1] + rooms[2];
        assert(taken == (need < room ? need : room));
    }
}
