// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Desk, Leg, Market} from "../Working.sol";
import {AccountWord} from "./Accounts.sol";
import {Margin} from "./Margin.sol";

/// @title What most touched accounts need at the end of a batch, and no more.
library Judging {
    uint256 private constant EPOCH_MASK = uint256(type(uint32).max) << 200;
    int256 private constant CASH_LIMIT = 1 << 127;
    int256 private constant LOTS_LIMIT = 1 << 53;

    /// @notice As `simple`, for the leg record at `at`; its change is counted as open interest.
    /// @dev Assembly: binds the record. Zero also while the breaker is tripped.
    function record(Desk memory desk, uint256 at) internal pure returns (AccountWord word) {
        Leg memory leg = desk.leg;
        assembly ("memory-safe") {
            leg := at
        }
        if (leg.market.level != 0) return AccountWord.wrap(0);
        word = simple(leg);
        if (AccountWord.unwrap(word) != 0) countInterest(leg);
    }

    /// @notice Account slot after, for an account whose only position is that of `leg` and which
    /// ends at initial margin; zero when it is another case, which is then judged in full.
    /// @dev Assumes: leg.cashQ32 is the sum of at most 2^32 fills, hence below 2^190.
    function simple(Leg memory leg) internal pure returns (AccountWord) {
        unchecked {
            AccountWord word = leg.word;
            Market memory market = leg.market;
            uint256 id = market.id;
            // Further positions, or a home elsewhere that is not empty.
            uint256 further = (leg.count - 1) | word.others();
            if (word.home() != id && word.size() != 0) return AccountWord.wrap(0);
            int256 cashQ32 = word.cash() + leg.cashQ32;
            int256 lots = leg.size;
            // One branch: nothing may remain above the widths of cash and size.
            uint256 above = uint256(cashQ32 + CASH_LIMIT) >> 128;
            above |= uint256(lots + LOTS_LIMIT) >> 54;
            if ((further | above) != 0) return AccountWord.wrap(0);
            uint256 initial =
                Margin.shareUp(Margin.notional(market, lots), market.params.initialPpm);
            if ((cashQ32 + lots * market.unitQ32) >> 32 < int256(initial)) {
                return AccountWord.wrap(0);
            }
            return AccountWord.wrap(
                (AccountWord.unwrap(word) & EPOCH_MASK) | (id << 184)
                    | (uint256(uint56(uint256(lots))) << 128) | uint128(uint256(cashQ32))
            );
        }
    }

    /// @notice Adds the change of a leg to the open interest of its market.
    function countInterest(Leg memory leg) internal pure {
        unchecked {
            int256 change = Margin.long(leg.size) - Margin.long(leg.sizeBefore);
            leg.market.openInterest += change;
        }
    }
}
