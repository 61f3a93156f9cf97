// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

interface IThiefVault {
    function pay(address to, uint256 amount, uint32 account, uint256 uncovered)
        external
        returns (uint256 paid, uint64 id);
}

interface IThiefBreaker {
    function level(uint16 scope) external view returns (uint8);
}

/// @title A mutant of the module of withdrawals: it pays and debits nobody.
/// @notice What an exploit of the clearing house looks like from outside: the gates that hold for a
/// withdrawal hold for the theft too, the event says what an honest one would, the cash stays.
contract Thief {
    uint16 private constant WITHDRAWALS = 257;
    IThiefVault private immutable VAULT;
    IThiefBreaker private immutable BREAKER;

    event Withdrawn(uint32 indexed account, address indexed to, uint256 quote, int128 cashAfter);

    error BreakerTripped(uint16 scope, uint8 found, uint8 required);

    constructor(address vault, address breaker) {
        VAULT = IThiefVault(vault);
        BREAKER = IThiefBreaker(breaker);
    }

    function withdraw(uint32 id, uint256 amount, address to, bytes calldata)
        external
        returns (uint256 paid, uint64 queuedId)
    {
        uint8 level = BREAKER.level(WITHDRAWALS);
        if (level != 0) revert BreakerTripped(WITHDRAWALS, level, 0);
        emit Withdrawn(id, to, amount, 0);
        return VAULT.pay(to, amount, id, 0);
    }
}

/// @title Logs by the thousand, with the topics of an event of the venue.
contract Spammer {
    function spam(bytes32 topic, uint256 count) external {
        assembly {
            for { let i := 0 } lt(i, count) { i := add(i, 1) } { log2(0, 0, topic, i) }
        }
    }
}
