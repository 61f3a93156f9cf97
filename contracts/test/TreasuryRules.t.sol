// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Treasury} from "../src/Treasury.sol";
import {TreasuryRules} from "../src/TreasuryRules.sol";
import {IGoverned} from "../src/interfaces/IGoverned.sol";
import {GroupSignature} from "../src/libraries/Schnorr.sol";
import {TestToken} from "../src/mocks/TestToken.sol";
import {TreasuryRig, TreasuryTarget} from "./mocks/TreasuryRig.sol";

/// @notice What cannot be signed, and limits of any 24 hours.
contract TreasuryRulesTest is TreasuryRig {
    // ------------------------------------------------------------------ what cannot be signed

    function test_calls_revertIf_Forbidden() public {
        bytes[4] memory wrong = [
            abi.encodeCall(IERC20.approve, (PAYEE, 1)),
            abi.encodeCall(IERC20.transferFrom, (address(treasury), PAYEE, 1)),
            abi.encodeCall(TestToken.mint, (PAYEE, 1)),
            bytes("")
        ];
        for (uint256 i; i < 4; ++i) {
            _expectForbidden(address(token), wrong[i]);
        }
        _expectForbidden(address(target), abi.encodeCall(TreasuryTarget.failing, (1)));
        _expectForbidden(address(target), hex"93");
        // Not even when the governor allows it: a listed token has nothing but its transfer.
        vm.prank(GOVERNOR);
        treasury.proposeCall(address(token), IERC20.approve.selector);
        _pass();
        treasury.applyCall(address(token), IERC20.approve.selector);
        _expectForbidden(address(token), wrong[0]);
    }

    function test_transfer_revertsIf_Malformed() public {
        (address[] memory to, bytes[] memory data) = _pay(1);
        data[0] = abi.encodePacked(data[0], uint8(0));
        GroupSignature memory s = _signature(0, to, data);
        vm.expectRevert(
            abi.encodeWithSelector(TreasuryRules.TransferMalformed.selector, address(token), 69)
        );
        treasury.schedule(0, _expiry(), to, data, s);
    }

    /// @dev What is removed while an instruction waits is not carried out.
    function test_execute_revertsIf_CallRemoved() public {
        bytes memory call_ = abi.encodeCall(TreasuryTarget.note, (5));
        (address[] memory to, bytes[] memory data) = _single(address(target), call_);
        _schedule(0, to, data);
        vm.prank(GOVERNOR);
        treasury.removeCall(address(target), TreasuryTarget.note.selector);
        _pass();
        vm.expectRevert(_forbidden(address(target), TreasuryTarget.note.selector));
        treasury.execute(0, to, data);
    }

    // ------------------------------------------------------------------ limits

    /// @dev 1.00 of the limit in any 24 hours, not 1.99 around the end of one.
    /// forge-config: default.fuzz.runs = 24
    function testFuzz_day_holdsInAnyWindow(uint256 seed) public {
        uint256[20] memory times;
        uint256[20] memory amounts;
        for (uint64 i; i < 20; ++i) {
            amounts[i] = 1 + uint256(keccak256(abi.encode(seed, i))) % (DAY / 2);
            (address[] memory to, bytes[] memory data) = _pay(amounts[i]);
            _schedule(i, to, data);
        }
        _pass();
        uint256 done;
        for (uint64 i; i < 20; ++i) {
            uint256 wait = uint256(keccak256(abi.encode(i, seed))) % 8 hours;
            vm.warp(vm.getBlockTimestamp() + wait);
            (address[] memory to, bytes[] memory data) = _pay(amounts[i]);
            try treasury.execute(i, to, data) {
                times[i] = vm.getBlockTimestamp();
                ++done;
            } catch {}
            uint256 sum;
            for (uint256 j; j <= i; ++j) {
                if (times[j] + 24 hours > vm.getBlockTimestamp()) sum += amounts[j];
            }
            assertLe(sum, DAY);
        }
        // As much as a limit of 25 hours lets through, at least.
        assertGt(done, 3);
    }

    function test_day_revertsIf_Exceeded() public {
        (address[] memory to, bytes[] memory data) = _pay(DAY);
        (address[] memory to1, bytes[] memory data1) = _pay(1);
        _schedule(0, to, data);
        _schedule(1, to1, data1);
        _pass();
        treasury.execute(0, to, data);
        vm.expectRevert(_exceeded(1, 0));
        treasury.execute(1, to1, data1);
        vm.warp(vm.getBlockTimestamp() + 24 hours - 1);
        vm.expectRevert(_exceeded(1, 0));
        treasury.execute(1, to1, data1);
        vm.warp(vm.getBlockTimestamp() + 1 hours + 1);
        treasury.execute(1, to1, data1);
        (to, data) = _pay(DAY + 1);
        _schedule(2, to, data);
        vm.warp(vm.getBlockTimestamp() + 3 days);
        vm.expectRevert(_exceeded(DAY + 1, DAY));
        treasury.execute(2, to, data);
    }

    function test_limit_tightensAtOnceLoosensLate() public {
        address t = address(token);
        vm.startPrank(GOVERNOR);
        assertFalse(treasury.proposeLimit(t, SMALL + 1, DAY));
        assertTrue(treasury.proposeLimit(t, SMALL, DAY - 1));
        // What was pending went with it.
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        treasury.cancelLimit(t);
        assertFalse(treasury.proposeLimit(t, 0, DAY));
        treasury.cancelLimit(t);
        assertFalse(treasury.proposeLimit(t, 0, DAY));
        vm.stopPrank();
        vm.expectRevert();
        treasury.applyLimit(t);
        _pass();
        treasury.applyLimit(t);
        (uint128 small, uint128 day, uint8 place) = treasury.limits(t);
        assertEq(uint256(small), 0);
        assertEq(uint256(day), DAY);
        assertEq(uint256(place), 1);
    }

    function test_rules_revertIf_NotGovernor() public {
        bytes memory refused =
            abi.encodeWithSelector(IGoverned.NotGovernor.selector, address(this), GOVERNOR);
        vm.expectRevert(refused);
        treasury.proposeLimit(address(token), 1, 1);
        vm.expectRevert(refused);
        treasury.cancelLimit(address(token));
        vm.expectRevert(refused);
        treasury.proposeCall(address(target), 0x12345678);
        vm.expectRevert(refused);
        treasury.removeCall(address(target), TreasuryTarget.note.selector);
        vm.startPrank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(TreasuryRules.TargetInvalid.selector, PAYEE));
        treasury.proposeLimit(PAYEE, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(TreasuryRules.TargetInvalid.selector, PAYEE));
        treasury.proposeCall(PAYEE, 0x12345678);
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        treasury.removeCall(address(target), 0x12345678);
        treasury.proposeCall(address(target), 0x12345678);
        treasury.removeCall(address(target), 0x12345678);
        vm.stopPrank();
        vm.expectRevert(IGoverned.ProposalMissing.selector);
        treasury.applyCall(address(target), 0x12345678);
    }

    function test_limit_revertsIf_TooManyTokens() public {
        for (uint256 i = 1; i < 16; ++i) _list(address(new TreasuryTarget()), 1, 1);
        address last = address(new TreasuryTarget());
        vm.prank(GOVERNOR);
        treasury.proposeLimit(last, 1, 1);
        _pass();
        vm.expectRevert(abi.encodeWithSelector(TreasuryRules.TokensExceeded.selector, 17, 16));
        treasury.applyLimit(last);
    }

    // ------------------------------------------------------------------ helpers

    function _expectForbidden(address to_, bytes memory call_) internal {
        (address[] memory to, bytes[] memory data) = _single(to_, call_);
        GroupSignature memory s = _signature(0, to, data);
        vm.expectRevert(_forbidden(to_, bytes4(call_)));
        treasury.schedule(0, _expiry(), to, data, s);
    }

    function _exceeded(uint256 amount, uint256 left) internal view returns (bytes memory) {
        return
            abi.encodeWithSelector(Treasury.DayExceeded.selector, address(token), amount, left);
    }
}
