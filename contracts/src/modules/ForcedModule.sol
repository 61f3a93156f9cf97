// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {LawLib} from "../generated/LawLib.sol";
import {IForced} from "../interfaces/IForced.sol";
import {ForcedRequest, IForcedQueue} from "../interfaces/IForcedQueue.sol";
import {IModule} from "../interfaces/IModule.sol";
import {IVault} from "../interfaces/IVault.sol";
import {AccountWord} from "../libraries/Accounts.sol";
import {Arrays} from "../libraries/Arrays.sol";
import {Causes} from "../libraries/Causes.sol";
import {Judging} from "../libraries/Judging.sol";
import {Margin} from "../libraries/Margin.sol";
import {Pricing} from "../Pricing.sol";
import {Config, VenueParams} from "../Types.sol";
import {Withdrawing} from "../Withdrawing.sol";
import {Book, Leg, Market, Subject, Totals} from "../Working.sol";

/// @title Execution of forced requests, in their order.
/// @notice A request that is lawful is carried out; one that is not is taken out with its reason.
/// A failure of the executor (no margin to take a position over, a stale price, too little gas)
/// reverts instead and leaves the request where it is. What waits for a price that nobody brings
/// is set aside.
/// Assumes: the queue hands out only the next request and those aside, and before its deadline to
/// the sequencer alone.
contract ForcedModule is Withdrawing, IForced, IModule {
    using Margin for Totals;

    /// @dev What became of a request.
    struct Outcome {
        uint256 amount;
        uint256 left;
        uint256 price;
        bytes4 failure;
    }

    uint8 private constant WITHDRAW = 1;
    uint8 private constant CLOSE = 2;
    /// @dev Largest distance of a forced close from the index price, reached as the grace ends.
    uint256 private constant SPREAD_PPM_MAX = 10_000;
    /// @dev More than any withdrawal needs, of which the inner call gets 63 parts of 64.
    uint256 private constant GAS_MIN = 1_500_000;
    /// @dev How much older than its limit a price is that nobody brings, seconds: more than the
    /// time between two reports.
    uint256 private constant MISSING_SECONDS = 300;

    IVault private immutable VAULT;
    uint256 private immutable SCALE;
    IForcedQueue private immutable QUEUE;
    uint256 private immutable GRACE_SECONDS;

    constructor(Config memory config) Pricing(config) {
        VAULT = IVault(config.vault);
        SCALE = VAULT.scale();
        QUEUE = IForcedQueue(config.forcedQueue);
        GRACE_SECONDS = QUEUE.graceSeconds();
    }

    /// @inheritdoc IModule
    function operations() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](4);
        selectors[0] = IForced.executeForced.selector;
        selectors[1] = IForced.withdrawForced.selector;
        selectors[2] = IForced.setAsideForced.selector;
        selectors[3] = IForced.judgeForced.selector;
    }

    /// @inheritdoc IForced
    /// @dev Prices and funding are stored first: they stand whatever becomes of the request.
    function executeForced(uint64 number, uint32 taker, uint56 lotsMax, bytes calldata report)
        external
        nonReentrant
    {
        bool bySequencer = msg.sender == parameters.venue().sequencer;
        ForcedRequest memory request = QUEUE.due(number, bySequencer);
        Book memory book = _refresh(parameters.venue(), report);
        _storeMarkets(book);
        Outcome memory outcome;
        if (request.kind == WITHDRAW) _tryWithdraw(request, outcome);
        else if (request.kind == CLOSE) _close(book, request, number, taker, lotsMax, outcome);
        else _cancelAll(request.account, outcome);
        if (outcome.left == 0) QUEUE.take(number, msg.sender);
        else QUEUE.cut(number, uint88(outcome.left));
        emit ForcedExecuted(
            number,
            request.account,
            msg.sender,
            request.kind,
            outcome.amount,
            uint32(outcome.price),
            outcome.failure
        );
    }

    /// @inheritdoc IForced
    /// @dev The prices of the report stand, whatever is found.
    function setAsideForced(uint64 number, bytes calldata report) external nonReentrant {
        ForcedRequest memory request = QUEUE.due(number, false);
        _storeMarkets(_refresh(parameters.venue(), report));
        (, uint40 last) = oracle.last();
        if (last <= request.deadline) revert VenueSilent(last, request.deadline);
        (uint256 age, uint256 ageMax) = _missing(number, request);
        uint256 required = ageMax + MISSING_SECONDS;
        if (age <= required) revert PriceAwaited(number, age, required);
        QUEUE.setAside(number);
    }

    /// @inheritdoc IForced
    function judgeForced(ForcedRequest calldata request) external view {
        if (msg.sender != address(this)) revert NotSelf(msg.sender, address(this));
        Outcome memory outcome;
        _judgeClose(_openBook(), request, outcome);
    }

    /// @inheritdoc IForced
    /// @dev Not locked: it runs inside the lock of `executeForced`, which nobody else can hold
    /// while the clearing house calls itself.
    function withdrawForced(uint32 id, uint88 amount, address to, uint64 nonce)
        external
        returns (uint256 quote)
    {
        if (msg.sender != address(this)) revert NotSelf(msg.sender, address(this));
        _useNonce(id, nonce);
        Book memory book = _openBook();
        VenueParams memory venue = parameters.venue();
        quote = amount;
        if (amount == type(uint88).max) {
            uint256 free = _free(book, venue, id);
            if (free != 0) quote = free;
        }
        AccountWord word = _debit(book, venue, id, quote);
        emit Withdrawn(id, to, quote, int128(word.cash()));
        VAULT.pay(to, quote * SCALE, id, _uncovered());
    }

    /// @dev Consumes an unlawful withdrawal. Reverts when the price is stale, and when the gas
    /// could run out inside, which would look like a failure.
    function _tryWithdraw(ForcedRequest memory request, Outcome memory outcome) private {
        uint256 gasLeft = gasleft();
        if (gasLeft < GAS_MIN) revert GasShort(gasLeft, GAS_MIN);
        try IForced(address(this)).withdrawForced(
            request.account, request.amount, request.to, request.nonce
        ) returns (uint256 quote) {
            outcome.amount = quote;
        } catch (bytes memory reason) {
            bytes4 failure = reason.length < 4 ? Unexplained.selector : bytes4(reason);
            if (failure == PriceStale.selector) Address.verifyCallResult(false, reason);
            outcome.failure = failure;
        }
    }

    /// @dev Age of the price that stops a request, and its limit. Reverts when it is not a price
    /// that stops it, and with that whatever was tried here.
    function _missing(uint64 number, ForcedRequest memory request)
        private
        returns (uint256 age, uint256 ageMax)
    {
        bytes memory reason;
        if (request.kind == WITHDRAW) {
            try IForced(address(this)).withdrawForced(
                request.account, request.amount, request.to, request.nonce
            ) {} catch (bytes memory data) {
                reason = data;
            }
        } else if (request.kind == CLOSE) {
            try IForced(address(this)).judgeForced(request) {}
            catch (bytes memory data) {
                reason = data;
            }
        }
        if (bytes4(reason) != PriceStale.selector) revert PriceUsable(number);
        return abi.decode(Bytes.slice(reason, 4), (uint256, uint256));
    }

    function _cancelAll(uint32 id, Outcome memory outcome) private {
        AccountWord word = _accounts[id];
        uint32 epoch = uint32(word.epoch()) + 1;
        _accounts[id] = word.withEpoch(epoch);
        outcome.amount = epoch;
        emit AllCancelled(id, epoch);
    }

    /// @dev Moves the position, or the part of it that the taker wants, to the taker.
    function _close(
        Book memory book,
        ForcedRequest memory request,
        uint64 number,
        uint32 taker,
        uint56 lotsMax,
        Outcome memory outcome
    ) private {
        (Leg[] memory legs, uint256 wanted) = _judgeClose(book, request, outcome);
        if (wanted == 0) return;
        _onlyActor(taker);
        if (taker == request.account) revert SelfTake(taker, request.account);
        if (lotsMax == 0) revert TakeEmpty(number, lotsMax);
        Leg memory leg = legs[0];
        Market memory market = leg.market;
        if (lotsMax < wanted) {
            leg = _closing(request, market, outcome.price, lotsMax);
            if (!_healthier(book, leg)) revert PartUnlawful(number, lotsMax);
            outcome.left = wanted - lotsMax;
            legs[0] = leg;
        }
        outcome.amount = wanted - outcome.left;
        legs[1] = _leg(taker, market, leg.sizeBefore - leg.size, -leg.cashQ32);
        _storeClose(book, legs);
    }

    /// @dev All of a close that needs no taker: the lots to close and the account without them, or
    /// no lots and in the outcome why it is unlawful.
    function _judgeClose(Book memory book, ForcedRequest memory request, Outcome memory outcome)
        private
        view
        returns (Leg[] memory legs, uint256 wanted)
    {
        uint256 id = request.account;
        int256 size = _sizeOf(_accounts[id], id, request.market);
        int256 held = request.isLong ? size : -size;
        if (held <= 0) {
            outcome.failure = PositionMissing.selector;
            return (legs, 0);
        }
        _use(book, request.market);
        Market memory market = book.list[request.market >> 4][request.market & 15];
        outcome.price = _closePrice(request, market.price);
        if (request.isLong ? outcome.price < request.limit : outcome.price > request.limit) {
            outcome.failure = LimitBroken.selector;
            return (legs, 0);
        }
        wanted = uint256(held) < request.amount ? uint256(held) : request.amount;
        legs = Arrays.legs(2);
        legs[0] = _closing(request, market, outcome.price, wanted);
        // By the whole request: what part of it the taker wants must not decide.
        if (_healthier(book, legs[0])) return (legs, wanted);
        outcome.failure = MarginShort.selector;
        return (legs, 0);
    }

    /// @dev The account that asked, with `lots` fewer and what they are worth at the price of the
    /// close, with funding to date.
    function _closing(
        ForcedRequest memory request,
        Market memory market,
        uint256 price,
        uint256 lots
    ) private view returns (Leg memory) {
        int256 moved = request.isLong ? int256(lots) : -int256(lots);
        int256 unitQ32 = int256((price * market.params.tickValue) << 32) - market.fundingIndex;
        return _leg(request.account, market, -moved, moved * unitQ32);
    }

    /// @dev Judges the taker, stores both. Open interest cannot grow: what the taker adds on its
    /// side the other account gives up.
    function _storeClose(Book memory book, Leg[] memory legs) private {
        Subject memory subject;
        subject.legs = legs;
        (subject.first, subject.end) = (1, 2);
        _judge(book, subject);
        _storeAccount(subject);
        legs[0].word = legs[0].word.withCash(legs[0].word.cash() + legs[0].cashQ32);
        (subject.first, subject.end) = (0, 1);
        _storeAccount(subject);
        Judging.countInterest(legs[0]);
        Judging.countInterest(legs[1]);
        _storeMarkets(book);
        _touched(Causes.FORCED, legs, new uint256[](0));
    }

    /// @dev Whether the account that asked ends healthy or healthier. It only ever reduces.
    function _healthier(Book memory book, Leg memory leg) private view returns (bool) {
        Totals memory old;
        old.equityQ32 = leg.word.cash();
        _addPositions(book, leg.account, leg.word, 1 << leg.market.id, old);
        Totals memory totals;
        totals.equityQ32 = old.equityQ32 + leg.cashQ32;
        totals.userPpm = old.userPpm;
        (totals.initial, totals.maintenance) = (old.initial, old.maintenance);
        totals.add(leg.market, leg.size);
        old.add(leg.market, leg.sizeBefore);
        return LawLib.healthyOrHealthier(
            old.equity(),
            old.maintenance,
            totals.equity(),
            totals.initial,
            totals.maintenance,
            false
        );
    }

    function _leg(uint256 id, Market memory market, int256 change, int256 cashQ32)
        private
        view
        returns (Leg memory leg)
    {
        leg.account = id;
        leg.word = _get(id);
        leg.market = market;
        leg.sizeBefore = _sizeOf(leg.word, id, market.id);
        leg.size = leg.sizeBefore + change;
        leg.cashQ32 = cashQ32;
    }

    /// @dev The index price until the deadline; from then on worse for the account, up to the
    /// largest spread as the grace ends, so that somebody wants to take it over. Rounded in its
    /// favour.
    function _closePrice(ForcedRequest memory request, uint256 index)
        private
        view
        returns (uint256)
    {
        uint256 deadline = request.deadline;
        if (block.timestamp <= deadline) return index;
        uint256 late = block.timestamp - deadline;
        if (late > GRACE_SECONDS) late = GRACE_SECONDS;
        uint256 spread = index * SPREAD_PPM_MAX * late / (GRACE_SECONDS * Margin.PPM);
        return request.isLong ? index - spread : index + spread;
    }

    /// @dev A book for an operation that brings no report.
    function _openBook() private view returns (Book memory book) {
        book.skewSecondsMax = parameters.venue().reportSkewSecondsMax;
        book.list = Arrays.pages();
    }
}
