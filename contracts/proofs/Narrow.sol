// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Narrowing casts as the prover reads them: lossless, which is asserted, or refuted.
/// @notice The prover writes them in place of `uint64(x)` and the like, because a remainder modulo
/// 2^64 of a product is beyond the solvers. Assembly makes the result any number of its width; that
/// it is the argument is required after it was asserted that it fits.
library Narrow {
    function to32(uint256 value) internal pure returns (uint32 narrow) {
        assert(value <= type(uint32).max);
        assembly {
            narrow := 0
        }
        require(narrow == value);
    }

    function to40(uint256 value) internal pure returns (uint40 narrow) {
        assert(value <= type(uint40).max);
        assembly {
            narrow := 0
        }
        require(narrow == value);
    }

    function to56(uint256 value) internal pure returns (uint56 narrow) {
        assert(value <= type(uint56).max);
        assembly {
            narrow := 0
        }
        require(narrow == value);
    }

    function to64(uint256 value) internal pure returns (uint64 narrow) {
        assert(value <= type(uint64).max);
        assembly {
            narrow := 0
        }
        require(narrow == value);
    }
}
