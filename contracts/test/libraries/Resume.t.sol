// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Resume} from "../../src/libraries/Resume.sol";
import {Base} from "../Base.sol";

/// @notice How long the grace after an outage of prices is, to the second.
contract ResumeTest is Base {
    uint256 private constant MAX = 30 minutes;

    /// @dev Without one before it, as long as the outage, and half an hour at most.
    function test_afterOutage_theFirst() public pure {
        assertEq(Resume.afterOutage(0, 1, 0), 1);
        assertEq(Resume.afterOutage(5_000, 1, 0), 1);
        assertEq(Resume.afterOutage(5_000, MAX - 1, 0), MAX - 1);
        assertEq(Resume.afterOutage(5_000, MAX, 0), MAX);
        assertEq(Resume.afterOutage(5_000, MAX + 1, 0), MAX);
    }

    /// @dev A grace that was cut short goes on for what was left, however long the outage.
    function test_afterOutage_goesOn() public pure {
        assertEq(Resume.afterOutage(5_000, 1, 5_100), 100);
        assertEq(Resume.afterOutage(5_000, 9_000, 5_001), 1);
        assertEq(Resume.afterOutage(5_000, 9_000, 5_000 + MAX), MAX);
    }

    /// @dev A new one is no longer than what was open since the last.
    function test_afterOutage_isEarned() public pure {
        assertEq(Resume.afterOutage(5_000, 600, 5_000), 0);
        assertEq(Resume.afterOutage(5_001, 600, 5_000), 1);
        assertEq(Resume.afterOutage(5_599, 600, 5_000), 599);
        assertEq(Resume.afterOutage(5_600, 600, 5_000), 600);
        assertEq(Resume.afterOutage(9_000, 600, 5_000), 600);
        assertEq(Resume.afterOutage(9_000, 9_000, 5_000), MAX);
        assertEq(Resume.afterOutage(5_001, 600, 1), 600);
    }
}
