// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams} from "./Types.sol";
import {AccountWord} from "./libraries/Accounts.sol";
import {LaneWord} from "./libraries/Lanes.sol";
import {OrderTerms} from "./libraries/Orders.sol";

// What an operation works on in memory between "refresh" and "store".

/// @notice A market as one operation sees it: one price, one index.
/// @param id Market id.
/// @param price Index price, ticks.
/// @param priceTime Second at which that price was observed.
/// @param lotValue Value of one lot at the index price, quote units: price * tickValue.
/// @param unitQ32 What one lot is worth, quote Q32: (lotValue << 32) - fundingIndex.
/// @param fundingIndex Quote per lot, Q32.
/// @param fundingTime Second up to which funding has been charged.
/// @param openInterestBefore Sum of the longs as stored, lots.
/// @param openInterest Sum of the longs after the operation, lots.
/// @param level Level of the breaker in force.
/// @param params Parameters in force.
struct Market {
    uint256 id;
    uint256 price;
    uint256 priceTime;
    uint256 lotValue;
    int256 unitQ32;
    int256 fundingIndex;
    uint256 fundingTime;
    int256 openInterestBefore;
    int256 openInterest;
    uint256 level;
    MarketParams params;
}

/// @notice The markets that an operation has loaded.
/// @param loaded Bit m: `list[m]` is valid.
/// @param usable Bit m: `list[m]` is listed and its price fresh.
/// @param anyAge Prices may be old: a view asks.
/// @param skewSecondsMax How far a price may be ahead of the block.
/// @param list By market id.
struct Book {
    uint256 loaded;
    uint256 usable;
    bool anyAge;
    uint256 skewSecondsMax;
    Market[] list;
}

/// @notice One position of one touched account. Legs of one account are consecutive.
/// @param account Account id.
/// @param word Account slot as it was before.
/// @param market Market of the position.
/// @param sizeBefore Lots before.
/// @param size Lots after the fills so far.
/// @param cashQ32 Change of the account's cash by this leg, Q32.
/// @param count In the first leg of an account: how many legs it has.
/// @param slot Where the account is stored.
struct Leg {
    uint256 account;
    AccountWord word;
    Market market;
    int256 sizeBefore;
    int256 size;
    int256 cashQ32;
    uint256 count;
    uint256 slot;
}

/// @notice An authenticated order of a batch.
/// @param terms What was signed.
/// @param lane Lane slot as it was before; the owner is always filled in.
/// @param lots Lots of it that are filled by this batch.
/// @param leg Position that its fills change.
/// @param slot Where the lane is stored.
struct Ticket {
    OrderTerms terms;
    LaneWord lane;
    uint256 lots;
    Leg leg;
    uint256 slot;
}

/// @notice Sums over positions.
/// @param equityQ32 Cash and value of the positions, quote Q32.
/// @param initial Initial margin, quote units, each position rounded up.
/// @param maintenance Maintenance margin, quote units, each position rounded up.
struct Totals {
    int256 equityQ32;
    uint256 initial;
    uint256 maintenance;
}

/// @notice A batch in memory. Tickets and legs are records in two blocks, one after another.
/// @param book Markets.
/// @param leg Leg of the last order.
/// @param pair Account and market of that leg: account << 8 | market.
/// @param ticket Any ticket.
/// @param tickets Address of the first ticket.
/// @param ticketsEnd Address after the last ticket.
/// @param legs Address of the first leg.
/// @param legsEnd Address after the last leg.
/// @param buffer Where orders are hashed.
struct Desk {
    Book book;
    Leg leg;
    uint256 pair;
    Ticket ticket;
    uint256 tickets;
    uint256 ticketsEnd;
    uint256 legs;
    uint256 legsEnd;
    bytes buffer;
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
