// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice One accepted price report: the median of at least k reporters, field by field.
/// @param round Number of the report, strictly rising.
/// @param time Second at which the reporters observed, Unix.
/// @param markets Market ids, strictly ascending.
/// @param prices Index price per market, ticks.
/// @param marks Mark price per market, ticks: as reported, or as accepted once the oracle has
/// judged it.
/// @param rates Funding rate per market, ppm per day, paid by longs when positive.
struct Report {
    uint32 round;
    uint40 time;
    uint8[] markets;
    uint32[] prices;
    uint32[] marks;
    int32[] rates;
}

/// @notice Risk parameters of one market; two storage slots of 256 and 232 bits.
/// @param tickValue Value of one lot at a price of one tick, quote units. Zero: not listed.
/// @param initialPpm Initial margin, parts per million of notional.
/// @param maintenancePpm Maintenance margin, parts per million of notional.
/// @param takerFeePpm Fee of the taker of a fill, parts per million of notional.
/// @param makerFeePpm Fee of the maker of a fill, parts per million of notional.
/// @param priceAgeSecondsMax Oldest index price that may be used, seconds.
/// @param bandPpm Largest move of the index price per report.
/// @param fillBandPpm Largest distance of a fill from the index price.
/// @param fundingRatePpmMax Largest funding rate, ppm per day, either sign.
/// @param openInterestMax Cap on the sum of the long positions, lots.
/// @param openInterestLowPpm Part of the cap above which initial margin grows with open interest.
/// @param openInterestHighPpm Part of the cap at which initial margin is the whole notional.
/// @param concentrationPpm Initial margin added for holding all of the open interest.
/// @param concentrationCapPpm Largest initial margin that concentration alone demands.
/// @param isolated 1: an account that trades this market holds nothing else; fixed when listed.
/// @param markClampPpm Largest distance of the mark price from the index price.
/// @param fundingGapSecondsMax Longest time without a report for which funding is charged.
/// @param liquidationPartPpm Largest part of a position that is liquidated in one block, and of the
/// open interest that the waterfall resolves in one.
/// @param coverSharePpm Largest part of an insurance fund that is drawn in any hour.
/// @param backstopLotsMax Largest position that the backstop takes over in this market, lots.
struct MarketParams {
    uint48 tickValue;
    uint24 initialPpm;
    uint24 maintenancePpm;
    uint16 takerFeePpm;
    uint16 makerFeePpm;
    uint16 priceAgeSecondsMax;
    uint24 bandPpm;
    uint24 fillBandPpm;
    uint24 fundingRatePpmMax;
    uint40 openInterestMax;
    uint24 openInterestLowPpm;
    uint24 openInterestHighPpm;
    uint24 concentrationPpm;
    uint24 concentrationCapPpm;
    uint8 isolated;
    uint24 markClampPpm;
    uint16 fundingGapSecondsMax;
    uint24 liquidationPartPpm;
    uint24 coverSharePpm;
    uint40 backstopLotsMax;
}

/// @notice What a steward may move of a market's parameters; the rest stays as at the anchor.
/// @param initialPpm Initial margin; tighter is higher.
/// @param maintenancePpm Maintenance margin; only higher than the anchor's, and with notice.
/// @param concentrationPpm Initial margin added for holding all of the open interest; tighter is
/// higher.
/// @param fundingRatePpmMax Largest funding rate, ppm per day; tighter is lower.
/// @param openInterestMax Cap on open interest, lots; tighter is lower.
/// @param backstopLotsMax Largest position of the backstop, lots; tighter is lower.
struct RiskTuple {
    uint24 initialPpm;
    uint24 maintenancePpm;
    uint24 concentrationPpm;
    uint24 fundingRatePpmMax;
    uint40 openInterestMax;
    uint40 backstopLotsMax;
}

/// @notice Parameters of the venue as a whole.
/// @param sequencer The only address that may settle batches.
/// @param quietSeconds Age of the last report after which anyone may push the next one.
/// @param reportSkewSecondsMax Largest distance of a report's time from the block's.
/// @param profitHaircutPpm Part of an account's profit that cannot leave while it has positions.
struct VenueParams {
    address sequencer;
    uint32 quietSeconds;
    uint32 reportSkewSecondsMax;
    uint24 profitHaircutPpm;
}

/// @notice A batch of fills, settled whole or not at all.
/// @param number One more than the last settled batch.
/// @param previous Head of the chain of batches that this one extends.
/// @param receipts Root of the receipts issued since the last batch; committed, not judged.
/// @param report Price report to accept first; empty for none.
/// @param orders Packed orders of 90 bytes, strictly ascending by (account, lane, seq).
/// @param fills Packed fills of 13 bytes: maker u16, taker u16 (indexes), lots u40, price u32.
/// @param signatures Signatures of contract wallets, which orders point into.
struct Batch {
    uint64 number;
    bytes32 previous;
    bytes32 receipts;
    bytes report;
    bytes orders;
    bytes fills;
    bytes signatures;
}

/// @notice A withdrawal that its owner signs and anyone relays; amounts in token units.
/// @param account Account that pays.
/// @param amount What `to` receives.
/// @param to Recipient.
/// @param nonce One-time number of the account, shared with its forced requests.
/// @param expiry Last second at which it may be relayed.
/// @param fee What the relayer's account receives on top, at most a tenth of the amount.
struct Withdrawal {
    uint32 account;
    uint256 amount;
    address to;
    uint64 nonce;
    uint40 expiry;
    uint256 fee;
}

/// @notice One position of an account.
/// @param market Market id.
/// @param size Lots, positive when long.
struct Position {
    uint8 market;
    int56 size;
}

/// @notice A conditional order, as it is signed (EIP-712, same name and fields).
/// @param account Account that trades.
/// @param market Market id.
/// @param isBuy Buys when it triggers; sells otherwise.
/// @param size Lots.
/// @param kind 0 stop-loss, 1 take-profit, 2 trailing stop.
/// @param triggerPrice Index price at which it triggers, ticks; of a trailing stop, the price
/// that it trails from until a better one is recorded.
/// @param trailPpm Distance of a trailing stop from the best price, ppm of it; 0 for the others.
/// @param limitPrice Worst price of the fill, ticks.
/// @param rewardPpm Most that the fill may be worse than the index price, for the keeper.
/// @param reduceOnly Only as much is filled as reduces the position.
/// @param since Prices observed before this second count for nothing.
/// @param expiry Dead from this second on.
/// @param nonce One-time number; orders that share one cancel each other.
/// @param epoch The account's epoch at signing.
struct Conditional {
    uint32 account;
    uint8 market;
    bool isBuy;
    uint64 size;
    uint8 kind;
    uint32 triggerPrice;
    uint32 trailPpm;
    uint32 limitPrice;
    uint32 rewardPpm;
    bool reduceOnly;
    uint40 since;
    uint40 expiry;
    uint64 nonce;
    uint32 epoch;
}

/// @notice What a session key may sign orders for.
/// @param markets Bit m: market m, for the first 128; all ones: every market there is.
/// @param orderLotsMax Largest size of one order, lots; 2^40-1 is no limit, 0 lets it only cancel.
/// @param reduceOnly Only orders flagged reduce-only.
struct SessionScope {
    uint128 markets;
    uint40 orderLotsMax;
    bool reduceOnly;
}

/// @notice Contracts that the clearing house works with; fixed for ever.
struct Config {
    address vault;
    address oracle;
    address breaker;
    address parameters;
    address forcedQueue;
}

/// @notice What the protocol's order did to an account in a batch.
/// @param account Account id.
/// @param market Market id.
/// @param limit Limit of the order, ticks.
/// @param lots Change of the position, signed.
/// @param cashQ32 Change of the cash by its fills, fees taken off, Q32.
struct Seizure {
    uint32 account;
    uint8 market;
    uint32 limit;
    int56 lots;
    int256 cashQ32;
}
