// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Guardians} from "./Guardians.sol";
import {LawLib} from "./generated/LawLib.sol";
import {IBreaker} from "./interfaces/IBreaker.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {ITightening} from "./interfaces/ITightening.sol";
import {Delayed} from "./libraries/Delayed.sol";
import {Resume} from "./libraries/Resume.sol";

/// @title Breaker: what is switched off for now.
/// @notice Guardians tighten and can do nothing else. Each level of a scope has its own expiry, so
/// that a short entry on top never ends a longer one below. Levels are those of `IBreaker`. A halt
/// (level 3) ends by `Resume`, whether it expires or is cleared.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | limits | nobody | fixed at deployment |
/// | entry of a scope | one guardian, unless they rest | level 1, for longer than it is set |
/// | entry of a scope | a quorum of them | any level not below the one in force, for longer |
/// | entry of the venue | anyone, while no guardian beats | level 1, for longer than it is set |
/// | barred accounts | a quorum of guardians | more accounts, or for longer |
/// | entry of a scope | nobody | lower or sooner than set, except by a matured clearing |
/// | entry of a scope | time | nothing, at its expiry; after a halt by the steps of `Resume` |
/// | pending clearing | governor | the entry as it stands now, or dropped |
/// | entry of a scope | anyone | cleared, after the delay, if unchanged since proposed |
/// | guardians | governor | see `Guardians` |
///
/// Assumes: no quorum of guardians is captured; the governor removes one that misbehaves.
/// Live: deposits, cancels, orders flagged reduce-only, forced requests and the exit are never
/// under the breaker, so that whatever guardians do moves nothing and keeps nobody in.
contract Breaker is Guardians, IBreaker, ITightening {
    /// @notice Highest level.
    uint8 public constant LEVEL_MAX = 3;
    /// @notice Scope of withdrawals.
    uint16 public constant WITHDRAWALS = 257;
    /// @notice Scope of the accounts that are barred.
    uint16 public constant ACCOUNTS = 258;
    /// @notice Most entries of one list.
    uint256 public constant ENTRIES_MAX = 32;
    /// @notice Most accounts that are barred by one vote.
    uint256 public constant ACCOUNTS_MAX = 64;
    /// @notice Most values of one evidence.
    uint256 public constant VALUES_MAX = 8;

    uint16 private constant VENUE = 0;
    uint8 private constant ALONE_LEVEL_MAX = 1;
    uint256 private constant CLEAR_DELAY_SECONDS_MIN = 15 minutes;

    /// @notice A clearing of a scope was proposed; anyone may apply it from `readyAt`.
    event ClearProposed(uint16 indexed scope, uint40 readyAt);

    /// @notice The pending clearing of a scope was dropped.
    event ClearCancelled(uint16 indexed scope);

    /// @notice The entry of a scope was cleared; of a halt its end is now.
    event Cleared(uint16 indexed scope);

    /// @notice There is no such scope.
    error ScopeInvalid(uint16 found, uint16 scopeMax);

    /// @notice There is no such level.
    error LevelInvalid(uint8 found, uint8 levelMax);

    /// @notice The scope is as tight already; guardians only tighten.
    error LevelNotHigher(uint8 found, uint8 inForce);

    /// @notice The scope was tightened after its clearing was proposed.
    error EntryChanged(uint16 scope);

    /// @dev One slot. Expiry of each level of a scope, and since when it was halted. Of the venue
    /// also until when any account is barred, and when a guardian last beat.
    struct Entry {
        uint40 until1;
        uint40 until2;
        uint40 until3;
        uint40 since3;
        uint40 barredUntil;
        uint40 beatTime;
    }

    struct PendingClear {
        bytes32 entry;
        uint40 readyAt;
    }

    /// @dev What is asked for. `accounts` is the hash of a list, in the scope of accounts.
    struct Wish {
        uint16 scope;
        uint8 level;
        uint256 holdSeconds;
        bytes32 accounts;
    }

    /// @notice Delay of a clearing, seconds.
    uint256 public immutable clearDelaySeconds;

    mapping(uint16 scope => Entry) private _entries;
    mapping(uint16 scope => PendingClear) private _pendingClears;
    /// @dev A clearing of the accounts begins another list.
    uint256 private _barredList;
    mapping(uint256 list => mapping(uint32 account => uint40 until)) private _barred;

    constructor(IGoverned governed_, address[] memory guardians_, Limits memory limits)
        Guardians(governed_, guardians_, limits)
    {
        if (limits.clearDelaySeconds < CLEAR_DELAY_SECONDS_MIN) {
            revert IGoverned.DelayOutOfBounds(limits.clearDelaySeconds, CLEAR_DELAY_SECONDS_MIN);
        }
        if (limits.clearDelaySeconds > Delayed.DELAY_SECONDS_MAX) {
            revert IGoverned.DelayOutOfBounds(limits.clearDelaySeconds, Delayed.DELAY_SECONDS_MAX);
        }
        clearDelaySeconds = limits.clearDelaySeconds;
        _entries[VENUE].beatTime = uint40(block.timestamp);
    }

    /// @inheritdoc IBreaker
    function level(uint16 scope) public view override returns (uint8 inForce) {
        // Withdrawals have a scope of their own: no other tightens them.
        if (scope < WITHDRAWALS) {
            inForce = _levelOf(_entries[VENUE]);
            if (scope == VENUE || inForce == LEVEL_MAX) return inForce;
        }
        uint8 own = _levelOf(_entries[scope]);
        if (own > inForce) inForce = own;
    }

    /// @inheritdoc IBreaker
    function standing(uint16 scope) external view override returns (uint8 inForce, bool barring) {
        return (level(scope), block.timestamp < _entries[VENUE].barredUntil);
    }

    /// @inheritdoc IBreaker
    function barred(uint32 account) external view override returns (bool) {
        return block.timestamp < _entries[VENUE].barredUntil
            && block.timestamp < _barred[_barredList][account];
    }

    /// @notice Expiry of each level of a scope by itself, Unix, and since when it is or last was
    /// halted; past or zero when not in force. Of the scope of accounts the last expiry of all.
    function entry(uint16 scope)
        external
        view
        returns (uint40 until1, uint40 until2, uint40 until3, uint40 since3)
    {
        Entry memory set = _entries[scope];
        if (scope == ACCOUNTS) return (_entries[VENUE].barredUntil, 0, 0, 0);
        return (set.until1, set.until2, set.until3, set.since3);
    }

    /// @notice When the pending clearing of a scope may be applied; zero when none.
    function clearReadyAt(uint16 scope) external view returns (uint40) {
        return _pendingClears[scope].readyAt;
    }

    /// @inheritdoc ITightening
    function quorum() external view override returns (uint256) {
        return _quorum();
    }

    /// @inheritdoc ITightening
    function silentAt() public view override returns (uint256) {
        return silenceSeconds == 0 ? 0 : _entries[VENUE].beatTime + silenceSeconds;
    }

    /// @inheritdoc ITightening
    function tighten(
        uint16 scope,
        uint8 level_,
        uint256 holdSeconds,
        Evidence calldata evidence
    ) external override onlyGuardian returns (bool inForce) {
        bytes memory refusal;
        (refusal, inForce) = _try(Wish(scope, level_, holdSeconds, 0), evidence);
        if (refusal.length != 0) LowLevelCall.bubbleRevert(refusal);
    }

    /// @inheritdoc ITightening
    function tightenMany(Tightening[] calldata entries)
        external
        override
        onlyGuardian
        returns (uint256 inForce)
    {
        if (entries.length > ENTRIES_MAX) revert EntriesTooMany(entries.length, ENTRIES_MAX);
        for (uint256 i; i < entries.length; ++i) {
            Tightening calldata one = entries[i];
            (bytes memory refusal, bool done) =
                _try(Wish(one.scope, one.level, one.holdSeconds, 0), one.evidence);
            if (done) inForce |= 1 << i;
            if (refusal.length != 0) emit Skipped(one.scope, msg.sender, one.level, refusal);
        }
    }

    /// @inheritdoc ITightening
    function bar(uint32[] calldata accounts, uint256 holdSeconds, Evidence calldata evidence)
        external
        override
        onlyGuardian
        returns (bool inForce)
    {
        uint256 count = accounts.length;
        if (count == 0 || count > ACCOUNTS_MAX) revert AccountsInvalid(0, count);
        for (uint256 i = 1; i < count; ++i) {
            if (accounts[i] <= accounts[i - 1]) revert AccountsInvalid(i, count);
        }
        Wish memory wish = Wish(ACCOUNTS, 1, holdSeconds, keccak256(abi.encode(accounts)));
        bytes memory refusal;
        (refusal, inForce) = _try(wish, evidence);
        if (refusal.length != 0) LowLevelCall.bubbleRevert(refusal);
        if (!inForce) return false;
        uint40 until = uint40(block.timestamp + holdSeconds);
        for (uint256 i; i < count; ++i) {
            mapping(uint32 => uint40) storage list = _barred[_barredList];
            if (list[accounts[i]] < until) list[accounts[i]] = until;
        }
        emit Barred(accounts, until);
    }

    /// @inheritdoc ITightening
    function beat() external override onlyGuardian {
        _entries[VENUE].beatTime = uint40(block.timestamp);
        emit Beaten(msg.sender);
    }

    /// @inheritdoc ITightening
    function deadMan() external override {
        uint256 time = silentAt();
        if (time == 0) revert DeadManOff();
        if (block.timestamp < time) revert NotSilent(block.timestamp, time);
        Wish memory wish = Wish(VENUE, 1, silenceSeconds, 0);
        bytes memory refusal = _refuses(SILENCE, wish, haltSecondsMax);
        if (refusal.length != 0) LowLevelCall.bubbleRevert(refusal);
        _set(SILENCE, wish);
    }

    /// @notice Starts the delay of clearing a scope as it stands; replaces a pending one.
    function proposeClear(uint16 scope) external onlyGovernor {
        uint40 readyAt = Delayed.readyAfter(clearDelaySeconds);
        _pendingClears[scope] = PendingClear(_hash(scope), readyAt);
        emit ClearProposed(scope, readyAt);
    }

    /// @notice Clears a scope that was not tightened since; anyone may call. A halt ends now, and
    /// what follows a halt follows.
    function applyClear(uint16 scope) external {
        PendingClear memory pending = _pendingClears[scope];
        Delayed.checkReady(pending.readyAt);
        if (pending.entry != _hash(scope)) revert EntryChanged(scope);
        delete _pendingClears[scope];
        Entry storage set = _entries[scope];
        (set.until1, set.until2) = (0, 0);
        if (block.timestamp < set.until3) {
            set.until3 = uint40(block.timestamp);
            emit Halted(scope, set.since3, set.until3);
        }
        if (scope == ACCOUNTS) {
            _entries[VENUE].barredUntil = 0;
            ++_barredList;
        }
        emit Cleared(scope);
    }

    /// @notice Drops the pending clearing of a scope.
    function cancelClear(uint16 scope) external onlyGovernor {
        Delayed.checkPending(_pendingClears[scope].readyAt);
        delete _pendingClears[scope];
        emit ClearCancelled(scope);
    }

    /// @dev Sets what one guardian may set alone, and else counts its vote: also while those alone
    /// rest, whoever of them used the time up. `refusal` is the error of what is wrong, and then
    /// nothing has changed.
    function _try(Wish memory wish, Evidence calldata evidence)
        private
        returns (bytes memory refusal, bool done)
    {
        bool alone = wish.level == ALONE_LEVEL_MAX && wish.holdSeconds <= holdSecondsMax
            && wish.scope != ACCOUNTS;
        uint256 values = evidence.values.length;
        if (values > VALUES_MAX || evidence.blockNumber > block.number) {
            refusal = abi.encodeWithSelector(
                EvidenceInvalid.selector, values, evidence.blockNumber
            );
        } else {
            if (alone) alone = _refuses(msg.sender, wish, holdSecondsMax).length == 0;
            if (!alone) refusal = _refuses(address(this), wish, haltSecondsMax);
        }
        if (refusal.length != 0) return (refusal, false);
        emit Evidenced(
            wish.scope, evidence.law, msg.sender, evidence.blockNumber, evidence.values
        );
        done = alone || _isVoted(wish);
        if (done) _set(alone ? msg.sender : address(this), wish);
    }

    /// @dev Counts the caller's vote for exactly this wish.
    function _isVoted(Wish memory wish) private returns (bool) {
        uint256 needed = _quorum();
        uint256 votes = _vote(keccak256(abi.encode(wish)), needed);
        emit Voted(
            wish.scope, msg.sender, wish.level, wish.holdSeconds, wish.accounts, votes, needed
        );
        return votes >= needed;
    }

    /// @dev Why a wish is not lawful now, as the error; empty when it is. Law L16.
    function _refuses(address actor, Wish memory wish, uint256 secondsMax)
        private
        view
        returns (bytes memory)
    {
        (uint16 scope, uint8 level_) = (wish.scope, wish.level);
        if (scope > WITHDRAWALS && wish.accounts == 0) {
            return abi.encodeWithSelector(ScopeInvalid.selector, scope, WITHDRAWALS);
        }
        if (level_ == 0 || level_ > LEVEL_MAX) {
            return abi.encodeWithSelector(LevelInvalid.selector, level_, LEVEL_MAX);
        }
        if (wish.holdSeconds == 0 || wish.holdSeconds > secondsMax) {
            return abi.encodeWithSelector(HoldTooLong.selector, wish.holdSeconds, secondsMax);
        }
        uint256 until = block.timestamp + wish.holdSeconds;
        uint8 inForce = level(scope);
        Entry memory set = _entries[scope];
        uint256 before = level_ == 1 ? set.until1 : level_ == 2 ? set.until2 : set.until3;
        if (
            !LawLib.breakerTightens(inForce, level_, before, until, block.timestamp, secondsMax)
        ) return abi.encodeWithSelector(LevelNotHigher.selector, level_, inForce);
        return _refusesHold(actor, until, secondsMax);
    }

    /// @dev Puts a lawful wish in force. A halt that begins before the grace of the last is over
    /// goes on from there: a short one on top would else end the grace of a long one.
    function _set(address actor, Wish memory wish) private {
        uint40 until = uint40(block.timestamp + wish.holdSeconds);
        _countHold(actor, until);
        Entry memory set = _entries[wish.scope];
        if (wish.scope == ACCOUNTS) {
            Entry storage venue = _entries[VENUE];
            if (venue.barredUntil < until) venue.barredUntil = until;
        } else if (wish.level == 1) {
            set.until1 = until;
        } else if (wish.level == 2) {
            set.until2 = until;
        } else {
            uint256 grace = Resume.afterHalt(set.since3, set.until3);
            if (block.timestamp >= set.until3 + grace) set.since3 = uint40(block.timestamp);
            set.until3 = until;
        }
        if (wish.scope != ACCOUNTS) {
            _entries[wish.scope] = set;
            // The one who called: the last voter, or nobody for the silence of all.
            address by = actor == SILENCE ? SILENCE : msg.sender;
            emit Tightened(wish.scope, by, wish.level, until);
            if (wish.level == LEVEL_MAX) emit Halted(wish.scope, set.since3, until);
        }
    }

    /// @dev From storage, which is one word: a copy of the entry costs several times what it tells.
    function _levelOf(Entry storage set) private view returns (uint8) {
        return
            Resume.levelOf(set.until1, set.until2, set.until3, set.since3, block.timestamp);
    }

    /// @dev What a clearing of a scope is proposed of.
    function _hash(uint16 scope) private view returns (bytes32) {
        Entry memory set = _entries[scope];
        if (scope == ACCOUNTS) return keccak256(abi.encode(_entries[VENUE].barredUntil));
        return keccak256(abi.encode(set.until1, set.until2, set.until3));
    }
}
