// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Knows who governs; the one place that the other contracts ask.
interface IGoverned {
    /// @notice The caller is not the governor.
    error NotGovernor(address found, address required);

    /// @notice Nothing is pending under this name.
    error ProposalMissing();

    /// @notice The proposal may not be applied yet.
    error ProposalEarly(uint256 time, uint256 timeMin);

    /// @notice The proposal was not applied in time and is dead.
    error ProposalExpired(uint256 time, uint256 timeMax);

    /// @notice A delay is outside its hard bounds.
    error DelayOutOfBounds(uint256 found, uint256 required);

    /// @notice The address that may propose changes.
    function governor() external view returns (address);
}
