// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

/// @title Step of the funding index.
library Funding {
    int256 private constant PPM_DAY = 1_000_000 * 86_400;

    /// @notice Rate within plus or minus `maxPpm`, ppm per day.
    function clamp(int256 ratePpm, uint256 maxPpm) internal pure returns (int256) {
        // A parameter is 24 bits wide, so that the cast keeps its value.
        int256 bound = int256(maxPpm);
        return SignedMath.max(-bound, SignedMath.min(ratePpm, bound));
    }

    /// @notice Seconds that a step charges for: all of them, or none after a gap. Nobody observed
    /// what the rate was in a gap, so that no part of it is charged.
    function counted(uint256 elapsedSeconds, uint256 gapSecondsMax)
        internal
        pure
        returns (uint256)
    {
        return elapsedSeconds > gapSecondsMax ? 0 : elapsedSeconds;
    }

    /// @notice Change of the index, quote per lot Q32, truncated toward zero.
    /// @dev Assumes: widths of the report's and the parameters' fields; all below 2^160.
    function step(int256 ratePpm, uint256 price, uint256 tickValue, uint256 countedSeconds)
        internal
        pure
        returns (int256)
    {
        return (ratePpm * int256((price * tickValue * countedSeconds) << 32)) / PPM_DAY;
    }
}
