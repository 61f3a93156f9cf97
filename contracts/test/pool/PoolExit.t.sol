// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConfidentialPool as P} from "../../src/pool/IConfidentialPool.sol";
import {IForcedQueue} from "../../src/interfaces/IForcedQueue.sol";
import {IProofRegistry as R} from "../../src/pool/IProofRegistry.sol";
import {PoolStatements} from "../../src/pool/PoolStatements.sol";
import {Chunk, Opening, Snapshot} from "../../src/pool/PoolTypes.sol";
import {Toxic} from "./Toxic.sol";
import {PoolTest} from "./PoolTest.sol";

/// @notice The operator is gone: lapse, recall, and each member's part by its leaf.
contract PoolExitTest is PoolTest {
    Leaf[] private leaves;
    Snapshot private last;
    uint256 private constant SALT = 333;

    function setUp() public override {
        super.setUp();
        fillPool(3);
        pool.deposit(memberOf(1), 3_000 * UNIT);
        pool.deposit(memberOf(2), 1_000 * UNIT);
        proveEpoch();
        poolTrade(true, 10);
    }

    /// @dev Member 1 is long 14 of the ten lots, member 2 short four; all cash is theirs.
    function _leaves() private {
        int256 worth = 10 * int256(uint256(PRICE) * 100);
        int256 cash = cashOf(omnibus);
        int256 rest = cash - ((3_000e6 - worth * 14 / 10) << 32);
        _addLeaf(0, 0);
        _addLeaf((3_000e6 - worth * 14 / 10) << 32, 14);
        _addLeaf(rest, -4);
        _addLeaf(0, 0);
    }

    function _addLeaf(int256 cash, int256 size) private {
        Leaf storage leaf = leaves.push();
        (leaf.salt, leaf.cash) = (SALT + leaves.length, cash);
        // Market 0 is in slot 1.
        leaf.sizes[1] = size;
    }

    function _nodes() private view returns (uint256 a, uint256 b, uint256 c, uint256 d) {
        a = leafOf(memberKey(0), leaves[0]);
        b = leafOf(memberKey(1), leaves[1]);
        c = leafOf(memberKey(2), leaves[2]);
        d = leafOf(0, leaves[3]);
    }

    function _epoch() private {
        _leaves();
        (uint256 a, uint256 b, uint256 c, uint256 d) = _nodes();
        last = openEpoch();
        uint256[] memory nodes = new uint256[](K);
        (nodes[0], nodes[1], nodes[2], nodes[3]) = (a, b, c, d);
        registry.submitChunk(last, chunkOf(last, 0, nodes));
    }

    function _opening(uint256 number) private view returns (Opening memory o) {
        (uint256 a, uint256 b, uint256 c, uint256 d) = _nodes();
        Leaf memory leaf = leaves[number];
        (o.salt, o.cash, o.sizes) = (leaf.salt, leaf.cash, leaf.sizes);
        o.siblings = new uint256[](2);
        o.siblings[0] = number == 0 ? b : number == 1 ? a : number == 2 ? d : c;
        o.siblings[1] = number < 2 ? hash2(c, d) : hash2(a, b);
    }

    function _lapse() private {
        vm.warp(block.timestamp + GONE + 1);
        refresh();
        pool.lapse();
    }

    function _recall() private {
        vm.deal(address(this), 1 ether);
        pool.recall{value: 2 * FORCED_FEE}();
        (uint64 next,,) = queue.state();
        executeForcedAs(next);
    }

    function executeForcedAs(uint64 next) private {
        // The sequencer takes nothing over: carol's owner does, after the deadline.
        vm.warp(block.timestamp + FORCED_DEADLINE + 1);
        refresh();
        executeBy(carol, next, ANY_LOTS);
        vm.prank(STRANGER);
        house.executeForced(next + 1, 0, 0, "");
    }

    function _prove(uint256 number) private {
        Opening memory o = _opening(number);
        vm.prank(memberOf(number));
        pool.proveExit(last, o);
    }

    function test_lapse_onlyAfterTheDeadline() public {
        _epoch();
        vm.warp(uint256(last.time) + GONE);
        vm.expectRevert(
            abi.encodeWithSelector(
                P.LapseEarly.selector, block.timestamp, uint256(last.time) + GONE + 1
            )
        );
        pool.lapse();
        vm.warp(uint256(last.time) + GONE + 1);
        vm.prank(STRANGER);
        pool.lapse();
        vm.expectPartialRevert(P.LapseWrong.selector);
        pool.lapse();
    }

    function test_lapse_endsEverything() public {
        _epoch();
        _lapse();
        bytes memory reason =
            abi.encodeWithSelector(P.LapseWrong.selector, uint40(block.timestamp));
        vm.expectRevert(reason);
        pool.deposit(operator, UNIT);
        vm.prank(memberOf(3));
        vm.expectRevert(reason);
        pool.join(5, "");
        vm.prank(operator);
        vm.expectRevert(reason);
        pool.payout(operator, 1, operator, 1, type(uint40).max, "", "");
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(R.LapseWrong.selector, block.timestamp));
        registry.openEpoch("");
    }

    function test_running_refusesTheExit() public {
        _epoch();
        vm.expectRevert(abi.encodeWithSelector(P.LapseWrong.selector, 0));
        pool.recall();
        Opening memory o = _opening(1);
        vm.prank(memberOf(1));
        vm.expectRevert(abi.encodeWithSelector(P.LapseWrong.selector, 0));
        pool.proveExit(last, o);
        vm.expectRevert(abi.encodeWithSelector(P.LapseWrong.selector, 0));
        pool.recallFrozen();
    }

    function test_exit_paysByTheLeaves() public {
        _epoch();
        _lapse();
        _recall();
        assertEq(sizeOf(omnibus, 0), 0);
        uint256 held = token.balanceOf(address(pool));
        assertGt(held, 3_900 * UNIT);
        _prove(1);
        _prove(2);
        uint256 one = pool.collect(memberOf(1));
        uint256 two = pool.collect(memberOf(2));
        // Nobody else has a part, so that all is paid but what is rounded off.
        assertLe(held - one - two, 2);
        // Member 1 has 3,000 and what a price that did not move left of it.
        assertApproxEqAbs(one, held * 3_000e6 / uint256(_equity()), 2);
        assertEq(token.balanceOf(memberOf(1)), one);
        vm.expectPartialRevert(P.NothingOwed.selector);
        pool.collect(memberOf(1));
        // What comes later is shared as well.
        token.mint(address(pool), 1_000);
        assertApproxEqAbs(pool.collect(memberOf(1)), 750, 2);
    }

    function _equity() private view returns (int256) {
        return (last.totalCash >> 32) + 10 * int256(uint256(PRICE) * 100);
    }

    function test_exit_countsWhatMovedSince() public {
        _epoch();
        // A deposit after the snapshot is the depositor's own, and a payout is not paid twice.
        pool.deposit(memberOf(2), 500 * UNIT);
        (address who, uint256 key) = makeActor("member1");
        uint40 expiry = type(uint40).max;
        bytes memory signed = payoutSigned(key, who, 1_000 * UNIT, who, 1, expiry);
        vm.prank(operator);
        pool.payout(who, 1_000 * UNIT, who, 1, expiry, signed, "");
        _lapse();
        _prove(1);
        _prove(2);
        (uint256 one,) = pool.exitOf(1);
        (uint256 two,) = pool.exitOf(2);
        assertEq(one, uint256(2_000e6) << 32);
        assertEq(int256(one + two), (_equity() - 500e6) << 32);
    }

    function test_exit_ofOneWhoJoinedLater() public {
        _epoch();
        joins(memberOf(3), memberKey(3));
        pool.deposit(memberOf(3), 700 * UNIT);
        _lapse();
        Opening memory none;
        vm.prank(memberOf(3));
        pool.proveExit(last, none);
        (uint256 weight,) = pool.exitOf(3);
        assertEq(weight, uint256(700e6) << 32);
    }

    /// @dev No epoch was ever proven: everyone has what it put in.
    function test_exit_withoutAnyProof() public {
        pool = deployPool(poolConfig(), slots(), circuitsOf(solvency, margin));
        registry = R(pool.registry());
        omnibus = pool.account();
        token.approve(address(pool), type(uint256).max);
        fillPool(2);
        pool.deposit(memberOf(1), 300 * UNIT);
        _lapse();
        vm.deal(address(this), 1 ether);
        pool.recall{value: FORCED_FEE}();
        (uint64 next,,) = queue.state();
        house.executeForced(next, 0, 0, "");
        Opening memory none;
        Snapshot memory empty;
        vm.prank(memberOf(1));
        pool.proveExit(empty, none);
        assertEq(pool.collect(memberOf(1)), 300 * UNIT);
    }

    function test_exit_revertsIf_leafIsAnothers() public {
        _epoch();
        _lapse();
        // A stranger to the pool, another member's leaf, and every word of one's own changed.
        Opening memory o = _opening(1);
        vm.prank(STRANGER);
        vm.expectPartialRevert(P.MemberUnknown.selector);
        pool.proveExit(last, o);
        vm.prank(memberOf(2));
        vm.expectPartialRevert(P.LeafWrong.selector);
        pool.proveExit(last, o);
        for (uint256 word; word < 20; ++word) {
            o = _opening(1);
            if (word == 0) o.salt += 1;
            else if (word == 1) o.cash += 1;
            else if (word < 18) o.sizes[word - 2] += 1;
            else o.siblings[word - 18] += 1;
            vm.prank(memberOf(1));
            vm.expectPartialRevert(P.LeafWrong.selector);
            pool.proveExit(last, o);
        }
        _prove(1);
        o = _opening(1);
        vm.prank(memberOf(1));
        vm.expectPartialRevert(P.ExitWrong.selector);
        pool.proveExit(last, o);
    }

    /// @dev Packed sizes: 57 bits of one must never reach into the next.
    function test_exit_revertsIf_outOfRange() public {
        _epoch();
        _lapse();
        for (uint256 i; i < 4; ++i) {
            Opening memory o = _opening(1);
            if (i == 0) (o.sizes[1], o.sizes[2]) = (o.sizes[1] - (1 << 57), o.sizes[2] + 1);
            if (i == 1) o.sizes[3] = 1 << 56;
            if (i == 2) o.cash = 1 << 127;
            if (i == 3) o.salt += Toxic.R;
            vm.prank(memberOf(1));
            vm.expectPartialRevert(
                i == 3
                    ? PoolStatements.OutsideField.selector
                    : PoolStatements.OutsideRange.selector
            );
            pool.proveExit(last, o);
        }
    }

    function test_exit_revertsIf_snapshotIsAnother() public {
        _epoch();
        _lapse();
        Snapshot memory other = last;
        other.context[1] += 1;
        Opening memory o = _opening(1);
        vm.prank(memberOf(1));
        vm.expectPartialRevert(P.SnapshotWrong.selector);
        pool.proveExit(other, o);
    }

    function test_recall_revertsIf_FeeWrong() public {
        _epoch();
        _lapse();
        vm.deal(address(this), 1 ether);
        vm.expectRevert(
            abi.encodeWithSelector(
                IForcedQueue.FeeWrong.selector, FORCED_FEE, 2 * FORCED_FEE
            )
        );
        pool.recall{value: FORCED_FEE}();
    }

    function test_recallFrozen_takesTheExitOfTheVenue() public {
        _epoch();
        freezeAndReckon();
        vm.warp(uint256(last.time) + GONE + 1);
        pool.lapse();
        vm.prank(STRANGER);
        uint256 paid = pool.recallFrozen();
        assertGt(paid, 3_900 * UNIT);
        assertEq(token.balanceOf(address(pool)), paid);
        _prove(1);
        assertGt(pool.collect(memberOf(1)), 2_900 * UNIT);
    }

    /// @dev Parts of any leaves, paid in any order and in any portions, are never more than all.
    function testFuzz_collect_neverMoreThanThereIs(uint256 seed, uint64 first, uint64 more)
        public
    {
        _epoch();
        _lapse();
        _prove(1);
        _prove(2);
        token.mint(address(pool), uint256(first) + 1);
        _tryCollect(seed & 1 == 0 ? 1 : 2);
        token.mint(address(pool), more);
        _tryCollect(1);
        _tryCollect(2);
        (, uint256 one) = pool.exitOf(1);
        (, uint256 two) = pool.exitOf(2);
        uint256 total = uint256(first) + 1 + more;
        assertLe(one + two, total);
        assertLe(total - one - two, 2);
    }

    function _tryCollect(uint256 number) private {
        try pool.collect(memberOf(number)) {} catch {}
    }
}
