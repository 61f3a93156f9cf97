// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice One account in one word, from the low bit: size i56 (lots of the home position), home
/// u8 (its market), cash i128 (quote Q32), others u8 (number of further positions), epoch u32,
/// leverage u24 (initial margin that the owner demands of itself, ppm; 0: none).
type AccountWord is uint256;

using Accounts for AccountWord global;

/// @title Packing of the account slot.
library Accounts {
    using SafeCast for int256;

    uint256 private constant SIZE_MASK = type(uint56).max;
    uint256 private constant HOME_SHIFT = 56;
    uint256 private constant CASH_SHIFT = 64;
    uint256 private constant OTHERS_SHIFT = 192;
    uint256 private constant EPOCH_SHIFT = 200;
    uint256 private constant LEVERAGE_SHIFT = 232;

    /// @notice Most positions that an account may hold.
    uint256 internal constant POSITIONS_MAX = 16;

    /// @dev Assembly, as below: a conversion would mask before it extends the sign.
    function cash(AccountWord self) internal pure returns (int256 cashQ32) {
        assembly ("memory-safe") {
            cashQ32 := signextend(15, shr(64, self))
        }
    }

    function size(AccountWord self) internal pure returns (int256 lots) {
        assembly ("memory-safe") {
            lots := signextend(6, self)
        }
    }

    function home(AccountWord self) internal pure returns (uint256) {
        return uint8(AccountWord.unwrap(self) >> HOME_SHIFT);
    }

    /// @notice Lots in any market. `positions` holds those that are not at home, by account << 8 |
    /// market.
    function sizeIn(
        AccountWord self,
        mapping(uint256 => int256) storage positions,
        uint256 account,
        uint256 market
    ) internal view returns (int256) {
        if (home(self) == market) return size(self);
        return others(self) == 0 ? int256(0) : positions[(account << 8) | market];
    }

    function others(AccountWord self) internal pure returns (uint256) {
        return uint8(AccountWord.unwrap(self) >> OTHERS_SHIFT);
    }

    /// @notice The bits of home and others, in place, of an account whose only position is in a
    /// market and at home.
    function only(uint256 market) internal pure returns (uint256) {
        return market << HOME_SHIFT;
    }

    /// @notice Zero when the bits of home and others are those of `expected`.
    /// @dev Two fields in one comparison.
    function differs(AccountWord self, uint256 expected) internal pure returns (uint256) {
        uint256 mask = (0xff << HOME_SHIFT) | (0xff << OTHERS_SHIFT);
        return (AccountWord.unwrap(self) ^ expected) & mask;
    }

    function epoch(AccountWord self) internal pure returns (uint256) {
        return uint32(AccountWord.unwrap(self) >> EPOCH_SHIFT);
    }

    function leverage(AccountWord self) internal pure returns (uint256) {
        return AccountWord.unwrap(self) >> LEVERAGE_SHIFT;
    }

    /// @notice The account with another size and cash. Assumes: both fit their widths.
    /// @dev Assembly: no conversion is checked. What is above the cash and the home stay.
    function changed(AccountWord self, int256 lots, int256 cashQ32)
        internal
        pure
        returns (AccountWord result)
    {
        assembly ("memory-safe") {
            result := or(shr(64, shl(128, cashQ32)), shr(200, shl(200, lots)))
            // Neither the bits of the cash nor those of the size.
            let kept := not(or(shl(64, sub(shl(128, 1), 1)), sub(shl(56, 1), 1)))
            result := or(result, and(self, kept))
        }
    }

    /// @dev Reverts when the cash leaves int128.
    function withCash(AccountWord self, int256 cashQ32) internal pure returns (AccountWord) {
        uint256 mask = uint256(type(uint128).max) << CASH_SHIFT;
        uint256 bits = uint256(uint128(cashQ32.toInt128())) << CASH_SHIFT;
        return AccountWord.wrap((AccountWord.unwrap(self) & ~mask) | bits);
    }

    /// @dev Reverts when the size leaves int56.
    function withHome(AccountWord self, uint256 market, int256 lots)
        internal
        pure
        returns (AccountWord)
    {
        uint256 bits = uint56(lots.toInt56()) | (uint256(uint8(market)) << HOME_SHIFT);
        uint256 mask = SIZE_MASK | (uint256(type(uint8).max) << HOME_SHIFT);
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

    function withLeverage(AccountWord self, uint24 ppm) internal pure returns (AccountWord) {
        uint256 kept = AccountWord.unwrap(self) & ((1 << LEVERAGE_SHIFT) - 1);
        return AccountWord.wrap(kept | (uint256(ppm) << LEVERAGE_SHIFT));
    }
}
