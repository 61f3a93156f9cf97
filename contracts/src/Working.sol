// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, Seizure} from "./Types.sol";
import {AccountWord} from "./libraries/Accounts.sol";

// What an operation works on in memory between "refresh" and "store".

/// @notice A market as one operation sees it: one index price, one mark, one funding index.
/// @param id Market id.
/// @param price Index price, ticks: for the fill band and funding.
/// @param mark Mark price, ticks: what positions are worth.
/// @param priceTime Second at which that price was observed.
/// @param lotValue Value of one lot at the mark price, quote units: mark * tickValue.
/// @param unitQ32 What one lot is worth, quote Q32: (lotValue << 32) - fundingIndex.
/// @param fundingIndex Quote per lot, Q32.
/// @param fundingTime Second up to which funding has been charged.
/// @param openInterestBefore Sum of the longs as stored, lots.
/// @param openInterest Sum of the longs after the operation, lots.
/// @param level Level in force: the breaker's, or that of the way back from an outage.
/// @param plainHome `Accounts.only` of the market; all bits while a breaker is tripped, an account
/// barred or after a levy.
/// @param fillLow Lowest fill price inside the band, ticks; below zero it wraps.
/// @param fillWidth Highest minus lowest fill price inside the band, ticks.
/// @param tickValue, makerFeePpm, takerFeePpm As in `params`, where a field costs more.
/// @param params Parameters in force.
/// @param initialPpm Initial margin of any position in it: base and open-interest term.
/// @param lotCeiling Initial margin that no lot can need more than, but for its owner's: quote
/// units times 10^6.
/// @param levied Whether a levy was ever charged in it.
/// @param resume The last way back from an outage of its price: second << 16 | grace in seconds.
/// @param barring Whether any account is barred from growing.
struct Market {
    uint256 id;
    uint256 price;
    uint256 mark;
    uint256 priceTime;
    uint256 lotValue;
    int256 unitQ32;
    int256 fundingIndex;
    uint256 fundingTime;
    int256 openInterestBefore;
    int256 openInterest;
    uint256 level;
    uint256 plainHome;
    uint256 fillLow;
    uint256 fillWidth;
    uint256 tickValue;
    uint256 initialPpm;
    uint256 makerFeePpm;
    uint256 takerFeePpm;
    MarketParams params;
    uint256 lotCeiling;
    bool levied;
    uint256 resume;
    bool barring;
}

/// @notice The markets that an operation has loaded.
/// @param loaded Bit m: `list[m]` is valid.
/// @param usable Bit m: `list[m]` is listed and its price fresh.
/// @param anyAge Prices may be old: a view asks.
/// @param cautious Value leaves: a position is worth the less of what index and mark say.
/// @param skewSecondsMax How far a price may be ahead of the block.
/// @param list By market id, in pages of 16: most operations load one market.
struct Book {
    uint256 loaded;
    uint256 usable;
    bool anyAge;
    bool cautious;
    uint256 skewSecondsMax;
    Market[][] list;
}

/// @notice One position of one touched account.
/// @param account Account id.
/// @param word Account slot as it was before.
/// @param market Market of the position.
/// @param sizeBefore Lots before.
/// @param size Lots after the fills so far.
/// @param cashQ32 Change of the account's cash by this leg, Q32.
struct Leg {
    uint256 account;
    AccountWord word;
    Market market;
    int256 sizeBefore;
    int256 size;
    int256 cashQ32;
}

/// @notice Sums over positions.
/// @param equityQ32 Cash and value of the positions, quote Q32.
/// @param initial Initial margin, quote units, each position rounded up.
/// @param maintenance Maintenance margin, quote units, each position rounded up.
/// @param userPpm Initial margin that the owner demands of itself.
/// @param held Bit m: there is a position in market m.
/// @param lone Bit m: and market m is isolated.
struct Totals {
    int256 equityQ32;
    uint256 initial;
    uint256 maintenance;
    uint256 userPpm;
    uint256 held;
    uint256 lone;
}

/// @notice A batch in memory. `Desks` says what a ticket and the line of a leg are.
/// @param book Markets.
/// @param market Market of the last order.
/// @param marketId Its id; more than an id before the first order.
/// @param marketBits Its address from bit 64, as a leg has it.
/// @param plainFrom Orders that live at this second need no closer look: the one after the block's,
/// or never while only reduce-only orders are lawful in `market`.
/// @param head Head of the chain of batches with this one.
/// @param fills Packed fills.
/// @param orders Number of tickets.
/// @param ticketsEnd Address after the last ticket.
/// @param legs Address of the first leg's line.
/// @param legsEnd Address after the last leg's line.
/// @param protocol Whether there is an order of the protocol.
/// @param seizures What they did, once the fills are known.
struct Desk {
    Book book;
    Market market;
    uint256 marketId;
    uint256 marketBits;
    uint256 plainFrom;
    bytes32 head;
    bytes fills;
    uint256 orders;
    uint256 ticketsEnd;
    uint256 legs;
    uint256 legsEnd;
    bool protocol;
    Seizure[] seizures;
}

/// @notice One account that is judged and stored in full.
/// @param legs Legs of the operation.
/// @param first First leg of the account.
/// @param end Leg after its last one.
/// @param touched Bitmap of the markets of its legs.
/// @param totals Sums over its positions after the operation.
struct Subject {
    Leg[] legs;
    uint256 first;
    uint256 end;
    uint256 touched;
    Totals totals;
}
