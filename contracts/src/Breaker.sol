// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "./generated/LawLib.sol";
import {IBreaker} from "./interfaces/IBreaker.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {Delayed} from "./libraries/Delayed.sol";

/// @title Breaker: what is switched off for now.
/// @notice Guardians tighten and can do nothing else. Each level of a scope has its own expiry, so
/// that a short entry on top never ends a longer one below. Levels are those of `IBreaker`.
/// One guardian holds anything for at most `holdSecondsMax` on end, then rests as long as it held,
/// and tightens at most `TIGHTENINGS_MAX` times in any 24 hours.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | limits | nobody | fixed at deployment |
/// | entry of a scope | one guardian | a higher level than in force, until at most the limit |
/// | entry of a scope | nobody | lower or sooner than set, except by a matured clearing |
/// | entry of a scope | time | nothing, at its expiry |
/// | pending clearing | governor | the entry as it stands now, or dropped |
/// | entry of a scope | anyone | cleared, after the delay, if unchanged since proposed |
/// | guardian | governor | removed at once |
/// | guardian | governor, then anyone | added after the delay, before expiry |
///
/// Assumes: not every guardian is captured at once; the governor removes one that misbehaves.
/// Live: deposits, withdrawals and closing are never under the breaker.
contract Breaker is IBreaker {
    /// @notice Highest level.
    uint8 public constant LEVEL_MAX = 3;
    /// @notice Highest scope: 1 + the highest market id.
    uint16 public constant SCOPE_MAX = 256;
    /// @notice Tightenings that one guardian has in any 24 hours.
    uint256 public constant TIGHTENINGS_MAX = 8;
    /// @notice Most guardians at one time; bounds what all of them could hold in turn.
    uint256 public constant GUARDIANS_MAX = 16;

    uint256 private constant TIGHTENING_WINDOW_SECONDS = 1 days;
    uint256 private constant HOLD_SECONDS_MAX = 1 days;
    uint256 private constant CLEAR_DELAY_SECONDS_MIN = 15 minutes;

    /// @notice Limits of the breaker, fixed at deployment.
    /// @param holdSecondsMax Longest time that one guardian holds anything on end, at most a day.
    /// @param clearDelaySeconds Delay of a clearing by the governor, at least 15 minutes.
    /// @param guardianDelaySeconds Delay of a new guardian, at least a day.
    struct Limits {
        uint256 holdSecondsMax;
        uint256 clearDelaySeconds;
        uint256 guardianDelaySeconds;
    }

    /// @notice A guardian raised the level of a scope until `until`.
    event Tightened(uint16 indexed scope, address indexed guardian, uint8 level, uint40 until);

    /// @notice A clearing of a scope was proposed; anyone may apply it from `readyAt`.
    event ClearProposed(uint16 indexed scope, uint40 readyAt);

    /// @notice The pending clearing of a scope was dropped.
    event ClearCancelled(uint16 indexed scope);

    /// @notice The entry of a scope was cleared.
    event Cleared(uint16 indexed scope);

    /// @notice A guardian was proposed; anyone may apply it from `readyAt`.
    event GuardianProposed(address indexed guardian, uint40 readyAt);

    /// @notice A guardian may tighten from now on.
    event GuardianAdded(address indexed guardian);

    /// @notice A guardian, or one that was pending, may not tighten any more.
    event GuardianRemoved(address indexed guardian);

    /// @notice The caller is no guardian.
    error NotGuardian(address found);

    /// @notice There is no such scope.
    error ScopeInvalid(uint16 found, uint16 scopeMax);

    /// @notice There is no such level.
    error LevelInvalid(uint8 found, uint8 levelMax);

    /// @notice The scope is as tight already; guardians only tighten.
    error LevelNotHigher(uint8 found, uint8 inForce);

    /// @notice The entry would last no time, or longer than this guardian may hold on end.
    error HoldTooLong(uint256 found, uint256 secondsMax);

    /// @notice The guardian held something and rests until `restUntil`.
    error GuardianResting(uint256 time, uint256 restUntil);

    /// @notice The guardian has used its tightenings of 24 hours.
    error TighteningsExceeded(uint256 time, uint256 nextAt);

    /// @notice The scope was tightened after its clearing was proposed.
    error EntryChanged(uint16 scope);

    /// @notice Guardian exists already, is zero, or one too many.
    error GuardianInvalid(address found, uint256 guardiansCount);

    /// @dev One slot. Expiry of each level of a scope.
    struct Entry {
        uint40 until1;
        uint40 until2;
        uint40 until3;
    }

    /// @dev An episode of tightenings of one guardian without a gap, over all scopes: a guardian
    /// could else hold a market for ever by the venue's scope and its own in turn.
    struct Hold {
        uint40 since;
        uint40 until;
    }

    struct PendingClear {
        Entry entry;
        uint40 readyAt;
    }

    /// @notice Knows the governor.
    IGoverned public immutable governed;
    /// @notice Longest time that one guardian holds anything on end, seconds.
    uint256 public immutable holdSecondsMax;
    /// @notice Delay of a clearing, seconds.
    uint256 public immutable clearDelaySeconds;
    /// @notice Delay of a new guardian, seconds.
    uint256 public immutable guardianDelaySeconds;

    /// @notice Number of guardians.
    uint256 public guardiansCount;
    /// @notice Whether an address may tighten.
    mapping(address guardian => bool) public isGuardian;
    /// @notice When a proposed guardian may be added; zero when not proposed.
    mapping(address guardian => uint40 readyAt) public guardianReadyAt;

    mapping(uint16 scope => Entry) private _entries;
    mapping(uint16 scope => PendingClear) private _pendingClears;
    mapping(address guardian => Hold) private _holds;
    /// @dev The last eight tightenings of a guardian, 32 bits each, the oldest on top.
    mapping(address guardian => uint256 times) private _tightenings;

    constructor(IGoverned governed_, address[] memory guardians, Limits memory limits) {
        if (limits.holdSecondsMax == 0 || limits.holdSecondsMax > HOLD_SECONDS_MAX) {
            revert HoldTooLong(limits.holdSecondsMax, HOLD_SECONDS_MAX);
        }
        if (limits.clearDelaySeconds < CLEAR_DELAY_SECONDS_MIN) {
            revert IGoverned.DelayOutOfBounds(limits.clearDelaySeconds, CLEAR_DELAY_SECONDS_MIN);
        }
        if (limits.clearDelaySeconds > Delayed.DELAY_SECONDS_MAX) {
            revert IGoverned.DelayOutOfBounds(limits.clearDelaySeconds, Delayed.DELAY_SECONDS_MAX);
        }
        Delayed.checkDelay(limits.guardianDelaySeconds);
        governed = governed_;
        holdSecondsMax = limits.holdSecondsMax;
        clearDelaySeconds = limits.clearDelaySeconds;
        guardianDelaySeconds = limits.guardianDelaySeconds;
        for (uint256 i; i < guardians.length; ++i) {
            _addGuardian(guardians[i]);
        }
    }

    modifier onlyGovernor() {
        address governor = governed.governor();
        if (msg.sender != governor) revert IGoverned.NotGovernor(msg.sender, governor);
        _;
    }

    /// @inheritdoc IBreaker
    function level(uint16 scope) public view override returns (uint8 inForce) {
        inForce = _levelOf(_entries[0]);
        if (scope == 0 || inForce == LEVEL_MAX) return inForce;
        uint8 own = _levelOf(_entries[scope]);
        if (own > inForce) inForce = own;
    }

    /// @notice Expiry of each level of a scope by itself, Unix; past or zero when not in force.
    function entry(uint16 scope)
        external
        view
        returns (uint40 until1, uint40 until2, uint40 until3)
    {
        Entry memory set = _entries[scope];
        return (set.until1, set.until2, set.until3);
    }

    /// @notice Episode in which a guardian holds or last held something; zeros when never.
    function hold(address guardian) external view returns (uint40 since, uint40 until) {
        Hold memory held = _holds[guardian];
        return (held.since, held.until);
    }

    /// @notice When the pending clearing of a scope may be applied; zero when none.
    function clearReadyAt(uint16 scope) external view returns (uint40) {
        return _pendingClears[scope].readyAt;
    }

    /// @notice Raises the level of a scope for `holdSeconds`; guardians only.
    function tighten(uint16 scope, uint8 level_, uint256 holdSeconds) external {
        if (!isGuardian[msg.sender]) revert NotGuardian(msg.sender);
        if (scope > SCOPE_MAX) revert ScopeInvalid(scope, SCOPE_MAX);
        if (level_ == 0 || level_ > LEVEL_MAX) revert LevelInvalid(level_, LEVEL_MAX);
        if (holdSeconds == 0 || holdSeconds > holdSecondsMax) {
            revert HoldTooLong(holdSeconds, holdSecondsMax);
        }
        uint40 until = uint40(block.timestamp + holdSeconds);
        Entry memory set = _entries[scope];
        _checkLaw(level(scope), level_, set, until);
        _countTightening();
        _countHold(until);
        if (level_ == 1) set.until1 = until;
        else if (level_ == 2) set.until2 = until;
        else set.until3 = until;
        _entries[scope] = set;
        emit Tightened(scope, msg.sender, level_, until);
    }

    /// @notice Starts the delay of clearing a scope as it stands; replaces a pending one.
    function proposeClear(uint16 scope) external onlyGovernor {
        uint40 readyAt = Delayed.readyAfter(clearDelaySeconds);
        _pendingClears[scope] = PendingClear(_entries[scope], readyAt);
        emit ClearProposed(scope, readyAt);
    }

    /// @notice Clears a scope that was not tightened since; anyone may call.
    function applyClear(uint16 scope) external {
        PendingClear memory pending = _pendingClears[scope];
        Delayed.checkReady(pending.readyAt);
        if (_hash(pending.entry) != _hash(_entries[scope])) revert EntryChanged(scope);
        delete _pendingClears[scope];
        delete _entries[scope];
        emit Cleared(scope);
    }

    /// @notice Drops the pending clearing of a scope.
    function cancelClear(uint16 scope) external onlyGovernor {
        Delayed.checkPending(_pendingClears[scope].readyAt);
        delete _pendingClears[scope];
        emit ClearCancelled(scope);
    }

    /// @notice Starts the delay of another guardian.
    function proposeGuardian(address guardian) external onlyGovernor {
        if (guardian == address(0) || isGuardian[guardian]) {
            revert GuardianInvalid(guardian, guardiansCount);
        }
        uint40 readyAt = Delayed.readyAfter(guardianDelaySeconds);
        guardianReadyAt[guardian] = readyAt;
        emit GuardianProposed(guardian, readyAt);
    }

    /// @notice Adds a proposed guardian after its delay; anyone may call.
    function applyGuardian(address guardian) external {
        Delayed.checkReady(guardianReadyAt[guardian]);
        delete guardianReadyAt[guardian];
        _addGuardian(guardian);
    }

    /// @notice Removes a guardian or a proposal of one at once; what it set stays until it expires.
    function removeGuardian(address guardian) external onlyGovernor {
        if (isGuardian[guardian]) {
            delete isGuardian[guardian];
            --guardiansCount;
        } else {
            Delayed.checkPending(guardianReadyAt[guardian]);
            delete guardianReadyAt[guardian];
        }
        emit GuardianRemoved(guardian);
    }

    /// @dev Law L16. A level that is raised was not in force, so its old expiry is past.
    function _checkLaw(uint8 inForce, uint8 level_, Entry memory set, uint40 until) private view {
        uint256 before = level_ == 1 ? set.until1 : level_ == 2 ? set.until2 : set.until3;
        if (
            !LawLib.breakerTightens(
                inForce, level_, before, until, block.timestamp, holdSecondsMax
            )
        ) revert LevelNotHigher(level_, inForce);
    }

    /// @dev The eighth last tightening must be older than the window: exact for any window.
    function _countTightening() private {
        uint256 times = _tightenings[msg.sender];
        uint256 oldest = times >> 224;
        uint256 nextAt = oldest + TIGHTENING_WINDOW_SECONDS;
        if (oldest != 0 && block.timestamp < nextAt) {
            revert TighteningsExceeded(block.timestamp, nextAt);
        }
        _tightenings[msg.sender] = (times << 32) | uint32(block.timestamp);
    }

    function _countHold(uint40 until) private {
        Hold storage held = _holds[msg.sender];
        (uint256 since, uint256 before) = (held.since, held.until);
        if (block.timestamp < before) {
            // The episode goes on: it may not outlast its limit, whatever is on top of it.
            if (until > since + holdSecondsMax) {
                revert HoldTooLong(until - since, holdSecondsMax);
            }
            if (until > before) held.until = until;
            return;
        }
        uint256 restUntil = before + (before - since);
        if (block.timestamp < restUntil) revert GuardianResting(block.timestamp, restUntil);
        _holds[msg.sender] = Hold(uint40(block.timestamp), until);
    }

    function _addGuardian(address guardian) private {
        if (guardian == address(0) || isGuardian[guardian] || guardiansCount == GUARDIANS_MAX) {
            revert GuardianInvalid(guardian, guardiansCount);
        }
        isGuardian[guardian] = true;
        ++guardiansCount;
        emit GuardianAdded(guardian);
    }

    function _levelOf(Entry memory set) private view returns (uint8) {
        if (block.timestamp < set.until3) return 3;
        if (block.timestamp < set.until2) return 2;
        return block.timestamp < set.until1 ? 1 : 0;
    }

    function _hash(Entry memory set) private pure returns (bytes32) {
        return keccak256(abi.encode(set));
    }
}
