// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

bytes4 constant MAGIC = 0x1626ba7e;

/// @title A wallet that says yes to everything, and does what it is told.
contract YesWallet {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return MAGIC;
    }

    function act(address target, bytes calldata data) external returns (bytes memory answer) {
        bool done;
        (done, answer) = target.call(data);
        require(done, "refused");
    }
}

/// @title A wallet that acts while it is asked whether it signed.
contract BusyWallet {
    address private immutable TARGET;
    bytes private _errand;

    constructor(address target, bytes memory errand) {
        (TARGET, _errand) = (target, errand);
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        (bool done,) = TARGET.call(_errand);
        return done ? MAGIC : bytes4(0);
    }
}

/// @title What an account with code of its own (EIP-7702) delegates to: it knows its own key only.
contract OwnKeyWallet {
    function isValidSignature(bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        if (signature.length != 65) return 0;
        (bytes32 r, bytes32 s) = (bytes32(signature[:32]), bytes32(signature[32:64]));
        address signer = ecrecover(hash, uint8(signature[64]), r, s);
        return signer == address(this) ? MAGIC : bytes4(0);
    }
}
