// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {Conditional} from "../Types.sol";

/// @title Rules of conditional orders: shape, condition, price. Pure; no rounding decides.
library Conditionals {
    bytes32 internal constant TYPEHASH = keccak256(
        "Conditional(uint32 account,uint8 market,bool isBuy,uint64 size,uint8 kind,"
        "uint32 triggerPrice,uint32 trailPpm,uint32 limitPrice,uint32 rewardPpm,bool reduceOnly,"
        "uint40 since,uint40 expiry,uint64 nonce,uint32 epoch)"
    );

    uint256 internal constant STOP_LOSS = 0;
    uint256 internal constant TAKE_PROFIT = 1;
    uint256 internal constant TRAILING = 2;
    /// @notice Largest reward, part of the index price: what a signer could lose by mistake.
    uint256 internal constant REWARD_PPM_MAX = 10_000;
    uint256 private constant PPM = 1_000_000;
    uint256 private constant LOTS_MAX = type(uint40).max;

    /// @notice hashStruct of the order. Every field is static: the encoding is the struct's.
    function hash(Conditional calldata order) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, order));
    }

    /// @notice Reverts on a field that no signer can mean.
    function check(Conditional calldata order) internal pure {
        if (order.size == 0 || order.size > LOTS_MAX) _malformed("size", order.size, LOTS_MAX);
        if (order.kind > TRAILING) _malformed("kind", order.kind, TRAILING);
        if (order.triggerPrice == 0) _malformed("triggerPrice", 0, 1);
        if (order.limitPrice == 0) _malformed("limitPrice", 0, 1);
        if (order.rewardPpm > REWARD_PPM_MAX) {
            _malformed("rewardPpm", order.rewardPpm, REWARD_PPM_MAX);
        }
        bool trails = order.kind == TRAILING;
        if (trails != (order.trailPpm != 0) || order.trailPpm >= PPM) {
            _malformed("trailPpm", order.trailPpm, trails ? PPM - 1 : 0);
        }
    }

    /// @notice Price that a trailing stop follows from.
    /// @param recorded Best price recorded so far; 0 for none.
    function best(Conditional calldata order, uint256 recorded) internal pure returns (uint256) {
        return recorded == 0 ? order.triggerPrice : recorded;
    }

    /// @notice The price is better for the trader to trail from: higher for one who sells.
    function improves(bool isBuy, uint256 from, uint256 price) internal pure returns (bool) {
        return isBuy ? price < from : price > from;
    }

    /// @notice The price has reached the trigger, compared exactly.
    /// @param from Price of `best`; unused unless trailing.
    function met(Conditional calldata order, uint256 from, uint256 price)
        internal
        pure
        returns (bool)
    {
        if (order.kind == TRAILING) {
            return order.isBuy
                ? price * PPM >= from * (PPM + order.trailPpm)
                : price * PPM <= from * (PPM - order.trailPpm);
        }
        // A stop buys above and sells below; a take-profit the other way round.
        bool upward = order.isBuy == (order.kind == STOP_LOSS);
        return upward ? price >= order.triggerPrice : price <= order.triggerPrice;
    }

    /// @notice The trigger as a price, for people; a trailing one is rounded toward the best.
    function threshold(Conditional calldata order, uint256 from) internal pure returns (uint256) {
        if (order.kind != TRAILING) return order.triggerPrice;
        uint256 trail = (from * order.trailPpm) / PPM;
        return order.isBuy ? from + trail : from - trail;
    }

    /// @notice The index price made worse by the reward, rounded for the trader, and no worse
    /// than the limit. A limit that is better than the index price itself is not reached.
    function fillPrice(Conditional calldata order, uint256 index)
        internal
        pure
        returns (uint256 price)
    {
        uint256 limit = order.limitPrice;
        bool reached = order.isBuy ? index <= limit : index >= limit;
        if (!reached) revert IClearingHouse.LimitBroken(0, index, limit);
        uint256 reward = (index * order.rewardPpm) / PPM;
        price = order.isBuy ? index + reward : index - reward;
        if (order.isBuy ? price > limit : price < limit) price = limit;
    }

    function _malformed(bytes32 field, uint256 found, uint256 required) private pure {
        revert IClearingHouse.ConditionalMalformed(field, found, required);
    }
}
