// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoverned} from "./interfaces/IGoverned.sol";
import {IGuardians} from "./interfaces/IGuardians.sol";
import {Delayed} from "./libraries/Delayed.sol";

/// @title Guardians: who they are, what they vote for, and how long an actor may hold things.
/// @notice An actor is a guardian alone, the quorum of them, or the silence of all. Guardians who
/// act alone share one hold, so that fewer than a quorum gain nothing by turns. Guardians alone,
/// the quorum and silence hold anything for a bounded time on end, then rest. An actor tightens at
/// most `TIGHTENINGS_MAX` times in any 24 hours; silence, whose entries are short, as often as it
/// lasts.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | guardian | governor | removed at once |
/// | guardian | governor, then anyone | added after the delay, before expiry |
/// | vote | a guardian | its own, for ten minutes; spent by the entry that it brings into force |
abstract contract Guardians is IGuardians {
    /// @notice Tightenings that one actor has in any 24 hours.
    uint256 public constant TIGHTENINGS_MAX = 8;
    /// @notice Most guardians at one time; bounds what all of them could hold in turn.
    uint256 public constant GUARDIANS_MAX = 16;
    /// @notice How long a vote counts, seconds.
    uint256 public constant VOTE_SECONDS = 10 minutes;

    /// @dev The silence of all guardians.
    address internal constant SILENCE = address(0);
    /// @dev All guardians who act alone, as the one who holds.
    address private constant ALONE = address(1);

    uint256 private constant TIGHTENING_WINDOW_SECONDS = 1 days;
    uint256 private constant QUORUM_MIN = 2;
    uint256 private constant HALT_SECONDS_MAX = 1 days;
    uint256 private constant SILENCE_SECONDS_MIN = 1 minutes;

    /// @notice Limits of the breaker, fixed at deployment.
    /// @param holdSecondsMax Longest time that guardians alone, together, hold anything on end.
    /// @param clearDelaySeconds Delay of a clearing by the governor, at least 15 minutes.
    /// @param guardianDelaySeconds Delay of a new guardian, at least a day.
    /// @param haltSecondsMax Longest time that the quorum, or the silence of all guardians, holds
    /// anything on end: not below `holdSecondsMax`, at most a day.
    /// @param quorumMin Fewest votes of a quorum, at least 2.
    /// @param silenceSeconds Time without a beat after which anyone may tighten the venue a little;
    /// at least a minute and at most `haltSecondsMax`; 0 for never.
    struct Limits {
        uint256 holdSecondsMax;
        uint256 clearDelaySeconds;
        uint256 guardianDelaySeconds;
        uint256 haltSecondsMax;
        uint256 quorumMin;
        uint256 silenceSeconds;
    }

    /// @notice A guardian was proposed; anyone may apply it from `readyAt`.
    event GuardianProposed(address indexed guardian, uint40 readyAt);

    /// @notice A guardian may tighten from now on.
    event GuardianAdded(address indexed guardian);

    /// @notice A guardian, or one that was pending, may not tighten any more.
    event GuardianRemoved(address indexed guardian);

    /// @notice The caller is no guardian.
    error NotGuardian(address found);

    /// @notice Guardian exists already, is zero, or one too many.
    error GuardianInvalid(address found, uint256 guardiansCount);

    /// @notice The fewest votes are below two or more than there can be guardians.
    error QuorumInvalid(uint256 found, uint256 quorumMin);

    /// @notice The entry would last no time, or longer than this actor may hold on end.
    error HoldTooLong(uint256 found, uint256 secondsMax);

    /// @notice The actor held something and rests until `restUntil`.
    error GuardianResting(uint256 time, uint256 restUntil);

    /// @notice The actor has used its tightenings of 24 hours.
    error TighteningsExceeded(uint256 time, uint256 nextAt);

    /// @dev An episode of tightenings without a gap, over all scopes and all guardians alone: they
    /// could else hold a market for ever by the venue's scope and its own, or by turns.
    struct Hold {
        uint40 since;
        uint40 until;
    }

    /// @notice Knows the governor.
    IGoverned public immutable governed;
    /// @notice Delay of a new guardian, seconds.
    uint256 public immutable guardianDelaySeconds;
    /// @notice Longest time that guardians alone, all together, hold anything on end, seconds.
    uint256 public immutable holdSecondsMax;
    /// @notice Longest time that the quorum or the silence of all holds anything on end, seconds.
    uint256 public immutable haltSecondsMax;
    /// @notice Fewest votes of a quorum.
    uint256 public immutable quorumMin;
    /// @notice Time without a beat after which anyone may tighten, seconds; 0 for never.
    uint256 public immutable silenceSeconds;

    /// @notice Whether an address may tighten.
    mapping(address guardian => bool) public override isGuardian;
    /// @notice When a proposed guardian may be added; zero when not proposed.
    mapping(address guardian => uint40 readyAt) public guardianReadyAt;

    address[] private _guardians;
    mapping(bytes32 entry => mapping(address guardian => uint40 time)) private _votes;
    mapping(address holder => Hold) private _holds;
    /// @dev The last eight tightenings of an actor, 32 bits each, the oldest on top.
    mapping(address actor => uint256 times) private _tightenings;

    constructor(IGoverned governed_, address[] memory guardians_, Limits memory limits) {
        if (limits.haltSecondsMax == 0 || limits.haltSecondsMax > HALT_SECONDS_MAX) {
            revert HoldTooLong(limits.haltSecondsMax, HALT_SECONDS_MAX);
        }
        if (limits.holdSecondsMax == 0 || limits.holdSecondsMax > limits.haltSecondsMax) {
            revert HoldTooLong(limits.holdSecondsMax, limits.haltSecondsMax);
        }
        if (limits.silenceSeconds != 0 && limits.silenceSeconds < SILENCE_SECONDS_MIN) {
            revert IGoverned.DelayOutOfBounds(limits.silenceSeconds, SILENCE_SECONDS_MIN);
        }
        if (limits.silenceSeconds > limits.haltSecondsMax) {
            revert IGoverned.DelayOutOfBounds(limits.silenceSeconds, limits.haltSecondsMax);
        }
        Delayed.checkDelay(limits.guardianDelaySeconds);
        if (limits.quorumMin < QUORUM_MIN || limits.quorumMin > GUARDIANS_MAX) {
            revert QuorumInvalid(limits.quorumMin, QUORUM_MIN);
        }
        governed = governed_;
        holdSecondsMax = limits.holdSecondsMax;
        haltSecondsMax = limits.haltSecondsMax;
        guardianDelaySeconds = limits.guardianDelaySeconds;
        quorumMin = limits.quorumMin;
        silenceSeconds = limits.silenceSeconds;
        for (uint256 i; i < guardians_.length; ++i) {
            _addGuardian(guardians_[i]);
        }
    }

    modifier onlyGovernor() {
        address governor = governed.governor();
        if (msg.sender != governor) revert IGoverned.NotGovernor(msg.sender, governor);
        _;
    }

    modifier onlyGuardian() {
        if (!isGuardian[msg.sender]) revert NotGuardian(msg.sender);
        _;
    }

    /// @inheritdoc IGuardians
    function guardiansCount() public view override returns (uint256) {
        return _guardians.length;
    }

    /// @notice The guardians now.
    function guardians() external view returns (address[] memory) {
        return _guardians;
    }

    /// @dev More than half of the guardians of the moment, and never fewer than the fewest.
    function _quorum() internal view returns (uint256 votes) {
        votes = _guardians.length / 2 + 1;
        if (votes < quorumMin) votes = quorumMin;
    }

    /// @notice Episode in which an actor holds or last held something; zeros when never. The
    /// quorum is the breaker's own address, the silence of all guardians is zero, and every other
    /// address stands for all guardians alone.
    function hold(address actor) external view returns (uint40 since, uint40 until) {
        Hold memory held = _holds[_holderOf(actor)];
        return (held.since, held.until);
    }

    /// @notice Starts the delay of another guardian.
    function proposeGuardian(address guardian) external onlyGovernor {
        if (guardian == address(0) || isGuardian[guardian]) {
            revert GuardianInvalid(guardian, _guardians.length);
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
            uint256 last = _guardians.length - 1;
            for (uint256 i; i < last; ++i) {
                if (_guardians[i] == guardian) _guardians[i] = _guardians[last];
            }
            _guardians.pop();
        } else {
            Delayed.checkPending(guardianReadyAt[guardian]);
            delete guardianReadyAt[guardian];
        }
        emit GuardianRemoved(guardian);
    }

    /// @dev Records the caller's vote and counts those of the guardians of now. Enough of them are
    /// spent: whoever wants the same again votes again.
    function _vote(bytes32 entry, uint256 needed) internal returns (uint256 votes) {
        _votes[entry][msg.sender] = uint40(block.timestamp);
        for (uint256 i; i < _guardians.length; ++i) {
            uint256 time = _votes[entry][_guardians[i]];
            if (time != 0 && block.timestamp < time + VOTE_SECONDS) ++votes;
        }
        if (votes < needed) return votes;
        for (uint256 i; i < _guardians.length; ++i) {
            delete _votes[entry][_guardians[i]];
        }
    }

    /// @dev Why an actor may not hold something until `until`, as the error; empty when it may.
    function _refusesHold(address actor, uint256 until, uint256 secondsMax)
        internal
        view
        returns (bytes memory)
    {
        // The eighth last tightening must be older than the window: exact for any window.
        uint256 oldest = _tightenings[actor] >> 224;
        uint256 nextAt = oldest + TIGHTENING_WINDOW_SECONDS;
        if (actor != SILENCE && oldest != 0 && block.timestamp < nextAt) {
            return
                abi.encodeWithSelector(TighteningsExceeded.selector, block.timestamp, nextAt);
        }
        Hold memory held = _holds[_holderOf(actor)];
        (uint256 since, uint256 before) = (held.since, held.until);
        if (block.timestamp < before) {
            // The episode goes on: it may not outlast its limit, whatever is on top of it.
            if (until <= since + secondsMax) return "";
            return abi.encodeWithSelector(HoldTooLong.selector, until - since, secondsMax);
        }
        // What a quorum halts stays without liquidation for a grace longer: it rests twice.
        uint256 rest = (before - since) * (actor == address(this) ? 2 : 1);
        if (block.timestamp >= before + rest) return "";
        return abi.encodeWithSelector(GuardianResting.selector, block.timestamp, before + rest);
    }

    /// @dev Counts a tightening of an actor. Assumes: `_refusesHold` was empty.
    function _countHold(address actor, uint256 until) internal {
        _tightenings[actor] = (_tightenings[actor] << 32) | uint32(block.timestamp);
        Hold storage held = _holds[_holderOf(actor)];
        if (block.timestamp >= held.until) {
            (held.since, held.until) = (uint40(block.timestamp), uint40(until));
        } else if (until > held.until) {
            held.until = uint40(until);
        }
    }

    /// @dev Whose hold an actor's tightening belongs to.
    function _holderOf(address actor) private view returns (address) {
        return actor == SILENCE || actor == address(this) ? actor : ALONE;
    }

    function _addGuardian(address guardian) private {
        uint256 count = _guardians.length;
        if (guardian == address(0) || isGuardian[guardian] || count == GUARDIANS_MAX) {
            revert GuardianInvalid(guardian, count);
        }
        isGuardian[guardian] = true;
        _guardians.push(guardian);
        emit GuardianAdded(guardian);
    }
}
