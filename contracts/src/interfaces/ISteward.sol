// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, RiskTuple} from "../Types.sol";

/// @notice What a steward may do, fixed when its contract is deployed.
/// @param initialMaxPpm Largest initial margin, parts per million of the anchor's.
/// @param maintenanceMaxPpm Largest maintenance margin, parts per million of the anchor's.
/// @param concentrationMaxPpm Largest concentration term, parts per million of the anchor's.
/// @param capMinPpm Smallest caps and funding rate, parts per million of the anchor's.
/// @param tightenPpm Largest step tighter in an hour, part of the value in force.
/// @param loosenPpm Largest step looser in an hour, part of the value in force.
/// @param decayPpm Step in an hour back to the anchor once a tuple has expired.
/// @param moveSeconds Least time between two moves of a market, and between two decays.
/// @param holdSeconds How long a tuple stands unless it is renewed.
/// @param noticeSeconds Time between the announcement of a maintenance margin and its raise.
/// @param inputAgeSeconds Oldest input that a move may stand on.
struct StewardTerms {
    uint24 initialMaxPpm;
    uint24 maintenanceMaxPpm;
    uint24 concentrationMaxPpm;
    uint24 capMinPpm;
    uint24 tightenPpm;
    uint24 loosenPpm;
    uint24 decayPpm;
    uint16 moveSeconds;
    uint24 holdSeconds;
    uint24 noticeSeconds;
    uint16 inputAgeSeconds;
}

/// @notice What the operator asks for.
/// @param market Market id.
/// @param tuple Parameters to put in force; the same as in force renews them.
/// @param modelHash Hash of the model that chose them.
/// @param inputRoot Root of what the model saw.
/// @param time Second of the newest input, strictly rising per market.
struct StewardMove {
    uint8 market;
    RiskTuple tuple;
    bytes32 modelHash;
    bytes32 inputRoot;
    uint40 time;
}

/// @notice Where a market stands.
/// @param movedAt Time of the last move; zero before the first.
/// @param inputTime Time of its input.
/// @param expiresAt When the tuple begins to decay, unless it is renewed.
/// @param decayedAt Time of the last decay.
/// @param noticePpm Maintenance margin that is announced; zero for none.
/// @param noticeReadyAt From when the operator may move it there.
struct StewardCourse {
    uint40 movedAt;
    uint40 inputTime;
    uint40 expiresAt;
    uint40 decayedAt;
    uint24 noticePpm;
    uint40 noticeReadyAt;
}

/// @title Moves margins, caps and rates by measured risk, between the anchor and a band.
/// Assumes: `Parameters` names this contract as its steward.
/// Warning: a higher initial margin keeps collateral of open positions from leaving.
interface ISteward {
    /// @notice A tuple came into force, or was renewed.
    event Moved(
        uint8 indexed market,
        RiskTuple tuple,
        bytes32 modelHash,
        bytes32 inputRoot,
        uint40 time,
        uint40 expiresAt
    );

    /// @notice A tuple that was not renewed went a step back to the anchor.
    event Decayed(uint8 indexed market, RiskTuple tuple);

    /// @notice A maintenance margin was announced; the operator may move there from `readyAt`.
    event Announced(uint8 indexed market, uint24 maintenancePpm, uint40 readyAt);

    /// @notice The announced maintenance margin was dropped.
    event Withdrawn(uint8 indexed market);

    /// @notice The caller is not the operator.
    error NotOperator(address found, address required);

    /// @notice A term is outside its hard bounds.
    error TermOutOfBounds(bytes32 term, uint256 found, uint256 required);

    /// @notice The last move was too short a time ago.
    error MoveEarly(uint256 time, uint256 timeMin);

    /// @notice The input is too old, or from the future.
    error InputTimeInvalid(uint256 time, uint256 timeMin, uint256 timeMax);

    /// @notice A move with this or a newer input was made before.
    error InputReplayed(uint256 time, uint256 timeLast);

    /// @notice A field leaves its band, or takes a larger step than the time allows: law L25.
    error StepUnlawful(bytes32 field, uint256 current, uint256 next);

    /// @notice The maintenance margin rises to what was not announced.
    error NoticeMissing(uint256 found, uint256 announced);

    /// @notice The announced maintenance margin is not ready, or its time is over.
    error NoticeNotReady(uint256 time, uint256 timeMin, uint256 timeMax);

    /// @notice Only a raise of the maintenance margin is announced.
    error NoticeNeedless(uint256 found, uint256 inForce);

    /// @notice Nothing decays before the tuple has expired and the step is due.
    error DecayEarly(uint256 time, uint256 timeMin);

    /// @notice The anchor is in force.
    error AnchorInForce(uint8 market);

    /// @notice Puts a tuple in force.
    function move(StewardMove calldata input) external;

    /// @notice Starts the notice of a higher maintenance margin; replaces a pending one.
    function announce(uint8 market, uint24 maintenancePpm) external;

    /// @notice Drops the announced maintenance margin; operator or governor.
    function withdraw(uint8 market) external;

    /// @notice Takes an expired tuple a step back to the anchor; anyone may call.
    function decay(uint8 market) external;

    /// @notice The only address that may move.
    function operator() external view returns (address);

    /// @notice What it may do.
    function terms() external view returns (StewardTerms memory);

    /// @notice Where a market stands.
    function course(uint8 market) external view returns (StewardCourse memory);

    /// @notice The loosest and the tightest parameters that any moves can lead to.
    function band(uint8 market)
        external
        view
        returns (MarketParams memory loosest, MarketParams memory tightest);
}
