// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "./generated/LawLib.sol";
import {Deleveraging} from "./libraries/Deleveraging.sol";
import {Judging} from "./libraries/Judging.sol";
import {Arrays} from "./libraries/Arrays.sol";
import {Causes} from "./libraries/Causes.sol";
import {Liquidations} from "./libraries/Liquidations.sol";
import {Margin} from "./libraries/Margin.sol";
import {Liquidator} from "./Liquidator.sol";
import {Book, Leg, Market} from "./Working.sol";

/// @title Deleveraging: a position is closed against the other side, pro rata, at the zero price.
/// @notice Nobody chooses whom it hits: the caller's list must hold nearly the whole other side,
/// and what each gives up follows from size and leverage alone.
abstract contract Counterparties is Liquidator {
    /// @dev Part of the other side's open interest that a list must hold. Not all of it, so that
    /// one lot traded meanwhile does not void the call.
    uint256 private constant COVERAGE_PPM = 950_000;
    /// @dev A list this long may hold less.
    uint256 private constant CROWD = 512;
    uint256 private constant OUT_OF_REACH = type(uint128).max;

    /// @dev One position on its way through the waterfall. Amounts are quote units.
    /// @param standing The account before.
    /// @param lots Lots of the whole position.
    /// @param moved Lots that leave the account.
    /// @param freed Maintenance requirement that they set free.
    /// @param loss What a bankrupt account lacks for this position and insurance does not pay.
    /// @param surcharge Ticks beyond the mark price that bring that in from counterparties.
    /// @param discount Ticks in favour of who takes the lots; minus the surcharge.
    /// @param paid What counterparties paid towards the loss.
    struct Fall {
        Market market;
        Leg debtor;
        Leg taker;
        Standing standing;
        uint256 lots;
        uint256 moved;
        uint256 freed;
        uint256 loss;
        uint256 surcharge;
        int256 discount;
        uint256 ownCover;
        uint256 sharedCover;
        uint256 toBackstop;
        uint256 toCounterparties;
        uint256 toFund;
        uint256 paid;
        uint256 levied;
        uint256 perLotQ32;
    }

    /// @dev The other side as listed, by place in the list.
    struct Side {
        Standing[] standings;
        uint256[] sizes;
        uint256[] rooms;
        uint256[] levers;
        uint256 listed;
    }

    /// @dev Allocates what the backstop left, fixes the price, and stores the counterparties.
    function _deleverage(Book memory book, Fall memory fall, uint32[] calldata ids) internal {
        uint256 need = fall.lots - fall.toBackstop;
        bool bankrupt = fall.standing.equity < 0;
        uint256[] memory takes;
        Side memory side;
        // The caller may leave the rest to an account that can still carry it.
        bool wanted = need != 0 && (bankrupt || ids.length != 0 || fall.toBackstop == 0);
        if (wanted) {
            side = _side(book, fall, ids);
            _limit(fall.market, side, need);
            (takes, fall.toCounterparties) =
                Deleveraging.allocate(need, side.sizes, side.rooms, side.levers);
        }
        fall.moved = fall.toBackstop + fall.toCounterparties;
        if (bankrupt && fall.debtor.account != FUNDS + fall.market.id) {
            fall.toFund = need - fall.toCounterparties;
            fall.moved = fall.lots;
        }
        if (fall.moved == 0 && !bankrupt) {
            revert NobodyTakes(uint32(fall.debtor.account), uint8(fall.market.id));
        }
        _setPrice(fall);
        if (fall.toCounterparties != 0) _closeAll(fall, ids, side, takes);
    }

    /// @dev Zero price of the lots that leave. Whoever takes them gains what it leaves in favour of
    /// the taker, or pays its part of the loss.
    function _setPrice(Fall memory fall) private pure {
        Market memory market = fall.market;
        Standing memory standing = fall.standing;
        uint256 tickValue = market.params.tickValue;
        fall.freed = _freed(market, fall.lots, fall.moved);
        if (standing.equity < 0) {
            fall.discount = -int256(fall.surcharge);
            fall.paid = fall.toCounterparties * fall.surcharge * tickValue;
            return;
        }
        int256 worth = Liquidations.share(standing.equity, fall.freed, standing.maintenance);
        fall.discount =
            int256(Liquidations.zeroDiscount(uint256(worth), fall.moved, tickValue));
    }

    /// @dev Reads the listed accounts. Whoever has left the other side counts for nothing: that is
    /// no fault of the caller.
    function _side(Book memory book, Fall memory fall, uint32[] calldata ids)
        private
        view
        returns (Side memory side)
    {
        uint256 count = ids.length;
        side.standings = new Standing[](count);
        side.sizes = new uint256[](count);
        side.rooms = new uint256[](count);
        side.levers = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            if (i != 0 && ids[i] <= ids[i - 1]) {
                revert CounterpartiesUnordered(i, ids[i], ids[i - 1]);
            }
            Leg memory leg = _leg(ids[i], fall.market);
            if (leg.size == 0 || leg.size > 0 == fall.debtor.size > 0) continue;
            Standing memory standing = _standing(book, ids[i], leg.word);
            side.standings[i] = standing;
            side.sizes[i] = Margin.magnitude(leg.size);
            side.listed += side.sizes[i];
            if (!_eligible(fall, standing)) continue;
            side.rooms[i] = side.sizes[i];
            side.levers[i] = Deleveraging.lever(standing.equity, standing.maintenance);
        }
    }

    /// @dev Whether an account is no worse for each lot that it gives up at the surcharge.
    /// One unit less, because the requirement of what is left rounds up.
    function _eligible(Fall memory fall, Standing memory standing) private pure returns (bool) {
        if (standing.equity <= 0) return false;
        if (fall.surcharge == 0) return true;
        Market memory market = fall.market;
        uint256 freed = market.lotValue * market.params.maintenancePpm;
        if (freed <= Margin.PPM) return false;
        return fall.surcharge * market.params.tickValue * standing.maintenance * Margin.PPM
            <= uint256(standing.equity) * (freed - Margin.PPM);
    }

    /// @dev A list must hold nearly all of the other side. A long one need not; then nobody in it
    /// loses a larger part of what is needed than its share of the whole side.
    function _limit(Market memory market, Side memory side, uint256 need) private pure {
        uint256 whole = uint256(market.openInterest);
        uint256 required = (whole * COVERAGE_PPM) / Margin.PPM;
        if (side.listed >= required) return;
        uint256 count = side.sizes.length;
        if (count < CROWD) revert CounterpartiesShort(side.listed, required);
        for (uint256 i = 0; i < count; ++i) {
            uint256 most = (need * side.sizes[i] + whole - 1) / whole;
            if (side.rooms[i] > most) side.rooms[i] = most;
        }
    }

    /// @dev Closes and stores, one by one. The law holds by construction; the assertion is its
    /// second witness: with initial margin out of reach only "no worse" is lawful.
    function _closeAll(
        Fall memory fall,
        uint32[] calldata ids,
        Side memory side,
        uint256[] memory takes
    ) private {
        Market memory market = fall.market;
        uint256 hit = 0;
        for (uint256 i = 0; i < takes.length; ++i) {
            if (takes[i] != 0) ++hit;
        }
        Leg[] memory legs = Arrays.legs(hit);
        hit = 0;
        for (uint256 i = 0; i < takes.length; ++i) {
            if (takes[i] == 0) continue;
            Leg memory leg = _leg(ids[i], market);
            int256 gain = _swap(fall.debtor, leg, takes[i], fall.discount);
            Standing memory standing = side.standings[i];
            assert(
                LawLib.healthyOrHealthier(
                    standing.equity,
                    standing.maintenance,
                    standing.equity + gain,
                    OUT_OF_REACH,
                    standing.maintenance - _freed(market, side.sizes[i], takes[i]),
                    false
                )
            );
            Judging.countInterest(leg);
            _settleLeg(leg);
            legs[hit++] = leg;
        }
        _touched(Causes.DELEVERAGING, legs, new uint256[](0));
    }
}
