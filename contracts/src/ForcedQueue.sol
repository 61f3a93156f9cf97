// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {LawLib} from "./generated/LawLib.sol";
import {IExit} from "./interfaces/IExit.sol";
import {ForcedRequest, IForcedQueue} from "./interfaces/IForcedQueue.sol";

/// @title ForcedQueue: withdraw, close and cancel-all past the operator.
/// @notice A request is executed in its turn: by the sequencer until its deadline, by anyone after
/// it. One that waits for a price alone steps out of the line, and is executed whenever there is
/// one. Once the next one is overdue by more than the grace, or one that stepped out by more than
/// the longer term, anyone freezes the venue for ever.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | clearing house, deadline, grace, fee | nobody | fixed at deployment |
/// | a new request at the end, the chain's head | owner of the account | with the fee |
/// | the next request, or one aside | clearing house | gone, or a close of fewer lots |
/// | the next request | clearing house | aside, with its deadline |
/// | fees of a frozen venue's requests | anyone | back to the owners |
///
/// Assumes: the clearing house takes a request only once it is executed or found unlawful, and
/// sets one aside only for want of a price.
/// Live: no owner, no pause; nothing clears or lengthens the queue, and no parameter reaches it.
contract ForcedQueue is IForcedQueue {
    /// @dev Places of a request in the ring of those that are aside, by number.
    struct Link {
        uint64 before;
        uint64 next;
    }

    uint8 private constant WITHDRAW = 1;
    uint8 private constant CLOSE = 2;
    uint8 private constant CANCEL_ALL = 3;

    uint40 private constant TERM_SECONDS_MIN = 300;
    /// @dev Both terms together: no longer than the shortest delay of a loosening (`Delayed`), so
    /// that whoever dislikes one can be out before it is in force.
    uint40 private constant TERM_SECONDS_MAX = 12 hours;
    uint256 private constant FEE_WEI_MAX = 0.01 ether;
    /// @inheritdoc IForcedQueue
    uint40 public constant override asideSeconds = 3 days;

    /// @notice The venue that the requests are for.
    address public immutable clearingHouse;
    /// @inheritdoc IForcedQueue
    uint40 public immutable override deadlineSeconds;
    /// @inheritdoc IForcedQueue
    uint40 public immutable override graceSeconds;
    /// @inheritdoc IForcedQueue
    uint256 public immutable override feeWei;

    /// @dev Requests that were taken, and requests that were made.
    uint64 private _done;
    uint64 private _count;
    /// @inheritdoc IForcedQueue
    bytes32 public override chainHead;
    /// @dev Up to the last one taken those that are aside, from there on those that wait in line.
    mapping(uint64 number => ForcedRequest) private _requests;
    /// @dev Number 0 is where the ring closes: after it comes the oldest.
    mapping(uint64 number => Link) private _ring;
    /// @inheritdoc IForcedQueue
    mapping(address who => uint256 amountWei) public override owed;

    constructor(
        address clearingHouse_,
        uint40 deadlineSeconds_,
        uint40 graceSeconds_,
        uint256 feeWei_
    ) {
        if (clearingHouse_ == address(0)) revert AddressZero();
        _checkTerm(deadlineSeconds_);
        _checkTerm(graceSeconds_);
        if (feeWei_ > FEE_WEI_MAX) revert TermsOutOfBounds(feeWei_, FEE_WEI_MAX);
        clearingHouse = clearingHouse_;
        deadlineSeconds = deadlineSeconds_;
        graceSeconds = graceSeconds_;
        feeWei = feeWei_;
    }

    modifier onlyClearingHouse() {
        if (msg.sender != clearingHouse) revert NotClearingHouse(msg.sender, clearingHouse);
        _;
    }

    /// @inheritdoc IForcedQueue
    function requestWithdraw(uint32 account, uint88 amount, address to, uint64 nonce)
        external
        payable
        override
        returns (uint64)
    {
        if (amount == 0) revert AmountZero();
        if (to == address(0)) revert RecipientZero();
        ForcedRequest memory request;
        (request.kind, request.account, request.amount) = (WITHDRAW, account, amount);
        (request.to, request.nonce) = (to, nonce);
        return _append(request);
    }

    /// @inheritdoc IForcedQueue
    function requestClose(uint32 account, uint8 market, bool isLong, uint88 lots, uint32 limit)
        external
        payable
        override
        returns (uint64)
    {
        if (lots == 0) revert AmountZero();
        ForcedRequest memory request;
        (request.kind, request.account, request.amount) = (CLOSE, account, lots);
        (request.market, request.isLong, request.limit) = (market, isLong, limit);
        return _append(request);
    }

    /// @inheritdoc IForcedQueue
    function requestCancelAll(uint32 account) external payable override returns (uint64) {
        ForcedRequest memory request;
        (request.kind, request.account) = (CANCEL_ALL, account);
        return _append(request);
    }

    /// @inheritdoc IForcedQueue
    function take(uint64 number, address executor) external override onlyClearingHouse {
        if (_isAside(number)) {
            _unlink(number);
        } else {
            _checkTurn(number);
            _done = number;
        }
        delete _requests[number];
        owed[executor] += feeWei;
        emit ForcedTaken(number, executor);
    }

    /// @inheritdoc IForcedQueue
    function cut(uint64 number, uint88 left) external override onlyClearingHouse {
        if (!_isAside(number)) _checkTurn(number);
        uint88 before = _requests[number].amount;
        if (left == 0 || left >= before) revert CutWrong(left, before);
        _requests[number].amount = left;
        emit ForcedCut(number, left);
    }

    /// @inheritdoc IForcedQueue
    function setAside(uint64 number) external override onlyClearingHouse {
        _checkTurn(number);
        _done = number;
        uint64 last = _ring[0].before;
        _ring[number].before = last;
        _ring[last].next = number;
        _ring[0].before = number;
        emit ForcedSetAside(number);
    }

    /// @inheritdoc IForcedQueue
    function refund(uint64 number) external override {
        if (IExit(clearingHouse).frozenTime() == 0) revert VenueRuns(number);
        ForcedRequest memory request = _requests[number];
        if (request.kind == 0) revert FeesNone(msg.sender);
        if (_isAside(number)) _unlink(number);
        delete _requests[number];
        address owner = IExit(clearingHouse).ownerOf(request.account);
        owed[owner] += feeWei;
        emit ForcedRefunded(number, owner);
    }

    /// @inheritdoc IForcedQueue
    function collect(address payable to) external override returns (uint256 amountWei) {
        amountWei = owed[msg.sender];
        if (amountWei == 0) revert FeesNone(msg.sender);
        delete owed[msg.sender];
        emit FeesCollected(msg.sender, to, amountWei);
        Address.sendValue(to, amountWei);
    }

    /// @inheritdoc IForcedQueue
    function due(uint64 number, bool bySequencer)
        external
        view
        override
        returns (ForcedRequest memory request)
    {
        request = _requests[number];
        uint256 deadline = request.deadline;
        if (
            LawLib.forcedInTurn(
                number,
                _done,
                _count,
                deadline,
                block.timestamp,
                bySequencer,
                _isAside(number)
            )
        ) return request;
        _checkTurn(number);
        revert ForcedEarly(block.timestamp, deadline);
    }

    /// @inheritdoc IForcedQueue
    function requestOf(uint64 number) external view override returns (ForcedRequest memory) {
        return _requests[number];
    }

    /// @inheritdoc IForcedQueue
    function state()
        external
        view
        override
        returns (uint64 next, uint64 count, uint40 deadline)
    {
        next = _done + 1;
        return (next, _count, _requests[next].deadline);
    }

    /// @inheritdoc IForcedQueue
    function aside() external view override returns (uint64 number, uint40 deadline) {
        number = _ring[0].next;
        return (number, _requests[number].deadline);
    }

    /// @inheritdoc IForcedQueue
    function asideAfter(uint64 number) external view override returns (uint64) {
        return _ring[number].next;
    }

    function _append(ForcedRequest memory request) private returns (uint64 number) {
        address owner = IExit(clearingHouse).ownerOf(request.account);
        if (msg.sender != owner) revert NotOwner(msg.sender, owner);
        uint40 frozenTime = IExit(clearingHouse).frozenTime();
        if (frozenTime != 0) revert VenueFrozen(frozenTime);
        if (msg.value != feeWei) revert FeeWrong(msg.value, feeWei);
        request.time = uint40(block.timestamp);
        request.deadline = request.time + deadlineSeconds;
        number = _count + 1;
        _count = number;
        _requests[number] = request;
        bytes32 head = keccak256(abi.encode(chainHead, number, request));
        chainHead = head;
        emit ForcedRequested(number, request.account, request, head);
    }

    function _unlink(uint64 number) private {
        Link memory link = _ring[number];
        _ring[link.before].next = link.next;
        _ring[link.next].before = link.before;
        delete _ring[number];
    }

    function _isAside(uint64 number) private view returns (bool) {
        return number <= _done && _requests[number].kind != 0;
    }

    function _checkTurn(uint64 number) private view {
        uint64 next = _done + 1;
        if (number != next) revert ForcedOutOfTurn(number, next);
        if (number > _count) revert QueueEmpty(number, _count);
    }

    function _checkTerm(uint40 term) private pure {
        if (term < TERM_SECONDS_MIN) revert TermsOutOfBounds(term, TERM_SECONDS_MIN);
        if (term > TERM_SECONDS_MAX) revert TermsOutOfBounds(term, TERM_SECONDS_MAX);
    }
}
