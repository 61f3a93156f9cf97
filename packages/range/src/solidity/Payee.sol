// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title Is paid, and calls whatever was planned while it is being paid.
contract Payee {
    address[] private _targets;
    bytes[] private _calls;
    /// Bit i: call i of the plan went through.
    uint256 public entered;
    bool private _inside;

    function plan(address[] calldata targets, bytes[] calldata calls) external {
        (_targets, entered) = (targets, 0);
        delete _calls;
        for (uint256 i = 0; i < calls.length; ++i) {
            _calls.push(calls[i]);
        }
    }

    function act(address target, bytes calldata data) external {
        (bool done, bytes memory answer) = target.call(data);
        if (done) return;
        assembly {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    function tokensReceived() external {
        if (_inside) return;
        _inside = true;
        for (uint256 i = 0; i < _calls.length; ++i) {
            (bool done,) = _targets[i].call{gas: 900_000}(_calls[i]);
            if (done) entered |= 1 << i;
        }
        _inside = false;
    }
}

interface IPool {
    function deposit(uint16 pool, uint256 amount) external returns (uint256);
    function poolOf(uint16 pool) external view returns (uint32, uint256 shares, int256 equity);
    function holdingOf(uint16 pool, address owner)
        external
        view
        returns (uint256 shares, uint256, uint256);
}

/// @title Somebody else's fund, in good faith: tokens and shares of the backstop, units at the
/// value that the venue tells.
contract Fund {
    IPool private immutable POOL;
    ERC20 private immutable TOKEN;
    uint256 private _supply;
    mapping(address => uint256) private _units;

    constructor(address pool, address token) {
        (POOL, TOKEN) = (IPool(pool), ERC20(token));
        TOKEN.approve(pool, type(uint256).max);
    }

    function value() public view returns (uint256) {
        (, uint256 shares, int256 equity) = POOL.poolOf(0);
        (uint256 own,,) = POOL.holdingOf(0, address(this));
        return TOKEN.balanceOf(address(this)) + own * uint256(equity) / shares;
    }

    function enter(uint256 amount) external {
        uint256 units = _supply == 0 ? amount : amount * _supply / value();
        (_supply, _units[msg.sender]) = (_supply + units, _units[msg.sender] + units);
        TOKEN.transferFrom(msg.sender, address(this), amount);
    }

    function invest(uint256 amount) external {
        POOL.deposit(0, amount);
    }

    function leave() external {
        uint256 units = _units[msg.sender];
        require(units != 0, "no units");
        uint256 worth = units * value() / _supply;
        (_supply, _units[msg.sender]) = (_supply - units, 0);
        TOKEN.transfer(msg.sender, worth);
    }
}
