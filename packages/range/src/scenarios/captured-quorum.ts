/** Three of five reporters are in one hand, and never leave the band: what watchers still save. */
import type { Attack } from '../types.ts';
import { resolution, resolve } from '../world/keeping.ts';
import type { World } from '../world/world.ts';

const market = 'ETH-USD';
const shorts = ['bob', 'cem', 'dora'];
const winners = ['alice', 'mallory'];
const deposit = 150_000;

async function before(world: World): Promise<void> {
  for (const name of ['alice', 'carl']) await world.user(name, 2_000_000);
  for (const name of shorts) await world.user(name, deposit);
  await world.attacker('mallory', 300_000);
  await world.price({ [market]: 3_000 });
  await world.trade('alice', 'carl', { market, size: 400, price: 3_000 });
  for (const name of shorts) {
    await world.trade('mallory', name, { market, size: 200, price: 3_000 });
  }
}

/** Nine tenths of the band with each report, ten seconds apart. */
async function creep(world: World): Promise<void> {
  for (const price of [3_270, 3_560, 3_880, 4_220, 4_590, 5_000, 5_450]) {
    await world.wait(8);
    await world.price({ [market]: price });
  }
}

async function watched(world: World): Promise<void> {
  for (const name of ['guardian-1', 'guardian-2']) {
    await world.sentinel({ guardian: name, rules: true });
  }
}

/** What one account can lose in one block: its own, and what insurance pays for it. */
async function oneAccount(world: World): Promise<bigint> {
  const [, cashQ32] = (await world.read('clearingHouse', 'account', 0)) as [string, bigint];
  const share = BigInt(world.market(market).coverSharePpm);
  return BigInt(deposit) * 1_000_000n + ((cashQ32 >> 32n) * share) / 1_000_000n;
}

const incidents = [
  'KiloEx 2025-04, $7.5M: whoever reaches the price sink takes the other side',
  'Ronin 2022, Multichain 2023: a threshold of keys in one hand',
];

export const capturedQuorum: Attack = {
  kind: 'attack',
  name: 'captured-quorum',
  title: 'A quorum of reporters creeps under the band',
  story:
    'The attacker holds the keys of three of five reporters. Each report is nine tenths of the ' +
    'band above the last; honest shorts are bankrupt after four, and their debts close the ' +
    'attacker’s long at a profit, one after the other. The sentinels compare with the aged price.',
  incidents,
  control: 'sentinels vote the market shut at the first account that the aged price would keep',
  invariants: ['I4', 'I8'],
  bound: oneAccount,
  profitMin: 250_000_000_000n,
  exposed: shorts,
  before,
  async run(world) {
    if (!world.isOff('sentinels')) await watched(world);
    await world.price({ [market]: 3_000 });
    await world.attack('creeps with three keys', async () => {
      await creep(world);
      for (const name of shorts) await resolve(world, 'mallory', name, market, winners);
    });
    await world.price({ [market]: world.mode === 'control' ? 3_000 : 5_400 });
  },
  ablations: [{ kind: 'switch', name: 'sentinels and their votes', off: 'sentinels' }],
};

export const capturedQuorumAtOnce: Attack = {
  kind: 'attack',
  name: 'captured-quorum-at-once',
  title: 'The same quorum, and all accounts in one block',
  story:
    'As above, but the attacker resolves every bankrupt short in the same block. One goes ' +
    'through; the others wait for the next block, and in that one the sentinels have shut ' +
    'the market.',
  incidents,
  control: 'one block resolves a quarter of a market, or one account that is larger than an eighth',
  invariants: ['I4', 'I8'],
  bound: oneAccount,
  profitMin: 250_000_000_000n,
  exposed: shorts,
  before,
  async run(world) {
    await watched(world);
    await world.price({ [market]: 3_000 });
    await world.attack('creeps with three keys', async () => {
      await creep(world);
      const each = shorts.map((name) => resolution(world, 'mallory', name, market, winners));
      await world.together(each);
      for (const name of shorts) await resolve(world, 'mallory', name, market, winners);
    });
    await world.price({ [market]: world.mode === 'control' ? 3_000 : 5_400 });
  },
  ablations: [
    {
      kind: 'source',
      name: 'one block resolves a part',
      contracts: ['WaterfallModule'],
      edits: [
        {
          file: 'src/modules/WaterfallModule.sol',
          from: 'if (!LawLib.resolvedInPart(',
          to: 'if (part == 0 && !LawLib.resolvedInPart(',
        },
      ],
    },
  ],
};
