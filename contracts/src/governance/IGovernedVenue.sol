// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams} from "../Types.sol";

/// @title What an access manager knows of the venue's parameters.
interface IGovernedVenue {
    /// @notice Tightens a market at once, or starts the delay of a looser tuple or of a listing.
    function proposeMarket(uint8 id, MarketParams calldata params)
        external
        returns (bool applied);

    /// @notice Delay of what loosens and of a listing, seconds.
    function delaySeconds() external view returns (uint256);

    /// @notice The pending governor takes over.
    function acceptGovernor() external;

    /// @notice Parameters of a market; a `tickValue` of zero: not listed.
    function market(uint8 id) external view returns (MarketParams memory);
}
