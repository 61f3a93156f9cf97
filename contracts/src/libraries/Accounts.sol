// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice One account in one word, from the low bit: cash i128 (quote Q32), size i56 (lots of
/// the home position), home u8 (its market), others u8 (number of further positions), epoch u32.
type AccountWord is uint256;

using Accounts for AccountWord global;

/// @title Packing of the account slot.
library Accounts {
    using SafeCast for int256;

    uint256 private constant CASH_MASK = type(uint128).max;
    uint256 private constant SIZE_MASK = type(uint56).max;
    uint256 private constant SIZE_SHIFT = 128;
    uint256 private constant HOME_SHIFT = 184;
    uint256 private constant OTHERS_SHIFT = 192;
    uint256 private constant EPOCH_SHIFT = 200;

    /// @notice Most positions that an account may hold.
    uint256 internal constant POSITIONS_MAX = 16;

    function cash(AccountWord self) internal pure returns (int256) {
        return int256(int128(uint128(AccountWord.unwrap(self))));
    }

    function size(AccountWord self) internal pure returns (int256) {
        return int256(int56(uint56(AccountWord.unwrap(self) >> SIZE_SHIFT)));
    }

    function home(AccountWord self) internal pure returns (uint256) {
        return uint8(AccountWord.unwrap(self) >> HOME_SHIFT);
    }

    function others(AccountWord self) internal pure returns (uint256) {
        return uint8(AccountWord.unwrap(self) >> OTHERS_SHIFT);
    }

    function epoch(AccountWord self) internal pure returns (uint256) {
        return uint32(AccountWord.unwrap(self) >> EPOCH_SHIFT);
    }

    /// @dev Reverts when the cash leaves int128.
    function withCash(AccountWord self, int256 cashQ32) internal pure returns (AccountWord) {
        uint256 bits = uint128(cashQ32.toInt128());
        return AccountWord.wrap((AccountWord.unwrap(self) & ~CASH_MASK) | bits);
    }

    /// @dev Reverts when the size leaves int56.
    function withHome(AccountWord self, uint256 market, int256 lots)
        internal
        pure
        returns (AccountWord)
    {
        uint256 bits = (uint256(uint56(lots.toInt56())) << SIZE_SHIFT)
            | (uint256(uint8(market)) << HOME_SHIFT);
        uint256 mask = (SIZE_MASK << SIZE_SHIFT) | (uint256(type(uint8).max) << HOME_SHIFT);
        return AccountWord.wrap((AccountWord.unwrap(self) & ~mask) | bits);
    }

    function withOthers(AccountWord self, uint256 count) internal pure returns (AccountWord) {
        uint256 mask = uint256(type(uint8).max) << OTHERS_SHIFT;
        uint256 bits = uint256(uint8(count)) << OTHERS_SHIFT;
        return AccountWord.wrap((AccountWord.unwrap(self) & ~mask) | bits);
    }

    function withEpoch(AccountWord self, uint32 value) internal pure returns (AccountWord) {
        uint256 mask = uint256(type(uint32).max) << EPOCH_SHIFT;
        return AccountWord.wrap(
            (AccountWord.unwrap(self) & ~mask) | (uint256(value) << EPOCH_SHIFT)
        );
    }
}
