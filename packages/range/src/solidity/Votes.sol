// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title A token of votes whose clock is time, as a governor asks for.
contract VotesToken is ERC20, ERC20Votes {
    constructor(address[] memory holders, uint256[] memory amounts)
        ERC20("Vote", "VOTE")
        EIP712("Vote", "1")
    {
        for (uint256 i; i < holders.length; ++i) _mint(holders[i], amounts[i]);
    }

    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function _update(address from, address to, uint256 amount)
        internal
        override(ERC20, ERC20Votes)
    {
        super._update(from, to, amount);
    }
}

/// @title Lends all that it has for the length of a call.
contract Lender {
    function lend(VotesToken token) external {
        uint256 amount = token.balanceOf(address(this));
        token.transfer(msg.sender, amount);
        Borrower(msg.sender).use(token);
        require(token.balanceOf(address(this)) >= amount, "not given back");
    }
}

/// @title Borrows votes, casts them, and gives them back in the same transaction.
contract Borrower {
    address private _target;
    bytes private _data;

    function vote(Lender lender, VotesToken token, address target, bytes calldata data) external {
        (_target, _data) = (target, data);
        lender.lend(token);
    }

    function use(VotesToken token) external {
        token.delegate(address(this));
        (bool ok,) = _target.call(_data);
        require(ok, "no vote");
        token.transfer(msg.sender, token.balanceOf(address(this)));
    }
}
