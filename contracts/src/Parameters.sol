// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, RiskTuple, VenueParams} from "./Types.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {IParameters} from "./interfaces/IParameters.sol";
import {ISteered} from "./interfaces/ISteered.sol";
import {Bounds} from "./libraries/Bounds.sol";
import {Delayed} from "./libraries/Delayed.sol";
import {ParameterWords} from "./libraries/ParameterWords.sol";
import {Steering} from "./libraries/Steering.sol";

/// @title Parameters: what the venue runs on, tightened at once and loosened after a delay.
/// @notice A proposal is a whole tuple, so that paired fields move together. When no field is
/// looser than in force it is applied in the same call and drops what was pending; otherwise it
/// waits for the delay, may then be applied by anyone, and dies when nobody does.
/// What governance set is the anchor. A steward moves six fields of a market between the anchor and
/// tighter, never looser; what is in force is its tuple, or the anchor.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | delay, `tickValue` and `isolated` of a listed market | nobody | fixed |
/// | market or venue, tighter in every field | governor | at once, inside `Bounds` |
/// | `maintenancePpm`, either way | governor, then anyone | after the delay, inside `Bounds` |
/// | market or venue, looser | governor, then anyone | after the delay, before expiry |
/// | new market | governor, then anyone | after the delay, the next free id |
/// | `RiskTuple` in force of a market | steward | at once, no field looser than the anchor |
/// | the same, while there is no steward | anyone | the anchor |
/// | steward | governor, then anyone | none at once; another after the delay |
/// | sequencer | governor | none at once; another after the delay |
/// | pending proposal | governor | dropped at once, or replaced with a new delay |
/// | governor | governor, then its successor | after the delay, accepted by the successor |
///
/// Assumes: users who dislike a pending loosening can leave within the delay.
/// Live: nothing here can be switched off, and reading never reverts.
contract Parameters is IParameters, ISteered, IGoverned {
    using Steering for MarketParams;
    using Bounds for MarketParams;
    using Bounds for VenueParams;

    /// @notice Parameters of a market came into force.
    event MarketChanged(uint8 indexed market, MarketParams params);

    /// @notice Parameters of a market were proposed; anyone may apply them from `readyAt`.
    event MarketProposed(uint8 indexed market, MarketParams params, uint40 readyAt);

    /// @notice The pending parameters of a market were dropped.
    event MarketCancelled(uint8 indexed market);

    /// @notice Parameters of the venue came into force.
    event VenueChanged(VenueParams params);

    /// @notice Parameters of the venue were proposed; anyone may apply them from `readyAt`.
    event VenueProposed(VenueParams params, uint40 readyAt);

    /// @notice The pending parameters of the venue were dropped.
    event VenueCancelled();

    /// @notice Another governor was proposed, who may accept from `readyAt`.
    event GovernorProposed(address indexed governor, uint40 readyAt);

    /// @notice The pending governor was dropped.
    event GovernorCancelled(address indexed governor);

    /// @notice Another governor took over.
    event GovernorChanged(address indexed governor);

    /// @notice A market id is neither listed nor the next free one.
    error MarketIdInvalid(uint256 found, uint256 idMax);

    /// @notice The value of a tick of a listed market cannot change.
    error TickValueFixed(uint48 found, uint48 required);

    /// @notice A listed market stays isolated, or not.
    error IsolationFixed(uint8 found, uint8 required);

    /// @notice The zero address cannot govern.
    error GovernorZero();

    struct PendingSteward {
        address steward;
        uint40 readyAt;
    }

    struct PendingMarket {
        MarketParams params;
        uint40 readyAt;
    }

    struct PendingVenue {
        VenueParams params;
        uint40 readyAt;
    }

    struct PendingGovernor {
        address governor;
        uint40 readyAt;
    }

    /// @notice Delay of everything that loosens, seconds.
    uint256 public immutable delaySeconds;

    /// @inheritdoc IGoverned
    address public override governor;

    /// @notice Number of listed markets; their ids are 0 to one less.
    uint16 public marketsCount;

    VenueParams private _venue;
    mapping(uint8 market => MarketParams) private _markets;
    mapping(uint8 market => PendingMarket) private _pendingMarkets;
    PendingVenue private _pendingVenue;

    /// @notice Governor that waits, and from when it may accept; zeros when none.
    PendingGovernor public pendingGovernor;

    /// @inheritdoc ISteered
    address public override steward;

    /// @notice Steward that waits, and from when anyone may appoint it; zeros when none.
    PendingSteward public pendingSteward;

    mapping(uint8 market => MarketParams) private _anchors;

    constructor(
        address governor_,
        uint256 delaySeconds_,
        VenueParams memory venue_,
        MarketParams[] memory markets,
        address steward_
    ) {
        if (governor_ == address(0)) revert GovernorZero();
        Delayed.checkDelay(delaySeconds_);
        if (markets.length > 256) revert MarketIdInvalid(markets.length - 1, 255);
        governor = governor_;
        delaySeconds = delaySeconds_;
        emit GovernorChanged(governor_);
        venue_.check();
        _venue = venue_;
        emit VenueChanged(venue_);
        for (uint256 i; i < markets.length; ++i) {
            markets[i].check();
            _anchorMarket(uint8(i), markets[i]);
        }
        marketsCount = uint16(markets.length);
        steward = steward_;
        emit StewardChanged(steward_);
    }

    modifier onlyGovernor() {
        if (msg.sender != governor) revert NotGovernor(msg.sender, governor);
        _;
    }

    /// @inheritdoc ISteered
    function market(uint8 id)
        external
        view
        override(IParameters, ISteered)
        returns (MarketParams memory)
    {
        return _markets[id];
    }

    /// @inheritdoc ISteered
    function anchor(uint8 id) external view override returns (MarketParams memory) {
        return _anchors[id];
    }

    /// @inheritdoc IParameters
    function venue() external view override returns (VenueParams memory) {
        return _venue;
    }

    /// @inheritdoc IParameters
    function marketWords(uint8 id) external view override returns (uint256 low, uint256 high) {
        return ParameterWords.load(_markets[id]);
    }

    /// @inheritdoc IParameters
    function venueWord() external view override returns (uint256 word) {
        return ParameterWords.load(_venue);
    }

    /// @notice Proposal that waits for a market, and from when it may be applied; zeros when none.
    function pendingMarket(uint8 id) external view returns (MarketParams memory, uint40 readyAt) {
        return (_pendingMarkets[id].params, _pendingMarkets[id].readyAt);
    }

    /// @notice Proposal that waits for the venue, and from when it may be applied; zeros when none.
    function pendingVenue() external view returns (VenueParams memory, uint40 readyAt) {
        return (_pendingVenue.params, _pendingVenue.readyAt);
    }

    /// @notice Tightens a market at once, or starts the delay of a looser tuple or of a listing.
    /// @return applied Whether the tuple is in force already.
    function proposeMarket(uint8 id, MarketParams calldata params)
        external
        onlyGovernor
        returns (bool applied)
    {
        MarketParams memory current = _anchors[id];
        // As if it had waited already: what may never follow is refused here, not after the delay.
        _checkMarket(id, current, params, block.timestamp - delaySeconds);
        if (current.tickValue != 0 && current.tighter(params)) {
            if (_pendingMarkets[id].readyAt != 0) _dropMarket(id);
            _anchorMarket(id, params);
            return true;
        }
        uint40 readyAt = Delayed.readyAfter(delaySeconds);
        _pendingMarkets[id] = PendingMarket(params, readyAt);
        emit MarketProposed(id, params, readyAt);
    }

    /// @notice Puts the pending tuple of a market in force; anyone may call.
    function applyMarket(uint8 id) external {
        PendingMarket memory pending = _pendingMarkets[id];
        Delayed.checkReady(pending.readyAt);
        MarketParams memory current = _anchors[id];
        _checkMarket(id, current, pending.params, pending.readyAt - delaySeconds);
        delete _pendingMarkets[id];
        if (current.tickValue == 0) ++marketsCount;
        _anchorMarket(id, pending.params);
    }

    /// @notice Drops the pending tuple of a market.
    function cancelMarket(uint8 id) external onlyGovernor {
        Delayed.checkPending(_pendingMarkets[id].readyAt);
        _dropMarket(id);
    }

    /// @notice Tightens the venue at once, or starts the delay of a looser tuple.
    /// @return applied Whether the tuple is in force already.
    function proposeVenue(VenueParams calldata params)
        external
        onlyGovernor
        returns (bool applied)
    {
        VenueParams memory next = params;
        next.check();
        if (_venue.tighter(next)) {
            if (_pendingVenue.readyAt != 0) _dropVenue();
            _setVenue(next);
            return true;
        }
        uint40 readyAt = Delayed.readyAfter(delaySeconds);
        _pendingVenue = PendingVenue(next, readyAt);
        emit VenueProposed(next, readyAt);
    }

    /// @notice Puts the pending tuple of the venue in force; anyone may call.
    function applyVenue() external {
        PendingVenue memory pending = _pendingVenue;
        Delayed.checkReady(pending.readyAt);
        delete _pendingVenue;
        _setVenue(pending.params);
    }

    /// @notice Drops the pending tuple of the venue.
    function cancelVenue() external onlyGovernor {
        Delayed.checkPending(_pendingVenue.readyAt);
        _dropVenue();
    }

    /// @inheritdoc ISteered
    function steer(uint8 id, RiskTuple calldata tuple) external override {
        if (msg.sender != steward) revert NotSteward(msg.sender, steward);
        MarketParams memory from = _anchors[id];
        MarketParams memory next = from.composed(tuple);
        next.check();
        if (!from.held(tuple)) revert LooserThanAnchor(id);
        _setMarket(id, next);
    }

    /// @notice Puts the anchor of a market in force while there is no steward; anyone may call.
    function restoreMarket(uint8 id) external {
        if (steward != address(0)) revert StewardPresent(steward);
        if (id >= marketsCount) revert MarketIdInvalid(id, uint256(marketsCount) - 1);
        _setMarket(id, _anchors[id]);
    }

    /// @notice Ends the steward's power at once, and drops the one that waits.
    function dismissSteward() external onlyGovernor {
        if (pendingSteward.readyAt != 0) _dropSteward();
        steward = address(0);
        emit StewardChanged(address(0));
    }

    /// @notice Starts the delay of another steward; replaces a pending one.
    function proposeSteward(address next) external onlyGovernor {
        if (next == address(0)) revert StewardZero();
        uint40 readyAt = Delayed.readyAfter(delaySeconds);
        pendingSteward = PendingSteward(next, readyAt);
        emit StewardProposed(next, readyAt);
    }

    /// @notice Puts the pending steward in office; anyone may call.
    function appointSteward() external {
        PendingSteward memory pending = pendingSteward;
        Delayed.checkReady(pending.readyAt);
        delete pendingSteward;
        steward = pending.steward;
        emit StewardChanged(pending.steward);
    }

    /// @notice Drops the pending steward.
    function cancelSteward() external onlyGovernor {
        Delayed.checkPending(pendingSteward.readyAt);
        _dropSteward();
    }

    /// @notice Starts the delay of another governor; replaces a pending one.
    function proposeGovernor(address next) external onlyGovernor {
        if (next == address(0)) revert GovernorZero();
        uint40 readyAt = Delayed.readyAfter(delaySeconds);
        pendingGovernor = PendingGovernor(next, readyAt);
        emit GovernorProposed(next, readyAt);
    }

    /// @notice The pending governor takes over.
    function acceptGovernor() external {
        PendingGovernor memory pending = pendingGovernor;
        Delayed.checkReady(pending.readyAt);
        if (msg.sender != pending.governor) revert NotGovernor(msg.sender, pending.governor);
        delete pendingGovernor;
        governor = pending.governor;
        emit GovernorChanged(pending.governor);
    }

    /// @notice Drops the pending governor.
    function cancelGovernor() external onlyGovernor {
        address pending = pendingGovernor.governor;
        Delayed.checkPending(pendingGovernor.readyAt);
        delete pendingGovernor;
        emit GovernorCancelled(pending);
    }

    function _checkMarket(
        uint8 id,
        MarketParams memory current,
        MarketParams memory next,
        uint256 proposedTime
    ) private view {
        if (id > marketsCount) revert MarketIdInvalid(id, marketsCount);
        next.check();
        if (!current.lawful(next, proposedTime, delaySeconds)) {
            if (next.isolated != current.isolated) {
                revert IsolationFixed(next.isolated, current.isolated);
            }
            revert TickValueFixed(next.tickValue, current.tickValue);
        }
    }

    /// @dev What a steward tightened stays tight under another anchor, until it moves or decays.
    function _anchorMarket(uint8 id, MarketParams memory params) private {
        MarketParams memory next = _anchors[id].carried(_markets[id], params);
        _anchors[id] = params;
        emit AnchorChanged(id, params);
        _setMarket(id, next);
    }

    function _dropSteward() private {
        emit StewardCancelled(pendingSteward.steward);
        delete pendingSteward;
    }

    function _setMarket(uint8 id, MarketParams memory params) private {
        _markets[id] = params;
        emit MarketChanged(id, params);
    }

    function _dropMarket(uint8 id) private {
        delete _pendingMarkets[id];
        emit MarketCancelled(id);
    }

    function _setVenue(VenueParams memory params) private {
        _venue = params;
        emit VenueChanged(params);
    }

    function _dropVenue() private {
        delete _pendingVenue;
        emit VenueCancelled();
    }
}
