// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

interface IHook {
    function tokensToSend() external;
}

interface IPayee {
    function tokensReceived() external;
}

/// @title A token that turns against its holders when its issuer says so.
contract HostileToken is ERC20("Hostile Dollar", "hUSD") {
    /// 0 honest, 1 keeps a tenth of what moves, 2 moves nothing and says false, 3 calls the sender
    /// before it moves, 4 calls the receiver after it has moved.
    uint256 public mode;
    address public issuer;
    uint8 private immutable _decimals;

    constructor(uint8 decimals_) {
        _decimals = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function turn(uint256 mode_) external {
        (mode, issuer) = (mode_, msg.sender);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        _transfer(msg.sender, to, amount);
        if (mode == 4 && to.code.length != 0) IPayee(to).tokensReceived();
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (mode == 2) return false;
        if (mode == 3 && from.code.length != 0) IHook(from).tokensToSend();
        uint256 kept = mode == 1 ? amount / 10 : 0;
        _spendAllowance(from, msg.sender, amount);
        _transfer(from, to, amount - kept);
        if (kept != 0) _transfer(from, issuer, kept);
        return true;
    }
}

interface IHouse {
    function deposit(address token, uint32 account, uint256 amount) external;
    function withdraw(uint32 account, uint256 amount, address to, bytes calldata report) external;
}

/// @title Deposits, and deposits again from within the transfer.
contract Reenterer is IHook {
    IHouse private immutable HOUSE;
    address private immutable TOKEN;
    uint32 private immutable ACCOUNT;
    bool private _inside;

    constructor(address house, address vault, address token, uint32 account) {
        (HOUSE, TOKEN, ACCOUNT) = (IHouse(house), token, account);
        ERC20(token).approve(vault, type(uint256).max);
    }

    function start(uint256 amount) external {
        HOUSE.deposit(TOKEN, ACCOUNT, amount);
    }

    function tokensToSend() external {
        if (_inside) return;
        _inside = true;
        HOUSE.deposit(TOKEN, ACCOUNT, 1_000_000);
    }
}
