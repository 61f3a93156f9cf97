// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Backstop} from "../../src/Backstop.sol";
import {IClearingHouse} from "../../src/interfaces/IClearingHouse.sol";
import {Batch, MarketParams} from "../../src/Types.sol";
import {ReportedVenueTest} from "../support/ReportedVenueTest.sol";

/// @notice Prices jump, accounts go bankrupt, and whoever calls wants something: liquidates what
/// is his own, resolves with lists that he likes, unwinds early. Nothing is minted, nobody who is
/// deleveraged is worse off, and a keeper never gains more than his victim could lose.
contract WaterfallInvariants is ReportedVenueTest {
    /// @dev Of the debtor and, by place in the list, of the others, before a resolution.
    struct Before {
        uint32 id;
        int256 equity;
        uint256 maintenance;
        uint256 levy;
        int256[] equities;
        uint256[] margins;
        int256[] sizes;
        int256 debt;
        int256 shared;
        int256 own;
        uint256 open;
    }

    /// @dev What one block resolved of a market: lots, and those of the largest.
    struct Block {
        uint256 number;
        uint256 open;
        uint256 moved;
        uint256 largest;
    }

    /// @dev What a fund paid, and when.
    struct Payment {
        uint256 time;
        int256 amount;
    }

    uint32 private constant USERS = 6;
    uint8 private constant MARKETS = 2;

    Backstop private stop;
    uint32 private pool;
    string private broken;
    uint256 private liquidated;
    uint256 private resolved;
    uint256 private levied;
    uint256 private enough;
    mapping(uint8 => Block) private blocks;
    mapping(uint32 => Payment[]) private payments;

    function setUp() public override {
        super.setUp();
        bytes memory args = abi.encode(house, vault, around, around, 1 days);
        stop = Backstop(deploy("Backstop", args));
        stop.openPool(0);
        pool = stop.accountFor(0, false);
        token.approve(address(stop), type(uint256).max);
        stop.deposit(0, 500 * UNIT);
        MarketParams memory p = defaults();
        (p.liquidationPartPpm, p.coverSharePpm, p.backstopLotsMax) = (200_000, 250_000, 40);
        for (uint8 i; i < MARKETS; ++i) around.setMarket(i, p);
        open("erin", 300 * UNIT);
        open("frank", 300 * UNIT);
        house.deposit(address(token), FUNDS, 20 * UNIT);
        house.deposit(address(token), 0, 20 * UNIT);
        for (uint32 i; i < USERS; ++i) _strip(_user(i), 300 * UNIT);
        targetContract(address(this));
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = this.doTrade.selector;
        selectors[1] = this.doPrice.selector;
        selectors[2] = this.doLiquidate.selector;
        selectors[3] = this.doResolve.selector;
        selectors[4] = this.doUnwind.selector;
        selectors[5] = this.doFlag.selector;
        selectors[6] = this.doDeposit.selector;
        selectors[7] = this.doResolveAll.selector;
        targetSelector(address(this), selectors);
    }

    function backstopAt() internal view override returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
    }

    function doTrade(uint256 who, uint256 whom, uint256 lots, uint256 market) external {
        uint32 buyer = _user(who);
        uint32 seller = _user(whom);
        if (buyer == seller) return;
        Order memory buy = order(buyer, true, uint64(bound(lots, 1, 50)));
        Order memory sell = order(seller, false, buy.size);
        (buy.market, sell.market) = (uint8(market % MARKETS), uint8(market % MARKETS));
        (buy.price, sell.price) = (priceOf(buy.market), priceOf(buy.market));
        bool first = buyer < seller;
        add(first ? buy : sell);
        add(first ? sell : buy);
        fill(first ? 1 : 0, first ? 0 : 1, uint40(buy.size), buy.price);
        Batch memory b = batch();
        reset();
        try house.settle(b) {} catch {}
    }

    function doPrice(uint256 market, uint256 move) external {
        uint8 m = uint8(market % MARKETS);
        // Mostly steps that leave somebody below maintenance, now and then a jump beyond.
        bool jump = move % 4 == 0;
        move = jump ? bound(move, 700_000, 1_350_000) : bound(move, 960_000, 1_040_000);
        uint32 price =
            uint32(bound(uint256(priceOf(m)) * move / 1e6, 50_000, 20_000_000));
        vm.roll(block.number + 1);
        walk(m, price, price);
    }

    function doLiquidate(uint256 who, uint256 whom, uint256 market, uint256 lots) external {
        uint32 id = _user(who % 2 == 0 ? _worst() : who);
        uint32 keeper = _user(whom);
        (int256 equity,, uint256 maintenance) = house.health(id);
        (int256 mine,,) = house.health(keeper);
        uint8 m = uint8(market % MARKETS);
        vm.prank(owner_(keeper));
        try house.liquidate(id, m, uint40(_orAll(lots)), keeper, "") {
            ++liquidated;
            (int256 now_,, uint256 left) = house.health(id);
            (int256 gain,,) = house.health(keeper);
            gain -= mine;
            if (equity >= int256(maintenance)) broken = "a healthy account was liquidated";
            if (now_ * int256(maintenance) < equity * int256(left)) broken = "made worse";
            if (gain > equity - now_ || gain < 0) broken = "the keeper's gain";
            if (id == keeper) broken = "self";
        } catch {}
    }

    /// @notice The caller's list: any two users, ascending or not.
    function doResolve(uint256 who, uint256 market, uint256 a, uint256 b) external {
        uint32[] memory list = new uint32[](2);
        (list[0], list[1]) = (_user(a), _user(b));
        _resolve(_user(who), uint8(market % MARKETS), list);
    }

    /// @notice The whole other side, and for anybody: a user, the backstop, a fund.
    function doResolveAll(uint256 who, uint256 market) external {
        uint8 m = uint8(market % MARKETS);
        uint32[] memory list = new uint32[](USERS + 2);
        for (uint32 i; i < USERS; ++i) list[i < 4 ? i : i + 1] = i < 4 ? alice + i : _user(i);
        list[4] = pool;
        list[USERS + 1] = FUNDS + m;
        for (uint256 i; i + 1 < list.length; ++i) {
            for (uint256 j = i + 1; j < list.length; ++j) {
                if (list[j] < list[i]) (list[i], list[j]) = (list[j], list[i]);
            }
        }
        uint256 pick = who % 2 == 0 ? _worst() : who % (USERS + 2);
        uint32 id = pick < USERS ? _user(pick) : pick == USERS ? pool : FUNDS + m;
        _resolve(id, m, list);
    }

    function doUnwind(uint256 who, uint256 market, uint256 lots, bool fund) external {
        uint8 m = uint8(market % MARKETS);
        uint32 taker = _user(who);
        vm.prank(owner_(taker));
        try house.unwind(fund ? FUNDS + m : pool, m, uint40(bound(lots, 1, 60)), taker, "") {}
            catch {}
    }

    function doFlag(uint256 who) external {
        uint32 id = _user(who);
        (int256 equity,, uint256 maintenance) = house.health(id);
        try house.flag(id, "") {
            bool flagged = house.unhealthySince(id) != 0;
            if (flagged != equity < int256(maintenance)) broken = "a wrong flag";
        } catch {}
    }

    function doDeposit(uint256 who, uint256 amount) external {
        house.deposit(address(token), _user(who), bound(amount, 1, 50 * UNIT));
    }

    function invariant_nothingIsMinted() public view {
        checkLaws(3);
        assertEq(broken, "");
    }

    /// @notice The same actors on one fixed walk: what the suite above would miss if it idled.
    function test_theActorsFindSomethingToDo() public {
        for (uint256 i; i < 400; ++i) {
            uint256 r = uint256(keccak256(abi.encode("walk", i)));
            uint256 a = r >> 16;
            uint256 b = r >> 80;
            if (r % 8 < 2) this.doPrice(a, r >> 24);
            else if (r % 8 < 4) this.doTrade(a, b, r >> 32, r >> 40);
            else if (r % 8 == 4) this.doLiquidate(0, a, b, 0);
            else if (r % 8 == 5) this.doUnwind(a, b, r >> 32, r >> 40 & 1 == 0);
            else if (r % 8 == 6) this.doFlag(a);
            else for (uint256 k; k < 3; ++k) this.doResolveAll(0, b);
            invariant_nothingIsMinted();
        }
        assertGt(liquidated, 0, "liquidations");
        assertGt(resolved, 3, "resolutions");
        assertGt(levied, 0, "levies");
        assertGt(enough, 0, "as much as a block takes");
    }

    /// @dev The user with the least equity for its maintenance requirement.
    function _worst() private view returns (uint256 worst) {
        int256 least = type(int256).max;
        for (uint32 i; i < USERS; ++i) {
            (int256 equity,, uint256 maintenance) = house.health(_user(i));
            if (maintenance == 0 || equity * 1e6 / int256(maintenance) >= least) continue;
            (worst, least) = (i, equity * 1e6 / int256(maintenance));
        }
    }

    function _resolve(uint32 id, uint8 m, uint32[] memory list) private {
        Before memory was = _before(id, m, list);
        try house.resolve(id, m, list, "") {
            ++resolved;
            _checkDebtor(id, m, was);
            _checkPace(m, was);
            _checkFund(0, was.shared);
            // What the fund has in positions counts for its share: here only when it has none.
            if (was.own != 0 && house.levy(m) == was.levy) _checkFund(FUNDS + m, was.own);
            if (house.levy(m) != was.levy) ++levied;
            for (uint256 i; i < list.length && house.levy(m) == was.levy; ++i) {
                if (list[i] == id || list[i] == pool || list[i] >= FUNDS) continue;
                _checkPeer(list[i], m, was, i);
            }
        } catch (bytes memory reason) {
            // Panics are laws that broke.
            if (bytes4(reason) == 0x4e487b71) broken = "a law was broken on the way";
            if (bytes4(reason) == IClearingHouse.ResolvedEnough.selector) ++enough;
        }
    }

    function _before(uint32 id, uint8 m, uint32[] memory list)
        private
        view
        returns (Before memory was)
    {
        was.id = id;
        (was.equity,, was.maintenance) = house.health(id);
        was.levy = house.levy(m);
        was.equities = new int256[](list.length);
        was.margins = new uint256[](list.length);
        was.sizes = new int256[](list.length);
        for (uint256 i; i < list.length; ++i) {
            (was.equities[i],, was.margins[i]) = house.health(list[i]);
            was.sizes[i] = sizeOf(list[i], m);
        }
        was.debt = sizeOf(id, m);
        was.shared = cashOf(0);
        was.own = sizeOf(FUNDS + m, m) == 0 && id != FUNDS + m ? cashOf(FUNDS + m) : int256(0);
        (,, was.open) = house.market(m);
    }

    /// @dev In one block no more than a fifth of the market and its largest position.
    function _checkPace(uint8 m, Before memory was) private {
        Block storage seen = blocks[m];
        if (seen.number != vm.getBlockNumber()) {
            blocks[m] = Block(vm.getBlockNumber(), was.open, 0, 0);
        }
        uint256 lots = uint256(was.debt < 0 ? -was.debt : was.debt);
        int256 left = sizeOf(was.id, m);
        lots -= uint256(left < 0 ? -left : left);
        seen.moved += lots;
        if (lots > seen.largest) seen.largest = lots;
        if (seen.moved > seen.open / 5 + seen.largest) broken = "too much in one block";
    }

    /// @dev In any hour no more than a quarter of what there would be without.
    function _checkFund(uint32 fund, int256 before) private {
        int256 amount = before - cashOf(fund);
        if (amount <= 0) return;
        uint256 now_ = vm.getBlockTimestamp();
        payments[fund].push(Payment(now_, amount));
        int256 sum;
        for (uint256 i; i < payments[fund].length; ++i) {
            Payment memory each = payments[fund][i];
            if (each.time + 1 hours > now_) sum += each.amount;
        }
        if (sum > (cashOf(fund) + sum) / 4 + 1) broken = "more than its share of a fund";
    }

    function _checkDebtor(uint32 id, uint8 m, Before memory was) private {
        (int256 now_,, uint256 left) = house.health(id);
        if (was.equity >= int256(was.maintenance * 2 / 3)) broken = "above close-out";
        (,, uint56 open_) = house.market(m);
        // Where nobody is left to pay, a bankrupt account stays in debt, but in no deeper one.
        bool alone = open_ == 0 && was.equity < 0 && now_ >= was.equity;
        bool worse = now_ * int256(was.maintenance) < was.equity * int256(left);
        if (worse && !alone) broken = "the debtor made worse";
    }

    function _checkPeer(uint32 id, uint8 m, Before memory was, uint256 place) private {
        (int256 equity, int256 size) = (was.equities[place], was.sizes[place]);
        (int256 now_,, uint256 left) = house.health(id);
        int256 after_ = sizeOf(id, m);
        if (after_ == size && now_ == equity) return;
        if (size > 0 == was.debt > 0) broken = "the wrong side";
        bool worse = now_ * int256(was.margins[place]) < equity * int256(left);
        if (worse) broken = "a counterparty made worse";
        if (after_ * size < 0 || after_ * after_ > size * size) broken = "more than it had";
    }

    function _orAll(uint256 lots) private pure returns (uint256) {
        return lots % 2 == 0 ? 0 : lots % 60;
    }

    function _strip(uint32 id, uint256 keep) private {
        uint256 cash = uint256(cashOf(id)) >> 32;
        if (cash <= keep) return;
        vm.prank(owner_(id));
        house.withdraw(id, cash - keep, address(9), "");
    }

    function _user(uint256 who) private view returns (uint32) {
        uint32 at = uint32(who % USERS);
        // The backstop's account came between the fourth and the fifth.
        return at < 4 ? alice + at : alice + at + 1;
    }
}
