// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Chunk, Circuits, MarginClaim, Opening, PoolConfig, Snapshot} from "./PoolTypes.sol";

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
    /// @notice An epoch is to be proven; one that was not proven before is void.
    event EpochOpened(uint32 indexed number, uint256 id, Snapshot snapshot);
    /// @notice A chunk of the newest epoch was proven.
    event ChunkProven(uint32 indexed number, uint32 index, uint256 root, uint256 sums);
    /// @notice All chunks are proven: risk may grow until `freshUntil`.
    event EpochProven(uint32 indexed number, uint40 freshUntil);
    /// @notice Other circuits were proposed; they may be applied from `readyAt`.
    event CircuitsProposed(Circuits circuits, uint40 readyAt);
    /// @notice The proposal is void.
    event CircuitsCancelled();
    /// @notice These circuits are in force.
    event CircuitsApplied(Circuits circuits);
    /// @notice A verifier accepted a member's statement.
    event MarginVerified(
        address indexed verifier, address indexed requester, uint256 nullifier, uint32 number
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
    /// @notice A market of the pool is not listed, twice in the list, or the omnibus account holds
    /// another one.
    error MarketWrong(uint8 market);
    /// @notice A price of the pool's markets is too old.
    error PriceStale(uint8 market, uint256 ageSeconds, uint256 ageSecondsMax);
    /// @notice The snapshot is not that of the epoch.
    error SnapshotWrong(uint256 found, uint256 required);
    /// @notice The chunk is not the next one, or there is none.
    error ChunkWrong(uint32 found, uint32 required);
    /// @notice The proof does not prove the statement.
    error ProofWrong(uint256 r, uint256 s);
    /// @notice No such kind of statement, or a threshold where there is none.
    error ClaimWrong(uint8 kind, uint256 threshold);
    /// @notice The statement has expired.
    error ClaimExpired(uint256 expiry, uint256 time);
    /// @notice The verifier's nonce was answered already.
    error ChallengeAnswered(address verifier, uint256 challenge);
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

    /// @notice Takes the snapshot of a new epoch at fresh prices; the operator.
    /// @param report A newer price report, or empty.
    function openEpoch(bytes calldata report) external returns (uint32 number);

    /// @notice Proves the next chunk of the newest epoch; anyone with a proof.
    function submitChunk(Snapshot calldata snapshot, Chunk calldata chunk) external;

    /// @notice Checks a member's statement for the caller, who asked with a nonce of its own, and
    /// answers it once.
    function verifyMargin(Snapshot calldata snapshot, MarginClaim calldata claim) external;

    /// @notice As `verifyMargin` for any verifier, changing nothing; reverts when it is wrong.
    function checkMargin(
        address verifier,
        Snapshot calldata snapshot,
        MarginClaim calldata claim
    ) external view;

    /// @notice Proposes other circuits; the governor.
    function proposeCircuits(Circuits calldata circuits_) external;
    /// @notice Drops the proposal; the governor.
    function cancelCircuits() external;
    /// @notice Applies the proposal after its delay; anyone. What was proven stays proven.
    function applyCircuits() external;

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
    /// @notice Circuits in force.
    function circuits() external view returns (Circuits memory);
    /// @notice Circuits that wait and when they may be applied; 0: none.
    function pendingCircuits() external view returns (Circuits memory, uint40 readyAt);
    /// @notice Second until which risk may grow and payouts go; 0 before the first proof.
    function freshUntil() external view returns (uint40);
    /// @notice Second at which the pool was wound up; 0 while it runs.
    function lapsedTime() external view returns (uint40);
    /// @notice Id of the newest epoch, its number, chunks proven, the commitment so far, and the
    /// number of the newest epoch that is proven whole.
    function epochs()
        external
        view
        returns (uint256 id, uint32 number, uint32 chunks, uint256 sums, uint32 proven);
    /// @notice Id of an epoch that was proven whole; 0 otherwise.
    function provenId(uint32 number) external view returns (uint256);
    /// @notice Root of a proven chunk.
    function chunkRoot(uint32 number, uint32 chunk) external view returns (uint256);
    /// @notice Part of a member that has shown its leaf and what it was paid.
    function exitOf(uint32 number) external view returns (uint256 weightQ32, uint256 paid);
}
