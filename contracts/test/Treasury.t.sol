// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Treasury} from "../src/Treasury.sol";
import {TreasuryRules} from "../src/TreasuryRules.sol";
import {ICommittees} from "../src/interfaces/ICommittees.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {GroupSignature} from "../src/libraries/Schnorr.sol";
import {TestToken} from "../src/mocks/TestToken.sol";
import {FalseToken, SenderFeeToken} from "./mocks/Tokens.sol";
import {TreasuryRig, TreasuryTarget} from "./mocks/TreasuryRig.sol";

/// @notice What a quorum can have carried out, and what a signature, a target or a token cannot.
contract TreasuryTest is TreasuryRig {
    function test_constructor_revertsIf_Wrong() public {
        address here = address(this);
        bytes memory zero = abi.encodeWithSelector(TreasuryRules.AddressZero.selector);
        _expectRefused(address(0), here, here, 1 hours, 1 days, zero);
        _expectRefused(here, address(0), here, 1 hours, 1 days, zero);
        _expectRefused(here, here, address(0), 1 hours, 1 days, zero);
        _expectRefused(here, here, here, 1 hours - 1, 1 days, _delay(1 hours - 1, 1 hours));
        _expectRefused(here, here, here, 2 days, 1 days, _delay(2 days, 1 days));
        _expectRefused(here, here, here, 1 hours, 1 days - 1, _delay(1 days - 1, 1 days));
    }

    // ------------------------------------------------------------------ what is carried out

    function test_small_isPaidAfterShortDelay() public {
        (address[] memory to, bytes[] memory data) = _pay(SMALL);
        _schedule(0, to, data);
        uint256 readyAt = vm.getBlockTimestamp() + SMALL_DELAY;
        vm.warp(readyAt - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IGoverned.ProposalEarly.selector, readyAt - 1, readyAt)
        );
        treasury.execute(0, to, data);
        vm.warp(readyAt);
        treasury.execute(0, to, data);
        assertEq(token.balanceOf(PAYEE), SMALL);
        (uint256 paid, uint256 small) = treasury.usedInDay(address(token));
        assertEq(paid, SMALL);
        assertEq(small, SMALL);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        treasury.execute(0, to, data);
    }

    function test_digest_isTyped() public view {
        (address[] memory to, bytes[] memory data) = _pay(SMALL);
        bytes32 typehash = keccak256(
            "Instruction(uint64 nonce,uint40 expiry,address[] targets,bytes[] data)"
        );
        bytes32 targets = keccak256(abi.encode(to[0]));
        bytes32 datas = keccak256(abi.encode(keccak256(data[0])));
        bytes32 body = keccak256(abi.encode(typehash, 7, 8, targets, datas));
        bytes32 domain = signer.separator("Holdfast Treasury", address(treasury));
        bytes32 wanted = keccak256(abi.encodePacked(hex"1901", domain, body));
        assertEq(treasury.digest(7, 8, to, data), wanted);
    }

    /// @dev In parts that are small each, within a day: the part that is over waits as a large one.
    function test_large_waitsLongerAlsoInParts() public {
        (address[] memory to, bytes[] memory data) = _pay(SMALL / 2 + 1);
        _schedule(0, to, data);
        _schedule(1, to, data);
        (, uint40 first,) = treasury.waiting(0);
        (, uint40 second,) = treasury.waiting(1);
        uint256 now_ = vm.getBlockTimestamp();
        assertEq(first, now_ + SMALL_DELAY);
        assertEq(second, now_ + LARGE_DELAY);
        vm.warp(now_ + 25 hours);
        _schedule(2, to, data);
        (, uint40 third,) = treasury.waiting(2);
        assertEq(third, now_ + 25 hours + SMALL_DELAY);
    }

    function test_calls_areMadeTogetherOrNot() public {
        (address[] memory to, bytes[] memory data) = _two(
            abi.encodeCall(TreasuryTarget.note, (5)),
            abi.encodeCall(IERC20.transfer, (PAYEE, 7))
        );
        _schedule(0, to, data);
        // A call that is no transfer is never small.
        (, uint40 readyAt,) = treasury.waiting(0);
        assertEq(readyAt, vm.getBlockTimestamp() + LARGE_DELAY);
        _pass();
        treasury.execute(0, to, data);
        assertEq(target.noted(), 5);
        assertEq(token.balanceOf(PAYEE), 7);
        _allow(TreasuryTarget.failing.selector);
        (to, data) = _two(
            abi.encodeCall(TreasuryTarget.failing, (3)),
            abi.encodeCall(IERC20.transfer, (PAYEE, 7))
        );
        _schedule(1, to, data);
        _pass();
        vm.expectRevert(abi.encodeWithSelector(TreasuryTarget.Failed.selector, 3));
        treasury.execute(1, to, data);
        assertEq(token.balanceOf(PAYEE), 7);
    }

    // ------------------------------------------------------------------ what a signature is for

    function test_schedule_revertsIf_Unsigned() public {
        (address[] memory to, bytes[] memory data) = _pay(SMALL);
        uint40 expiry = uint40(vm.getBlockTimestamp() + 1);
        bytes32 digest = treasury.digest(0, expiry, to, data);
        GroupSignature memory good = signer.sign(KEY, digest);
        GroupSignature memory other = signer.sign(NEXT, digest);
        bytes memory refused =
            abi.encodeWithSelector(Treasury.InstructionUnsigned.selector, uint64(0));
        vm.expectRevert(refused);
        treasury.schedule(0, expiry, to, data, other);
        vm.expectRevert(refused);
        treasury.schedule(0, expiry + 1, to, data, good);
        vm.expectRevert(refused);
        to[0] = address(target);
        treasury.schedule(0, expiry, to, data, good);
        to[0] = address(token);
        data[0] = abi.encodeCall(IERC20.transfer, (PAYEE, SMALL - 1));
        vm.expectRevert(refused);
        treasury.schedule(0, expiry, to, data, good);
        // Another chain, another treasury.
        data[0] = abi.encodeCall(IERC20.transfer, (PAYEE, SMALL));
        vm.chainId(block.chainid + 1);
        vm.expectRevert(refused);
        treasury.schedule(0, expiry, to, data, good);
        vm.chainId(block.chainid - 1);
        Treasury twin = _deploy(address(treasury.governed()));
        vm.expectRevert(refused);
        twin.schedule(0, expiry, to, data, good);
        treasury.schedule(0, expiry, to, data, good);
        vm.expectRevert(
            abi.encodeWithSelector(Treasury.NonceWrong.selector, uint64(0), uint64(1))
        );
        treasury.schedule(0, expiry, to, data, good);
    }

    function test_schedule_revertsIf_LateOrMalformed() public {
        (address[] memory to, bytes[] memory data) = _pay(SMALL);
        uint256 now_ = vm.getBlockTimestamp();
        GroupSignature memory s =
            signer.sign(KEY, treasury.digest(0, uint40(now_ - 1), to, data));
        vm.expectRevert(
            abi.encodeWithSelector(Treasury.InstructionExpired.selector, now_, now_ - 1)
        );
        treasury.schedule(0, uint40(now_ - 1), to, data, s);
        bytes[] memory none = new bytes[](0);
        vm.expectRevert(abi.encodeWithSelector(Treasury.InstructionMalformed.selector, 1, 0));
        treasury.schedule(0, uint40(now_), to, none, s);
        vm.expectRevert(abi.encodeWithSelector(Treasury.InstructionMalformed.selector, 0, 0));
        treasury.schedule(0, uint40(now_), new address[](0), none, s);
    }

    function test_execute_revertsIf_OtherCalls() public {
        (address[] memory to, bytes[] memory data) = _pay(SMALL);
        _schedule(0, to, data);
        _pass();
        data[0] = abi.encodeCall(IERC20.transfer, (address(this), SMALL));
        vm.expectRevert(abi.encodeWithSelector(Treasury.CallsWrong.selector, uint64(0)));
        treasury.execute(0, to, data);
    }

    /// @dev What a key signed ends with it: a stolen one cannot leave anything behind.
    function test_execute_revertsIf_KeyChangedOrRevoked() public {
        (address[] memory to, bytes[] memory data) = _pay(SMALL);
        _schedule(0, to, data);
        _pass();
        registry.set(signer.key(KEY), 1, true);
        vm.expectRevert(abi.encodeWithSelector(ICommittees.KeyRevoked.selector, 1));
        treasury.execute(0, to, data);
        registry.set(signer.key(NEXT), 2, false);
        vm.expectRevert(
            abi.encodeWithSelector(Treasury.GenerationOver.selector, uint32(1), uint32(2))
        );
        treasury.execute(0, to, data);
    }

    function test_veto_byGovernorOrGuardianAlone() public {
        (address[] memory to, bytes[] memory data) = _pay(SMALL);
        address[2] memory may = [GOVERNOR, GUARDIAN];
        for (uint64 i; i < 2; ++i) {
            _schedule(i, to, data);
            vm.expectRevert(abi.encodeWithSelector(Treasury.NotGuardian.selector, address(this)));
            treasury.veto(i);
            vm.prank(may[i]);
            treasury.veto(i);
            vm.expectRevert(IGoverned.ProposalMissing.selector);
            treasury.execute(i, to, data);
            vm.prank(may[i]);
            vm.expectRevert(IGoverned.ProposalMissing.selector);
            treasury.veto(i);
        }
        assertEq(token.balanceOf(PAYEE), 0);
    }

    function test_execute_revertsIf_Dead() public {
        (address[] memory to, bytes[] memory data) = _pay(SMALL);
        _schedule(0, to, data);
        (, uint40 readyAt,) = treasury.waiting(0);
        vm.warp(uint256(readyAt) + 7 days + 1);
        vm.expectRevert();
        treasury.execute(0, to, data);
        vm.warp(uint256(readyAt) + 7 days);
        treasury.execute(0, to, data);
    }

    // ------------------------------------------------------------------ hostile targets and tokens

    /// @dev An allowance from before the token was listed: an allowed call cannot use it.
    function test_execute_revertsIf_TokensLeaveOtherwise() public {
        vm.prank(address(treasury));
        token.approve(address(target), 50);
        _allow(TreasuryTarget.pull.selector);
        bytes memory call_ = abi.encodeCall(TreasuryTarget.pull, (token, 50));
        (address[] memory to, bytes[] memory data) = _single(address(target), call_);
        _schedule(0, to, data);
        _pass();
        vm.expectRevert(_outflow(address(token), 9_950, 10_000));
        treasury.execute(0, to, data);
    }

    function test_execute_revertsIf_TokenTakesMoreOrNothing() public {
        SenderFeeToken greedy = new SenderFeeToken();
        greedy.mint(address(treasury), 1_000);
        greedy.charge(true);
        _list(address(greedy), SMALL, DAY);
        bytes memory call_ = abi.encodeCall(IERC20.transfer, (PAYEE, 500));
        (address[] memory to, bytes[] memory data) = _single(address(greedy), call_);
        _schedule(0, to, data);
        _pass();
        vm.expectRevert(_outflow(address(greedy), 495, 500));
        treasury.execute(0, to, data);
        FalseToken liar = new FalseToken();
        liar.mint(address(treasury), 1_000);
        _list(address(liar), SMALL, DAY);
        (to, data) = _single(address(liar), call_);
        _schedule(1, to, data);
        _pass();
        vm.expectRevert(
            abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(liar))
        );
        treasury.execute(1, to, data);
    }

    function test_execute_revertsIf_Reentered() public {
        _allow(TreasuryTarget.again.selector);
        (address[] memory to, bytes[] memory data) = _pay(SMALL);
        _schedule(0, to, data);
        bytes memory call_ = abi.encodeCall(TreasuryTarget.again, (0, to, data));
        (address[] memory to1, bytes[] memory data1) = _single(address(target), call_);
        _schedule(1, to1, data1);
        _pass();
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        treasury.execute(1, to1, data1);
        treasury.execute(0, to, data);
    }

    // ------------------------------------------------------------------ helpers

    function _expectRefused(
        address committees,
        address governed,
        address guardians,
        uint256 small,
        uint256 large,
        bytes memory reason
    ) internal {
        try this.create(abi.encode(committees, governed, guardians, small, large)) {
            fail("created");
        } catch (bytes memory found) {
            assertEq(found, reason);
        }
    }

    /// @dev Called from outside, so that its failure can be caught.
    function create(bytes calldata args) external {
        deploy("Treasury", args);
    }

    /// @dev To the target, then to the token.
    function _two(bytes memory first, bytes memory second)
        internal
        view
        returns (address[] memory to, bytes[] memory data)
    {
        (to, data) = (new address[](2), new bytes[](2));
        (to[0], to[1]) = (address(target), address(token));
        (data[0], data[1]) = (first, second);
    }

    function _outflow(address from, uint256 found, uint256 required)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(Treasury.OutflowWrong.selector, from, found, required);
    }

    function _delay(uint256 found, uint256 required) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGoverned.DelayOutOfBounds.selector, found, required);
    }
}
