// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConfidentialPool} from "../../src/pool/IConfidentialPool.sol";
import {IGroth16} from "../../src/pool/IGroth16.sol";
import {IPoseidon} from "../../src/pool/IPoseidon.sol";
import {IProofRegistry} from "../../src/pool/IProofRegistry.sol";
import {
    Chunk,
    Circuits,
    MarginClaim,
    Opening,
    PoolConfig,
    Snapshot
} from "../../src/pool/PoolTypes.sol";
import {ExitVenueTest} from "../support/ExitVenueTest.sol";
import {Vm} from "../Vm.sol";
import {Toxic} from "./Toxic.sol";

/// @notice A pool over markets 1, 0 and 2 (slots 0, 1, 2), four members in a chunk, and proofs of
/// whatever a test says: the vectors are built here from the words of the specification alone.
abstract contract PoolTest is ExitVenueTest {
    uint40 internal constant FRESH = 600;
    uint40 internal constant GONE = 7_200;
    uint40 internal constant DELAY = 1 days;
    uint256 internal constant K = 4;
    uint256 internal constant LEAF_0 = 1_000;

    IConfidentialPool internal pool;
    IProofRegistry internal registry;
    IPoseidon internal poseidon;
    IGroth16 internal solvency;
    IGroth16 internal margin;
    uint32 internal omnibus;
    address internal operator;
    uint256 internal operatorKey;
    address internal governor = address(0x60e);
    mapping(IGroth16 => uint256) private more_;

    function setUp() public virtual override {
        super.setUp();
        (operator, operatorKey) = makeActor("operator");
        poseidon = IPoseidon(deploy("PoseidonT3", ""));
        solvency = circuit("solvency");
        margin = circuit("margin");
        pool = deployPool(poolConfig(), slots(), circuitsOf(solvency, margin));
        registry = IProofRegistry(pool.registry());
        omnibus = pool.account();
        token.approve(address(pool), type(uint256).max);
    }

    function circuit(string memory name) internal returns (IGroth16) {
        uint256 more = uint256(keccak256(bytes(name))) % 1_000;
        IGroth16 made = IGroth16(deploy("Groth16", abi.encode(Toxic.key(more), false)));
        more_[made] = more;
        return made;
    }

    function circuitsOf(IGroth16 a, IGroth16 b) internal pure returns (Circuits memory) {
        return Circuits(address(a), address(b), uint16(K));
    }

    function poolConfig() internal view returns (PoolConfig memory) {
        return PoolConfig(
            address(house), address(poseidon), operator, governor, DELAY, FRESH, GONE
        );
    }

    function slots() internal pure returns (uint8[] memory list) {
        list = new uint8[](3);
        (list[0], list[1], list[2]) = (1, 0, 2);
    }

    function deployPool(PoolConfig memory c, uint8[] memory m, Circuits memory z)
        public
        returns (IConfidentialPool)
    {
        return IConfidentialPool(deploy("ConfidentialPool", abi.encode(c, m, z)));
    }

    // Members.

    function poolSeparator() internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address "
                    "verifyingContract)"
                ),
                keccak256("Holdfast Pool"),
                keccak256("1"),
                block.chainid,
                address(pool)
            )
        );
    }

    function signPool(uint256 key, bytes32 text) internal view returns (bytes memory) {
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", poolSeparator(), text));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function admission(address who, uint256 key) internal view returns (bytes memory) {
        bytes32 kind = keccak256("Admission(address member,uint256 key)");
        return signPool(operatorKey, keccak256(abi.encode(kind, who, key)));
    }

    function joins(address who, uint256 key) internal returns (uint32) {
        bytes memory admitted = admission(who, key);
        vm.prank(who);
        return pool.join(key, admitted);
    }

    function memberKey(uint256 number) internal pure returns (uint256) {
        return 7_000 + number;
    }

    /// @notice The operator and `count` - 1 members more.
    function fillPool(uint256 count) internal {
        joins(operator, memberKey(0));
        for (uint256 i = 1; i < count; ++i) joins(memberOf(i), memberKey(i));
    }

    function memberOf(uint256 number) internal returns (address who) {
        if (number == 0) return operator;
        (who,) = makeActor(string.concat("member", vm.toString(number)));
    }

    function payoutSigned(
        uint256 key,
        address member,
        uint256 amount,
        address to,
        uint256 nonce,
        uint40 expiry
    ) internal view returns (bytes memory) {
        bytes32 kind = keccak256(
            "Payout(address member,uint256 amount,address to,uint256 nonce,uint40 expiry)"
        );
        return signPool(key, keccak256(abi.encode(kind, member, amount, to, nonce, expiry)));
    }

    // Epochs.

    function openEpoch() internal returns (Snapshot memory snapshot) {
        vm.recordLogs();
        vm.prank(operator);
        registry.openEpoch("");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        (, snapshot) = abi.decode(logs[logs.length - 1].data, (uint256, Snapshot));
    }

    function chunkCount(Snapshot memory s) internal pure returns (uint256) {
        return (s.memberCount + s.chunkMembers - 1) / s.chunkMembers;
    }

    /// @notice A chunk with a proof that fits what the chain knows.
    function chunkOf(Snapshot memory s, uint32 index, uint256 first)
        internal
        view
        returns (Chunk memory)
    {
        return chunkOf(s, index, leavesFrom(first));
    }

    /// @notice Leaves of a chunk: a number and those after it.
    function leavesFrom(uint256 first) internal pure returns (uint256[] memory leaves) {
        leaves = new uint256[](K);
        for (uint256 i; i < K; ++i) leaves[i] = first + i;
    }

    function rootFrom(uint256[] memory l) internal view returns (uint256) {
        return hash2(hash2(l[0], l[1]), hash2(l[2], l[3]));
    }

    function chunkOf(Snapshot memory s, uint32 index, uint256[] memory leaves)
        internal
        view
        returns (Chunk memory chunk)
    {
        (chunk.index, chunk.leaves) = (index, leaves);
        (chunk.sumsNext, chunk.vectorHash) = (500 + index, 9_000 + index);
        uint256[] memory v = solvencyVector(s, chunk, index == 0 ? 0 : 499 + index);
        chunk.proof = proofOf(solvency, v, chunk.vectorHash, 3);
    }

    function solvencyVector(Snapshot memory s, Chunk memory chunk, uint256 sums)
        internal
        view
        returns (uint256[] memory v)
    {
        v = new uint256[](8 + K + 33);
        v[0] = domainOf(solvency);
        v[1] = uint256(keccak256(abi.encode(s))) >> 8;
        (v[2], v[3]) = (chunk.index, s.memberCount);
        bool isLast = chunk.index + 1 == chunkCount(s);
        v[4] = isLast ? 1 : 0;
        (v[5], v[6], v[7]) = (sums, chunk.sumsNext, rootFrom(chunk.leaves));
        for (uint256 i; i < K; ++i) {
            uint256 number = chunk.index * K + i;
            if (number < s.memberCount) (, v[8 + i]) = pool.memberAt(uint32(number));
        }
        for (uint256 i; i < 16; ++i) v[8 + K + i] = s.context[i];
        if (!isLast) return v;
        v[8 + K + 16] = uint256(s.totalCash + (1 << 127));
        for (uint256 i; i < 16; ++i) v[8 + K + 17 + i] = uint256(s.totalSizes[i] + (1 << 56));
    }

    function domainOf(IGroth16 of_) internal view returns (uint256) {
        bytes memory text = abi.encode(block.chainid, address(pool), of_.circuitId());
        return uint256(keccak256(text)) >> 8;
    }

    function inputsOf(IGroth16 of_, uint256[] memory v, uint256 h)
        internal
        view
        returns (uint256[3] memory)
    {
        uint256 r = uint256(keccak256(abi.encode(of_.circuitId(), v, h))) >> 8;
        uint256 s;
        uint256 power = 1;
        for (uint256 i; i < v.length; ++i) {
            s = addmod(s, mulmod(v[i], power, Toxic.R), Toxic.R);
            power = mulmod(power, r, Toxic.R);
        }
        return [h, r, s];
    }

    function proofOf(IGroth16 of_, uint256[] memory v, uint256 h, uint256 a)
        internal
        view
        returns (uint256[8] memory)
    {
        return Toxic.prove(inputsOf(of_, v, h), a, more_[of_]);
    }

    /// @notice Opens an epoch and proves all of it; chunk i has leaves from LEAF_0 + i.
    function proveEpoch() internal returns (Snapshot memory s) {
        s = openEpoch();
        proveChunks(s);
    }

    function proveChunks(Snapshot memory s) internal {
        for (uint32 i; i < chunkCount(s); ++i) {
            registry.submitChunk(s, chunkOf(s, i, LEAF_0 + i));
        }
    }

    // Margin.

    function claimOf(address verifier, Snapshot memory s, uint8 kind, uint256 threshold)
        internal
        view
        returns (MarginClaim memory c)
    {
        c.requester = address(0xa11ce);
        (c.nonce, c.expiry) = (77, uint40(block.timestamp + 60));
        (c.kind, c.threshold, c.nullifier, c.vectorHash) = (kind, threshold, 4_321, 8_765);
        c.proof = marginProof(verifier, s, c, rootFrom(leavesFrom(LEAF_0)));
    }

    function marginProof(
        address verifier,
        Snapshot memory s,
        MarginClaim memory c,
        uint256 root
    ) internal view returns (uint256[8] memory) {
        return proofOf(margin, marginVector(verifier, s, c, root), c.vectorHash, 3);
    }

    function marginVector(
        address verifier,
        Snapshot memory s,
        MarginClaim memory c,
        uint256 root
    ) internal view returns (uint256[] memory v) {
        v = new uint256[](27);
        v[0] = domainOf(margin);
        (v[1], v[2]) = (uint160(verifier), uint160(c.requester));
        v[3] = uint256(
            keccak256(abi.encode(block.chainid, verifier, c.requester, c.nonce, c.expiry))
        ) >> 8;
        (v[4], v[5]) = (c.expiry, uint256(keccak256(abi.encode(s))) >> 8);
        (v[6], v[7]) = (c.chunk, root);
        (v[8], v[9], v[10]) = (c.kind, c.threshold, c.nullifier);
        for (uint256 i; i < 16; ++i) v[11 + i] = s.context[i];
    }

    // Orders of the omnibus account.

    function poolOrder(bool isBuy, uint64 size) internal view returns (Order memory o) {
        o = order(omnibus, isBuy, size);
        (o.key, o.expiry) = (operatorKey, registry.freshUntil());
    }

    function blobOf(Order memory o) internal view returns (bytes memory) {
        (bytes32 r, bytes32 vs) = signCompact(o.key, digestOf(o));
        return bytes.concat(hex"00", terms(o, 0), bytes4(o.epoch), r, vs);
    }

    function isSigned(Order memory o) internal view returns (bool) {
        return pool.isValidSignature(digestOf(o), blobOf(o)) == bytes4(0x1626ba7e);
    }

    /// @notice The omnibus account takes `lots` from or gives them to bob, in market 0.
    function poolTrade(bool isBuy, uint40 lots) internal {
        Order memory o = poolOrder(isBuy, lots);
        poolSettle(o, lots);
    }

    function poolBatch(Order memory o, uint40 lots) internal {
        reset();
        signatures = blobOf(o);
        fill(0, 1, lots, PRICE);
    }

    function poolSettle(Order memory o, uint40 lots) internal {
        poolBatch(o, lots);
        bytes memory whole = abi.encodePacked(
            terms(o, 0x80), uint256(0), uint256(signatures.length)
        );
        house.settle(batchOf(bytes.concat(packed(order(bob, !o.isBuy, lots)), whole)));
        reset();
    }

    // Leaves.

    struct Leaf {
        uint256 salt;
        int256 cash;
        int256[16] sizes;
    }

    function hash2(uint256 a, uint256 b) internal view returns (uint256) {
        return poseidon.hash([a, b]);
    }

    function leafOf(uint256 key, Leaf memory leaf) internal view returns (uint256 node) {
        node = hash2(hash2(key, leaf.salt), uint256(leaf.cash + (1 << 127)));
        for (uint256 w; w < 4; ++w) {
            uint256 word;
            for (uint256 i; i < 4; ++i) {
                word += uint256(leaf.sizes[4 * w + i] + (1 << 56)) << (57 * i);
            }
            node = hash2(node, word);
        }
    }
}
