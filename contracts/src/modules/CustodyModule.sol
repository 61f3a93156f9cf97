// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICustody} from "../interfaces/ICustody.sol";
import {IModule} from "../interfaces/IModule.sol";
import {IVault} from "../interfaces/IVault.sol";
import {AccountWord} from "../libraries/Accounts.sol";
import {Margin} from "../libraries/Margin.sol";
import {Pricing} from "../Pricing.sol";
import {Roster} from "../Roster.sol";
import {Config} from "../Types.sol";
import {Book, Totals} from "../Working.sol";

/// @title Collateral in and out.
/// Assumes: the vault reports what it received by its balance, and pays exactly.
contract CustodyModule is Roster, ICustody, IModule {
    using Margin for Totals;

    uint256 private constant Q32_BITS = 32;

    IVault private immutable VAULT;
    address private immutable TOKEN;
    uint256 private immutable SCALE;

    constructor(Config memory config) Pricing(config) {
        VAULT = IVault(config.vault);
        TOKEN = VAULT.token();
        SCALE = VAULT.scale();
    }

    /// @inheritdoc IModule
    function operations() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](2);
        selectors[0] = ICustody.deposit.selector;
        selectors[1] = ICustody.withdraw.selector;
    }

    /// @inheritdoc ICustody
    /// @dev Skips refresh and margin: more collateral is lawful in every state.
    function deposit(address token, uint32 id, uint256 amount) external nonReentrant {
        if (token != TOKEN) revert TokenUnlisted(token, TOKEN);
        _exists(id);
        uint256 quote = _quote(amount);
        int128 cashAfter = _credit(id, int256(quote << Q32_BITS));
        emit Deposited(id, msg.sender, quote, cashAfter);
        uint256 received = VAULT.take(msg.sender, amount);
        if (received != amount) revert DepositShort(received, amount);
    }

    /// @inheritdoc ICustody
    function withdraw(uint32 id, uint256 amount, address to, bytes calldata report)
        external
        nonReentrant
    {
        _onlyOwner(id);
        uint256 quote = _quote(amount);
        Book memory book = _refresh(parameters.venue(), report);
        AccountWord word = _accounts[id];
        Totals memory totals;
        totals.equityQ32 = word.cash() - int256(quote << Q32_BITS);
        word = word.withCash(totals.equityQ32);
        _addPositions(book, id, word, 0, totals);
        if (totals.equity() < int256(totals.initial)) {
            revert MarginShort(id, totals.equity(), totals.initial);
        }
        _accounts[id] = word;
        _storeMarkets(book);
        emit Withdrawn(id, to, quote, int128(word.cash()));
        VAULT.pay(to, amount);
    }

    /// @dev Quote units of an amount of the token; it must be whole and fit the cash of an account.
    function _quote(uint256 amount) private view returns (uint256 quote) {
        quote = amount / SCALE;
        if (quote == 0 || quote * SCALE != amount || quote > type(uint88).max) {
            revert AmountNotWhole(amount, SCALE);
        }
    }
}
