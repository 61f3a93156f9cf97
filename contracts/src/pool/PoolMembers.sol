// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SignatureChecker} from
    "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {IConfidentialPool} from "./IConfidentialPool.sol";
import {PoolBase} from "./PoolBase.sol";
import {PoolStatements} from "./PoolStatements.sol";

/// @title Members, what they put in and what they took out.
/// @notice Owns: the list of members with their keys, and the history of each one's flows.
/// Assumes: the venue's token moves what it is told to move.
abstract contract PoolMembers is PoolBase {
    using Checkpoints for Checkpoints.Trace208;
    using SafeERC20 for IERC20;

    bytes32 private constant ADMISSION_TYPEHASH =
        keccak256("Admission(address member,uint256 key)");
    bytes32 private constant PAYOUT_TYPEHASH = keccak256(
        "Payout(address member,uint256 amount,address to,uint256 nonce,uint40 expiry)"
    );
    /// @dev What a member put in less what it took out is stored above this.
    uint208 private constant ZERO = 1 << 127;

    address[] private _members;
    mapping(uint256 number => uint256) internal _keys;
    /// @dev One more than the number of a member.
    mapping(address member => uint256) private _places;
    /// @dev Net flow of a member after the flow of a number, quote units above `ZERO`.
    mapping(uint256 number => Checkpoints.Trace208) private _flows;
    /// @dev Flows so far.
    uint48 private _flow;
    int256 internal _netQuote;
    mapping(address member => mapping(uint256 nonce => bool)) private _used;

    /// @inheritdoc IConfidentialPool
    function join(uint256 key, bytes calldata admission)
        external
        override
        onlyRunning
        returns (uint32 number)
    {
        if (key == 0 || key >= PoolStatements.FIELD) revert KeyWrong(key);
        uint256 place = _places[msg.sender];
        if (place != 0) revert MemberKnown(msg.sender, uint32(place - 1));
        number = uint32(_members.length);
        if (number == 0) {
            if (msg.sender != OPERATOR) revert OperatorFirst(msg.sender, OPERATOR);
        } else {
            bytes32 text = keccak256(abi.encode(ADMISSION_TYPEHASH, msg.sender, key));
            _checkSigned(OPERATOR, text, admission);
        }
        _members.push(msg.sender);
        _places[msg.sender] = uint256(number) + 1;
        _keys[number] = key;
        emit MemberJoined(number, msg.sender, key);
    }

    /// @inheritdoc IConfidentialPool
    function deposit(address member, uint256 amount)
        external
        override
        nonReentrant
        onlyRunning
    {
        uint256 quote = _quote(amount);
        uint32 number = numberOf(member);
        _move(number, int256(quote));
        emit MemberDeposited(number, msg.sender, quote);
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        TOKEN.forceApprove(VAULT, amount);
        HOUSE.deposit(address(TOKEN), ACCOUNT, amount);
    }

    /// @inheritdoc IConfidentialPool
    function payout(
        address member,
        uint256 amount,
        address to,
        uint256 nonce,
        uint40 expiry,
        bytes calldata signature,
        bytes calldata report
    ) external override nonReentrant onlyOperator onlyRunning {
        uint40 fresh = REGISTRY.freshUntil();
        if (block.timestamp > fresh) revert PoolStale(block.timestamp, fresh);
        if (block.timestamp > expiry) revert PayoutExpired(expiry, block.timestamp);
        if (_used[member][nonce]) revert NonceUsed(member, nonce);
        _checkSigned(
            member,
            keccak256(abi.encode(PAYOUT_TYPEHASH, member, amount, to, nonce, expiry)),
            signature
        );
        _used[member][nonce] = true;
        uint256 quote = _quote(amount);
        uint32 number = numberOf(member);
        _move(number, -int256(quote));
        (, uint64 queuedId) = HOUSE.withdraw(ACCOUNT, amount, to, report);
        emit MemberPaid(number, to, quote, nonce, queuedId);
    }

    /// @inheritdoc IConfidentialPool
    function keysOf(uint256 first, uint256 count, uint256 members)
        external
        view
        override
        returns (uint256[] memory keys)
    {
        keys = new uint256[](count);
        for (uint256 i = 0; i < count && first + i < members; ++i) keys[i] = _keys[first + i];
    }

    /// @inheritdoc IConfidentialPool
    function flows() external view override returns (uint32, uint48, int256) {
        return (uint32(_members.length), _flow, _netQuote);
    }

    /// @inheritdoc IConfidentialPool
    function memberCount() external view override returns (uint32) {
        return uint32(_members.length);
    }

    /// @inheritdoc IConfidentialPool
    function memberAt(uint32 number) external view override returns (address, uint256) {
        return (_members[number], _keys[number]);
    }

    /// @inheritdoc IConfidentialPool
    function numberOf(address member) public view override returns (uint32) {
        uint256 place = _places[member];
        if (place == 0) revert MemberUnknown(member);
        return uint32(place - 1);
    }

    /// @dev What a member put in less what it took out after the flow of a number, quote units.
    function _netSince(uint256 number, uint48 flow) internal view returns (int256) {
        uint208 before = _flows[number].upperLookup(flow);
        uint208 now_ = _flows[number].latest();
        return int256(uint256(now_)) - int256(uint256(before == 0 && now_ != 0 ? ZERO : before));
    }

    function _move(uint256 number, int256 quote) private {
        uint208 before = _flows[number].latest();
        int256 after_ = int256(uint256(before == 0 ? ZERO : before)) + quote;
        _flow += 1;
        _netQuote += quote;
        _flows[number].push(_flow, uint208(uint256(after_)));
    }

    function _checkSigned(address signer, bytes32 text, bytes calldata signature) private view {
        bytes32 digest = _hashTypedDataV4(text);
        if (SignatureChecker.isValidSignatureNow(signer, digest, signature)) return;
        revert SignatureWrong(address(0), signer);
    }
}
