/** Credit without a coin: tokens that are not there, say no, keep a part, or call back. */
import type { Hex } from '@holdfast/units';
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const file = 'HostileToken.sol';
const name = 'HostileToken';

/** The first four bytes of `turn(uint256)` and its argument. */
const turn = (mode: number): Hex => `0xb043d7d6${mode.toString(16).padStart(64, '0')}`;

async function offerForeign(world: World): Promise<void> {
  const { account } = world.person('mallory');
  const own = await world.deploy('mallory', file, name, ['uint8'], [6]);
  const nothing = `0x${'ab'.repeat(20)}`;
  for (const [what, token] of [
    ['an address without code', nothing],
    ['a token of its own', own],
  ] as const) {
    const args = [token, account, world.tokens(100_000)];
    await world.call('mallory', 'clearingHouse', 'deposit', args, { what: `deposits ${what}` });
  }
}

export const phantomDeposit: Attack = {
  kind: 'attack',
  name: 'phantom-deposit',
  title: 'Deposits without a coin',
  story:
    'The collateral turns hostile: its issuer, the attacker, makes it keep a tenth of what ' +
    'moves, then say false and move nothing, then call the sender back in the middle. ' +
    'Foreign tokens are offered as collateral too. What a venue credits by the amount asked for, ' +
    'and not by what arrived, it owes without having.',
  incidents: [
    'Qubit 2022 and Meter 2022: a deposit event without a transfer',
    'Balancer 2020: fee-on-transfer',
  ],
  control: 'credit equals the difference of the vault’s balance; one listed token',
  invariants: ['I1'],
  terms: { collateral: { file, name } },
  bound: 0n,
  profitMin: 5_000_000_000n,
  async before(world) {
    await world.user('alice', 400_000);
    await world.attacker('mallory', 1_000);
    await world.mint('mallory', 100_000);
    await world.mint('alice', 1_000);
  },
  async run(world) {
    await world.deposit('alice', 1_000);
    await world.attack('offers foreign tokens', () => offerForeign(world));
    await world.attack('turns the collateral against the venue', async () => {
      const { token, clearingHouse, vault } = world.venue.contracts;
      await world.send('mallory', 'makes it keep a tenth', { to: token, data: turn(1) });
      await world.deposit('mallory', 90_000);
      await world.send('mallory', 'makes it say false', { to: token, data: turn(2) });
      await world.deposit('mallory', 1_000);
      await world.send('mallory', 'makes it call back', { to: token, data: turn(3) });
      const { account } = world.person('mallory');
      const types = ['address', 'address', 'address', 'uint32'];
      const args = [clearingHouse, vault, token, account];
      const hook = await world.deploy('mallory', file, 'Reenterer', types, args);
      world.hostile('hook', hook);
      const coins = [hook, world.tokens(10)];
      await world.call('mallory', 'token', 'transfer', coins, { what: 'funds its hook' });
      const start = `0x95805dad${(5_000_000).toString(16).padStart(64, '0')}` as const;
      await world.send('mallory', 'deposits inside a deposit', { to: hook, data: start });
      await world.send('mallory', 'makes it honest again', { to: token, data: turn(0) });
    });
  },
  ablations: [
    {
      kind: 'source',
      name: 'credit equals what arrived',
      contracts: ['CustodyModule'],
      edits: [
        {
          file: 'src/modules/CustodyModule.sol',
          from: 'if (received != amount) revert DepositShort(received, amount);',
          to: 'received;',
        },
      ],
    },
  ],
};
