/** A market whose feed stands still, or has the wrong decimals, is to be opened wide. */
import { type Check, checkListing, type Listing, type ListingSource } from '@holdfast/sdk';
import { invariant } from '@holdfast/units';
import type { Attack, VenueTerms } from '../types.ts';
import { rangeMarkets } from '../world/stack.ts';
import type { World } from '../world/world.ts';
import { lone, ramp, thinMarkets } from './thin-market.ts';

const days = 86_400;
/** Lots that the proposal asks for: ten million at the index. */
const wide = 1_000_000;
export const shadowQuote = 50_000_000_000n;

/** Listed as every market is: isolated, and shut. */
const shut: VenueTerms = {
  markets: [
    ...rangeMarkets(),
    ...thinMarkets()
      .filter(({ symbol }) => symbol === lone)
      .map((market) => ({ ...market, openInterestMax: 0 })),
  ],
};

/** The tuple of a market as the contracts take it. */
export function tupleOf(world: World, openInterestMax: number): Record<string, number | bigint> {
  const { id, symbol, tickSize, lotSize, ...rest } = world.market(lone);
  const wideFields = {
    tickValue: BigInt(rest.tickValue),
    openInterestMax: BigInt(openInterestMax),
  };
  return { ...rest, ...wideFields, backstopLotsMax: BigInt(rest.backstopLotsMax) };
}

/** An hour of minutes of a source: it moves a little, times `scale`, or stands still. */
function samplesOf(world: World, name: string, scale: number, isStill: boolean): ListingSource {
  const samples = Array.from({ length: 60 }, (_, i) => {
    const move = isStill ? 0 : ((i * 37) % 11) / 1_000;
    const volume = 500_000 / scale;
    return { time: world.origin.second + i * 60, close: (10 + move) * scale, volume };
  });
  return { name, samples };
}

const faults = { decimals: [1_000, false], constant: [1, true], none: [1, false] } as const;

/** What `holdfast listing check` finds wrong. */
function failures(world: World, fault: keyof typeof faults): readonly Check[] {
  const { tickSize, lotSize, bandPpm } = world.market(lone);
  const params = { isolated: 1, openInterestMax: 0, bandPpm };
  const listing: Listing = { symbol: lone, tickSize, lotSize, params, shadowLots: 500 };
  const [scale, isStill] = faults[fault];
  const sources = ['one', 'two', 'three'].map((name, i) =>
    samplesOf(world, name, i === 2 ? scale : 1, i === 2 && isStill),
  );
  const { decimals } = world.venue.token;
  const checks = checkListing(listing, sources, {
    tokenDecimals: decimals,
    venueDecimals: decimals,
    shadowQuote,
    insuranceQuote: 3_000_000_000n,
    refusal: undefined,
  });
  return checks.filter(({ ok }) => !ok);
}

/** Governance opens a market whose sources pass, and, without the checks, any market. */
async function open(world: World, fault: keyof typeof faults): Promise<void> {
  const found = failures(world, fault);
  for (const { name, found: why } of found) world.note('alarm', 'listing check', name, why);
  if (found.length > 0 && !world.isOff('listing checks')) return;
  const { id } = world.market(lone);
  await world.call('governor', 'parameters', 'proposeMarket', [id, tupleOf(world, wide)]);
  await world.wait(days);
  await world.call('keeper', 'parameters', 'applyMarket', [id]);
}

/** Mara quotes around the index; the attacker knows that it is half of what the coin is worth. */
export async function buyWrong(world: World, size: number): Promise<void> {
  const wish = { market: lone, size, price: '10.020' } as const;
  const maker = await world.order('mara', { ...wish, side: 'sell' });
  const taker = await world.order('mallory', { ...wish, side: 'buy' });
  await world.settle([{ maker, taker }], { what: `mallory buys ${size} of mara at 10.02` });
}

export const misListing: Attack = {
  kind: 'attack',
  name: 'mis-listing',
  title: 'A market with a dead feed',
  story:
    'Of three sources of a new market one stands still, and in another proposal one is off by a ' +
    'thousand. Somebody has governance lift the cap all the same; the index stays at 10 while ' +
    'the coin is worth 20, and whoever knows buys from the market maker before the feed is mended.',
  incidents: [
    'Aster XPL 2025-09: a constant index, and the cap lifted early',
    'Moonwell 2025-11: a wrong value accepted as a price',
  ],
  control: '`holdfast listing check`: no proposal passes whose sources stand still or disagree',
  invariants: ['I11', 'I4'],
  terms: shut,
  bound: 0n,
  profitMin: 40_000_000_000n,
  async before(world) {
    await world.user('mara', 400_000);
    await world.attacker('mallory', 100_000);
  },
  async run(world) {
    invariant(failures(world, 'none').length === 0, 'the checks refuse a sound listing');
    await world.attack('has a market opened', () => open(world, 'decimals'));
    await world.attack('has a market opened', () => open(world, 'constant'));
    await world.price({ [lone]: 10 });
    await world.attack('buys what is worth twice the index', () => buyWrong(world, 5_000));
    await ramp(world, lone, [10, 20]);
    await world.withdraw('mara', 1_000);
  },
  ablations: [{ kind: 'switch', name: 'the checks of a listing', off: 'listing checks' }],
};
