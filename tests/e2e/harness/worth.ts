/** What an account is worth and needs: docs/MARGIN.md restated, for judges who believe nobody. */
import assert from 'node:assert/strict';
import type { Venue } from '@holdfast/host';
import type { Records } from './records.ts';

export const q32 = 2n ** 32n;

type Judged = { readonly venue: Venue };

export const marketOf = (c: Judged, id: number) => {
  const market = c.venue.markets.find((each) => each.id === id);
  assert.ok(market, `market ${id} is not of this venue`);
  return market;
};

export const share = (amount: bigint, ppm: number): bigint =>
  (amount * BigInt(ppm) + 999_999n) / 1_000_000n;

export const notional = (c: Judged, market: number, lots: number, price: number): bigint =>
  BigInt(Math.abs(lots)) * BigInt(price) * BigInt(marketOf(c, market).tickValue);

const ceil = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

/** Initial margin of a position, ppm: docs/MARGIN.md restated; nobody here sets own leverage. */
function initialPpm(params: Venue['markets'][number], size: number, longs: number): number {
  const { initialPpm: base, openInterestMax: max } = params;
  const { openInterestLowPpm: low, openInterestHighPpm: high } = params;
  const [lots, interest] = [BigInt(Math.abs(size)), BigInt(longs)];
  const above = interest * 1_000_000n - BigInt(max) * BigInt(low);
  const span = BigInt(max) * BigInt(high - low);
  const part = above < 0n ? 0n : above > span ? span : above;
  const crowded = span === 0n ? 0n : ceil(BigInt(1_000_000 - base) * part, span);
  const whole = interest > lots ? interest : lots;
  const share = lots === 0n ? 0n : ceil(BigInt(params.concentrationPpm) * lots, whole);
  const concentrated = Math.min(params.concentrationCapPpm, base + Number(share));
  return Math.max(base + Number(crowded), concentrated);
}

function longsOf(of: Records, market: number): number {
  let sum = 0;
  for (const { sizes } of of.accounts.values()) sum += Math.max(sizes.get(market) ?? 0, 0);
  return sum;
}

/**
 * Equity and requirements of an account at the marks of `at`.
 *
 * @param before the state whose open interest counts; default: the account's own
 */
export function healthOf(c: Judged, of: Records, id: number, at: Records, before = of) {
  const row = of.accounts.get(id);
  assert.ok(row, `account ${id} is in no log`);
  let worth = row.cash;
  let initial = 0n;
  let maintenance = 0n;
  for (const [market, size] of row.sizes) {
    const mark = at.marks.get(market);
    assert.ok(mark, `market ${market} has a position but no price`);
    const params = marketOf(c, market);
    const lot = BigInt(mark.mark) * BigInt(params.tickValue);
    worth += BigInt(size) * (lot * q32 - mark.index);
    const amount = BigInt(Math.abs(size)) * lot;
    initial += share(amount, initialPpm(params, size, longsOf(before, market)));
    maintenance += share(amount, params.maintenancePpm);
  }
  return { equity: worth >> 32n, initial, maintenance };
}
