/** Take the collateral out from under a position, by every path that moves collateral or risk. */
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const market = 'BTC-USD';

/** The second account of the same owner, for transfers between them. */
async function openSecond(world: World): Promise<number> {
  const id = Number(await world.read('clearingHouse', 'accountsCount'));
  const args = [world.person('mallory').address];
  await world.call('mallory', 'clearingHouse', 'openAccount', args);
  return id;
}

/** Buys from its other self far beyond its margin, and ends the batch with a fill of nothing. */
async function trailingNoop(world: World): Promise<void> {
  const huge = { market, size: 10, price: 60_000 } as const;
  const tiny = { market: 'ETH-USD', size: '0.01', price: 3_000 } as const;
  const maker = await world.order('mallory-b', { ...huge, side: 'sell' });
  const taker = await world.order('mallory', { ...huge, side: 'buy' });
  const last = await world.order('alice', { ...tiny, side: 'sell' });
  const noop = await world.order('mallory', { ...tiny, side: 'buy' });
  const fills = [
    { maker, taker },
    { maker: last, taker: noop },
  ];
  await world.settle(fills, { what: 'settles 10 BTC without margin, a trailing no-op behind' });
}

export const solvencyBypass: Attack = {
  kind: 'attack',
  name: 'solvency-bypass',
  title: 'Around the solvency check',
  story:
    'The attacker holds both sides of a position, takes the collateral of one side out ' +
    '(withdrawal, transfer to its own second account, a batch that ends in a no-op) and waits ' +
    'for the price: the winning side is paid, the losing one is abandoned.',
  incidents: [
    'Euler 2023-03, $197M: donation without a health check',
    'Abracadabra 2025-10: a trailing no-op cleared the flag of the check',
    'bZx 2020: self-transfer',
  ],
  control: 'every path that takes collateral or adds risk ends with the check of who was touched',
  invariants: ['I3'],
  bound: 0n,
  profitMin: 5_000_000_000n,
  async before(world) {
    await world.user('alice', 400_000);
    await world.user('bob', 400_000);
    await world.attacker('mallory', 60_000);
    await world.attacker('mallory-b', 200_000);
    await world.price({ [market]: 60_000, 'ETH-USD': 3_000 });
    await world.trade('alice', 'bob', { market, size: 5, price: 60_000 });
  },
  async run(world) {
    await world.price({ [market]: 60_000, 'ETH-USD': 3_000 });
    await world.attack('strips one side of a position with itself', async () => {
      const second = await openSecond(world);
      await world.trade('mallory', 'mallory-b', { market, size: 2, price: 60_000 });
      const { account } = world.person('mallory');
      const all = world.tokens(59_000);
      const what = 'transfers its margin to its second account';
      const args = [account, second, all, '0x'];
      await world.call('mallory', 'clearingHouse', 'transfer', args, { what });
      await world.call('mallory', 'clearingHouse', 'transfer', [account, account, all, '0x'], {
        what: 'transfers to itself',
      });
      await world.withdraw('mallory', 59_000);
      await trailingNoop(world);
    });
    await world.price({ [market]: 54_000, 'ETH-USD': 3_000 });
  },
  ablations: [
    {
      kind: 'source',
      name: 'what leaves an account is judged',
      contracts: ['CustodyModule'],
      edits: [
        {
          file: 'src/Withdrawing.sol',
          from: 'if (worth < int256(initial)) revert MarginShort(uint32(id), worth, initial);',
          to: '',
        },
      ],
    },
    {
      kind: 'source',
      name: 'accounts of a batch are judged at its end',
      contracts: ['ClearingHouse'],
      edits: [
        {
          file: 'src/Ledger.sol',
          from: 'if (!lawful) revert MarginShort(',
          to: 'if (!lawful && totals.held == type(uint256).max) revert MarginShort(',
        },
      ],
    },
  ],
};
