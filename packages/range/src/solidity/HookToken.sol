// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title An honest token that tells both sides of a transfer, before and after, as ERC-777 did.
contract HookToken is ERC20("Hook Dollar", "tUSD") {
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

    function _update(address from, address to, uint256 amount) internal override {
        _tell(from);
        super._update(from, to, amount);
        _tell(to);
    }

    /// @dev Whoever has no such function is left in peace.
    function _tell(address who) private {
        if (who.code.length == 0) return;
        (bool done,) = who.call(abi.encodeCall(Puppet.moved, ()));
        done;
    }
}

/// @title A contract of the attacker: calls what it is told, and something else from within a
/// transfer of tokens.
contract Puppet {
    struct Call {
        address to;
        uint256 gasMax;
        bytes data;
    }

    Call[] private _inside;
    bool private _busy;

    /// @notice Calls one after another; failures do not stop it.
    /// @return passed how many went through
    function act(Call[] calldata first, Call[] calldata inside) external returns (uint256 passed) {
        delete _inside;
        for (uint256 i; i < inside.length; ++i) {
            _inside.push(inside[i]);
        }
        for (uint256 i; i < first.length; ++i) {
            (bool done,) = first[i].to.call{gas: first[i].gasMax}(first[i].data);
            if (done) ++passed;
        }
        delete _inside;
    }

    /// @notice Told by the token, before and after each transfer.
    function moved() external {
        if (_busy) return;
        _busy = true;
        for (uint256 i; i < _inside.length; ++i) {
            Call memory call = _inside[i];
            (bool done,) = call.to.call{gas: call.gasMax}(call.data);
            done;
        }
        _busy = false;
    }
}
