// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroth16} from "./IGroth16.sol";

/// @title Verifier of Groth16 proofs over BN254 with three public inputs, for one key.
/// @notice Owns nothing: the key is part of the code. Anyone may ask.
/// Assumes: whoever made the key has forgotten what it was made from, and the circuit says what its
/// documentation says. A key that this machine made for itself says `development`, and is refused
/// on every chain but a local one.
/// Warning: a proof is no identifier. Anyone can turn a valid one into another of the same inputs.
contract Groth16 is IGroth16 {
    /// @dev Order of the group: the field of the public inputs.
    uint256 private constant R =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;
    /// @dev Prime of the field of coordinates.
    uint256 private constant Q =
        21888242871839275222246405745257275088696311157297823662689037894645226208583;
    uint256 private constant LOCAL_CHAIN = 31_337;
    address private constant ADD = address(6);
    address private constant MULTIPLY = address(7);
    address private constant PAIRING = address(8);

    /// @inheritdoc IGroth16
    uint256 public immutable override circuitId;

    uint256 private immutable ALPHA_X;
    uint256 private immutable ALPHA_Y;
    uint256 private immutable BETA_X1;
    uint256 private immutable BETA_X0;
    uint256 private immutable BETA_Y1;
    uint256 private immutable BETA_Y0;
    uint256 private immutable GAMMA_X1;
    uint256 private immutable GAMMA_X0;
    uint256 private immutable GAMMA_Y1;
    uint256 private immutable GAMMA_Y0;
    uint256 private immutable DELTA_X1;
    uint256 private immutable DELTA_X0;
    uint256 private immutable DELTA_Y1;
    uint256 private immutable DELTA_Y0;
    uint256 private immutable BASE_X;
    uint256 private immutable BASE_Y;
    uint256 private immutable FIRST_X;
    uint256 private immutable FIRST_Y;
    uint256 private immutable SECOND_X;
    uint256 private immutable SECOND_Y;
    uint256 private immutable THIRD_X;
    uint256 private immutable THIRD_Y;

    /// @param key alpha (x, y); beta, gamma, delta (x.c1, x.c0, y.c1, y.c0); then the four points
    /// of the inputs (x, y).
    /// @param development Whether somebody may know what the key was made from.
    constructor(uint256[22] memory key, bool development) {
        if (development && block.chainid != LOCAL_CHAIN) {
            revert DevelopmentKey(block.chainid, LOCAL_CHAIN);
        }
        _checkKey(key);
        circuitId = uint256(keccak256(abi.encode(key)));
        (ALPHA_X, ALPHA_Y) = (key[0], key[1]);
        (BETA_X1, BETA_X0, BETA_Y1, BETA_Y0) = (key[2], key[3], key[4], key[5]);
        (GAMMA_X1, GAMMA_X0, GAMMA_Y1, GAMMA_Y0) = (key[6], key[7], key[8], key[9]);
        (DELTA_X1, DELTA_X0, DELTA_Y1, DELTA_Y0) = (key[10], key[11], key[12], key[13]);
        (BASE_X, BASE_Y) = (key[14], key[15]);
        (FIRST_X, FIRST_Y) = (key[16], key[17]);
        (SECOND_X, SECOND_Y) = (key[18], key[19]);
        (THIRD_X, THIRD_Y) = (key[20], key[21]);
    }

    /// @inheritdoc IGroth16
    /// @dev e(-A, B) · e(alpha, beta) · e(L, gamma) · e(C, delta) = 1, where L is the sum of the
    /// inputs' points. The precompiles refuse what is not in the field, on the curve or in the
    /// group; what they would take and no prover makes is refused here.
    function verify(uint256[8] calldata proof, uint256[3] calldata inputs)
        external
        view
        override
        returns (bool)
    {
        if (inputs[0] >= R || inputs[1] >= R || inputs[2] >= R) return false;
        if (proof[1] >= Q || proof[0] | proof[1] == 0 || proof[6] | proof[7] == 0) return false;
        if (proof[2] | proof[3] | proof[4] | proof[5] == 0) return false;
        (uint256 x, uint256 y) = (BASE_X, BASE_Y);
        (x, y) = _add(x, y, FIRST_X, FIRST_Y, inputs[0]);
        (x, y) = _add(x, y, SECOND_X, SECOND_Y, inputs[1]);
        (x, y) = _add(x, y, THIRD_X, THIRD_Y, inputs[2]);
        uint256[24] memory w;
        (w[0], w[1]) = (proof[0], Q - proof[1]);
        (w[2], w[3], w[4], w[5]) = (proof[2], proof[3], proof[4], proof[5]);
        (w[6], w[7]) = (ALPHA_X, ALPHA_Y);
        (w[8], w[9], w[10], w[11]) = (BETA_X1, BETA_X0, BETA_Y1, BETA_Y0);
        (w[12], w[13]) = (x, y);
        (w[14], w[15], w[16], w[17]) = (GAMMA_X1, GAMMA_X0, GAMMA_Y1, GAMMA_Y0);
        (w[18], w[19]) = (proof[6], proof[7]);
        (w[20], w[21], w[22], w[23]) = (DELTA_X1, DELTA_X0, DELTA_Y1, DELTA_Y0);
        (bool ok, bytes memory answer) = PAIRING.staticcall(abi.encodePacked(w));
        return ok && answer.length == 32 && abi.decode(answer, (uint256)) == 1;
    }

    /// @dev (x, y) + scalar · (px, py). Assumes: points of the key, which are on the curve.
    function _add(uint256 x, uint256 y, uint256 px, uint256 py, uint256 scalar)
        private
        view
        returns (uint256, uint256)
    {
        bytes memory product = _call(MULTIPLY, abi.encode(px, py, scalar));
        return abi.decode(_call(ADD, abi.encodePacked(x, y, product)), (uint256, uint256));
    }

    function _call(address precompile, bytes memory input) private view returns (bytes memory) {
        (bool ok, bytes memory answer) = precompile.staticcall(input);
        if (!ok || answer.length != 64) revert PrecompileFailed(precompile);
        return answer;
    }

    /// @dev Every point is on its curve and in its group, and none is the one at infinity: then an
    /// input would bind nothing, or any proof would do.
    function _checkKey(uint256[22] memory key) private view {
        for (uint256 at = 2; at < 14; at += 4) {
            if (key[at] | key[at + 1] | key[at + 2] | key[at + 3] == 0) revert KeyPoint(at);
            bytes memory pair =
                abi.encode(0, 0, key[at], key[at + 1], key[at + 2], key[at + 3]);
            (bool ok, bytes memory answer) = PAIRING.staticcall(pair);
            if (!ok || answer.length != 32) revert KeyPoint(at);
        }
        for (uint256 at = 0; at < 22; at = at == 0 ? 14 : at + 2) {
            if (key[at] | key[at + 1] == 0) revert KeyPoint(at);
            (bool ok, bytes memory answer) =
                MULTIPLY.staticcall(abi.encode(key[at], key[at + 1], 1));
            if (!ok || answer.length != 64) revert KeyPoint(at);
        }
    }
}
