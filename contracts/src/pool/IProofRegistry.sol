// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Chunk, Circuits, MarginClaim, Snapshot} from "./PoolTypes.sol";

/// @title Where a pool's epochs are proven, and its members' margins.
/// @notice Whatever a settlement relies on is part of the statement that is proven: see
/// `PoolStatements`.
interface IProofRegistry {
    /// @notice An epoch is to be proven; one that was not proven before is void.
    event EpochOpened(uint32 indexed number, uint256 id, Snapshot snapshot);
    /// @notice A chunk of the newest epoch was proven; its root is that of these leaves.
    event ChunkProven(
        uint32 indexed number, uint32 index, uint256 root, uint256 sums, uint256[] leaves
    );
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

    /// @notice The caller is another than the operation needs.
    error CallerWrong(address found, address required);
    /// @notice A pool without members has nothing to prove.
    error MembersNone();
    /// @notice The size of a chunk is no power of two in bounds, or a verifier does not answer.
    error CircuitsWrong(uint256 field);
    /// @notice The newest proven epoch is too old.
    error PoolStale(uint256 time, uint256 freshUntil);
    /// @notice The pool was wound up.
    error LapseWrong(uint40 lapsedTime);
    /// @notice A market of the pool is none of the pool's: the omnibus account holds it.
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

    /// @notice The pool.
    function pool() external view returns (address);
    /// @notice Circuits in force.
    function circuits() external view returns (Circuits memory);
    /// @notice Circuits that wait and when they may be applied; 0: none.
    function pendingCircuits() external view returns (Circuits memory, uint40 readyAt);
    /// @notice Second until which risk may grow and payouts go; 0 before the first proof.
    function freshUntil() external view returns (uint40);
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
    /// @notice Newest epoch that is proven whole, and the second of its snapshot; zeros: none.
    function provenLast() external view returns (uint32 number, uint40 time);
}
