// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Aging} from "../libraries/Aging.sol";
import {Deleveraging} from "../libraries/Deleveraging.sol";
import {Funding} from "../libraries/Funding.sol";
import {Liquidations} from "../libraries/Liquidations.sol";
import {Margin} from "../libraries/Margin.sol";
import {Marks} from "../libraries/Marks.sol";
import {Profit} from "../libraries/Profit.sol";
import {Records} from "./Records.sol";

/// @title The rules of prices, profit, liquidation and deleveraging on many packed records at
/// once, for the differential test.
/// @notice Never part of a venue. Each function takes records of whole words, one after another,
/// and returns a fixed number of words for each. Fields of a word are told from the high bit.
contract RulesHarness is Records {
    /// @dev A position that is being liquidated.
    struct Case {
        uint256 price;
        uint256 tickValue;
        uint256 lotValue;
        uint256 maintenancePpm;
        uint256 partPpm;
        uint256 size;
        uint256 lots;
        uint256 elapsed;
        int256 equity;
        uint256 maintenance;
    }

    /// @notice Record: (price u32, tickValue u48, maintenancePpm u24, partPpm u24, size u56,
    /// lots u56, elapsed u16), (equity i128, maintenance u128). Result: fillable discount, partial
    /// lots, speed lots, and for `lots` of the position its share of equity, zero discount or
    /// surcharge, penalty and reward, as `LiquidationModule` and `Counterparties` compute them.
    function liquidation(uint256, bytes calldata records)
        external
        pure
        returns (bytes memory out)
    {
        uint256 count = records.length / 64;
        out = new bytes(count * 224);
        Case memory c;
        for (uint256 i = 0; i < count; ++i) {
            _case(c, _word(records, i * 2), _word(records, i * 2 + 1));
            uint256 fill = Liquidations.fillDiscount(
                c.price, c.maintenancePpm, c.equity, c.maintenance
            );
            _put(out, i * 7, fill);
            _put(
                out,
                i * 7 + 1,
                Liquidations.partialLots(
                    c.size,
                    c.lotValue,
                    c.tickValue,
                    fill,
                    c.maintenancePpm,
                    c.equity,
                    c.maintenance
                )
            );
            _put(out, i * 7 + 2, Liquidations.speedLots(c.size, c.partPpm));
            _terms(out, i * 7 + 3, c, fill);
        }
    }

    /// @notice Record: loss, lots. Result: charge per lot.
    function levyPerLot(uint256, bytes calldata records)
        external
        pure
        returns (bytes memory out)
    {
        uint256 count = records.length / 64;
        out = new bytes(count * 32);
        for (uint256 i = 0; i < count; ++i) {
            uint256 lots = _word(records, i * 2 + 1);
            _put(out, i, Liquidations.levyPerLot(_word(records, i * 2), lots));
        }
    }

    /// @notice Record: equity, maintenance. Result: lever.
    function lever(uint256, bytes calldata records) external pure returns (bytes memory out) {
        uint256 count = records.length / 64;
        out = new bytes(count * 32);
        for (uint256 i = 0; i < count; ++i) {
            int256 equity = int256(_word(records, i * 2));
            _put(out, i, Deleveraging.lever(equity, _word(records, i * 2 + 1)));
        }
    }

    /// @notice Record: need, then for each of `parts` counterparties (size u56, room u56,
    /// lever u40). Result: lots of each, their sum as told, and as added up.
    function allocate(uint256 parts, bytes calldata records)
        external
        pure
        returns (bytes memory out)
    {
        uint256 count = records.length / (32 * (1 + parts));
        out = new bytes(count * 32 * (parts + 2));
        uint256[] memory sizes = new uint256[](parts);
        uint256[] memory rooms = new uint256[](parts);
        uint256[] memory levers = new uint256[](parts);
        for (uint256 i = 0; i < count; ++i) {
            uint256 at = i * (1 + parts);
            for (uint256 j = 0; j < parts; ++j) {
                uint256 word = _word(records, at + 1 + j);
                sizes[j] = uint56(word >> 96);
                rooms[j] = uint56(word >> 40);
                levers[j] = uint40(word);
            }
            (uint256[] memory takes, uint256 taken) =
                Deleveraging.allocate(_word(records, at), sizes, rooms, levers);
            at = i * (parts + 2);
            uint256 sum = 0;
            for (uint256 j = 0; j < parts; ++j) {
                _put(out, at + j, takes[j]);
                sum += takes[j];
            }
            _put(out, at + parts, taken);
            _put(out, at + parts + 1, sum);
        }
    }

    /// @notice Record: (reported u40, before u32, index before u32, index u32, clampPpm
    /// u24). Result: mark.
    function accepted(uint256, bytes calldata records) external pure returns (bytes memory out) {
        uint256 count = records.length / 32;
        out = new bytes(count * 32);
        for (uint256 i = 0; i < count; ++i) {
            uint256 word = _word(records, i);
            uint32 mark = Marks.accepted(
                uint40(word >> 120),
                uint32(word >> 88),
                uint32(word >> 56),
                uint32(word >> 24),
                uint24(word)
            );
            _put(out, i, mark);
        }
    }

    /// @notice Record: (aged Q32 u64, price u32, elapsed u40). Result: aged price after, ticks Q32
    /// and ticks.
    function aging(uint256, bytes calldata records) external pure returns (bytes memory out) {
        uint256 count = records.length / 32;
        out = new bytes(count * 64);
        for (uint256 i = 0; i < count; ++i) {
            uint256 word = _word(records, i);
            uint64 aged = Aging.step(uint64(word >> 72), uint32(word >> 40), uint40(word));
            _put(out, i * 2, aged);
            _put(out, i * 2 + 1, Aging.toTicks(aged));
        }
    }

    /// @notice Record: (rate i32, ratePpmMax u24, price u32, tickValue u48, elapsed u40,
    /// gapSecondsMax u16). Result: rate in force, and change of the index.
    function funding(uint256, bytes calldata records) external pure returns (bytes memory out) {
        uint256 count = records.length / 32;
        out = new bytes(count * 64);
        for (uint256 i = 0; i < count; ++i) {
            uint256 word = _word(records, i);
            int256 rate = Funding.clamp(int32(uint32(word >> 160)), uint24(word >> 136));
            uint256 counted = Funding.counted(uint40(word >> 16), uint16(word));
            int256 step = Funding.step(rate, uint32(word >> 104), uint48(word >> 56), counted);
            _put(out, i * 2, uint256(rate));
            _put(out, i * 2 + 1, uint256(step));
        }
    }

    /// @notice Record: (lots i56, index u32, mark u32, aged u32, tickValue u48, haircut ppm u24),
    /// (worth i128, principal i128). Result: worse price, aged loss, haircut.
    function profit(uint256, bytes calldata records) external pure returns (bytes memory out) {
        uint256 count = records.length / 64;
        out = new bytes(count * 96);
        for (uint256 i = 0; i < count; ++i) {
            uint256 word = _word(records, i * 2);
            uint256 sums = _word(records, i * 2 + 1);
            int256 lots = int56(uint56(word >> 168));
            uint256 price = Profit.worse(lots, uint32(word >> 136), uint32(word >> 104));
            int256 loss =
                Profit.agedLoss(lots, price, uint32(word >> 72), uint48(word >> 24));
            int256 worth = int128(uint128(sums >> 128));
            _put(out, i * 3, price);
            _put(out, i * 3 + 1, uint256(loss));
            int256 cut = Profit.haircut(worth, int128(uint128(sums)), uint24(word));
            _put(out, i * 3 + 2, uint256(cut));
        }
    }

    function _case(Case memory c, uint256 word, uint256 sums) private pure {
        c.price = uint32(word >> 224);
        c.tickValue = uint48(word >> 176);
        c.lotValue = c.price * c.tickValue;
        c.maintenancePpm = uint24(word >> 152);
        c.partPpm = uint24(word >> 128);
        c.size = uint56(word >> 72);
        c.lots = uint56(word >> 16);
        c.elapsed = uint16(word);
        c.equity = int128(uint128(sums >> 128));
        c.maintenance = uint128(sums);
    }

    /// @dev Share, zero discount or surcharge, penalty, reward.
    function _terms(bytes memory out, uint256 at, Case memory c, uint256 discount) private pure {
        uint256 freed = Margin.shareUp(c.size * c.lotValue, c.maintenancePpm)
            - Margin.shareUp((c.size - c.lots) * c.lotValue, c.maintenancePpm);
        int256 worth = Liquidations.share(c.equity, freed, c.maintenance);
        _put(out, at, uint256(worth));
        if (worth < 0) {
            uint256 surcharge =
                Liquidations.zeroSurcharge(uint256(-worth), c.lots, c.tickValue);
            _put(out, at + 1, surcharge);
            return;
        }
        uint256 most = Liquidations.zeroDiscount(uint256(worth), c.lots, c.tickValue);
        _put(out, at + 1, most);
        if (discount > most) discount = most;
        uint256 left = uint256(worth) - discount * c.lots * c.tickValue;
        uint256 penalty = Liquidations.penaltyOf(c.lots * c.lotValue, left);
        _put(out, at + 2, penalty);
        _put(out, at + 3, Liquidations.rewardOf(penalty, c.elapsed));
    }
}
