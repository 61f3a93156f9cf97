// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IVault} from "../interfaces/IVault.sol";
import {IVenue} from "../interfaces/IVenue.sol";
import {Delayed} from "../libraries/Delayed.sol";
import {IConfidentialPool} from "./IConfidentialPool.sol";
import {IHouseParts} from "./IHouseParts.sol";
import {IPoseidon} from "./IPoseidon.sol";
import {IProofRegistry} from "./IProofRegistry.sol";
import {ProofRegistry} from "./ProofRegistry.sol";
import {Circuits, PoolConfig, SLOTS} from "./PoolTypes.sol";

/// @title What a pool is made of, and whether it is fresh or wound up.
abstract contract PoolBase is EIP712, ReentrancyGuardTransient, IConfidentialPool {
    uint256 internal constant Q32_BITS = 32;
    uint40 private constant FRESH_SECONDS_MIN = 60;
    uint40 private constant FRESH_SECONDS_MAX = 1 days;
    uint40 private constant EXIT_SECONDS_MAX = 30 days;
    /// @dev Poseidon(1, 2), as circomlib has it.
    uint256 private constant POSEIDON_1_2 =
        7853200120776062878684798364095072458815029376092732009249414926327459813530;

    IVenue internal immutable HOUSE;
    IProofRegistry internal immutable REGISTRY;
    IERC20 internal immutable TOKEN;
    address internal immutable VAULT;
    IPoseidon internal immutable POSEIDON;
    address internal immutable OPERATOR;
    address internal immutable GOVERNOR;
    uint40 internal immutable DELAY_SECONDS;
    uint40 internal immutable FRESH_SECONDS;
    uint40 internal immutable EXIT_SECONDS;
    uint256 internal immutable SCALE;
    /// @dev The omnibus account.
    uint32 internal immutable ACCOUNT;
    uint40 internal immutable CREATED;

    uint8[] internal _markets;
    mapping(uint8 market => bool) internal _trades;
    /// @inheritdoc IConfidentialPool
    uint40 public override lapsedTime;

    constructor(PoolConfig memory c, uint8[] memory markets_, Circuits memory circuits_)
        EIP712("Holdfast Pool", "1")
    {
        if (c.house.code.length == 0) revert ConfigWrong(0);
        if (IPoseidon(c.poseidon).hash([uint256(1), 2]) != POSEIDON_1_2) revert ConfigWrong(1);
        if (c.operator == address(0)) revert ConfigWrong(2);
        if (c.governor == address(0)) revert ConfigWrong(3);
        Delayed.checkDelay(c.delaySeconds);
        if (c.freshSeconds < FRESH_SECONDS_MIN || c.freshSeconds > FRESH_SECONDS_MAX) {
            revert ConfigWrong(5);
        }
        if (c.exitSeconds < 2 * c.freshSeconds || c.exitSeconds > EXIT_SECONDS_MAX) {
            revert ConfigWrong(6);
        }
        HOUSE = IVenue(c.house);
        VAULT = IHouseParts(c.house).vault();
        TOKEN = IERC20(IVault(VAULT).token());
        SCALE = IVault(VAULT).scale();
        POSEIDON = IPoseidon(c.poseidon);
        (OPERATOR, GOVERNOR) = (c.operator, c.governor);
        (DELAY_SECONDS, FRESH_SECONDS) = (c.delaySeconds, c.freshSeconds);
        (EXIT_SECONDS, CREATED) = (c.exitSeconds, uint40(block.timestamp));
        _takeMarkets(IParameters(IHouseParts(c.house).parameters()), markets_);
        uint32 account_ = IVenue(c.house).openAccount(address(this));
        ACCOUNT = account_;
        REGISTRY = IProofRegistry(new ProofRegistry(c, account_, markets_, circuits_));
    }

    modifier onlyRunning() {
        if (lapsedTime != 0) revert LapseWrong(lapsedTime);
        _;
    }

    modifier onlyLapsed() {
        if (lapsedTime == 0) revert LapseWrong(0);
        _;
    }

    modifier onlyOperator() {
        if (msg.sender != OPERATOR) revert CallerWrong(msg.sender, OPERATOR);
        _;
    }

    /// @inheritdoc IConfidentialPool
    function config() external view override returns (PoolConfig memory) {
        return PoolConfig({
            house: address(HOUSE),
            poseidon: address(POSEIDON),
            operator: OPERATOR,
            governor: GOVERNOR,
            delaySeconds: DELAY_SECONDS,
            freshSeconds: FRESH_SECONDS,
            exitSeconds: EXIT_SECONDS
        });
    }

    /// @inheritdoc IConfidentialPool
    function markets() external view override returns (uint8[] memory) {
        return _markets;
    }

    /// @inheritdoc IConfidentialPool
    function registry() external view override returns (address) {
        return address(REGISTRY);
    }

    /// @inheritdoc IConfidentialPool
    function account() external view override returns (uint32) {
        return ACCOUNT;
    }

    /// @dev Quote units of an amount of the token, which must be whole.
    function _quote(uint256 amount) internal view returns (uint256 quote) {
        quote = amount / SCALE;
        if (quote == 0 || quote * SCALE != amount || quote > type(uint88).max) {
            revert AmountNotWhole(amount, SCALE);
        }
    }

    function _takeMarkets(IParameters parameters, uint8[] memory markets_) private {
        uint256 count = markets_.length;
        if (count == 0 || count > SLOTS) revert ConfigWrong(7);
        for (uint256 i = 0; i < count; ++i) {
            uint8 market = markets_[i];
            bool isListed = parameters.market(market).tickValue != 0;
            if (!isListed || _trades[market]) revert MarketWrong(market);
            _trades[market] = true;
        }
        _markets = markets_;
    }
}
