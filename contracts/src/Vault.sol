// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IGuardians} from "./interfaces/IGuardians.sol";
import {ISolvency} from "./interfaces/ISolvency.sol";
import {IVault} from "./interfaces/IVault.sol";
import {Lines, LinesWord} from "./libraries/Lines.sol";
import {OutflowRing} from "./libraries/OutflowRing.sol";
import {VaultQueue} from "./VaultQueue.sol";
import {VaultWindows} from "./VaultWindows.sol";

/// @title Vault: the collateral, and the wall that holds when everything else fails.
/// @notice Owns the tokens. Pays only on the clearing house's word and only inside two outflow
/// windows, so that a fault in the clearing house costs at most one open window. What does not fit
/// waits in a queue that anyone releases.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | token, clearing house, guardians' book, budgets, rules | nobody | fixed at deployment |
/// | what is owed (liabilities and queued) | clearing house | up by what arrived |
/// | liabilities | clearing house | down by what was paid or queued, up by what was taken back |
/// | queued withdrawal | anyone | paid to its recipient, in order, as the windows reopen |
/// | queued withdrawal, large, in its delay | half the guardians and one | vetoed, for a time |
/// | queued withdrawal | owner by the clearing house | back to its account |
/// | vetoed or undelivered withdrawal | anyone by the clearing house | back to its account |
/// | gate | time and the clearing house's insolvency | closed for at most 3 days in 30 |
/// | outflow windows | clearing house, by paying | up; down only as time passes |
/// | trailing minimum | clearing house, by moving money | down at once, up after 24 hours |
///
/// Assumes: the token neither rebases nor charges the sender of a transfer.
/// Live: there is no owner, no pause and no way to replace a part. What exceeds a window waits.
contract Vault is VaultQueue, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;
    using OutflowRing for OutflowRing.Level;

    /// @notice A constructor argument is the zero address.
    error AddressZero();

    /// @notice The vault cannot pay itself.
    error RecipientInvalid(address found);

    /// @notice The amount is not a whole number of quote units.
    error AmountNotWhole(uint256 found, uint256 multiple);

    /// @notice More than everything that is owed was asked for.
    error LiabilitiesShort(uint256 requested, uint256 liabilities);

    /// @notice The token took another amount off the vault than was paid.
    error PaidWrong(uint256 found, uint256 required);

    /// @notice Nothing is released while an insolvency that no fund covers is unresolved.
    error GateClosed(uint256 time, uint256 until);

    /// @notice Too little gas to tell a transfer that fails from one that was starved.
    error GasShort(uint256 found, uint256 required);

    uint256 private constant QUOTE_DECIMALS = 6;
    uint256 private constant GATE_SECONDS = 3 days;
    uint256 private constant GATE_PERIOD_SECONDS = 30 days;
    /// @dev No transfer needs more. Below it one that fails may have been starved by its caller,
    /// who keeps a 64th: enough to note the failure once the transfer is dear.
    uint256 private constant TRANSFER_GAS_MIN = 2_000_000;

    /// @inheritdoc IVault
    address public immutable override token;
    /// @inheritdoc IVault
    uint256 public immutable override scale;
    /// @notice The only caller that may move money.
    address public immutable clearingHouse;

    /// @dev When the gate closed last, seconds; zero when never.
    uint256 private _gatedAt;

    constructor(
        address token_,
        address clearingHouse_,
        address guardians_,
        Windows memory windows,
        Rules memory rules
    ) VaultWindows(windows, rules) VaultQueue(IGuardians(guardians_)) {
        if (clearingHouse_ == address(0) || guardians_ == address(0)) revert AddressZero();
        token = token_;
        clearingHouse = clearingHouse_;
        uint256 decimals = IERC20Metadata(token_).decimals();
        scale = decimals > QUOTE_DECIMALS ? 10 ** (decimals - QUOTE_DECIMALS) : 1;
    }

    modifier onlyClearingHouse() {
        if (msg.sender != clearingHouse) revert NotClearingHouse(msg.sender, clearingHouse);
        _;
    }

    /// @inheritdoc IVault
    function take(address from, uint256 amount)
        external
        override
        onlyClearingHouse
        nonReentrant
        returns (uint256 received)
    {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amount);
        received = IERC20(token).balanceOf(address(this)) - before;
        OutflowRing.Level memory level = _ring.level.shift(block.timestamp);
        level.held = (level.held + received / scale).toUint64();
        _ring.level = level;
        emit Taken(from, received, (level.held - _lines.queued()) * scale);
    }

    /// @inheritdoc IVault
    function pay(address to, uint256 amount, uint32 account, uint256 uncovered)
        external
        override
        onlyClearingHouse
        nonReentrant
        returns (uint256 paid, uint64 id)
    {
        return _pay(to, amount, account, uncovered, false);
    }

    /// @inheritdoc IVault
    function payForced(address to, uint256 amount, uint32 account)
        external
        override
        onlyClearingHouse
        nonReentrant
        returns (uint256 paid, uint64 id)
    {
        return _pay(to, amount, account, 0, true);
    }

    /// @notice Pays up to `count` queued withdrawals, in parts where a window is too small for a
    /// whole one; anyone may call. Returns what was paid, token units.
    function release(uint256 count) external nonReentrant returns (uint256 paid) {
        uint256 uncovered = ISolvency(clearingHouse).uncovered();
        if (uncovered != 0 && _gated(uncovered)) {
            _closeGate(uncovered);
            return 0;
        }
        for (uint256 i = 0; i < count; ++i) {
            (bool more, uint256 quote) = _releaseNext();
            if (!more) break;
            paid += quote * scale;
        }
    }

    /// @inheritdoc IVault
    function takeBack(uint64 id)
        external
        override
        onlyClearingHouse
        nonReentrant
        returns (uint32 account, uint256 amount, bool open)
    {
        LinesWord word;
        (word, account, amount, open) = _remove(_lines, id);
        _lines = word;
        amount *= scale;
        emit Returned(id, account, amount);
    }

    /// @inheritdoc IVault
    function available() external view override returns (uint256 hour, uint256 day) {
        Room memory r = _roomNow();
        hour = r.hourUsed < r.hourBudget ? (r.hourBudget - r.hourUsed) * scale : 0;
        day = r.dayUsed < r.dayBudget ? (r.dayBudget - r.dayUsed) * scale : 0;
    }

    /// @inheritdoc IVault
    function room() external view override returns (uint256 common, uint256 reserved) {
        Room memory r = _roomNow();
        return (_common(r) * scale, _reserved(r) * scale);
    }

    /// @inheritdoc IVault
    function preview(uint32 account, uint256 amount, uint256 uncovered)
        external
        view
        override
        returns (uint256)
    {
        Plan memory plan = _plan(_roomNow(), account, amount / scale, uncovered, false);
        return (plan.common + plan.reserved) * scale;
    }

    /// @inheritdoc IVault
    function liabilities() external view override returns (uint256) {
        return (_ring.level.held - _lines.queued()) * scale;
    }

    /// @inheritdoc IVault
    function queued() external view override returns (uint256) {
        return _lines.queued() * scale;
    }

    /// @notice The least that the vault owed, what was queued included, over the last 24 hours or
    /// up to 12 hours longer, token units; the windows' budgets are shares of it.
    function trailingLow() external view returns (uint256) {
        return _ring.level.shift(block.timestamp).low() * scale;
    }

    /// @notice Until when an unresolved insolvency that began at the last gate keeps it closed;
    /// zero when it never closed. From then on it stays open for the rest of 30 days.
    function gateUntil() external view returns (uint256) {
        return _gatedAt == 0 ? 0 : _gatedAt + GATE_SECONDS;
    }

    function _pay(address to, uint256 amount, uint32 account, uint256 uncovered, bool forced)
        private
        returns (uint256 paid, uint64 id)
    {
        if (to == address(this)) revert RecipientInvalid(to);
        if (amount % scale != 0) revert AmountNotWhole(amount, scale);
        Till memory till = _load();
        Plan memory plan = _plan(_roomOf(till), account, amount / scale, uncovered, forced);
        LinesWord word = _lines;
        uint256 owed = till.level.held - word.queued();
        if (amount / scale > owed) revert LiabilitiesShort(amount, owed * scale);
        if (uncovered != 0 && plan.gated) _closeGate(uncovered);
        _countUse(account, plan.asked, plan.small);
        _count(till, plan.common, plan.reserved);
        _store(till);
        if (plan.rest != 0) {
            (word, id) = _enqueue(
                word,
                plan.line,
                Withdrawal(to, plan.readyAt, State.Waiting, account, plan.rest.toUint64(), 0)
            );
            _lines = word;
        }
        paid = (plan.common + plan.reserved) * scale;
        if (paid == 0) return (0, id);
        emit Paid(to, paid, (owed - amount / scale) * scale);
        _transfer(to, paid);
    }

    /// @dev What a withdrawal does: parts paid from either share, and the rest with its line.
    struct Plan {
        bool gated;
        uint256 common;
        uint256 reserved;
        /// What the account has asked for with this; zero when nobody may stop it.
        uint256 asked;
        /// What the account took of its part of the reserved share with this; zero when nothing.
        uint256 small;
        uint256 rest;
        uint256 line;
        uint40 readyAt;
    }

    function _plan(
        Room memory r,
        uint32 account,
        uint256 quote,
        uint256 uncovered,
        bool forced
    ) private view returns (Plan memory plan) {
        LinesWord word = _lines;
        plan.readyAt = uint40(block.timestamp);
        plan.line = Lines.ORDINARY;
        plan.rest = quote;
        plan.gated = _gated(uncovered);
        uint256 smallMax = _smallMax(r);
        uint256 taken = _taken(account);
        if (!forced) plan.asked = quote + _asked(account);
        if (_isLarge(r, _weight(plan.asked, quote, word.queued(), taken + quote > smallMax))) {
            plan.line = Lines.LARGE;
            plan.readyAt = uint40(block.timestamp + delaySeconds);
            return plan;
        }
        if (!plan.gated && !_anyReady(word)) plan.common = _min(quote, _common(r));
        plan.rest = quote - plan.common;
        if (plan.rest == 0 || taken + plan.rest > smallMax) return plan;
        plan.small = taken + plan.rest;
        plan.line = Lines.SMALL;
        if (plan.gated || !word.isEmpty(Lines.SMALL)) return plan;
        plan.reserved = _min(plan.rest, _reserved(r));
        plan.rest -= plan.reserved;
    }

    /// @dev What decides whether a withdrawal is large: what its account asked for, however many
    /// pieces it is in, or half of all that waits with it, whoever asks. What the reserved share is
    /// for counts for itself alone, and an exit that nobody may stop not at all.
    function _weight(uint256 asked, uint256 quote, uint256 waiting, bool isMore)
        private
        pure
        returns (uint256)
    {
        if (asked == 0) return 0;
        if (!isMore) return quote;
        uint256 half = (quote + waiting) / 2;
        return half > asked ? half : asked;
    }

    /// @dev Pays the next withdrawal as far as its share is open; false when nothing more fits.
    function _releaseNext() private returns (bool more, uint256 quote) {
        Till memory till = _load();
        Room memory r = _roomOf(till);
        LinesWord word = _lines;
        uint256 line = Lines.SMALL;
        uint256 open = word.isEmpty(Lines.SMALL) ? 0 : _reserved(r);
        bool isReserved = open != 0;
        if (!isReserved) {
            line = _nextLine(word);
            open = line == 3 ? 0 : _common(r);
        }
        if (open == 0) {
            _store(till);
            return (false, 0);
        }
        uint64 id = Lines.number(line, word.head(line));
        Withdrawal memory w = _withdrawals[id];
        if (w.state != State.Waiting) {
            _store(till);
            _lines = word.shrunk(line);
            return (true, 0);
        }
        quote = _min(w.quote, open);
        uint56 low0 = till.level.low0;
        _count(till, isReserved ? 0 : quote, isReserved ? quote : 0);
        _store(till);
        _settle(word, id, w, quote);
        if (_tryTransfer(w.to, quote * scale)) {
            emit Released(id, w.account, quote * scale, (w.quote - quote) * scale);
            return (true, quote);
        }
        _uncount(isReserved ? 0 : quote, isReserved ? quote : 0, low0);
        w.state = State.Undelivered;
        _withdrawals[id] = w;
        _lines = _skip(word, line, 1);
        emit Undeliverable(id, w.account, w.quote * scale);
        return (true, 0);
    }

    /// @dev Stores what is left of a withdrawal of which `quote` is paid.
    function _settle(LinesWord word, uint64 id, Withdrawal memory w, uint256 quote) private {
        uint256 line = Lines.lineOf(id);
        word = word.withQueued(word.queued() - quote);
        if (quote == w.quote) {
            delete _withdrawals[id];
            word = word.shrunk(line);
        } else {
            _withdrawals[id].quote = uint64(w.quote - quote);
        }
        _lines = word;
    }

    /// @dev Closed while an insolvency is uncovered, for 3 days from when it closed, and not again
    /// before 30 days after that: no insolvency, real or made, shuts the exit for longer.
    function _gated(uint256 uncovered) private view returns (bool) {
        if (uncovered == 0) return false;
        uint256 since = _gatedAt;
        return since == 0 || block.timestamp < since + GATE_SECONDS
            || block.timestamp >= since + GATE_PERIOD_SECONDS;
    }

    function _closeGate(uint256 uncovered) private {
        uint256 since = _gatedAt;
        if (since != 0 && block.timestamp < since + GATE_PERIOD_SECONDS) return;
        _gatedAt = block.timestamp;
        emit Gated(uint40(block.timestamp + GATE_SECONDS), uncovered);
    }

    function _transfer(address to, uint256 amount) private {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransfer(to, amount);
        uint256 left = before - IERC20(token).balanceOf(address(this));
        if (left != amount) revert PaidWrong(left, amount);
    }

    /// @dev False when the token refuses. A caller who gives too little gas cannot make it refuse.
    function _tryTransfer(address to, uint256 amount) private returns (bool ok) {
        uint256 before = IERC20(token).balanceOf(address(this));
        uint256 gas = gasleft();
        ok = IERC20(token).trySafeTransfer(to, amount);
        if (!ok && gas < TRANSFER_GAS_MIN) revert GasShort(gas, TRANSFER_GAS_MIN);
        uint256 left = before - IERC20(token).balanceOf(address(this));
        if (left != (ok ? amount : 0)) revert PaidWrong(left, amount);
    }

    function _scale() internal view override returns (uint256) {
        return scale;
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
