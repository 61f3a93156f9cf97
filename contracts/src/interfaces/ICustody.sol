// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Withdrawal} from "../Types.sol";

/// @title Collateral in, out and between the accounts of one owner. All amounts are token units.
interface ICustody {
    /// @notice Deposits `amount` from the caller, who has approved the vault.
    /// Open in every breaker state. Accounts 0 (insurance) and 1 (fees) may be topped up.
    function deposit(address token, uint32 account, uint256 amount) external;

    /// @notice As `deposit`, with the caller's EIP-2612 permit for the vault. A permit that
    /// somebody used before is no failure as long as the allowance is there.
    function depositWithPermit(
        address token,
        uint32 account,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Takes `amount` off the account and has the vault pay it to `to`; only the owner, or
    /// of account 1, which holds the fees, only the treasury. What the vault's windows cannot take
    /// now is queued. The account must stay at initial margin with its positions at the worse of
    /// index and aged price and its unrealised profit cut. Open in every breaker state.
    /// @param report A newer price report, or empty. A fresh price is needed only for positions.
    /// @return paid What was paid at once.
    /// @return id Number of the queued rest in the vault; zero when there is none.
    function withdraw(uint32 account, uint256 amount, address to, bytes calldata report)
        external
        returns (uint256 paid, uint64 id);

    /// @notice As `withdraw`, signed by the owner (EIP-712, or ERC-1271) and relayed by anyone.
    /// @param relayer Account that receives the signed fee.
    function withdrawSigned(
        Withdrawal calldata withdrawal,
        bytes calldata signature,
        uint32 relayer,
        bytes calldata report
    ) external returns (uint256 paid, uint64 id);

    /// @notice Moves `amount` between two accounts of the caller; `from` is judged as by
    /// `withdraw`.
    function transfer(uint32 from, uint32 to, uint256 amount, bytes calldata report) external;

    /// @notice Puts a queued withdrawal back into its account: the owner while it waits, anyone
    /// once its veto has run out or its recipient could not receive.
    function reclaim(uint64 id) external;

    /// @notice Pays what a closed account owes from the insurance fund, as far as that goes;
    /// anyone.
    function cover(uint32 account) external;

    /// @notice What the owner could withdraw at the last accepted prices, and what of it would be
    /// paid at once; the rest would be queued.
    function withdrawable(uint32 account) external view returns (uint256 amount, uint256 atOnce);

    /// @notice What an owner put in less what it took out, below zero when that was more; what is
    /// above it is profit. An account without positions begins anew with its cash.
    function principal(uint32 account) external view returns (int256);

    /// @notice Whether a one-time number of an account was used, by a signed withdrawal or another.
    function nonceUsed(uint32 account, uint64 nonce) external view returns (bool);
}
