// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Observations} from "../../src/libraries/Observations.sol";

/// @title What is recovered from the observations of a report.
contract ObservationChecks {
    bytes32 private constant TYPEHASH =
        keccak256("Observation(uint32 round,uint40 time,bytes markets,bytes values)");

    /// Two observations of one market, 76 bytes each: the four words that are handed to recovery
    /// are the digest as abi.encode has it, the parity, r and s; a high s has no signer.
    function check_signer(
        bytes32[5] calldata,
        bytes32 separator,
        uint32 round,
        uint40 time,
        bytes32 marketsHash
    ) external view {
        bytes calldata report = msg.data[4:156];
        uint256 buffer =
            Observations.open(TYPEHASH, separator, round, time, marketsHash, 12);
        for (uint256 i = 0; i < 2; ++i) {
            address found = Observations.signer(buffer, report, 76 * i, 12);
            uint256[4] memory handed;
            for (uint256 w = 0; w < 4; ++w) {
                assembly ("memory-safe") {
                    mstore(add(handed, shl(5, w)), mload(add(buffer, add(0x100, shl(5, w)))))
                }
            }
            bytes calldata own = report[76 * i:76 * i + 76];
            bytes32 body =
                keccak256(abi.encode(TYPEHASH, round, time, marketsHash, keccak256(own[:12])));
            assert(bytes32(handed[0]) == keccak256(abi.encodePacked(hex"1901", separator, body)));
            uint256 vs = uint256(bytes32(own[44:76]));
            assert(handed[1] == 27 + (vs >> 255) && handed[2] == uint256(bytes32(own[12:44])));
            assert(handed[3] == vs << 1 >> 1);
            // Half of the order of the curve.
            uint256 most = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
            if (handed[3] > most) assert(found == address(0));
        }
    }
}
