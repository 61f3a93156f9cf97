// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {LawLib} from "./generated/LawLib.sol";
import {IVault} from "./interfaces/IVault.sol";
import {OutflowRing} from "./libraries/OutflowRing.sol";

/// @title Vault: the collateral, and the wall that holds when everything else fails.
/// @notice Owns the tokens. Pays only on the clearing house's word and only inside two outflow
/// windows, so that a fault in the clearing house costs at most one open window.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | token, clearing house, budgets | nobody | fixed at deployment |
/// | liabilities | clearing house | up by what arrived, down by what was paid |
/// | outflow windows | clearing house, by paying | up; down only as time passes |
/// | trailing minimum | clearing house, by moving money | down at once, up after 24 hours |
///
/// Assumes: the token neither rebases nor charges the sender of a transfer.
/// Live: there is no owner, no pause and no way to replace a part. What exceeds a window waits.
contract Vault is IVault {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;
    using OutflowRing for OutflowRing.State;
    using OutflowRing for OutflowRing.Level;

    /// @notice The two outflow windows, fixed at deployment.
    /// @param hourFloorQuote Budget of 60 minutes however little is held, quote units.
    /// @param dayFloorQuote Budget of 24 hours however little is held, quote units.
    /// @param hourPpm Budget of 60 minutes, parts per million of the trailing minimum.
    /// @param dayPpm Budget of 24 hours, parts per million of the trailing minimum.
    struct Windows {
        uint256 hourFloorQuote;
        uint256 dayFloorQuote;
        uint256 hourPpm;
        uint256 dayPpm;
    }

    /// @notice A constructor argument is the zero address.
    error AddressZero();

    /// @notice The shares of the windows are out of order or above one.
    error WindowsInvalid(uint256 hourPpm, uint256 dayPpm);

    /// @notice The floors are zero or out of order: a fresh vault would pay nothing.
    error FloorsInvalid(uint256 hourFloorQuote, uint256 dayFloorQuote);

    /// @notice The vault cannot pay itself.
    error RecipientInvalid(address found);

    /// @notice The amount is not a whole number of quote units.
    error AmountNotWhole(uint256 found, uint256 multiple);

    /// @notice More than everything that is owed was asked for.
    error LiabilitiesShort(uint256 requested, uint256 liabilities);

    /// @notice The token took another amount off the vault than was paid.
    error PaidWrong(uint256 found, uint256 required);

    uint256 private constant PPM = 1_000_000;
    uint256 private constant QUOTE_DECIMALS = 6;

    /// @inheritdoc IVault
    address public immutable override token;
    /// @inheritdoc IVault
    uint256 public immutable override scale;
    /// @notice The only caller that may move money.
    address public immutable clearingHouse;

    /// @notice Budget of 60 minutes however little is held, quote units.
    uint256 public immutable hourFloorQuote;
    /// @notice Budget of 24 hours however little is held, quote units.
    uint256 public immutable dayFloorQuote;
    /// @notice Budget of 60 minutes, parts per million of the trailing minimum.
    uint256 public immutable hourPpm;
    /// @notice Budget of 24 hours, parts per million of the trailing minimum.
    uint256 public immutable dayPpm;

    OutflowRing.State private _ring;

    constructor(address token_, address clearingHouse_, Windows memory windows) {
        if (clearingHouse_ == address(0)) revert AddressZero();
        if (windows.hourPpm > windows.dayPpm || windows.dayPpm > PPM) {
            revert WindowsInvalid(windows.hourPpm, windows.dayPpm);
        }
        if (windows.hourFloorQuote == 0 || windows.hourFloorQuote > windows.dayFloorQuote) {
            revert FloorsInvalid(windows.hourFloorQuote, windows.dayFloorQuote);
        }
        token = token_;
        clearingHouse = clearingHouse_;
        uint256 decimals = IERC20Metadata(token_).decimals();
        scale = decimals > QUOTE_DECIMALS ? 10 ** (decimals - QUOTE_DECIMALS) : 1;
        hourFloorQuote = windows.hourFloorQuote;
        dayFloorQuote = windows.dayFloorQuote;
        hourPpm = windows.hourPpm;
        dayPpm = windows.dayPpm;
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
        returns (uint256 received)
    {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amount);
        received = IERC20(token).balanceOf(address(this)) - before;
        OutflowRing.Level memory level = _ring.level.shift(block.timestamp);
        level.held = (level.held + received / scale).toUint64();
        _ring.level = level;
        emit Taken(from, received, level.held * scale);
    }

    /// @inheritdoc IVault
    function pay(address to, uint256 amount) external override onlyClearingHouse {
        if (to == address(this)) revert RecipientInvalid(to);
        if (amount % scale != 0) revert AmountNotWhole(amount, scale);
        emit Paid(to, amount, _debit(amount / scale) * scale);
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransfer(to, amount);
        uint256 paid = before - IERC20(token).balanceOf(address(this));
        if (paid != amount) revert PaidWrong(paid, amount);
    }

    /// @inheritdoc IVault
    function available() external view override returns (uint256 hour, uint256 day) {
        OutflowRing.Level memory level = _ring.level.shift(block.timestamp);
        (uint256 hourBudget, uint256 dayBudget) = _budgets(level.low());
        (uint256 hourUsed, uint256 dayUsed) = _ring.used(block.timestamp);
        hour = _open(hourBudget, hourUsed) * scale;
        day = _open(dayBudget, dayUsed) * scale;
    }

    /// @inheritdoc IVault
    function liabilities() external view override returns (uint256) {
        return _ring.level.held * scale;
    }

    /// @notice The least that the vault owed over the last 24 hours or up to 12 hours longer,
    /// token units; the windows' budgets are shares of it.
    function trailingLow() external view returns (uint256) {
        return _ring.level.shift(block.timestamp).low() * scale;
    }

    /// @dev Holds law L14 on both windows, then counts `quote` in both.
    function _debit(uint256 quote) private returns (uint256 held) {
        OutflowRing.Level memory level = _ring.level.shift(block.timestamp);
        held = level.held;
        if (quote > held) revert LiabilitiesShort(quote * scale, held * scale);
        (uint256 hourBudget, uint256 dayBudget) = _budgets(level.low());
        OutflowRing.Flow memory flow = _ring.roll(block.timestamp);
        uint256 hourUsed = uint256(flow.hourPast) + flow.hourNow;
        uint256 dayUsed = uint256(flow.dayPast) + flow.dayNow;
        if (!LawLib.outflowWithin(quote, hourUsed, hourBudget, dayUsed, dayBudget)) {
            uint256 open = _min(_open(hourBudget, hourUsed), _open(dayBudget, dayUsed));
            revert OutflowExceeded(quote * scale, open * scale);
        }
        flow.hourNow += uint56(quote);
        flow.dayNow += uint56(quote);
        held -= quote;
        level.held = uint64(held);
        if (held < level.low0) level.low0 = uint56(held);
        _ring.flow = flow;
        _ring.level = level;
    }

    function _budgets(uint256 low) private view returns (uint256 hour, uint256 day) {
        hour = _budget(hourFloorQuote, hourPpm, low);
        day = _budget(dayFloorQuote, dayPpm, low);
    }

    function _budget(uint256 floor, uint256 ppm, uint256 low) private pure returns (uint256) {
        uint256 share = low * ppm / PPM;
        return OutflowRing.clip(share > floor ? share : floor);
    }

    function _open(uint256 budget, uint256 used) private pure returns (uint256) {
        return used < budget ? budget - used : 0;
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
