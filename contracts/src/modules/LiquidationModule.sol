// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../generated/LawLib.sol";
import {ILiquidation} from "../interfaces/ILiquidation.sol";
import {IModule} from "../interfaces/IModule.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {AccountWord} from "../libraries/Accounts.sol";
import {Arrays} from "../libraries/Arrays.sol";
import {Causes} from "../libraries/Causes.sol";
import {Judging} from "../libraries/Judging.sol";
import {Liquidations} from "../libraries/Liquidations.sol";
import {Margin} from "../libraries/Margin.sol";
import {Pricing} from "../Pricing.sol";
import {Liquidator} from "../Liquidator.sol";
import {Config, Seizure} from "../Types.sol";
import {Book, Leg, Market, Subject} from "../Working.sol";

/// @title Liquidation: a part of a position moves to a keeper's account at the fillable price.
/// @notice Skips no phase. What the account loses is bounded by what its equity is worth in
/// proportion to the margin that is set free. Law: never worse.
contract LiquidationModule is Liquidator, ILiquidation, IModule {
    /// @dev Growth and bound of the discount at which the backstop and the funds are unwound.
    uint256 private constant UNWIND_PPM_PER_SECOND = 10;
    uint256 private constant UNWIND_PPM_MAX = 5_000;

    /// @dev What one liquidation does.
    struct Outcome {
        uint256 lots;
        uint256 discount;
        uint256 penalty;
        uint256 reward;
    }

    constructor(Config memory config) Pricing(config) {}

    /// @inheritdoc IModule
    function operations() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](6);
        selectors[0] = ILiquidation.liquidate.selector;
        selectors[1] = ILiquidation.flag.selector;
        selectors[2] = ILiquidation.unwind.selector;
        selectors[3] = ILiquidation.levy.selector;
        selectors[4] = ILiquidation.unhealthySince.selector;
        selectors[5] = ILiquidation.seize.selector;
    }

    /// @inheritdoc ILiquidation
    /// @dev Skips the diff and pay: only the record changes.
    function flag(uint32 id, bytes calldata report) external nonReentrant {
        Book memory book = _refresh(parameters.venue(), report);
        Standing memory standing = _standing(book, id, _get(id));
        bool healthy = standing.equity >= int256(standing.maintenance);
        bool flagged = _unhealthySince[id] != 0;
        if (healthy && !flagged) {
            revert NotLiquidatable(standing.equity, standing.maintenance);
        }
        if (!healthy) _holdGrace(book, standing);
        if (healthy) _clear(id);
        else if (!flagged || _elapsed(id) > Liquidations.FLAG_SECONDS_MAX) _flag(id);
        _storeMarkets(book);
    }

    /// @inheritdoc ILiquidation
    function liquidate(
        uint32 id,
        uint8 marketId,
        uint40 lots,
        uint32 keeper,
        bytes calldata report
    ) external nonReentrant {
        _onlyActor(keeper);
        if (_ownerOf(id) == _owners[keeper]) revert SelfLiquidation(id, keeper);
        Book memory book = _refresh(parameters.venue(), report);
        Market memory market = _liquidable(book, marketId);
        Leg[] memory legs = Arrays.legs(2);
        legs[0] = _leg(id, market);
        legs[1] = _leg(keeper, market);
        if (legs[0].size == 0) revert PositionMissing(id, marketId);
        Standing memory standing = _standing(book, id, legs[0].word);
        _holdGrace(book, standing);
        if (standing.equity >= int256(standing.maintenance)) {
            revert NotLiquidatable(standing.equity, standing.maintenance);
        }
        if (standing.equity < 0) revert AccountBankrupt(id, standing.equity);
        Outcome memory outcome = _outcome(legs[0], standing, lots);
        _move(legs, standing, outcome);

        Subject memory subject;
        subject.legs = legs;
        (subject.first, subject.end) = (1, 2);
        _judge(book, subject);
        _holdInterest(book);
        _storeAccount(subject);
        _settleLeg(legs[0]);
        _storeMarkets(book);
        int256 dueQ32 = int256((outcome.penalty - outcome.reward) << 32);
        _announce(legs, outcome, _credit(FUNDS + marketId, dueQ32));
        uint256[] memory others = new uint256[](1);
        others[0] = FUNDS + marketId;
        _touched(Causes.LIQUIDATION, legs, others);
    }

    /// @inheritdoc ILiquidation
    /// @dev The fills are stored: as the account was before is as it is now less what they did.
    function seize(Seizure[] calldata seizures) external {
        if (msg.sender != address(this)) revert NotSelf(msg.sender, address(this));
        Book memory book = _refresh(parameters.venue(), _nothing());
        for (uint256 i = 0; i < seizures.length; ++i) _seize(book, seizures[i]);
    }

    /// @inheritdoc ILiquidation
    function unwind(
        uint32 from,
        uint8 marketId,
        uint40 lots,
        uint32 taker,
        bytes calldata report
    ) external nonReentrant {
        _onlyActor(taker);
        uint32 pool = IWaterfall(address(this)).backstopOf(marketId);
        if (from != FUNDS + marketId && (from == 0 || from != pool)) {
            revert NotUnwindable(from, uint32(FUNDS + marketId));
        }
        if (from == taker) revert SelfLiquidation(from, taker);
        Book memory book = _refresh(parameters.venue(), report);
        Market memory market = _liquidable(book, marketId);
        Leg[] memory legs = Arrays.legs(2);
        legs[0] = _leg(from, market);
        legs[1] = _leg(taker, market);
        uint256 size = Margin.magnitude(legs[0].size);
        if (lots < size) size = lots;
        if (size == 0) revert PositionMissing(from, marketId);
        uint256 time = block.timestamp - _heldSince[(uint256(from) << 8) | marketId];
        uint256 ppm = time * UNWIND_PPM_PER_SECOND;
        if (ppm > UNWIND_PPM_MAX) ppm = UNWIND_PPM_MAX;
        int256 discount = int256((market.mark * ppm) / Margin.PPM);
        _swap(legs[0], legs[1], size, discount);
        for (uint256 i = 0; i < 2; ++i) {
            Subject memory subject;
            subject.legs = legs;
            (subject.first, subject.end) = (i, i + 1);
            _judge(book, subject);
            Judging.countInterest(legs[i]);
            _storeAccount(subject);
        }
        _holdInterest(book);
        _holdSince(legs[0]);
        _storeMarkets(book);
        int256 moved = legs[0].sizeBefore - legs[0].size;
        emit Unwound(from, marketId, taker, int56(moved), _priceOf(market, moved, discount));
        _touched(Causes.BACKSTOP, legs, new uint256[](0));
    }

    /// @dev No report: the batch brought its own.
    function _nothing() private pure returns (bytes calldata) {
        return msg.data[0:0];
    }

    /// @dev Law: liquidation is needed and never hurts. Nothing is gained by it but for insurance.
    function _seize(Book memory book, Seizure calldata done) private {
        Market memory market = _liquidable(book, done.market);
        Leg memory leg = _leg(done.account, market);
        leg.sizeBefore -= done.lots;
        Standing memory now_ = _standing(book, done.account, leg.word);
        _holdGrace(book, now_);
        uint256 lots = Margin.magnitude(done.lots);
        uint256 size = Margin.magnitude(leg.sizeBefore);
        uint256 freed = _freed(market, size, lots);
        Standing memory before;
        before.maintenance = now_.maintenance + freed;
        before.equity = (now_.equityQ32 - done.cashQ32 - done.lots * market.unitQ32) >> 32;
        _holdSeizure(leg, before, done, lots);

        // Not negative: equity was not.
        uint256 worth =
            uint256(Liquidations.share(before.equity, freed, before.maintenance));
        int256 lost = before.equity - now_.equity;
        int256 left = int256(worth) - lost;
        uint256 penalty = 0;
        if (left > 0) penalty = Liquidations.penaltyOf(lots * market.lotValue, uint256(left));
        int256 equity = now_.equity - int256(penalty);
        assert(
            LawLib.liquidationLawful(
                before.equity,
                before.maintenance,
                equity,
                now_.maintenance,
                penalty,
                lost > 0 ? uint256(lost) : 0,
                lots * market.lotValue,
                market.params.maintenancePpm
            )
        );
        if (equity >= int256(now_.maintenance)) _clear(done.account);
        else if (_unhealthySince[done.account] == 0) _flag(done.account);
        uint256[] memory others = new uint256[](2);
        (others[0], others[1]) = (done.account, FUNDS + done.market);
        _credit(done.account, -int256(penalty << 32));
        int128 fund = _credit(others[1], int256(penalty << 32));
        emit Seized(done.account, done.market, -done.lots, lost, penalty, fund);
        _touched(Causes.LIQUIDATION, new Leg[](0), others);
    }

    /// @dev The account was below maintenance and not bankrupt; the limit is no worse than a
    /// keeper's price; the lots are no more than a keeper would have got in this block.
    function _holdSeizure(
        Leg memory leg,
        Standing memory before,
        Seizure calldata done,
        uint256 lots
    ) private {
        if (before.equity >= int256(before.maintenance)) {
            revert NotLiquidatable(before.equity, before.maintenance);
        }
        if (before.equity < 0) revert AccountBankrupt(done.account, before.equity);
        Market memory market = leg.market;
        uint256 size = Margin.magnitude(leg.sizeBefore);
        uint256 discount = Liquidations.fillDiscount(
            market.mark, market.params.maintenancePpm, before.equity, before.maintenance
        );
        uint256 most = Liquidations.partialLots(
            size,
            market.lotValue,
            market.params.tickValue,
            discount,
            market.params.maintenancePpm,
            before.equity,
            before.maintenance
        );
        if (lots <= most) most = _throttle(leg, size, lots);
        if (lots > most) revert SeizureTooLarge(done.account, lots, most);
        uint256 bound = _priceOf(market, leg.sizeBefore, int256(discount));
        bool fair = done.lots < 0 ? done.limit >= bound : done.limit <= bound;
        if (!fair) revert SeizureTooCheap(done.account, done.limit, bound);
    }

    /// @inheritdoc ILiquidation
    function levy(uint8 marketId) external view returns (uint256) {
        return _levies[marketId];
    }

    /// @inheritdoc ILiquidation
    function unhealthySince(uint32 id) external view returns (uint256) {
        return _unhealthySince[id];
    }

    /// @dev How much moves, at which price, and what it costs. Records it against the speed cap.
    function _outcome(Leg memory leg, Standing memory standing, uint256 wanted)
        private
        returns (Outcome memory outcome)
    {
        Market memory market = leg.market;
        uint256 size = Margin.magnitude(leg.size);
        uint256 discount = Liquidations.fillDiscount(
            market.mark,
            market.params.maintenancePpm,
            standing.equity,
            standing.maintenance
        );
        uint256 lots = Liquidations.partialLots(
            size,
            market.lotValue,
            market.params.tickValue,
            discount,
            market.params.maintenancePpm,
            standing.equity,
            standing.maintenance
        );
        if (wanted != 0 && wanted < lots) lots = wanted;
        lots = _throttle(leg, size, lots);
        outcome.lots = lots;
        // Not negative: equity is not.
        uint256 worth = uint256(
            Liquidations.share(
                standing.equity, _freed(market, size, lots), standing.maintenance
            )
        );
        uint256 tickValue = market.params.tickValue;
        uint256 most = Liquidations.zeroDiscount(worth, lots, tickValue);
        if (discount > most) discount = most;
        outcome.discount = discount;
        uint256 left = worth - discount * lots * tickValue;
        outcome.penalty = Liquidations.penaltyOf(lots * market.lotValue, left);
        outcome.reward = Liquidations.rewardOf(outcome.penalty, _elapsed(leg.account));
    }

    /// @dev At most a part of the position, as it was before the first of them, in one block.
    function _throttle(Leg memory leg, uint256 size, uint256 lots) private returns (uint256) {
        uint256 key = (leg.account << 8) | leg.market.id;
        uint256 word = _speeds[key];
        uint256 start = size;
        uint256 taken = 0;
        if (word >> 128 == block.number) (start, taken) = (uint64(word >> 64), uint64(word));
        uint256 most = Liquidations.speedLots(start, leg.market.params.liquidationPartPpm);
        if (taken >= most) {
            revert LiquidatedEnough(uint32(leg.account), uint8(leg.market.id), taken, most);
        }
        if (lots > most - taken) lots = most - taken;
        // A position that grew since then may be larger: the widths of both hold it.
        _speeds[key] = (block.number << 128) | (start << 64) | (taken + lots);
        return lots;
    }

    /// @dev Moves lots and cash in memory. The law holds by construction; the assertion is its
    /// second witness.
    function _move(Leg[] memory legs, Standing memory standing, Outcome memory outcome) private {
        Leg memory debtor = legs[0];
        Leg memory taker = legs[1];
        Market memory market = debtor.market;
        uint256 lots = outcome.lots;
        uint256 size = Margin.magnitude(debtor.size);
        int256 gain = _swap(debtor, taker, lots, int256(outcome.discount));
        debtor.cashQ32 -= int256(outcome.penalty << 32);
        taker.cashQ32 += int256(outcome.reward << 32);
        int256 equityAfter = standing.equity - gain - int256(outcome.penalty);
        uint256 left = standing.maintenance - _freed(market, size, lots);
        assert(
            LawLib.liquidationLawful(
                standing.equity,
                standing.maintenance,
                equityAfter,
                left,
                outcome.penalty,
                uint256(gain),
                lots * market.lotValue,
                market.params.maintenancePpm
            )
        );
        Judging.countInterest(debtor);
        Judging.countInterest(taker);
        if (equityAfter >= int256(left)) _clear(debtor.account);
        else if (_unhealthySince[debtor.account] == 0) _flag(debtor.account);
    }

    function _announce(Leg[] memory legs, Outcome memory outcome, int128 fundCash) private {
        AccountWord debtor = _accounts[legs[0].account];
        emit Liquidated(
            uint32(legs[0].account),
            uint8(legs[0].market.id),
            uint32(legs[1].account),
            int56(legs[0].sizeBefore - legs[0].size),
            _priceOf(legs[0].market, legs[0].sizeBefore, int256(outcome.discount)),
            outcome.penalty,
            outcome.reward,
            int128(debtor.cash()),
            int128(legs[1].word.cash()),
            fundCash
        );
    }

    function _elapsed(uint256 id) private view returns (uint256) {
        uint256 since = _unhealthySince[id];
        return since == 0 ? 0 : block.timestamp - since;
    }

    function _flag(uint256 id) private {
        _unhealthySince[id] = block.timestamp;
        emit Flagged(uint32(id), uint40(block.timestamp));
    }

    function _clear(uint256 id) private {
        if (_unhealthySince[id] == 0) return;
        delete _unhealthySince[id];
        emit Flagged(uint32(id), 0);
    }
}
