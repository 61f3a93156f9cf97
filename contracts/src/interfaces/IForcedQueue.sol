// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What an owner asked for past the operator.
/// @param kind 1 withdraw, 2 close, 3 cancel all.
/// @param account Account id; only its owner may ask.
/// @param market Close: market id.
/// @param isLong Close: whether a long position is to be closed.
/// @param limit Close: worst price, ticks; the lowest for a long, the highest for a short.
/// @param time Second at which it was asked for.
/// @param deadline Second after which anyone may execute it.
/// @param amount Withdraw: quote units, the largest value for all that is free. Close: lots, the
/// largest value for the whole position.
/// @param to Withdraw: who is paid.
/// @param nonce Withdraw: number that no withdrawal of the account, forced or not, has used.
struct ForcedRequest {
    uint8 kind;
    uint32 account;
    uint8 market;
    bool isLong;
    uint32 limit;
    uint40 time;
    uint40 deadline;
    uint88 amount;
    address to;
    uint64 nonce;
}

/// @title The queue of requests that the operator cannot refuse.
/// @notice First in, first out, but for those that wait for a price aside. Requests are numbered
/// from 1; every one extends a hash chain, so that the history is committed:
/// head' = keccak256(abi.encode(head, number, request)).
interface IForcedQueue {
    /// @notice An owner queued a request; `head` is the chain's after it.
    event ForcedRequested(
        uint64 indexed number, uint32 indexed account, ForcedRequest request, bytes32 head
    );
    /// @notice A request left the queue; its fee belongs to `executor` from now on.
    event ForcedTaken(uint64 indexed number, address indexed executor);
    /// @notice A close was carried out in part; `left` lots of it remain due.
    event ForcedCut(uint64 indexed number, uint88 left);
    /// @notice A request stepped out of the line, for want of a price; the next one has its turn.
    event ForcedSetAside(uint64 indexed number);
    /// @notice The fee of a request that a freeze made void belongs to the owner again.
    event ForcedRefunded(uint64 indexed number, address indexed owner);
    /// @notice Fees were paid out.
    event FeesCollected(address indexed from, address indexed to, uint256 amountWei);

    /// @notice A constructor argument is the zero address.
    error AddressZero();
    /// @notice The deadline, the grace or the fee is outside its hard bounds.
    error TermsOutOfBounds(uint256 found, uint256 required);
    /// @notice The caller is not the clearing house.
    error NotClearingHouse(address found, address required);
    /// @notice Only the owner of an account asks for it; session keys do not.
    error NotOwner(address found, address required);
    /// @notice The fee has to be paid exactly.
    error FeeWrong(uint256 foundWei, uint256 requiredWei);
    /// @notice Nothing is asked for.
    error AmountZero();
    /// @notice The zero address cannot be paid.
    error RecipientZero();
    /// @notice The request is not the next one.
    error ForcedOutOfTurn(uint64 found, uint64 required);
    /// @notice No request is waiting.
    error QueueEmpty(uint64 found, uint64 count);
    /// @notice Before its deadline only the sequencer executes a request.
    error ForcedEarly(uint256 time, uint256 deadline);
    /// @notice What remains of a close must be less than before, and not nothing.
    error CutWrong(uint88 found, uint88 before);
    /// @notice The venue is frozen: requests are void, and `exit` is open.
    error VenueFrozen(uint40 frozenTime);
    /// @notice The venue runs: fees go to who executes.
    error VenueRuns(uint64 number);
    /// @notice There is nothing to collect or refund.
    error FeesNone(address found);

    /// @notice Queues a withdrawal of `amount` quote units to `to`; the owner, with the fee.
    function requestWithdraw(uint32 account, uint88 amount, address to, uint64 nonce)
        external
        payable
        returns (uint64 number);

    /// @notice Queues the closing of `lots` of a position; the owner, with the fee.
    function requestClose(uint32 account, uint8 market, bool isLong, uint88 lots, uint32 limit)
        external
        payable
        returns (uint64 number);

    /// @notice Queues the cancelling of every order signed so far; the owner, with the fee.
    function requestCancelAll(uint32 account) external payable returns (uint64 number);

    /// @notice Takes the request out of the queue and gives its fee to `executor`.
    /// @dev Only the clearing house; only the next request or one that is aside.
    function take(uint64 number, address executor) external;

    /// @notice Leaves `left` lots of a request that could be taken, a close.
    /// @dev Only the clearing house.
    function cut(uint64 number, uint88 left) external;

    /// @notice Lets the next request step out of the line. It keeps its deadline and fee, and
    /// anyone executes it from now on.
    /// @dev Only the clearing house.
    function setAside(uint64 number) external;

    /// @notice Gives the fee of a request that a freeze made void back to the owner; anyone.
    function refund(uint64 number) external;

    /// @notice Pays what the caller has earned, or been refunded, to `to`.
    function collect(address payable to) external returns (uint256 amountWei);

    /// @notice The next request, or one that is aside, if it may be executed now.
    /// @param bySequencer Whether the sequencer asks; it may before the deadline.
    function due(uint64 number, bool bySequencer) external view returns (ForcedRequest memory);

    /// @notice A request that waits; all zero when there is none of this number.
    function requestOf(uint64 number) external view returns (ForcedRequest memory);

    /// @notice Number of the next request to be executed, how many were made in all, and when the
    /// next is due (0 when none waits).
    function state() external view returns (uint64 next, uint64 count, uint40 deadline);

    /// @notice The oldest request that is aside and its deadline; 0 when none is.
    function aside() external view returns (uint64 number, uint40 deadline);

    /// @notice The request that was set aside next after one that still is; 0 after the last, and
    /// the oldest after 0.
    function asideAfter(uint64 number) external view returns (uint64);

    /// @notice Head of the chain of requests.
    function chainHead() external view returns (bytes32);

    /// @notice Wei that an address may collect.
    function owed(address who) external view returns (uint256);

    /// @notice Time from a request to its deadline, seconds.
    function deadlineSeconds() external view returns (uint40);

    /// @notice Time from a missed deadline until anyone may freeze the venue, seconds.
    function graceSeconds() external view returns (uint40);

    /// @notice Time from deadline and grace until anyone may freeze the venue for a request that is
    /// aside, seconds.
    function asideSeconds() external view returns (uint40);

    /// @notice Fee of a request, wei.
    function feeWei() external view returns (uint256);
}
