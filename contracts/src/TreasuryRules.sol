// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {Delayed} from "./libraries/Delayed.sol";

/// @title What the treasury's committee may sign: the governor's limits and allowed calls.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | limit of a token, smaller in both | governor | at once |
/// | limit of a token, larger, or a new one | governor, then anyone | after the delay |
/// | allowed call | governor, then anyone | added after the delay, before expiry |
/// | allowed call | governor | removed at once |
/// | pending limit or call | governor | dropped at once, or replaced with a new delay |
///
/// A listed token stays listed: of it nothing but its transfer can ever be called.
abstract contract TreasuryRules {
    /// @notice Most tokens that can be listed; bounds what an instruction reads.
    uint256 public constant TOKENS_MAX = 16;
    /// @dev transfer(address,uint256).
    uint256 private constant TRANSFER_BYTES = 68;

    /// @notice The limits of a token came into force.
    event LimitChanged(address indexed token, uint128 small, uint128 day);

    /// @notice Limits of a token were proposed; anyone may apply them from `readyAt`.
    event LimitProposed(address indexed token, uint128 small, uint128 day, uint40 readyAt);

    /// @notice The pending limits of a token were dropped.
    event LimitCancelled(address indexed token);

    /// @notice A call may be signed from now on.
    event CallAllowed(address indexed target, bytes4 indexed selector);

    /// @notice A call was proposed; anyone may apply it from `readyAt`.
    event CallProposed(address indexed target, bytes4 indexed selector, uint40 readyAt);

    /// @notice A call, or one that was pending, may not be signed any more.
    event CallRemoved(address indexed target, bytes4 indexed selector);

    /// @notice A constructor argument is the zero address.
    error AddressZero();

    /// @notice The call is neither an allowed one nor a transfer of a listed token.
    error CallForbidden(address target, bytes4 selector);

    /// @notice A transfer that is not encoded as one.
    error TransferMalformed(address token, uint256 length);

    /// @notice The target has no code.
    error TargetInvalid(address found);

    /// @notice Too many tokens.
    error TokensExceeded(uint256 found, uint256 required);

    /// @notice Limits of a token, token units.
    /// @param small What may leave in 24 hours after the short delay.
    /// @param day What may leave in 24 hours at all.
    /// @param place 1 + its place in the list; zero when it is not listed.
    struct Limit {
        uint128 small;
        uint128 day;
        uint8 place;
    }

    struct PendingLimit {
        uint128 small;
        uint128 day;
        uint40 readyAt;
    }

    /// @notice Knows the governor.
    IGoverned public immutable governed;
    /// @notice Delay of all that is not small, and of whatever loosens, seconds.
    uint256 public immutable largeDelaySeconds;

    /// @notice Tokens with a limit.
    address[] public tokens;
    /// @notice Limits by token.
    mapping(address token => Limit) public limits;
    /// @notice Limits that wait.
    mapping(address token => PendingLimit) public pendingLimit;
    /// @notice Whether a call may be signed.
    mapping(address target => mapping(bytes4 selector => bool)) public isAllowed;
    /// @notice When a proposed call may be applied; zero when not proposed.
    mapping(address target => mapping(bytes4 selector => uint40)) public callReadyAt;

    constructor(IGoverned governed_, uint256 largeDelaySeconds_) {
        if (address(governed_) == address(0)) revert AddressZero();
        Delayed.checkDelay(largeDelaySeconds_);
        governed = governed_;
        largeDelaySeconds = largeDelaySeconds_;
    }

    modifier onlyGovernor() {
        address governor = governed.governor();
        if (msg.sender != governor) revert IGoverned.NotGovernor(msg.sender, governor);
        _;
    }

    /// @notice Tightens the limits of a token at once, or starts the delay of larger ones.
    /// @return applied Whether they are in force already; what was pending is then dropped.
    function proposeLimit(address token, uint128 small, uint128 day)
        external
        onlyGovernor
        returns (bool applied)
    {
        if (token.code.length == 0) revert TargetInvalid(token);
        Limit memory current = limits[token];
        if (current.place != 0 && small <= current.small && day <= current.day) {
            if (pendingLimit[token].readyAt != 0) _dropLimit(token);
            _setLimit(token, small, day);
            return true;
        }
        uint40 readyAt = Delayed.readyAfter(largeDelaySeconds);
        pendingLimit[token] = PendingLimit(small, day, readyAt);
        emit LimitProposed(token, small, day, readyAt);
    }

    /// @notice Puts the pending limits of a token in force; anyone may call.
    function applyLimit(address token) external {
        PendingLimit memory pending = pendingLimit[token];
        Delayed.checkReady(pending.readyAt);
        delete pendingLimit[token];
        _setLimit(token, pending.small, pending.day);
    }

    /// @notice Drops the pending limits of a token.
    function cancelLimit(address token) external onlyGovernor {
        Delayed.checkPending(pendingLimit[token].readyAt);
        _dropLimit(token);
    }

    /// @notice Starts the delay of a call that the committee may then sign.
    function proposeCall(address target, bytes4 selector) external onlyGovernor {
        if (target.code.length == 0) revert TargetInvalid(target);
        uint40 readyAt = Delayed.readyAfter(largeDelaySeconds);
        callReadyAt[target][selector] = readyAt;
        emit CallProposed(target, selector, readyAt);
    }

    /// @notice Allows a proposed call after its delay; anyone may call.
    function applyCall(address target, bytes4 selector) external {
        Delayed.checkReady(callReadyAt[target][selector]);
        delete callReadyAt[target][selector];
        isAllowed[target][selector] = true;
        emit CallAllowed(target, selector);
    }

    /// @notice Removes a call or a proposal of one at once.
    function removeCall(address target, bytes4 selector) external onlyGovernor {
        if (!isAllowed[target][selector]) Delayed.checkPending(callReadyAt[target][selector]);
        delete isAllowed[target][selector];
        delete callReadyAt[target][selector];
        emit CallRemoved(target, selector);
    }

    /// @dev Reverts unless the call may be made; whether it is a transfer of a listed token, and of
    /// how much.
    function _judge(address target, bytes calldata data)
        internal
        view
        returns (bool isTransfer, uint256 amount)
    {
        bytes4 selector = bytes4(data);
        if (limits[target].place == 0) {
            if (!isAllowed[target][selector] || data.length < 4) {
                revert CallForbidden(target, selector);
            }
            return (false, 0);
        }
        if (selector != IERC20.transfer.selector) revert CallForbidden(target, selector);
        if (data.length != TRANSFER_BYTES) revert TransferMalformed(target, data.length);
        (, amount) = abi.decode(data[4:], (address, uint256));
        return (true, amount);
    }

    function _setLimit(address token, uint128 small, uint128 day) private {
        uint8 place = limits[token].place;
        if (place == 0) {
            if (tokens.length == TOKENS_MAX) revert TokensExceeded(TOKENS_MAX + 1, TOKENS_MAX);
            tokens.push(token);
            place = uint8(tokens.length);
        }
        limits[token] = Limit(small, day, place);
        emit LimitChanged(token, small, day);
    }

    function _dropLimit(address token) private {
        delete pendingLimit[token];
        emit LimitCancelled(token);
    }
}
