/** Whether a market may be listed: checks of its description, its sources and the chain. */
import { isRejection, parseDecimal, quoteDecimals, ticksMax, tickValueOf } from '@holdfast/units';

/** A price of one source at one time, Unix seconds; decimal text would be cut, so doubles do. */
export type Sample = { readonly time: number; readonly close: number; readonly volume: number };

export type ListingSource = { readonly name: string; readonly samples: readonly Sample[] };

export type Listing = {
  readonly symbol: string;
  /** Quote per base unit of one tick, base units of one lot. */
  readonly tickSize: string;
  readonly lotSize: string;
  /** The tuple that is proposed, in the contracts' units; `tickValue` follows from the sizes. */
  readonly params: Readonly<Record<string, number>>;
  /** Largest open interest that is meant for the shadow period, lots. */
  readonly shadowLots: number;
};

/** What the chain says that bears on a listing; money in quote units. */
export type ListingChain = {
  readonly tokenDecimals: number;
  readonly venueDecimals: number;
  /** Largest open interest of a young market. */
  readonly shadowQuote: bigint;
  /** What the market's own insurance and backstop hold before anybody trades. */
  readonly insuranceQuote: bigint;
  /** What a simulation of the proposal said; undefined: the bounds hold. */
  readonly refusal: string | undefined;
};

export type Check = { readonly name: string; readonly ok: boolean; readonly found: string };

const sourcesMin = 3;
const samplesMin = 50;
const agreePpm = 10_000;
const agreeShareMin = 0.95;
const stillMax = 20;
const resolutionMin = 1_000;
/** Part of a day's turnover that the open interest may be. */
const turnoverShare = 0.01;
/** A fall in one bar that the cap is weighed against. */
const gap = 0.3;

const check = (name: string, ok: boolean, found: string): Check => ({ name, ok, found });

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

const last = ({ samples }: ListingSource): number => samples.at(-1)?.close ?? 0;

function units(listing: Listing, chain: ListingChain, price: number): Check[] {
  const { tickSize, lotSize } = listing;
  let tickValue = 0;
  let problem = '';
  try {
    tickValue = tickValueOf(tickSize, lotSize);
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  const ticks = price / Number(tickSize);
  const { tokenDecimals, venueDecimals } = chain;
  return [
    check(
      'units',
      tickValue > 0,
      problem || `a tick of a lot is ${tickValue} quote units of 10^-${quoteDecimals}`,
    ),
    check(
      'decimals',
      tokenDecimals === venueDecimals,
      `the token has ${tokenDecimals}, the venue file says ${venueDecimals}`,
    ),
    check(
      'resolution',
      ticks >= resolutionMin && ticks <= ticksMax / 100,
      `${Math.round(ticks)} ticks; at least ${resolutionMin}, and room for a hundredfold price`,
    ),
  ];
}

/** Where sources stand to the median of all, at the times that all of them have. */
function agreement(sources: readonly ListingSource[]): Check[] {
  const series = sources.map(({ samples }) => new Map(samples.map((s) => [s.time, s.close])));
  const [first] = series;
  const times = [...(first?.keys() ?? [])].filter((time) => series.every((each) => each.has(time)));
  const common = check(
    'common times',
    times.length >= samplesMin,
    `${times.length}; at least ${samplesMin}`,
  );
  const each = sources.map(({ name }, i) => {
    const ratios = times.map((time) => {
      const closes = series.map((s) => s.get(time) ?? 0);
      return (closes[i] ?? 0) / (median(closes) || 1);
    });
    const near = ratios.filter((ratio) => Math.abs(ratio - 1) * 1e6 <= agreePpm).length;
    const share = times.length === 0 ? 0 : near / times.length;
    const power = Math.log10(median(ratios) || 1);
    const isPower = Math.abs(power) > 0.5 && Math.abs(power - Math.round(power)) < 0.05;
    const hint = isPower ? `; off by 10^${Math.round(power)}: wrong decimals?` : '';
    const found = `within 1 % of the others in ${Math.round(share * 100)} of 100 samples${hint}`;
    return check(`${name} agrees`, share >= agreeShareMin, found);
  });
  return [common, ...each];
}

/** Longest run of one price. */
function stillness({ samples }: ListingSource): number {
  let longest = 0;
  let run = 0;
  samples.forEach(({ close }, i) => {
    run = i > 0 && close === samples[i - 1]?.close ? run + 1 : 1;
    longest = Math.max(longest, run);
  });
  return longest;
}

function motion(listing: Listing, sources: readonly ListingSource[]): Check[] {
  const band = listing.params.bandPpm ?? 0;
  return sources.flatMap((source) => {
    const { name, samples } = source;
    const still = stillness(source);
    const moves = samples.slice(1).map(({ close }, i) => {
      const before = samples[i]?.close ?? close;
      return Math.abs(close / before - 1) * 1e6;
    });
    const largest = Math.max(0, ...moves);
    return [
      check(`${name} moves`, still <= stillMax, `the same price ${still} times in a row`),
      check(
        `${name} stays in the band`,
        largest <= band,
        `largest move ${Math.round(largest)} ppm, the band is ${band}`,
      ),
    ];
  });
}

/** Turnover of a day over all sources, quote. */
function turnover(sources: readonly ListingSource[]): number {
  const all = sources.map(({ samples }) => {
    const [from, to] = [samples[0]?.time ?? 0, samples.at(-1)?.time ?? 0];
    const sum = samples.reduce((total, { close, volume }) => total + close * volume, 0);
    return to > from ? (sum * 86_400) / (to - from) : 0;
  });
  return all.reduce((total, each) => total + each, 0);
}

function caps(
  listing: Listing,
  sources: readonly ListingSource[],
  chain: ListingChain,
  price: number,
): Check[] {
  const { params, shadowLots, lotSize } = listing;
  const open = shadowLots * Number(lotSize) * price;
  const money = (quote: bigint): number => Number(quote) / 10 ** quoteDecimals;
  const day = turnover(sources);
  const show = (value: number): string => `${Math.round(value)}`;
  return [
    check('begins isolated', params.isolated === 1, `isolated is ${params.isolated}`),
    check('begins shut', params.openInterestMax === 0, `cap of ${params.openInterestMax} lots`),
    check(
      'shadow cap',
      shadowLots > 0 && open <= money(chain.shadowQuote),
      `${show(open)} at the price of now; the venue allows ${show(money(chain.shadowQuote))}`,
    ),
    check(
      'depth',
      open <= day * turnoverShare,
      `${show(open)} of open interest, ${show(day)} traded in a day: at most a hundredth`,
    ),
    check(
      'insurance',
      open * gap <= money(chain.insuranceQuote),
      `a fall of 30 % costs ${show(open * gap)}, funds hold ${show(money(chain.insuranceQuote))}`,
    ),
  ];
}

/** Every check of a listing, passed or not. */
export function checkListing(
  listing: Listing,
  sources: readonly ListingSource[],
  chain: ListingChain,
): Check[] {
  const price = median(sources.map(last));
  const names = new Set(sources.map(({ name }) => name));
  const sizes = [listing.tickSize, listing.lotSize].map((text) => parseDecimal(text, 18));
  if (sizes.some((size) => isRejection(size) || size <= 0n)) {
    return [check('sizes', false, 'tickSize and lotSize must be positive decimal numbers as text')];
  }
  return [
    ...units(listing, chain, price),
    check(
      'quorum of sources',
      names.size === sources.length && names.size >= sourcesMin,
      `${names.size} different ones; at least ${sourcesMin}`,
    ),
    ...agreement(sources),
    ...motion(listing, sources),
    ...caps(listing, sources, chain, price),
    check('bounds', chain.refusal === undefined, chain.refusal ?? 'the contract takes the tuple'),
  ];
}
