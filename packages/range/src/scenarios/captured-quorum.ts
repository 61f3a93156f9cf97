/** Three of five reporters are in one hand, and never leave the band: how much gets out. */
import type { Attack } from '../types.ts';
import { resolve } from '../world/keeping.ts';
import type { World } from '../world/world.ts';
import { withoutWindows } from './blind-sentinel.ts';

const market = 'ETH-USD';
const shorts = ['bob', 'cem'];

/** Whole tokens that the vault pays within an hour. */
async function hourTokens(world: World): Promise<bigint> {
  const [hour] = (await world.read('vault', 'available')) as [bigint, bigint];
  return hour / world.tokens(1);
}

const taken = async (world: World): Promise<bigint> =>
  (await world.balance(world.person('mallory').address)) / world.tokens(1);

export const capturedQuorum: Attack = {
  kind: 'attack',
  name: 'captured-quorum',
  title: 'A quorum of reporters creeps under the band',
  story:
    'The attacker holds the keys of three of five reporters. Each report is nine tenths of the ' +
    'band above the last, ten seconds apart; honest shorts are bankrupt after four, their debts ' +
    'close the attacker’s long at a profit, and the attacker withdraws as fast as it can.',
  incidents: ['KiloEx 2025-04, $7.5M; DESIGN: what reporters at their threshold can do'],
  control: 'prices move by a band per report, and out goes what the outflow windows let out',
  invariants: ['I4', 'I13'],
  bound: hourTokens,
  harm: { unit: 'tokens paid within the hour', measure: taken },
  profitMin: 300_000n,
  exposed: shorts,
  async before(world) {
    for (const name of ['alice', 'carl']) await world.user(name, 2_000_000);
    for (const name of shorts) await world.user(name, 150_000);
    await world.attacker('mallory', 300_000);
    await world.price({ [market]: 3_000 });
    await world.trade('alice', 'carl', { market, size: 400, price: 3_000 });
    for (const name of shorts)
      await world.trade('mallory', name, { market, size: 200, price: 3_000 });
  },
  async run(world) {
    for (const name of ['guardian-1', 'guardian-2']) {
      await world.sentinel({ guardian: name, rules: true });
    }
    await world.price({ [market]: 3_000 });
    await world.attack('creeps with three keys', async () => {
      for (const price of [3_270, 3_560, 3_880, 4_220, 4_590, 5_000, 5_450]) {
        await world.wait(8);
        await world.price({ [market]: price });
      }
      for (const name of shorts) {
        await resolve(world, 'mallory', name, market, ['alice', 'mallory']);
      }
      for (let i = 0; i < 14; i++) await world.withdraw('mallory', 50_000);
    });
    await world.price({ [market]: world.mode === 'control' ? 3_000 : 5_400 });
  },
  ablations: [withoutWindows],
};
