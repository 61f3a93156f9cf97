/** The venue is halted while the price falls, and whoever is trapped is to be liquidated. */
import type { Ablation, Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const market = 'ETH-USD';
const none = { law: `0x${'00'.repeat(32)}`, blockNumber: 0n, values: [] };
const hour = 3_600;

/** Prices go on through a halt, often enough to be fresh. */
async function pass(world: World, seconds: number, price: number): Promise<void> {
  for (let gone = 0; gone < seconds; gone += 450) {
    world.later(Math.min(450, seconds - gone) - 2);
    await world.price({ [market]: price });
  }
}

const pounce = (world: World, names: readonly string[]) =>
  world.attack('tries to liquidate whoever is trapped', async () => {
    for (const name of names) await world.liquidate('mallory', name, market, 3);
  });

/** One day: a scare and a halt of an hour, a fall in it, one who tops up in it and one after. */
async function day(world: World, early: string, late: string): Promise<void> {
  for (const name of [early, late])
    await world.trade(name, 'ann', { market, size: 12, price: 3_000 });
  for (const guardian of ['guardian-1', 'guardian-2']) {
    const what = 'votes for a halt of an hour';
    await world.call(guardian, 'breaker', 'tighten', [0, 3, BigInt(hour), none], { what });
  }
  for (const price of [2_750, 2_550]) await world.price({ [market]: price });
  await pounce(world, [early, late]);
  await pass(world, hour / 2, 2_550);
  await world.deposit(early, 4_000);
  await pass(world, hour / 2, 2_550);
  await pounce(world, [early, late]);
  await pass(world, 900, 2_550);
  await world.deposit(late, 4_000);
  await pass(world, 1_800, 2_550);
  await pounce(world, [early, late]);
  for (const price of [2_780, 3_000]) await world.price({ [market]: price });
}

const without = (name: string, contracts: string[], file: string, from: string, to: string) =>
  ({ kind: 'source', name, contracts, edits: [{ file, from, to }] }) satisfies Ablation;

export const haltAndLiquidate: Attack = {
  kind: 'attack',
  name: 'halt-and-liquidate',
  title: 'Trapped in a halt, liquidated on resume',
  story:
    'Two days in a row the attacker scares the guardians into a halt of an hour, in which ETH ' +
    'falls by 15 %. One trader tops up while all is halted, another a quarter of an hour after. ' +
    'The attacker tries to liquidate both at every moment: in the halt, at its end, after.',
  incidents: ['lesson 5 of the threats: halts hurt users'],
  control: 'no liquidation while halted nor in the grace after; top-ups are open in every state',
  invariants: ['I9', 'I18'],
  bound: 0n,
  profitMin: 50_000_000n,
  async before(world) {
    await world.user('ann', 400_000);
    for (const name of ['bob', 'carol', 'dora', 'eve']) {
      await world.user(name, 6_000);
      await world.mint(name, 4_000);
    }
    await world.attacker('mallory', 400_000);
    await world.price({ [market]: 3_000 });
  },
  async run(world) {
    await day(world, 'bob', 'carol');
    // A quorum that halted rests; after a day without prices they come back with a grace.
    world.later(24 * hour);
    await pass(world, 2_700, 3_000);
    await day(world, 'dora', 'eve');
  },
  ablations: [
    without(
      'nothing is liquidated while halted',
      ['LiquidationModule'],
      'src/Liquidator.sol',
      'if (market.level <= LEVEL_MAX) return;',
      'if (market.level <= LEVEL_MAX + 2) return;',
    ),
    without(
      'a grace follows a halt',
      ['Breaker'],
      'src/libraries/Resume.sol',
      'return held < GRACE_SECONDS_MAX ? held : GRACE_SECONDS_MAX;',
      'return held > GRACE_SECONDS_MAX ? 0 : 0;',
    ),
    without(
      'top-ups are open',
      ['CustodyModule'],
      'src/modules/CustodyModule.sol',
      '_exists(id);\n        uint256 quote = _quote(amount);\n        emit Deposited',
      'if (breaker.level(0) > 1) revert BreakerTripped(0, 3, 1);\n        _exists(id);\n' +
        '        uint256 quote = _quote(amount);\n        emit Deposited',
    ),
  ],
};
