// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breaker} from "../../src/Breaker.sol";
import {TiedClears, TiedTightens} from "./Models.sol";
import {Tie} from "./Tie.sol";

/// @title `breaker.tightens` and `breaker.loosens`: the breaker as deployed, and its models.
/// @notice The venue's scope and three markets; sixteen guardians, who try anything, a governor,
/// and strangers. What the book of the guardians refuses is the only difference allowed.
contract BreakerTie is Tie {
    uint256 private constant SCOPES = 4;
    uint256 private constant GUARDIANS = 16;
    uint256 private constant CLEAR_DELAY = 15 minutes;

    Breaker private _breaker;
    TiedTightens[SCOPES] private _tightens;
    TiedClears[SCOPES] private _clears;

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
        Breaker.Limits memory limits = Breaker.Limits(1 days, CLEAR_DELAY, 1 days);
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
        uint8 venue = scope == 0 ? 0 : _tightens[0].level(time);
        vm.prank(_guardian((r >> 80) % (GUARDIANS + 1)));
        try _breaker.tighten(scope, level, seconds_) {
            _same("the model tightens", true, _tightened(scope, level, until, venue));
            _clears[scope].tighten(_sum(scope));
            _did("tighten");
        } catch (bytes memory reason) {
            bytes4 why = bytes4(reason);
            bool book = why == Breaker.NotGuardian.selector
                || why == Breaker.GuardianResting.selector
                || why == Breaker.TighteningsExceeded.selector
                || (why == Breaker.HoldTooLong.selector && seconds_ != 0 && seconds_ <= 1 days);
            if (book) return _did("bookkeeping");
            _same("the model refuses", false, _tightened(scope, level, until, venue));
            _did("refused");
        }
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
        if (real) _tightens[scope].clear();
        _did(real ? "clear" : "no clearing");
    }

    function _compare() private view {
        uint256 time = vm.getBlockTimestamp();
        uint8 venue = _tightens[0].level(time);
        for (uint16 scope; scope < SCOPES; ++scope) {
            (uint40 real1, uint40 real2, uint40 real3) = _breaker.entry(scope);
            (uint40 model1, uint40 model2, uint40 model3) = _tightens[scope].state();
            _same("until of level 1", uint256(real1), model1);
            _same("until of level 2", uint256(real2), model2);
            _same("until of level 3", uint256(real3), model3);
            uint8 level = _tightens[scope].level(time);
            _same("level", uint256(_breaker.level(scope)), level > venue ? level : venue);
            (uint256 until, uint256 readyAt) = _clears[scope].state();
            _same("entry", uint256(_sum(scope)), until);
            _same("ready", uint256(_breaker.clearReadyAt(scope)), readyAt);
        }
    }

    /// @dev One number for an entry: tightening only ever raises one of the three.
    function _sum(uint16 scope) private view returns (uint40) {
        (uint40 until1, uint40 until2, uint40 until3) = _breaker.entry(scope);
        return until1 + until2 + until3;
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
