// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOracle} from "../../../src/interfaces/IOracle.sol";
import {IReportVerifier} from "../../../src/interfaces/IReportVerifier.sol";
import {PeripheralsReports} from "../../mocks/PeripheralsReports.sol";
import {CustodyActs} from "./CustodyActs.sol";

/// @notice Reports: those of honest reporters, by everybody who may bring one; those that captured
/// reporters sign out of time, out of turn or out of the band; those that nobody signed; and a
/// captured governor, who changes the verifier.
abstract contract ReportActs is CustodyActs {
    uint256 private constant SKEW = 30;
    uint256 private constant QUIET = 30;
    uint256 private constant VERIFIER_DELAY = 1 days;

    /// @dev What the oracle knew after the last report that it had to take.
    struct Known {
        bytes report;
        uint32 round;
        uint40 time;
        uint32[3] prices;
        /// Least and largest price ever.
        uint32[3] least;
        uint32[3] most;
    }

    /// How often a report was refused, by the reason.
    mapping(bytes4 => uint256) internal refusals;
    Known private _known;
    uint256 private _proposedAt;

    /// @notice A report with funding: by the sequencer, or by a stranger who has to wait.
    function doPush(uint256 change, uint256 rate, uint256 whose) external {
        if (_frozen()) return;
        bool stranger = whose % 4 == 0;
        vm.warp(_now() + (whose % 8 == 0 ? QUIET + 1 : 1));
        PeripheralsReports.Value[] memory list = _near(change);
        for (uint8 m; m < MARKETS; ++m) list[m].rate = int32(int256(rate % 600_001) - 300_000);
        bytes memory report = reportNow(list);
        Snap memory a = _snap();
        uint256 age = _now() - _known.time;
        if (stranger) vm.prank(STRANGER);
        try house.push(report) {
            if (stranger && age <= QUIET) broken = "a stranger pushed at once";
            accepted(report, list);
            _wonRunning();
        } catch (bytes memory reason) {
            if (!stranger || age > QUIET) broken = "a report in time was refused";
            _refused(reason);
        }
        _only(a, 0, 0);
    }

    /// @notice All reporters are captured: what they sign is the same report again, one of an
    /// earlier round or time, a late or an early one, or a price beyond its band.
    function doOldReport(uint256 how, uint256 door, uint256 x) external {
        PeripheralsReports.Value[] memory list = _near(x);
        how = how % 6;
        // Late, though newer than the last.
        if (how == 3) vm.warp(_now() + 2 * SKEW + 2);
        uint32 round = _known.round + 1;
        uint256 time = _now() > _known.time ? _now() : uint256(_known.time) + 1;
        if (how == 1) round = uint32(_known.round - (x >> 64) % 3 % _known.round);
        if (how == 2) time = uint256(_known.time) - (x >> 64) % 100;
        if (how == 3) time = _now() - SKEW - 1 - (x >> 64) % SKEW;
        if (how == 4) time = _now() + SKEW + 1 + (x >> 64) % 100;
        if (how == 5) {
            uint256 m = (x >> 64) % MARKETS;
            uint256 off = uint256(_known.prices[m]) / 10 + 1 + (x >> 96) % 1_000;
            list[m].price = uint32(_known.prices[m] + (x & 1 == 0 ? off : 0) - (x & 1) * off);
        }
        _refusedAt(door, how == 0 ? _known.report : reporters.report(round, uint40(time), list));
    }

    /// @notice One reporter is captured, or a stranger makes up a report.
    function doForgedReport(uint256 how, uint256 door, uint256 x) external {
        uint40 time = uint40(_now() > _known.time ? _now() : uint256(_known.time) + 1);
        _refusedAt(door, reporters.forged(how, x, _known.round + 1, time, _near(x)));
    }

    /// @notice Another verifier comes a day after the governor named it, and no sooner.
    function doVerifier(uint256 whose) external {
        (, uint40 readyAt) = oracle.pendingVerifier();
        IReportVerifier wanted = reporters.other();
        Snap memory a = _snap();
        if (readyAt == 0) {
            if (whose % 2 == 0) vm.prank(STRANGER);
            try oracle.proposeVerifier(wanted) {
                if (whose % 2 == 0) broken = "a stranger named a verifier";
                _proposedAt = _now();
            } catch {}
        } else {
            vm.prank(STRANGER);
            try oracle.applyVerifier() {
                uint256 waited = _now() - _proposedAt;
                bool due = waited >= VERIFIER_DELAY && waited <= VERIFIER_DELAY + 7 days;
                if (!due) broken = "a verifier out of time";
                if (oracle.verifier() != wanted) broken = "another verifier";
                _won();
            } catch {
                if (_now() > readyAt + 7 days) oracle.cancelVerifier();
            }
        }
        _only(a, 0, 0);
    }

    /// @notice A report was accepted: from now on the oracle knows this and nothing else.
    function accepted(bytes memory report, PeripheralsReports.Value[] memory list)
        internal
        override
    {
        Known storage k = _known;
        (k.report, k.round, k.time) = (report, k.round + 1, uint40(_now()));
        for (uint256 m; m < MARKETS; ++m) {
            uint32 price = list[m].price;
            k.prices[m] = price;
            if (k.least[m] == 0 || price < k.least[m]) k.least[m] = price;
            if (price > k.most[m]) k.most[m] = price;
        }
    }

    /// @notice The last report that was accepted.
    function _lastReport() internal view returns (bytes memory) {
        return _known.report;
    }

    /// @notice Prices within one in a hundred of the last ones; marks as they are.
    function _near(uint256 change) internal view returns (PeripheralsReports.Value[] memory list) {
        list = values();
        for (uint256 m; m < MARKETS; ++m) {
            uint256 ppm = bound((change >> (8 * m)) % 20_001, 0, 20_000) + 990_000;
            list[m].price = uint32(uint256(list[m].price) * ppm / 1e6);
        }
    }

    /// @dev Round, time and prices are those of the last report; the average lies between all
    /// prices, the mark within its clamp of the price as it was clamped then.
    function _checkReports() internal view {
        (uint32 round, uint40 time) = oracle.last();
        assertEq(round, _known.round, "a round that nobody brought");
        assertEq(time, _known.time, "a time that nobody brought");
        for (uint8 m; m < MARKETS; ++m) {
            assertEq(priceOf(m), _known.prices[m], "a price that nobody brought");
            assertLe(oracle.aged(m), _known.most[m], "an average above all prices");
            assertGe(oracle.aged(m), _known.least[m], "an average below all prices");
        }
    }

    /// @dev Through any door that takes a report, by whoever may use it.
    function _refusedAt(uint256 door, bytes memory report) private {
        Snap memory a = _snap();
        uint32 id = _user(door >> 8);
        bytes memory call = _through(door % 6, id, report);
        if (door % 6 != 0 && door % 6 != 5) {
            address owner = owner_(id);
            vm.prank(owner);
        }
        (bool ok, bytes memory reason) = address(house).call(call);
        if (ok) broken = "a report that must not be was taken";
        _refused(reason);
        _only(a, 0, 0);
        ++refusals[bytes4(reason)];
        _won();
    }

    /// @dev Every reason for which oracle and verifier refuse a report that is none of its form.
    function _reasons() internal pure returns (bytes4[9] memory) {
        return [
            IOracle.RoundNotNewer.selector,
            IOracle.TimeNotNewer.selector,
            IOracle.ReportStale.selector,
            IOracle.ReportAhead.selector,
            IOracle.PriceOutsideBand.selector,
            IReportVerifier.QuorumShort.selector,
            IReportVerifier.SignerUnknown.selector,
            IReportVerifier.SignersUnordered.selector,
            IReportVerifier.MedianWrong.selector
        ];
    }

    function _through(uint256 door, uint32 id, bytes memory report)
        private
        view
        returns (bytes memory)
    {
        uint8 m = uint8(id % MARKETS);
        if (door == 1) return abi.encodeCall(house.withdraw, (id, 1, owner_(id), report));
        if (door == 2) return abi.encodeCall(house.flag, (id, report));
        if (door == 3) return abi.encodeCall(house.setLeverage, (id, 100_000, report));
        if (door == 4) return abi.encodeCall(house.liquidate, (_user(id + 1), m, 0, id, report));
        return abi.encodeCall(house.push, (report));
    }
}
