// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestToken} from "../../src/mocks/TestToken.sol";

/// @notice Keeps one per cent of every transfer: the receiver gets less than was sent.
contract FeeToken is TestToken {
    constructor() TestToken("Fee", "FEE", 6) {}

    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, value);
        super._update(from, to, value - value / 100);
        super._update(from, address(1), value / 100);
    }
}

/// @notice Charges the sender one per cent on top once switched on.
contract SenderFeeToken is TestToken {
    bool public charging;

    constructor() TestToken("SenderFee", "SFEE", 6) {}

    function charge(bool on) external {
        charging = on;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (charging && from != address(0)) super._update(from, address(1), value / 100);
    }
}

/// @notice Moves nothing and says so with a return value instead of a revert.
contract FalseToken is TestToken {
    constructor() TestToken("False", "FALSE", 6) {}

    function transfer(address, uint256) public pure override returns (bool) {
        return false;
    }

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// @notice Claims success and moves nothing.
contract PhantomToken is TestToken {
    constructor() TestToken("Phantom", "PHTM", 6) {}

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return true;
    }
}

/// @notice Returns nothing from its transfers, as some old tokens do.
contract SilentToken {
    mapping(address => uint256) public balanceOf;
    uint8 public constant decimals = 6;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @notice Calls its receiver, and its sender, after each transfer, as ERC-777 does.
contract HookToken is TestToken {
    constructor() TestToken("Hook", "HOOK", 6) {}

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        _call(from, abi.encodeCall(IHooked.tokensSent, (to, value)));
        _call(to, abi.encodeCall(IHooked.tokensReceived, (from, value)));
    }

    function _call(address target, bytes memory data) private {
        if (target.code.length == 0) return;
        // A hook that fails is no reason to fail the transfer.
        (bool ok,) = target.call(data);
        ok;
    }
}

/// @notice What a `HookToken` calls.
interface IHooked {
    function tokensSent(address to, uint256 value) external;
    function tokensReceived(address from, uint256 value) external;
}

/// @notice Refuses transfers to whom it was told to.
contract PickyToken is TestToken {
    mapping(address => bool) public refused;

    constructor(uint8 decimals_) TestToken("Picky", "P", decimals_) {}

    function refuse(address to, bool on) external {
        refused[to] = on;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!refused[to], "refused");
        super._update(from, to, value);
    }
}
