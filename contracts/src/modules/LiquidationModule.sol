// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../generated/LawLib.sol";
import {ILiquidation} from "../interfaces/ILiquidation.sol";
import {IModule} from "../interfaces/IModule.sol";
import {AccountWord} from "../libraries/Accounts.sol";
import {Arrays} from "../libraries/Arrays.sol";
import {Causes} from "../libraries/Causes.sol";
import {Judging} from "../libraries/Judging.sol";
import {Margin} from "../libraries/Margin.sol";
import {Pricing} from "../Pricing.sol";
import {Roster} from "../Roster.sol";
import {Config} from "../Types.sol";
import {Book, Leg, Market, Subject, Totals} from "../Working.sol";

/// @title Liquidation: one whole position moves to a keeper's account at the index price.
/// @notice The price is fair to both, so that only the penalty changes equity; it is bounded by
/// the account's own equity in proportion to the margin that is set free. Law: never worse.
contract LiquidationModule is Roster, ILiquidation, IModule {
    using Margin for Totals;

    /// @dev Largest penalty, part of the notional.
    uint256 private constant PENALTY_PPM = 15_000;
    /// @dev Highest level of the breaker at which accounts are liquidated.
    uint256 private constant LEVEL_MAX = 1;

    /// @dev What a liquidation does to cash.
    struct Outcome {
        uint256 penalty;
        int256 coveredQ32;
        int256 shortfallQ32;
    }

    constructor(Config memory config) Pricing(config) {}

    /// @inheritdoc IModule
    function operations() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](1);
        selectors[0] = ILiquidation.liquidate.selector;
    }

    /// @inheritdoc ILiquidation
    function liquidate(uint32 id, uint8 marketId, uint32 keeper, bytes calldata report)
        external
        nonReentrant
    {
        _onlyActor(keeper);
        if (_owners[id] == _owners[keeper]) revert SelfLiquidation(id, keeper);
        Book memory book = _refresh(parameters.venue(), report);
        _use(book, marketId);
        Market memory market = book.list[marketId];
        if (market.level > LEVEL_MAX) {
            revert BreakerTripped(uint16(marketId) + 1, uint8(market.level), uint8(LEVEL_MAX));
        }

        Leg[] memory legs = Arrays.legs(2);
        legs[0] = _leg(id, market);
        legs[1] = _leg(keeper, market);
        if (legs[0].size == 0) revert PositionMissing(id, marketId);
        Outcome memory outcome = _move(book, legs);
        Subject memory subject;
        subject.legs = legs;
        (subject.first, subject.end) = (1, 2);
        _judge(book, subject);
        legs[0].word = legs[0].word.withCash(legs[0].word.cash() + legs[0].cashQ32);

        Judging.countInterest(legs[0]);
        Judging.countInterest(legs[1]);
        _holdInterest(book);
        _storeAccount(subject);
        (subject.first, subject.end) = (0, 1);
        _storeAccount(subject);
        int256 insuranceQ32 =
            int256((outcome.penalty - outcome.penalty / 2) << 32) - outcome.coveredQ32;
        _storeMarkets(book);
        _announce(legs, outcome, _credit(INSURANCE, insuranceQ32));
        uint256[] memory others = new uint256[](1);
        others[0] = INSURANCE;
        _touched(Causes.LIQUIDATION, legs, others);
    }

    function _leg(uint256 id, Market memory market) private view returns (Leg memory leg) {
        leg.account = id;
        leg.word = _accounts[id];
        leg.market = market;
        leg.sizeBefore = _sizeOf(leg.word, id, market.id);
        leg.size = leg.sizeBefore;
    }

    /// @dev Moves the position and its cash, takes the penalty, covers what is missing. The law
    /// holds by construction; the assertion is its second witness.
    function _move(Book memory book, Leg[] memory legs)
        private
        view
        returns (Outcome memory outcome)
    {
        Leg memory debtor = legs[0];
        Leg memory taker = legs[1];
        Market memory market = debtor.market;
        Totals memory rest;
        _addPositions(book, debtor.account, debtor.word, 1 << market.id, rest);
        bool last = rest.maintenance == 0;
        int256 lots = debtor.sizeBefore;
        int256 valueQ32 = lots * market.unitQ32;
        int256 equityQ32 = debtor.word.cash() + valueQ32 + rest.equityQ32;
        outcome.penalty = _penalty(market, lots, equityQ32 >> 32, rest.maintenance);

        debtor.size = 0;
        debtor.cashQ32 = valueQ32 - int256(outcome.penalty << 32);
        taker.size += lots;
        taker.cashQ32 = int256((outcome.penalty / 2) << 32) - valueQ32;
        if (last && equityQ32 < 0) {
            int256 fund = _accounts[INSURANCE].cash();
            outcome.coveredQ32 = fund > -equityQ32 ? -equityQ32 : fund;
            outcome.shortfallQ32 = -equityQ32 - outcome.coveredQ32;
            debtor.cashQ32 += outcome.coveredQ32;
        }
        uint256 amount = Margin.notional(market, lots);
        assert(
            LawLib.liquidationLawful(
                equityQ32 >> 32,
                rest.maintenance + Margin.shareUp(amount, market.params.maintenancePpm),
                (debtor.word.cash() + debtor.cashQ32 + rest.equityQ32) >> 32,
                rest.maintenance,
                outcome.penalty,
                amount
            )
        );
    }

    /// @dev min(1.5 % of notional, E * (MMR - MMR') / MMR), not below zero. Reverts on a healthy
    /// account. Law: liquidation only below maintenance.
    function _penalty(Market memory market, int256 lots, int256 equity, uint256 left)
        private
        pure
        returns (uint256)
    {
        uint256 amount = Margin.notional(market, lots);
        uint256 freed = Margin.shareUp(amount, market.params.maintenancePpm);
        uint256 maintenance = left + freed;
        if (equity >= int256(maintenance)) revert NotLiquidatable(equity, maintenance);
        if (equity <= 0) return 0;
        uint256 bound = (uint256(equity) * freed) / maintenance;
        uint256 penalty = (amount * PENALTY_PPM) / Margin.PPM;
        return penalty < bound ? penalty : bound;
    }

    function _announce(Leg[] memory legs, Outcome memory outcome, int128 insuranceCash) private {
        emit Liquidated(
            uint32(legs[0].account),
            uint8(legs[0].market.id),
            uint32(legs[1].account),
            int56(legs[0].sizeBefore),
            uint32(legs[0].market.price),
            outcome.penalty,
            _quoteUp(outcome.coveredQ32),
            _quoteUp(outcome.shortfallQ32),
            int128(legs[0].word.cash()),
            int128(legs[1].word.cash()),
            insuranceCash
        );
    }

    /// @dev Assumes: not negative.
    function _quoteUp(int256 cashQ32) private pure returns (uint256) {
        return (uint256(cashQ32) + type(uint32).max) >> 32;
    }
}
