/**
 * Gas of a matched fill against the floor of what it reads, writes and carries; and, with a
 * checkout of github.com/dydxprotocol/perpetual in HOLDFAST_DYDX, against the same trades there.
 */

import type { Measure } from '@holdfast/units/measure';
import { startChain } from '../gas/chain.ts';
import { plan, run } from '../gas/scenarios.ts';
import { call, deployVenue, fund, openAccount } from '../gas/venue.ts';
import { measureDydx } from './dydx.ts';
import { type Floored, floorOfLast } from './floor.ts';

const sizes = [1, 10, 100];
const price = 1_000_000;

/** As `npm run gas` has them: accounts, lanes and market were used before. */
async function measureOurs(): Promise<Map<number, Floored>> {
  const chain = await startChain();
  try {
    const venue = await deployVenue(chain);
    await fund(venue, 10n ** 15n);
    const ids: number[] = [];
    for (let i = 0; i < 2 * Math.max(...sizes); i += 1) ids.push(await openAccount(venue));
    for (const id of ids) await call(venue, 'deposit', [venue.token, id, 10_000_000_000n]);
    const result = new Map<number, Floored>();
    for (const [at, fills] of sizes.entries()) {
      for (let i = 0; i < 3; i += 1) {
        await run(venue, plan(ids, fills, 1), 1 + at * 10 + i, price + i * 21);
      }
      // Three of five have signed the report inside.
      result.set(fills, await floorOfLast(chain, 2 * fills + 3));
    }
    return result;
  } finally {
    chain.process.kill('SIGKILL');
  }
}

export async function bench(): Promise<Measure[]> {
  const ours = await measureOurs();
  const checkout = process.env.HOLDFAST_DYDX;
  const theirs = checkout === undefined ? undefined : await measureDydx(checkout, sizes);
  return sizes.flatMap((fills) => {
    const { used, floor } = ours.get(fills) as Floored;
    const perFill = (value: number): number => Math.ceil(value / fills);
    const name = `settle, ${fills} fill${fills === 1 ? '' : 's'}`;
    const held = { reference: `the floor of ${perFill(floor)}`, ratio: used / floor };
    const rows: Measure[] = [{ name, value: perFill(used), unit: 'gas/fill', ...held }];
    const peer = theirs?.get(fills);
    if (peer === undefined) return rows;
    const ratio = `${(peer.used / used).toFixed(2)} times ours`;
    const own = `${(peer.used / peer.floor).toFixed(2)} of its floor of ${perFill(peer.floor)}`;
    const row = { value: perFill(peer.used), unit: 'gas/fill', note: `${ratio}; ${own}` };
    return [...rows, { name: `  dYdX perpetual v1, ${fills}`, ...row }];
  });
}
