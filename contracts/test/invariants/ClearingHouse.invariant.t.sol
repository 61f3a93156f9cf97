// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch} from "../../src/Types.sol";
import {ReportedVenueTest} from "../support/ReportedVenueTest.sol";

/// @notice Does at random what traders, keepers and the market do; the laws hold after each step.
contract ClearingHouseInvariants is ReportedVenueTest {
    uint32 private constant USERS = 4;

    /// What the run achieved, so that one that does nothing is seen.
    uint256 private settled;
    uint256 private refused;
    /// Equity of an account fell below maintenance by an operation, not by the price.
    bool private broken;

    function setUp() public override {
        super.setUp();
        house.deposit(address(token), 0, 100 * UNIT);
        targetContract(address(this));
        bytes4[] memory selectors = new bytes4[](6);
        selectors[0] = this.doDeposit.selector;
        selectors[1] = this.doWithdraw.selector;
        selectors[2] = this.doTrade.selector;
        selectors[3] = this.doPrice.selector;
        selectors[4] = this.doLiquidate.selector;
        selectors[5] = this.doTrades.selector;
        targetSelector(address(this), selectors);
    }

    function doDeposit(uint256 who, uint256 amount) external {
        house.deposit(address(token), _user(who), bound(amount, 1, 1_000 * UNIT));
    }

    function doWithdraw(uint256 who, uint256 amount) external {
        uint32 id = _user(who);
        vm.prank(owner_(id));
        try house.withdraw(id, bound(amount, 1, 5_000 * UNIT), address(9), "") {
            (int256 equity, uint256 initial,) = house.health(id);
            if (equity < int256(initial)) broken = true;
        } catch {}
    }

    function doTrade(uint256 who, uint256 whom, uint256 lots, uint256 slip, uint256 market)
        external
    {
        uint32 buyer = _user(who);
        uint32 seller = _user(whom);
        if (buyer == seller) return;
        _addPair(buyer, seller, uint8(market % 3), uint40(bound(lots, 1, 600)), slip, 1);
        _settleOrNot();
    }

    /// @notice Two pairs in one batch over two lanes: an account may be in both.
    function doTrades(uint256 a, uint256 lots, uint256 slip) external {
        uint32 first = alice;
        uint32 second = _user(a % 3 + 1);
        Order[4] memory o = [
            _order(first, true, lots, slip, 0, 1),
            _order(first, false, lots, slip, 1, 2),
            _order(second, false, lots, slip, 0, 1),
            _order(second, true, lots, slip, 1, 2)
        ];
        for (uint256 i; i < 4; ++i) add(o[i]);
        uint40 size = uint40(o[0].size);
        fill(2, 0, size, o[0].price);
        fill(1, 3, size, o[1].price);
        _settleOrNot();
    }

    function doPrice(uint256 market, uint256 move) external {
        uint8 m = uint8(market % 3);
        uint256 price = uint256(priceOf(m)) * bound(move, 950_000, 1_050_000) / 1e6;
        price = bound(price, 100_000, 10_000_000);
        // The mark is anywhere within its clamp of 2 %.
        uint256 basis = uint256(keccak256(abi.encode(move))) % 40_001;
        walk(m, uint32(price), uint32(price * (980_000 + basis) / 1e6));
    }

    function doLiquidate(uint256 who, uint256 whom, uint256 market) external {
        uint32 id = _user(who);
        uint32 keeper = _user(whom);
        (int256 equity,, uint256 maintenance) = house.health(id);
        vm.prank(owner_(keeper));
        try house.liquidate(id, uint8(market % 3), 0, keeper, "") {
            (int256 after_,, uint256 left) = house.health(id);
            if (equity >= int256(maintenance)) broken = true;
            if (equity > 0 && after_ * int256(maintenance) < equity * int256(left)) broken = true;
        } catch {}
    }

    function invariant_laws() public view {
        checkLaws(3);
        assertFalse(broken, "an operation made an account worse than allowed");
    }

    function afterInvariant() public view {
        assertGt(settled + refused, 0, "no batch was tried");
    }

    function _settleOrNot() private {
        Batch memory b = batch();
        (int256[4] memory equity, uint256[4] memory maintenance) = _health();
        reset();
        try house.settle(b) {
            ++settled;
        } catch {
            ++refused;
            return;
        }
        for (uint32 i; i < USERS; ++i) {
            (int256 now_, uint256 initial, uint256 left) = house.health(alice + i);
            if (now_ >= int256(initial)) continue;
            bool same = now_ == equity[i] && left == maintenance[i];
            bool better = left <= maintenance[i]
                && now_ * int256(maintenance[i]) >= equity[i] * int256(left);
            if (!same && !better) broken = true;
        }
    }

    function _health() private view returns (int256[4] memory equity, uint256[4] memory margin) {
        for (uint32 i; i < USERS; ++i) (equity[i],, margin[i]) = house.health(alice + i);
    }

    function _addPair(
        uint32 buyer,
        uint32 seller,
        uint8 market,
        uint40 lots,
        uint256 slip,
        uint16 lane
    ) private {
        Order memory buy = _order(buyer, true, lots, slip, market, lane);
        Order memory sell = _order(seller, false, lots, slip, market, lane);
        bool buyerFirst = buyer < seller;
        add(buyerFirst ? buy : sell);
        add(buyerFirst ? sell : buy);
        fill(buyerFirst ? 1 : 0, buyerFirst ? 0 : 1, lots, buy.price);
    }

    function _order(
        uint32 id,
        bool isBuy,
        uint256 lots,
        uint256 slip,
        uint8 market,
        uint16 lane
    ) private view returns (Order memory o) {
        o = order(id, isBuy, uint64(bound(lots, 1, 600)));
        (uint32 seq,) = house.lane(id, lane);
        (o.market, o.lane, o.seq) = (market, lane, seq + 1);
        o.price = uint32(uint256(priceOf(market)) * bound(slip, 960_000, 1_040_000) / 1e6);
    }

    function _user(uint256 who) private view returns (uint32) {
        return alice + uint32(who % USERS);
    }
}
