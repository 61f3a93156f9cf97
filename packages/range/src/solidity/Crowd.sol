// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

interface ICrowdHouse {
    function openAccount(address owner) external returns (uint32);
    function deposit(address token, uint32 account, uint256 amount) external;
}

interface ICrowdToken {
    function mint(address to, uint256 amount) external;
    function approve(address spender, uint256 amount) external returns (bool);
}

/// @title Many accounts at once: what a crowd would do one by one, in one transaction.
contract Crowd {
    constructor(
        address house,
        address vault,
        address token,
        address[] memory owners,
        uint256[] memory amounts
    ) {
        for (uint256 i; i < owners.length; ++i) {
            ICrowdToken(token).mint(address(this), amounts[i]);
            ICrowdToken(token).approve(vault, amounts[i]);
            uint32 account = ICrowdHouse(house).openAccount(owners[i]);
            ICrowdHouse(house).deposit(token, account, amounts[i]);
        }
    }
}
