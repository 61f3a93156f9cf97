// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ICommittees} from "./interfaces/ICommittees.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {IGuardians} from "./interfaces/IGuardians.sol";
import {DayRing} from "./libraries/DayRing.sol";
import {Delayed} from "./libraries/Delayed.sol";
import {GroupKey, GroupSignature, Schnorr} from "./libraries/Schnorr.sol";
import {TreasuryRules} from "./TreasuryRules.sol";

/// @title Treasury: holds what the venue earned, and pays by one group signature.
/// @notice An instruction is a list of calls. A call is a transfer of a listed token, or one whose
/// target and selector the governor has allowed; nothing else can be signed, and nothing can be
/// approved or delegated. It waits by size, can be vetoed while it waits, dies when the
/// committee's key changes, and fits the token's limit of 24 hours when it is carried out.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | registry, delays | nobody | fixed at deployment |
/// | scheduled instruction | a quorum of the treasury's key, brought by anyone | the next number |
/// | scheduled instruction | governor, one guardian | dropped at once |
/// | scheduled instruction | time, the committee's next key, a revocation | dead |
/// | tokens and what targets hold | anyone | as scheduled, after its delay, before its expiry |
/// | limits and allowed calls | see `TreasuryRules` | tighter at once, looser after the delay |
///
/// Assumes: an allowed call does what its name says; it is given no tokens but by transfers.
/// A thief of the whole key whom nobody watches takes the small budgets after the short delay, and
/// the limit of each day after the long one; one guardian who watches stops both.
/// Live: no veto outlasts the guardian, whom the governor removes at once.
contract Treasury is TreasuryRules, EIP712, ReentrancyGuardTransient {
    using DayRing for DayRing.Ring;
    using SafeERC20 for IERC20;

    bytes32 private constant INSTRUCTION_TYPEHASH = keccak256(
        "Instruction(uint64 nonce,uint40 expiry,address[] targets,bytes[] data)"
    );
    uint8 private constant COMMITTEE = 1;

    /// @notice An instruction was signed; anyone may carry it out from `readyAt`.
    event Scheduled(uint64 indexed nonce, address[] targets, bytes[] data, uint40 readyAt);

    /// @notice An instruction was dropped by the governor or a guardian.
    event Vetoed(uint64 indexed nonce, address indexed by);

    /// @notice An instruction was carried out.
    event Executed(uint64 indexed nonce);

    /// @notice Instructions come in order, each once.
    error NonceWrong(uint64 found, uint64 required);

    /// @notice The instruction was not brought in time.
    error InstructionExpired(uint256 time, uint256 expiry);

    /// @notice There is no call, or not one datum for each target.
    error InstructionMalformed(uint256 targets, uint256 data);

    /// @notice The committee did not sign this instruction with the key in force.
    error InstructionUnsigned(uint64 nonce);

    /// @notice These are not the calls that were scheduled.
    error CallsWrong(uint64 nonce);

    /// @notice The key that signed is no longer in force.
    error GenerationOver(uint32 found, uint32 required);

    /// @notice The token's limit of 24 hours does not leave as much.
    error DayExceeded(address token, uint256 amount, uint256 left);

    /// @notice A listed token left by another way than its transfers.
    error OutflowWrong(address token, uint256 found, uint256 required);

    /// @notice The caller is neither governor nor guardian.
    error NotGuardian(address found);

    /// @notice A signed instruction that waits.
    /// @param calls Hash of its targets and data; zero when nothing waits.
    struct Waiting {
        bytes32 calls;
        uint40 readyAt;
        uint32 generation;
    }

    /// @notice Knows the treasury's key.
    ICommittees public immutable committees;
    /// @notice Knows the guardians.
    IGuardians public immutable guardians;
    /// @notice Delay of what fits the small budget, seconds.
    uint256 public immutable smallDelaySeconds;

    /// @notice Number of the next instruction.
    uint64 public nextNonce;
    /// @notice Instructions that wait.
    mapping(uint64 nonce => Waiting) public waiting;
    mapping(address token => DayRing.Ring) private _paid;
    mapping(address token => DayRing.Ring) private _small;

    constructor(
        ICommittees committees_,
        IGoverned governed_,
        IGuardians guardians_,
        uint256 smallDelaySeconds_,
        uint256 largeDelaySeconds_
    ) TreasuryRules(governed_, largeDelaySeconds_) EIP712("Holdfast Treasury", "1") {
        if (address(committees_) == address(0) || address(guardians_) == address(0)) {
            revert AddressZero();
        }
        if (smallDelaySeconds_ < 1 hours) {
            revert IGoverned.DelayOutOfBounds(smallDelaySeconds_, 1 hours);
        }
        if (smallDelaySeconds_ > largeDelaySeconds_) {
            revert IGoverned.DelayOutOfBounds(smallDelaySeconds_, largeDelaySeconds_);
        }
        committees = committees_;
        guardians = guardians_;
        smallDelaySeconds = smallDelaySeconds_;
    }

    /// @notice What the committee signs.
    function digest(
        uint64 nonce,
        uint40 expiry,
        address[] calldata targets,
        bytes[] calldata data
    ) public view returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](data.length);
        for (uint256 i; i < data.length; ++i) hashes[i] = keccak256(data[i]);
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    INSTRUCTION_TYPEHASH,
                    nonce,
                    expiry,
                    keccak256(abi.encodePacked(targets)),
                    keccak256(abi.encodePacked(hashes))
                )
            )
        );
    }

    /// @notice What left of a token in the last 24 hours, and how much of the small budget is used.
    function usedInDay(address token) external view returns (uint256 paid, uint256 small) {
        return (_paid[token].sum(), _small[token].sum());
    }

    /// @notice Starts the delay of a signed instruction; anyone may bring it.
    function schedule(
        uint64 nonce,
        uint40 expiry,
        address[] calldata targets,
        bytes[] calldata data,
        GroupSignature calldata signature
    ) external {
        if (nonce != nextNonce) revert NonceWrong(nonce, nextNonce);
        if (block.timestamp > expiry) revert InstructionExpired(block.timestamp, expiry);
        if (targets.length == 0 || targets.length != data.length) {
            revert InstructionMalformed(targets.length, data.length);
        }
        (GroupKey memory key, uint32 generation) = committees.key(COMMITTEE);
        if (!Schnorr.isSigned(key, digest(nonce, expiry, targets, data), signature)) {
            revert InstructionUnsigned(nonce);
        }
        nextNonce = nonce + 1;
        uint256 delay = _isSmall(targets, data) ? smallDelaySeconds : largeDelaySeconds;
        uint40 readyAt = Delayed.readyAfter(delay);
        waiting[nonce] = Waiting(keccak256(abi.encode(targets, data)), readyAt, generation);
        emit Scheduled(nonce, targets, data, readyAt);
    }

    /// @notice Carries an instruction out, all of it or nothing; anyone may call.
    function execute(uint64 nonce, address[] calldata targets, bytes[] calldata data)
        external
        nonReentrant
    {
        Waiting memory item = waiting[nonce];
        Delayed.checkReady(item.readyAt);
        if (item.calls != keccak256(abi.encode(targets, data))) revert CallsWrong(nonce);
        (, uint32 generation) = committees.key(COMMITTEE);
        if (item.generation != generation) revert GenerationOver(item.generation, generation);
        delete waiting[nonce];
        uint256[] memory left = _count(targets, data);
        emit Executed(nonce);
        for (uint256 i; i < targets.length; ++i) _call(targets[i], data[i]);
        _checkLeft(left);
    }

    /// @notice Drops an instruction that waits; governor or any guardian.
    function veto(uint64 nonce) external {
        if (msg.sender != governed.governor() && !guardians.isGuardian(msg.sender)) {
            revert NotGuardian(msg.sender);
        }
        Delayed.checkPending(waiting[nonce].readyAt);
        delete waiting[nonce];
        emit Vetoed(nonce, msg.sender);
    }

    /// @dev Whether all calls are transfers that fit their tokens' small budgets of this day. What
    /// fits uses them up, also as a part of a large instruction: a large payment in small parts
    /// is large.
    function _isSmall(address[] calldata targets, bytes[] calldata data)
        private
        returns (bool small)
    {
        small = true;
        for (uint256 i; i < targets.length; ++i) {
            (bool isTransfer, uint256 amount) = _judge(targets[i], data[i]);
            DayRing.Ring storage ring = _small[targets[i]];
            if (!isTransfer || ring.sum() + amount > limits[targets[i]].small) small = false;
            else ring.add(amount);
        }
    }

    /// @dev Judges every call again, counts its transfer, and says what must be left of each token.
    function _count(address[] calldata targets, bytes[] calldata data)
        private
        returns (uint256[] memory left)
    {
        left = new uint256[](tokens.length);
        for (uint256 t; t < left.length; ++t) {
            left[t] = IERC20(tokens[t]).balanceOf(address(this));
        }
        for (uint256 i; i < targets.length; ++i) {
            address token = targets[i];
            (bool isTransfer, uint256 amount) = _judge(token, data[i]);
            if (!isTransfer) continue;
            uint256 used = _paid[token].sum();
            uint256 max = limits[token].day;
            uint256 open = max > used ? max - used : 0;
            if (amount > open) revert DayExceeded(token, amount, open);
            _paid[token].add(amount);
            uint256 place = limits[token].place - 1;
            if (left[place] < amount) revert OutflowWrong(token, amount, left[place]);
            left[place] -= amount;
        }
    }

    function _checkLeft(uint256[] memory left) private view {
        for (uint256 t; t < left.length; ++t) {
            uint256 found = IERC20(tokens[t]).balanceOf(address(this));
            if (found < left[t]) revert OutflowWrong(tokens[t], found, left[t]);
        }
    }

    /// @dev Without value; a failure is the instruction's own.
    function _call(address target, bytes calldata data) private {
        if (limits[target].place == 0) {
            Address.functionCall(target, data);
            return;
        }
        (address to, uint256 amount) = abi.decode(data[4:], (address, uint256));
        IERC20(target).safeTransfer(to, amount);
    }
}
