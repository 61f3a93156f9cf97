import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type AccountId,
  type CashQ32,
  type FundingIndex,
  fundAccount,
  insuranceAccount,
  isRejection,
  type Lots,
  type MarketId,
  type Ppm,
  type Ticks,
} from '@holdfast/units';
import fc from 'fast-check';
import {
  baseAlone,
  cashAfter,
  type Fall,
  health,
  type MarketContext,
  type Resolution,
  type RiskAccount,
  resolution,
} from '../src/index.ts';

const one = 1n << 32n;
const market = 0 as MarketId;
const context: MarketContext = baseAlone({
  price: 1_000_000 as Ticks,
  index: 0n as FundingIndex,
  tickValue: 100,
  initialPpm: 50_000 as Ppm,
  maintenancePpm: 30_000 as Ppm,
});
const lot = 100_000_000n;
const debtor = 2 as AccountId;
const pool = 3 as AccountId;

/** An account with this equity, quote units, and lots of 100 tokens. */
const standing = (equity: bigint, size: number): RiskAccount => ({
  cash: ((equity - BigInt(size) * lot) * one) as CashQ32,
  positions: size === 0 ? new Map() : new Map([[market, size as Lots]]),
});

type Rows = Readonly<Record<number, readonly [equity: bigint, size: number]>>;

function fallOf(rows: Rows, more: Partial<Fall> = {}): Fall {
  const accounts = new Map(
    Object.entries(rows).map(([id, [equity, size]]) => [Number(id), standing(equity, size)]),
  );
  const sizes = Object.values(rows).map(([, size]) => size);
  const others = Object.keys(rows).map(Number);
  return {
    account: debtor,
    market,
    accountOf: (id) => accounts.get(id) ?? standing(0n, 0),
    marketOf: () => context,
    coverSharePpm: 1_000_000,
    backstopLotsMax: 0,
    isolated: false,
    openInterest: sizes.reduce((sum, size) => sum + Math.max(size, 0), 0),
    counterparties: others.filter((id) => id > pool && id < fundAccount(market)) as AccountId[],
    ...more,
  };
}

function done(fall: Fall): Resolution {
  const found = resolution(fall);
  assert.ok(!isRejection(found), isRejection(found) ? found.message : '');
  return found as Resolution;
}

const codeOf = (fall: Fall): string | undefined => {
  const found = resolution(fall);
  return isRejection(found) ? found.code : undefined;
};

describe('the waterfall', () => {
  it('gives the backstop what its cap leaves room for, and the rest to the other side', () => {
    const rows = { 2: [10_000_000n, 10], 3: [10_000_000_000n, 0], 4: [500_000_000n, -10] } as const;
    const found = done(fallOf(rows, { backstop: pool, backstopLotsMax: 4 }));
    assert.deepEqual([found.toBackstop, found.toCounterparties, found.toFund], [4, 6, 0]);
    // Equity 10 of 30 maintenance: each lot of 100 tokens leaves a token, a hundredth of a tick.
    assert.equal(found.discount, 10_000n);
    assert.equal(found.levied, 0n);
  });

  it('draws on the market’s fund first, then on the shared one, each for its share', () => {
    const rows = {
      0: [8_000_000n, 0],
      2: [-20_000_000n, 10],
      4: [500_000_000n, -10],
      [fundAccount(market)]: [6_000_000n, 0],
    } as const;
    const found = done(fallOf(rows, { coverSharePpm: 500_000 }));
    assert.equal(found.covered, 7_000_000n);
    assert.equal(found.changes.get(fundAccount(market))?.cashDelta, -3_000_000n * one);
    assert.equal(found.changes.get(insuranceAccount)?.cashDelta, -4_000_000n * one);
    assert.equal(
      done(fallOf(rows, { coverSharePpm: 500_000, isolated: true })).covered,
      3_000_000n,
    );
    // What is left, 13 tokens, is a surcharge of 13,000 ticks on ten lots.
    assert.equal(found.discount, -13_000n);
  });

  it('leaves with the fund what nobody can be made to take, and levies the loss', () => {
    const rows = { 2: [-20_000_000n, 10], 4: [-1n, -10] } as const;
    const fall = fallOf(rows);
    const found = done({ ...fall, counterparties: [4 as AccountId] });
    assert.deepEqual([found.toCounterparties, found.toFund], [0, 10]);
    assert.equal(found.levied, 20_000_000n);
    const left = health(
      {
        cash: cashAfter(found, debtor, fall.accountOf(debtor), market),
        positions: new Map(),
      },
      fall.marketOf,
    );
    assert.equal(left.equity, 0n);
  });

  it('is refused to whoever stands above close-out, and for short lists', () => {
    assert.equal(codeOf(fallOf({ 2: [20_000_000n, 10], 4: [1n, -10] })), 'NotCloseOut');
    assert.equal(codeOf(fallOf({ 2: [20_000_000n, 0] })), 'PositionMissing');
    const rows = { 2: [1_000_000n, 10], 4: [500_000_000n, -10] } as const;
    assert.equal(codeOf(fallOf(rows, { counterparties: [] })), 'CounterpartiesShort');
    assert.equal(codeOf(fallOf({ 2: [1_000_000n, 10], 4: [-1n, -10] })), 'NobodyTakes');
  });

  it('moves every lot and every unit to exactly one other', () => {
    const row = fc.tuple(fc.bigInt(-400_000_000n, 900_000_000n), fc.integer({ min: 1, max: 60 }));
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 8 }),
        row,
        fc.boolean(),
        fc.bigInt(0n, 80_000_000n),
        (others, [equity, size], long, fund) => {
          const side = long ? 1 : -1;
          const rows: Record<number, readonly [bigint, number]> = {
            0: [fund / 2n, 0],
            2: [equity - 450_000_000n, side * size],
            3: [fund * 50n, 0],
            [fundAccount(market)]: [fund, 0],
          };
          others.forEach(([own, lots], i) => {
            rows[10 + i] = [own, (i % 4 === 3 ? side : -side) * lots];
          });
          const fall = fallOf(rows, { backstop: pool, backstopLotsMax: 9 });
          const found = resolution({ ...fall, counterparties: sidesOf(rows, -side) });
          if (isRejection(found)) return;
          let [cash, lots] = [0n, 0];
          for (const { cashDelta, sizeDelta } of found.changes.values()) {
            cash += cashDelta;
            lots += sizeDelta;
          }
          assert.equal(lots, 0);
          // What is given out is what the levy then takes from every position.
          if (found.perLotQ32 === 0n) assert.equal(cash, 0n);
          else assert.equal(cash, found.perLotQ32 * interest(rows, found) * 2n);
        },
      ),
      { seed: 20_261_126, numRuns: 2_000 },
    );
  });
});

/** Whoever is on a side, ascending. */
const sidesOf = (rows: Rows, side: number): AccountId[] =>
  Object.keys(rows)
    .map(Number)
    .filter((id) => (rows[id]?.[1] ?? 0) * side > 0 && id < fundAccount(market))
    .sort((a, b) => a - b) as AccountId[];

/** Σ longs afterwards, from that before. */
function interest(rows: Rows, found: Resolution): bigint {
  let sum = Object.values(rows).reduce((total, [, size]) => total + Math.max(size, 0), 0);
  for (const [id, { sizeDelta }] of found.changes) {
    const before = rows[id]?.[1] ?? 0;
    sum += Math.max(before + sizeDelta, 0) - Math.max(before, 0);
  }
  return BigInt(sum);
}
