/**
 * How fast the waterfall may go: what one block takes of a market, and what an insurance fund pays
 * in an hour. docs/MARGIN.md, The waterfall.
 */
import { resolvedInPart } from '@holdfast/laws';
import { maxBig, minBig, ppmOne } from '@holdfast/units';

const million = BigInt(ppmOne);
/** Three of them cover every hour, whatever its phase. */
const bucketSeconds = 1_800;
const buckets = 3;
const amountMax = 2n ** 64n - 1n;

/** What went through the waterfall of a market in one block. */
export type Pace = {
  /** Before the first of it, lots. */
  readonly openInterest: number;
  /** `liquidationPartPpm` of the market. */
  readonly partPpm: number;
  readonly moved: number;
  /** Whether a position larger than half of the block's part was among them. */
  readonly large: boolean;
};

/** The pace of a block in which nothing of the market was resolved. */
export const freshPace = (openInterest: number, partPpm: number): Pace => ({
  openInterest,
  partPpm,
  moved: 0,
  large: false,
});

/** The pace with `lots` more, law L26; undefined: the block takes them no more. */
export function paceAfter(pace: Pace, lots: number): Pace | undefined {
  if (!resolvedInPart({ lots, ...pace })) return undefined;
  const part = BigInt(pace.openInterest) * BigInt(pace.partPpm);
  const large = pace.large || BigInt(lots) * 2n * million > part;
  return { ...pace, moved: pace.moved + lots, large };
}

/** What a fund paid, quote units, and when, seconds. */
export type Payment = { readonly time: number; readonly amount: bigint };

/** What counts against the hour that ends at `time`. */
export function drawnAt(payments: readonly Payment[], time: number): bigint {
  const bucketOf = (seconds: number): number => Math.floor(seconds / bucketSeconds);
  const from = bucketOf(time) - buckets + 1;
  return payments.reduce((sum, each) => (bucketOf(each.time) < from ? sum : sum + each.amount), 0n);
}

/**
 * What a fund pays of `need`: with what it paid in the hour no more than its share of what it would
 * have, had it paid nothing.
 *
 * @param spare what it has left
 * @param drawn what it paid in the hour
 */
export function drawOf(spare: bigint, drawn: bigint, need: bigint, sharePpm: number): bigint {
  if (spare <= 0n) return 0n;
  const most = minBig(((spare + drawn) * BigInt(sharePpm)) / million, amountMax);
  return minBig(maxBig(most - drawn, 0n), need);
}
