// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GroupKey, GroupSignature, Schnorr} from "../libraries/Schnorr.sol";
import {Records} from "./Records.sol";

/// @title Group signatures: many at once for the differential test, and the gas of one.
/// @notice Never part of a venue.
contract SchnorrHarness is Records {
    /// @notice Record: key's x, whether odd, digest, rx, ry, z. Result: whether it is signed.
    function schnorr(uint256, bytes calldata records) external pure returns (bytes memory out) {
        uint256 count = records.length / 192;
        out = new bytes(count * 32);
        for (uint256 i = 0; i < count; ++i) {
            uint256 first = i * 6;
            GroupKey memory key = GroupKey(_word(records, first), _word(records, first + 1) == 1);
            GroupSignature memory signature = GroupSignature(
                _word(records, first + 3), _word(records, first + 4), _word(records, first + 5)
            );
            bytes32 digest = bytes32(_word(records, first + 2));
            _put(out, i, Schnorr.isSigned(key, digest, signature) ? 1 : 0);
        }
    }

    /// @notice Whether it is signed, and the gas of finding out.
    function measured(
        GroupKey memory key,
        bytes32 digest,
        GroupSignature memory signature
    ) external view returns (bool ok, uint256 used) {
        uint256 before = gasleft();
        ok = Schnorr.isSigned(key, digest, signature);
        used = before - gasleft();
    }
}
