// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a test needs of the real vault, which is deployed from its artifact.
interface IWindowedVault {
    struct Windows {
        uint256 hourFloorQuote;
        uint256 dayFloorQuote;
        uint256 hourPpm;
        uint256 dayPpm;
    }

    struct Rules {
        uint256 reservePpm;
        uint256 smallPpm;
        uint256 smallFloorQuote;
        uint256 largePpm;
        uint256 delaySeconds;
        uint256 vetoSeconds;
    }

    function release(uint256 count) external returns (uint256 paid);
    function veto(uint64 id) external;
    function queued() external view returns (uint256);
    function liabilities() external view returns (uint256);
    function lines() external view returns (uint256[3] memory heads, uint256[3] memory tails);
}
