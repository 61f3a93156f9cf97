// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Oracle} from "../../src/Oracle.sol";
import {PeripheralsReports} from "../mocks/PeripheralsReports.sol";
import {Reporters} from "./Reporters.sol";
import {VenueTest} from "./VenueTest.sol";

/// @notice A venue whose prices come from the real oracle, in reports that reporters signed. A
/// price moves by one band a report at most, and each report is a second later than the last.
abstract contract ReportedVenueTest is VenueTest {
    /// A market does not stay behind its target for longer than this.
    uint256 private constant STEPS_MAX = 100;

    Reporters internal reporters;
    Oracle internal oracle;

    function setUp() public virtual override {
        reporters = Reporters(_create("Reporters.sol:Reporters", ""));
        super.setUp();
        PeripheralsReports.Value[] memory first = values();
        for (uint256 i; i < first.length; ++i) (first[i].price, first[i].mark) = (PRICE, PRICE);
        bring(first);
    }

    /// @notice Brings the index to a price; the mark follows as far as it may.
    function walk(uint8 m, uint32 price, uint32 mark) internal {
        uint32 now_ = priceOf(m);
        do {
            now_ = _toward(now_, price);
            _bring(m, now_, now_ == price ? mark : now_);
        } while (now_ != price);
    }

    /// @notice Brings index and mark to one price.
    function walkAll(uint8 m, uint32 price) internal {
        walk(m, price, price);
        for (uint256 i; i < STEPS_MAX && markOf(m) != price; ++i) _bring(m, price, price);
    }

    /// @notice Every market as it was, a second later.
    function refresh() internal virtual override {
        if (house.frozenTime() == 0) bring(values());
    }

    function priceOf(uint8 m) internal view returns (uint32 price) {
        (price,) = oracle.price(m);
    }

    function markOf(uint8 m) internal view returns (uint32 mark) {
        (, mark,) = oracle.quote(m);
    }

    /// @notice All markets as they are, without funding.
    function values() internal view returns (PeripheralsReports.Value[] memory list) {
        list = new PeripheralsReports.Value[](3);
        for (uint8 m; m < 3; ++m) {
            (uint32 price, uint32 mark,) = oracle.quote(m);
            list[m] = PeripheralsReports.Value(m, price, mark, 0);
        }
    }

    /// @notice A report of now in the next round, as the reporters sign it.
    function reportNow(PeripheralsReports.Value[] memory list)
        internal
        view
        returns (bytes memory)
    {
        (uint32 round,) = oracle.last();
        return reporters.report(round + 1, uint40(vm.getBlockTimestamp()), list);
    }

    /// @notice The sequencer pushes a report of a second later.
    function bring(PeripheralsReports.Value[] memory list) internal {
        vm.warp(vm.getBlockTimestamp() + 1);
        bytes memory report = reportNow(list);
        house.push(report);
        accepted(report, list);
    }

    /// @notice A report was accepted.
    function accepted(bytes memory report, PeripheralsReports.Value[] memory list)
        internal
        virtual
    {}

    function oracleFor(address house_) internal virtual override returns (address) {
        oracle = reporters.serve(house_, address(around));
        return address(oracle);
    }

    function _bring(uint8 m, uint32 price, uint32 mark) private {
        PeripheralsReports.Value[] memory list = values();
        (list[m].price, list[m].mark) = (price, mark);
        bring(list);
    }

    /// @dev As far as one band of a tenth allows.
    function _toward(uint32 from, uint32 to) private pure returns (uint32) {
        uint32 span = from / 10;
        if (to > from + span) return from + span;
        return to + span < from ? from - span : to;
    }
}
