// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";

/// @title Who gives up how many lots: pro rata to size times leverage, the rest by rank.
/// @notice TypeScript: packages/risk/src/deleverage.ts.
/// Assumes: lots below 2^55, levers below 2^40, at most 2^16 counterparties.
library Deleveraging {
    /// @notice Fractional bits of a lever.
    uint256 internal constant LEVER_BITS = 16;
    uint256 internal constant LEVER_MAX = (1 << 40) - 1;

    /// @notice Leverage of an account as its margin rules see it: maintenance requirement over
    /// equity, at least one unit so that everybody has a weight.
    /// @dev Assumes: equity > 0, maintenance < 2^200.
    function lever(int256 equity, uint256 maintenance) internal pure returns (uint256) {
        uint256 value = (maintenance << LEVER_BITS) / uint256(equity) + 1;
        return value < LEVER_MAX ? value : LEVER_MAX;
    }

    /// @notice r_j = min(room_j, floor(need * w_j / sum w)), w = size * lever; what is left goes
    /// to the highest lever first, the earlier one among equals. Sum r = min(need, sum room).
    /// @param sizes Lots without sign.
    /// @param rooms Most lots that each may lose; 0: not eligible.
    function allocate(
        uint256 need,
        uint256[] memory sizes,
        uint256[] memory rooms,
        uint256[] memory levers
    ) internal pure returns (uint256[] memory takes, uint256 taken) {
        uint256 count = sizes.length;
        takes = new uint256[](count);
        uint256 total = 0;
        for (uint256 i = 0; i < count; ++i) {
            if (rooms[i] != 0) total += sizes[i] * levers[i];
        }
        if (total == 0) return (takes, 0);
        for (uint256 i = 0; i < count; ++i) {
            if (rooms[i] == 0) continue;
            uint256 lots = (need * sizes[i] * levers[i]) / total;
            if (lots > rooms[i]) lots = rooms[i];
            takes[i] = lots;
            taken += lots;
        }
        if (taken < need) taken += _byRank(need - taken, rooms, levers, takes);
    }

    /// @dev Assumes: at most 2^16 elements, for the key.
    function _byRank(
        uint256 rest,
        uint256[] memory rooms,
        uint256[] memory levers,
        uint256[] memory takes
    ) private pure returns (uint256 given) {
        uint256 count = rooms.length;
        uint256[] memory keys = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            keys[i] = (levers[i] << 16) | (type(uint16).max - i);
        }
        Arrays.sort(keys);
        for (uint256 at = count; at > 0 && given < rest; --at) {
            uint256 i = type(uint16).max - uint16(keys[at - 1]);
            uint256 lots = rooms[i] - takes[i];
            if (lots > rest - given) lots = rest - given;
            takes[i] += lots;
            given += lots;
        }
    }
}
