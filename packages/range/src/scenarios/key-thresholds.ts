/** Each key alone does all that it can: two reporters, the sequencer, one guardian. */
import type { Ablation, Attack } from '../types.ts';
import type { World } from '../world/world.ts';
import { withoutQuorum } from './one-oracle-key.ts';

const market = 'ETH-USD';
const none = { law: `0x${'00'.repeat(32)}`, blockNumber: 0n, values: [] };

async function reporters(world: World): Promise<void> {
  for (const price of [2_700, 2_511]) {
    const report = world.report({ [market]: price }, { signers: ['reporter-1', 'reporter-2'] });
    await world.withdraw('mallory', 1, report);
  }
  for (let part = 0; part < 4; part++) await world.liquidate('mallory', 'bob', market, 10);
}

/** Nobody signed: the lane of the protocol, and a signature of the attacker for Alice. */
async function sequencer(world: World): Promise<void> {
  const wish = { market, size: 20, price: 2_860, side: 'sell' } as const;
  const fields = { lane: 50, seq: 1_000 };
  const own = await world.order('mallory', { ...wish, fields });
  const forged = { ...own, account: world.person('alice').account as typeof own.account };
  const taker = await world.order('mallory', { ...wish, side: 'buy' });
  await world.settle([{ maker: forged, taker }], { what: 'settles an order alice never signed' });
  const data = world.encode('clearingHouse', 'cancelAll', [world.person('alice').account]);
  const to = world.venue.contracts.clearingHouse;
  await world.send('sequencer', 'cancels for alice', { to, data });
}

async function guardian(world: World): Promise<void> {
  const halt = [0, 3, 86_400n, none];
  await world.call('guardian-1', 'breaker', 'tighten', halt, { what: 'votes for a halt' });
  await world.call('guardian-1', 'breaker', 'proposeClear', [0], { what: 'would clear' });
  await world.call('guardian-1', 'vault', 'veto', [1n], { what: 'vetoes a withdrawal' });
}

const withoutSignature: Ablation = {
  kind: 'source',
  name: 'the sequencer needs the owner’s signature',
  contracts: ['ClearingHouse'],
  edits: [
    {
      file: 'src/Settlement.sol',
      from: 'if (signer == lane.owner()) return lane;',
      to: 'return lane;',
    },
  ],
};

export const keyThresholds: Attack = {
  kind: 'attack',
  name: 'key-thresholds',
  title: 'Keys below their threshold',
  story:
    'Two of five reporters, the sequencer, and one of three guardians are each in the attacker’s ' +
    'hand, one after the other, and each does all that its key can do.',
  incidents: ['Ronin 2022 and Multichain 2023: threshold keys in one hand'],
  control: 'quorum of reporters, signatures of owners, one-way powers of a guardian',
  invariants: ['I4', 'I5', 'I16'],
  bound: 0n,
  profitMin: 1_000_000_000n,
  async before(world) {
    await world.user('alice', 400_000);
    await world.user('bob', 5_000);
    await world.attacker('mallory', 400_000);
    await world.price({ [market]: 3_000 });
    await world.trade('bob', 'alice', { market, size: 10, price: 3_000 });
  },
  async run(world) {
    await world.price({ [market]: 3_000 });
    await world.attack('two reporters sign a fall', () => reporters(world));
    await world.attack('the sequencer settles what nobody signed', () => sequencer(world));
    await world.attack('one guardian does all that it can', () => guardian(world));
    await world.withdraw('alice', 1_000);
  },
  ablations: [withoutQuorum, withoutSignature],
};

/** Seconds for which the venue is at level 3 from now on. */
async function haltSeconds(world: World): Promise<bigint> {
  const level = Number(await world.read('breaker', 'level', 0));
  return level >= 3 ? 86_400n : 0n;
}

export const oneGuardianKey: Attack = {
  kind: 'attack',
  name: 'one-guardian-key',
  title: 'One guardian halts the venue',
  story:
    'One of three guardians is in the attacker’s hand and tries to halt the venue for a day, ' +
    'again and again.',
  incidents: [],
  control: 'above level 1 a quorum of guardians votes',
  invariants: ['I16'],
  bound: 0n,
  harm: { unit: 'seconds halted', measure: haltSeconds },
  async before(world) {
    await world.user('alice', 10_000);
  },
  async run(world) {
    await world.attack('votes for a halt', async () => {
      for (let i = 0; i < 3; i++) {
        await world.call('guardian-1', 'breaker', 'tighten', [0, 3, 86_400n, none]);
      }
    });
    await world.withdraw('alice', 1_000);
  },
  ablations: [
    {
      kind: 'source',
      name: 'a halt is a vote',
      contracts: ['Breaker'],
      edits: [
        { file: 'src/Breaker.sol', from: 'return votes >= needed;', to: 'return votes > 0;' },
      ],
    },
  ],
};
