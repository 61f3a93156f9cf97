// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Unrealised profit: how much of it may leave before it is realised.
/// @notice All amounts are whole quote units; every rounding is against the account.
library Profit {
    uint256 private constant PPM = 1_000_000;

    /// @notice The price at which a position is worth less, ticks.
    function worse(int256 lots, uint256 index, uint256 mark) internal pure returns (uint256) {
        return (lots > 0) == (index < mark) ? index : mark;
    }

    /// @notice What a position is worth less at the aged price than at another, quote units.
    /// @param lots Positive when long.
    /// @param price The worse of index and mark price, ticks.
    /// @param aged Aged price, ticks; zero: there is none yet.
    function agedLoss(int256 lots, uint256 price, uint256 aged, uint256 tickValue)
        internal
        pure
        returns (int256)
    {
        if (aged == 0) return 0;
        // The aged price is rounded down, which would favour a short.
        if (lots < 0 && aged > price) aged += 1;
        int256 step = int256(price) - int256(aged);
        int256 loss = lots * step * int256(tickValue);
        return loss > 0 ? loss : int256(0);
    }

    /// @notice The part of a profit that does not count, rounded up.
    /// @param worth Equity at the worse prices.
    /// @param principal What the owner put in less what it took out; below zero when it took out
    /// profit: what is taken stays profit, so that taking it in pieces does not cut it less.
    function haircut(int256 worth, int256 principal, uint256 ppm)
        internal
        pure
        returns (int256)
    {
        if (worth <= principal) return 0;
        return int256((uint256(worth - principal) * ppm + (PPM - 1)) / PPM);
    }
}
