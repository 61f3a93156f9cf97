// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch} from "../../../src/Types.sol";
import {PeripheralsReports} from "../../mocks/PeripheralsReports.sol";
import {ReportActs} from "./ReportActs.sol";

/// @notice Batches that carry a report, as the sequencer sends them: each does what its report and
/// then the batch do apart, or is refused for the same reason and leaves nothing.
abstract contract BatchActs is ReportActs {
    /// @dev What report and batch did apart, before that was undone.
    struct Apart {
        bool taken;
        bool settled;
        bytes4 reason;
        bytes32 books;
        int256[2] equity;
        uint256[2] margin;
    }

    /// How often a batch was settled with its report, how often it would not have been without,
    /// how often it would have been without alone, and how often its report was refused.
    uint256 internal reported;
    uint256 internal savedByReport;
    uint256 internal spoiltByReport;
    uint256 internal refusedForReport;

    function doReported(uint256 who, uint256 whom, uint256 lots, uint256 slip, uint256 x)
        external
    {
        uint32[2] memory ids = [_user(who), _user(whom)];
        if (_frozen() || ids[0] == ids[1]) return;
        // One second later, or so late that the last prices are stale.
        vm.warp(_now() + (x % 8 == 0 ? 40 : 1));
        PeripheralsReports.Value[] memory list = _near(x >> 8);
        for (uint8 m; m < MARKETS; ++m) {
            list[m].rate = int32(int256((x >> 64) % 600_001) - 300_000);
        }
        uint256 traded = (x >> 128) % MARKETS;
        // Half of them move the price further than a fill may be from it.
        if (x >> 136 & 1 == 0) list[traded].price = uint32(list[traded].price * uint256(93) / 100);
        bytes memory report = _reportOf(x >> 32, list);
        Batch memory b = _batchAt(ids, lots, slip, list[traded]);
        bool alone = _settlesAlone(b);
        Apart memory apart = _apart(b, report, ids);
        b.report = report;
        Snap memory a = _snap();
        try house.settle(b) {
            accepted(report, list);
            if (!apart.settled) broken = "a batch with a report that is none apart";
            if (_books() != apart.books) broken = "a batch did more or less with its report";
            for (uint256 i; i < 2; ++i) {
                _healthierOrBroken(ids[i], apart.equity[i], apart.margin[i]);
            }
            ++reported;
            if (!alone) ++savedByReport;
            _wonRunning();
        } catch (bytes memory reason) {
            if (apart.settled) broken = "a batch was refused with its report";
            if (bytes4(reason) != apart.reason) broken = "another reason than apart";
            if (!apart.taken) ++refusedForReport;
            else if (alone) ++spoiltByReport;
            _refused(reason);
        }
        _only(a, _bit(ids[0]) | _bit(ids[1]) | _bit(FEES), 0);
    }

    /// @dev An honest report; one in eight is the last one again, and one in eight is forged.
    function _reportOf(uint256 x, PeripheralsReports.Value[] memory list)
        private
        view
        returns (bytes memory)
    {
        if (x % 8 == 0) return _lastReport();
        if (x % 8 != 1) return reportNow(list);
        (uint32 round,) = oracle.last();
        return reporters.forged(x >> 8, x >> 16, round + 1, uint40(_now()), list);
    }

    /// @dev A pair at or near the price before, or at the one that is reported.
    function _batchAt(
        uint32[2] memory ids,
        uint256 lots,
        uint256 slip,
        PeripheralsReports.Value memory value
    ) private returns (Batch memory) {
        Order memory buy = _draw(ids[0], true, lots, slip, value.market);
        Order memory sell = _draw(ids[1], false, lots, slip, value.market);
        if (slip % 4 == 0) (buy.price, sell.price) = (value.price, value.price);
        _sign(buy);
        _sign(sell);
        return _batchOf(buy, sell, uint40(buy.size));
    }

    function _settlesAlone(Batch memory b) private returns (bool ok) {
        uint256 before = vm.snapshotState();
        try house.settle(b) {
            ok = true;
        } catch {}
        vm.revertToState(before);
    }

    /// @dev The report pushed by the sequencer, then the batch without it.
    function _apart(Batch memory b, bytes memory report, uint32[2] memory ids)
        private
        returns (Apart memory apart)
    {
        uint256 before = vm.snapshotState();
        try house.push(report) {
            apart.taken = true;
        } catch (bytes memory reason) {
            apart.reason = bytes4(reason);
        }
        for (uint256 i; i < 2 && apart.taken; ++i) {
            (apart.equity[i],, apart.margin[i]) = house.health(ids[i]);
        }
        if (apart.taken) {
            try house.settle(b) {
                apart.settled = true;
                apart.books = _books();
            } catch (bytes memory reason) {
                apart.reason = bytes4(reason);
            }
        }
        vm.revertToState(before);
    }

    /// @dev All that is known of accounts, their lanes, markets and prices.
    function _books() private view returns (bytes32 hash) {
        uint32 count = house.accountsCount();
        for (uint256 i; i < count + MARKETS; ++i) {
            hash = keccak256(bytes.concat(hash, _viewed(_idAt(count, i))));
        }
        for (uint8 m; m < MARKETS; ++m) {
            (int96 index, uint40 time, uint56 interest) = house.market(m);
            (uint32 price, uint32 mark, uint40 at) = oracle.quote(m);
            hash = keccak256(
                abi.encode(hash, index, time, interest, price, mark, at, oracle.aged(m))
            );
        }
        (uint32 round, uint40 last) = oracle.last();
        return keccak256(abi.encode(hash, round, last, house.batchNumber()));
    }

    function _viewed(uint32 id) private view returns (bytes memory seen) {
        (bool ok, bytes memory data) = address(house).staticcall(abi.encodeCall(house.account, id));
        assertTrue(ok);
        seen = data;
        for (uint16 lane = 1; lane <= 2; ++lane) {
            (uint32 seq, uint40 filled) = house.lane(id, lane);
            seen = bytes.concat(seen, abi.encode(seq, filled));
        }
    }
}
