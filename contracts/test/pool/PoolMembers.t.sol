// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConfidentialPool as P} from "../../src/pool/IConfidentialPool.sol";
import {IGoverned} from "../../src/interfaces/IGoverned.sol";
import {Circuits, PoolConfig} from "../../src/pool/PoolTypes.sol";
import {Toxic} from "./Toxic.sol";
import {PoolTest} from "./PoolTest.sol";

/// @notice Joining, deposits, payouts, and what a pool is made of.
contract PoolMembersTest is PoolTest {
    function test_join_revertsIf_OperatorFirst() public {
        bytes memory admitted = admission(memberOf(1), 5);
        address who = memberOf(1);
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(P.OperatorFirst.selector, who, operator));
        pool.join(5, admitted);
    }

    function test_join_bindsMemberAndKey() public {
        joins(operator, 3);
        address who = memberOf(1);
        bytes memory admitted = admission(who, 5);
        vm.prank(who);
        vm.expectPartialRevert(P.SignatureWrong.selector);
        pool.join(6, admitted);
        vm.prank(memberOf(2));
        vm.expectPartialRevert(P.SignatureWrong.selector);
        pool.join(5, admitted);
        assertEq(uint256(joins(who, 5)), 1);
        (address at, uint256 key) = pool.memberAt(1);
        assertEq(at, who);
        assertEq(key, 5);
        assertEq(uint256(pool.memberCount()), 2);
        // One address is one member: no second leaf.
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(P.MemberKnown.selector, who, 1));
        pool.join(5, admitted);
    }

    function test_join_revertsIf_KeyWrong() public {
        uint256[3] memory bad = [uint256(0), Toxic.R, type(uint256).max];
        for (uint256 i; i < 3; ++i) {
            vm.prank(operator);
            vm.expectRevert(abi.encodeWithSelector(P.KeyWrong.selector, bad[i]));
            pool.join(bad[i], "");
        }
        joins(operator, Toxic.R - 1);
    }

    function test_deposit_goesToTheOmnibusAccount() public {
        fillPool(2);
        pool.deposit(memberOf(1), 100 * UNIT);
        assertEq(cashOf(omnibus), int256(100 * UNIT) << 32);
        (uint32 members, uint48 flow, int256 net) = pool.flows();
        assertEq(uint256(members), 2);
        assertEq(uint256(flow), 1);
        assertEq(net, int256(100 * UNIT));
        vm.expectRevert(abi.encodeWithSelector(P.MemberUnknown.selector, address(1)));
        pool.deposit(address(1), 1);
        vm.expectRevert(abi.encodeWithSelector(P.AmountNotWhole.selector, 0, 1));
        pool.deposit(operator, 0);
    }

    function test_payout_paysWhatTheMemberSigned() public {
        (address who, uint256 key) = _ready();
        uint40 expiry = uint40(block.timestamp + 60);
        bytes memory signed = payoutSigned(key, who, 30 * UNIT, address(0x77), 9, expiry);
        vm.prank(operator);
        pool.payout(who, 30 * UNIT, address(0x77), 9, expiry, signed, "");
        assertEq(token.balanceOf(address(0x77)), 30 * UNIT);
        assertEq(cashOf(omnibus), int256(70 * UNIT) << 32);
        (,, int256 net) = pool.flows();
        assertEq(net, int256(70 * UNIT));
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(P.NonceUsed.selector, who, 9));
        pool.payout(who, 30 * UNIT, address(0x77), 9, expiry, signed, "");
    }

    function test_payout_revertsIf_anyFieldMutated() public {
        (address who, uint256 key) = _ready();
        uint40 expiry = uint40(block.timestamp + 60);
        bytes memory signed = payoutSigned(key, who, 30 * UNIT, address(0x77), 9, expiry);
        for (uint256 field; field < 5; ++field) {
            vm.prank(operator);
            vm.expectPartialRevert(P.SignatureWrong.selector);
            pool.payout(
                field == 0 ? operator : who,
                field == 1 ? 31 * UNIT : 30 * UNIT,
                field == 2 ? operator : address(0x77),
                field == 3 ? 10 : 9,
                field == 4 ? expiry + 1 : expiry,
                signed,
                ""
            );
        }
        vm.expectRevert(
            abi.encodeWithSelector(P.CallerWrong.selector, address(this), operator)
        );
        pool.payout(who, 30 * UNIT, address(0x77), 9, expiry, signed, "");
        vm.warp(expiry + 1);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(P.PayoutExpired.selector, expiry, expiry + 1));
        pool.payout(who, 30 * UNIT, address(0x77), 9, expiry, signed, "");
    }

    function test_payout_revertsIf_PoolStale() public {
        (address who, uint256 key) = _ready();
        uint40 expiry = type(uint40).max;
        bytes memory signed = payoutSigned(key, who, UNIT, who, 1, expiry);
        uint40 fresh = registry.freshUntil();
        vm.warp(fresh + 1);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(P.PoolStale.selector, fresh + 1, fresh));
        pool.payout(who, UNIT, who, 1, expiry, signed, "");
        vm.warp(fresh);
        vm.prank(operator);
        pool.payout(who, UNIT, who, 1, expiry, signed, "");
    }

    function test_constructor_revertsIf_ConfigWrong() public {
        for (uint256 field; field < 8; ++field) {
            PoolConfig memory c = poolConfig();
            uint8[] memory list = slots();
            if (field == 0) c.house = address(1);
            if (field == 2) c.operator = address(0);
            if (field == 3) c.governor = address(0);
            if (field == 4) c.delaySeconds = 1 days - 1;
            if (field == 5) c.freshSeconds = 59;
            if (field == 6) c.exitSeconds = 2 * FRESH - 1;
            if (field == 7) list = new uint8[](0);
            bytes4 reason = field == 4
                ? IGoverned.DelayOutOfBounds.selector
                : P.ConfigWrong.selector;
            if (field == 1) continue;
            vm.expectPartialRevert(reason);
            this.deployPool(c, list, circuitsOf(solvency, margin));
        }
        PoolConfig memory other = poolConfig();
        other.poseidon = address(new NotPoseidon());
        vm.expectRevert(abi.encodeWithSelector(P.ConfigWrong.selector, 1));
        this.deployPool(other, slots(), circuitsOf(solvency, margin));
        uint8[] memory twice = slots();
        twice[2] = twice[0];
        vm.expectRevert(abi.encodeWithSelector(P.MarketWrong.selector, twice[0]));
        this.deployPool(poolConfig(), twice, circuitsOf(solvency, margin));
        twice[2] = 9;
        vm.expectRevert(abi.encodeWithSelector(P.MarketWrong.selector, 9));
        this.deployPool(poolConfig(), twice, circuitsOf(solvency, margin));
    }

    function _ready() private returns (address who, uint256 key) {
        fillPool(2);
        (who, key) = makeActor("member1");
        pool.deposit(who, 100 * UNIT);
        proveEpoch();
    }
}

contract NotPoseidon {
    function hash(uint256[2] calldata) external pure returns (uint256) {
        return 1;
    }
}
