// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IVenue} from "../interfaces/IVenue.sol";
import {Delayed} from "../libraries/Delayed.sol";
import {MarketParams, Position} from "../Types.sol";
import {IConfidentialPool} from "./IConfidentialPool.sol";
import {IGroth16} from "./IGroth16.sol";
import {IHouseParts} from "./IHouseParts.sol";
import {IPoseidon} from "./IPoseidon.sol";
import {IProofRegistry} from "./IProofRegistry.sol";
import {PoolStatements} from "./PoolStatements.sol";
import {Chunk, Circuits, MarginClaim, PoolConfig, Snapshot} from "./PoolTypes.sol";

/// @title Epochs and their proofs, and the circuits that prove them.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | newest epoch | operator | a snapshot of the venue as it is |
/// | proofs, freshness | anyone with a proof | as the snapshot's time says |
/// | circuits | governor, after the delay | another pair, which the docs must describe |
/// | an answered challenge | its verifier | answered for ever |
///
/// Assumes: the verifiers' circuits say what docs/POOL.md says of them; the pool tells its members
/// and their flows as they are.
/// Live: a proof needs nobody's leave; without one the pool's risk ends by itself.
contract ProofRegistry is IProofRegistry {
    /// @dev The circuit's range of a threshold, in quote units.
    uint256 private constant THRESHOLD_BITS = 123;
    uint256 private constant CHUNK_MEMBERS_MAX = 256;
    uint8 private constant KIND_THRESHOLD = 2;

    Circuits private _circuits;
    Circuits private _pending;
    uint40 private _pendingReadyAt;

    /// @dev Newest epoch: its id (0: none that can be proven), commitment to the sums so far.
    uint256 private _id;
    uint256 private _sums;
    uint32 private _number;
    uint32 private _chunks;
    /// @dev Newest epoch that is proven whole, and the second of its snapshot.
    uint32 private _proven;
    uint40 private _provenTime;
    /// @inheritdoc IProofRegistry
    uint40 public override freshUntil;
    /// @inheritdoc IProofRegistry
    mapping(uint32 number => uint256) public override provenId;
    /// @inheritdoc IProofRegistry
    mapping(uint32 number => mapping(uint32 chunk => uint256)) public override chunkRoot;
    mapping(uint256 challenge => bool) private _answered;

    IConfidentialPool private immutable POOL;
    IVenue private immutable HOUSE;
    IOracle private immutable ORACLE;
    IPoseidon private immutable POSEIDON;
    IParameters private immutable PARAMETERS;
    uint32 private immutable ACCOUNT;
    address private immutable OPERATOR;
    address private immutable GOVERNOR;
    uint40 private immutable DELAY_SECONDS;
    uint40 private immutable FRESH_SECONDS;
    uint8[] private _markets;

    /// @dev Made by the pool, which has judged its config and its markets.
    constructor(
        PoolConfig memory c,
        uint32 account,
        uint8[] memory markets,
        Circuits memory circuits_
    ) {
        (POOL, HOUSE) = (IConfidentialPool(msg.sender), IVenue(c.house));
        POSEIDON = IPoseidon(c.poseidon);
        ORACLE = IOracle(IHouseParts(c.house).oracle());
        PARAMETERS = IParameters(IHouseParts(c.house).parameters());
        (ACCOUNT, OPERATOR, GOVERNOR) = (account, c.operator, c.governor);
        (DELAY_SECONDS, FRESH_SECONDS) = (c.delaySeconds, c.freshSeconds);
        _markets = markets;
        _checkCircuits(circuits_);
        _circuits = circuits_;
    }

    modifier onlyOperator() {
        if (msg.sender != OPERATOR) revert CallerWrong(msg.sender, OPERATOR);
        _;
    }

    modifier onlyRunning() {
        uint40 lapsedTime = POOL.lapsedTime();
        if (lapsedTime != 0) revert LapseWrong(lapsedTime);
        _;
    }

    modifier onlyGovernor() {
        if (msg.sender != GOVERNOR) revert CallerWrong(msg.sender, GOVERNOR);
        _;
    }

    /// @inheritdoc IProofRegistry
    function openEpoch(bytes calldata report)
        external
        override
        onlyOperator
        onlyRunning
        returns (uint32 number)
    {
        if (report.length != 0) HOUSE.push(report);
        number = _number + 1;
        Snapshot memory snapshot = _snapshot(number);
        uint256 id = PoolStatements.idOf(snapshot);
        (_id, _number, _chunks, _sums) = (id, number, 0, 0);
        emit EpochOpened(number, id, snapshot);
    }

    /// @inheritdoc IProofRegistry
    function submitChunk(Snapshot calldata snapshot, Chunk calldata chunk)
        external
        override
        onlyRunning
    {
        uint256 id = PoolStatements.idOf(snapshot);
        if (id != _id) revert SnapshotWrong(id, _id);
        uint32 index = _chunks;
        uint256 count = Math.ceilDiv(snapshot.memberCount, snapshot.chunkMembers);
        if (chunk.index != index) revert ChunkWrong(chunk.index, index);
        bool isLast = uint256(index) + 1 == count;
        uint256 root =
            PoolStatements.rootOfLeaves(POSEIDON, chunk.leaves, snapshot.chunkMembers);
        uint256[4] memory head = [uint256(index), chunk.sumsNext, root, isLast ? 1 : 0];
        uint256[] memory v = _vector(snapshot, head);
        _prove(IGroth16(_circuits.solvency), v, chunk.vectorHash, chunk.proof);
        (_chunks, _sums) = (index + 1, chunk.sumsNext);
        chunkRoot[snapshot.number][index] = root;
        emit ChunkProven(snapshot.number, index, root, chunk.sumsNext, chunk.leaves);
        if (isLast) _finish(snapshot.number, id, snapshot.time);
    }

    /// @inheritdoc IProofRegistry
    function verifyMargin(Snapshot calldata snapshot, MarginClaim calldata claim)
        external
        override
    {
        uint256 challenge = PoolStatements.challenge(msg.sender, claim);
        if (_answered[challenge]) revert ChallengeAnswered(msg.sender, challenge);
        _answered[challenge] = true;
        checkMargin(msg.sender, snapshot, claim);
        emit MarginVerified(msg.sender, claim.requester, claim.nullifier, snapshot.number);
    }

    /// @inheritdoc IProofRegistry
    function proposeCircuits(Circuits calldata circuits_) external override onlyGovernor {
        _checkCircuits(circuits_);
        _pending = circuits_;
        _pendingReadyAt = Delayed.readyAfter(DELAY_SECONDS);
        emit CircuitsProposed(circuits_, _pendingReadyAt);
    }

    /// @inheritdoc IProofRegistry
    function cancelCircuits() external override onlyGovernor {
        Delayed.checkPending(_pendingReadyAt);
        delete _pending;
        _pendingReadyAt = 0;
        emit CircuitsCancelled();
    }

    /// @inheritdoc IProofRegistry
    /// @dev An epoch that is half proven must be opened anew: its chunks are of other circuits.
    function applyCircuits() external override onlyRunning {
        Delayed.checkReady(_pendingReadyAt);
        _circuits = _pending;
        delete _pending;
        (_pendingReadyAt, _id) = (0, 0);
        emit CircuitsApplied(_circuits);
    }

    /// @inheritdoc IProofRegistry
    function checkMargin(
        address verifier,
        Snapshot calldata snapshot,
        MarginClaim calldata claim
    ) public view override {
        uint32 number = _proven;
        uint256 id = PoolStatements.idOf(snapshot);
        if (id != provenId[number]) revert SnapshotWrong(id, provenId[number]);
        if (block.timestamp > freshUntil) revert PoolStale(block.timestamp, freshUntil);
        if (block.timestamp > claim.expiry) revert ClaimExpired(claim.expiry, block.timestamp);
        bool hasThreshold = claim.kind == KIND_THRESHOLD;
        if (
            claim.kind > KIND_THRESHOLD || (!hasThreshold && claim.threshold != 0)
                || claim.threshold >> THRESHOLD_BITS != 0
        ) revert ClaimWrong(claim.kind, claim.threshold);
        uint256 root = chunkRoot[number][claim.chunk];
        if (root == 0) revert ChunkWrong(claim.chunk, 0);
        IGroth16 circuit = IGroth16(_circuits.margin);
        uint256 domain = PoolStatements.domain(address(POOL), circuit.circuitId());
        uint256[] memory v = PoolStatements.margin(domain, snapshot, verifier, claim, root);
        _prove(circuit, v, claim.vectorHash, claim.proof);
    }

    /// @inheritdoc IProofRegistry
    function circuits() external view override returns (Circuits memory) {
        return _circuits;
    }

    /// @inheritdoc IProofRegistry
    function pendingCircuits() external view override returns (Circuits memory, uint40) {
        return (_pending, _pendingReadyAt);
    }

    /// @inheritdoc IProofRegistry
    function epochs()
        external
        view
        override
        returns (uint256 id, uint32 number, uint32 chunks, uint256 sums, uint32 proven)
    {
        return (_id, _number, _chunks, _sums, _proven);
    }

    /// @inheritdoc IProofRegistry
    function pool() external view override returns (address) {
        return address(POOL);
    }

    /// @inheritdoc IProofRegistry
    function provenLast() external view override returns (uint32, uint40) {
        return (_proven, _provenTime);
    }

    /// @dev The id goes, so that no chunk is proven twice.
    function _finish(uint32 number, uint256 id, uint40 time) private {
        (_proven, _provenTime, _id) = (number, time, 0);
        provenId[number] = id;
        freshUntil = time + FRESH_SECONDS;
        emit EpochProven(number, freshUntil);
    }

    function _prove(
        IGroth16 circuit,
        uint256[] memory v,
        uint256 vectorHash,
        uint256[8] calldata proof
    ) private view {
        uint256[3] memory inputs =
            PoolStatements.fingerprint(circuit.circuitId(), v, vectorHash);
        if (!circuit.verify(proof, inputs)) revert ProofWrong(inputs[1], inputs[2]);
    }

    function _vector(Snapshot memory snapshot, uint256[4] memory head)
        private
        view
        returns (uint256[] memory)
    {
        uint256 places = snapshot.chunkMembers;
        uint256[] memory keys =
            POOL.keysOf(head[0] * places, places, snapshot.memberCount);
        uint256 circuitId = IGroth16(_circuits.solvency).circuitId();
        uint256 domain = PoolStatements.domain(address(POOL), circuitId);
        return PoolStatements.solvency(domain, snapshot, head, _sums, keys);
    }

    function _snapshot(uint32 number) private view returns (Snapshot memory s) {
        (s.number, s.account) = (number, ACCOUNT);
        (s.memberCount, s.flow, s.netQuote) = POOL.flows();
        if (s.memberCount == 0) revert MembersNone();
        (s.blockNumber, s.time) = (uint64(block.number), uint40(block.timestamp));
        s.blockHash = blockhash(block.number - 1);
        (s.round,) = ORACLE.last();
        s.chunkMembers = _circuits.chunkMembers;
        uint256 used = _markets.length;
        for (uint256 i = 0; i < used; ++i) s.context[i] = _context(_markets[i]);
        Position[] memory positions;
        (, s.totalCash,, positions) = HOUSE.account(ACCOUNT);
        for (uint256 i = 0; i < positions.length; ++i) {
            s.totalSizes[_slotOf(positions[i].market)] = positions[i].size;
        }
    }

    function _slotOf(uint8 market) private view returns (uint256) {
        uint256 used = _markets.length;
        for (uint256 i = 0; i < used; ++i) if (_markets[i] == market) return i;
        revert MarketWrong(market);
    }

    /// @dev Context word of a market at its last mark price, which must be fresh.
    function _context(uint8 market) private view returns (uint256) {
        MarketParams memory params = PARAMETERS.market(market);
        (, uint32 mark, uint40 time) = ORACLE.quote(market);
        uint256 age = block.timestamp > time ? block.timestamp - time : 0;
        if (age > params.priceAgeSecondsMax) {
            revert PriceStale(market, age, params.priceAgeSecondsMax);
        }
        (int96 fundingIndex,,) = HOUSE.market(market);
        return PoolStatements.context(
            uint256(mark) * params.tickValue,
            params.maintenancePpm,
            params.initialPpm,
            fundingIndex
        );
    }

    /// @dev A power of two; both verifiers answer.
    function _checkCircuits(Circuits memory c) private view {
        uint256 n = c.chunkMembers;
        if (n < 2 || n > CHUNK_MEMBERS_MAX || n & (n - 1) != 0) revert CircuitsWrong(0);
        if (IGroth16(c.solvency).circuitId() == 0) revert CircuitsWrong(1);
        if (IGroth16(c.margin).circuitId() == 0) revert CircuitsWrong(2);
    }
}
