// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../../../src/generated/LawLib.sol";
import {ForcedRequest} from "../../../src/interfaces/IForcedQueue.sol";
import {SessionScope} from "../../../src/Types.sol";
import {SqueezeActs} from "./SqueezeActs.sol";

/// @notice The ways past the operator, the end of the venue, and a stranger who tries everything.
abstract contract ExitActs is SqueezeActs {
    uint256 private constant SILENCE = 7 days;
    mapping(uint32 => uint256) internal paidTo;
    uint256 internal collected;

    /// @notice Requests need nobody's leave while the venue runs.
    function doAsk(uint256 kind, uint256 who, uint256 x, uint256 number) external {
        if (_frozen()) return;
        uint32 id = _user(who);
        Snap memory a = _snap();
        (, uint64 count,) = queue.state();
        kind = kind % 3;
        if (kind == 0) {
            uint256 amount = x % 5 == 0 ? ALL : bound(x, 1, 100 * UNIT);
            requestWithdraw(id, uint88(amount), address(9), uint64(number % NONCES));
        } else if (kind == 1) {
            uint8 m = uint8(number % MARKETS);
            bool isLong = sizeOf(id, m) > 0;
            uint88 lots = x % 3 == 0 ? ALL : uint88(bound(x, 1, 60));
            requestClose(id, m, isLong, lots, isLong ? 0 : type(uint32).max);
        } else {
            requestCancelAll(id);
        }
        (, uint64 now_,) = queue.state();
        if (now_ != count + 1) broken = "a request was lost";
        _only(a, 0, 0);
        _won();
    }

    /// @notice The next request or any other, by the sequencer or by whoever takes it over.
    function doExecute(uint256 number, uint256 whom, uint256 lots, uint256 whose) external {
        (uint64 next, uint64 count, uint40 deadline) = queue.state();
        number = number % 4 == 0 ? bound(number, 0, count + 1) : next;
        uint32 taker = _user(whom);
        ForcedRequest memory request = queue.requestOf(uint64(number));
        bool bySequencer = whose % 2 == 0;
        bool used = !_frozen() && request.kind == 1
            && house.nonceUsed(request.account, request.nonce);
        Snap memory a = _snap();
        uint256 may = _bit(request.account) | (request.kind == 2 ? _bit(taker) : 0);
        if (!bySequencer) vm.prank(owner_(taker));
        try house.executeForced(uint64(number), taker, uint56(bound(lots, 0, 100)), "") {
            if (number > count) broken = "a request that is none";
            if (number >= next || request.kind == 0) {
                if (number != next) broken = "a request out of turn";
                if (!bySequencer && _now() <= deadline) broken = "a request before its deadline";
            }
            if (request.kind == 1) {
                bool usedNow = house.nonceUsed(request.account, request.nonce);
                if (used) may = 0;
                else if (usedNow) _use(request.account, request.nonce);
                else may = 0;
            }
            ForcedRequest memory left = queue.requestOf(uint64(number));
            if (left.kind != 0 && left.amount >= request.amount) broken = "a request did not move";
            _wonRunning();
        } catch (bytes memory reason) {
            _refusedFreely(reason);
        }
        _only(a, may, request.kind == 1 ? may : 0);
    }

    /// @notice Now and then somebody freezes the venue; when it is due nobody can prevent it.
    function doFreeze(uint256 seldom) external {
        if (seldom % 8 != 0) return;
        (uint64 next, uint64 count, uint40 deadline) = queue.state();
        bool due = next <= count && _now() > deadline + FORCED_GRACE;
        (, uint40 told) = oracle.last();
        due = due || _now() > uint256(told) + SILENCE;
        bool running = !_frozen();
        Snap memory a = _snap();
        vm.prank(STRANGER);
        try house.freeze() {
            if (!due || !running) broken = "a freeze that was not due";
            owedAtFreeze = vault.liabilities();
            _won();
        } catch {
            if (due && running) broken = "a freeze that was due was refused";
        }
        _only(a, 0, 0);
    }

    function doReckon(uint256 count) external {
        Snap memory a = _snap();
        (,,,, bool before) = house.reckoning();
        try house.reckon(bound(count, 1, 400)) {
            if (!_frozen() || before) broken = "a reckoning out of time";
            (,,,, bool done) = house.reckoning();
            if (done) heldAtFreeze = token.balanceOf(address(vault)) - vault.queued();
            _won();
        } catch (bytes memory reason) {
            _refused(reason);
        }
        _only(a, 0, 0);
    }

    function doExit(uint256 who, uint256 whose) external {
        uint32 id = who % 7 == 0 ? pool : _user(who);
        address owner = id == pool ? address(stop) : owner_(id);
        (int256 equityQ32, uint256 claim) = house.claimOf(id);
        (,, uint256 claims, uint256 all, bool done) = house.reckoning();
        Snap memory a = _snap();
        if (whose % 2 == 0) vm.prank(STRANGER);
        try house.exit(id, owner) returns (uint256 got) {
            bool once = done && paidTo[id] == 0 && got == claim && got != 0;
            if (!once) broken = "an exit that was not owed";
            if (!LawLib.exitShared(got, uint256(equityQ32), claims, all)) broken = "its share";
            if (house.exited(id) != got) broken = "an exit that was not remembered";
            _paid(id, got);
            _won();
        } catch (bytes memory reason) {
            _refusedFreely(reason);
            if (done && claim != 0) broken = "an exit that was owed was refused";
        }
        _only(a, _bit(id), 0);
    }

    function doLeave() external {
        (, uint256 claim) = house.claimOf(pool);
        (,,,, bool done) = house.reckoning();
        bool gone = house.exited(pool) != 0;
        Snap memory a = _snap();
        (uint256 part,) = stop.partOf(0, lenders[1]);
        try stop.leave(0) returns (uint256 owed) {
            if (!gone) _paid(pool, owed);
            if (owed != paidTo[pool] || part != 0) broken = "a pool that left twice";
            _won();
        } catch {
            if (done && part == 0 && (claim != 0 || gone)) broken = "a pool could not leave";
        }
        _only(a, _bit(pool), 0);
    }

    function doCollect(uint256 who) external {
        address lender = lenders[who % 2];
        Snap memory a = _snap();
        (uint256 part, uint256 taken) = stop.partOf(0, lender);
        uint256 here = token.balanceOf(address(stop));
        vm.prank(lender);
        try stop.collect(0) returns (uint256 amount) {
            collected += amount;
            if (taken + amount > part) broken = "a depositor took more than its part";
            _won();
        } catch {
            if (taken < part && here != 0) broken = "a depositor was refused what is here";
        }
        _only(a, 0, 0);
    }

    /// @notice Calls for others' accounts, in good shape and in none: nobody notices.
    function doStranger(uint256 which, uint256 who, uint256 x, uint256 noise) external {
        Snap memory a = _snap();
        uint256 held = token.balanceOf(address(vault));
        uint256 here = token.balanceOf(address(stop));
        (address target, bytes memory data) = _attempt(which, _user(who), bound(x, 1, UNIT));
        if (noise % 4 == 0) {
            bytes32 more = keccak256(abi.encode(noise));
            data = bytes.concat(bytes4(data), keccak256(abi.encode(x)), more);
        }
        vm.prank(STRANGER);
        (bool ok,) = target.call(data);
        // Opening an account and paying in are anybody's; he has nothing to pay in.
        if (ok) broken = "a stranger was let in";
        if (token.balanceOf(STRANGER) != 0) broken = "a stranger was paid";
        bool same = token.balanceOf(address(vault)) == held;
        if (!same || token.balanceOf(address(stop)) != here) broken = "a stranger moved tokens";
        _only(a, 0, 0);
        ++wins[msg.sig];
    }

    function _paid(uint32 id, uint256 amount) private {
        paidTo[id] = amount;
        paidOut += amount;
    }

    function _attempt(uint256 which, uint32 id, uint256 x)
        private
        view
        returns (address, bytes memory)
    {
        address h = address(house);
        address v = address(vault);
        SessionScope memory all = everything();
        which = which % 22;
        if (which == 0) return (h, abi.encodeCall(house.withdraw, (id, x, STRANGER, "")));
        if (which == 1) return (h, abi.encodeCall(house.transfer, (id, alice, x, "")));
        if (which == 2) return (h, abi.encodeCall(house.deposit, (address(token), id, x)));
        if (which == 3) return (h, abi.encodeCall(house.setSession, (id, STRANGER, 1 << 39, all)));
        if (which == 4) return (h, abi.encodeCall(house.setLeverage, (id, uint24(x % 1e6), "")));
        if (which == 5) return (h, abi.encodeCall(house.cancelAll, (id)));
        if (which == 6) return (h, abi.encodeCall(house.cancelNonce, (id, uint64(x))));
        if (which == 7) return (h, abi.encodeCall(house.liquidate, (alice, 0, 0, id, "")));
        if (which == 8) return (h, abi.encodeCall(house.unwind, (pool, 0, 1, id, "")));
        if (which == 9) return (h, abi.encodeCall(house.settle, (batch())));
        if (which == 10) return (h, abi.encodeCall(house.withdrawForced, (id, 1, STRANGER, 77)));
        if (which == 11) return (h, abi.encodeCall(house.exit, (id, STRANGER)));
        if (which == 12) return (v, abi.encodeCall(vault.take, (address(this), x)));
        if (which == 13) return (v, abi.encodeCall(vault.pay, (STRANGER, x, id, 0)));
        if (which == 14) return (v, abi.encodeCall(vault.payForced, (STRANGER, x, id)));
        if (which == 15) return (v, abi.encodeCall(vault.takeBack, (uint64(x % 64))));
        if (which == 16) return (v, abi.encodeCall(windowed.veto, (uint64(x % 64))));
        if (which == 17) return (address(queue), abi.encodeCall(queue.take, (1, STRANGER)));
        if (which == 18) return (address(queue), abi.encodeCall(queue.cut, (1, 1)));
        if (which == 19) return (address(stop), abi.encodeCall(stop.withdraw, (0)));
        if (which == 20) return (address(stop), abi.encodeCall(stop.collect, (0)));
        return (address(stop), abi.encodeCall(stop.deposit, (0, UNIT)));
    }
}
