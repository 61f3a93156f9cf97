/** A breached contract is robbed while those who watch are kept from seeing it. */
import type { Ablation, Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const file = 'Thief.sol';
/** Above the small floor of the vault, below what is large. */
const theft = 5_000;
const blindBlocks = 6;

/** From now on withdrawals debit nobody: what an exploit of the clearing house looks like. */
const breach = (world: World): Promise<void> =>
  world.breach(
    ['CustodyModule'],
    [
      {
        file: 'src/Withdrawing.sol',
        from: 'word = word.withCash(word.cash() - int256(quote << Q32_BITS));',
        to: '',
      },
      {
        file: 'src/Withdrawing.sol',
        from: 'if (worth < int256(initial)) revert MarginShort(uint32(id), worth, initial);',
        to: '',
      },
    ],
  );

const steal = (world: World, tokens: number, by = 'mallory') => {
  const { account, address } = world.person(by);
  const args = [account, world.tokens(tokens), address, '0x'];
  return {
    by,
    what: `steals ${tokens}`,
    request: {
      to: world.venue.contracts.clearingHouse,
      data: world.encode('clearingHouse', 'withdraw', args),
      gas: 4_000_000n,
    },
  };
};

/** What the vault pays within an hour at most, quote units. */
async function hourBudget(world: World): Promise<bigint> {
  const [hour] = (await world.read('vault', 'available')) as [bigint, bigint];
  return hour / world.scale;
}

async function before(world: World): Promise<void> {
  await world.user('alice', 2_000_000);
  await world.user('bob', 100_000);
  await world.attacker('mallory', 0);
}

export const blindSentinel: Attack = {
  kind: 'attack',
  name: 'blind-the-sentinel',
  title: 'Rob the venue while its sentinels are blind',
  story:
    'A module of the clearing house is breached and 5,000 leave with every block. The attacker ' +
    'stalls the connection of both sentinels, floods the chain with logs and drives the fee up a ' +
    'hundredfold. One sentinel stays blind; the other sees again after six blocks.',
  incidents: ['lesson 1 of the threats: one theft a block against watchers of several speeds'],
  control: 'more than one sentinel; withdrawals are tightened in the block after it sees',
  invariants: ['I13', 'I16'],
  isBreach: true,
  bound: hourBudget,
  profitMin: 100_000_000_000n,
  before,
  async run(world) {
    let blind = false;
    await world.sentinel({ guardian: 'guardian-1', blind: () => blind });
    let both = false;
    if (!world.isOff('second sentinel')) {
      await world.sentinel({ guardian: 'guardian-2', blind: () => both });
    }
    await world.withdraw('bob', 500);
    await world.attack('breaches the custody module and blinds the sentinels', async () => {
      await breach(world);
      [blind, both] = [true, true];
      world.memory.baseFee *= 100;
      const spammer = await world.deploy('mallory', file, 'Spammer');
      const count = (20_000).toString(16).padStart(64, '0');
      const topic = '11'.repeat(32);
      const data = `0x5d3345d7${topic}${count}` as const;
      await world.send('mallory', 'floods the logs', { to: spammer, data, gas: 60_000_000n });
      for (let i = 0; i < 40; i++) {
        if (i === blindBlocks) both = false;
        const [outcome] = await world.together([steal(world, theft)]);
        if (outcome?.ok === false) break;
      }
    });
  },
  ablations: [{ kind: 'switch', name: 'a second sentinel', off: 'second sentinel' }],
};

export const withoutWindows: Ablation = {
  kind: 'source',
  name: 'outflow windows',
  contracts: ['Vault'],
  edits: [
    {
      file: 'src/VaultWindows.sol',
      from: 'hour = OutflowRing.budget(hourFloorQuote, hourPpm, low);',
      to: 'hour = 1e15;',
    },
    {
      file: 'src/VaultWindows.sol',
      from: 'day = OutflowRing.budget(dayFloorQuote, dayPpm, low);',
      to: 'day = 1e15;',
    },
  ],
};

/** Whole tokens that the vault may pay within an hour. */
async function hourTokens(world: World): Promise<bigint> {
  return (await hourBudget(world)) / 1_000_000n;
}

/** Whole tokens in the thief's own hands: what waits in the queue has not left. */
async function taken(world: World): Promise<bigint> {
  const names = ['mallory', ...hands];
  const all = await Promise.all(names.map((name) => world.balance(world.person(name).address)));
  return all.reduce((sum, each) => sum + each, 0n) / world.tokens(1);
}

/** Other accounts of the thief. */
const hands = Array.from({ length: 8 }, (_, i) => `hand-${i + 1}`);

const withoutWeight: Ablation = {
  kind: 'source',
  name: 'pieces of a large withdrawal are large',
  contracts: ['Vault'],
  edits: [
    {
      file: 'src/Vault.sol',
      from: 'if (!isMore) return quote;',
      to: 'waiting; isMore; if (quote != 0) return quote;',
    },
  ],
};

export const atomicDrain: Attack = {
  kind: 'attack',
  name: 'atomic-drain',
  title: 'Everything in one block',
  story:
    'The same breach, but all in one block, from nine accounts: no watcher is that fast. The ' +
    'thief asks for nearly everything in pieces too small to be large by themselves and has ' +
    'the queue released every hour. What waits can be vetoed: the sentinels of two guardians ' +
    'stop it in the next block, and three days later the thief has what had left by then.',
  incidents: ['Euler 2023-03, $197M and most others: over within one transaction'],
  control:
    'the vault’s outflow windows; what waits is large by its account and by its crowd, and vetoed',
  invariants: ['I13'],
  isBreach: true,
  // One window at once, and what may wait in the ordinary line: as much again.
  bound: async (world) => 2n * (await hourTokens(world)),
  harm: { unit: 'tokens paid within three days', measure: taken },
  profitMin: 700_000n,
  async before(world) {
    await before(world);
    for (const name of hands) await world.attacker(name, 0);
  },
  async run(world) {
    await world.sentinel({ guardian: 'guardian-1' });
    await world.sentinel({ guardian: 'guardian-2' });
    await world.withdraw('bob', 500);
    await world.attack('breaches the custody module and takes all that it can', async () => {
      await breach(world);
      const each = 100_000;
      const who = ['mallory', ...hands];
      await world.together([...who, ...who].map((name) => steal(world, each, name)));
      await world.together([steal(world, each)]);
      for (let hour = 0; hour < 72; hour++) {
        await world.wait(3_600);
        await world.call('mallory', 'vault', 'release', [20n], { what: 'releases the queue' });
      }
    });
  },
  ablations: [withoutWindows, withoutWeight],
};
