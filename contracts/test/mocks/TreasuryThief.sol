// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Treasury} from "../../src/Treasury.sol";
import {TestToken} from "../../src/mocks/TestToken.sol";

/// @notice A payee and an allowed target that uses every call it gets to have more carried out, or
/// to take tokens that nobody gave.
contract TreasuryThief {
    struct Loot {
        uint64 nonce;
        address[] targets;
        bytes[] data;
    }

    address private immutable _owner = msg.sender;
    Loot private _loot;
    uint256 public tried;
    uint256 public stolen;

    /// @dev What it tries next: an instruction that may be ready.
    function aim(uint64 nonce, address[] memory targets, bytes[] memory data) external {
        require(msg.sender == _owner);
        (_loot.nonce, _loot.targets, _loot.data) = (nonce, targets, data);
    }

    function tokensReceived(address from, uint256) external {
        _again(from);
    }

    function note(uint256) external {
        _again(msg.sender);
    }

    /// @dev Takes what it has an allowance of, and fails as its caller's token does.
    function pull(TestToken token, uint256 amount) external {
        token.transferFrom(msg.sender, address(this), amount);
    }

    function _again(address from) private {
        if (from.code.length == 0 || _loot.targets.length == 0) return;
        ++tried;
        try Treasury(from).execute(_loot.nonce, _loot.targets, _loot.data) {
            ++stolen;
        } catch {}
    }
}

/// @notice Moves twice what it is told to once it is wicked.
contract DoubleToken is TestToken {
    bool public isWicked;

    constructor() TestToken("Double", "DBL", 6) {}

    function turn(bool wicked) external {
        isWicked = wicked;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        _transfer(msg.sender, to, isWicked ? 2 * amount : amount);
        return true;
    }
}
