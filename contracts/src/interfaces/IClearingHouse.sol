// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Events and errors of the clearing house, whichever of its modules raises them.
/// Units: quote units are 10^-6 of the token; cash is Q32 (quote units with 32 fractional bits);
/// sizes are lots, prices ticks, rates parts per million, times Unix seconds.
interface IClearingHouse {
    // ---------------------------------------------------------------- events

    /// @notice An account exists from now on; its owner never changes.
    event AccountOpened(uint32 indexed account, address indexed owner);
    /// @notice `quote` came in from `from`.
    event Deposited(
        uint32 indexed account, address indexed from, uint256 quote, int128 cashAfter
    );
    /// @notice `quote` went out to `to`.
    event Withdrawn(uint32 indexed account, address indexed to, uint256 quote, int128 cashAfter);
    /// @notice `key` may sign orders until `expiry`; 0 revokes it.
    event SessionSet(uint32 indexed account, address indexed key, uint40 expiry);
    /// @notice Orders of `lane` with a seq of at most `seq` are dead.
    event LaneCancelled(uint32 indexed account, uint16 lane, uint32 seq);
    /// @notice Orders signed for an earlier epoch are dead.
    event AllCancelled(uint32 indexed account, uint32 epoch);
    /// @notice A report was accepted; per market id u8, price u32, rate i32 as charged,
    /// funding index after i96.
    event Refreshed(uint32 indexed round, uint40 time, bytes quotes);
    /// @notice A batch was settled. `accounts`: per touched account id u32, cash after i128,
    /// count u8, count * (market u8, size after i56). `orders`: per order account u32, lane u16,
    /// seq u32, filled after u40.
    event Settled(uint64 indexed number, bytes32 head, bytes accounts, bytes orders);
    /// @notice An operation other than a batch left these accounts as they stand here, packed as in
    /// `Settled`; every position that it changed is listed.
    /// @param cause Which operation: see `Causes`.
    event Touched(uint8 indexed cause, bytes accounts);
    /// @notice The whole position of `account` moved to `keeperAccount` at `price`.
    /// @param penalty Quote taken from the account, half for the keeper, the rest for insurance.
    /// @param covered Quote paid by the insurance fund to the bankrupt account.
    /// @param shortfall Quote that the fund did not have.
    event Liquidated(
        uint32 indexed account,
        uint8 indexed market,
        uint32 indexed keeperAccount,
        int56 size,
        uint32 price,
        uint256 penalty,
        uint256 covered,
        uint256 shortfall,
        int128 accountCash,
        int128 keeperCash,
        int128 insuranceCash
    );

    // ------------------------------------- errors: subject, then (found, required)

    /// @notice No such account; `required` is the first id that is still free.
    error AccountUnknown(uint32 found, uint32 required);
    /// @notice The zero address can own nothing.
    error OwnerZero(address found, address caller);
    /// @notice The caller does not own the account (nor, where allowed, holds a session).
    error NotOwner(address found, address required);
    /// @notice The caller is not the sequencer.
    error NotSequencer(address found, address required);
    /// @notice The token is not the vault's.
    error TokenUnlisted(address found, address required);
    /// @notice The vault received less than was to be credited.
    error DepositShort(uint256 received, uint256 required);
    /// @notice The amount is no positive whole multiple of a quote unit.
    error AmountNotWhole(uint256 found, uint256 multiple);
    /// @notice The market is not listed.
    error MarketUnknown(uint8 found, uint48 tickValue);
    /// @notice A price that is needed is too old; a market without a price is as old as time.
    error PriceStale(uint256 ageSeconds, uint256 ageSecondsMax);
    /// @notice Anyone may push a report only after a quiet time.
    error TooSoon(uint256 ageSeconds, uint256 ageSecondsMin);
    /// @notice The batch is not the next one.
    error BatchOutOfOrder(uint64 found, uint64 required);
    /// @notice The batch extends another history.
    error BatchHeadWrong(bytes32 found, bytes32 required);
    /// @notice Packed bytes have the wrong length; `required` is the length of one record.
    error LengthWrong(uint256 found, uint256 required);
    /// @notice Orders are not strictly ascending by (account, lane, seq).
    error OrdersUnordered(uint256 order, uint256 found, uint256 previous);
    /// @notice A field of the order has a value that no signer can mean.
    error OrderMalformed(uint256 order, uint256 flags, uint256 allowed);
    /// @notice The signature is neither the owner's nor that of a session key.
    error SignatureWrong(uint256 order, address found, address required);
    /// @notice The order has expired.
    error OrderExpired(uint256 order, uint256 expiry, uint256 time);
    /// @notice The lane has moved on to a later seq.
    error SeqStale(uint256 order, uint256 found, uint256 required);
    /// @notice More lots are filled than were signed.
    error OverFilled(uint256 order, uint256 found, uint256 required);
    /// @notice A fill-or-kill order is filled in part.
    error FillOrKillShort(uint256 order, uint256 found, uint256 required);
    /// @notice No fill uses the order.
    error OrderUnused(uint256 order, uint256 found, uint256 required);
    /// @notice A fill points outside the batch's orders.
    error OrderMissing(uint256 fill, uint256 found, uint256 required);
    /// @notice A fill has no lots or no price.
    error FillEmpty(uint256 fill, uint256 found, uint256 required);
    /// @notice The two orders of a fill are in different markets.
    error MarketsDiffer(uint256 fill, uint256 found, uint256 required);
    /// @notice The two orders of a fill are on the same side.
    error SidesEqual(uint256 fill, uint256 found, uint256 required);
    /// @notice An account would trade with itself.
    error SelfTrade(uint256 fill, uint256 found, uint256 other);
    /// @notice The maker's order was not allowed to rest, or the taker's not allowed to take.
    error RoleWrong(uint256 fill, uint256 found, uint256 allowed);
    /// @notice The fill is worse than an order's limit.
    error LimitBroken(uint256 fill, uint256 price, uint256 limit);
    /// @notice The fill is too far from the index price.
    error OutsideBand(uint256 fill, uint256 price, uint256 index);
    /// @notice A reduce-only order would grow or flip a position.
    error ReduceOnlyBroken(uint256 fill, int256 found, int256 before);
    /// @notice The breaker forbids the operation in this scope.
    error BreakerTripped(uint16 scope, uint8 found, uint8 required);
    /// @notice Open interest would grow beyond the market's cap.
    error OpenInterestExceeded(uint8 market, uint256 found, uint256 required);
    /// @notice The account would end below initial margin and not healthier than before.
    error MarginShort(uint32 account, int256 equity, uint256 initial);
    /// @notice The account would hold too many positions.
    error PositionsExceeded(uint32 account, uint256 found, uint256 required);
    /// @notice The account has no position in the market.
    error PositionMissing(uint32 account, uint8 market);
    /// @notice The one-time number was used already, by this or another path.
    error NonceUsed(uint32 account, uint64 nonce);
    /// @notice The account is not below maintenance margin.
    error NotLiquidatable(int256 equity, uint256 maintenance);
    /// @notice An owner would liquidate itself.
    error SelfLiquidation(uint32 found, uint32 other);
}
