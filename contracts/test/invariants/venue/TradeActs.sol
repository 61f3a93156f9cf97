// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch, Conditional, SessionScope} from "../../../src/Types.sol";
import {VenueActs} from "./VenueActs.sol";

/// @notice What traders do: orders, batches, cancels, session keys, stops.
abstract contract TradeActs is VenueActs {
    uint256 private constant SESSION_KEY = 0x5e55;
    uint32 internal constant FEES = 1;

    /// Size of the order that was signed last for a lane and seq, and the seq seen last.
    mapping(bytes32 => uint256) internal sizeGhost;
    mapping(bytes32 => uint32) internal seqGhost;
    mapping(bytes32 => uint40) internal filledGhost;

    function doTrade(uint256 who, uint256 whom, uint256 lots, uint256 slip, uint256 market)
        external
    {
        uint32 buyer = _user(who);
        uint32 seller = _user(whom);
        if (buyer == seller) return;
        Order memory buy = _draw(buyer, true, lots, slip, market);
        Order memory sell = _draw(seller, false, lots, slip, market);
        if (_pair(buy, sell, uint40(buy.size))) _wonRunning();
    }

    /// @notice A pair that is filled in part, and once more: with more than is left, too.
    function doRefill(uint256 who, uint256 whom, uint256 lots, uint256 market) external {
        uint32 buyer = _user(who);
        uint32 seller = _user(whom);
        if (buyer == seller) return;
        Order memory buy = _draw(buyer, true, lots, 1, market);
        Order memory sell = _draw(seller, false, lots, 1, market);
        uint40 half = uint40(buy.size / 2 + 1);
        if (!_pair(buy, sell, half)) return;
        uint40 more = uint40(bound(lots >> 64, 1, buy.size));
        if (!_pair(buy, sell, more)) return;
        if (uint256(half) + more > buy.size) broken = "more was filled than was signed";
        _wonRunning();
    }

    function doCancelLane(uint256 who, uint256 lane, uint256 ahead, uint256 whose) external {
        bool stranger = whose % 4 == 0;
        uint32 id = _user(who);
        uint16 on = uint16(1 + lane % 2);
        (uint32 seq,) = house.lane(id, on);
        Snap memory a = _snap();
        vm.prank(stranger ? STRANGER : owner_(id));
        try house.cancelLane(id, on, seq + uint32(ahead % 3)) {
            if (stranger) broken = "a stranger cancelled";
            _wonRunning();
        } catch (bytes memory reason) {
            _refused(reason);
        }
        _only(a, 0, 0);
    }

    function doCancelAll(uint256 who, uint256 whose) external {
        bool byKey = whose % 2 == 0;
        uint32 id = _user(who);
        bool live = house.sessionExpiry(id, vm.addr(SESSION_KEY)) > _now();
        Snap memory a = _snap();
        vm.prank(byKey ? vm.addr(SESSION_KEY) : owner_(id));
        try house.cancelAll(id) {
            if (byKey && !live) broken = "a dead key cancelled";
            _wonRunning();
        } catch (bytes memory reason) {
            _refused(reason);
        }
        _only(a, _bit(id), 0);
    }

    function doLeverage(uint256 who, uint256 ppm) external {
        uint32 id = _user(who);
        Snap memory a = _snap();
        uint24 before = house.leverage(id);
        uint24 to = uint24(bound(ppm, 0, 200_000));
        vm.prank(owner_(id));
        try house.setLeverage(id, to, "") {
            (int256 equity, uint256 initial,) = house.health(id);
            if (to < before && equity < int256(initial)) broken = "leverage beyond the margin";
            _wonRunning();
        } catch (bytes memory reason) {
            _refused(reason);
        }
        _only(a, _bit(id), 0);
    }

    function doSession(uint256 who, uint256 life, uint256 scoped) external {
        uint32 id = _user(who);
        SessionScope memory scope = scoped % 2 == 0 ? everything() : SessionScope(1, 10, true);
        address key = vm.addr(SESSION_KEY);
        Snap memory a = _snap();
        uint40 expiry = uint40(_now() + life % 4_000);
        vm.prank(owner_(id));
        try house.setSession(id, key, expiry, scope) {
            _wonRunning();
        } catch (bytes memory reason) {
            _refused(reason);
        }
        _only(a, 0, 0);
    }

    function doCancelNonce(uint256 who, uint256 number) external {
        uint32 id = _user(who);
        uint64 nonce = uint64(number % NONCES);
        Snap memory a = _snap();
        vm.prank(owner_(id));
        try house.cancelNonce(id, nonce) {
            _use(id, nonce);
            _wonRunning();
        } catch (bytes memory reason) {
            _refused(reason);
        }
        _only(a, 0, 0);
    }

    /// @notice A stop of somebody, filled by somebody else; half of them are not met.
    function doTrigger(uint256 who, uint256 whom, uint256 lots, uint256 number, uint256 market)
        external
    {
        if (_frozen()) return;
        Conditional memory c = _stop(_user(who), lots, number, uint8(market % MARKETS));
        (bytes32 digest,,) = house.conditional(c);
        (bytes32 r, bytes32 vs) = signCompact(keys[c.account], digest);
        uint32 keeper = _user(whom);
        int256 held = sizeOf(c.account, c.market);
        uint32 index = priceOf(c.market);
        Snap memory a = _snap();
        vm.prank(owner_(keeper));
        try house.trigger(c, abi.encodePacked(r, vs), keeper, "") {
            _use(c.account, c.nonce);
            int256 left = sizeOf(c.account, c.market);
            bool cut = _magnitude(left) <= _magnitude(held) && left * held >= 0;
            if (c.reduceOnly && !cut) broken = "a reduce-only stop grew";
            bool met = c.isBuy ? index >= c.triggerPrice : index <= c.triggerPrice;
            if (!met) broken = "a stop that was not met";
            if (owner_(c.account) == owner_(keeper)) broken = "a stop taken by oneself";
            _wonRunning();
        } catch (bytes memory reason) {
            _refused(reason);
        }
        _only(a, _bit(c.account) | _bit(keeper) | _bit(FEES), 0);
    }

    function _stop(uint32 id, uint256 lots, uint256 number, uint8 market)
        private
        view
        returns (Conditional memory c)
    {
        (,, c.epoch,) = house.account(id);
        (c.account, c.market, c.nonce) = (id, market, uint64(number % NONCES));
        c.size = uint64(bound(lots, 1, 40));
        c.isBuy = sizeOf(id, market) < 0;
        c.reduceOnly = number % 3 != 0;
        uint256 move = number % 2 == 0 ? 999_000 : 1_001_000;
        c.triggerPrice = uint32(uint256(priceOf(market)) * move / 1e6);
        c.limitPrice = c.isBuy ? type(uint32).max : 1;
        (c.rewardPpm, c.since, c.expiry) = (1_000, 1, uint40(_now() + 1 days));
    }

    /// @dev An order on lane 1 or 2, near the index or, now and then, far from it.
    function _draw(uint32 id, bool isBuy, uint256 lots, uint256 slip, uint256 market)
        internal
        view
        returns (Order memory o)
    {
        o = order(id, isBuy, uint64(bound(lots, 1, 50)));
        (o.market, o.lane) = (uint8(market % MARKETS), uint16(1 + (slip >> 8) % 2));
        (uint32 seq,) = house.lane(id, o.lane);
        o.seq = seq + 1;
        (o.reduceOnly, o.expiry) = (slip % 7 == 0, uint40(_now() + 1 hours));
        uint256 move = slip % 5 == 0 ? bound(slip, 940_000, 1_060_000) : 1e6;
        o.price = uint32(uint256(priceOf(o.market)) * move / 1e6);
    }

    /// @dev Settles a pair and holds what a batch may do to its accounts.
    function _pair(Order memory buy, Order memory sell, uint40 lots) private returns (bool ok) {
        _sign(buy);
        _sign(sell);
        Batch memory b = _batchOf(buy, sell, lots);
        Snap memory a = _snap();
        (int256 equity0,, uint256 margin0) = house.health(buy.account);
        (int256 equity1,, uint256 margin1) = house.health(sell.account);
        try house.settle(b) {
            _healthierOrBroken(buy.account, equity0, margin0);
            _healthierOrBroken(sell.account, equity1, margin1);
            ok = true;
            if (lots == buy.size && lots == sell.size) _keep(b);
        } catch (bytes memory reason) {
            _refused(reason);
        }
        _only(a, _bit(buy.account) | _bit(sell.account) | _bit(FEES), 0);
    }

    /// @notice Remembers what an order is for at most.
    function _sign(Order memory o) internal {
        sizeGhost[_slot(o.account, o.lane, o.seq)] = o.size;
    }

    function _batchOf(Order memory buy, Order memory sell, uint40 lots)
        internal
        returns (Batch memory b)
    {
        bool first = buy.account < sell.account;
        add(first ? buy : sell);
        add(first ? sell : buy);
        fill(first ? 1 : 0, first ? 0 : 1, lots, buy.price);
        b = batch();
        reset();
    }

    /// @notice A batch was settled whose orders are filled to the end.
    function _keep(Batch memory b) internal virtual;

    function _healthierOrBroken(uint32 id, int256 equity, uint256 margin) internal {
        (int256 now_, uint256 initial, uint256 left) = house.health(id);
        if (now_ >= int256(initial)) return;
        bool better = left <= margin && now_ * int256(margin) >= equity * int256(left);
        if (!better) broken = "a fill left an account below its margin";
    }

    function _slot(uint32 id, uint16 lane, uint32 seq) internal pure returns (bytes32) {
        return keccak256(abi.encode(id, lane, seq));
    }
}
