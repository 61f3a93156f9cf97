// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, RiskTuple} from "./Types.sol";
import {LawLib} from "./generated/LawLib.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {ISteered} from "./interfaces/ISteered.sol";
import {ISteward, StewardCourse, StewardMove, StewardTerms} from "./interfaces/ISteward.sol";
import {Bounds} from "./libraries/Bounds.sol";
import {StewardBounds} from "./libraries/StewardBounds.sol";
import {Steering} from "./libraries/Steering.sol";

/// @title Steward: parameters by measured risk, inside a band around governance's anchor.
/// @notice The operator moves the tuple of a market by bounded steps: tighter fast, looser slowly,
/// never looser than the anchor. A tuple that is not renewed expires, and anyone takes it back to
/// the anchor step by step.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | operator, terms | nobody | fixed |
/// | tuple of a market, maintenance margin not raised | operator | at once, law L25 |
/// | maintenance margin higher | operator | as announced, from notice to a day later, law L25 |
/// | announcement | operator | a new notice; dropped at once, by the governor too |
/// | expired tuple | anyone | a step towards the anchor |
///
/// Worst that a captured operator does: it moves no value and touches no account. New positions
/// cost up to `initialMaxPpm` of the anchor, caps fall to `capMinPpm` of it, the collateral behind
/// open positions stays until they close; a day after an announcement whoever has not reacted may
/// be liquidated at the higher maintenance margin, one step per notice. The governor ends it.
/// Assumes: `Parameters` judges again that nothing is looser than the anchor.
/// Live: governance ends it by `Parameters.dismissSteward`; decay needs nobody's consent.
contract Steward is ISteward {
    using Steering for MarketParams;

    /// @dev A move counts no more time than this: after a pause its step is no larger.
    uint256 internal constant STEP_SECONDS_MAX = 1 hours;
    /// @dev How long an announcement may be carried out.
    uint256 internal constant NOTICE_WINDOW_SECONDS = 1 days;

    ISteered public immutable parameters;

    /// @inheritdoc ISteward
    address public immutable override operator;

    StewardTerms private _terms;
    mapping(uint8 market => StewardCourse) private _courses;

    constructor(ISteered parameters_, address operator_, StewardTerms memory terms_) {
        if (operator_ == address(0)) revert NotOperator(operator_, operator_);
        StewardBounds.check(terms_);
        (parameters, operator, _terms) = (parameters_, operator_, terms_);
    }

    modifier onlyOperator() {
        if (msg.sender != operator) revert NotOperator(msg.sender, operator);
        _;
    }

    /// @inheritdoc ISteward
    function terms() external view override returns (StewardTerms memory) {
        return _terms;
    }

    /// @inheritdoc ISteward
    function course(uint8 market) external view override returns (StewardCourse memory) {
        return _courses[market];
    }

    /// @inheritdoc ISteward
    function move(StewardMove calldata input) external override onlyOperator {
        StewardTerms memory t = _terms;
        StewardCourse memory c = _courses[input.market];
        _checkTime(t, c, input.time);
        RiskTuple memory anchor = parameters.anchor(input.market).tupleOf();
        RiskTuple memory current = parameters.market(input.market).tupleOf();
        RiskTuple memory next = input.tuple;
        uint256 elapsed = block.timestamp - c.movedAt;
        if (elapsed > STEP_SECONDS_MAX) elapsed = STEP_SECONDS_MAX;
        _judge(t, anchor, current, next, elapsed);
        if (next.maintenancePpm > current.maintenancePpm) {
            _checkNotice(c, next.maintenancePpm);
            (c.noticePpm, c.noticeReadyAt) = (0, 0);
            elapsed = STEP_SECONDS_MAX;
        }
        _judgeMaintenance(t, anchor, current, next.maintenancePpm, elapsed);
        c.movedAt = uint40(block.timestamp);
        c.inputTime = input.time;
        c.expiresAt = uint40(block.timestamp + t.holdSeconds);
        _courses[input.market] = c;
        emit Moved(
            input.market, next, input.modelHash, input.inputRoot, input.time, c.expiresAt
        );
        parameters.steer(input.market, next);
    }

    /// @inheritdoc ISteward
    function announce(uint8 market, uint24 maintenancePpm) external override onlyOperator {
        RiskTuple memory anchor = parameters.anchor(market).tupleOf();
        RiskTuple memory current = parameters.market(market).tupleOf();
        if (maintenancePpm <= current.maintenancePpm) {
            revert NoticeNeedless(maintenancePpm, current.maintenancePpm);
        }
        StewardTerms memory t = _terms;
        _judgeMaintenance(t, anchor, current, maintenancePpm, STEP_SECONDS_MAX);
        uint40 readyAt = uint40(block.timestamp + t.noticeSeconds);
        (_courses[market].noticePpm, _courses[market].noticeReadyAt) = (maintenancePpm, readyAt);
        emit Announced(market, maintenancePpm, readyAt);
    }

    /// @inheritdoc ISteward
    function withdraw(uint8 market) external override {
        address governor = IGoverned(address(parameters)).governor();
        if (msg.sender != operator && msg.sender != governor) {
            revert NotOperator(msg.sender, operator);
        }
        if (_courses[market].noticePpm == 0) revert NoticeMissing(0, 0);
        (_courses[market].noticePpm, _courses[market].noticeReadyAt) = (0, 0);
        emit Withdrawn(market);
    }

    /// @inheritdoc ISteward
    function decay(uint8 market) external override {
        StewardTerms memory t = _terms;
        StewardCourse memory c = _courses[market];
        uint256 since = c.decayedAt > c.expiresAt ? c.decayedAt : c.expiresAt;
        if (block.timestamp < since + t.moveSeconds) {
            revert DecayEarly(block.timestamp, since + t.moveSeconds);
        }
        RiskTuple memory anchor = parameters.anchor(market).tupleOf();
        RiskTuple memory current = parameters.market(market).tupleOf();
        if (keccak256(abi.encode(anchor)) == keccak256(abi.encode(current))) {
            revert AnchorInForce(market);
        }
        _courses[market].decayedAt = uint40(block.timestamp);
        RiskTuple memory next =
            Steering.decayed(anchor, current, t.decayPpm, block.timestamp - since);
        emit Decayed(market, next);
        parameters.steer(market, next);
    }

    /// @inheritdoc ISteward
    function band(uint8 market)
        external
        view
        override
        returns (MarketParams memory loosest, MarketParams memory tightest)
    {
        loosest = parameters.anchor(market);
        tightest = loosest.composed(StewardBounds.tightest(_terms, loosest.tupleOf()));
    }

    function _checkTime(StewardTerms memory t, StewardCourse memory c, uint256 time) private view {
        if (c.movedAt != 0 && block.timestamp < c.movedAt + t.moveSeconds) {
            revert MoveEarly(block.timestamp, c.movedAt + t.moveSeconds);
        }
        uint256 timeMin = block.timestamp - t.inputAgeSeconds;
        if (time < timeMin || time > block.timestamp) {
            revert InputTimeInvalid(time, timeMin, block.timestamp);
        }
        if (time <= c.inputTime) revert InputReplayed(time, c.inputTime);
    }

    function _checkNotice(StewardCourse memory c, uint256 maintenancePpm) private view {
        if (maintenancePpm != c.noticePpm) revert NoticeMissing(maintenancePpm, c.noticePpm);
        uint256 timeMax = c.noticeReadyAt + NOTICE_WINDOW_SECONDS;
        if (block.timestamp < c.noticeReadyAt || block.timestamp > timeMax) {
            revert NoticeNotReady(block.timestamp, c.noticeReadyAt, timeMax);
        }
    }

    /// @dev Every field but the maintenance margin: law L25.
    function _judge(
        StewardTerms memory t,
        RiskTuple memory a,
        RiskTuple memory c,
        RiskTuple memory n,
        uint256 elapsed
    ) private pure {
        uint256 most = t.initialMaxPpm;
        _step("initialPpm", a.initialPpm, c.initialPpm, n.initialPpm, true, most, t, elapsed);
        (uint256 x, uint256 y, uint256 z) =
            (a.concentrationPpm, c.concentrationPpm, n.concentrationPpm);
        _step("concentrationPpm", x, y, z, true, t.concentrationMaxPpm, t, elapsed);
        uint256 least = t.capMinPpm;
        (x, y, z) = (a.fundingRatePpmMax, c.fundingRatePpmMax, n.fundingRatePpmMax);
        _step("fundingRatePpmMax", x, y, z, false, least, t, elapsed);
        (x, y, z) = (a.openInterestMax, c.openInterestMax, n.openInterestMax);
        _step("openInterestMax", x, y, z, false, least, t, elapsed);
        (x, y, z) = (a.backstopLotsMax, c.backstopLotsMax, n.backstopLotsMax);
        _step("backstopLotsMax", x, y, z, false, least, t, elapsed);
    }

    function _judgeMaintenance(
        StewardTerms memory t,
        RiskTuple memory a,
        RiskTuple memory c,
        uint256 next,
        uint256 elapsed
    ) private pure {
        uint256 most = t.maintenanceMaxPpm;
        _step("maintenancePpm", a.maintenancePpm, c.maintenancePpm, next, true, most, t, elapsed);
    }

    function _step(
        bytes32 field,
        uint256 anchor,
        uint256 current,
        uint256 next,
        bool rises,
        uint256 bandPpm,
        StewardTerms memory t,
        uint256 elapsed
    ) private pure {
        bool lawful = LawLib.stewardStep(
            anchor, current, next, rises, bandPpm, t.tightenPpm, t.loosenPpm, elapsed
        );
        if (!lawful) revert StepUnlawful(field, current, next);
    }
}
