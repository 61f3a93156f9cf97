// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The arithmetic of liquidation, pure: prices, sizes, speed, penalty.
/// @notice Amounts are whole quote units, sizes lots without sign, prices and discounts ticks. A
/// discount is how far a price is on the taker's side of the mark price: below it when a long is
/// sold, above it when a short is bought back.
/// Assumes: |equity|, maintenance and notional below 2^112 (as the laws state), rates below 2^24,
/// lots below 2^55, prices below 2^32: products stay below 2^232 and nothing needs 512 bits.
/// Arithmetic is checked all the same. TypeScript: packages/risk/src/liquidation.ts.
library Liquidations {
    uint256 internal constant PPM = 1_000_000;
    /// @notice Largest penalty, part of the notional.
    uint256 internal constant PENALTY_PPM = 15_000;
    /// @notice Part of the penalty that the keeper gets at first, and at most.
    uint256 internal constant REWARD_PPM_MIN = 100_000;
    uint256 internal constant REWARD_PPM_MAX = 500_000;
    /// @notice Seconds after which the keeper's part no longer grows.
    uint256 internal constant REWARD_SECONDS = 120;
    /// @notice An account that was seen unhealthy longer ago counts as not seen.
    uint256 internal constant FLAG_SECONDS_MAX = 3_600;

    /// @notice Part of an account's equity that belongs to a part of its maintenance requirement:
    /// floor(equity * freed / maintenance); negative for a bankrupt account. Who takes positions
    /// that free `freed` for at most this much leaves equity per maintenance as it was, or better.
    /// @dev Assumes: maintenance > 0.
    function share(int256 equity, uint256 freed, uint256 maintenance)
        internal
        pure
        returns (int256)
    {
        if (equity >= 0) return int256((uint256(equity) * freed) / maintenance);
        return -int256((uint256(-equity) * freed + maintenance - 1) / maintenance);
    }

    /// @notice Discount of the zero price for an account that is not bankrupt, whole ticks:
    /// p0 = P(1 - g * m * E / MMR), ceil for longs, floor for shorts.
    /// @param worth The account's `share` for these lots, not negative.
    function zeroDiscount(uint256 worth, uint256 lots, uint256 tickValue)
        internal
        pure
        returns (uint256)
    {
        return worth / (lots * tickValue);
    }

    /// @notice Ticks by which the zero price of a bankrupt account is on the other side: the least
    /// that brings in `loss`.
    function zeroSurcharge(uint256 loss, uint256 lots, uint256 tickValue)
        internal
        pure
        returns (uint256)
    {
        return (loss + lots * tickValue - 1) / (lots * tickValue);
    }

    /// @notice Discount of the fillable price, ticks, rounded down (for the account):
    /// P * 1.5 * m * clamp(1 - E / MMR, 0, 1).
    /// @dev Assumes: equity below maintenance.
    function fillDiscount(
        uint256 price,
        uint256 maintenancePpm,
        int256 equity,
        uint256 maintenance
    ) internal pure returns (uint256) {
        uint256 missing = equity > 0 ? maintenance - uint256(equity) : maintenance;
        return (price * maintenancePpm * 3 * missing) / (maintenance * 2 * PPM);
    }

    /// @notice Lots that bring an account back to 1.1 times maintenance at a discount and the full
    /// penalty: ceil((1.1 * MMR - E) / (1.1 * m - d - phi)), all of them when that is out of reach.
    /// @dev One unit of maintenance more, because the requirement of what is left rounds up.
    function partialLots(
        uint256 size,
        uint256 lotValue,
        uint256 tickValue,
        uint256 discount,
        uint256 maintenancePpm,
        int256 equity,
        uint256 maintenance
    ) internal pure returns (uint256) {
        uint256 gained = 11 * maintenancePpm * lotValue;
        uint256 lost = 10 * (PENALTY_PPM * lotValue + PPM * discount * tickValue);
        if (gained <= lost) return size;
        // Below maintenance, hence positive.
        uint256 missing = uint256(int256(11 * (maintenance + 1)) - 10 * equity);
        uint256 perLot = gained - lost;
        uint256 lots = (missing * PPM + perLot - 1) / perLot;
        return lots < size ? lots : size;
    }

    /// @notice Most lots of a position that may be liquidated in one block: a part of what it was
    /// when the first of them was, at least one.
    function speedLots(uint256 size, uint256 partPpm) internal pure returns (uint256) {
        uint256 lots = (size * partPpm) / PPM;
        return lots == 0 ? 1 : lots;
    }

    /// @notice min(1.5 % of notional, what the zero price leaves).
    function penaltyOf(uint256 notional, uint256 left) internal pure returns (uint256) {
        uint256 most = (notional * PENALTY_PPM) / PPM;
        return most < left ? most : left;
    }

    /// @notice The keeper's part of a penalty: it grows with the time since the account was seen
    /// unhealthy, from a tenth to a half.
    function rewardOf(uint256 penalty, uint256 elapsedSeconds) internal pure returns (uint256) {
        uint256 time = elapsedSeconds > FLAG_SECONDS_MAX
            ? 0
            : elapsedSeconds > REWARD_SECONDS ? REWARD_SECONDS : elapsedSeconds;
        uint256 ppm =
            REWARD_PPM_MIN + ((REWARD_PPM_MAX - REWARD_PPM_MIN) * time) / REWARD_SECONDS;
        return (penalty * ppm) / PPM;
    }

    /// @notice Charge per lot, quote Q32, that brings in `loss` from `lots` or a little more.
    function levyPerLot(uint256 loss, uint256 lots) internal pure returns (uint256) {
        return ((loss << 32) + lots - 1) / lots;
    }
}
