// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, VenueParams} from "../Types.sol";

/// @title Parameters in force, inside hard bounds; tightened at once, loosened after a delay.
/// Assumes: `tickValue` of a listed market never changes.
interface IParameters {
    /// @notice Parameters of a market; all zero (`tickValue` 0) when it is not listed.
    function market(uint8 id) external view returns (MarketParams memory);

    /// @notice Parameters of the venue.
    function venue() external view returns (VenueParams memory);

    /// @notice Parameters of a market as the two words that `ParameterWords` reads.
    function marketWords(uint8 id) external view returns (uint256 low, uint256 high);

    /// @notice Parameters of the venue as one such word.
    function venueWord() external view returns (uint256 word);
}
