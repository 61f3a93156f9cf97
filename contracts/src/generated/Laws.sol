// SPDX-License-Identifier: Apache-2.0
// Generated from packages/laws by `npm run docs`. Do not edit.
pragma solidity ^0.8.30;

import { LawLib } from "./LawLib.sol";

/// @title Laws: every law of the venue, for watchers who ask by `eth_call`
/// @dev Owns nothing and can change nothing. Laws on lists live here, all others in LawLib.
contract Laws {
    /// @notice One account, reserved ones included.
    /// @param cashQ32 cash, quote units with 32 fractional bits
    struct AccountState {
        int256 cashQ32;
    }

    /// @notice One position of one account.
    /// @param market market id
    /// @param size lots, signed
    struct PositionState {
        uint256 market;
        int256 size;
    }

    /// @notice One listed market.
    /// @param market market id
    /// @param openInterest lots, as the venue states it
    struct MarketState {
        uint256 market;
        uint256 openInterest;
    }

    /// @notice The whole venue at one block.
    /// @param accounts every account
    /// @param liabilities what the vault owes to accounts, quote units
    /// @param balance tokens held by the vault, quote units
    /// @param queued withdrawals that have left their accounts and wait, quote units
    /// @param positions every position of every account
    /// @param markets every listed market
    struct Snapshot {
        AccountState[] accounts;
        uint256 liabilities;
        uint256 balance;
        uint256 queued;
        PositionState[] positions;
        MarketState[] markets;
    }

    /// @notice No law has this number.
    /// @param law The number asked for.
    error LawUnknown(uint256 law);

    /// @notice Bit n is set if `evaluate` judges law n.
    uint256 public constant EVALUATED = (1 << 1) | (1 << 2) | (1 << 4) | (1 << 5);

    /// @notice Judges a snapshot of the whole venue.
    /// @param s The snapshot.
    /// @return held Bit n is set if law n holds; equal to EVALUATED if all do.
    function evaluate(Snapshot memory s) external pure returns (uint256 held) {
        if (collateralConserved(s.accounts, s.liabilities)) held |= 1 << 1;
        if (LawLib.vaultCovers(s.balance, s.liabilities, s.queued)) held |= 1 << 2;
        if (netPositionZero(s.positions, s.markets)) held |= 1 << 4;
        if (openInterestIsLongs(s.positions, s.markets)) held |= 1 << 5;
    }

    /// @notice Judges one law.
    /// @param law Number of the law.
    /// @param input Its inputs in order, ABI-encoded, every number as a word.
    /// @return True if the law holds.
    function judge(uint256 law, bytes calldata input) public pure returns (bool) {
        if (law == 1) return _judgeL01(input);
        if (law == 2) return _judgeL02(input);
        if (law == 3) return _judgeL03(input);
        if (law == 4) return _judgeL04(input);
        if (law == 5) return _judgeL05(input);
        if (law == 6) return _judgeL06(input);
        if (law == 7) return _judgeL07(input);
        if (law == 8) return _judgeL08(input);
        if (law == 9) return _judgeL09(input);
        if (law == 10) return _judgeL10(input);
        if (law == 11) return _judgeL11(input);
        if (law == 12) return _judgeL12(input);
        if (law == 13) return _judgeL13(input);
        if (law == 14) return _judgeL14(input);
        if (law == 15) return _judgeL15(input);
        if (law == 16) return _judgeL16(input);
        if (law == 17) return _judgeL17(input);
        if (law == 18) return _judgeL18(input);
        if (law == 19) return _judgeL19(input);
        if (law == 20) return _judgeL20(input);
        if (law == 21) return _judgeL21(input);
        if (law == 22) return _judgeL22(input);
        if (law == 23) return _judgeL23(input);
        if (law == 24) return _judgeL24(input);
        if (law == 25) return _judgeL25(input);
        if (law == 26) return _judgeL26(input);
        revert LawUnknown(law);
    }

    /// @notice Judges many inputs of one law.
    /// @param law Number of the law.
    /// @param inputs Each as for `judge`.
    /// @return verdicts One byte for each input: 1 if the law holds, otherwise 0.
    function judgeMany(
        uint256 law,
        bytes[] calldata inputs
    ) external pure returns (bytes memory verdicts) {
        verdicts = new bytes(inputs.length);
        for (uint256 i = 0; i < inputs.length; ++i) {
            if (judge(law, inputs[i])) verdicts[i] = 0x01;
        }
    }

    /// @notice L01. The cash of all accounts adds up to exactly what the vault owes.
    /// @dev Assumes: The list holds every account, the insurance fund and the fee account included.
    /// @param accounts every account
    /// @param liabilities what the vault owes, quote units
    /// @return True if the law holds.
    function collateralConserved(
        AccountState[] memory accounts,
        uint256 liabilities
    ) public pure returns (bool) {
        if (liabilities >> 96 != 0) return false;
        if (!_fit(accounts)) return false;
        unchecked {
            return _collateralConserved1(accounts) == int256(liabilities * 2 ** 32);
        }
    }

    function _collateralConserved1(
        AccountState[] memory accounts
    ) private pure returns (int256 total) {
        unchecked {
            for (uint256 i = 0; i < accounts.length; ++i) {
                AccountState memory a = accounts[i];
                total += a.cashQ32;
            }
        }
    }

    /// @notice L04. The positions of each market add up to zero, and each is in a listed market.
    /// @dev Assumes: The lists hold every position and every market.
    /// @param positions every position of every account
    /// @param markets every listed market
    /// @return True if the law holds.
    function netPositionZero(
        PositionState[] memory positions,
        MarketState[] memory markets
    ) public pure returns (bool) {
        if (!_fit(positions)) return false;
        if (!_fit(markets)) return false;
        unchecked {
            return _netPositionZero1(positions, markets) && _netPositionZero3(positions, markets);
        }
    }

    function _netPositionZero1(
        PositionState[] memory positions,
        MarketState[] memory markets
    ) private pure returns (bool) {
        unchecked {
            for (uint256 i = 0; i < markets.length; ++i) {
                MarketState memory m = markets[i];
                if (_netPositionZero2(positions, m) != 0) return false;
            }
            return true;
        }
    }

    function _netPositionZero2(
        PositionState[] memory positions,
        MarketState memory m
    ) private pure returns (int256 total) {
        unchecked {
            for (uint256 i = 0; i < positions.length; ++i) {
                PositionState memory p = positions[i];
                total += (p.market == m.market ? p.size : int256(0));
            }
        }
    }

    function _netPositionZero3(
        PositionState[] memory positions,
        MarketState[] memory markets
    ) private pure returns (bool) {
        unchecked {
            for (uint256 i = 0; i < positions.length; ++i) {
                PositionState memory p = positions[i];
                if (!_netPositionZero4(markets, p)) return false;
            }
            return true;
        }
    }

    function _netPositionZero4(
        MarketState[] memory markets,
        PositionState memory p
    ) private pure returns (bool) {
        unchecked {
            for (uint256 i = 0; i < markets.length; ++i) {
                MarketState memory m = markets[i];
                if (p.market == m.market) return true;
            }
            return false;
        }
    }

    /// @notice L05. The open interest of each market is the sum of its long positions.
    /// @dev Assumes: The lists hold every position and every market.
    /// @param positions every position of every account
    /// @param markets every listed market
    /// @return True if the law holds.
    function openInterestIsLongs(
        PositionState[] memory positions,
        MarketState[] memory markets
    ) public pure returns (bool) {
        if (!_fit(positions)) return false;
        if (!_fit(markets)) return false;
        unchecked {
            return _openInterestIsLongs1(positions, markets);
        }
    }

    function _openInterestIsLongs1(
        PositionState[] memory positions,
        MarketState[] memory markets
    ) private pure returns (bool) {
        unchecked {
            for (uint256 i = 0; i < markets.length; ++i) {
                MarketState memory m = markets[i];
                if (_openInterestIsLongs2(positions, m) != int256(m.openInterest)) return false;
            }
            return true;
        }
    }

    function _openInterestIsLongs2(
        PositionState[] memory positions,
        MarketState memory m
    ) private pure returns (int256 total) {
        unchecked {
            for (uint256 i = 0; i < positions.length; ++i) {
                PositionState memory p = positions[i];
                total += (p.market == m.market ? _max(p.size, 0) : int256(0));
            }
        }
    }

    function _judgeL01(bytes calldata input) private pure returns (bool) {
        (AccountState[] memory accounts, uint256 liabilities) =
            abi.decode(input, (AccountState[], uint256));
        return collateralConserved(accounts, liabilities);
    }

    function _judgeL02(bytes calldata input) private pure returns (bool) {
        (uint256 balance, uint256 liabilities, uint256 queued) =
            abi.decode(input, (uint256, uint256, uint256));
        return LawLib.vaultCovers(balance, liabilities, queued);
    }

    function _judgeL03(bytes calldata input) private pure returns (bool) {
        (int256 cashDeltaQ32, int256 liabilitiesDelta) =
            abi.decode(input, (int256, int256));
        return LawLib.conserved(cashDeltaQ32, liabilitiesDelta);
    }

    function _judgeL04(bytes calldata input) private pure returns (bool) {
        (PositionState[] memory positions, MarketState[] memory markets) =
            abi.decode(input, (PositionState[], MarketState[]));
        return netPositionZero(positions, markets);
    }

    function _judgeL05(bytes calldata input) private pure returns (bool) {
        (PositionState[] memory positions, MarketState[] memory markets) =
            abi.decode(input, (PositionState[], MarketState[]));
        return openInterestIsLongs(positions, markets);
    }

    function _judgeL06(bytes calldata input) private pure returns (bool) {
        (uint256 openInterestBefore, uint256 openInterestAfter, uint256 openInterestMax) =
            abi.decode(input, (uint256, uint256, uint256));
        return LawLib.openInterestWithin(openInterestBefore, openInterestAfter, openInterestMax);
    }

    function _judgeL07(bytes calldata input) private pure returns (bool) {
        (
            int256 equityBefore,
            uint256 maintenanceBefore,
            int256 equityAfter,
            uint256 initialAfter,
            uint256 maintenanceAfter,
            bool grew
        ) =
            abi.decode(input, (int256, uint256, int256, uint256, uint256, bool));
        return LawLib.healthyOrHealthier(
            equityBefore, maintenanceBefore, equityAfter, initialAfter, maintenanceAfter, grew
        );
    }

    function _judgeL08(bytes calldata input) private pure returns (bool) {
        (
            uint256 price,
            uint256 priceTime,
            uint256 nowTime,
            uint256 ageSecondsMax,
            uint256 skewSecondsMax
        ) =
            abi.decode(input, (uint256, uint256, uint256, uint256, uint256));
        return LawLib.priceValid(price, priceTime, nowTime, ageSecondsMax, skewSecondsMax);
    }

    function _judgeL09(bytes calldata input) private pure returns (bool) {
        (
            uint256 roundBefore,
            uint256 round,
            uint256 timeBefore,
            uint256 time,
            uint256 nowTime,
            uint256 skewSecondsMax
        ) =
            abi.decode(input, (uint256, uint256, uint256, uint256, uint256, uint256));
        return LawLib.reportAdvances(roundBefore, round, timeBefore, time, nowTime, skewSecondsMax);
    }

    function _judgeL10(bytes calldata input) private pure returns (bool) {
        (uint256 price, uint256 referencePrice, uint256 bandPpm) =
            abi.decode(input, (uint256, uint256, uint256));
        return LawLib.withinBand(price, referencePrice, bandPpm);
    }

    function _judgeL11(bytes calldata input) private pure returns (bool) {
        (
            uint256 seqBefore,
            uint256 filledBefore,
            uint256 seqAfter,
            uint256 filledAfter,
            uint256 size
        ) =
            abi.decode(input, (uint256, uint256, uint256, uint256, uint256));
        return LawLib.laneLawful(seqBefore, filledBefore, seqAfter, filledAfter, size);
    }

    function _judgeL12(bytes calldata input) private pure returns (bool) {
        (bool isBuy, uint256 limit, uint256 price) =
            abi.decode(input, (bool, uint256, uint256));
        return LawLib.fillWithin(isBuy, limit, price);
    }

    function _judgeL13(bytes calldata input) private pure returns (bool) {
        (int256 sizeBefore, int256 sizeAfter) =
            abi.decode(input, (int256, int256));
        return LawLib.reduceOnlyHeld(sizeBefore, sizeAfter);
    }

    function _judgeL14(bytes calldata input) private pure returns (bool) {
        (uint256 amount, uint256 hourUsed, uint256 hourMax, uint256 dayUsed, uint256 dayMax) =
            abi.decode(input, (uint256, uint256, uint256, uint256, uint256));
        return LawLib.outflowWithin(amount, hourUsed, hourMax, dayUsed, dayMax);
    }

    function _judgeL15(bytes calldata input) private pure returns (bool) {
        (uint256 number, uint256 numberLast, bytes32 previous, bytes32 head) =
            abi.decode(input, (uint256, uint256, bytes32, bytes32));
        return LawLib.batchContiguous(number, numberLast, previous, head);
    }

    function _judgeL16(bytes calldata input) private pure returns (bool) {
        (
            uint256 levelBefore,
            uint256 levelAfter,
            uint256 untilBefore,
            uint256 untilAfter,
            uint256 nowTime,
            uint256 secondsMax
        ) =
            abi.decode(input, (uint256, uint256, uint256, uint256, uint256, uint256));
        return LawLib.breakerTightens(
            levelBefore, levelAfter, untilBefore, untilAfter, nowTime, secondsMax
        );
    }

    function _judgeL17(bytes calldata input) private pure returns (bool) {
        (LawLib.MarketLimits memory limits) =
            abi.decode(input, (LawLib.MarketLimits));
        return LawLib.parametersBounded(limits);
    }

    function _judgeL18(bytes calldata input) private pure returns (bool) {
        (
            LawLib.MarketLimits memory current,
            LawLib.MarketLimits memory next,
            uint256 proposedTime,
            uint256 delaySeconds,
            uint256 windowSeconds,
            uint256 nowTime
        ) =
            abi.decode(input, (LawLib.MarketLimits, LawLib.MarketLimits, uint256, uint256, uint256,
            uint256));
        return LawLib.parameterChangeLawful(
            current, next, proposedTime, delaySeconds, windowSeconds, nowTime
        );
    }

    function _judgeL19(bytes calldata input) private pure returns (bool) {
        (
            int256 indexBefore,
            int256 indexAfter,
            uint256 price,
            uint256 tickValue,
            uint256 ratePpmMax,
            uint256 elapsedSeconds,
            uint256 gapSecondsMax
        ) =
            abi.decode(input, (int256, int256, uint256, uint256, uint256, uint256, uint256));
        return LawLib.fundingWithin(
            indexBefore, indexAfter, price, tickValue, ratePpmMax, elapsedSeconds, gapSecondsMax
        );
    }

    function _judgeL20(bytes calldata input) private pure returns (bool) {
        (
            int256 equityBefore,
            uint256 maintenanceBefore,
            int256 equityAfter,
            uint256 maintenanceAfter,
            uint256 penalty,
            uint256 discount,
            uint256 notional,
            uint256 maintenancePpm
        ) =
            abi.decode(input, (int256, uint256, int256, uint256, uint256, uint256, uint256,
            uint256));
        return LawLib.liquidationLawful(
            equityBefore, maintenanceBefore, equityAfter, maintenanceAfter, penalty, discount,
            notional, maintenancePpm
        );
    }

    function _judgeL21(bytes calldata input) private pure returns (bool) {
        (uint256 fee, uint256 notional, uint256 feePpm) =
            abi.decode(input, (uint256, uint256, uint256));
        return LawLib.feesWithin(fee, notional, feePpm);
    }

    function _judgeL22(bytes calldata input) private pure returns (bool) {
        (
            uint256 number,
            uint256 done,
            uint256 count,
            uint256 deadline,
            uint256 nowTime,
            bool bySequencer,
            bool aside
        ) =
            abi.decode(input, (uint256, uint256, uint256, uint256, uint256, bool, bool));
        return LawLib.forcedInTurn(number, done, count, deadline, nowTime, bySequencer, aside);
    }

    function _judgeL23(bytes calldata input) private pure returns (bool) {
        (
            bool waiting,
            uint256 deadline,
            bool aside,
            uint256 asideDeadline,
            uint256 graceSeconds,
            uint256 asideSeconds,
            uint256 reportTime,
            uint256 silenceSeconds,
            uint256 nowTime
        ) =
            abi.decode(input, (bool, uint256, bool, uint256, uint256, uint256, uint256, uint256,
            uint256));
        return LawLib.freezeLawful(
            waiting, deadline, aside, asideDeadline, graceSeconds, asideSeconds, reportTime,
            silenceSeconds, nowTime
        );
    }

    function _judgeL24(bytes calldata input) private pure returns (bool) {
        (uint256 paid, uint256 claim, uint256 claims, uint256 pool) =
            abi.decode(input, (uint256, uint256, uint256, uint256));
        return LawLib.exitShared(paid, claim, claims, pool);
    }

    function _judgeL25(bytes calldata input) private pure returns (bool) {
        (
            uint256 anchor,
            uint256 current,
            uint256 next,
            bool rises,
            uint256 bandPpm,
            uint256 tightenPpm,
            uint256 loosenPpm,
            uint256 elapsedSeconds
        ) =
            abi.decode(input, (uint256, uint256, uint256, bool, uint256, uint256, uint256,
            uint256));
        return LawLib.stewardStep(
            anchor, current, next, rises, bandPpm, tightenPpm, loosenPpm, elapsedSeconds
        );
    }

    function _judgeL26(bytes calldata input) private pure returns (bool) {
        (uint256 lots, uint256 moved, bool large, uint256 openInterest, uint256 partPpm) =
            abi.decode(input, (uint256, uint256, bool, uint256, uint256));
        return LawLib.resolvedInPart(lots, moved, large, openInterest, partPpm);
    }

    function _fit(AccountState[] memory items) private pure returns (bool) {
        unchecked {
            for (uint256 i = 0; i < items.length; ++i) {
                AccountState memory item = items[i];
                if (uint256(item.cashQ32 + 2 ** 127) >> 128 != 0) return false;
            }
            return true;
        }
    }

    function _fit(PositionState[] memory items) private pure returns (bool) {
        unchecked {
            for (uint256 i = 0; i < items.length; ++i) {
                PositionState memory item = items[i];
                if (uint256(item.size + 2 ** 53) >> 54 != 0) return false;
                if (item.market >> 8 != 0) return false;
            }
            return true;
        }
    }

    function _fit(MarketState[] memory items) private pure returns (bool) {
        unchecked {
            for (uint256 i = 0; i < items.length; ++i) {
                MarketState memory item = items[i];
                if (item.market >> 8 != 0) return false;
                if (item.openInterest >> 53 != 0) return false;
            }
            return true;
        }
    }

    function _max(int256 a, int256 b) private pure returns (int256) {
        return a > b ? a : b;
    }
}
