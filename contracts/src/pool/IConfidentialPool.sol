// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Opening, PoolConfig, Snapshot} from "./PoolTypes.sol";

/// @title A pool whose members stand behind one omnibus account of a venue.
/// @notice Public: the omnibus account, the members (address and key), their deposits and payouts,
/// the epochs. Private to the operator and each member: its cash and positions.
/// Units: quote units are 10^-6 of the token; cash is quote Q32; sizes are lots; times are Unix
/// seconds; amounts of tokens are in the token's own units.
interface IConfidentialPool is IERC1271 {
    /// @notice A member joined; its number is the order of joining.
    event MemberJoined(uint32 indexed number, address indexed member, uint256 key);
    /// @notice `quote` came in for a member.
    event MemberDeposited(uint32 indexed number, address indexed from, uint256 quote);
    /// @notice `quote` of a member went to `to`; what the vault could not pay waits there as
    /// `queuedId` (0: nothing).
    event MemberPaid(
        uint32 indexed number, address indexed to, uint256 quote, uint256 nonce, uint64 queuedId
    );
    /// @notice The pool is wound up: nothing is signed any more.
    event Lapsed(uint40 time, uint32 number);
    /// @notice A member's part was established: `weightQ32` of `totalQ32`.
    event ExitProven(uint32 indexed number, uint256 weightQ32, uint256 totalQ32);
    /// @notice A member was paid a part of what the pool holds.
    event ExitPaid(uint32 indexed number, address indexed to, uint256 amount);

    /// @notice An address is zero, a period out of bounds, or the hash is not Poseidon.
    error ConfigWrong(uint256 field);
    /// @notice The caller is another than the operation needs.
    error CallerWrong(address found, address required);
    /// @notice The first member is the operator.
    error OperatorFirst(address found, address required);
    /// @notice The key is zero or not below the order of the field.
    error KeyWrong(uint256 found);
    /// @notice The address is a member already.
    error MemberKnown(address member, uint32 number);
    /// @notice There is no such member.
    error MemberUnknown(address member);
    /// @notice The operator did not sign the admission, or the member the payout.
    error SignatureWrong(address found, address required);
    /// @notice The signed payout is too old.
    error PayoutExpired(uint256 expiry, uint256 time);
    /// @notice The member's number was used already.
    error NonceUsed(address member, uint256 nonce);
    /// @notice The amount is no positive whole multiple of a quote unit.
    error AmountNotWhole(uint256 found, uint256 multiple);
    /// @notice The newest proven epoch is too old.
    error PoolStale(uint256 time, uint256 freshUntil);
    /// @notice The pool was wound up, or was not.
    error LapseWrong(uint40 lapsedTime);
    /// @notice The newest proof is not old enough.
    error LapseEarly(uint256 time, uint256 required);
    /// @notice A market is not listed, or twice in the list.
    error MarketWrong(uint8 market);
    /// @notice The snapshot is not that of the newest proven epoch.
    error SnapshotWrong(uint256 found, uint256 required);
    /// @notice The leaf is not in the chunk.
    error LeafWrong(uint256 found, uint256 required);
    /// @notice The member has shown its leaf already, or not yet.
    error ExitWrong(uint32 number, uint256 weightQ32);
    /// @notice There is nothing to pay or to ask for.
    error NothingOwed(uint32 number);

    /// @notice Joins under a key, with the operator's admission (EIP-712, `Admission(address
    /// member,uint256 key)`); the operator joins first and needs none.
    /// @param key H2(secret, address of the member).
    function join(uint256 key, bytes calldata admission) external returns (uint32 number);

    /// @notice Deposits `amount` from the caller, who has approved the pool, for a member.
    function deposit(address member, uint256 amount) external;

    /// @notice Pays a member out of the omnibus account; the operator, with the member's signature
    /// (EIP-712, `Payout(address member,uint256 amount,address to,uint256 nonce,uint40 expiry)`).
    /// Only while the pool is fresh.
    function payout(
        address member,
        uint256 amount,
        address to,
        uint256 nonce,
        uint40 expiry,
        bytes calldata signature,
        bytes calldata report
    ) external;

    /// @notice Winds the pool up once its newest proof is too old; anyone, for ever.
    function lapse() external;
    /// @notice Asks the venue's queue to close every position, and to pay all that is free to this
    /// contract; anyone, with the queue's fee for each request. May be repeated.
    function recall() external payable;
    /// @notice Takes what a frozen venue owes; anyone.
    function recallFrozen() external returns (uint256 paid);
    /// @notice Shows the caller's leaf of the newest proven epoch, which fixes its part. Of a
    /// member that joined later, or where no epoch was proven, the deposits count alone.
    function proveExit(Snapshot calldata snapshot, Opening calldata opening) external;
    /// @notice Pays a member its part of what has come in so far; anyone, again and again.
    function collect(address member) external returns (uint256 amount);

    /// @notice What the pool is made of.
    function config() external view returns (PoolConfig memory);
    /// @notice Where the pool's epochs are proven; made by the pool itself.
    function registry() external view returns (address);
    /// @notice Keys of `count` members from `first` on; 0 beyond the members of an epoch.
    function keysOf(uint256 first, uint256 count, uint256 members)
        external
        view
        returns (uint256[] memory);
    /// @notice Members, deposits and payouts, and their net sum in quote units, so far.
    function flows() external view returns (uint32 members, uint48 flow, int256 netQuote);
    /// @notice Market of each slot that is used, in order.
    function markets() external view returns (uint8[] memory);
    /// @notice The omnibus account.
    function account() external view returns (uint32);
    /// @notice Members so far.
    function memberCount() external view returns (uint32);
    /// @notice Address and key of a member.
    function memberAt(uint32 number) external view returns (address member, uint256 key);
    /// @notice Number of a member; reverts when it is none.
    function numberOf(address member) external view returns (uint32);
    /// @notice Second at which the pool was wound up; 0 while it runs.
    function lapsedTime() external view returns (uint40);
    /// @notice Part of a member that has shown its leaf and what it was paid.
    function exitOf(uint32 number) external view returns (uint256 weightQ32, uint256 paid);
}
