// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from
    "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {LawLib} from "../generated/LawLib.sol";
import {IModule} from "../interfaces/IModule.sol";
import {ITrigger} from "../interfaces/ITrigger.sol";
import {Arrays} from "../libraries/Arrays.sol";
import {Causes} from "../libraries/Causes.sol";
import {Conditionals} from "../libraries/Conditionals.sol";
import {Judging} from "../libraries/Judging.sol";
import {Margin} from "../libraries/Margin.sol";
import {SessionWord} from "../libraries/Sessions.sol";
import {Pricing} from "../Pricing.sol";
import {Roster} from "../Roster.sol";
import {Conditional, Config} from "../Types.sol";
import {Book, Leg, Market, Subject} from "../Working.sol";

/// @title Conditional orders: stop-loss, take-profit, trailing stop.
/// @notice The trader signs once; any keeper may fill against its own account, and only when the
/// chain's own fresh price has reached the trigger. The keeper's word counts for nothing.
contract TriggerModule is Roster, EIP712, ITrigger, IModule {
    using Conditionals for Conditional;

    uint256 private constant COMPACT_BYTES = 64;
    /// @dev Levels of the breaker, as for orders of a batch.
    uint256 private constant NO_GROWTH = 1;
    uint256 private constant REDUCE_ONLY = 3;

    /// @dev What a fill does.
    struct Fill {
        uint256 lots;
        uint256 price;
        uint256 fee;
    }

    constructor(Config memory config) Pricing(config) EIP712("Holdfast", "1") {}

    /// @inheritdoc IModule
    function operations() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](4);
        selectors[0] = ITrigger.trigger.selector;
        selectors[1] = ITrigger.ratchet.selector;
        selectors[2] = ITrigger.cancelNonce.selector;
        selectors[3] = ITrigger.conditional.selector;
    }

    /// @inheritdoc ITrigger
    function trigger(
        Conditional calldata order,
        bytes calldata signature,
        uint32 keeper,
        bytes calldata report
    ) external nonReentrant {
        _onlyActor(keeper);
        if (_owners[order.account] == _owners[keeper]) {
            revert SelfTrigger(keeper, order.account);
        }
        bytes32 digest = _authenticate(order, signature);
        _useNonce(order.account, order.nonce);
        (Book memory book, Market memory market) = _look(order, report);
        uint256 best = order.best(_ratchets[digest]);
        if (!order.met(best, market.price)) {
            revert NotTriggered(market.price, order.threshold(best));
        }

        Leg[] memory legs = Arrays.legs(2);
        legs[0] = _leg(order.account, market);
        legs[1] = _leg(keeper, market);
        Fill memory fill = _fill(order, legs);
        _holdBreaker(order, legs);
        // As a single fill of a batch; one after the other they would go around its bound.
        _foresee(market, Judging.growth(legs[0]) + Judging.growth(legs[1]));
        Subject memory trader = _judged(book, legs, 0);
        Subject memory other = _judged(book, legs, 1);
        Judging.countInterest(legs[0]);
        Judging.countInterest(legs[1]);
        _holdInterest(book);

        _storeAccount(trader);
        _storeAccount(other);
        _credit(FEES, int256(fill.fee << 32));
        _storeMarkets(book);
        _announce(order, legs, fill);
    }

    /// @inheritdoc ITrigger
    /// @dev Skips diff and pay: no cash moves.
    function ratchet(
        Conditional calldata order,
        bytes calldata signature,
        bytes calldata report
    ) external nonReentrant {
        bytes32 digest = _authenticate(order, signature);
        if (order.kind != Conditionals.TRAILING) {
            revert ConditionalMalformed("kind", order.kind, Conditionals.TRAILING);
        }
        if (_nonceUsed(order.account, order.nonce)) revert NonceUsed(order.account, order.nonce);
        (Book memory book, Market memory market) = _look(order, report);
        uint256 best = order.best(_ratchets[digest]);
        if (!Conditionals.improves(order.isBuy, best, market.price)) {
            revert RatchetIdle(market.price, best);
        }
        _ratchets[digest] = market.price;
        _storeMarkets(book);
        emit Ratcheted(
            order.account, order.market, order.nonce, digest, uint32(market.price)
        );
    }

    /// @inheritdoc ITrigger
    function cancelNonce(uint32 id, uint64 nonce) external nonReentrant {
        _onlyCanceller(id);
        _useNonce(id, nonce);
        emit NonceCancelled(id, nonce);
    }

    /// @inheritdoc ITrigger
    function conditional(Conditional calldata order)
        external
        view
        returns (bytes32 digest, uint32 best, bool used)
    {
        digest = _hashTypedDataV4(order.hash());
        best = uint32(order.best(_ratchets[digest]));
        used = _nonceUsed(order.account, order.nonce);
    }

    /// @dev Shape, life and signature. The epoch is the account's own, so that `cancelAll` kills.
    function _authenticate(Conditional calldata order, bytes calldata signature)
        private
        view
        returns (bytes32 digest)
    {
        order.check();
        address owner = _ownerOf(order.account);
        if (order.expiry <= block.timestamp) {
            revert OrderExpired(0, order.expiry, block.timestamp);
        }
        uint256 epoch = _accounts[order.account].epoch();
        if (order.epoch != epoch) revert EpochWrong(order.epoch, epoch);
        digest = _hashTypedDataV4(order.hash());
        address signer = _signer(digest, signature);
        if (signer == owner) return digest;
        SessionWord session = _sessionOf(order.account, signer);
        if (signer != address(0) && session.live(block.timestamp)) {
            session.hold(order.market, order.size, order.reduceOnly);
            return digest;
        }
        if (!SignatureChecker.isValidERC1271SignatureNowCalldata(owner, digest, signature)) {
            revert SignatureWrong(0, signer, owner);
        }
    }

    /// @dev Zero when the signature is none of a key. Never the owner's then: owners are not zero.
    function _signer(bytes32 digest, bytes calldata signature)
        private
        pure
        returns (address signer)
    {
        if (signature.length == COMPACT_BYTES) {
            (bytes32 r, bytes32 vs) = abi.decode(signature, (bytes32, bytes32));
            (signer,,) = ECDSA.tryRecover(digest, r, vs);
        } else {
            (signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
        }
    }

    /// @dev The market at a price that is as fresh as a new report has to be: a keeper cannot
    /// wait with one that it likes. Nor does a price count that is older than the order.
    function _look(Conditional calldata order, bytes calldata report)
        private
        returns (Book memory book, Market memory market)
    {
        book = _refresh(parameters.venue(), report);
        _use(book, order.market);
        market = book.list[order.market >> 4][order.market & 15];
        uint256 time = market.priceTime;
        uint256 age = block.timestamp > time ? block.timestamp - time : 0;
        if (age > book.skewSecondsMax) revert PriceStale(age, book.skewSecondsMax);
        if (time < order.since) revert PriceEarlier(time, order.since);
    }

    function _leg(uint256 id, Market memory market) private view returns (Leg memory leg) {
        leg.account = id;
        leg.word = _get(id);
        leg.market = market;
        leg.sizeBefore = _sizeOf(leg.word, id, market.id);
        leg.size = leg.sizeBefore;
    }

    /// @dev Moves lots and their value; the trader pays the taker's fee, the keeper none.
    function _fill(Conditional calldata order, Leg[] memory legs)
        private
        pure
        returns (Fill memory fill)
    {
        Market memory market = legs[0].market;
        fill.price = order.fillPrice(market.price);
        if (!LawLib.withinBand(fill.price, market.price, market.params.fillBandPpm)) {
            revert OutsideBand(0, fill.price, market.price);
        }
        assert(LawLib.fillWithin(order.isBuy, order.limitPrice, fill.price));
        fill.lots = _lots(order, legs[0].sizeBefore);
        uint256 amount = fill.lots * fill.price * market.params.tickValue;
        fill.fee = Margin.shareUp(amount, market.params.takerFeePpm);
        int256 lots = order.isBuy ? int256(fill.lots) : -int256(fill.lots);
        int256 value = int256(amount << 32);
        int256 valueQ32 = (order.isBuy ? value : -value) - lots * market.fundingIndex;
        legs[0].size += lots;
        legs[0].cashQ32 = -valueQ32 - int256(fill.fee << 32);
        legs[1].size -= lots;
        legs[1].cashQ32 = valueQ32;
    }

    /// @dev A reduce-only order is cut down to the position that it reduces.
    function _lots(Conditional calldata order, int256 position) private pure returns (uint256) {
        if (!order.reduceOnly) return order.size;
        int256 room = order.isBuy ? -position : position;
        if (room <= 0) revert PositionMissing(order.account, order.market);
        return uint256(room) < order.size ? uint256(room) : order.size;
    }

    /// @dev As in a batch: nobody grows or flips from level 1, only flagged orders from level 3.
    function _holdBreaker(Conditional calldata order, Leg[] memory legs) private view {
        uint256 level = legs[0].market.level;
        if (level >= REDUCE_ONLY && !order.reduceOnly) _tripped(order.market, level, REDUCE_ONLY);
        bool barring = legs[0].market.barring;
        if (level < NO_GROWTH && !barring) return;
        for (uint256 i = 0; i < 2; ++i) {
            if (LawLib.reduceOnlyHeld(legs[i].sizeBefore, legs[i].size)) continue;
            if (level >= NO_GROWTH) _tripped(order.market, level, NO_GROWTH);
            if (barring) _holdBar(legs[i].account);
        }
    }

    function _tripped(uint256 market, uint256 level, uint256 at) private pure {
        revert BreakerTripped(uint16(market + 1), uint8(level), uint8(at - 1));
    }

    function _judged(Book memory book, Leg[] memory legs, uint256 index)
        private
        view
        returns (Subject memory subject)
    {
        subject.legs = legs;
        (subject.first, subject.end) = (index, index + 1);
        _judge(book, subject);
    }

    function _announce(Conditional calldata order, Leg[] memory legs, Fill memory fill) private {
        emit Triggered(
            order.account,
            order.market,
            uint32(legs[1].account),
            order.nonce,
            order.isBuy,
            uint64(fill.lots),
            uint32(fill.price),
            uint32(legs[0].market.price),
            fill.fee
        );
        uint256[] memory others = new uint256[](1);
        others[0] = FEES;
        _touched(Causes.TRIGGER, legs, others);
    }
}
