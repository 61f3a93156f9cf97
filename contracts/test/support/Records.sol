// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../../src/interfaces/IClearingHouse.sol";
import {Vm} from "../Vm.sol";
import {ExitVenueTest} from "./ExitVenueTest.sol";

/// @notice What `Touched` told of accounts, held against the accounts as they are.
abstract contract Records is ExitVenueTest {
    bytes[] private _told;
    uint8[] private _causes;

    /// @notice The records of all that was touched since `vm.recordLogs`, in order.
    function readTold() internal {
        delete _told;
        delete _causes;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != I.Touched.selector) continue;
            _causes.push(uint8(uint256(logs[i].topics[1])));
            _told.push(abi.decode(logs[i].data, (bytes)));
        }
    }

    /// @notice So many events, and no more.
    function assertTold(uint256 count) internal view {
        assertEq(_told.length, count, "events");
    }

    /// @notice The event at a place has this cause and these records.
    function assertTold(uint256 place, uint8 cause, bytes memory records) internal view {
        assertEq(uint256(_causes[place]), cause, "cause");
        assertEq(_told[place], records, "records");
    }

    /// @notice The record of an account with its cash alone, as it is now.
    function cashRecord(uint32 id) internal view returns (bytes memory) {
        return abi.encodePacked(id, uint8(0), int128(cashOf(id)));
    }

    /// @notice The same with its position in one market.
    function legRecord(uint32 id, uint8 market) internal view returns (bytes memory) {
        int56 size = int56(sizeOf(id, market));
        return abi.encodePacked(id, uint8(1), int128(cashOf(id)), market, size);
    }

    /// @notice The price at which the last position was resolved.
    function priceOf(Vm.Log[] memory logs) internal pure returns (uint256 price) {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != I.Resolved.selector) continue;
            (, price) = abi.decode(logs[i].data, (int256, uint256));
        }
    }

    /// @notice What insurance paid for the position that was resolved last.
    function coveredOf(Vm.Log[] memory logs) internal pure returns (uint256 covered) {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != I.Resolved.selector) continue;
            (,,,,, covered,) = abi.decode(
                logs[i].data, (int256, uint256, uint256, uint256, uint256, uint256, uint256)
            );
        }
    }

    /// @notice How many lots were told to have left the position that was resolved last.
    function movedOf(Vm.Log[] memory logs) internal pure returns (int256 lots) {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != I.Resolved.selector) continue;
            (lots,) = abi.decode(logs[i].data, (int256, uint256));
        }
    }
}
