/** Two young markets of the range: one isolated, one among the ordinary, both thin. */
import type { VenueMarket } from '@holdfast/host';
import type { VenueTerms } from '../types.ts';
import { endow, fundQuote, poolOf, poolState } from '../world/keeping.ts';
import { rangeMarkets } from '../world/stack.ts';
import type { World } from '../world/world.ts';

/** Isolated: its own insurance fund of 2,000 and its own pool of 1,000 stand behind it. */
export const lone = 'LONE-USD';
/** Ordinary: the shared insurance and the shared pool stand behind it. */
export const plain = 'PLAIN-USD';

const young = (id: number, symbol: string, isolated: 0 | 1): VenueMarket => ({
  ...(rangeMarkets()[0] as VenueMarket),
  id,
  symbol,
  isolated,
  tickSize: '0.001',
  lotSize: '1',
  tickValue: 1_000,
  openInterestMax: 10_000,
  backstopLotsMax: 1_000,
});

/** The usual markets and the young ones, their caps multiplied. */
export const thinMarkets = (times = 1): VenueMarket[] => [
  ...rangeMarkets(),
  ...[young(4, lone, 1), young(5, plain, 0)].map((market) => ({
    ...market,
    openInterestMax: market.openInterestMax * times,
    backstopLotsMax: market.backstopLotsMax * times,
  })),
];

export const thinTerms: VenueTerms = { markets: thinMarkets() };

/** People with an open position of 400 lots, and what stands behind the isolated market. */
export async function furnishThin(world: World, market: string): Promise<void> {
  if (market === lone) await endow(world, lone, 2_000, 1_000);
  await world.user('alice', 20_000);
  await world.user('bob', 20_000);
  await world.price({ [market]: 10 });
  await world.trade('alice', 'bob', { market, size: 400, price: 10 });
}

/** Everything that stands behind the isolated market, quote units. */
export async function behindLone(world: World): Promise<bigint> {
  const [, pool] = await poolState(world, poolOf(world.market(lone).id));
  return pool + (await fundQuote(world, lone));
}

/** Prices from one to another, whole thousandths, each at most `ppm` from the one before. */
export function walk(from: number, to: number, ppm: number): string[] {
  const steps: string[] = [];
  const end = Math.round(to * 1_000);
  for (let at = Math.round(from * 1_000); at !== end; ) {
    const reach = Math.floor((at * ppm) / 1_000_000);
    at = end > at ? Math.min(end, at + reach) : Math.max(end, at - reach);
    steps.push((at / 1_000).toFixed(3));
  }
  return steps;
}

/** The index follows the spot market to a price, report by report inside the band. */
export async function ramp(
  world: World,
  market: string,
  [from, to]: readonly [number, number],
  { ppm = 100_000, seconds = 2 }: { ppm?: number; seconds?: number } = {},
): Promise<void> {
  for (const price of walk(from, to, ppm)) {
    if (seconds > 2) await world.wait(seconds - 2);
    await world.price({ [market]: price });
  }
}
