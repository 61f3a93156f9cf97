// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ICustody} from "./interfaces/ICustody.sol";
import {IExit} from "./interfaces/IExit.sol";
import {IModule} from "./interfaces/IModule.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {ISolvency} from "./interfaces/ISolvency.sol";
import {IWaterfall} from "./interfaces/IWaterfall.sol";
import {AccountWord} from "./libraries/Accounts.sol";
import {Arrays} from "./libraries/Arrays.sol";
import {Delegation} from "./libraries/Delegation.sol";
import {Lanes, LaneWord} from "./libraries/Lanes.sol";
import {Margin} from "./libraries/Margin.sol";
import {Pricing} from "./Pricing.sol";
import {Settlement} from "./Settlement.sol";
import {Config, Position, VenueParams} from "./Types.sol";
import {Book, Totals} from "./Working.sol";

/// @title The clearing house: accounts, positions, lanes, funding, open interest.
/// @notice Who may change what: the owner and its session keys their lanes and epoch; whoever
/// signed an order its account's cash and position, within what was signed; anyone an account's
/// cash upward; a keeper an unhealthy account. Nobody can change an owner.
/// Assumes: vault, oracle, breaker and parameters are the venue's own and immutable here.
/// Stays live without the sequencer: deposit, withdraw, cancel, push and liquidate need nobody,
/// and what only it could do comes through the queue of forced requests.
/// Settlement and views are here; every other operation is code of a module, which runs in this
/// contract's storage. Modules are fixed at deployment: nothing here writes `_modules` again.
/// `IVenue` is the whole of what this address answers.
contract ClearingHouse is Settlement {
    using Margin for Totals;

    /// @notice The contract that holds the collateral.
    address public immutable vault;

    /// @notice No module carries out an operation with this selector.
    error OperationUnknown(bytes4 found);
    /// @notice Two modules claim one selector, or a module has no code.
    error ModuleInvalid(address module, bytes4 selector);

    constructor(Config memory config, address[] memory modules)
        Pricing(config)
        EIP712("Holdfast", "1")
    {
        vault = config.vault;
        for (uint256 i = 0; i < modules.length; ++i) {
            bytes4[] memory selectors = IModule(modules[i]).operations();
            for (uint256 j = 0; j < selectors.length; ++j) {
                if (_modules[selectors[j]] != address(0)) {
                    revert ModuleInvalid(modules[i], selectors[j]);
                }
                _modules[selectors[j]] = modules[i];
            }
        }
    }

    /// @notice Hands an operation to its module. Not payable: no operation takes ether.
    fallback() external {
        address module = _modules[msg.sig];
        if (module == address(0)) revert OperationUnknown(msg.sig);
        // Modules need not know of the freeze: it is held here, for all but the way out.
        if (_frozenTime != 0 && !_isWayOut(module)) revert Frozen(_frozenTime);
        Delegation.forward(module);
    }

    /// @dev The exit, and what a veto left in the vault for its owner; what the vault asks before
    /// it releases what is queued, and where depositors of the backstop find theirs.
    function _isWayOut(address module) private view returns (bool) {
        return module == _modules[IExit.exit.selector] || msg.sig == ICustody.reclaim.selector
            || msg.sig == ISolvency.uncovered.selector || msg.sig == IWaterfall.backstop.selector;
    }

    /// @notice Which module carries out an operation; zero when none does.
    function moduleOf(bytes4 selector) external view returns (address) {
        return _modules[selector];
    }

    /// @inheritdoc ISettlement
    /// @dev Skips the diff, its laws and pay: only prices and funding move.
    function push(bytes calldata report) external nonReentrant {
        if (_frozenTime != 0) revert Frozen(_frozenTime);
        VenueParams memory venue = parameters.venue();
        if (msg.sender != venue.sequencer) {
            (, uint40 time) = oracle.last();
            uint256 age = block.timestamp > time ? block.timestamp - time : 0;
            if (age <= venue.quietSeconds) revert TooSoon(age, venue.quietSeconds);
        }
        if (report.length == 0) revert LengthWrong(0, 1);
        _storeMarkets(_refresh(venue, report));
    }

    /// @inheritdoc ISettlement
    function account(uint32 id)
        external
        view
        nonReentrantView
        returns (address owner, int128 cash, uint32 epoch, Position[] memory positions)
    {
        AccountWord word = _get(id);
        uint256 count = word.others() + (word.size() == 0 ? 0 : 1);
        positions = new Position[](count);
        uint256 found = 0;
        for (uint256 market_ = 0; found < count; ++market_) {
            int256 size = _sizeOf(word, id, market_);
            if (size == 0) continue;
            positions[found] = Position({market: uint8(market_), size: int56(size)});
            ++found;
        }
        return (_owners[id], int128(word.cash()), uint32(word.epoch()), positions);
    }

    /// @inheritdoc ISettlement
    function health(uint32 id)
        external
        view
        nonReentrantView
        returns (int256 equity, uint256 initial, uint256 maintenance)
    {
        Book memory book;
        book.anyAge = true;
        book.list = Arrays.pages();
        Totals memory totals;
        AccountWord word = _get(id);
        totals.equityQ32 = word.cash();
        _addPositions(book, id, word, 0, totals);
        return (totals.equity(), totals.initial, totals.maintenance);
    }

    /// @inheritdoc ISettlement
    function lane(uint32 id, uint16 laneId) external view returns (uint32 seq, uint40 filled) {
        LaneWord word = _lanes[Lanes.key(id, laneId)];
        return (uint32(word.seq()), uint40(word.filled()));
    }

    /// @inheritdoc ISettlement
    function market(uint8 id)
        external
        view
        returns (int96 fundingIndex, uint40 fundingTime, uint56 openInterest)
    {
        MarketState memory state = _markets[id];
        return (state.fundingIndex, state.fundingTime, state.openInterest);
    }

    /// @inheritdoc ISettlement
    function sessionExpiry(uint32 id, address key) external view returns (uint40) {
        return uint40(_sessionOf(id, key).expiry());
    }

    /// @inheritdoc ISettlement
    function batchNumber() external view returns (uint64) {
        return _batchNumber;
    }

    /// @inheritdoc ISettlement
    function batchHead() external view returns (bytes32) {
        return _batchHead;
    }

    /// @inheritdoc ISettlement
    function accountsCount() external view returns (uint32) {
        return _accountsCount;
    }

    /// @inheritdoc ISettlement
    function leverage(uint32 id) external view returns (uint24) {
        return uint24(_accounts[id].leverage());
    }
}
