// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGuardians} from "./interfaces/IGuardians.sol";
import {IVault} from "./interfaces/IVault.sol";
import {Arrays} from "./libraries/Arrays.sol";
import {Lines, LinesWord} from "./libraries/Lines.sol";
import {OutflowForecast} from "./libraries/OutflowForecast.sol";
import {VaultWindows} from "./VaultWindows.sol";

/// @title The queue of the vault: three lines, and the veto of large withdrawals.
/// @notice Owns: what waits, which guardians confirmed a veto, when an account was vetoed last.
/// The ordinary and the large line are one queue by `readyAt` (a large one is ready after its
/// delay); the small line is paid from the reserved share, and from the rest when nobody waits
/// there. A veto ends a withdrawal: a time-out gives the money back and never pays it out.
abstract contract VaultQueue is VaultWindows, IVault {
    /// @notice What became of a queued withdrawal.
    enum State {
        None,
        Waiting,
        Vetoed,
        Undelivered
    }

    /// @notice A queued withdrawal.
    /// @param to Recipient.
    /// @param readyAt From when it may be paid; also its place in the order, seconds.
    /// @param state What became of it.
    /// @param account Whose money it is.
    /// @param quote What is left of it, quote units.
    /// @param until End of a veto, seconds.
    struct Withdrawal {
        address to;
        uint40 readyAt;
        State state;
        uint32 account;
        uint64 quote;
        uint40 until;
    }

    /// @dev What an account took of the reserved share without a pause of 24 hours, or asked for
    /// altogether without a pause of an hour.
    struct Use {
        uint40 last;
        uint64 quote;
    }

    /// @notice There is no such withdrawal in the queue.
    error WithdrawalUnknown(uint64 found);

    /// @notice The caller is no guardian.
    error NotGuardian(address found);

    /// @notice Only a large withdrawal can be vetoed, and only before it may be paid.
    error VetoLate(uint64 id, uint256 time, uint256 timeMax);

    /// @notice The guardian confirmed this veto already.
    error VetoTwice(uint64 id, address guardian);

    /// @notice The account was vetoed lately and cannot be again before `restUntil`.
    error VetoResting(uint32 account, uint256 time, uint256 restUntil);

    /// @notice The veto still runs.
    error VetoRunning(uint64 id, uint256 time, uint256 until);

    uint256 private constant VETO_REST_SECONDS = 30 days;
    uint256 private constant SMALL_PERIOD_SECONDS = 24 hours;
    uint256 private constant ASKED_PERIOD_SECONDS = 1 hours;
    /// @dev Most dead places that one call steps over beyond what it was asked for.
    uint256 private constant SKIPS_MAX = 16;

    /// @notice Knows the guardians.
    IGuardians public immutable guardians;

    LinesWord internal _lines;
    mapping(uint64 id => Withdrawal) internal _withdrawals;
    mapping(uint32 account => Use) private _uses;
    mapping(uint32 account => Use) private _asks;
    mapping(uint64 id => address[]) private _confirmed;
    mapping(uint32 account => uint256 time) private _vetoedAt;

    constructor(IGuardians guardians_) {
        guardians = guardians_;
    }

    /// @notice Guardians confirm the veto of a large withdrawal while it waits; more than half of
    /// them stop it for `vetoSeconds`, after which anyone may have it returned to its account.
    /// An account is vetoed at most once in 30 days; what is stopped in one block is one veto.
    function veto(uint64 id) external {
        uint64[] memory ids = new uint64[](1);
        ids[0] = id;
        _veto(ids);
    }

    /// @notice The same of many. Of more than one, those that cannot be vetoed (any more) are left
    /// out, so that nobody holds up the rest by taking his own back.
    function vetoMany(uint64[] memory ids) external {
        _veto(ids);
    }

    /// @notice A queued withdrawal; `state` None when there is none (any more).
    function withdrawal(uint64 id) external view returns (Withdrawal memory) {
        return _withdrawals[id];
    }

    /// @notice Guardians that have confirmed a veto.
    function confirmations(uint64 id) external view returns (address[] memory) {
        return _confirmed[id];
    }

    /// @notice How many withdrawals wait before this one, and their sum in token units.
    function position(uint64 id) external view returns (uint256 ahead, uint256 amount) {
        if (_withdrawals[id].state != State.Waiting) revert WithdrawalUnknown(id);
        (uint256[] memory quotes,) = _until(id);
        ahead = quotes.length - 1;
        for (uint256 i = 0; i < ahead; ++i) amount += quotes[i];
        amount *= _scale();
    }

    /// @notice Earliest second at which the whole of a withdrawal can have been paid; zero when
    /// that is more than 14 days away. Exact when all before it and itself are released as
    /// soon as they fit and nothing else moves; every other payment makes it later. A gate (see
    /// `gateUntil`) is not counted.
    function earliest(uint64 id) external view returns (uint256) {
        if (_withdrawals[id].state != State.Waiting) revert WithdrawalUnknown(id);
        (uint256[] memory quotes, uint256[] memory readyAts) = _until(id);
        bool isSmall = Lines.lineOf(id) == Lines.SMALL;
        return OutflowForecast.completion(_forecast(isSmall), quotes, readyAts);
    }

    /// @notice Places of the lines: a line's waiting withdrawals are numbered
    /// `place << 2 | line` for places from head to tail - 1; lines: 0 small, 1 ordinary, 2 large.
    function lines() external view returns (uint256[3] memory heads, uint256[3] memory tails) {
        LinesWord word = _lines;
        for (uint256 line = 0; line < 3; ++line) {
            (heads[line], tails[line]) = (word.head(line), word.tail(line));
        }
    }

    function _scale() internal view virtual returns (uint256);

    /// @dev Puts a withdrawal at the end of a line. The caller stores the lines.
    function _enqueue(LinesWord word, uint256 line, Withdrawal memory w)
        internal
        returns (LinesWord, uint64 id)
    {
        id = Lines.number(line, word.tail(line));
        _withdrawals[id] = w;
        emit Queued(id, w.account, w.to, w.quote * _scale(), w.readyAt);
        return (word.grown(line).withQueued(word.queued() + w.quote), id);
    }

    /// @dev Takes a withdrawal out for its account. The caller stores the lines.
    function _remove(LinesWord word, uint64 id)
        internal
        returns (LinesWord, uint32 account, uint256 quote, bool open)
    {
        Withdrawal memory w = _withdrawals[id];
        if (w.state == State.None) revert WithdrawalUnknown(id);
        if (w.state == State.Vetoed && block.timestamp < w.until) {
            revert VetoRunning(id, block.timestamp, w.until);
        }
        delete _withdrawals[id];
        word = word.withQueued(word.queued() - w.quote);
        word = _skip(word, Lines.lineOf(id), SKIPS_MAX);
        return (word, w.account, w.quote, w.state != State.Waiting);
    }

    /// @dev Whether somebody waits whose turn comes before that of a new withdrawal.
    function _anyReady(LinesWord word) internal view returns (bool) {
        if (!word.isEmpty(Lines.ORDINARY)) return true;
        return !word.isEmpty(Lines.LARGE) && _readyAt(word, Lines.LARGE) <= block.timestamp;
    }

    /// @dev The line whose head is next to be paid from the common part; the small one when nobody
    /// else is ready, and 3 when nobody is at all.
    function _nextLine(LinesWord word) internal view returns (uint256) {
        bool ordinary = !word.isEmpty(Lines.ORDINARY);
        bool large = !word.isEmpty(Lines.LARGE) && _readyAt(word, Lines.LARGE) <= block.timestamp;
        if (ordinary && large) {
            bool first = _readyAt(word, Lines.ORDINARY) <= _readyAt(word, Lines.LARGE);
            return first ? Lines.ORDINARY : Lines.LARGE;
        }
        if (ordinary) return Lines.ORDINARY;
        if (large) return Lines.LARGE;
        return word.isEmpty(Lines.SMALL) ? 3 : Lines.SMALL;
    }

    /// @dev Steps over places at the head of a line that no longer wait.
    function _skip(LinesWord word, uint256 line, uint256 countMax)
        internal
        view
        returns (LinesWord)
    {
        for (uint256 i = 0; i < countMax && !word.isEmpty(line); ++i) {
            uint64 id = Lines.number(line, word.head(line));
            if (_withdrawals[id].state == State.Waiting) break;
            word = word.shrunk(line);
        }
        return word;
    }

    /// @dev What an account took of the reserved share: forgotten only after 24 hours without
    /// taking, so that it passes its own part of it in no 24 hours.
    function _taken(uint32 account) internal view returns (uint256) {
        return _recent(_uses[account], SMALL_PERIOD_SECONDS);
    }

    /// @dev What an account asked for: forgotten only after an hour without asking, so that a
    /// large sum in pieces is large.
    function _asked(uint32 account) internal view returns (uint256) {
        return _recent(_asks[account], ASKED_PERIOD_SECONDS);
    }

    /// @dev Stores both sums as they are with what is asked for now.
    function _countUse(uint32 account, uint256 asked, uint256 small) internal {
        if (asked != 0) _asks[account] = Use(uint40(block.timestamp), uint64(asked));
        if (small != 0) _uses[account] = Use(uint40(block.timestamp), uint64(small));
    }

    function _recent(Use storage use, uint256 period) private view returns (uint256) {
        return block.timestamp < use.last + period ? use.quote : 0;
    }

    function _veto(uint64[] memory ids) private {
        if (!guardians.isGuardian(msg.sender)) revert NotGuardian(msg.sender);
        uint256 required = guardians.guardiansCount() / 2 + 1;
        for (uint256 i = 0; i < ids.length; ++i) {
            uint64 id = ids[i];
            Withdrawal memory w = _withdrawals[id];
            bool isOpen = w.state == State.Waiting && Lines.lineOf(id) == Lines.LARGE
                && block.timestamp < w.readyAt;
            uint256 last = _vetoedAt[w.account];
            bool rests = last != 0 && block.timestamp > last
                && block.timestamp < last + VETO_REST_SECONDS;
            if (!isOpen || rests) {
                if (ids.length != 1) continue;
                if (!isOpen) revert VetoLate(id, block.timestamp, w.readyAt);
                revert VetoResting(w.account, block.timestamp, last + VETO_REST_SECONDS);
            }
            uint256 confirmed = _confirm(id);
            emit VetoConfirmed(id, msg.sender, confirmed, required);
            if (confirmed >= required) _stop(id, w.account);
        }
    }

    function _stop(uint64 id, uint32 account) private {
        uint40 until = uint40(block.timestamp + vetoSeconds);
        _withdrawals[id].state = State.Vetoed;
        _withdrawals[id].until = until;
        _vetoedAt[account] = block.timestamp;
        _lines = _skip(_lines, Lines.LARGE, SKIPS_MAX);
        emit Vetoed(id, account, until);
    }

    function _confirm(uint64 id) private returns (uint256 confirmed) {
        address[] storage list = _confirmed[id];
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] == msg.sender) revert VetoTwice(id, msg.sender);
            // One that was removed meanwhile counts no more.
            if (guardians.isGuardian(list[i])) ++confirmed;
        }
        list.push(msg.sender);
        return confirmed + 1;
    }

    function _readyAt(LinesWord word, uint256 line) private view returns (uint256) {
        return _withdrawals[Lines.number(line, word.head(line))].readyAt;
    }

    /// @dev What waits before a withdrawal and itself, in the order of payment.
    function _until(uint64 id)
        private
        view
        returns (uint256[] memory quotes, uint256[] memory readyAts)
    {
        LinesWord word = _lines;
        uint256 line = Lines.lineOf(id);
        uint256 other = line == Lines.SMALL ? line : Lines.ORDINARY + Lines.LARGE - line;
        uint256 size = Lines.placeOf(id) - word.head(line) + 1;
        if (other != line) size += word.tail(other) - word.head(other);
        (quotes, readyAts) = (new uint256[](size), new uint256[](size));
        uint256 count = 0;
        uint256 peer = other == line ? word.tail(line) : word.head(other);
        for (uint256 place = word.head(line); place <= Lines.placeOf(id); ++place) {
            Withdrawal memory w = _withdrawals[Lines.number(line, place)];
            if (w.state != State.Waiting) continue;
            for (; peer < word.tail(other); ++peer) {
                Withdrawal memory x = _withdrawals[Lines.number(other, peer)];
                if (x.state != State.Waiting) continue;
                bool before = line == Lines.LARGE ? x.readyAt <= w.readyAt : x.readyAt < w.readyAt;
                if (!before) break;
                (quotes[count], readyAts[count]) = (x.quote, x.readyAt);
                ++count;
            }
            (quotes[count], readyAts[count]) = (w.quote, w.readyAt);
            ++count;
        }
        Arrays.cut(quotes, count);
        Arrays.cut(readyAts, count);
    }
}
