// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../src/generated/LawLib.sol";

/// @title Law L07: no lawful step takes an account from healthy to below maintenance.
/// @notice Assumes what `margin.order` proves: initial margin is at least maintenance margin.
contract HealthKept {
    function check(
        int120 equity,
        uint120 maintenance,
        int120 equityAfter,
        uint120 initialAfter,
        uint120 maintenanceAfter,
        bool grew
    ) external pure {
        require(equity >= int256(uint256(maintenance)));
        require(initialAfter >= maintenanceAfter);
        bool lawful = LawLib.healthyOrHealthier(
            equity, maintenance, equityAfter, initialAfter, maintenanceAfter, grew
        );
        if (lawful) assert(equityAfter >= int256(uint256(maintenanceAfter)));
    }
}

/// @title Law L07: below initial margin nothing grows, no more is required, and what is there per
/// required unit does not fall.
contract HealthNoWorse {
    function check(
        int120 equity,
        uint120 maintenance,
        int120 equityAfter,
        uint120 initialAfter,
        uint120 maintenanceAfter,
        bool grew
    ) external pure {
        bool lawful = LawLib.healthyOrHealthier(
            equity, maintenance, equityAfter, initialAfter, maintenanceAfter, grew
        );
        if (!lawful || equityAfter >= int256(uint256(initialAfter))) return;
        assert(!grew);
        assert(maintenanceAfter <= maintenance);
        assert(
            int256(equity) * int256(uint256(maintenanceAfter))
                <= int256(equityAfter) * int256(uint256(maintenance))
        );
    }
}

/// @title Law L07: without positions, before and after, an account below initial margin loses
/// nothing: an operation cannot take from a debtor.
contract HealthFlat {
    function check(int120 equity, int120 equityAfter, uint120 initialAfter, bool grew)
        external
        pure
    {
        bool lawful =
            LawLib.healthyOrHealthier(equity, 0, equityAfter, initialAfter, 0, grew);
        if (lawful && equityAfter < int256(uint256(initialAfter))) assert(equityAfter >= equity);
    }
}
