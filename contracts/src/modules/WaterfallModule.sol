// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {LawLib} from "../generated/LawLib.sol";
import {IBackstop} from "../interfaces/IBackstop.sol";
import {IModule} from "../interfaces/IModule.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {Accounts, AccountWord} from "../libraries/Accounts.sol";
import {Arrays} from "../libraries/Arrays.sol";
import {Causes} from "../libraries/Causes.sol";
import {Drawn} from "../libraries/Draws.sol";
import {Judging} from "../libraries/Judging.sol";
import {Liquidations} from "../libraries/Liquidations.sol";
import {Margin} from "../libraries/Margin.sol";
import {Counterparties} from "../Counterparties.sol";
import {Pricing} from "../Pricing.sol";
import {Config} from "../Types.sol";
import {Book, Leg, Market, Totals} from "../Working.sol";

/// @title The waterfall: backstop, insurance, deleveraging, levy; in one transaction.
/// @notice Every lot that leaves the account goes to exactly one other, every unit of its loss is
/// paid by exactly one payer: nothing is minted, and no market pays for another.
/// Assumes: the backstop names the accounts of its pools truly; it is fixed at deployment.
contract WaterfallModule is Counterparties, IWaterfall, IModule {
    using SafeCast for int256;
    using SafeCast for uint256;

    address private immutable BACKSTOP;

    constructor(Config memory config, address backstop_) Pricing(config) {
        BACKSTOP = backstop_;
    }

    /// @inheritdoc IModule
    function operations() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](4);
        selectors[0] = IWaterfall.resolve.selector;
        selectors[1] = IWaterfall.backstopOf.selector;
        selectors[2] = IWaterfall.backstop.selector;
        selectors[3] = IWaterfall.drawn.selector;
    }

    /// @inheritdoc IWaterfall
    function resolve(
        uint32 id,
        uint8 marketId,
        uint32[] calldata counterparties,
        bytes calldata report
    ) external nonReentrant {
        Book memory book = _refresh(parameters.venue(), report);
        Fall memory fall;
        fall.market = _liquidable(book, marketId);
        fall.debtor = _leg(id, fall.market);
        fall.lots = Margin.magnitude(fall.debtor.size);
        if (fall.lots == 0) revert PositionMissing(id, marketId);
        fall.standing = _standing(book, id, fall.debtor.word);
        _holdGrace(book, fall.standing);
        uint256 required = Margin.closeOut(fall.standing.maintenance);
        if (fall.standing.equity >= int256(required)) {
            revert NotCloseOut(fall.standing.equity, required);
        }
        // Everybody else is valued at the last prices, however old another market's is: one stale
        // market must not protect the debts of all others.
        book.anyAge = true;
        if (fall.standing.equity < 0) _cover(book, fall);
        _takeOver(book, fall);
        _deleverage(book, fall, counterparties);
        _holdPace(fall);
        int256 side = fall.debtor.sizeBefore > 0 ? int256(1) : int256(-1);
        _close(fall);
        _storeMarkets(book);
        if (fall.levied != 0) _levy(fall);
        _announce(fall, side);
    }

    /// @dev What the bankrupt account lacks for this position, and what insurance pays of it: the
    /// market's own fund first, then, for markets that are not isolated, the shared one; of each
    /// no more than the share that may be drawn in any hour.
    function _cover(Book memory book, Fall memory fall) private {
        Market memory market = fall.market;
        uint256 freed = _freed(market, fall.lots, fall.lots);
        Standing memory standing = fall.standing;
        fall.loss = uint256(-Liquidations.share(standing.equity, freed, standing.maintenance));
        uint256 fund = FUNDS + market.id;
        if (fund != fall.debtor.account) {
            Standing memory own = _standing(book, fund, _get(fund));
            fall.ownCover = _draw(fund, own.equity - int256(own.initial), fall.loss, market);
        }
        if (market.params.isolated == 0) {
            int256 shared = _accounts[INSURANCE].cash() >> 32;
            fall.sharedCover = _draw(INSURANCE, shared, fall.loss - fall.ownCover, market);
        }
        fall.loss -= fall.ownCover + fall.sharedCover;
        if (fall.loss != 0) {
            fall.surcharge = Liquidations.zeroSurcharge(
                fall.loss, fall.lots, market.params.tickValue
            );
            // A price has 32 bits and is not zero; what does not fit is levied.
            uint256 most =
                fall.debtor.size > 0 ? type(uint32).max - market.mark : market.mark - 1;
            if (fall.surcharge > most) fall.surcharge = most;
        }
    }

    /// @dev What a fund pays, whichever accounts and markets ask: debts that are split are paid no
    /// better than one.
    function _draw(uint256 fund, int256 spare, uint256 need, Market memory market)
        private
        returns (uint256 amount)
    {
        if (spare <= 0) return 0;
        Drawn before = _draws[fund].rolled(block.timestamp);
        amount = before.left(uint256(spare), market.params.coverSharePpm);
        if (amount > need) amount = need;
        if (amount == 0) return 0;
        _draws[fund] = before.plus(amount);
    }

    /// @dev Law: one block resolves a part, so that whoever sees what is wrong has a block to act
    /// in. Positions too large for that go one a block, whatever went before: what is sent ahead
    /// of them holds nobody up.
    function _holdPace(Fall memory fall) private {
        Market memory market = fall.market;
        uint256 pace = _paces[market.id];
        if (pace >> 128 != block.number) {
            pace = (block.number << 128) | (uint256(market.openInterestBefore) << 64);
        }
        uint256 open = uint64(pace >> 64);
        uint256 before = uint64(pace) >> 1;
        uint256 part = market.params.liquidationPartPpm;
        if (!LawLib.resolvedInPart(fall.moved, before, pace & 1 == 1, open, part)) {
            uint256 most = (open * part) / Margin.PPM;
            revert ResolvedEnough(uint8(market.id), before, most, block.number);
        }
        pace += fall.moved << 1;
        if (fall.moved * 2 * Margin.PPM > open * part) pace |= 1;
        _paces[market.id] = pace;
    }

    /// @dev The backstop takes what fits into its cap and its own initial margin, unless that
    /// would cost it: a loss that insurance does not cover is not its own.
    function _takeOver(Book memory book, Fall memory fall) private view {
        uint32 id = backstopOf(uint8(fall.market.id));
        if (id == 0 || id == fall.debtor.account || fall.surcharge != 0) return;
        Leg memory taker = _leg(id, fall.market);
        // The home counts as well.
        bool full = taker.word.others() + 1 >= Accounts.POSITIONS_MAX;
        if (taker.size == 0 && full) return;
        uint256 cap = fall.market.params.backstopLotsMax;
        int256 held = fall.debtor.size > 0 ? taker.size : -taker.size;
        // Held lots on the debtor's side count; on the other side they make room.
        uint256 room = held >= int256(cap) ? 0 : uint256(int256(cap) - held);
        if (room > fall.lots) room = fall.lots;
        Totals memory rest;
        rest.equityQ32 = taker.word.cash() + taker.size * fall.market.unitQ32;
        _addPositions(book, id, taker.word, 1 << fall.market.id, rest);
        uint256 low = 0;
        while (low < room) {
            uint256 middle = room - (room - low) / 2;
            if (_fits(fall, taker, rest, middle)) low = middle;
            else room = middle - 1;
        }
        if (low == 0) return;
        fall.taker = taker;
        fall.toBackstop = low;
    }

    /// @dev Whether an account would hold its initial margin after taking lots over at the mark
    /// price.
    function _fits(Fall memory fall, Leg memory taker, Totals memory rest, uint256 lots)
        private
        pure
        returns (bool)
    {
        int256 after_ = taker.size + (fall.debtor.size > 0 ? int256(lots) : -int256(lots));
        uint256 held = Margin.magnitude(after_);
        uint256 initial = rest.initial + Margin.initial(fall.market, after_, rest.userPpm);
        if (held > fall.market.params.backstopLotsMax) return false;
        return rest.equityQ32 >> 32 >= int256(initial);
    }

    /// @dev Stores everybody but the counterparties, who are stored already.
    function _close(Fall memory fall) private {
        Market memory market = fall.market;
        if (fall.toBackstop != 0) {
            _swap(fall.debtor, fall.taker, fall.toBackstop, fall.discount);
            _holdSince(fall.taker);
            Judging.countInterest(fall.taker);
            _settleLeg(fall.taker);
            _touched(Causes.BACKSTOP, _one(fall.taker), new uint256[](0));
        }
        Leg memory fund = fall.debtor;
        if (fall.debtor.account != FUNDS + market.id) {
            fund = _leg(FUNDS + market.id, market);
            if (fall.toFund != 0) _swap(fall.debtor, fund, fall.toFund, 0);
            _holdSince(fund);
            Judging.countInterest(fund);
        }
        Judging.countInterest(fall.debtor);
        _pay(fall, fund);
        _witness(fall);
        _settleLeg(fall.debtor);
        _reckonDebt(fall.debtor);
        if (fund.account != fall.debtor.account) _settleLeg(fund);
        if (fall.sharedCover != 0) _credit(INSURANCE, -int256(fall.sharedCover << 32));
        delete _unhealthySince[fall.debtor.account];
        Leg[] memory legs = Arrays.legs(fund.account == fall.debtor.account ? 1 : 2);
        legs[0] = fall.debtor;
        legs[legs.length - 1] = fund;
        uint256[] memory others = new uint256[](fall.sharedCover == 0 ? 0 : 1);
        if (others.length != 0) others[0] = INSURANCE;
        _touched(Causes.LIQUIDATION, legs, others);
    }

    /// @dev What an account without positions still owes is uncovered: see `Solvency`.
    function _reckonDebt(Leg memory debtor) private {
        AccountWord word = _accounts[debtor.account];
        if (word.size() == 0 && word.others() == 0) _addInsolvency(_owedUp(word.cash()));
    }

    /// @dev Cover, the counterparties' part, the levy and the dust, all exact. What is charged
    /// beyond the loss goes to the fund, and so does the last fraction of a bankrupt account.
    function _pay(Fall memory fall, Leg memory fund) private pure {
        int256 coverQ32 = int256(fall.ownCover << 32);
        fall.debtor.cashQ32 += coverQ32 + int256(fall.sharedCover << 32);
        fund.cashQ32 -= coverQ32;
        if (fall.paid > fall.loss) {
            int256 excessQ32 = int256((fall.paid - fall.loss) << 32);
            fall.debtor.cashQ32 -= excessQ32;
            fund.cashQ32 += excessQ32;
        } else if (fall.paid < fall.loss) {
            uint256 open = uint256(fall.market.openInterest) * 2;
            // No open position, no loss: what nobody can be charged stays a debt of the account.
            if (open != 0) {
                fall.levied = fall.loss - fall.paid;
                fall.perLotQ32 = Liquidations.levyPerLot(fall.levied, open);
                int256 duesQ32 = int256(fall.levied << 32);
                fall.debtor.cashQ32 += duesQ32;
                fund.cashQ32 += int256(fall.perLotQ32 * open) - duesQ32;
            }
        }
        bool empty = fall.debtor.size == 0 && fall.standing.maintenance == fall.freed;
        int256 dustQ32 = fall.debtor.word.cash() + fall.debtor.cashQ32;
        if (fall.standing.equity < 0 && empty && dustQ32 > 0 && dustQ32 < 1 << 32) {
            fall.debtor.cashQ32 -= dustQ32;
            fund.cashQ32 += dustQ32;
        }
    }

    /// @dev The second witness of the law, for the account.
    function _witness(Fall memory fall) private pure {
        Market memory market = fall.market;
        int256 moved = fall.debtor.sizeBefore - fall.debtor.size;
        int256 gainQ32 = fall.debtor.cashQ32 - moved * market.unitQ32;
        int256 equityAfter = (fall.standing.equityQ32 + gainQ32) >> 32;
        // Only where nobody is left to pay does a bankrupt account stay in debt.
        if (fall.paid + fall.levied < fall.loss) return;
        assert(
            LawLib.liquidationLawful(
                fall.standing.equity,
                fall.standing.maintenance,
                equityAfter,
                fall.standing.maintenance - fall.freed,
                0,
                fall.discount > 0
                    ? uint256(fall.discount) * fall.moved * market.params.tickValue
                    : 0,
                fall.moved * market.lotValue,
                market.params.maintenancePpm
            )
        );
    }

    /// @dev Charges every position in the market as it stands now; all of them are stored.
    function _levy(Fall memory fall) private {
        uint256 id = fall.market.id;
        _levied = true;
        _markets[id].levied = true;
        uint256 total = _levies[id] + fall.perLotQ32;
        _levies[id] = total;
        emit Levied(uint8(id), fall.perLotQ32, total);
    }

    function _announce(Fall memory fall, int256 side) private {
        emit Resolved(
            uint32(fall.debtor.account),
            uint8(fall.market.id),
            (side * int256(fall.moved)).toInt56(),
            _priceOf(fall.market, side, fall.discount),
            fall.toBackstop.toUint40(),
            fall.toCounterparties.toUint40(),
            fall.toFund.toUint40(),
            fall.ownCover + fall.sharedCover,
            fall.levied
        );
    }

    /// @inheritdoc IWaterfall
    function backstop() external view returns (address) {
        return BACKSTOP;
    }

    /// @inheritdoc IWaterfall
    function drawn(uint32 fund) external view returns (uint256) {
        return _draws[fund].rolled(block.timestamp).paid();
    }

    /// @inheritdoc IWaterfall
    function backstopOf(uint8 marketId) public view returns (uint32) {
        if (BACKSTOP == address(0)) return 0;
        bool isolated = parameters.market(marketId).isolated == 1;
        return IBackstop(BACKSTOP).accountFor(marketId, isolated);
    }

    function _one(Leg memory leg) private pure returns (Leg[] memory legs) {
        legs = Arrays.legs(1);
        legs[0] = leg;
    }
}
