// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice One accepted price report: the median of at least k reporters, field by field.
/// @param round Number of the report, strictly rising.
/// @param time Second at which the reporters observed, Unix.
/// @param markets Market ids, strictly ascending.
/// @param prices Index price per market, ticks.
/// @param rates Funding rate per market, ppm per day, paid by longs when positive.
struct Report {
    uint32 round;
    uint40 time;
    uint8[] markets;
    uint32[] prices;
    int32[] rates;
}

/// @notice Risk parameters of one market; 256 bits, one storage slot.
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
}

/// @notice Parameters of the venue as a whole.
/// @param sequencer The only address that may settle batches.
/// @param quietSeconds Age of the last report after which anyone may push the next one.
/// @param reportSkewSecondsMax Largest distance of a report's time from the block's.
struct VenueParams {
    address sequencer;
    uint32 quietSeconds;
    uint32 reportSkewSecondsMax;
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

/// @notice One position of an account.
/// @param market Market id.
/// @param size Lots, positive when long.
struct Position {
    uint8 market;
    int56 size;
}

/// @notice Contracts that the clearing house works with; fixed for ever.
struct Config {
    address vault;
    address oracle;
    address breaker;
    address parameters;
}
