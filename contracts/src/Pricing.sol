// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBreaker} from "./interfaces/IBreaker.sol";
import {IClearingHouse} from "./interfaces/IClearingHouse.sol";
import {IOracle} from "./interfaces/IOracle.sol";
import {IParameters} from "./interfaces/IParameters.sol";
import {Accounts} from "./libraries/Accounts.sol";
import {Arrays} from "./libraries/Arrays.sol";
import {Funding} from "./libraries/Funding.sol";
import {LawLib} from "./generated/LawLib.sol";
import {Margin} from "./libraries/Margin.sol";
import {Packer} from "./libraries/Packer.sol";
import {ParameterWords} from "./libraries/ParameterWords.sol";
import {Reports} from "./libraries/Reports.sol";
import {Resume} from "./libraries/Resume.sol";
import {Storage} from "./Storage.sol";
import {Config, MarketParams, Report, VenueParams} from "./Types.sol";
import {Book, Market} from "./Working.sol";

/// @title The phase "refresh price and funding".
/// @notice Owns: funding index, its time, open interest and the last outage of each market.
/// Assumes: the oracle accepts only newer reports inside the band; parameters are inside their
/// hard bounds.
abstract contract Pricing is Storage, IClearingHouse {
    using SafeCast for int256;
    using SafeCast for uint256;

    uint256 private constant QUOTE_BYTES = 25;
    uint256 private constant GRACE_BITS = 16;
    uint256 private constant GRACE_MASK = 0xffff;

    IOracle public immutable oracle;
    IBreaker public immutable breaker;
    IParameters public immutable parameters;

    constructor(Config memory config) {
        oracle = IOracle(config.oracle);
        breaker = IBreaker(config.breaker);
        parameters = IParameters(config.parameters);
    }

    /// @dev Accepts a report when there is one, and charges funding up to its time.
    function _refresh(VenueParams memory venue, bytes calldata report)
        internal
        returns (Book memory book)
    {
        return _refresh(venue.reportSkewSecondsMax, report);
    }

    function _refresh(uint256 skewSecondsMax, bytes calldata report)
        internal
        returns (Book memory book)
    {
        book.skewSecondsMax = skewSecondsMax;
        book.list = Arrays.pages();
        if (report.length == 0) return book;
        (bool done, bytes memory data) =
            address(oracle).call(abi.encodeCall(IOracle.accept, (report)));
        Report memory accepted = Reports.take(done, data);
        uint256 count = accepted.markets.length;
        (bytes memory quotes, uint256 cursor) = Packer.open(count * QUOTE_BYTES);
        for (uint256 i = 0; i < count; ++i) {
            uint256 quote = _accept(book, accepted, i);
            cursor = Packer.put(cursor, quote, QUOTE_BYTES);
        }
        Packer.close(quotes, cursor);
        emit Refreshed(accepted.round, accepted.time, quotes);
    }

    /// @dev Loads a market that is about to be priced; reverts when it cannot be.
    function _use(Book memory book, uint256 id) internal view {
        if (book.usable & (1 << id) != 0) return;
        _peek(book, id);
        Market memory market = book.list[id >> 4][id & 15];
        if (market.params.tickValue == 0) revert MarketUnknown(uint8(id), 0);
        uint256 time = market.priceTime;
        uint256 ageMax = market.params.priceAgeSecondsMax;
        if (!LawLib.priceValid(market.price, time, block.timestamp, ageMax, book.skewSecondsMax)) {
            revert PriceStale(block.timestamp > time ? block.timestamp - time : 0, ageMax);
        }
        book.usable |= 1 << id;
    }

    /// @dev Loads a market at its last price, however old that is.
    function _peek(Book memory book, uint256 id) internal view {
        if (book.loaded & (1 << id) != 0) return;
        (uint32 price, uint32 mark, uint40 time) = oracle.quote(uint8(id));
        _view(book, id, price, mark, time);
    }

    /// @dev Assumes: some account is barred, and this one would grow or flip.
    function _holdBar(uint256 id) internal view {
        if (breaker.barred(uint32(id))) revert AccountBarred(uint32(id));
    }

    /// @dev Stores what this operation changed of the markets that it loaded.
    function _storeMarkets(Book memory book) internal {
        for (uint256 id = 0; book.loaded >> id != 0; ++id) {
            if (book.loaded & (1 << id) == 0) continue;
            Market memory market = book.list[id >> 4][id & 15];
            _markets[id] = MarketState({
                fundingIndex: market.fundingIndex.toInt96(),
                fundingTime: uint40(market.fundingTime),
                openInterest: market.openInterest.toUint256().toUint56(),
                levied: market.levied,
                resume: uint56(market.resume)
            });
        }
    }

    function _view(Book memory book, uint256 id, uint256 price, uint256 mark, uint256 time)
        private
        view
    {
        // A declaration would allocate it, and params in it, once more.
        Market memory market = Arrays.market()[0];
        (market.id, market.price, market.mark, market.priceTime) = (id, price, mark, time);
        (uint256 low, uint256 high) = parameters.marketWords(uint8(id));
        ParameterWords.unpack(market.params, low, high);
        _derive(market, _markets[id]);
        (market.level, market.barring) = breaker.standing(uint16(id + 1));
        _raise(market);
        uint256 page = id >> 4;
        if (uint16(book.loaded >> (page << 4)) == 0) book.list[page] = Arrays.markets(16);
        book.list[page][id & 15] = market;
        book.loaded |= 1 << id;
    }

    /// @dev What follows from prices, parameters and what is stored.
    function _derive(Market memory market, MarketState memory state) private pure {
        MarketParams memory params = market.params;
        market.tickValue = params.tickValue;
        market.makerFeePpm = params.makerFeePpm;
        market.takerFeePpm = params.takerFeePpm;
        market.lotValue = market.mark * params.tickValue;
        market.fundingIndex = state.fundingIndex;
        market.fundingTime = state.fundingTime;
        market.unitQ32 = _unit(market.lotValue, state.fundingIndex);
        market.openInterest = int256(uint256(state.openInterest));
        market.openInterestBefore = market.openInterest;
        market.levied = state.levied;
        market.resume = state.resume;
        (market.fillLow, market.fillWidth) = Margin.band(market.price, params.fillBandPpm);
        _demand(market, state.openInterest);
    }

    /// @dev What every position needs at an open interest.
    function _demand(Market memory market, uint256 openInterest) private pure {
        market.initialPpm = Margin.interestPpm(market.params, openInterest);
        market.lotCeiling = market.lotValue * Margin.ceilingPpm(market.params, market.initialPpm);
    }

    /// @dev A single fill is judged at the open interest that it leaves, if that is more: nothing
    /// else bounds what it adds. Assumes: no change was counted yet.
    function _foresee(Market memory market, int256 change) internal pure {
        if (change > 0) _demand(market, uint256(market.openInterestBefore + change));
    }

    /// @dev Takes market `i` of a report: its price, and funding up to the report's time. Returns
    /// the record for the event: id u8, price u32, mark u32, rate i32, index after i96.
    function _accept(Book memory book, Report memory accepted, uint256 i)
        private
        view
        returns (uint256)
    {
        uint256 id = accepted.markets[i];
        _view(book, id, accepted.prices[i], accepted.marks[i], accepted.time);
        Market memory market = book.list[id >> 4][id & 15];
        _notice(market, accepted.time);
        int256 rate = Funding.clamp(accepted.rates[i], market.params.fundingRatePpmMax);
        _charge(market, rate, accepted.time);
        uint256 index = uint96(market.fundingIndex.toInt96());
        uint256 prices = (id << 32 | market.price) << 32 | market.mark;
        return ((prices << 32 | uint32(int32(rate))) << 96) | index;
    }

    /// @dev A report that comes later than the last one could be used ends an outage: the way back
    /// starts. The time of the last report is that of the funding.
    function _notice(Market memory market, uint256 time) private view {
        uint256 last = market.fundingTime;
        uint256 from = last + market.params.priceAgeSecondsMax;
        if (last == 0 || time <= from) return;
        uint256 before = market.resume;
        uint256 end = (before >> GRACE_BITS) + (before & GRACE_MASK);
        uint256 grace = Resume.afterOutage(from, time - from, end);
        if (grace == 0) return;
        market.resume = (time << GRACE_BITS) | grace;
        _raise(market);
    }

    /// @dev The level on the way back counts like one of the breaker.
    function _raise(Market memory market) private view {
        uint256 resume = market.resume;
        if (resume != 0) {
            uint256 level =
                Resume.level(resume >> GRACE_BITS, resume & GRACE_MASK, block.timestamp);
            if (level > market.level) market.level = level;
        }
        bool plain = market.level == 0 && !market.levied && !market.barring;
        market.plainHome = plain ? Accounts.only(market.id) : type(uint256).max;
    }

    function _charge(Market memory market, int256 rate, uint256 time) private pure {
        uint256 since = market.fundingTime;
        // Never back: no second is charged twice, whatever an oracle lets through.
        if (since != 0 && time <= since) return;
        market.fundingTime = time;
        if (since == 0) return;
        int256 before = market.fundingIndex;
        uint256 gapMax = market.params.fundingGapSecondsMax;
        market.fundingIndex = before
            + Funding.step(
                rate,
                market.price,
                market.params.tickValue,
                Funding.counted(time - since, gapMax)
            );
        market.unitQ32 = _unit(market.lotValue, market.fundingIndex);
        // Holds by construction; the law is its second witness.
        assert(
            LawLib.fundingWithin(
                before,
                market.fundingIndex,
                market.price,
                market.params.tickValue,
                market.params.fundingRatePpmMax,
                time - since,
                gapMax
            )
        );
    }

    function _unit(uint256 lotValue, int256 fundingIndex) private pure returns (int256) {
        // 80 + 32 bits: the cast keeps the value.
        return int256(lotValue << 32) - fundingIndex;
    }
}
