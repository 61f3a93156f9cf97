// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {SessionScope} from "../Types.sol";

/// @notice One session key in one word, from the low bit: expiry u40 (seconds), order size u40
/// (lots), reduce-only (1 bit), 47 spare, markets (128 bits).
type SessionWord is uint256;

using Sessions for SessionWord global;

/// @title What a session key may sign.
library Sessions {
    uint256 private constant LOTS_SHIFT = 40;
    uint256 private constant REDUCE_ONLY_SHIFT = 80;
    uint256 private constant MARKETS_SHIFT = 128;

    /// @notice Markets of a key that is not held to any: also those beyond the bitmap.
    uint256 internal constant ALL_MARKETS = type(uint128).max;
    /// @notice Order size of a key that is not held to any.
    uint256 internal constant ALL_LOTS = type(uint40).max;

    /// @notice A key without a time holds nothing at all.
    function pack(uint40 expiry_, SessionScope calldata scope)
        internal
        pure
        returns (SessionWord)
    {
        if (expiry_ == 0) return SessionWord.wrap(0);
        return SessionWord.wrap(
            uint256(expiry_) | (uint256(scope.orderLotsMax) << LOTS_SHIFT)
                | (uint256(scope.reduceOnly ? 1 : 0) << REDUCE_ONLY_SHIFT)
                | (uint256(scope.markets) << MARKETS_SHIFT)
        );
    }

    function expiry(SessionWord self) internal pure returns (uint256) {
        return uint40(SessionWord.unwrap(self));
    }

    function markets(SessionWord self) internal pure returns (uint256) {
        return SessionWord.unwrap(self) >> MARKETS_SHIFT;
    }

    function orderLotsMax(SessionWord self) internal pure returns (uint256) {
        return uint40(SessionWord.unwrap(self) >> LOTS_SHIFT);
    }

    function reduceOnly(SessionWord self) internal pure returns (bool) {
        return (SessionWord.unwrap(self) >> REDUCE_ONLY_SHIFT) & 1 != 0;
    }

    function live(SessionWord self, uint256 time) internal pure returns (bool) {
        return expiry(self) > time;
    }

    /// @notice The key trades everything that the owner trades.
    function whole(SessionWord self) internal pure returns (bool) {
        return markets(self) == ALL_MARKETS && orderLotsMax(self) == ALL_LOTS
            && !reduceOnly(self);
    }

    /// @notice Reverts when the key may not sign an order of these terms.
    function hold(SessionWord self, uint256 market, uint256 lots, bool reduces) internal pure {
        uint256 allowed = markets(self);
        bool inside = allowed == ALL_MARKETS || (allowed >> market) & 1 != 0;
        if (!inside) revert IClearingHouse.SessionMarketBarred(uint8(market), uint128(allowed));
        uint256 lotsMax = orderLotsMax(self);
        if (lots > lotsMax) revert IClearingHouse.SessionOversize(lots, lotsMax);
        if (reduceOnly(self) && !reduces) {
            revert IClearingHouse.SessionReduceOnly(reduces, reduceOnly(self));
        }
    }
}
