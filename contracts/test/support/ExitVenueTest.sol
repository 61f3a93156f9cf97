// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ForcedRequest} from "../../src/interfaces/IForcedQueue.sol";
import {IClearingHouse as I} from "../../src/interfaces/IClearingHouse.sol";
import {Report} from "../../src/Types.sol";
import {Vm} from "../Vm.sol";
import {VenueTest} from "./VenueTest.sol";

/// @notice A venue whose operator may be gone: requests, time, and the freeze. This contract is
/// the sequencer.
abstract contract ExitVenueTest is VenueTest {
    uint88 internal constant ALL = type(uint88).max;
    uint56 internal constant ANY_LOTS = type(uint56).max;
    address internal constant STRANGER = address(0x5157);

    function requestWithdraw(uint32 id, uint88 amount, address to, uint64 nonce)
        internal
        returns (uint64)
    {
        address owner = _paying(id);
        vm.prank(owner);
        return queue.requestWithdraw{value: FORCED_FEE}(id, amount, to, nonce);
    }

    function requestClose(uint32 id, uint8 market, bool isLong, uint88 lots, uint32 limit)
        internal
        returns (uint64)
    {
        address owner = _paying(id);
        vm.prank(owner);
        return queue.requestClose{value: FORCED_FEE}(id, market, isLong, lots, limit);
    }

    function requestCancelAll(uint32 id) internal returns (uint64) {
        address owner = _paying(id);
        vm.prank(owner);
        return queue.requestCancelAll{value: FORCED_FEE}(id);
    }

    /// @notice The sequencer executes what needs no taker.
    function execute(uint64 number) internal {
        house.executeForced(number, 0, 0, "");
    }

    /// @notice The owner of `taker` executes.
    function executeBy(uint32 taker, uint64 number, uint56 lots) internal {
        vm.prank(owner_(taker));
        house.executeForced(number, taker, lots, "");
    }

    /// @notice Time passes; prices stay fresh.
    function pass(uint256 time) internal {
        vm.warp(block.timestamp + time);
        refresh();
    }

    /// @notice A request is missed, and a stranger freezes the venue.
    function freezeVenue() internal {
        requestCancelAll(alice);
        pass(FORCED_DEADLINE + FORCED_GRACE + 1);
        vm.prank(STRANGER);
        house.freeze();
    }

    function freezeAndReckon() internal {
        freezeVenue();
        vm.prank(STRANGER);
        house.reckon(type(uint256).max);
    }

    function exitOf(uint32 id) internal returns (uint256) {
        address owner = owner_(id);
        vm.prank(owner);
        return house.exit(id, owner);
    }

    /// @notice Why the last executed request failed; zero when it did not.
    function failureOf(Vm.Log[] memory logs) internal pure returns (bytes4 failure) {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != I.ForcedExecuted.selector) continue;
            (,,, failure) = abi.decode(logs[i].data, (uint8, uint256, uint32, bytes4));
        }
    }

    /// @notice Executes as the sequencer and expects the request to be taken out for a reason.
    function executeFails(uint64 number, bytes4 reason) internal {
        vm.recordLogs();
        execute(number);
        assertEq(bytes32(failureOf(vm.getRecordedLogs())), bytes32(reason));
        assertEq(uint256(queue.requestOf(number).kind), 0);
    }

    function reportOf(uint32 price) internal view returns (bytes memory) {
        Report memory r;
        r.time = uint40(block.timestamp);
        (r.markets, r.prices, r.rates) = (new uint8[](1), new uint32[](1), new int32[](1));
        r.prices[0] = price;
        return abi.encode(r);
    }

    /// @notice A trade in any market, on lane 7 + market.
    function tradeIn(uint8 market, uint32 buyer, uint32 seller, uint40 lots, uint32 price)
        internal
    {
        Order memory buy = order(buyer, true, lots);
        Order memory sell = order(seller, false, lots);
        (buy.market, sell.market, buy.price, sell.price) = (market, market, price, price);
        (buy.lane, sell.lane) = (7 + market, 7 + market);
        (buy.seq,) = house.lane(buyer, buy.lane);
        (sell.seq,) = house.lane(seller, sell.lane);
        ++buy.seq;
        ++sell.seq;
        bool buyerFirst = buyer < seller;
        add(buyerFirst ? buy : sell);
        add(buyerFirst ? sell : buy);
        fill(buyerFirst ? 1 : 0, buyerFirst ? 0 : 1, lots, price);
        settle();
    }

    function _paying(uint32 id) private returns (address owner) {
        owner = owner_(id);
        vm.deal(owner, owner.balance + FORCED_FEE);
    }

    function requestAt(uint64 number) internal view returns (ForcedRequest memory) {
        return queue.requestOf(number);
    }
}
