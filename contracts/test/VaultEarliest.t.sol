// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vault} from "../src/Vault.sol";
import {VaultWindows} from "../src/VaultWindows.sol";
import {TestToken} from "../src/mocks/TestToken.sol";
import {VaultTest} from "./support/VaultTest.sol";

/// @notice `earliest` against what the vault then does. One withdrawal larger than all windows is
/// released at every bucket, which tells what is paid until when; a withdrawal of just that much is
/// promised that second, and one unit more a later one.
contract VaultEarliestTest is VaultTest {
    address internal constant BOB = address(0xB0B);
    address internal constant WHALE = address(0x3A1E);
    uint256 internal constant MUCH = 5_000_000e6;

    /// @dev Moments at which something was paid, and the sum until then.
    uint256[] internal times;
    uint256[] internal sums;

    function setUp() public {
        begin(new TestToken("Test Dollar", "TUSD", 6), _greedy());
    }

    /// @dev The hour binds; a part of it is used by the reserved share, and a part by all.
    function test_earliest_isTheFirstMoment_IfTheHourBinds() public {
        for (uint256 i; i < 3; ++i) {
            _compare(VaultWindows.Windows(1, 1, 10_000, 100_000), 37 minutes * i, 5 hours);
        }
    }

    /// @dev The day binds: its budget is that of the hour, or two and a half of it.
    function test_earliest_isTheFirstMoment_IfTheDayBinds() public {
        for (uint256 i; i < 3; ++i) {
            _compare(VaultWindows.Windows(1, 1, 10_000, 10_000), 9 hours * i, 55 hours);
            _compare(VaultWindows.Windows(1, 1, 10_000, 25_000), 9 hours * i, 28 hours);
        }
    }

    /// @dev A whole turn of the hour's ring passes before it is ready: nothing of now counts then.
    function test_earliest_ofLargeForgetsTheBucketOfNow() public {
        VaultWindows.Rules memory r = _greedy();
        r.delaySeconds = 2 hours;
        _deploy(VaultWindows.Windows(1, 1, 10_000, 100_000), r);
        for (uint256 i; i < 13; ++i) {
            uint256 snapshot = vm.snapshotState();
            skip(i * 5 minutes);
            (uint256 paid,) = vault.pay(BOB, 40_000e6, 100, 0);
            assertEq(paid, 40_000e6);
            (, uint64 id) = vault.pay(WHALE, 75_000e6, 101, 0);
            assertEq(uint256(id & 3), 2);
            uint256 ready = vm.getBlockTimestamp() + 2 hours;
            assertEq(vault.earliest(id), ready);
            vm.warp(ready - 1);
            assertEq(vault.release(1), 0);
            vm.warp(ready);
            assertEq(vault.release(1), 75_000e6);
            vm.revertToState(snapshot);
        }
    }

    /// @dev One that is paid within a bucket counts in that bucket, for the one behind it.
    function test_earliest_behindALargeOne() public {
        VaultWindows.Rules memory r = _greedy();
        r.delaySeconds = 2 hours;
        _deploy(VaultWindows.Windows(1, 1, 10_000, 100_000), r);
        for (uint256 i; i < 6; ++i) {
            uint256 snapshot = vm.snapshotState();
            skip(i * 397 + 41);
            vault.pay(WHALE, 75_000e6, 101, 0);
            (, uint64 id) = vault.pay(BOB, 75_000e6, 102, 0);
            uint256 promised = vault.earliest(id);
            vm.warp(vm.getBlockTimestamp() + 2 hours);
            while (true) {
                vault.release(2);
                if (vault.withdrawal(id).quote == 0) break;
                vm.warp((vm.getBlockTimestamp() / 5 minutes + 1) * 5 minutes);
            }
            assertEq(vm.getBlockTimestamp(), promised);
            vm.revertToState(snapshot);
        }
    }

    function _compare(VaultWindows.Windows memory w, uint256 phase, uint256 length) private {
        uint256 fresh = vm.snapshotState();
        _deploy(w, _greedy());
        skip(phase);
        _use();
        uint256 used = vm.snapshotState();
        _record(length);
        uint256 count = times.length;
        (uint256[] memory at, uint256[] memory until) = (times, sums);
        for (uint256 i; i < count; ++i) {
            vm.revertToState(used);
            assertEq(_promised(until[i]), at[i], "not the moment of its last unit");
            vm.revertToState(used);
            assertGt(_promised(until[i] + 1), at[i], "a unit more, and no later");
        }
        assertGt(count, 1);
        vm.revertToState(fresh);
    }

    /// @dev A small one takes the reserved share while a large one stands before everybody, which
    /// then goes; the same share is used again in another bucket, and a part of what is for all.
    function _use() private {
        (, uint64 large) = vault.pay(WHALE, 200_000e6, ANY, 0);
        skip(1 hours);
        assertGt(_pay(13_000e6, 200), 0);
        skip(25 minutes);
        assertGt(_pay(9_000e6, 201), 0);
        vault.takeBack(large);
        assertGt(_pay(31_000e6, 202), 0);
        skip(11 minutes);
    }

    function _pay(uint256 amount, uint32 account) private returns (uint256 paid) {
        amount = vault.preview(account, amount, 0);
        (paid,) = vault.pay(USER, amount, account, 0);
        assertEq(paid, amount);
    }

    /// @dev When how much of a withdrawal is paid that has no end.
    function _record(uint256 length) private {
        uint256 end = vm.getBlockTimestamp() + length;
        (uint256 paid, uint64 id) = vault.payForced(BOB, MUCH, ANY);
        uint256 before = paid;
        while (true) {
            vm.warp((vm.getBlockTimestamp() / 5 minutes + 1) * 5 minutes);
            if (vm.getBlockTimestamp() >= end) break;
            vault.release(1);
            uint256 sum = MUCH - vault.withdrawal(id).quote;
            if (sum == before) continue;
            times.push(vm.getBlockTimestamp());
            sums.push(sum);
            before = sum;
        }
    }

    function _promised(uint256 amount) private returns (uint256) {
        (uint256 paid, uint64 id) = vault.payForced(BOB, amount, ANY);
        assertLt(paid, amount);
        return vault.earliest(id);
    }

    function _deploy(VaultWindows.Windows memory w, VaultWindows.Rules memory r) private {
        vault = Vault(deploy("Vault", abi.encode(token, address(this), guard, w, r)));
        fund(token, vault, 1e15);
        vault.take(USER, 10_000_000e6);
        skip(36 hours);
    }

    /// @dev As the rules, but one account may take the whole of an hour's reserved share.
    function _greedy() private pure returns (VaultWindows.Rules memory r) {
        r = rules();
        r.smallFloorQuote = 20_000e6;
    }
}
