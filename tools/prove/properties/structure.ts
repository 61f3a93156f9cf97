/** Who can reach what: the door of the vault, and the way out. */
import { mutant, type Property } from '../property.ts';

const vault = 'contracts/src/Vault.sol';
const payForced =
  '        nonReentrant\n        returns (uint256 paid, uint64 id)\n    {\n' +
  '        return _pay(to, amount, account, 0, true);';
const tree = { engine: 'tree', method: 'structure', harness: '' } as const;

export const structureProperties: readonly Property[] = [
  {
    id: 'vault.door',
    laws: ['L02', 'L14'],
    title: 'Tokens leave by pay, payForced and release alone, all that waits was asked for by pay',
    contract: 'vaultDoor',
    subject: 'Vault, VaultQueue, VaultWindows',
    ...tree,
    mutants: [
      mutant(
        'a view sends tokens',
        vault,
        'function gateUntil() external view returns (uint256) {',
        'function gateUntil() external returns (uint256) {\n        _transfer(msg.sender, 1);',
      ),
      mutant('anyone may pay', vault, `        onlyClearingHouse\n${payForced}`, payForced),
    ],
  },
  {
    id: 'exit.open',
    laws: ['L16'],
    title: 'No deposit, forced request, freeze or exit asks the breaker, only a direct withdrawal',
    contract: 'exitOpen',
    subject: 'CustodyModule, ExitModule, ForcedModule, ForcedQueue, Vault, Backstop',
    ...tree,
    mutants: [
      mutant(
        'an exit waits while a market is halted',
        'contracts/src/modules/ExitModule.sol',
        'return lots * (lotQ32 - market.fundingIndex);',
        'require(market.level == 0); return lots * (lotQ32 - market.fundingIndex);',
      ),
      mutant(
        'a transfer is throttled like a withdrawal',
        'contracts/src/modules/CustodyModule.sol',
        '        if (from == to) revert SameAccount(from, to);',
        '        _holdThrottle(amount); if (from == to) revert SameAccount(from, to);',
      ),
    ],
  },
];
