// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Holds the collateral and pays it out inside two outflow windows.
/// @notice All amounts are in the token's own units; times are Unix seconds. What a window cannot
/// take now is queued, never refused and never lost.
/// Assumes: only the clearing house may call `take`, `pay` and `takeBack`, and it credits or debits
/// accounts for exactly what these report.
interface IVault {
    /// @notice Collateral came in.
    event Taken(address indexed from, uint256 received, uint256 liabilities);

    /// @notice Collateral went out at once.
    event Paid(address indexed to, uint256 amount, uint256 liabilities);

    /// @notice A withdrawal waits; it may be paid from `readyAt`, in the order of that time.
    event Queued(
        uint64 indexed id,
        uint32 indexed account,
        address indexed to,
        uint256 amount,
        uint40 readyAt
    );

    /// @notice A part of a queued withdrawal, or the last of it, went out; `left` still waits.
    event Released(uint64 indexed id, uint32 indexed account, uint256 amount, uint256 left);

    /// @notice The token would not move to the recipient: the amount belongs to the account again,
    /// by anyone's call.
    event Undeliverable(uint64 indexed id, uint32 indexed account, uint256 amount);

    /// @notice A guardian confirmed the veto of a large withdrawal.
    event VetoConfirmed(
        uint64 indexed id, address indexed guardian, uint256 confirmed, uint256 required
    );

    /// @notice A large withdrawal is stopped until `until`; then it goes back to its account.
    event Vetoed(uint64 indexed id, uint32 indexed account, uint40 until);

    /// @notice A queued withdrawal went back to its account.
    event Returned(uint64 indexed id, uint32 indexed account, uint256 amount);

    /// @notice Nothing is released before `until` unless the insolvency is resolved sooner.
    event Gated(uint40 until, uint256 uncovered);

    /// @notice The caller is not the clearing house.
    error NotClearingHouse(address found, address required);

    /// @notice The one collateral token.
    function token() external view returns (address);

    /// @notice Token units per quote unit: 10^max(decimals - 6, 0).
    function scale() external view returns (uint256);

    /// @notice What the vault owes to all accounts together; not derived from its balance, and
    /// without what is queued.
    function liabilities() external view returns (uint256);

    /// @notice What has left the accounts and still waits in the vault.
    function queued() external view returns (uint256);

    /// @notice What may still be paid out now in the hour and in the day window.
    function available() external view returns (uint256 hour, uint256 day);

    /// @notice What may be paid out now: by anyone, and by the share reserved for small ones.
    function room() external view returns (uint256 common, uint256 reserved);

    /// @notice What a withdrawal of `amount` would be paid at once; the rest would be queued.
    /// @param uncovered Insolvency that no fund covers, quote units.
    function preview(uint32 account, uint256 amount, uint256 uncovered)
        external
        view
        returns (uint256 atOnce);

    /// @notice Pulls `amount` from `from`, which has approved the vault.
    /// @return received Difference of the vault's balance, added to the liabilities.
    function take(address from, uint256 amount) external returns (uint256 received);

    /// @notice Takes `amount` off the liabilities, pays at once what fits and queues the rest.
    /// @param account Whose money it is; small withdrawals are counted by it, and what is stopped
    /// goes back to it.
    /// @param uncovered Insolvency that no fund covers, quote units; not zero: all is queued.
    /// @return paid What went out.
    /// @return id Number of the queued rest; zero when nothing is left.
    function pay(address to, uint256 amount, uint32 account, uint256 uncovered)
        external
        returns (uint256 paid, uint64 id);

    /// @notice As `pay`, for an exit that was forced: no insolvency gates the request and nobody
    /// can veto it, however large; the windows and the order of the queue hold as for any other.
    function payForced(address to, uint256 amount, uint32 account)
        external
        returns (uint256 paid, uint64 id);

    /// @notice Takes a queued withdrawal out of the queue for its account.
    /// @return account Whose it is.
    /// @return amount What is owed to the account again.
    /// @return open Anyone may ask for it: a veto ran out, or the recipient cannot receive.
    function takeBack(uint64 id) external returns (uint32 account, uint256 amount, bool open);
}
