// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, Report} from "./Types.sol";
import {LawLib} from "./generated/LawLib.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {IOracle} from "./interfaces/IOracle.sol";
import {IParameters} from "./interfaces/IParameters.sol";
import {IReportVerifier} from "./interfaces/IReportVerifier.sol";
import {Delayed} from "./libraries/Delayed.sol";

/// @title Oracle: the last accepted index price of each market.
/// @notice A report is taken when enough reporters signed it, when its round and time follow the
/// last ones, when it is near the block's time, and when no price leaves its band. A report with
/// one wrong price is refused whole.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | clearing house, parameters, delay | nobody | fixed at deployment |
/// | prices, round, time | clearing house | a verified report, newer, inside the band |
/// | pending verifier | governor | a contract, or none |
/// | verifier | anyone | the pending one, after the delay and before its expiry |
///
/// Assumes: reporters clamp a price that has left the band to its edge, so that a gap is walked
/// in several reports. The first price of a market has no band.
/// Live: no report can be blocked by the governor; a broken verifier is replaced after the delay.
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

    struct Mark {
        uint32 price;
        uint40 time;
        uint32 round;
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
    mapping(uint8 market => Mark) private _marks;

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
        next = head.verifier.verify(report);
        _checkNext(head, next);
        for (uint256 i; i < next.markets.length; ++i) {
            _checkBand(next.markets[i], next.prices[i]);
            _marks[next.markets[i]] = Mark(next.prices[i], next.time, next.round);
        }
        _head = Head(head.verifier, next.round, next.time);
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
        Mark memory mark = _marks[market];
        return (mark.price, mark.time);
    }

    /// @notice Round of the report that last priced a market; zero when none.
    function roundOf(uint8 market) external view returns (uint32) {
        return _marks[market].round;
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
        uint256 skewMax = parameters.venue().reportSkewSecondsMax;
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

    /// @dev Law L10; the first price of a market has no band.
    function _checkBand(uint8 market, uint32 found) private view {
        MarketParams memory params = parameters.market(market);
        if (params.tickValue == 0) revert MarketUnlisted(market);
        if (found == 0) revert PriceZero(market);
        uint32 before = _marks[market].price;
        if (before != 0 && !LawLib.withinBand(found, before, params.bandPpm)) {
            revert PriceOutsideBand(market, found, before);
        }
    }

    function _checkVerifier(IReportVerifier verifier_) private view {
        if (address(verifier_).code.length == 0) revert VerifierInvalid(address(verifier_));
    }
}
