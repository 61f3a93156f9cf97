// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../generated/LawLib.sol";
import {Margin} from "../libraries/Margin.sol";
import {MarketParams} from "../Types.sol";
import {Market, Totals} from "../Working.sol";
import {Records} from "./Records.sol";

/// @title The margin rules on many packed records at once, for the differential test.
/// @notice Never part of a venue. Each function takes records of whole words, one after another,
/// and returns a fixed number of words for each. A market takes two words, from the high bit:
/// (0 u24, price u32, tickValue u48, initialPpm, maintenancePpm, openInterestLowPpm,
/// openInterestHighPpm, concentrationPpm, concentrationCapPpm u24 each, isolated u8) and
/// (0 u8, fundingIndex i96, openInterest u56, openInterestMax u40, size i56).
contract RiskHarness is Records {
    using Margin for Totals;

    /// @notice Record: market, userPpm. Result: open-interest term, initial margin in ppm, and
    /// whether the ceiling covers it.
    function factors(uint256, bytes calldata records) external pure returns (bytes memory out) {
        uint256 count = records.length / 96;
        out = new bytes(count * 96);
        Market memory market;
        for (uint256 i = 0; i < count; ++i) {
            int256 size = _market(market, records, i * 3);
            uint256 user = _word(records, i * 3 + 2);
            uint256 ppm = Margin.initialPpm(market, Margin.magnitude(size), user);
            uint256 ceiling = Margin.ceilingPpm(market.params, market.initialPpm);
            bool covered = ppm <= (user > ceiling ? user : ceiling);
            _put(out, i * 3, market.initialPpm);
            _put(out, i * 3 + 1, ppm);
            _put(out, i * 3 + 2, covered ? 1 : 0);
        }
    }

    /// @notice Record: account (0 u104, userPpm u24, cash i128), then `parts` markets. Result:
    /// equity, initial, maintenance and close-out margin, and whether isolation is held.
    function health(uint256 parts, bytes calldata records)
        external
        pure
        returns (bytes memory out)
    {
        uint256 words = 1 + 2 * parts;
        uint256 count = records.length / (32 * words);
        out = new bytes(count * 160);
        Market[] memory markets = new Market[](parts);
        Totals memory totals;
        for (uint256 i = 0; i < count; ++i) {
            _account(totals, _word(records, i * words));
            for (uint256 j = 0; j < parts; ++j) {
                int256 size = _market(markets[j], records, i * words + 1 + 2 * j);
                markets[j].id = j;
                totals.add(markets[j], size);
            }
            _put(out, i * 5, uint256(totals.equity()));
            _put(out, i * 5 + 1, totals.initial);
            _put(out, i * 5 + 2, totals.maintenance);
            _put(out, i * 5 + 3, Margin.closeOut(totals.maintenance));
            _put(out, i * 5 + 4, totals.isolationHeld() ? 1 : 0);
        }
    }

    /// @notice Record: account, market. Result: whether a batch's fast path takes the account.
    function covers(uint256, bytes calldata records) external pure returns (bytes memory out) {
        uint256 count = records.length / 96;
        out = new bytes(count * 32);
        Market memory market;
        Totals memory totals;
        for (uint256 i = 0; i < count; ++i) {
            _account(totals, _word(records, i * 3));
            int256 size = _market(market, records, i * 3 + 1);
            int256 equity = (totals.equityQ32 + size * market.unitQ32) >> 32;
            _put(out, i, Margin.isInitial(market, size, totals.userPpm, equity) ? 1 : 0);
        }
    }

    /// @notice Record: account before, cash after, then for each of `parts` markets the market with
    /// the size before, and the size after. Result: whether the transition is lawful (L07), as
    /// `Ledger._judge` asks it.
    function transition(uint256 parts, bytes calldata records)
        external
        pure
        returns (bytes memory out)
    {
        uint256 words = 2 + 3 * parts;
        uint256 count = records.length / (32 * words);
        out = new bytes(count * 32);
        Market memory market;
        Totals memory old;
        Totals memory totals;
        for (uint256 i = 0; i < count; ++i) {
            uint256 at = i * words;
            _account(old, _word(records, at));
            _account(totals, _word(records, at));
            totals.equityQ32 = int256(_word(records, at + 1));
            bool grew = false;
            for (uint256 j = 0; j < parts; ++j) {
                int256 before = _market(market, records, at + 2 + 3 * j);
                int256 size = int256(_word(records, at + 4 + 3 * j));
                old.add(market, before);
                totals.add(market, size);
                grew = grew || !LawLib.reduceOnlyHeld(before, size);
            }
            bool lawful = LawLib.healthyOrHealthier(
                old.equity(),
                old.maintenance,
                totals.equity(),
                totals.initial,
                totals.maintenance,
                grew
            );
            _put(out, i, lawful ? 1 : 0);
        }
    }

    function _account(Totals memory totals, uint256 word) private pure {
        totals.equityQ32 = int128(uint128(word));
        totals.userPpm = uint24(word >> 128);
        (totals.initial, totals.maintenance, totals.held, totals.lone) = (0, 0, 0, 0);
    }

    /// @dev Reads a market at word `index` as a refreshed one would be in memory; returns the size.
    function _market(Market memory market, bytes calldata records, uint256 index)
        private
        pure
        returns (int256)
    {
        uint256 a = _word(records, index);
        uint256 b = _word(records, index + 1);
        MarketParams memory p = market.params;
        p.tickValue = uint48(a >> 152);
        p.initialPpm = uint24(a >> 128);
        p.maintenancePpm = uint24(a >> 104);
        p.openInterestLowPpm = uint24(a >> 80);
        p.openInterestHighPpm = uint24(a >> 56);
        p.concentrationPpm = uint24(a >> 32);
        p.concentrationCapPpm = uint24(a >> 8);
        p.isolated = uint8(a);
        p.openInterestMax = uint40(b >> 56);
        uint256 openInterest = uint56(b >> 96);
        market.price = uint32(a >> 200);
        market.lotValue = market.price * p.tickValue;
        market.fundingIndex = int96(uint96(b >> 152));
        market.unitQ32 = int256(market.lotValue << 32) - market.fundingIndex;
        market.openInterestBefore = int256(openInterest);
        market.initialPpm = Margin.interestPpm(p, openInterest);
        market.lotCeiling = market.lotValue * Margin.ceilingPpm(p, market.initialPpm);
        return int56(uint56(b));
    }
}
