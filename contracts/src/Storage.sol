// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountWord} from "./libraries/Accounts.sol";
import {Drawn} from "./libraries/Draws.sol";
import {LaneWord} from "./libraries/Lanes.sol";
import {SessionWord} from "./libraries/Sessions.sol";

/// @title Everything that the clearing house stores, in one place.
/// @notice Modules run in the storage of the clearing house: only this contract may declare state,
/// so that a slot means the same to all of them. New state goes to the end.
abstract contract Storage {
    /// @dev One slot. Written by whoever moves the index (a report) or open interest (a fill).
    struct MarketState {
        int96 fundingIndex;
        uint40 fundingTime;
        uint56 openInterest;
        /// @dev Whether a levy was ever charged on the positions in this market.
        bool levied;
        /// @dev The last way back from an outage of prices: second << 16 | grace in seconds.
        uint56 resume;
    }

    /// @dev What is owed once the venue is frozen, quote Q32, and what there is to pay it with.
    /// @param next Place of the next account to reckon.
    /// @param done Whether all are reckoned and exits are open.
    /// @param pool Quote units that all claims share.
    /// @param sumQ32 Equity of all accounts reckoned.
    /// @param claimsQ32 Equity of those that have an owner and any equity.
    struct Reckoning {
        uint64 next;
        bool done;
        uint128 pool;
        int256 sumQ32;
        uint256 claimsQ32;
    }

    uint32 private constant FIRST_USER = 2;

    mapping(uint256 => MarketState) internal _markets;
    /// @dev By id. Of fixed length, so that no hash is needed to find one.
    AccountWord[1 << 32] internal _accounts;
    /// @dev Bit m: the account has a position in market m beyond its home.
    mapping(uint256 => uint256) internal _bitmaps;
    mapping(uint256 => int256) internal _positions;
    mapping(uint256 => address) internal _owners;
    /// @dev Key: account << 160 | session key. Value: expiry and scope.
    mapping(uint256 => SessionWord) internal _sessions;
    /// @dev By `Lanes.key`. Of fixed length, as the accounts.
    LaneWord[1 << 48] internal _lanes;
    /// @dev First account id that is still free.
    uint32 internal _accountsCount = FIRST_USER;
    /// @dev Number of the last settled batch, and head of the chain of batches.
    uint64 internal _batchNumber;
    /// @dev Second at which the venue was frozen for ever; 0 while it runs. Beside the batch
    /// number, so that a settlement reads both at once.
    uint40 internal _frozenTime;
    /// @dev Whether a levy was ever charged in any market; in a slot that batches read anyway.
    bool internal _levied;
    bytes32 internal _batchHead;
    /// @dev Which module carries out an operation; set once, at deployment.
    mapping(bytes4 => address) internal _modules;
    /// @dev One-time numbers of what an owner signs or requests besides orders. Key: account << 56
    /// | number >> 8; a bit for each number. Fast and forced paths share it.
    mapping(uint256 => uint256) internal _nonces;
    /// @dev Best price of a trailing stop by what was signed, ticks. Moves one way: `ratchet`.
    mapping(bytes32 => uint256) internal _ratchets;
    /// @dev Written only after the venue was frozen.
    Reckoning internal _reckoning;
    /// @dev What the owner of an account put in less what it took out, quote units: what is above
    /// it is profit. Below zero when profit was taken out.
    mapping(uint256 => int256) internal _principal;
    /// @dev Negative cash of closed accounts that no fund has covered, quote units.
    uint256 internal _insolvency;
    /// @dev Levy per lot so far, quote Q32, by market; it only grows.
    mapping(uint256 => uint256) internal _levies;
    /// @dev `_levies` as an account's position has paid it. Key: account << 8 | market.
    mapping(uint256 => uint256) internal _levyEntries;
    /// @dev Second at which an account was seen below maintenance.
    mapping(uint256 => uint256) internal _unhealthySince;
    /// @dev What was liquidated of a position in the last block in which any was: block << 128 |
    /// lots before << 64 | lots taken. Key: account << 8 | market.
    mapping(uint256 => uint256) internal _speeds;
    /// @dev Since when the backstop or an insurance account holds a position. Key as above.
    mapping(uint256 => uint256) internal _heldSince;
    /// @dev What the exit of an account was, token units.
    mapping(uint256 => uint256) internal _exited;
    /// @dev What went through the waterfall in the last block in which anything did: block << 128 |
    /// open interest before << 64 | lots moved << 1 | whether a large position was among them.
    mapping(uint256 => uint256) internal _paces;
    /// @dev What an insurance fund paid of late, by its account.
    mapping(uint256 => Drawn) internal _draws;
}
