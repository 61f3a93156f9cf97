// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VaultQueue} from "../../src/VaultQueue.sol";
import {Lines} from "../../src/libraries/Lines.sol";
import {TestToken} from "../../src/mocks/TestToken.sol";
import {VaultTest} from "../support/VaultTest.sol";

/// @notice Random deposits, withdrawals, releases, vetoes and returns, against a naive log: in no
/// hour and no day leaves more than its budget, nothing is lost, each line keeps its order.
contract VaultInvariants is VaultTest {
    struct Out {
        uint256 time;
        uint256 amount;
    }

    Out[] private _out;
    uint64[] private _ids;
    uint256[] private _levelAt;
    uint256[] private _levels;
    /// @dev Everything that came in less everything that is out or back at an account.
    uint256 private _accounts;
    uint256 private _balanceBefore;
    bool private _overHour;
    bool private _overDay;
    bool private _disordered;
    uint256 public queuedOnce;
    uint256 public vetoedOnce;
    uint256 public releasedOnce;

    function setUp() public {
        vm.warp(START - START % 12 hours);
        token = new TestToken("Test Dollar", "TUSD", 6);
        vault = deployVault(address(token), rules());
        fund(token, vault, 1e18);
        for (uint160 i = 1; i <= 3; ++i) guard.set(address(i), true);
        _take(20_000_000e6);
        skip(36 hours);
        targetContract(address(this));
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = this.doPay.selector;
        selectors[1] = this.doPay.selector;
        selectors[2] = this.doSmall.selector;
        selectors[3] = this.doRelease.selector;
        selectors[4] = this.doWait.selector;
        selectors[5] = this.doVeto.selector;
        selectors[6] = this.doTakeBack.selector;
        selectors[7] = this.doDeposit.selector;
        targetSelector(address(this), selectors);
    }

    function doPay(uint256 amount, uint256 who) external {
        _pay(bound(amount, 1, 900_000e6), who);
    }

    function doSmall(uint256 amount, uint256 who) external {
        _pay(bound(amount, 1, 2_000e6), who);
    }

    function doRelease(uint256 count) external {
        uint256 before = token.balanceOf(address(vault));
        (uint256[3] memory heads,) = vault.lines();
        uint256 paid = vault.release(bound(count, 1, 12));
        _left(before - token.balanceOf(address(vault)));
        if (paid != 0) ++releasedOnce;
        (uint256[3] memory after_,) = vault.lines();
        // What is behind a head was not touched: only heads are paid.
        for (uint256 line; line < 3; ++line) {
            for (uint256 place = heads[line]; place < after_[line]; ++place) {
                VaultQueue.State state = vault.withdrawal(Lines.number(line, place)).state;
                if (state == VaultQueue.State.Waiting) _disordered = true;
            }
        }
    }

    function doWait(uint256 seconds_) external {
        uint256 kind = seconds_ % 4;
        if (kind == 0) skip(bound(seconds_ / 4, 1, 10 minutes));
        else if (kind == 1) skip(bound(seconds_ / 4, 1, 3 hours));
        else if (kind == 2) skip(5 minutes * bound(seconds_ / 4, 1, 30));
        else skip(bound(seconds_ / 4, 1, 2 days));
    }

    function doVeto(uint256 which) external {
        if (_ids.length == 0) return;
        uint64 id = _ids[which % _ids.length];
        for (uint160 i = 1; i <= 2; ++i) {
            vm.prank(address(i));
            try vault.veto(id) {} catch {}
        }
        if (vault.withdrawal(id).state == VaultQueue.State.Vetoed) ++vetoedOnce;
    }

    function doTakeBack(uint256 which) external {
        if (_ids.length == 0) return;
        try vault.takeBack(_ids[which % _ids.length]) returns (uint32, uint256 amount, bool) {
            _accounts += amount;
        } catch {}
    }

    function doDeposit(uint256 amount) external {
        _take(bound(amount, 1, 2_000_000e6));
    }

    function invariant_windowsHold() public view {
        assertFalse(_overHour, "more than the hour's budget left");
        assertFalse(_overDay, "more than the day's budget left");
    }

    function invariant_nothingIsLost() public view {
        uint256 waits;
        for (uint256 i; i < _ids.length; ++i) waits += vault.withdrawal(_ids[i]).quote;
        assertEq(vault.queued(), waits, "queued");
        assertEq(vault.liabilities(), _accounts, "accounts");
        assertEq(token.balanceOf(address(vault)), vault.liabilities() + vault.queued(), "tokens");
    }

    function invariant_linesKeepTheirOrder() public view {
        assertFalse(_disordered, "the queue was jumped");
    }

    /// @dev The suite must have met what it is about.
    function afterInvariant() public view {
        assertGt(queuedOnce + releasedOnce, 0, "nothing was ever queued");
    }

    function _pay(uint256 amount, uint256 who) private {
        if (amount > vault.liabilities()) return;
        uint256 before = token.balanceOf(address(vault));
        (, uint64 id) = vault.pay(address(0xB0B), amount, uint32(2 + who % 5), 0);
        _accounts -= amount;
        _left(before - token.balanceOf(address(vault)));
        if (id == 0) return;
        _ids.push(id);
        ++queuedOnce;
    }

    function _take(uint256 amount) private {
        _mark();
        vault.take(USER, amount);
        _accounts += amount;
        _mark();
    }

    function _mark() private {
        _levelAt.push(vm.getBlockTimestamp());
        _levels.push(token.balanceOf(address(vault)));
    }

    /// @dev Judges what left by the true sliding windows, with the budgets of before.
    function _left(uint256 amount) private {
        if (amount == 0) return;
        uint256 time = vm.getBlockTimestamp();
        _out.push(Out(time, amount));
        uint256 low = _low(time, token.balanceOf(address(vault)) + amount);
        if (_sum(time, 1 hours) > _share(low, 10_000, HOUR_FLOOR)) _overHour = true;
        if (_sum(time, 24 hours) > _share(low, 100_000, DAY_FLOOR)) _overDay = true;
        _mark();
    }

    function _sum(uint256 time, uint256 length) private view returns (uint256 sum) {
        for (uint256 i = _out.length; i > 0 && _out[i - 1].time + length > time; --i) {
            sum += _out[i - 1].amount;
        }
    }

    function _low(uint256 time, uint256 level) private view returns (uint256 low) {
        low = level;
        for (uint256 i = _levels.length; i > 0; --i) {
            if (_levels[i - 1] < low) low = _levels[i - 1];
            if (_levelAt[i - 1] + 24 hours <= time) break;
        }
    }

    function _share(uint256 low, uint256 ppm, uint256 floor) private pure returns (uint256) {
        uint256 share = low * ppm / 1_000_000;
        return share > floor ? share : floor;
    }
}
