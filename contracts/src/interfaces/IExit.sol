// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Freezing a venue that has stopped serving, and leaving it.
/// @notice Nothing here asks the governor, a guardian or the breaker.
interface IExit {
    /// @notice Freezes the venue for ever, at the prices of the last accepted report; anyone, once
    /// the next forced request is overdue beyond its grace, once one that is aside is overdue by
    /// three days more, or once no report has been accepted for seven days. Afterwards only what
    /// leads out works: reckoning, exit, `reclaim`, the vault's `release`, and the views that these
    /// need.
    function freeze() external;

    /// @notice Reckons the next `count` accounts at the frozen prices; anyone, until done.
    function reckon(uint256 count) external;

    /// @notice Pays an account all that it is owed, once; its owner to any address, anyone else
    /// to the owner's address. Its positions are gone.
    /// @return paid Token units.
    function exit(uint32 account, address to) external returns (uint256 paid);

    /// @notice Second at which the venue was frozen; 0 while it runs.
    function frozenTime() external view returns (uint40);

    /// @notice How far the reckoning is.
    /// @param next Place of the next account to reckon.
    /// @param count Places in all.
    /// @param claimsQ32 Sum of the equity of owners' accounts that have any, quote Q32.
    /// @param pool What there is for them, quote units; 0 until done.
    /// @param done Whether exits are open.
    function reckoning()
        external
        view
        returns (uint64 next, uint64 count, uint256 claimsQ32, uint256 pool, bool done);

    /// @notice Equity of an account at the last prices, Q32, and what `exit` pays it, token units;
    /// nothing before the reckoning is done.
    function claimOf(uint32 account) external view returns (int256 equityQ32, uint256 payable_);

    /// @notice What the exit of an account was, token units; 0 while it has not left. The vault may
    /// still hold a part of it.
    function exited(uint32 account) external view returns (uint256);

    /// @notice Owner of an account; zero when there is none.
    function ownerOf(uint32 account) external view returns (address);

    /// @notice The queue of forced requests of this venue.
    function forcedQueue() external view returns (address);
}
