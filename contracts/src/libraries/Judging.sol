// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Desk, Leg, Market} from "../Working.sol";
import {AccountWord} from "./Accounts.sol";
import {Desks} from "./Desks.sol";
import {Margin} from "./Margin.sol";
import {Packer} from "./Packer.sol";
import {Slots} from "./Slots.sol";

/// @title What most touched accounts need at the end of a batch, and no more.
library Judging {
    int256 private constant CASH_LIMIT = 1 << 127;
    int256 private constant LOTS_LIMIT = 1 << 53;

    /// @notice Judges and stores the accounts from the leg `at` on whose only position is that of
    /// one leg, at home, and which end at initial margin while no breaker is tripped and no levy
    /// was charged; counts their change as open interest and writes their records at `cursor`.
    /// Stops at the first other case, which is then judged in full, or at the end.
    /// Assumes: there is a leg at `at`.
    /// @dev Assembly: binds the market of a leg to `market`, which may be any, and takes its change
    /// apart as `Desks.changeOf`.
    /// Assumes: the change of the cash is the sum of at most 2^32 fills, hence below 2^190.
    function plain(
        AccountWord[1 << 32] storage accounts,
        Desk memory desk,
        uint256 at,
        uint256 cursor
    ) internal returns (uint256, uint256) {
        unchecked {
            Market memory market = desk.market;
            while (true) {
                AccountWord word = Desks.wordOf(at);
                int256 lots;
                int256 cashQ32;
                assembly ("memory-safe") {
                    market := shr(64, mload(add(at, 0x20)))
                    lots := mload(add(at, 0x40))
                    cashQ32 := signextend(23, lots)
                    lots := sar(192, sub(lots, cashQ32))
                }
                lots += word.size();
                cashQ32 += word.cash();
                // None of these has a bit when all is plain and within its width.
                uint256 other = Desks.further(at) | word.differs(market.plainHome);
                other |= uint256(cashQ32 + CASH_LIMIT) >> 128;
                other |= uint256(lots + LOTS_LIMIT) >> 54;
                int256 equity = (cashQ32 + lots * market.unitQ32) >> 32;
                // Nor this when no lot could need more, as `Margin.isInitial` asks first.
                int256 most = int256(Margin.magnitude(lots) * market.lotCeiling);
                uint256 close = uint256(equity * int256(Margin.PPM) - most) >> 255;
                close |= word.leverage();
                // One branch for most accounts. What is outside its width is refused either way.
                if (other | close != 0) {
                    if (other != 0) return (at, cursor);
                    uint256 ppm = word.leverage();
                    if (!Margin.isInitial(market, lots, ppm, equity)) return (at, cursor);
                }
                market.openInterest += Margin.long(lots) - Margin.long(word.size());
                word = word.changed(lots, cashQ32);
                uint256 id = Desks.accountOf(at);
                Slots.write(Slots.at(accounts, id), AccountWord.unwrap(word));
                cursor = Packer.putAccount(cursor, id, word);
                at += Desks.LEG_BYTES;
                if (at == desk.legsEnd) return (at, cursor);
            }
        }
    }

    /// @notice Adds the change of a leg to the open interest of its market.
    function countInterest(Leg memory leg) internal pure {
        unchecked {
            leg.market.openInterest += growth(leg);
        }
    }

    /// @notice By how much a leg changes the open interest of its market.
    function growth(Leg memory leg) internal pure returns (int256) {
        unchecked {
            return Margin.long(leg.size) - Margin.long(leg.sizeBefore);
        }
    }
}
