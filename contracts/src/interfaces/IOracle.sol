// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Report} from "../Types.sol";

/// @title Keeps the last accepted price of each market.
interface IOracle {
    /// @notice The caller is not the clearing house.
    error NotClearingHouse(address found, address required);

    /// @notice The report's round does not follow the last one.
    error RoundNotNewer(uint32 found, uint32 required);

    /// @notice The report's time does not follow the last one.
    error TimeNotNewer(uint40 found, uint40 required);

    /// @notice The report was observed too long ago.
    error ReportStale(uint256 ageSeconds, uint256 ageSecondsMax);

    /// @notice The report was observed too far in the future.
    error ReportAhead(uint256 aheadSeconds, uint256 aheadSecondsMax);

    /// @notice A price moved by more than the market's band in one report.
    error PriceOutsideBand(uint8 market, uint32 found, uint32 last);

    /// @notice Verifies a report, judges it against the last one and stores its prices. The report
    /// that is returned has the marks as accepted: within the market's clamp around the index,
    /// and within 1 % of the mark before as the index carried it, unless the clamp demands more.
    /// @dev Only the clearing house may call.
    function accept(bytes calldata report) external returns (Report memory);

    /// @notice Last accepted index price (ticks) of a market and its time; zeros when none.
    function price(uint8 market) external view returns (uint32 priceTicks, uint40 time);

    /// @notice Last accepted index and mark price (ticks) of a market and their time; zeros when
    /// none.
    function quote(uint8 market)
        external
        view
        returns (uint32 priceTicks, uint32 markTicks, uint40 time);

    /// @notice Aged price (ticks, rounded down) of a market: exponential average of its accepted
    /// index prices with a time constant of four hours; the first price starts it. Zero when none.
    /// Every step counts the time since the last report at the new price.
    function aged(uint8 market) external view returns (uint32 priceTicks);

    /// @notice Round and time of the last accepted report; zeros when none.
    function last() external view returns (uint32 round, uint40 time);
}
