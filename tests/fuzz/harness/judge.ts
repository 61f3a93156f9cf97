/** What must hold after every operation: the laws, and what no operation may change. */
import assert from 'node:assert/strict';
import type { Venue } from '@holdfast/host';
import { judge, type LawInput, type LawName } from '@holdfast/laws';
import type { Records } from '../../e2e/harness/records.ts';
import { brokenLaws } from '../../e2e/harness/storage.ts';
import { healthOf } from '../../e2e/harness/worth.ts';
import type { Seen } from './rig.ts';

/** How often each law was asked. */
export type Verdicts = Map<string, number>;

/** Asks a law. @throws AssertionError if it does not hold */
export function law<N extends LawName>(
  verdicts: Verdicts,
  name: N,
  input: LawInput<N>,
  where = '',
): void {
  verdicts.set(name, (verdicts.get(name) ?? 0) + 1);
  const text = () => JSON.stringify(input, (_, v) => (typeof v === 'bigint' ? `${v}` : v));
  assert.ok(judge(name, input), `${where} breaks ${name}: ${text()}`);
}

/** Equity, initial and maintenance margin, by the restatement of docs/MARGIN.md. */
export function health(at: Seen, id: number, prices = at, before = at) {
  const markets = prices.params.map((params, market) => ({ id: market, ...params }));
  const venue = { markets } as never as Venue;
  const of = (seen: Seen): Records =>
    ({
      accounts: seen.accounts,
      marks: new Map(prices.markets.map((market, i) => [i, market])),
    }) as never;
  return healthOf({ venue }, of(at), id, of(prices), of(before));
}

const sum = (values: Iterable<bigint>): bigint => [...values].reduce((a, b) => a + b, 0n);
const cashOf = (seen: Seen): bigint => sum([...seen.accounts.values()].map(({ cash }) => cash));

/** The laws on the whole state, and those of its change. */
export function judgeState(verdicts: Verdicts, before: Seen, after: Seen): void {
  const { liabilities, queued, balance, markets } = after;
  const broken = brokenLaws({
    accounts: [...after.accounts.values()],
    markets: markets.map(({ openInterest, index }, market) => ({ market, openInterest, index })),
    ...{ liabilities, queued, balance },
  });
  assert.deepEqual(broken, [], 'laws on the whole state');
  for (const name of [
    'collateralConserved',
    'vaultCovers',
    'netPositionZero',
    'openInterestIsLongs',
  ])
    verdicts.set(name, (verdicts.get(name) ?? 0) + 1);
  const change = {
    cashDeltaQ32: cashOf(after) - cashOf(before),
    liabilitiesDelta: liabilities - before.liabilities,
  };
  law(verdicts, 'conserved', change);
  markets.forEach((market, i) => {
    law(verdicts, 'openInterestWithin', {
      openInterestBefore: before.markets[i]!.openInterest,
      openInterestAfter: market.openInterest,
      openInterestMax: (after.params[i] as unknown as { openInterestMax: number }).openInterestMax,
    });
    assert.ok(market.levy >= before.markets[i]!.levy, 'a levy was taken back');
  });
  judgeLanes(before, after);
  judgeReport(verdicts, before, after);
}

function judgeLanes(before: Seen, after: Seen): void {
  for (const [name, lane] of after.lanes) {
    const old = before.lanes.get(name)!;
    assert.ok(lane.seq >= old.seq, `lane ${name} went back`);
    assert.ok(lane.seq > old.seq || lane.filled >= old.filled, `lane ${name} forgot a fill`);
  }
}

/** A report came, or nothing moved. */
function judgeReport(verdicts: Verdicts, before: Seen, after: Seen): void {
  if (after.round === before.round) {
    after.markets.forEach(({ price, mark, index, priceTime }, i) => {
      const old = before.markets[i]!;
      const now = [price, mark, index, priceTime];
      assert.deepEqual(now, [old.price, old.mark, old.index, old.priceTime], 'prices moved');
    });
    return;
  }
  law(verdicts, 'reportAdvances', {
    roundBefore: before.round,
    round: after.round,
    timeBefore: before.roundTime,
    time: after.roundTime,
    nowTime: after.time,
    skewSecondsMax: 30,
  });
  after.markets.forEach(({ price, mark, index }, i) => {
    const old = before.markets[i]!;
    const { bandPpm, markClampPpm, tickValue, fundingRatePpmMax, fundingGapSecondsMax } = after
      .params[i] as never as Record<string, number>;
    law(verdicts, 'withinBand', { price, referencePrice: old.price, bandPpm: bandPpm! });
    law(verdicts, 'withinBand', { price: mark, referencePrice: price, bandPpm: markClampPpm! });
    law(verdicts, 'fundingWithin', {
      indexBefore: old.index,
      indexAfter: index,
      price,
      tickValue: tickValue!,
      elapsedSeconds: after.roundTime - old.fundingTime,
      ratePpmMax: fundingRatePpmMax!,
      gapSecondsMax: fundingGapSecondsMax!,
    });
  });
}

/** Accounts whose cash, positions, owner or epoch changed. */
export function changed(before: Seen, after: Seen): number[] {
  const text = (seen: Seen, id: number) => {
    const { owner, cash, epoch, sizes } = seen.accounts.get(id)!;
    const held = [...sizes].filter(([, size]) => size !== 0).sort((a, b) => a[0] - b[0]);
    return `${owner} ${cash} ${epoch} ${held}`;
  };
  return [...after.accounts.keys()].filter((id) => text(before, id) !== text(after, id));
}

/**
 * Law L07 for an account that a batch touched.
 *
 * @param crowds states at whose open interest it is judged: it has to do in each
 */
export function judgeHealth(
  verdicts: Verdicts,
  before: Seen,
  after: Seen,
  id: number,
  crowds: readonly Seen[],
): void {
  const old = health(before, id, after);
  const now = health(after, id);
  const [was, is] = [before.accounts.get(id)!.sizes, after.accounts.get(id)!.sizes];
  const grew = [...is].some(([market, size]) => {
    const had = was.get(market) ?? 0;
    return Math.abs(size) > Math.abs(had) || had * size < 0;
  });
  const input = {
    equityBefore: old.equity,
    maintenanceBefore: old.maintenance,
    equityAfter: now.equity,
    maintenanceAfter: now.maintenance,
    grew,
  };
  for (const crowd of crowds) {
    const initialAfter = health(after, id, after, crowd).initial;
    law(verdicts, 'healthyOrHealthier', { ...input, initialAfter }, `account ${id}`);
  }
}

/** What several fills of one batch add where margin grows: by docs/MARGIN.md a step at most. */
export function judgeCrowd(before: Seen, after: Seen, market: number): void {
  const params = after.params[market] as never as Record<string, number>;
  const { openInterestMax: cap = 0, openInterestLowPpm: low = 0 } = params;
  if (low >= (params.openInterestHighPpm ?? 0)) return;
  const [from, to] = [before, after].map(({ markets }) => markets[market]?.openInterest ?? 0);
  const most = Math.max(from as number, Math.floor((cap * low) / 1e6));
  const step = Math.max(1, Math.floor(cap / 20));
  assert.ok((to as number) <= most + step, `market ${market} goes from ${from} to ${to} at once`);
}
