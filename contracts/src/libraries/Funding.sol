// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

/// @title Step of the funding index.
library Funding {
    /// @notice Longest time that one report charges for: a gap beyond it is free.
    uint256 internal constant STEP_SECONDS_MAX = 3600;
    int256 private constant PPM_DAY = 1_000_000 * 86_400;

    /// @notice Rate within plus or minus `maxPpm`, ppm per day.
    function clamp(int256 ratePpm, uint256 maxPpm) internal pure returns (int256) {
        // A parameter is 24 bits wide, so that the cast keeps its value.
        int256 bound = int256(maxPpm);
        return SignedMath.max(-bound, SignedMath.min(ratePpm, bound));
    }

    /// @notice Change of the index, quote per lot Q32, truncated toward zero.
    /// @dev Assumes: widths of the report's and the parameters' fields; all below 2^160.
    function step(int256 ratePpm, uint256 price, uint256 tickValue, uint256 elapsedSeconds)
        internal
        pure
        returns (int256)
    {
        uint256 time = elapsedSeconds > STEP_SECONDS_MAX ? STEP_SECONDS_MAX : elapsedSeconds;
        return (ratePpm * int256((price * tickValue * time) << 32)) / PPM_DAY;
    }
}
