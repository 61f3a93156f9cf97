// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Report} from "../Types.sol";

/// @title Handing a report from contract to contract.
/// @notice The encoding is that of the interface. The compiler would take every list apart and put
/// it together again, in each of the two contracts that hand a report on.
/// @dev Assembly: an array in memory is encoded as it stands.
library Reports {
    /// @notice Ends the call and returns the report. Assumes: its four lists are equally long.
    function reply(Report memory report) internal pure {
        assembly ("memory-safe") {
            let data := mload(0x40)
            let size := shl(5, add(mload(mload(add(report, 0x40))), 1))
            mstore(data, 0x20)
            mstore(add(data, 0x20), mload(report))
            mstore(add(data, 0x40), mload(add(report, 0x20)))
            let to := add(data, 0xe0)
            for { let field := 0x40 } lt(field, 0xc0) { field := add(field, 0x20) } {
                mstore(add(add(data, 0x20), field), sub(to, add(data, 0x20)))
                mcopy(to, mload(add(report, field)), size)
                to := add(to, size)
            }
            return(data, sub(to, data))
        }
    }

    /// @notice The report that another contract replied with, or its failure as one's own.
    /// @dev Reverts when the lists differ in length or a field leaves its width, as the compiler's
    /// decoder does, and when anything stands elsewhere than the encoder puts it. The lists stay in
    /// `data`.
    function take(bool done, bytes memory data) internal pure returns (Report memory report) {
        assembly ("memory-safe") {
            if iszero(done) { revert(add(data, 0x20), mload(data)) }
            report := add(data, 0x40)
            let count := mload(add(data, 0x100))
            let size := shl(5, add(count, 1))
            // Shorter data fail here whatever was read behind them.
            let wrong := or(shr(8, count), xor(mload(data), add(0xe0, shl(2, size))))
            wrong := or(wrong, xor(mload(add(data, 0x20)), 0x20))
            wrong := or(wrong, shr(32, mload(report)))
            wrong := or(wrong, shr(40, mload(add(report, 0x20))))
            if wrong { revert(0, 0) }
            let from := 0xc0
            for { let field := 0x40 } lt(field, 0xc0) { field := add(field, 0x20) } {
                let place := add(report, field)
                let list := add(report, from)
                wrong := or(wrong, or(xor(mload(place), from), xor(mload(list), count)))
                mstore(place, list)
                from := add(from, size)
            }
            let at := add(report, 0xc0)
            for { let end := add(at, size) } 1 {} {
                at := add(at, 0x20)
                if eq(at, end) { break }
                let item := add(at, size)
                wrong := or(wrong, or(shr(8, mload(at)), shr(32, mload(item))))
                item := add(item, size)
                wrong := or(wrong, shr(32, mload(item)))
                item := mload(add(item, size))
                wrong := or(wrong, xor(item, signextend(3, item)))
            }
            if wrong { revert(0, 0) }
        }
    }
}
