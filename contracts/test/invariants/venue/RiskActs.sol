// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, VenueParams} from "../../../src/Types.sol";
import {BatchActs} from "./BatchActs.sol";

/// @notice Prices, time, breakers and a captured governor; keepers, and the waterfall.
abstract contract RiskActs is BatchActs {
    /// How often somebody gave up lots for a bankrupt or closed-out account.
    uint256 internal deleveragings;

    function doPrice(uint256 market, uint256 move, uint256 basis) external {
        if (_frozen()) return;
        uint8 m = uint8(market % MARKETS);
        // Mostly steps that leave somebody below maintenance, now and then a jump beyond.
        move = move % 4 == 0 ? bound(move, 700_000, 1_350_000) : bound(move, 960_000, 1_040_000);
        uint256 price = bound(uint256(priceOf(m)) * move / 1e6, 50_000, 20_000_000);
        vm.warp(_now() + 5);
        vm.roll(vm.getBlockNumber() + 1);
        uint256 clamp = around.market(m).markClampPpm;
        uint256 mark = price * (1e6 - clamp + basis % (2 * clamp + 1)) / 1e6;
        walk(m, uint32(price), uint32(mark));
        _won();
    }

    /// @notice Time passes; prices go stale, and mostly somebody brings them for long enough after.
    function doTime(uint256 time, uint256 silent) external {
        vm.warp(_now() + (time % 8 == 0 ? 30 hours : bound(time, 1, 4_000)));
        vm.roll(vm.getBlockNumber() + 1);
        if (silent % 4 == 0) silent_ = true;
        else _comeBack();
        _won();
    }

    function doBreaker(uint256 market, uint256 level) external {
        around.setLevel(uint16(1 + market % MARKETS), level % 8 < 4 ? 0 : uint8(level % 4));
        _won();
    }

    /// @notice Withdrawals are sent through the forced queue, or are not any more.
    function doThrottle(uint256 level) external {
        around.setLevel(THROTTLE, level % 4 < 2 ? 0 : uint8(level % 4 - 1));
        _won();
    }

    /// @notice An account may not grow, or may again.
    function doBar(uint256 who, uint256 value) external {
        around.setBarred(_user(who), value % 8 == 0);
        _won();
    }

    /// @notice Whatever a captured governor may set within the hard bounds, without any delay.
    function doGovern(uint256 market, uint256 field, uint256 x) external {
        uint8 m = uint8(market % MARKETS);
        MarketParams memory p = around.market(m);
        field = field % 8;
        if (field == 0) {
            p.initialPpm = uint24(bound(x, 10_000, 300_000));
            p.maintenancePpm = uint24(bound(x >> 32, 5_000, uint256(p.initialPpm) * 8 / 10));
            p.markClampPpm = p.initialPpm - p.maintenancePpm;
            if (p.markClampPpm > 100_000) p.markClampPpm = 100_000;
        }
        if (field == 1) (p.takerFeePpm, p.makerFeePpm) = (uint16(x % 10_001), uint16(x % 501));
        if (field == 2) p.fillBandPpm = uint24(bound(x, 1_000, 500_000));
        if (field == 3) p.openInterestMax = uint40(bound(x, 1, 1_000));
        if (field == 4) p.coverSharePpm = uint24(bound(x, 0, 1_000_000));
        if (field == 5) p.liquidationPartPpm = uint24(bound(x, 10_000, 1_000_000));
        if (field == 6) p.backstopLotsMax = uint40(bound(x, 0, 100));
        if (field == 7) (p.concentrationPpm, p.concentrationCapPpm) = (uint24(x % 300_001), 2e5);
        around.setMarket(m, p);
        around.setVenue(VenueParams(address(this), 30, 30, uint24(x % 4) * 250_000));
        _won();
    }

    function doLiquidate(uint256 who, uint256 whom, uint256 market, uint256 lots) external {
        uint8 m = uint8(market % MARKETS);
        uint32 id = who % 4 != 0 ? _worstOf(m) : _user(who);
        uint32 keeper = _user(whom);
        (int256 equity,, uint256 margin) = house.health(id);
        (int256 mine,,) = house.health(keeper);
        Snap memory a = _snap();
        vm.prank(owner_(keeper));
        try house.liquidate(id, m, lots % 2 == 0 ? 0 : uint40(lots % 60), keeper, "") {
            (int256 now_,, uint256 left) = house.health(id);
            (int256 gain,,) = house.health(keeper);
            gain -= mine;
            if (equity >= int256(margin)) broken = "a healthy account was liquidated";
            if (now_ * int256(margin) < equity * int256(left)) broken = "liquidation made it worse";
            if (gain > equity - now_ || gain < 0) broken = "the keeper's gain";
            if (owner_(id) == owner_(keeper)) broken = "liquidated by oneself";
            _wonRunning();
        } catch (bytes memory reason) {
            _refused(reason);
        }
        _only(a, _bit(id) | _bit(keeper) | _bit(FUNDS + m), 0);
    }

    function doFlag(uint256 who) external {
        uint32 id = who % 2 == 0 ? _worst() : _user(who);
        (int256 equity,, uint256 margin) = house.health(id);
        Snap memory a = _snap();
        vm.prank(STRANGER);
        try house.flag(id, "") {
            bool flagged = house.unhealthySince(id) != 0;
            if (flagged != equity < int256(margin)) broken = "a wrong flag";
            _wonRunning();
        } catch (bytes memory reason) {
            _refused(reason);
        }
        _only(a, 0, 0);
    }

    /// @notice By a stranger, with everybody in the list or with two that he likes.
    function doResolve(uint256 who, uint256 market, uint256 some) external {
        uint8 m = uint8(market % MARKETS);
        uint32[] memory list = new uint32[](some % 4 == 0 ? 2 : users.length + 2);
        for (uint32 i; i < list.length; ++i) list[i] = alice + i;
        if (some % 4 == 0) (list[0], list[1]) = (_user(some >> 8), _user(some >> 16));
        else list[list.length - 1] = FUNDS + m;
        uint256 pick = who % 9;
        _resolve(pick == 0 ? pool : pick == 1 ? FUNDS + m : _worst(), m, list);
    }

    /// @notice Of a fund or of the backstop, wherever one holds anything.
    function doUnwind(uint256 who, uint256 start, uint256 lots) external {
        uint32 taker = _user(who);
        uint8 m;
        uint32 from;
        for (uint256 i = start % 6; i < start % 6 + 6; ++i) {
            m = uint8(i % MARKETS);
            from = i % 2 == 0 ? FUNDS + m : pool;
            if (sizeOf(from, m) != 0) break;
        }
        Snap memory a = _snap();
        vm.prank(owner_(taker));
        try house.unwind(from, m, uint40(bound(lots, 1, 60)), taker, "") {
            _wonRunning();
        } catch (bytes memory reason) {
            _refused(reason);
        }
        _only(a, _bit(from) | _bit(taker), 0);
    }

    function _resolve(uint32 id, uint8 m, uint32[] memory list) internal {
        (int256 equity,, uint256 margin) = house.health(id);
        int256[2][] memory was = _healthOf(list);
        int256 debt = sizeOf(id, m);
        int256 shared = cashOf(0);
        // What one block takes is a matter of the waterfall's own suite.
        vm.roll(vm.getBlockNumber() + 1);
        Snap memory a = _snap();
        vm.prank(STRANGER);
        try house.resolve(id, m, list, "") {
            _checkDebtor(id, m, equity, int256(margin));
            int256 most = shared * int256(uint256(around.market(m).coverSharePpm)) / 1e6;
            if (shared - cashOf(0) > most) broken = "more than its share of the shared fund";
            bool levied = house.levy(m) != a.levies[m];
            for (uint256 i; i < list.length && !levied; ++i) {
                if (list[i] == id) continue;
                _checkPeer(list[i], m, was[i], a, debt);
            }
            _wonRunning();
        } catch (bytes memory reason) {
            _refused(reason);
        }
        uint256 may = _bit(id) | _bit(FUNDS + m) | _bit(pool) | _bit(0);
        for (uint256 i; i < list.length; ++i) may |= _bit(list[i]);
        _only(a, may, 0);
    }

    /// @dev Equity and maintenance requirement of each.
    function _healthOf(uint32[] memory list) private view returns (int256[2][] memory all) {
        all = new int256[2][](list.length);
        for (uint256 i; i < list.length; ++i) {
            (int256 equity,, uint256 margin) = house.health(list[i]);
            all[i] = [equity, int256(margin)];
        }
    }

    function _checkDebtor(uint32 id, uint8 m, int256 equity, int256 margin) private {
        (int256 now_,, uint256 left) = house.health(id);
        if (equity >= margin * 2 / 3) broken = "resolved above close-out";
        (,, uint56 open_) = house.market(m);
        // Where nobody is left to pay, a bankrupt account stays in debt, but in no deeper one.
        bool alone = open_ == 0 && equity < 0 && now_ >= equity;
        if (now_ * margin < equity * int256(left) && !alone) broken = "the debtor made worse";
    }

    /// @dev The one who gives lots up is on the other side, and no worse for it.
    function _checkPeer(uint32 id, uint8 m, int256[2] memory was, Snap memory a, int256 debt)
        private
    {
        if (id == pool || id >= FUNDS) return;
        int256 size = a.sizes[id][m];
        (int256 now_,, uint256 left) = house.health(id);
        int256 after_ = sizeOf(id, m);
        if (after_ == size && now_ == was[0]) return;
        ++deleveragings;
        if (size > 0 == debt > 0) broken = "the wrong side was deleveraged";
        if (now_ * was[1] < was[0] * int256(left)) broken = "a counterparty made worse";
        if (after_ * size < 0 || after_ * after_ > size * size) broken = "more than it had";
    }

    function _worst() private view returns (uint32) {
        return _worstOf(MARKETS);
    }

    /// @dev The user with the least equity for its maintenance requirement; in a market of the
    /// venue, of those who hold something in it and are not bankrupt: whom a keeper looks for.
    function _worstOf(uint8 m) private view returns (uint32 worst) {
        int256 least = type(int256).max;
        worst = users[0];
        for (uint256 i; i < users.length; ++i) {
            (int256 equity,, uint256 margin) = house.health(users[i]);
            if (m < MARKETS && (equity < 0 || sizeOf(users[i], m) == 0)) continue;
            if (margin == 0 || equity * 1e6 / int256(margin) >= least) continue;
            (worst, least) = (users[i], equity * 1e6 / int256(margin));
        }
    }
}
