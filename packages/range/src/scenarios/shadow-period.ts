/** The checks were passed and the feed is wrong all the same: what a young market may cost. */
import type { Hex } from '@holdfast/units';
import type { Attack } from '../types.ts';
import { callAt, dataFor, place } from '../world/places.ts';
import { rangeMarkets } from '../world/stack.ts';
import type { World } from '../world/world.ts';
import { buyWrong, shadowQuote } from './mis-listing.ts';
import { lone, ramp, thinMarkets } from './thin-market.ts';

const daySeconds = 86_400;
const young = thinMarkets().filter(({ symbol }) => symbol === lone);

function proposal(openInterestMax: number, id: number): Hex {
  const {
    symbol: _,
    tickSize: __,
    lotSize: ___,
    id: ____,
    ...rest
  } = young[0] as (typeof young)[0];
  const tuple = {
    ...rest,
    tickValue: BigInt(rest.tickValue),
    openInterestMax: BigInt(openInterestMax),
    backstopLotsMax: BigInt(rest.backstopLotsMax),
  };
  return dataFor('Parameters', 'proposeMarket', [id, tuple]);
}

/** Governance's way: scheduled, waited for, executed, waited for again, applied by anyone. */
async function govern(world: World, lots: number, id: number): Promise<boolean> {
  const { parameters } = world.venue.contracts;
  const data = proposal(lots, id);
  const ask = (functionName: string, args: readonly unknown[], what: string) =>
    callAt(world, 'governor', 'VenueAccess', functionName, args, what);
  await ask('schedule', [parameters, data, 0], `schedules a cap of ${lots} lots`);
  await world.wait(daySeconds);
  const { ok } = await ask('execute', [parameters, data], `proposes a cap of ${lots} lots`);
  if (!ok) return false;
  await world.wait(daySeconds);
  await world.call('keeper', 'parameters', 'applyMarket', [id]);
  return true;
}

export const shadowPeriod: Attack = {
  kind: 'attack',
  name: 'shadow-period',
  title: 'A wrong feed that every check let pass',
  story:
    'Governance is won over to open a young market wide, on a feed that moves and agrees with ' +
    'others, and is wrong: the coin is worth twice the index. While the market is young the cap ' +
    'cannot exceed a small value; what a wrong feed can cost is that.',
  incidents: ['Aster XPL 2025-09: a market opened wide before its index had shown itself'],
  control: 'VenueAccess: until the shadow period ends the cap is at most a fixed value',
  invariants: ['I11', 'I8'],
  terms: { markets: rangeMarkets().slice(0, 2) },
  bound: shadowQuote,
  profitMin: shadowQuote * 2n,
  async before(world) {
    await world.user('mara', 900_000);
    await world.attacker('mallory', 400_000);
    const { parameters, oracle } = world.venue.contracts;
    const terms = { shadowSeconds: BigInt(8 * daySeconds), shadowQuote };
    const governor = world.key('governor').address;
    const queue = world.addressOf('forcedQueue');
    const args = [governor, parameters, oracle, queue, daySeconds, terms, []];
    const at = await place(world, 'deployer', 'VenueAccess', args);
    await world.call('governor', 'parameters', 'proposeGovernor', [at]);
    await world.wait(daySeconds);
    await callAt(world, 'keeper', 'VenueAccess', 'takeOver', [], 'puts it in charge');
    const market = { ...(young[0] as (typeof young)[0]), id: 2 };
    // No other scenario has this venue; the stage may be set twice.
    const isKnown = world.venue.markets.some(({ symbol }) => symbol === lone);
    if (!isKnown) world.venue.markets.push(market);
    await govern(world, 0, market.id);
  },
  async run(world) {
    const { id } = world.market(lone);
    await world.price({ [lone]: 10 });
    await world.attack('has the young market opened wide', async () => {
      const isWide = await govern(world, 1_000_000, id);
      if (!isWide) await govern(world, 5_000, id);
      await world.price({ [lone]: 10 });
      await world.wait(590);
      for (let i = 0; i < 5; i++) {
        await world.price({ [lone]: 10 });
        await world.wait(580);
      }
      await world.price({ [lone]: 10 });
      for (const size of [20_000, 4_900]) await buyWrong(world, size);
    });
    await ramp(world, lone, [10, 20]);
    await world.withdraw('mara', 1_000);
  },
  ablations: [
    {
      kind: 'source',
      name: 'a young market’s cap is small',
      contracts: ['VenueAccess'],
      edits: [
        {
          file: 'src/governance/VenueAccess.sol',
          from: 'if (quote == 0 || quote > shadowQuote) revert',
          to: 'if (quote == 0) revert',
        },
      ],
    },
  ],
};
