// SPDX-License-Identifier: Apache-2.0
// Generated from packages/laws by `npm run docs`. Do not edit.
pragma solidity ^0.8.30;

/// @title LawLib: the laws of the venue that speak of single values
/// @dev Each function gives the verdict of one law. An argument outside its declared width makes
/// the verdict false; inside the widths no term can leave 256 bits, which the generator proves,
/// hence unchecked. Whole-state laws are in Laws.
library LawLib {
    /// @notice The parameters of a market, each as wide as a word. An unlisted market is all zero.
    /// @param tickValue quote units of one lot at one tick
    /// @param initialPpm initial margin
    /// @param maintenancePpm maintenance margin
    /// @param takerFeePpm fee of the taker
    /// @param makerFeePpm fee of the maker
    /// @param priceAgeSecondsMax oldest usable price
    /// @param bandPpm largest step of a price per report
    /// @param fillBandPpm largest distance of a fill from the price
    /// @param fundingRatePpmMax largest funding rate per day
    /// @param openInterestMax cap of open interest, lots
    /// @param openInterestLowPpm part of the cap where initial margin begins to grow
    /// @param openInterestHighPpm part of the cap where initial margin is everything
    /// @param concentrationPpm initial margin added for all of the open interest
    /// @param concentrationCapPpm largest initial margin for concentration
    /// @param isolated 1: nothing else may be held beside it
    /// @param markClampPpm largest distance of the mark from the index
    /// @param fundingGapSecondsMax longest gap that funding is charged for
    /// @param liquidationPartPpm largest part liquidated in one block
    /// @param coverSharePpm largest part of the fund for one account
    /// @param backstopLotsMax largest position of the backstop, lots
    struct MarketLimits {
        uint256 tickValue;
        uint256 initialPpm;
        uint256 maintenancePpm;
        uint256 takerFeePpm;
        uint256 makerFeePpm;
        uint256 priceAgeSecondsMax;
        uint256 bandPpm;
        uint256 fillBandPpm;
        uint256 fundingRatePpmMax;
        uint256 openInterestMax;
        uint256 openInterestLowPpm;
        uint256 openInterestHighPpm;
        uint256 concentrationPpm;
        uint256 concentrationCapPpm;
        uint256 isolated;
        uint256 markClampPpm;
        uint256 fundingGapSecondsMax;
        uint256 liquidationPartPpm;
        uint256 coverSharePpm;
        uint256 backstopLotsMax;
    }

    /// @notice L02. The tokens in the vault are worth at least what it owes to accounts and what is
    /// queued.
    /// @dev Assumes: The balance is read from the token itself, rounded down to quote units.
    /// @param balance tokens held by the vault, quote units
    /// @param liabilities what the vault owes to accounts, quote units
    /// @param queued withdrawals that have left their accounts and wait, quote units
    /// @return True if the law holds.
    function vaultCovers(
        uint256 balance,
        uint256 liabilities,
        uint256 queued
    ) internal pure returns (bool) {
        unchecked {
            if (balance >> 128 != 0) return false;
            if ((liabilities | queued) >> 96 != 0) return false;
            return liabilities + queued <= balance;
        }
    }

    /// @notice L03. An operation changes the sum of all cash by exactly the change of the
    /// liabilities.
    /// @dev Assumes: The change of cash is summed over every account that the operation touched.
    /// @param cashDeltaQ32 change of the sum of cash, Q32
    /// @param liabilitiesDelta change of what the vault owes, quote units
    /// @return True if the law holds.
    function conserved(int256 cashDeltaQ32, int256 liabilitiesDelta) internal pure returns (bool) {
        unchecked {
            if (uint256(cashDeltaQ32 + 2 ** 135) >> 136 != 0) return false;
            if (uint256(liabilitiesDelta + 2 ** 95) >> 96 != 0) return false;
            return cashDeltaQ32 == liabilitiesDelta * int256(2 ** 32);
        }
    }

    /// @notice L06. Open interest does not grow above the cap of its market.
    /// @dev Assumes: Before and after are taken around one whole batch.
    /// @param openInterestBefore lots
    /// @param openInterestAfter lots
    /// @param openInterestMax lots
    /// @return True if the law holds.
    function openInterestWithin(
        uint256 openInterestBefore,
        uint256 openInterestAfter,
        uint256 openInterestMax
    ) internal pure returns (bool) {
        unchecked {
            if ((openInterestBefore | openInterestAfter | openInterestMax) >> 53 != 0) return false;
            return openInterestAfter <= openInterestMax || openInterestAfter <= openInterestBefore;
        }
    }

    /// @notice L07. A touched account ends at or above initial margin, or no position grew or
    /// flipped, maintenance did not rise and equity per maintenance did not fall.
    /// @dev Assumes: Before and after are valued at the same price and funding index.
    /// @param equityBefore equity before, quote units, rounded down
    /// @param maintenanceBefore maintenance requirement before, quote units, rounded up
    /// @param equityAfter equity after, quote units, rounded down
    /// @param initialAfter initial requirement after, quote units, rounded up
    /// @param maintenanceAfter maintenance requirement after, quote units, rounded up
    /// @param grew whether any position grew or flipped
    /// @return True if the law holds.
    function healthyOrHealthier(
        int256 equityBefore,
        uint256 maintenanceBefore,
        int256 equityAfter,
        uint256 initialAfter,
        uint256 maintenanceAfter,
        bool grew
    ) internal pure returns (bool) {
        unchecked {
            if (uint256(equityBefore + 2 ** 127) >> 128 != 0) return false;
            if (uint256(equityAfter + 2 ** 127) >> 128 != 0) return false;
            if ((maintenanceBefore | initialAfter | maintenanceAfter) >> 128 != 0) return false;
            return int256(initialAfter) <= equityAfter
                || (
                    !grew
                    && maintenanceAfter <= maintenanceBefore
                    && equityBefore * int256(maintenanceAfter)
                        <= equityAfter * int256(maintenanceBefore)
                    && (maintenanceBefore != 0 || equityBefore <= equityAfter)
                );
        }
    }

    /// @notice L08. A price that moves value exists, is not too old and not from the future.
    /// @dev Assumes: The price was accepted under L09 and L10.
    /// @param price ticks
    /// @param priceTime time of the report, seconds
    /// @param nowTime time of the block, or of the venue, seconds
    /// @param ageSecondsMax oldest usable price
    /// @param skewSecondsMax how far a report may be ahead
    /// @return True if the law holds.
    function priceValid(
        uint256 price,
        uint256 priceTime,
        uint256 nowTime,
        uint256 ageSecondsMax,
        uint256 skewSecondsMax
    ) internal pure returns (bool) {
        unchecked {
            if ((price | ageSecondsMax | skewSecondsMax) >> 32 != 0) return false;
            if ((priceTime | nowTime) >> 40 != 0) return false;
            return 0 < price
                && nowTime <= priceTime + ageSecondsMax
                && priceTime <= nowTime + skewSecondsMax;
        }
    }

    /// @notice L09. Round and time of a report are above the last ones, and its time is about now.
    /// @dev Assumes: Round and time before are zero when there was no report yet.
    /// @param roundBefore last round
    /// @param round round of the report
    /// @param timeBefore time of the last report, seconds
    /// @param time time of the report, seconds
    /// @param nowTime time of the block, seconds
    /// @param skewSecondsMax largest distance of a report from now
    /// @return True if the law holds.
    function reportAdvances(
        uint256 roundBefore,
        uint256 round,
        uint256 timeBefore,
        uint256 time,
        uint256 nowTime,
        uint256 skewSecondsMax
    ) internal pure returns (bool) {
        unchecked {
            if ((roundBefore | round | skewSecondsMax) >> 32 != 0) return false;
            if ((timeBefore | time | nowTime) >> 40 != 0) return false;
            return roundBefore < round
                && timeBefore < time
                && _abs(int256(nowTime) - int256(time)) <= skewSecondsMax;
        }
    }

    /// @notice L10. A price differs from its reference by at most the band.
    /// @dev Assumes: For a report the reference is the last price (the first price of a market has
    /// none and is not asked); for a fill it is the price now; for a mark it is the index price of
    /// the same report, and the band is its clamp.
    /// @param price ticks
    /// @param referencePrice ticks
    /// @param bandPpm width of the band on each side
    /// @return True if the law holds.
    function withinBand(
        uint256 price,
        uint256 referencePrice,
        uint256 bandPpm
    ) internal pure returns (bool) {
        unchecked {
            if ((price | referencePrice) >> 32 != 0) return false;
            if (bandPpm >> 24 != 0) return false;
            return 0 < price
                && _abs(int256(price) - int256(referencePrice)) * 1_000_000
                    <= bandPpm * referencePrice;
        }
    }

    /// @notice L11. The sequence of a lane never falls, its filled size never falls under one
    /// sequence, and filled never exceeds the size of the order.
    /// @dev Assumes: The size is that of the signed order with the sequence after.
    /// @param seqBefore sequence stored in the lane
    /// @param filledBefore lots stored in the lane
    /// @param seqAfter sequence of the order
    /// @param filledAfter lots filled with this operation included
    /// @param size lots of the signed order
    /// @return True if the law holds.
    function laneLawful(
        uint256 seqBefore,
        uint256 filledBefore,
        uint256 seqAfter,
        uint256 filledAfter,
        uint256 size
    ) internal pure returns (bool) {
        unchecked {
            if ((seqBefore | seqAfter) >> 32 != 0) return false;
            if ((filledBefore | filledAfter | size) >> 40 != 0) return false;
            return 0 < seqAfter
                && seqBefore <= seqAfter
                && (seqBefore != seqAfter || filledBefore <= filledAfter)
                && filledAfter <= size;
        }
    }

    /// @notice L12. A buyer pays at most, and a seller receives at least, the limit that it signed.
    /// @dev Assumes: It is asked once for each of the two orders of a fill.
    /// @param isBuy side of the order
    /// @param limit limit price of the order, ticks
    /// @param price price of the fill, ticks
    /// @return True if the law holds.
    function fillWithin(bool isBuy, uint256 limit, uint256 price) internal pure returns (bool) {
        unchecked {
            if ((limit | price) >> 32 != 0) return false;
            return 0 < price && (isBuy ? price <= limit : limit <= price);
        }
    }

    /// @notice L13. The position neither grew nor flipped.
    /// @dev Assumes: Asked for reduce-only orders, and for every account while a breaker is
    /// tripped.
    /// @param sizeBefore lots, signed
    /// @param sizeAfter lots, signed
    /// @return True if the law holds.
    function reduceOnlyHeld(int256 sizeBefore, int256 sizeAfter) internal pure returns (bool) {
        unchecked {
            if (uint256(sizeBefore + 2 ** 53) >> 54 != 0) return false;
            if (uint256(sizeAfter + 2 ** 53) >> 54 != 0) return false;
            return 0 <= sizeBefore
                ? (0 <= sizeAfter && sizeAfter <= sizeBefore)
                : (sizeBefore <= sizeAfter && sizeAfter <= 0);
        }
    }

    /// @notice L14. What leaves in the last hour and in the last day is within both caps.
    /// @dev Assumes: Outflow is gross, in the same unit as the caps; caps come from the trailing
    /// minimum.
    /// @param amount about to leave
    /// @param hourUsed left in the last hour
    /// @param hourMax cap of an hour
    /// @param dayUsed left in the last day
    /// @param dayMax cap of a day
    /// @return True if the law holds.
    function outflowWithin(
        uint256 amount,
        uint256 hourUsed,
        uint256 hourMax,
        uint256 dayUsed,
        uint256 dayMax
    ) internal pure returns (bool) {
        unchecked {
            if ((amount | hourUsed | hourMax | dayUsed | dayMax) >> 128 != 0) return false;
            return hourUsed + amount <= hourMax && dayUsed + amount <= dayMax;
        }
    }

    /// @notice L15. A batch has the next number and names the head that it extends.
    /// @dev Assumes: Head and last number are what the clearing house stores.
    /// @param number number of the batch
    /// @param numberLast number of the last settled batch
    /// @param previous head that the batch names
    /// @param head head that is stored
    /// @return True if the law holds.
    function batchContiguous(
        uint256 number,
        uint256 numberLast,
        bytes32 previous,
        bytes32 head
    ) internal pure returns (bool) {
        unchecked {
            if ((number | numberLast) >> 64 != 0) return false;
            return number == numberLast + 1 && previous == head;
        }
    }

    /// @notice L16. Guardians set no level below the one in force or above 3, for a bounded time,
    /// and the new entry lasts longer than the one that it replaces.
    /// @dev Assumes: Level before is the effective one; until before is 0 if nothing is replaced.
    /// @param levelBefore effective level
    /// @param levelAfter level asked for
    /// @param untilBefore expiry of the entry that is replaced, seconds
    /// @param untilAfter expiry of the new entry, seconds
    /// @param nowTime time of the block, seconds
    /// @param secondsMax longest entry
    /// @return True if the law holds.
    function breakerTightens(
        uint256 levelBefore,
        uint256 levelAfter,
        uint256 untilBefore,
        uint256 untilAfter,
        uint256 nowTime,
        uint256 secondsMax
    ) internal pure returns (bool) {
        unchecked {
            if ((levelBefore | levelAfter) >> 8 != 0) return false;
            if ((untilBefore | untilAfter | nowTime) >> 40 != 0) return false;
            if (secondsMax >> 32 != 0) return false;
            return 0 < levelAfter
                && levelBefore <= levelAfter
                && levelAfter <= 3
                && nowTime < untilAfter
                && untilAfter <= nowTime + secondsMax
                && untilBefore < untilAfter;
        }
    }

    /// @notice L17. No parameter of a market leaves the bounds that are fixed in code.
    /// @dev Assumes: Asked for every tuple before it is stored or scheduled.
    /// @param limits The parameters of a market, each as wide as a word. An unlisted market is all
    /// zero.
    /// @return True if the law holds.
    function parametersBounded(MarketLimits memory limits) internal pure returns (bool) {
        unchecked {
            if (limits.tickValue >> 48 != 0) return false;
            if ((limits.initialPpm | limits.maintenancePpm) >> 24 != 0) return false;
            if ((limits.takerFeePpm | limits.makerFeePpm) >> 16 != 0) return false;
            if ((limits.priceAgeSecondsMax | limits.fundingGapSecondsMax) >> 16 != 0) return false;
            if ((limits.bandPpm | limits.fillBandPpm) >> 24 != 0) return false;
            if ((limits.fundingRatePpmMax | limits.openInterestLowPpm) >> 24 != 0) return false;
            if ((limits.openInterestMax | limits.backstopLotsMax) >> 40 != 0) return false;
            if ((limits.openInterestHighPpm | limits.concentrationPpm) >> 24 != 0) return false;
            if ((limits.concentrationCapPpm | limits.markClampPpm) >> 24 != 0) return false;
            if (limits.isolated >> 8 != 0) return false;
            if ((limits.liquidationPartPpm | limits.coverSharePpm) >> 24 != 0) return false;
            return 0 < limits.tickValue
                && 10_000 <= limits.initialPpm
                && limits.initialPpm <= 1_000_000
                && 5_000 <= limits.maintenancePpm
                && limits.maintenancePpm * 10 <= limits.initialPpm * 8
                && limits.takerFeePpm <= 10_000
                && limits.makerFeePpm <= 10_000
                && 1 <= limits.priceAgeSecondsMax
                && limits.priceAgeSecondsMax <= 7_200
                && 1 <= limits.bandPpm
                && limits.bandPpm <= 500_000
                && 1 <= limits.fillBandPpm
                && limits.fillBandPpm <= 500_000
                && limits.fundingRatePpmMax <= 300_000
                && limits.openInterestLowPpm <= limits.openInterestHighPpm
                && limits.openInterestHighPpm <= 1_000_000
                && limits.concentrationPpm <= 1_000_000
                && limits.concentrationCapPpm <= 1_000_000
                && limits.isolated <= 1
                && 1_000 <= limits.markClampPpm
                && limits.markClampPpm <= 100_000
                && int256(limits.markClampPpm)
                    <= int256(limits.initialPpm) - int256(limits.maintenancePpm)
                && limits.fundingGapSecondsMax <= 7_200
                && 10_000 <= limits.liquidationPartPpm
                && limits.liquidationPartPpm <= 1_000_000
                && limits.coverSharePpm <= 1_000_000;
        }
    }

    /// @notice L18. A change that loosens any field, moves maintenance or lists a market applies
    /// only inside its window after the delay; a listed market keeps its tick value and its
    /// isolation.
    /// @dev Assumes: Proposed time is 0 for a change that was not scheduled.
    /// @param current The parameters of a market, each as wide as a word. An unlisted market is all
    /// zero.
    /// @param next The parameters of a market, each as wide as a word. An unlisted market is all
    /// zero.
    /// @param proposedTime when it was scheduled, seconds
    /// @param delaySeconds wait before it may apply
    /// @param windowSeconds how long it may then apply
    /// @param nowTime time of the block, seconds
    /// @return True if the law holds.
    function parameterChangeLawful(
        MarketLimits memory current,
        MarketLimits memory next,
        uint256 proposedTime,
        uint256 delaySeconds,
        uint256 windowSeconds,
        uint256 nowTime
    ) internal pure returns (bool) {
        unchecked {
            if ((current.tickValue | next.tickValue) >> 48 != 0) return false;
            if ((current.initialPpm | current.maintenancePpm) >> 24 != 0) return false;
            if ((current.takerFeePpm | current.makerFeePpm) >> 16 != 0) return false;
            if ((current.priceAgeSecondsMax | next.takerFeePpm) >> 16 != 0) return false;
            if ((current.bandPpm | current.fillBandPpm | next.initialPpm) >> 24 != 0) return false;
            if ((current.fundingRatePpmMax | current.openInterestLowPpm) >> 24 != 0) return false;
            if ((current.openInterestMax | current.backstopLotsMax) >> 40 != 0) return false;
            if ((current.openInterestHighPpm | current.concentrationPpm) >> 24 != 0) return false;
            if ((current.concentrationCapPpm | current.markClampPpm) >> 24 != 0) return false;
            if ((current.isolated | next.isolated) >> 8 != 0) return false;
            if ((current.fundingGapSecondsMax | next.makerFeePpm) >> 16 != 0) return false;
            if ((current.liquidationPartPpm | current.coverSharePpm) >> 24 != 0) return false;
            if ((next.maintenancePpm | next.bandPpm | next.fillBandPpm) >> 24 != 0) return false;
            if ((next.priceAgeSecondsMax | next.fundingGapSecondsMax) >> 16 != 0) return false;
            if ((next.fundingRatePpmMax | next.openInterestLowPpm) >> 24 != 0) return false;
            if ((next.openInterestMax | next.backstopLotsMax | nowTime) >> 40 != 0) return false;
            if ((next.openInterestHighPpm | next.concentrationPpm) >> 24 != 0) return false;
            if ((next.concentrationCapPpm | next.markClampPpm) >> 24 != 0) return false;
            if ((next.liquidationPartPpm | next.coverSharePpm) >> 24 != 0) return false;
            if (proposedTime >> 40 != 0) return false;
            if ((delaySeconds | windowSeconds) >> 32 != 0) return false;
            return (
                    current.tickValue == 0
                    || (
                        current.tickValue == next.tickValue
                        && current.isolated == next.isolated
                    )
                )
                && (
                    (
                        0 < current.tickValue
                        && current.initialPpm <= next.initialPpm
                        && current.maintenancePpm == next.maintenancePpm
                        && next.takerFeePpm <= current.takerFeePpm
                        && next.makerFeePpm <= current.makerFeePpm
                        && next.priceAgeSecondsMax <= current.priceAgeSecondsMax
                        && next.bandPpm <= current.bandPpm
                        && next.fillBandPpm <= current.fillBandPpm
                        && next.fundingRatePpmMax <= current.fundingRatePpmMax
                        && next.openInterestMax <= current.openInterestMax
                        && next.openInterestLowPpm <= current.openInterestLowPpm
                        && next.openInterestHighPpm <= current.openInterestHighPpm
                        && (
                            current.openInterestHighPpm
                                <= current.openInterestLowPpm
                            || next.openInterestLowPpm
                                < next.openInterestHighPpm
                        )
                        && current.concentrationPpm <= next.concentrationPpm
                        && current.concentrationCapPpm <= next.concentrationCapPpm
                        && next.markClampPpm <= current.markClampPpm
                        && next.fundingGapSecondsMax
                            <= current.fundingGapSecondsMax
                        && current.liquidationPartPpm == next.liquidationPartPpm
                        && next.coverSharePpm <= current.coverSharePpm
                        && next.backstopLotsMax <= current.backstopLotsMax
                    )
                    || (
                        0 < proposedTime
                        && proposedTime + delaySeconds <= nowTime
                        && nowTime <= proposedTime + delaySeconds + windowSeconds
                    )
                );
        }
    }

    /// @notice L19. A funding index moves by at most the largest rate for the time elapsed, and not
    /// at all over a gap.
    /// @dev Assumes: Price is the index price that the report brought; the time is since the last
    /// step, and beyond the longest gap none of it counts.
    /// @param indexBefore funding index before, quote × 2^32 per lot
    /// @param indexAfter funding index after
    /// @param price ticks
    /// @param tickValue quote units of one lot at one tick
    /// @param ratePpmMax largest rate per day
    /// @param elapsedSeconds since the last step
    /// @param gapSecondsMax longest time that is charged
    /// @return True if the law holds.
    function fundingWithin(
        int256 indexBefore,
        int256 indexAfter,
        uint256 price,
        uint256 tickValue,
        uint256 ratePpmMax,
        uint256 elapsedSeconds,
        uint256 gapSecondsMax
    ) internal pure returns (bool) {
        unchecked {
            if (uint256(indexBefore + 2 ** 95) >> 96 != 0) return false;
            if (uint256(indexAfter + 2 ** 95) >> 96 != 0) return false;
            if (price >> 32 != 0) return false;
            if (tickValue >> 48 != 0) return false;
            if (ratePpmMax >> 24 != 0) return false;
            if (elapsedSeconds >> 40 != 0) return false;
            if (gapSecondsMax >> 16 != 0) return false;
            return (elapsedSeconds <= gapSecondsMax || indexAfter == indexBefore)
                && _abs(indexAfter - indexBefore) * 86_400_000_000
                    <= price * tickValue * 2 ** 32 * (ratePpmMax * elapsedSeconds);
        }
    }

    /// @notice L20. Only an account below maintenance loses positions to others; it loses no more
    /// than the penalty and discount, the penalty is at most 1.5 % of the notional, the discount at
    /// most one and a half times its maintenance margin, and its health does not fall.
    /// @dev Assumes: Before and after are valued at the same price; what insurance paid counts in
    /// after.
    /// @param equityBefore equity before, quote units, rounded down
    /// @param maintenanceBefore maintenance requirement before, quote units, rounded up
    /// @param equityAfter equity after, quote units, rounded down
    /// @param maintenanceAfter maintenance requirement after, quote units, rounded up
    /// @param penalty penalty taken, quote units
    /// @param discount given up against the mark price, quote units
    /// @param notional notional of the lots moved, quote units
    /// @param maintenancePpm maintenance margin of their market
    /// @return True if the law holds.
    function liquidationLawful(
        int256 equityBefore,
        uint256 maintenanceBefore,
        int256 equityAfter,
        uint256 maintenanceAfter,
        uint256 penalty,
        uint256 discount,
        uint256 notional,
        uint256 maintenancePpm
    ) internal pure returns (bool) {
        unchecked {
            if (uint256(equityBefore + 2 ** 127) >> 128 != 0) return false;
            if (uint256(equityAfter + 2 ** 127) >> 128 != 0) return false;
            if ((maintenanceBefore | maintenanceAfter) >> 128 != 0) return false;
            if ((penalty | discount) >> 96 != 0) return false;
            if (notional >> 112 != 0) return false;
            if (maintenancePpm >> 24 != 0) return false;
            return equityBefore < int256(maintenanceBefore)
                && maintenanceAfter <= maintenanceBefore
                && equityBefore <= equityAfter + int256(penalty) + int256(discount)
                && penalty * 1_000_000 <= notional * 15_000
                && discount * 2_000_000 <= notional * maintenancePpm * 3
                && equityBefore * int256(maintenanceAfter)
                    <= equityAfter * int256(maintenanceBefore)
                && (equityBefore <= equityAfter || 0 < equityBefore);
        }
    }

    /// @notice L21. A fee is the notional times its rate, rounded up to a whole quote unit.
    /// @dev Assumes: The rate is that of the side of the order (maker or taker) in its market.
    /// @param fee fee taken, quote units
    /// @param notional notional of the fill, quote units
    /// @param feePpm rate
    /// @return True if the law holds.
    function feesWithin(
        uint256 fee,
        uint256 notional,
        uint256 feePpm
    ) internal pure returns (bool) {
        unchecked {
            if (fee >> 96 != 0) return false;
            if (notional >> 112 != 0) return false;
            if (feePpm >> 24 != 0) return false;
            return notional * feePpm <= fee * 1_000_000
                && fee * 1_000_000 < notional * feePpm + 1_000_000;
        }
    }

    /// @notice L22. A forced request is executed in its turn: by the sequencer, or by anyone once
    /// its deadline has passed, which is also when it may step aside for want of a price. From then
    /// on it is always its turn.
    /// @dev Assumes: Deadline is that of the request with this number, and aside whether it stepped
    /// out.
    /// @param number request to be executed
    /// @param done last one executed
    /// @param count requests made
    /// @param deadline deadline of the request, seconds
    /// @param nowTime time of the block, seconds
    /// @param bySequencer whether the sequencer executes
    /// @param aside whether it was set aside
    /// @return True if the law holds.
    function forcedInTurn(
        uint256 number,
        uint256 done,
        uint256 count,
        uint256 deadline,
        uint256 nowTime,
        bool bySequencer,
        bool aside
    ) internal pure returns (bool) {
        unchecked {
            if ((number | done | count) >> 64 != 0) return false;
            if ((deadline | nowTime) >> 40 != 0) return false;
            return ((number == done + 1 && number <= count) || (aside && number <= done))
                && (bySequencer || deadline < nowTime);
        }
    }

    /// @notice L23. The venue is frozen only while the next forced request is overdue by more than
    /// the grace, or one aside by more than the grace and the longer term of these, or when no
    /// report has been accepted for longer than the silence.
    /// @dev Assumes: Report time is 0 before the first report; the deadline aside is the oldest
    /// one.
    /// @param waiting whether a forced request waits
    /// @param deadline deadline of the next request, seconds
    /// @param aside whether one waits aside
    /// @param asideDeadline deadline of the oldest one aside, seconds
    /// @param graceSeconds how long it may be overdue
    /// @param asideSeconds how much longer one aside may be
    /// @param reportTime time of the last accepted report, seconds
    /// @param silenceSeconds how long reports may stay away
    /// @param nowTime time of the block, seconds
    /// @return True if the law holds.
    function freezeLawful(
        bool waiting,
        uint256 deadline,
        bool aside,
        uint256 asideDeadline,
        uint256 graceSeconds,
        uint256 asideSeconds,
        uint256 reportTime,
        uint256 silenceSeconds,
        uint256 nowTime
    ) internal pure returns (bool) {
        unchecked {
            if ((deadline | asideDeadline | reportTime | nowTime) >> 40 != 0) return false;
            if ((graceSeconds | asideSeconds | silenceSeconds) >> 32 != 0) return false;
            return (waiting && deadline + graceSeconds < nowTime)
                || (aside && asideDeadline + graceSeconds + asideSeconds < nowTime)
                || (0 < reportTime && reportTime + silenceSeconds < nowTime);
        }
    }

    /// @notice L24. What an exit pays is the largest whole amount that exceeds neither the claim
    /// nor its share of the pool in proportion to all claims.
    /// @dev Assumes: Claims is the sum of all claims, of which this is one.
    /// @param paid paid, quote units
    /// @param claim claim of the account, quote × 2^32
    /// @param claims sum of all claims, quote × 2^32
    /// @param pool what there is for them, quote units
    /// @return True if the law holds.
    function exitShared(
        uint256 paid,
        uint256 claim,
        uint256 claims,
        uint256 pool
    ) internal pure returns (bool) {
        unchecked {
            if ((paid | pool) >> 96 != 0) return false;
            if (claim >> 127 != 0) return false;
            if (claims >> 150 != 0) return false;
            return paid * 2 ** 32 <= claim
                && paid * claims <= claim * pool
                && (claim < (paid + 1) * 2 ** 32 || claim * pool < (paid + 1) * claims);
        }
    }

    /// @notice L25. A steward moves a field never looser than the anchor, no further out than its
    /// band, and by no more than its step for the time since the last move, rounded up.
    /// @dev Assumes: Asked for each field of the tuple. The band is the largest part of the anchor
    /// where tighter is higher, else the smallest. A raise of the maintenance margin was announced.
    /// @param anchor as governance set it
    /// @param current in force
    /// @param next asked for
    /// @param rises whether tighter is higher
    /// @param bandPpm end of the band, part of the anchor
    /// @param tightenPpm largest step tighter in an hour, part of the value in force
    /// @param loosenPpm largest step looser in an hour, part of the value in force
    /// @param elapsedSeconds time that counts for the step
    /// @return True if the law holds.
    function stewardStep(
        uint256 anchor,
        uint256 current,
        uint256 next,
        bool rises,
        uint256 bandPpm,
        uint256 tightenPpm,
        uint256 loosenPpm,
        uint256 elapsedSeconds
    ) internal pure returns (bool) {
        unchecked {
            if ((anchor | current | next) >> 40 != 0) return false;
            if ((bandPpm | tightenPpm | loosenPpm) >> 24 != 0) return false;
            if (elapsedSeconds >> 32 != 0) return false;
            return (
                    rises
                    && anchor <= next
                    && (next * 1_000_000 <= anchor * bandPpm || next <= current)
                    && next * 3_600_000_000
                        < (current + 1) * 3_600_000_000 + current * tightenPpm * elapsedSeconds
                    && current * 3_600_000_000
                        < (next + 1) * 3_600_000_000 + current * loosenPpm * elapsedSeconds
                )
                || (
                    !rises
                    && next <= anchor
                    && (anchor * bandPpm <= next * 1_000_000 || current <= next)
                    && next * 3_600_000_000
                        < (current + 1) * 3_600_000_000 + current * loosenPpm * elapsedSeconds
                    && current * 3_600_000_000
                        < (next + 1) * 3_600_000_000 + current * tightenPpm * elapsedSeconds
                );
        }
    }

    /// @notice L26. In one block at most a part of the open interest of a market goes through the
    /// waterfall, and one position beyond it that is larger than half of that part.
    /// @dev Assumes: Open interest is that before the first resolution of the block.
    /// @param lots lots that leave the account
    /// @param moved lots resolved in the block before
    /// @param large whether one larger than half of the part was among them
    /// @param openInterest lots open before the first of them
    /// @param partPpm largest part that is liquidated in one block
    /// @return True if the law holds.
    function resolvedInPart(
        uint256 lots,
        uint256 moved,
        bool large,
        uint256 openInterest,
        uint256 partPpm
    ) internal pure returns (bool) {
        unchecked {
            if ((lots | moved | openInterest) >> 53 != 0) return false;
            if (partPpm >> 24 != 0) return false;
            return (moved + lots) * 1_000_000 <= openInterest * partPpm
                || (!large && openInterest * partPpm < lots * 2_000_000);
        }
    }

    function _abs(int256 a) private pure returns (uint256) {
        return uint256(a < 0 ? -a : a);
    }
}
