// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SessionScope} from "../Types.sol";

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
    /// @notice The owner demands `initialPpm` of initial margin of itself; 0: none of its own.
    event LeverageSet(uint32 indexed account, uint24 initialPpm);
    /// @notice `key` may sign orders within `scope` until `expiry`; 0 revokes it.
    event SessionSet(
        uint32 indexed account, address indexed key, uint40 expiry, SessionScope scope
    );
    /// @notice `quote` moved between two accounts of one owner.
    event Transferred(uint32 indexed from, uint32 indexed to, uint256 quote);
    /// @notice A withdrawal that its owner signed was relayed; the relayer's account got `fee`.
    event Relayed(
        uint32 indexed account, uint64 nonce, uint32 indexed relayer, uint256 amount, uint256 fee
    );
    /// @notice What no fund has covered is `quote` from now on.
    event InsolvencyChanged(uint256 quote);
    /// @notice Orders of `lane` with a seq of at most `seq` are dead.
    event LaneCancelled(uint32 indexed account, uint16 lane, uint32 seq);
    /// @notice Orders signed for an earlier epoch are dead.
    event AllCancelled(uint32 indexed account, uint32 epoch);
    /// @notice A report was accepted; per market id u8, index price u32, mark price u32 as
    /// accepted, rate i32 as charged, funding index after i96.
    event Refreshed(uint32 indexed round, uint40 time, bytes quotes);
    /// @notice A batch was settled. `orders`: per order account u32, lane u16, seq u32, filled
    /// after u40. `accounts`: per touched account id u32, count u8, cash after i128, count *
    /// (market u8, size after i56).
    event Settled(uint64 indexed number, bytes32 head, bytes orders, bytes accounts);
    /// @notice An operation other than a batch left these accounts as they stand here, packed as in
    /// `Settled`; every position that it changed is listed.
    /// @param cause Which operation: see `Causes`.
    event Touched(uint8 indexed cause, bytes accounts);
    /// @notice A conditional order was filled, between `account` and `keeperAccount`.
    /// @param price Price of the fill, ticks.
    /// @param index Index price that the condition was judged on, ticks.
    /// @param fee Quote that the account paid to the venue.
    event Triggered(
        uint32 indexed account,
        uint8 indexed market,
        uint32 indexed keeperAccount,
        uint64 nonce,
        bool isBuy,
        uint64 lots,
        uint32 price,
        uint32 index,
        uint256 fee
    );
    /// @notice A trailing stop follows from `best` (ticks) from now on.
    event Ratcheted(
        uint32 indexed account,
        uint8 indexed market,
        uint64 nonce,
        bytes32 indexed digest,
        uint32 best
    );
    /// @notice What was signed under a one-time number can never be used.
    event NonceCancelled(uint32 indexed account, uint64 nonce);
    /// @notice `size` lots of `account` moved to `keeperAccount` at `price`.
    /// @param size Signed as the position that they were taken from.
    /// @param penalty Quote taken from the account.
    /// @param reward The keeper's part of it; the rest went to the market's insurance fund.
    event Liquidated(
        uint32 indexed account,
        uint8 indexed market,
        uint32 indexed keeperAccount,
        int56 size,
        uint32 price,
        uint256 penalty,
        uint256 reward,
        int128 accountCash,
        int128 keeperCash,
        int128 insuranceCash
    );
    /// @notice The protocol's order sold (or bought back) `size` lots of `account` into the book.
    /// @param size Signed as the position that they were taken from.
    /// @param lost Quote that the fills brought in less than the mark price, fees included;
    /// negative when they brought in more.
    /// @param penalty Quote taken from the account for the market's insurance fund.
    event Seized(
        uint32 indexed account,
        uint8 indexed market,
        int56 size,
        int256 lost,
        uint256 penalty,
        int128 insuranceCash
    );
    /// @notice A forced request was executed, or found unlawful and taken out.
    /// @param amount Withdraw: quote paid. Close: lots moved. Cancel all: the new epoch.
    /// @param price Close: price, ticks.
    /// @param failure Selector of the error that made it unlawful; zero when it was executed.
    event ForcedExecuted(
        uint64 indexed number,
        uint32 indexed account,
        address indexed executor,
        uint8 kind,
        uint256 amount,
        uint32 price,
        bytes4 failure
    );
    /// @notice The venue was frozen for ever, at the prices of report `round`.
    /// @param number Overdue forced request, also one aside; 0 when reports stayed away.
    event VenueFrozen(uint40 time, uint32 indexed round, uint64 number);
    /// @notice Accounts at the places `from` to `next` - 1 were reckoned; sums so far, quote Q32.
    event Reckoned(uint64 from, uint64 next, int256 sumQ32, uint256 claimsQ32);
    /// @notice Exits are open: claims (Q32) share `pool` quote units, in full when it covers them.
    event ReckoningDone(uint256 claimsQ32, uint256 pool);
    /// @notice An account left with `quote` of its equity (Q32).
    event Exited(uint32 indexed account, address indexed to, int256 equityQ32, uint256 quote);
    /// @notice An account was seen below maintenance at `since`; 0: it is healthy again.
    event Flagged(uint32 indexed account, uint40 since);
    /// @notice `size` lots of an account below its close-out requirement left it at `price`.
    /// @param size Signed as the position that they were taken from.
    /// @param toBackstop Lots that the backstop took over.
    /// @param toCounterparties Lots that were closed against the other side.
    /// @param toFund Lots that nobody took and that the market's insurance account holds.
    /// @param covered Quote paid by insurance to the bankrupt account.
    /// @param levied Quote charged to every position in the market.
    event Resolved(
        uint32 indexed account,
        uint8 indexed market,
        int56 size,
        uint32 price,
        uint40 toBackstop,
        uint40 toCounterparties,
        uint40 toFund,
        uint256 covered,
        uint256 levied
    );
    /// @notice Every position in a market, long or short, owes `perLotQ32` (quote Q32) for each of
    /// its lots as they stand at this log. Storage follows when a position is next touched; the
    /// views tell cash with it taken off.
    /// @param totalQ32 Sum of all charges per lot of this market so far.
    event Levied(uint8 indexed market, uint256 perLotQ32, uint256 totalQ32);
    /// @notice Lots moved off the backstop or an insurance account to `taker` at `price`.
    event Unwound(
        uint32 indexed from, uint8 indexed market, uint32 indexed taker, int56 size, uint32 price
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
    /// @notice The two accounts have different owners.
    error OwnersDiffer(address found, address required);
    /// @notice An account cannot transfer to itself.
    error SameAccount(uint32 found, uint32 other);
    /// @notice The signed withdrawal has expired.
    error WithdrawalExpired(uint256 expiry, uint256 time);
    /// @notice The withdrawal is not signed by the account's owner.
    error WithdrawalUnsigned(uint32 account, address required);
    /// @notice The fee of a relayer is more than a tenth of the amount.
    error FeeTooHigh(uint256 found, uint256 required);
    /// @notice The account holds positions, owes nothing, or the insurance fund is empty.
    error NothingToCover(int256 cashQ32, int256 fundQ32);
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
    /// @notice The session key trades other markets; `allowed` has a bit for each.
    error SessionMarketBarred(uint8 found, uint128 allowed);
    /// @notice The order is larger than the session key may sign.
    error SessionOversize(uint256 found, uint256 required);
    /// @notice The session key signs reduce-only orders alone.
    error SessionReduceOnly(bool found, bool required);
    /// @notice A session key with a limited scope cannot act for the account itself.
    error SessionScoped(address found, address required);
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
    /// @notice Guardians have barred the account from growing or flipping positions.
    error AccountBarred(uint32 account);
    /// @notice Open interest would grow beyond the market's cap.
    error OpenInterestExceeded(uint8 market, uint256 found, uint256 required);
    /// @notice The account would end below initial margin and not healthier than before.
    error MarginShort(uint32 account, int256 equity, uint256 initial);
    /// @notice The account would hold too many positions.
    error PositionsExceeded(uint32 account, uint256 found, uint256 required);
    /// @notice An account in an isolated market would hold a position in another one.
    error IsolatedMarket(uint32 account, uint8 market, uint8 other);
    /// @notice The owner demands more margin of itself than the whole notional, ppm.
    error LeverageInvalid(uint24 found, uint24 required);
    /// @notice The account has no position in the market.
    error PositionMissing(uint32 account, uint8 market);
    /// @notice The one-time number was used already, by this or another path.
    error NonceUsed(uint32 account, uint64 nonce);
    /// @notice A field of the conditional order has a value that no signer can mean.
    error ConditionalMalformed(bytes32 field, uint256 found, uint256 required);
    /// @notice The order was signed for another epoch of the account.
    error EpochWrong(uint256 found, uint256 required);
    /// @notice The price was observed before the order looks at prices.
    error PriceEarlier(uint256 found, uint256 required);
    /// @notice The index price has not reached the trigger; `required` in ticks, rounded.
    error NotTriggered(uint256 found, uint256 required);
    /// @notice The index price is no better than the best one recorded.
    error RatchetIdle(uint256 found, uint256 required);
    /// @notice A keeper would trigger an order of its own owner.
    error SelfTrigger(uint32 found, uint32 other);
    /// @notice Nothing is left to sell for: only the waterfall may act.
    error AccountBankrupt(uint32 account, int256 equity);
    /// @notice As much of the position as one block allows was liquidated already.
    error LiquidatedEnough(uint32 account, uint8 market, uint256 found, uint256 required);
    /// @notice As much of the market as one block allows was resolved already: lots so far, the
    /// most, and the block; the next one may go on.
    error ResolvedEnough(uint8 market, uint256 found, uint256 required, uint256 blockNumber);
    /// @notice The lane belongs to the protocol.
    error LaneReserved(uint16 found, uint16 required);
    /// @notice An account for which the protocol trades has another order in the batch.
    error ProtocolNotAlone(uint256 order, uint32 account);
    /// @notice The limit of the protocol's order is worse than the fillable price, ticks.
    error SeizureTooCheap(uint32 account, uint256 found, uint256 required);
    /// @notice The protocol's order filled more than the partial size.
    error SeizureTooLarge(uint32 account, uint256 found, uint256 required);
    /// @notice The account is not below its close-out requirement.
    error NotCloseOut(int256 equity, uint256 required);
    /// @notice Counterparties are not strictly ascending by id.
    error CounterpartiesUnordered(uint256 index, uint32 found, uint32 previous);
    /// @notice The counterparties hold too little of the other side, lots.
    error CounterpartiesShort(uint256 found, uint256 required);
    /// @notice Nobody takes a lot of the position.
    error NobodyTakes(uint32 account, uint8 market);
    /// @notice Only the backstop and the market's insurance account are unwound.
    error NotUnwindable(uint32 found, uint32 required);
    /// @notice The account is not below maintenance margin.
    error NotLiquidatable(int256 equity, uint256 maintenance);
    /// @notice An owner would liquidate itself.
    error SelfLiquidation(uint32 found, uint32 other);
    /// @notice The venue is frozen for ever: only `reckon` and `exit` work.
    error Frozen(uint40 frozenTime);
    /// @notice The venue is not frozen.
    error NotFrozen(uint256 time);
    /// @notice The venue may not be frozen yet; a time of 2^40-1 is no time in sight.
    error FreezeEarly(uint256 time, uint256 timeMin);
    /// @notice Accounts are still to be reckoned before anyone exits.
    error ReckoningOpen(uint64 next, uint64 count);
    /// @notice All accounts are reckoned.
    error ReckoningClosed(uint64 next, uint64 count);
    /// @notice The account has no equity, or has left already.
    error NothingOwed(uint32 account, int256 equityQ32);
    /// @notice Too little gas to tell a request that fails from one that runs out of gas.
    error GasShort(uint256 found, uint256 required);
    /// @notice Only the clearing house itself may call.
    error NotSelf(address found, address required);
    /// @notice The taker of a forced close takes no lots.
    error TakeEmpty(uint64 number, uint56 lotsMax);
    /// @notice Closing this part would leave the account less healthy; closing all would not.
    error PartUnlawful(uint64 number, uint56 lots);
    /// @notice It is not for want of a price that the request waits: it can be executed.
    error PriceUsable(uint64 number);
    /// @notice The price is not old enough yet for its request to be set aside.
    error PriceAwaited(uint64 number, uint256 ageSeconds, uint256 ageSecondsRequired);
    /// @notice No report of whatever market was accepted since the deadline of the request.
    error VenueSilent(uint256 reportTime, uint256 deadline);
    /// @notice An account would take over its own position.
    error SelfTake(uint32 found, uint32 other);
    /// @notice A forced request failed without saying why.
    error Unexplained();
}
