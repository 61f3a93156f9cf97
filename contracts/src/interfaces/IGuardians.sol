// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who the guardians are; answered by the breaker.
interface IGuardians {
    /// @notice Whether an address is a guardian now.
    function isGuardian(address guardian) external view returns (bool);

    /// @notice Number of guardians now.
    function guardiansCount() external view returns (uint256);
}
