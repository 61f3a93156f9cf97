// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Verifies Groth16 proofs of one circuit under one key.
interface IGroth16 {
    /// @notice A key of a local ceremony is for a local chain alone.
    error DevelopmentKey(uint256 chain, uint256 required);
    /// @notice The point that starts at this word of the key is not one of its group, or infinity.
    error KeyPoint(uint256 word);
    /// @notice The chain lacks the precompile, or too little gas was left for it.
    error PrecompileFailed(address precompile);

    /// @notice Hash of the key, which is the circuit's: another circuit has another key.
    function circuitId() external view returns (uint256);

    /// @notice Whether `proof` proves the circuit's statement for these public inputs. False for
    /// inputs that are not below the order of the field and for points that are none.
    /// @param proof A (x, y), B (x.c1, x.c0, y.c1, y.c0), C (x, y).
    /// @param inputs h, r and s of the statement's vector.
    function verify(uint256[8] calldata proof, uint256[3] calldata inputs)
        external
        view
        returns (bool);
}
