// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Report} from "./Types.sol";
import {LawLib} from "./generated/LawLib.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {IOracle} from "./interfaces/IOracle.sol";
import {IParameters} from "./interfaces/IParameters.sol";
import {IReportVerifier} from "./interfaces/IReportVerifier.sol";
import {Aging} from "./libraries/Aging.sol";
import {Delayed} from "./libraries/Delayed.sol";
import {Marks} from "./libraries/Marks.sol";
import {ParameterWords} from "./libraries/ParameterWords.sol";
import {Reports} from "./libraries/Reports.sol";

/// @title Oracle: the last accepted index and mark price of each market.
/// @notice A report is taken when enough reporters signed it, when its round and time follow the
/// last ones, when it is near the block's time, and when no price leaves its band. A report with
/// one wrong price is refused whole. A mark is never refused: it is moved to where its clamp around
/// the index and the slew of its distance allow, so that a wild mark cannot hold up the index.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | clearing house, parameters, delay | nobody | fixed at deployment |
/// | prices, round, time | clearing house | a verified report, newer, inside the band |
/// | marks | clearing house | the verified mark, within clamp and slew |
/// | pending verifier | governor | a contract, or none |
/// | verifier | anyone | the pending one, after the delay and before its expiry |
///
/// Assumes: reporters clamp a price that has left the band to its edge, so that a gap is walked
/// in several reports. The first price of a market has no band.
/// Live: the oracle refuses no report at the governor's word, but its verifier may: the key of a
/// committee can be revoked at once. A broken verifier is replaced after the delay.
contract Oracle is IOracle {
    /// @notice A verifier was proposed; anyone may apply it from `readyAt`.
    event VerifierProposed(address indexed verifier, uint40 readyAt);

    /// @notice The pending verifier was dropped.
    event VerifierCancelled(address indexed verifier);

    /// @notice The verifier of every further report was replaced.
    event VerifierChanged(address indexed verifier);

    /// @notice A constructor argument is the zero address.
    error AddressZero();

    /// @notice The verifier has no code.
    error VerifierInvalid(address found);

    /// @notice A price of zero is not a price.
    error PriceZero(uint8 market);

    /// @notice The report prices a market that is not listed.
    error MarketUnlisted(uint8 market);

    /// @dev One slot. The average of the price has 32 fractional bits.
    struct Quote {
        uint32 price;
        uint40 time;
        uint32 round;
        uint64 agedQ32;
        uint32 mark;
    }

    struct Head {
        IReportVerifier verifier;
        uint32 round;
        uint40 time;
    }

    struct PendingVerifier {
        IReportVerifier verifier;
        uint40 readyAt;
    }

    /// @notice The only caller that may bring a report.
    address public immutable clearingHouse;
    /// @notice Bands and the report's largest skew; also knows the governor.
    IParameters public immutable parameters;
    /// @notice Delay of a new verifier, seconds.
    uint256 public immutable delaySeconds;

    Head private _head;
    mapping(uint8 market => Quote) private _quotes;

    /// @notice Verifier that waits, and from when it may be applied; zeros when none.
    PendingVerifier public pendingVerifier;

    constructor(
        address clearingHouse_,
        IParameters parameters_,
        IReportVerifier verifier_,
        uint256 delaySeconds_
    ) {
        if (clearingHouse_ == address(0) || address(parameters_) == address(0)) {
            revert AddressZero();
        }
        Delayed.checkDelay(delaySeconds_);
        _checkVerifier(verifier_);
        clearingHouse = clearingHouse_;
        parameters = parameters_;
        delaySeconds = delaySeconds_;
        _head.verifier = verifier_;
        emit VerifierChanged(address(verifier_));
    }

    modifier onlyGovernor() {
        address governor = IGoverned(address(parameters)).governor();
        if (msg.sender != governor) revert IGoverned.NotGovernor(msg.sender, governor);
        _;
    }

    /// @inheritdoc IOracle
    function accept(bytes calldata report) external override returns (Report memory next) {
        if (msg.sender != clearingHouse) revert NotClearingHouse(msg.sender, clearingHouse);
        Head memory head = _head;
        (bool done, bytes memory data) =
            address(head.verifier).staticcall(abi.encodeCall(IReportVerifier.verify, (report)));
        next = Reports.take(done, data);
        _checkNext(head, next);
        for (uint256 i; i < next.markets.length; ++i) {
            uint32 found = next.prices[i];
            Quote memory before = _quotes[next.markets[i]];
            uint256 clampPpm = _checkBand(next.markets[i], found, before.price);
            uint32 mark = Marks.accepted(
                next.marks[i], before.mark, before.price, found, clampPpm
            );
            // Holds by construction; the law is its second witness.
            assert(LawLib.withinBand(mark, found, clampPpm));
            next.marks[i] = mark;
            // Law L09: time rises.
            uint64 agedQ32 = Aging.step(before.agedQ32, found, next.time - before.time);
            _quotes[next.markets[i]] = Quote(found, next.time, next.round, agedQ32, mark);
        }
        _head = Head(head.verifier, next.round, next.time);
        Reports.reply(next);
    }

    /// @notice Starts the delay of another verifier; replaces a pending one.
    function proposeVerifier(IReportVerifier verifier_) external onlyGovernor {
        _checkVerifier(verifier_);
        pendingVerifier = PendingVerifier(verifier_, Delayed.readyAfter(delaySeconds));
        emit VerifierProposed(address(verifier_), pendingVerifier.readyAt);
    }

    /// @notice Puts the pending verifier in force; anyone may call.
    function applyVerifier() external {
        PendingVerifier memory pending = pendingVerifier;
        Delayed.checkReady(pending.readyAt);
        delete pendingVerifier;
        _head.verifier = pending.verifier;
        emit VerifierChanged(address(pending.verifier));
    }

    /// @notice Drops the pending verifier.
    function cancelVerifier() external onlyGovernor {
        PendingVerifier memory pending = pendingVerifier;
        Delayed.checkPending(pending.readyAt);
        delete pendingVerifier;
        emit VerifierCancelled(address(pending.verifier));
    }

    /// @inheritdoc IOracle
    function price(uint8 market)
        external
        view
        override
        returns (uint32 priceTicks, uint40 time)
    {
        Quote memory last_ = _quotes[market];
        return (last_.price, last_.time);
    }

    /// @inheritdoc IOracle
    function quote(uint8 market)
        external
        view
        override
        returns (uint32 priceTicks, uint32 markTicks, uint40 time)
    {
        Quote memory last_ = _quotes[market];
        return (last_.price, last_.mark, last_.time);
    }

    /// @inheritdoc IOracle
    function aged(uint8 market) external view override returns (uint32 priceTicks) {
        return Aging.toTicks(_quotes[market].agedQ32);
    }

    /// @notice Round of the report that last priced a market; zero when none.
    function roundOf(uint8 market) external view returns (uint32) {
        return _quotes[market].round;
    }

    /// @inheritdoc IOracle
    function last() external view override returns (uint32 round, uint40 time) {
        return (_head.round, _head.time);
    }

    /// @notice Contract that judges the signatures of the next report.
    function verifier() external view returns (IReportVerifier) {
        return _head.verifier;
    }

    /// @dev Law L09, and which part of it is broken.
    function _checkNext(Head memory head, Report memory next) private view {
        uint256 skewMax = ParameterWords.reportSkewSecondsMax(parameters.venueWord());
        uint256 nowTime = block.timestamp;
        if (
            LawLib.reportAdvances(
                head.round, next.round, head.time, next.time, nowTime, skewMax
            )
        ) return;
        if (next.round <= head.round) revert RoundNotNewer(next.round, head.round + 1);
        if (next.time <= head.time) revert TimeNotNewer(next.time, head.time + 1);
        if (next.time < nowTime) revert ReportStale(nowTime - next.time, skewMax);
        revert ReportAhead(next.time - nowTime, skewMax);
    }

    /// @dev Law L10; the first price of a market has no band. Returns the clamp of its mark.
    function _checkBand(uint8 market, uint32 found, uint32 before)
        private
        view
        returns (uint256 clampPpm)
    {
        (uint256 low, uint256 high) = parameters.marketWords(market);
        if (ParameterWords.tickValue(low) == 0) revert MarketUnlisted(market);
        if (found == 0) revert PriceZero(market);
        if (before != 0 && !LawLib.withinBand(found, before, ParameterWords.bandPpm(low))) {
            revert PriceOutsideBand(market, found, before);
        }
        return ParameterWords.markClampPpm(high);
    }

    function _checkVerifier(IReportVerifier verifier_) private view {
        if (address(verifier_).code.length == 0) revert VerifierInvalid(address(verifier_));
    }
}
