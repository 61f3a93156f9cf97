// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoseidon} from "../../src/pool/IPoseidon.sol";
import {PoolStatements} from "../../src/pool/PoolStatements.sol";
import {Chunk, MarginClaim, Opening, Snapshot} from "../../src/pool/PoolTypes.sol";
import {PoolTest} from "./PoolTest.sol";
import {Toxic} from "./Toxic.sol";

/// @notice Numbers that a verifier would read another way than a prover have no place in a vector.
contract PoolStatementsTest is PoolTest {
    int256 private constant INDEX_ZERO = 1 << 112;
    Statements private to;

    function setUp() public override {
        super.setUp();
        to = new Statements(poseidon);
        fillPool(6);
        pool.deposit(operator, 1_000 * UNIT);
    }

    function _outside(uint256 at, uint256 found) private {
        vm.expectRevert(
            abi.encodeWithSelector(PoolStatements.OutsideField.selector, at, found)
        );
    }

    /// @dev The circuit's own copy is the number less the order of the field: with a proof that is
    /// true of it, the chain would hold a commitment, or a nullifier, that has two readings.
    function test_submitChunk_revertsIf_elementIsOutside() public {
        Snapshot memory s = openEpoch();
        for (uint256 i; i < 3; ++i) {
            Chunk memory chunk = chunkOf(s, 0, LEAF_0);
            chunk.sumsNext = Toxic.R + (i == 0 ? 0 : chunk.sumsNext);
            uint256[] memory v = solvencyVector(s, chunk, 0);
            chunk.proof = proofOf(solvency, v, chunk.vectorHash, 3);
            _outside(6, chunk.sumsNext);
            registry.submitChunk(s, chunk);
        }
    }

    function test_checkMargin_revertsIf_nullifierIsOutside() public {
        Snapshot memory s = proveEpoch();
        MarginClaim memory c = claimOf(address(this), s, 1, 0);
        c.nullifier = Toxic.R;
        c.proof = marginProof(address(this), s, c, rootFrom(leavesFrom(LEAF_0)));
        _outside(10, Toxic.R);
        registry.checkMargin(address(this), s, c);
        c.nullifier = Toxic.R - 1;
        c.proof = marginProof(address(this), s, c, rootFrom(leavesFrom(LEAF_0)));
        registry.checkMargin(address(this), s, c);
    }

    function test_context_partsDoNotRunIntoEachOther() public {
        uint256 most = (1 << 80) - 1;
        uint256 word = to.context(most, 30_000, 50_000, -7);
        uint256 index = uint256(INDEX_ZERO - 7) << 128;
        assertEq(word, most | (uint256(30_000) << 80) | (uint256(50_000) << 104) | index);
        vm.expectRevert(
            abi.encodeWithSelector(
                PoolStatements.OutsideRange.selector, int256(1 << 80), int256(1 << 80)
            )
        );
        to.context(1 << 80, 30_000, 50_000, 0);
    }

    /// @dev Of one lot or many, in the first slot and the last, with funding of either sign.
    function testFuzz_equity_isCashAndLotsAtTheContext(
        int96 cash,
        int32 first,
        int32 last,
        uint64 price,
        int64 index
    ) public view {
        int256[16] memory sizes;
        uint256[16] memory words;
        (sizes[0], sizes[15]) = (first, last);
        words[0] = to.context(price, 1, 1, index);
        words[15] = to.context(uint256(price) + 1, 1, 1, -int256(index));
        int256 one = (int256(uint256(price)) << 32) - index;
        int256 other = ((int256(uint256(price)) + 1) << 32) + index;
        int256 worth = int256(cash) + first * one + last * other;
        assertEq(to.equity(cash, sizes, words), worth);
    }

    function test_equity_countsOneLot() public view {
        int256[16] memory sizes;
        uint256[16] memory words;
        sizes[0] = 1;
        words[0] = to.context(100, 1, 1, 0);
        assertEq(to.equity(0, sizes, words), int256(100) << 32);
    }

    function test_rootOf_revertsIf_outside() public {
        Opening memory o;
        o.siblings = new uint256[](2);
        (o.salt, o.siblings[0], o.siblings[1]) = (1, 2, 3);
        to.root(5, o, 0);
        o.salt = Toxic.R;
        _outside(0, o.salt);
        to.root(5, o, 0);
        o.salt = 1;
        for (uint256 i; i < 2; ++i) {
            uint256 before = o.siblings[i];
            for (uint256 more; more < 2; ++more) {
                o.siblings[i] = Toxic.R + more * before;
                _outside(i, o.siblings[i]);
                to.root(5, o, 0);
            }
            o.siblings[i] = before;
        }
    }

    function test_rootOf_revertsIf_cashIsOutside() public {
        Opening memory o;
        o.siblings = new uint256[](2);
        int256 bound = 1 << 127;
        for (uint256 i; i < 2; ++i) {
            o.cash = i == 0 ? bound : -bound;
            vm.expectRevert(
                abi.encodeWithSelector(PoolStatements.OutsideRange.selector, o.cash, bound)
            );
            to.root(5, o, 0);
            o.cash = i == 0 ? bound - 1 : 1 - bound;
            to.root(5, o, 0);
        }
    }

    function test_rootOfLeaves_revertsIf_aLeafIsTheOrder() public {
        uint256[] memory leaves = leavesFrom(7);
        leaves[3] = Toxic.R;
        _outside(3, Toxic.R);
        to.rootOfLeaves(leaves);
        leaves[3] = Toxic.R - 1;
        assertEq(to.rootOfLeaves(leaves), rootFrom(leaves));
    }
}

/// @notice The library by calls.
contract Statements {
    IPoseidon private immutable _poseidon;

    constructor(IPoseidon poseidon) {
        _poseidon = poseidon;
    }

    function context(uint256 lotValue, uint256 maintenance, uint256 initial, int256 index)
        external
        pure
        returns (uint256)
    {
        return PoolStatements.context(lotValue, maintenance, initial, index);
    }

    function equity(int256 cash, int256[16] memory sizes, uint256[16] memory words)
        external
        pure
        returns (int256)
    {
        return PoolStatements.equityQ32(cash, sizes, words);
    }

    function root(uint256 key, Opening calldata opening, uint256 place)
        external
        view
        returns (uint256)
    {
        return PoolStatements.rootOf(_poseidon, key, opening, place, 4);
    }

    function rootOfLeaves(uint256[] memory leaves) external view returns (uint256) {
        return PoolStatements.rootOfLeaves(_poseidon, leaves, 4);
    }
}
