// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breaker} from "../../src/Breaker.sol";
import {Guardians} from "../../src/Guardians.sol";
import {ITightening} from "../../src/interfaces/ITightening.sol";
import {Resume} from "../../src/libraries/Resume.sol";
import {TiedClears, TiedTightens} from "./Models.sol";
import {Tie} from "./Tie.sol";

/// @title `breaker.tightens` and `breaker.loosens`: the breaker as deployed, and its models.
/// @notice The venue's scope and three markets; sixteen guardians, who try anything, alone or as a
/// quorum, a governor, and strangers. What the book of the guardians refuses is the only difference
/// allowed; the way back from a halt is put on top of the model by the library.
contract BreakerTie is Tie {
    uint256 private constant SCOPES = 4;
    uint256 private constant GUARDIANS = 16;
    uint256 private constant CLEAR_DELAY = 15 minutes;

    Breaker private _breaker;
    TiedTightens[SCOPES] private _tightens;
    TiedClears[SCOPES] private _clears;
    /// @dev What the expiries of a scope came to when it was cleared last.
    uint40[SCOPES] private _bases;

    function governor() external view returns (address) {
        return address(this);
    }

    function _name() internal pure override returns (string memory) {
        return "breaker";
    }

    function _operations() internal pure override returns (string[] memory all) {
        all = new string[](7);
        (all[0], all[1], all[2]) = ("tighten", "refused", "bookkeeping");
        (all[3], all[4], all[5], all[6]) = ("propose", "cancel", "clear", "no clearing");
    }

    function _begin() internal override {
        vm.warp(1_900_000_000);
        address[] memory guardians = new address[](GUARDIANS);
        for (uint256 i; i < GUARDIANS; ++i) guardians[i] = _guardian(i);
        Guardians.Limits memory limits =
            Guardians.Limits(1 days, CLEAR_DELAY, 1 days, 1 days, 2, 0);
        bytes memory args = abi.encode(address(this), guardians, limits);
        _breaker = Breaker(_deployBuilt("Breaker", args));
        for (uint256 i; i < SCOPES; ++i) {
            _tightens[i] = TiedTightens(_deployModel("TiedTightens", ""));
            _clears[i] = TiedClears(_deployModel("TiedClears", abi.encode(CLEAR_DELAY)));
        }
    }

    function _act(uint256 r) internal override {
        uint16 scope = uint16((r >> 8) % SCOPES);
        uint256 kind = r % 16;
        // Mostly seconds, so that clearings are met early and late; days now and then.
        uint256 wait = (r >> 16) % 8 == 0 ? (r >> 24) % 10 days : (r >> 24) % 1_000;
        vm.warp(vm.getBlockTimestamp() + wait);
        if (kind < 9) _tighten(scope, r >> 64);
        else if (kind < 12) _propose(scope);
        else if (kind < 15) _apply(scope);
        else _cancel(scope);
        _compare();
    }

    function _tighten(uint16 scope, uint256 r) private {
        uint8 level = uint8(r % 5);
        uint256 seconds_ = (r >> 8) % 8 == 0
            ? [uint256(0), 1, 1 days, 1 days + 1, 40 days][(r >> 16) % 5]
            : (r >> 16) % 3 hours;
        uint256 time = vm.getBlockTimestamp();
        uint40 until = uint40(time + seconds_);
        uint8 venue = scope == 0 ? _resuming(0) : _larger(_real(0), _resuming(scope));
        (bool done, bytes memory reason) =
            _ask((r >> 80) % (GUARDIANS + 1), scope, level, seconds_);
        if (done) {
            _same("the model tightens", true, _tightened(scope, level, until, venue));
            _clears[scope].tighten(_sum(scope));
            _did("tighten");
        } else {
            bytes4 why = bytes4(reason);
            bool book = why == Guardians.NotGuardian.selector
                || why == Guardians.GuardianResting.selector
                || why == Guardians.TighteningsExceeded.selector
                || (why == Guardians.HoldTooLong.selector && seconds_ != 0 && seconds_ <= 1 days);
            if (book) return _did("bookkeeping");
            _same("the model refuses", false, _tightened(scope, level, until, venue));
            _did("refused");
        }
    }

    /// @dev By one guardian, and as many after it as it takes.
    function _ask(uint256 first, uint16 scope, uint8 level, uint256 seconds_)
        private
        returns (bool done, bytes memory reason)
    {
        ITightening.Evidence memory evidence;
        for (uint256 i; i < GUARDIANS; ++i) {
            vm.prank(_guardian(first == GUARDIANS ? first : (first + i) % GUARDIANS));
            try _breaker.tighten(scope, level, seconds_, evidence) returns (bool inForce) {
                if (inForce) return (true, "");
            } catch (bytes memory why) {
                return (false, why);
            }
        }
        return (false, "the quorum is not enough");
    }

    /// @dev Level on the way back from the last halt of a scope.
    function _resuming(uint16 scope) private view returns (uint8) {
        (,, uint40 until3, uint40 since3) = _breaker.entry(scope);
        uint256 time = vm.getBlockTimestamp();
        if (time < until3) return 0;
        return Resume.level(until3, Resume.afterHalt(since3, until3), time);
    }

    /// @dev Level of a scope by itself.
    function _real(uint16 scope) private view returns (uint8) {
        return _larger(_tightens[scope].level(vm.getBlockTimestamp()), _resuming(scope));
    }

    function _larger(uint8 a, uint8 b) private pure returns (uint8) {
        return a > b ? a : b;
    }

    function _tightened(uint16 scope, uint8 level, uint40 until, uint8 venue)
        private
        returns (bool)
    {
        try _tightens[scope].step(level, until, uint40(vm.getBlockTimestamp()), venue) {
            return true;
        } catch (bytes memory reason) {
            return _refused(reason);
        }
    }

    function _propose(uint16 scope) private {
        _breaker.proposeClear(scope);
        _clears[scope].propose();
        _did("propose");
    }

    function _cancel(uint16 scope) private {
        bool real = _ok(address(_breaker), abi.encodeCall(Breaker.cancelClear, (scope)));
        bool model = _modelled(scope, abi.encodeCall(_clears[scope].cancel, ()));
        _same("cancelled", real, model);
        if (real) _did("cancel");
    }

    function _apply(uint16 scope) private {
        bool real = _ok(address(_breaker), abi.encodeCall(Breaker.applyClear, (scope)));
        bool model = _modelled(scope, abi.encodeCall(_clears[scope].apply_, ()));
        _same("cleared", real, model);
        if (real) {
            _tightens[scope].clear(uint40(vm.getBlockTimestamp()));
            _bases[scope] += _sum(scope);
        }
        _did(real ? "clear" : "no clearing");
    }

    function _compare() private view {
        uint8 venue = _real(0);
        for (uint16 scope; scope < SCOPES; ++scope) {
            (uint40 real1, uint40 real2, uint40 real3,) = _breaker.entry(scope);
            (uint40 model1, uint40 model2, uint40 model3) = _tightens[scope].state();
            _same("until of level 1", uint256(real1), model1);
            _same("until of level 2", uint256(real2), model2);
            _same("until of level 3", uint256(real3), model3);
            _same("level", uint256(_breaker.level(scope)), _larger(_real(scope), venue));
            (uint256 until, uint256 readyAt) = _clears[scope].state();
            _same("entry", uint256(_sum(scope)), until);
            _same("ready", uint256(_breaker.clearReadyAt(scope)), readyAt);
        }
    }

    /// @dev One number for an entry: tightening only ever raises one of the three. What a clearing
    /// leaves of a halt, whose end the way back starts from, counts for nothing.
    function _sum(uint16 scope) private view returns (uint40) {
        (uint40 until1, uint40 until2, uint40 until3,) = _breaker.entry(scope);
        return until1 + until2 + until3 - _bases[scope];
    }

    /// @dev The one behind the last is none.
    function _guardian(uint256 i) private pure returns (address) {
        return address(uint160(0x9a1d + i));
    }

    function _modelled(uint16 scope, bytes memory data) private returns (bool) {
        (bool ok, bytes memory reason) = address(_clears[scope]).call(data);
        return ok || _refused(reason);
    }

    function _ok(address to, bytes memory data) private returns (bool ok) {
        (ok,) = to.call(data);
    }
}
