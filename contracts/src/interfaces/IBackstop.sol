// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A pool of depositors that takes over positions which no keeper wants.
interface IBackstop {
    /// @notice A pool left the frozen venue; its holders share `owed` token units.
    event PoolLeft(uint16 indexed pool, uint256 owed);
    /// @notice A holder took `amount` token units of its part; `left` is still to come.
    event Collected(uint16 indexed pool, address indexed owner, uint256 amount, uint256 left);

    /// @notice Account of the pool that serves a market; 0 when it has none.
    /// @param isolated Whether the market is isolated: then it has a pool of its own.
    function accountFor(uint8 market, bool isolated) external view returns (uint32);

    /// @notice Takes a pool out of a frozen and reckoned venue, for ever; anyone, once. From then
    /// on its holders collect.
    /// @return owed What the pool is paid, token units; the vault pays it as its windows allow.
    function leave(uint16 pool) external returns (uint256 owed);

    /// @notice Pays the caller its part of what its pool was owed, pro rata by shares and rounded
    /// down, as far as tokens are here; again when more have arrived.
    /// Assumes: the pools of one contract share what is here; what one takes early comes later.
    /// @return amount Token units.
    function collect(uint16 pool) external returns (uint256 amount);

    /// @notice Part of a holder in what its pool was owed, and what it took of it, token units;
    /// nothing before the pool left.
    function partOf(uint16 pool, address owner) external view returns (uint256 part, uint256 taken);
}
