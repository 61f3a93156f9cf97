/** A stranger tries every function of every contract: none is anybody's who should not have it. */
import { toJson } from '@holdfast/host';
import { invariant } from '@holdfast/units';
import type { Attack } from '../types.ts';
import type { Reading } from '../world/ground.ts';
import { type Dictionary, open, type Probe, probes } from '../world/sweep.ts';
import type { World } from '../world/world.ts';

const perBlock = 8;
/** Transactions of one function, of all that would go through. */
const perFunction = 3;

function dictionary(world: World): Dictionary {
  const { vault, clearingHouse } = world.venue.contracts;
  const [alice, mallory] = [world.person('alice'), world.person('mallory')];
  const none = `0x${'00'.repeat(20)}` as const;
  return {
    accounts: [alice.account, mallory.account, 0, 1, 2 ** 32 - 256],
    amounts: [world.tokens(5_000), 1n, 0n, 2n ** 256n - 1n, world.tokens(1)],
    addresses: [mallory.address, alice.address, vault, clearingHouse, none],
  };
}

/** All that only those in office may move. */
async function office(world: World): Promise<string> {
  const scopes = [0, ...world.venue.markets.map(({ id }) => id + 1), 256, 257];
  const ask = (contract: Reading['contract'], functionName: string, ...args: unknown[]) => ({
    contract,
    functionName,
    args,
  });
  const answers = await world.readMany([
    ask('parameters', 'venue'),
    ...world.venue.markets.map(({ id }) => ask('parameters', 'market', id)),
    ...scopes.map((scope) => ask('breaker', 'level', scope)),
    ask('oracle', 'last'),
    ask('clearingHouse', 'frozenTime'),
    ask('clearingHouse', 'batchHead'),
  ]);
  return toJson(answers, 0);
}

async function send(world: World, by: string, all: readonly Probe[]): Promise<void> {
  const counts = new Map<string, number>();
  const chosen = all.filter(({ what }) => {
    const count = (counts.get(what) ?? 0) + 1;
    counts.set(what, count);
    return count <= perFunction;
  });
  for (let at = 0; at < chosen.length; at += perBlock) {
    const part = chosen.slice(at, at + perBlock);
    await world.together(
      part.map(({ what, to, data, value }) => {
        return { by, what, request: { to, data, value, gas: 3_000_000n } };
      }),
    );
  }
}

export const selectorSweep: Attack = {
  kind: 'attack',
  name: 'selector-sweep',
  title: 'Every function, by a stranger',
  story:
    'The attacker, and somebody without an account, call every function of every contract that ' +
    'changes anything, with what an attacker would write there and with values from the seed, ' +
    'and initialisers, upgrades and owners’ functions that the venue does not have. What ' +
    'would go through is sent.',
  incidents: [
    'access control or arbitrary call: 25 % of 463 thefts of 2024 to 2026',
    'Renegade 2026-05: a proxy that could be initialised again',
  ],
  control: 'each function asks who calls',
  invariants: ['I5', 'I12'],
  bound: 0n,
  profitMin: 4_000_000_000n,
  async before(world) {
    await world.user('alice', 100_000);
    await world.attacker('mallory', 100);
    await world.mint('mallory', 100);
    const { vault } = world.venue.contracts;
    for (const to of [vault, world.addressOf('backstop')]) {
      await world.call('mallory', 'token', 'approve', [to, world.tokens(50)]);
    }
    await world.price({ 'BTC-USD': 60_000 });
  },
  async run(world) {
    await world.withdraw('alice', 1_000);
    await world.attack('tries every function', async () => {
      const held = await office(world);
      const all = probes(world, dictionary(world), 8, 8);
      world.hostile('stranger', world.key('stranger').address);
      for (const by of ['mallory', 'stranger']) {
        const through = await open(world, world.key(by).address, all);
        world.note('attack', by, `tries ${all.length} calls; ${through.length} would go through`);
        await send(world, by, through);
      }
      const isSame = world.mode === 'ablation' || (await office(world)) === held;
      invariant(isSame, 'a stranger moved what is in office');
    });
    await world.withdraw('alice', 1_000);
  },
  ablations: [
    {
      kind: 'source',
      name: 'only its owner takes from an account',
      contracts: ['CustodyModule'],
      edits: [
        {
          file: 'src/modules/CustodyModule.sol',
          from: 'if (msg.sender != taker) revert NotOwner(msg.sender, taker);',
          to: 'taker;',
        },
      ],
    },
    {
      kind: 'source',
      name: 'only the clearing house moves the vault’s money',
      contracts: ['Vault'],
      edits: [
        {
          file: 'src/Vault.sol',
          from: 'if (msg.sender != clearingHouse) revert NotClearingHouse(',
          to: 'if (clearingHouse == address(0)) revert NotClearingHouse(',
        },
      ],
    },
  ],
};
