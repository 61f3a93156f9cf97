// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroth16} from "../../src/pool/IGroth16.sol";
import {Base} from "../Base.sol";
import {Toxic} from "./Toxic.sol";

contract Groth16Test is Base {
    IGroth16 private verifier;

    function setUp() public {
        verifier = made(Toxic.key(0), false);
    }

    function made(uint256[22] memory key, bool development) private returns (IGroth16) {
        return IGroth16(deploy("Groth16", abi.encode(key, development)));
    }

    function testFuzz_verify_acceptsProof(uint256 h, uint256 r, uint256 s, uint256 a) public {
        uint256[3] memory inputs = [h % Toxic.R, r % Toxic.R, s % Toxic.R];
        a = bound(a, 1, Toxic.R - 1);
        assertTrue(verifier.verify(Toxic.prove(inputs, a, 0), inputs));
    }

    function testFuzz_verify_refusesOtherInputs(uint256 h, uint256 other, uint8 at) public {
        uint256[3] memory inputs = [h % Toxic.R, uint256(2), 3];
        uint256[8] memory proof = Toxic.prove(inputs, 3, 0);
        uint256 before = inputs[at % 3];
        inputs[at % 3] = other % Toxic.R;
        assertEq(verifier.verify(proof, inputs), before == other % Toxic.R);
    }

    function test_verify_refusesEveryMutatedWord() public view {
        uint256[3] memory inputs = [uint256(1), 2, 3];
        uint256[8] memory proof = Toxic.prove(inputs, 3, 0);
        assertTrue(verifier.verify{gas: 1_000_000}(proof, inputs));
        for (uint256 i; i < 8; ++i) {
            uint256 before = proof[i];
            proof[i] = before ^ 1;
            assertFalse(_verify(proof, inputs));
            proof[i] = 0;
            assertFalse(_verify(proof, inputs));
            // A coordinate that is not reduced is no second name of the same point.
            proof[i] = before + Toxic.Q;
            assertFalse(_verify(proof, inputs));
            proof[i] = before;
        }
    }

    function test_verify_refusesInputsOfTheOrderAndAbove() public view {
        for (uint256 i; i < 3; ++i) {
            uint256[3] memory inputs = [uint256(1), 2, 3];
            uint256[8] memory proof = Toxic.prove(inputs, 3, 0);
            inputs[i] += Toxic.R;
            assertFalse(_verify(proof, inputs));
            inputs[i] = Toxic.R;
            assertFalse(_verify(Toxic.prove(inputs, 3, 0), inputs));
            inputs[i] = type(uint256).max;
            assertFalse(_verify(Toxic.prove(inputs, 3, 0), inputs));
        }
    }

    function test_verify_refusesInfinity() public view {
        uint256[8] memory proof;
        uint256[3] memory inputs = [uint256(1), 2, 3];
        assertFalse(_verify(proof, inputs));
        for (uint256 part; part < 3; ++part) {
            proof = Toxic.prove(inputs, 3, 0);
            (uint256 from, uint256 to) = part == 0 ? (0, 2) : part == 1 ? (2, 6) : (6, 8);
            for (uint256 i = from; i < to; ++i) proof[i] = 0;
            assertFalse(_verify(proof, inputs));
        }
        // Here C is at infinity and the equation holds: no prover makes this.
        uint256 a = 31;
        inputs = [uint256(0), 0, 0];
        (bool found, uint256 zeroing) = _zeroOf(a);
        inputs[0] = zeroing;
        assertTrue(found);
        assertFalse(_verify(Toxic.prove(inputs, a, 0), inputs));
    }

    /// @dev The first input for which C is at infinity: 5a = 14 + 11 (17 + 19 h).
    function _zeroOf(uint256 a) private view returns (bool, uint256 h) {
        uint256 inverse = _inverse(11 * 19);
        h = mulmod(addmod(5 * a, Toxic.R - (14 + 11 * 17), Toxic.R), inverse, Toxic.R);
        uint256[8] memory proof = Toxic.prove([h, uint256(0), 0], a, 0);
        return (proof[6] == 0 && proof[7] == 0, h);
    }

    function _inverse(uint256 x) private view returns (uint256) {
        (, bytes memory answer) = address(5).staticcall(
            abi.encode(uint256(32), uint256(32), uint256(32), x, Toxic.R - 2, Toxic.R)
        );
        return abi.decode(answer, (uint256));
    }

    /// @dev A point of G2's curve outside its subgroup: no multiple of the generator.
    function test_verify_refusesG2OutsideTheSubgroup() public view {
        uint256[3] memory inputs = [uint256(1), 2, 3];
        uint256[8] memory proof = Toxic.prove(inputs, 3, 0);
        (proof[2], proof[3]) = (1, 2);
        (proof[4], proof[5]) = (
            0x2b76c179599bb92a963dac85546a005a777f7c13f6a7b75d5918b6b5808f5fde,
            0x101f7278419308b95099eca02dcee0c5381f4d26d1d62313f057167f064101ce
        );
        assertFalse(_verify(proof, inputs));
    }

    /// @dev A valid proof gives others of the same statement: it must never be an identifier.
    function test_verify_isMalleable() public view {
        uint256[3] memory inputs = [uint256(1), 2, 3];
        assertTrue(_verify(Toxic.prove(inputs, 3, 0), inputs));
        assertTrue(_verify(Toxic.prove(inputs, 4, 0), inputs));
    }

    function test_constructor_revertsIf_KeyPoint() public {
        uint8[7] memory starts = [2, 6, 10, 0, 14, 18, 20];
        for (uint256 i; i < 7; ++i) {
            uint256[22] memory key = Toxic.key(0);
            key[starts[i]] ^= 1;
            vm.expectRevert(abi.encodeWithSelector(IGroth16.KeyPoint.selector, starts[i]));
            // A precompile that fails takes all the gas that it was given.
            this.make{gas: 5_000_000}(key, false);
            key = Toxic.key(0);
            uint256 words = i < 3 ? 4 : 2;
            for (uint256 j; j < words; ++j) key[starts[i] + j] = 0;
            vm.expectRevert(abi.encodeWithSelector(IGroth16.KeyPoint.selector, starts[i]));
            this.make{gas: 5_000_000}(key, false);
        }
    }

    function test_constructor_revertsIf_DevelopmentKey() public {
        uint256[22] memory key = Toxic.key(0);
        vm.chainId(31_337);
        made(key, true);
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(IGroth16.DevelopmentKey.selector, 1, 31_337));
        this.make(key, true);
        made(key, false);
    }

    function test_circuitId_ofTheKey() public {
        uint256[22] memory key = Toxic.key(0);
        assertEq(verifier.circuitId(), uint256(keccak256(abi.encode(key))));
        (key[20], key[21]) = Toxic.g1(31);
        assertNotEq(made(key, false).circuitId(), verifier.circuitId());
    }

    function make(uint256[22] memory key, bool development) external {
        made(key, development);
    }

    function _verify(uint256[8] memory proof, uint256[3] memory inputs)
        private
        view
        returns (bool)
    {
        // A precompile that fails takes all the gas that it was given.
        return verifier.verify{gas: 1_000_000}(proof, inputs);
    }
}
