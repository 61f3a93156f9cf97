// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice A Groth16 key whose toxic waste is known, so that a test proves whatever it likes:
/// alpha 2, beta 7, gamma 11, delta 13, inputs 17, 19, 23, 29. `more` is added to the
/// first of the inputs' points, for another key. The points of G2 are of
/// the library of curves that Node verifies with, by packages/pool/test/toxic.test.ts.
library Toxic {
    uint256 internal constant R =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;
    uint256 internal constant Q =
        21888242871839275222246405745257275088696311157297823662689037894645226208583;

    function key(uint256 more) internal view returns (uint256[22] memory k) {
        (k[0], k[1]) = g1(2);
        (k[2], k[3]) = (
            0x2903ba015a9abde26a5d081e84551e63be0fd4516e46ee6d593edeba46362455,
            0x224bdc5d4327fcf8ed702e01de1c2f1657a253ba75e32a89c390142aaa28b308
        );
        (k[4], k[5]) = (
            0x03c8b7cda6b2dedb7aeeaf5fda464ad17036bea1c4e6f7adbaed1ebe0335e0d8,
            0x1d92fff52a265017eeccb372e37d7a7bd431800eca28dfd82e21e8054114233f
        );
        (k[6], k[7]) = (
            0x228b515a17f28b89920873207477f8c7fc05582debaf3184febf1cfdedc5ce88,
            0x12bb1156a9f6b360fcb2614e15d8a3ff07f2c699dc69ca830b20d2df91fe9cd3
        );
        (k[8], k[9]) = (
            0x2b15dc62a5c9e36597914ddbbfde48806a8eabe45c8d3cccf9578ad08e058f92,
            0x02a4fd764f52470e2fcfff325fb9692f55d6b8b077eefeaa04e07152b4d1fa94
        );
        (k[10], k[11]) = (
            0x009edaf0698a8c56f51139588acc094cee3c37d427bb6d2eab830aae529097d1,
            0x23ad66f3a7cca9dc75049635faebd124316244b91de5fb2764cd151572a905f7
        );
        (k[12], k[13]) = (
            0x2700e8a29b7bb45f3022a18a07bdc66d0254559e17cce64e3b4ad21578fcf410,
            0x1ad4f87d3b4375a39988ac099b042b1e7c0c715678e4c2bea8905f607cf950f8
        );
        uint256[4] memory ic = [17 + more, 19, 23, 29];
        for (uint256 i; i < 4; ++i) (k[14 + 2 * i], k[15 + 2 * i]) = g1(ic[i]);
    }

    /// @notice A proof of the inputs, by A = a·G1; every a gives another one.
    function prove(uint256[3] memory inputs, uint256 a, uint256 more)
        internal
        view
        returns (uint256[8] memory proof)
    {
        (proof[0], proof[1]) = g1(a);
        (proof[2], proof[3]) = (
            0x0a09ccf561b55fd99d1c1208dee1162457b57ac5af3759d50671e510e428b2a1,
            0x2e539c423b302d13f4e5773c603948eaf5db5df8ae8a9a9113708390a06410d8
        );
        (proof[4], proof[5]) = (
            0x19b763513924a736e4eebd0d78c91c1bc1d657fee4214057d21414011cfcc763,
            0x2f8d9f9ab83727c77a2fec063cb7b6e5eb23044ccf535ad49d46d394fb6f6bf6
        );
        uint256[3] memory weight = [uint256(19), 23, 29];
        uint256 sum = 17 + more;
        for (uint256 i; i < 3; ++i) sum = addmod(sum, mulmod(weight[i], inputs[i], R), R);
        uint256 minus = addmod(2 * 7, mulmod(sum, 11, R), R);
        uint256 c = addmod(mulmod(a, 5, R), R - minus, R);
        (proof[6], proof[7]) = g1(mulmod(c, Math.invModPrime(13, R), R));
    }

    function g1(uint256 scalar) internal view returns (uint256 x, uint256 y) {
        (bool ok, bytes memory answer) =
            address(7).staticcall(abi.encode(uint256(1), uint256(2), scalar));
        require(ok, "g1");
        return abi.decode(answer, (uint256, uint256));
    }
}
