// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ForcedRequest} from "../../src/interfaces/IForcedQueue.sol";
import {IConfidentialPool as P} from "../../src/pool/IConfidentialPool.sol";
import {IProofRegistry as R} from "../../src/pool/IProofRegistry.sol";
import {Opening, Snapshot} from "../../src/pool/PoolTypes.sol";
import {PoolTest} from "./PoolTest.sol";

/// @notice What a wound up pool asks of the venue, and parts where parts are more than all.
contract PoolPartsTest is PoolTest {
    Leaf[4] private leaves;
    Snapshot private last;

    function setUp() public override {
        super.setUp();
        fillPool(3);
        pool.deposit(memberOf(1), 3_000 * UNIT);
        pool.deposit(memberOf(2), 1_000 * UNIT);
        for (uint256 i; i < 4; ++i) leaves[i].salt = 30 + i;
        leaves[1].cash = int256(3_000 * UNIT) << 32;
        leaves[2].cash = int256(1_000 * UNIT) << 32;
        _epoch();
    }

    function _nodes() private view returns (uint256[] memory nodes) {
        nodes = new uint256[](4);
        for (uint256 i; i < 3; ++i) nodes[i] = leafOf(memberKey(i), leaves[i]);
        nodes[3] = leafOf(0, leaves[3]);
    }

    function _epoch() private {
        last = openEpoch();
        registry.submitChunk(last, chunkOf(last, 0, _nodes()));
    }

    function _lapse() private {
        vm.warp(uint256(last.time) + GONE + 1);
        refresh();
        pool.lapse();
    }

    function _show(uint256 number, uint256 weight, uint256 total) private {
        uint256[] memory n = _nodes();
        Opening memory o;
        Leaf memory leaf = leaves[number];
        (o.salt, o.cash, o.sizes) = (leaf.salt, leaf.cash, leaf.sizes);
        o.siblings = new uint256[](2);
        o.siblings[0] = n[number ^ 1];
        o.siblings[1] = number < 2 ? hash2(n[2], n[3]) : hash2(n[0], n[1]);
        vm.expectEmit();
        emit P.ExitProven(uint32(number), weight, total);
        vm.prank(memberOf(number));
        pool.proveExit(last, o);
    }

    function _q32(uint256 units) private pure returns (uint256) {
        return (units * UNIT) << 32;
    }

    function _payout(uint256 number, uint256 amount) private {
        (address who, uint256 key) = makeActor(string.concat("member", vm.toString(number)));
        uint40 expiry = type(uint40).max;
        bytes memory signed = payoutSigned(key, who, amount, who, 1, expiry);
        vm.prank(operator);
        pool.payout(who, amount, who, 1, expiry, signed, "");
    }

    /// @dev From the newest proof; where there is none, from the beginning of the pool.
    function test_lapse_countsFromProofOrBeginning() public {
        vm.warp(block.timestamp + 100);
        refresh();
        _epoch();
        uint256 required = uint256(last.time) + GONE + 1;
        vm.warp(required - 1);
        vm.expectRevert(abi.encodeWithSelector(P.LapseEarly.selector, required - 1, required));
        pool.lapse();
        pool = deployPool(poolConfig(), slots(), circuitsOf(solvency, margin));
        required = block.timestamp + GONE + 1;
        vm.warp(required - 1);
        vm.expectRevert(abi.encodeWithSelector(P.LapseEarly.selector, required - 1, required));
        pool.lapse();
        vm.warp(required);
        pool.lapse();
    }

    /// @dev One lot long in a market, others short in another: no limit keeps the venue from it.
    function test_recall_closesEitherSideAtAnyPrice() public {
        poolTrade(true, 1);
        Order memory o = poolOrder(false, 7);
        (o.market, o.lane) = (2, o.lane + 1);
        poolBatch(o, 7);
        Order memory other = order(bob, true, 7);
        (other.market, other.lane) = (2, other.lane + 1);
        bytes memory whole =
            abi.encodePacked(terms(o, 0x80), uint256(0), uint256(signatures.length));
        house.settle(batchOf(bytes.concat(packed(other), whole)));
        reset();
        _lapse();
        vm.deal(address(this), 1 ether);
        pool.recall{value: 3 * FORCED_FEE}();
        (uint64 next,,) = queue.state();
        ForcedRequest memory long = queue.requestOf(next);
        ForcedRequest memory short = queue.requestOf(next + 1);
        assertEq(uint256(long.market), 0);
        assertTrue(long.isLong);
        assertEq(uint256(long.limit), 0);
        assertEq(uint256(short.market), 2);
        assertFalse(short.isLong);
        assertEq(uint256(short.limit), type(uint32).max);
        assertEq(uint256(queue.requestOf(next + 2).amount), type(uint88).max);
    }

    function test_collect_revertsIf_nothingWasShown() public {
        _lapse();
        token.mint(address(pool), 1_000);
        address who = memberOf(1);
        vm.expectRevert(abi.encodeWithSelector(P.ExitWrong.selector, 1, 0));
        pool.collect(who);
    }

    /// @dev A market's profit was paid to member 2, more than its leaf: it has no part, and
    /// what is missing is missing to the others, who cannot have more than there is.
    function test_exit_whenPartsAreMoreThanAll() public {
        pool.deposit(operator, 500 * UNIT);
        _payout(2, 2_000 * UNIT);
        _lapse();
        vm.deal(address(this), 1 ether);
        pool.recall{value: FORCED_FEE}();
        (uint64 next,,) = queue.state();
        house.executeForced(next, 0, 0, "");
        uint256 total = _q32(2_500);
        _show(2, 0, total);
        _show(1, total, total);
        _show(0, _q32(500), total);
        assertEq(pool.collect(operator), 500 * UNIT);
        assertEq(pool.collect(memberOf(1)), 2_000 * UNIT);
        address two = memberOf(2);
        vm.expectRevert(abi.encodeWithSelector(P.NothingOwed.selector, 2));
        pool.collect(two);
    }

    /// @dev More was paid since the last proof than all was worth then: nobody has a part, and
    /// that is told as such.
    function test_exit_whenNothingIsLeft() public {
        poolTrade(true, 100);
        around.setPrice(0, 2 * PRICE);
        around.setAged(0, 2 * PRICE);
        _payout(2, 4_500 * UNIT);
        _lapse();
        _show(1, 0, 0);
        token.mint(address(pool), 1_000);
        address one = memberOf(1);
        vm.expectRevert(abi.encodeWithSelector(P.NothingOwed.selector, 1));
        pool.collect(one);
    }

    function test_payout_inItsLastSecond() public {
        (address who, uint256 key) = makeActor("member1");
        uint40 expiry = uint40(block.timestamp + 5);
        bytes memory signed = payoutSigned(key, who, UNIT, who, 1, expiry);
        vm.warp(expiry);
        vm.prank(operator);
        pool.payout(who, UNIT, who, 1, expiry, signed, "");
    }

    function test_join_namesWhoShouldHaveSigned() public {
        address who = memberOf(7);
        vm.prank(who);
        vm.expectRevert(
            abi.encodeWithSelector(P.SignatureWrong.selector, address(0), operator)
        );
        pool.join(5, new bytes(65));
    }

    function test_provenLast_isTheNewest() public view {
        (uint32 number, uint40 time) = R(pool.registry()).provenLast();
        assertEq(uint256(number), 1);
        assertEq(uint256(time), last.time);
    }
}
