// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch, MarketParams} from "../../../src/Types.sol";
import {RiskActs} from "./RiskActs.sol";

/// @notice What random acts hardly ever build: an account that owes more than insurance and its
/// counterparties pay, so that a market is levied; and a sequencer that is captured.
abstract contract SqueezeActs is RiskActs {
    /// @dev More accounts than this would make each look at all of them slow.
    uint256 private constant SPARES_MAX = 6;

    uint32[] private _spares;
    Batch private _last;
    bool private _hasLast;
    /// How often a market was levied at all, and how often accounts owed an older levy of the same
    /// market as the next one came.
    uint256 internal levies;
    uint256 internal leviesOnLevies;

    /// @notice One buys from a winner, the price falls, the winner leaves to one who is thin: the
    /// buyer is bankrupt, the thin one cannot pay, and what the fund does not cover is levied.
    /// Half of the time the price comes back, and the thin one is next; else, half of the time, it
    /// comes back so far that the thin one is liquidated.
    function doSqueeze(uint256 who, uint256 market, uint256 size, uint256 back) external {
        if (_frozen()) return;
        uint8 m = uint8(market % MARKETS);
        uint32 winner = _user(who);
        uint32 poor = _spare(winner, 0, back);
        uint32 thin = _spare(winner, poor, back);
        _calm(m);
        (,, uint56 open_) = house.market(m);
        uint40 lots = uint40(bound(size, 2, 20) + (open_ < 100 ? open_ : 100));
        uint32 price = priceOf(m);
        uint256 notional = uint256(lots) * price * 100;
        _fund(poor, notional * 8 / 100);
        _fund(winner, notional * 8 / 100);
        if (!_dealt(m, poor, winner, lots, price)) return;
        // The mark follows to within its clamp of 2 %.
        uint32 low = uint32(uint256(price) * 83 / 100);
        walk(m, low, low);
        _thin(thin);
        _fund(thin, uint256(lots) * low * 100 * 8 / 100);
        // The winner leaves if it can; what it keeps pays a part of the loss.
        _dealt(m, winner, thin, lots, low);
        uint256 before = house.levy(m);
        uint256 owing = _owing(m);
        _resolve(poor, m, _everyone(m));
        if (house.levy(m) != before) {
            ++levies;
            if (owing != 0) ++leviesOnLevies;
        }
        if (back % 2 == 0) return walk(m, price, price);
        if (back % 4 == 3) return;
        // So far that the thin one is between maintenance and close-out.
        walkAll(m, uint32(uint256(low) * 1_053 / 1_000));
        this.doLiquidate(1, size, m, 0);
    }

    /// @notice A captured sequencer settles the last batch once more, or with something changed
    /// that its traders did not sign. Neither ever works.
    function doForge(uint256 what, uint256 x) external {
        if (!_hasLast) return;
        Batch memory b = _last;
        (b.number, b.previous) = (house.batchNumber() + 1, house.batchHead());
        what = what % 4;
        // Into a field of the first order, whatever it is, or into the fill's lots and price.
        if (what == 1) b.orders[x % 26] = bytes1(uint8(b.orders[x % 26]) ^ uint8(1 + x % 255));
        if (what == 2) b.fills[4 + x % 9] = bytes1(uint8(b.fills[4 + x % 9]) ^ uint8(1 + x % 255));
        if (what == 3) b.number += 1;
        Snap memory a = _snap();
        try house.settle(b) {
            broken = "a captured sequencer settled what nobody signed";
        } catch (bytes memory reason) {
            _refused(reason);
            _won();
        }
        _only(a, 0, 0);
    }

    /// @notice Insurance and backstop are out of the way for a while, which a governor may do.
    function doStarve(uint256 market) external {
        uint8 m = uint8(market % MARKETS);
        MarketParams memory p = around.market(m);
        (p.coverSharePpm, p.backstopLotsMax) = (0, 0);
        around.setMarket(m, p);
        _won();
    }

    /// @notice For `doSqueeze`, which survives what is refused.
    function deal(uint8 m, uint32 buyer, uint32 seller, uint40 lots, uint32 price) external {
        require(msg.sender == address(this));
        tradeIn(m, buyer, seller, lots, price);
    }

    /// @notice Keeps a batch whose orders are filled to the end.
    function _keep(Batch memory b) internal override {
        (_last, _hasLast) = (b, true);
    }

    function _dealt(uint8 m, uint32 buyer, uint32 seller, uint40 lots, uint32 price)
        private
        returns (bool)
    {
        try this.deal(m, buyer, seller, lots, price) {
            return true;
        } catch (bytes memory reason) {
            reset();
            _refused(reason);
            return false;
        }
    }

    /// @dev An account of nobody else: one without positions and debts, a new one, or any.
    function _spare(uint32 winner, uint32 other, uint256 r) private returns (uint32 id) {
        for (uint256 i; i < _spares.length; ++i) {
            id = _spares[i];
            (,, uint256 maintenance) = house.health(id);
            if (id != other && id != winner && maintenance == 0 && cashOf(id) >= 0) return id;
        }
        if (_spares.length == SPARES_MAX) {
            do id = _spares[r++ % SPARES_MAX];
            while (id == other || id == winner);
            return id;
        }
        id = open(string.concat("spare", vm.toString(bytes32(_spares.length))), 0);
        _spares.push(id);
        users.push(id);
    }

    /// @dev Whatever a governor did before, this market has the terms of the others again; and
    /// after a silence its way back is over.
    function _calm(uint8 m) private {
        if (silent_) _comeBack();
        MarketParams memory p = defaults();
        (p.coverSharePpm, p.backstopLotsMax) = (around.market(m).coverSharePpm, 40);
        around.setMarket(m, p);
        around.setLevel(1 + m, 0);
        walk(m, priceOf(m), priceOf(m));
    }

    /// @dev Brings in what an account lacks for its positions, and so much for the next one.
    function _fund(uint32 id, uint256 amount) private {
        (int256 equity, uint256 initial,) = house.health(id);
        if (equity < int256(initial)) amount += uint256(int256(initial) - equity);
        Snap memory a = _snap();
        house.deposit(address(token), id, amount);
        _only(a, _bit(id), _bit(id));
    }

    /// @dev Takes out what an account has beyond what it needs, as far as the venue lets it.
    function _thin(uint32 id) private {
        (uint256 most,) = house.withdrawable(id);
        if (most == 0) return;
        Snap memory a = _snap();
        vm.prank(owner_(id));
        try house.withdraw(id, most, address(9), "") {}
        catch (bytes memory reason) {
            _refused(reason);
        }
        _only(a, _bit(id), _bit(id));
    }

    function _everyone(uint8 m) private view returns (uint32[] memory list) {
        uint32 count = house.accountsCount();
        list = new uint32[](count - alice + 1);
        for (uint32 i; i < count - alice; ++i) list[i] = alice + i;
        list[count - alice] = FUNDS + m;
    }

    /// @dev How many accounts hold a position that has not paid the last levy of its market.
    function _owing(uint8 m) private view returns (uint256 count) {
        uint32 all = house.accountsCount();
        for (uint256 i; i < all + MARKETS; ++i) {
            uint32 id = _idAt(all, i);
            if (sizeOf(id, m) != 0 && _unpaid(id, m) != 0) ++count;
        }
    }
}
