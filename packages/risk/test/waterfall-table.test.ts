/** The waterfall by cases: who gets lots, who pays, and the bounds of each step, to the unit. */
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
import {
  baseAlone,
  type Fall,
  type Resolution,
  type RiskAccount,
  resolution,
} from '../src/index.ts';

const one = 1n << 32n;
const market = 0 as MarketId;
const elsewhere = 1 as MarketId;
const btc = baseAlone({
  price: 1_000_000 as Ticks,
  index: 0n as FundingIndex,
  tickValue: 100,
  initialPpm: 50_000 as Ppm,
  maintenancePpm: 30_000 as Ppm,
});
/** One lot is worth 1,000 units. */
const eth = { ...btc, price: 1_000 as Ticks, tickValue: 1 };
const lot = 100_000_000n;
const debtor = 2 as AccountId;
const pool = 3 as AccountId;
const fund = fundAccount(market);
const first = 4 as AccountId;

/** Equity in units, lots in the market, lots elsewhere, 2^-32 units beyond the equity. */
type Row = { equity: bigint; lots?: number; elsewhere?: number; fraction?: bigint; userPpm?: Ppm };

function accountOf({ equity, lots = 0, elsewhere: other = 0, fraction = 0n, userPpm }: Row) {
  const positions = new Map<MarketId, Lots>();
  if (lots !== 0) positions.set(market, lots as Lots);
  if (other !== 0) positions.set(elsewhere, other as Lots);
  const worth = BigInt(lots) * lot + BigInt(other) * 1_000n;
  const cash = ((equity - worth) * one + fraction) as CashQ32;
  return { cash, positions, ...(userPpm === undefined ? {} : { userPpm }) } as RiskAccount;
}

type Rows = Readonly<Record<number, Row>>;

/** A fall of the debtor among the rows; whoever comes after the pool is listed. */
function fallOf(rows: Rows, more: Partial<Fall> = {}): Fall {
  const accounts = new Map(Object.entries(rows).map(([id, row]) => [Number(id), accountOf(row)]));
  const lots = Object.values(rows).map((row) => row.lots ?? 0);
  const listed = [...accounts.keys()].filter((id) => id >= first && id < fund);
  return {
    account: debtor,
    market,
    accountOf: (id) => accounts.get(id) ?? accountOf({ equity: 0n }),
    marketOf: (id) => (id === market ? btc : eth),
    coverSharePpm: 1_000_000,
    backstopLotsMax: 0,
    isolated: false,
    openInterest: lots.reduce((sum, size) => sum + Math.max(size, 0), 0),
    counterparties: listed as AccountId[],
    ...more,
  };
}

function done(rows: Rows, more: Partial<Fall> = {}): Resolution {
  const found = resolution(fallOf(rows, more));
  assert.ok(!isRejection(found), isRejection(found) ? found.message : '');
  return found as Resolution;
}

function codeOf(rows: Rows, more: Partial<Fall> = {}): string | undefined {
  const found = resolution(fallOf(rows, more));
  return isRejection(found) ? found.code : undefined;
}

/** Lots to backstop, counterparties and fund. */
const split = (found: Resolution) => [found.toBackstop, found.toCounterparties, found.toFund];

/** Changes of cash in whole units and of lots, by account. */
const moved = ({ changes }: Resolution) => {
  const rows = [...changes].map(([id, { cashDelta, sizeDelta }]) => {
    return [id, [cashDelta / one, sizeDelta]] as const;
  });
  return Object.fromEntries(rows);
};

describe('the waterfall, lots', () => {
  it('moves a long at the mark less the discount, and writes nothing for others', () => {
    // A third of maintenance is left: each lot carries 1,000,000 units, or 10,000 ticks, along.
    const rows = { 2: { equity: 10_000_000n, lots: 10 }, 4: { equity: 500_000_000n, lots: -10 } };
    const found = done(rows);
    assert.equal(found.discount, 10_000n);
    assert.deepEqual(moved(found), {
      2: [990_000_000n, -10],
      4: [-990_000_000n, 10],
      [fund]: [0n, 0],
    });
  });

  it('moves a short at the mark and the discount above it', () => {
    const rows = { 2: { equity: 10_000_000n, lots: -10 }, 4: { equity: 500_000_000n, lots: 10 } };
    const found = done(rows);
    assert.equal(found.discount, 10_000n);
    assert.deepEqual(moved(found), {
      2: [-1_010_000_000n, 10],
      4: [1_010_000_000n, -10],
      [fund]: [0n, 0],
    });
  });

  it('passes over whoever is listed without a position or on the same side', () => {
    for (const side of [1, -1]) {
      const rows = {
        2: { equity: 10_000_000n, lots: side * 10 },
        4: { equity: 500_000_000n },
        5: { equity: 500_000_000n, lots: side * 20 },
        6: { equity: 500_000_000n, lots: -side * 30 },
      };
      const found = done(rows);
      assert.deepEqual(split(found), [0, 10, 0]);
      assert.deepEqual([...found.changes.keys()].sort(), [2, 6, fund].sort());
    }
  });

  it('leaves the rest of a solvent account alone when the backstop took a part', () => {
    const rows = {
      2: { equity: 10_000_000n, lots: 10 },
      3: { equity: 10_000_000_000n },
      9: { equity: 500_000_000n, lots: -100 },
    };
    const some = { backstop: pool, backstopLotsMax: 4, openInterest: 100 };
    assert.deepEqual(split(done(rows, { ...some, counterparties: [] })), [4, 0, 0]);
    // With nobody to take a part, or with a list, the list has to be whole.
    const nobody = { ...some, backstopLotsMax: 0, counterparties: [] };
    assert.equal(codeOf(rows, nobody), 'CounterpartiesShort');
    assert.equal(codeOf(rows, { ...some, counterparties: [first] }), 'CounterpartiesShort');
    // Nothing is left to give: nobody asks for a list.
    assert.deepEqual(
      split(done(rows, { ...some, backstopLotsMax: 10, counterparties: [first] })),
      [10, 0, 0],
    );
  });

  it('is bankruptcy below zero only', () => {
    const rows = { 2: { equity: 0n, lots: 10 }, 4: { equity: -1n, lots: -10 } };
    assert.equal(codeOf(rows), 'NobodyTakes');
    assert.deepEqual(split(done({ ...rows, 2: { equity: -1n, lots: 10 } })), [0, 0, 10]);
  });
});

describe('the waterfall, the backstop', () => {
  const rows = { 2: { equity: 10_000_000n, lots: 10 }, 4: { equity: 500_000_000n, lots: -10 } };
  const rich = 10_000_000_000n;
  const taken = (row: Row, backstopLotsMax: number, lots = 10): number => {
    const all = { ...rows, 2: { equity: 10_000_000n, lots }, 3: row };
    return done(all, { backstop: pool, backstopLotsMax, openInterest: 0 }).toBackstop;
  };

  it('takes no more than the position', () => {
    assert.equal(taken({ equity: rich }, 100), 10);
    assert.equal(taken({ equity: rich }, 100, -10), 10);
  });

  it('takes what its cap leaves beside what it holds, on either side', () => {
    assert.equal(taken({ equity: rich, lots: 3 }, 5), 2);
    assert.equal(taken({ equity: rich, lots: 5 }, 5), 0);
    assert.equal(taken({ equity: rich, lots: 9 }, 5), 0);
    assert.equal(taken({ equity: rich, lots: -3 }, 5), 8);
    assert.equal(taken({ equity: rich, lots: -3 }, 5, -10), 2);
    assert.equal(taken({ equity: rich, lots: 3 }, 5, -10), 8);
  });

  it('takes nothing that leaves it beyond its cap on the other side', () => {
    assert.equal(taken({ equity: rich, lots: -12 }, 10), 10);
    assert.equal(taken({ equity: rich, lots: -30 }, 10), 0);
  });

  it('takes what its equity carries as initial margin, to the unit', () => {
    // 5 % of a lot are 5,000,000 units.
    assert.equal(taken({ equity: 20_000_000n }, 100), 4);
    assert.equal(taken({ equity: 19_999_999n }, 100), 3);
    assert.equal(taken({ equity: 20_000_000n, lots: 1 }, 100), 3);
    assert.equal(taken({ equity: 20_000_000n, lots: -1 }, 100), 5);
    assert.equal(taken({ equity: 20_000_000n, userPpm: 100_000 as Ppm }, 100), 2);
    // 100,000 lots elsewhere are worth a lot here, and ask for the margin of one.
    assert.equal(taken({ equity: 20_000_000n, elsewhere: 100_000 }, 100), 3);
    assert.equal(taken({ equity: 20_000_000n, elsewhere: -100_000 }, 100), 3);
    assert.equal(taken({ equity: 20_000_000n, elsewhere: 100_000, lots: 1 }, 100), 2);
  });

  it('opens no seventeenth position, but adds to one of sixteen', () => {
    const held = (count: number, here: number): number => {
      const positions = new Map<MarketId, Lots>();
      for (let id = 1; id <= count; id++) positions.set(id as MarketId, 1 as Lots);
      if (here !== 0) positions.set(market, here as Lots);
      const fall = fallOf(rows, { backstop: pool, backstopLotsMax: 100 });
      const cash = (rich * one) as CashQ32;
      const found = resolution({
        ...fall,
        accountOf: (id) => (id === pool ? { cash, positions } : fall.accountOf(id)),
      });
      return isRejection(found) ? -1 : found.toBackstop;
    };
    assert.equal(held(15, 0), 10);
    assert.equal(held(16, 0), 0);
    assert.equal(held(17, 0), 0);
    assert.equal(held(15, 1), 10);
  });

  it('takes nothing from itself, and nothing at a surcharge', () => {
    const own = { 3: { equity: 10_000_000n, lots: 10 }, 4: { equity: 500_000_000n, lots: -10 } };
    const self = { account: pool, backstop: pool, backstopLotsMax: 100 };
    assert.deepEqual(split(done(own, self)), [0, 10, 0]);
    const bankrupt = {
      ...rows,
      2: { equity: -20_000_000n, lots: 10 },
      3: { equity: rich },
    };
    const backed = { backstop: pool, backstopLotsMax: 100 };
    assert.deepEqual(split(done(bankrupt, backed)), [0, 10, 0]);
    // Insurance pays the whole loss: there is no surcharge, and the backstop takes the lots.
    const covered = done({ ...bankrupt, [fund]: { equity: rich } }, backed);
    assert.deepEqual(split(covered), [10, 0, 0]);
    assert.deepEqual([covered.covered, covered.discount], [20_000_000n, 0n]);
    assert.deepEqual(moved(covered), {
      2: [1_020_000_000n, -10],
      3: [-1_000_000_000n, 10],
      [fund]: [-20_000_000n, 0],
    });
  });
});

describe('the waterfall, who pays', () => {
  const debt = { equity: -20_000_000n, lots: 10 };
  const other = { equity: 500_000_000n, lots: -10 };

  it('draws on what the market’s fund has beyond its own margin', () => {
    // 100,000 lots elsewhere ask for 5,000,000 units.
    const held = { equity: 11_000_000n, elsewhere: 100_000 };
    assert.equal(done({ 2: debt, 4: other, [fund]: held }).covered, 6_000_000n);
    const short = { equity: 4_000_000n, elsewhere: 100_000 };
    assert.equal(done({ 2: debt, 4: other, [fund]: short }).covered, 0n);
    assert.equal(done({ 2: debt, 4: other, [fund]: { equity: -5n } }).covered, 0n);
  });

  it('draws on the shared fund for what is still missing, and for no more', () => {
    const rows = {
      0: { equity: 900_000_000n },
      2: debt,
      4: other,
      [fund]: { equity: 15_000_000n },
    };
    const found = done(rows);
    assert.equal(found.covered, 20_000_000n);
    assert.deepEqual(moved(found)[insuranceAccount], [-5_000_000n, 0]);
    assert.deepEqual(moved(found)[fund], [-15_000_000n, 0]);
    assert.ok(!done({ 2: debt, 4: other }).changes.has(insuranceAccount), 'nothing drawn');
  });

  it('does not let the fund insure itself, nor take its own lots', () => {
    const rows = { [fund]: debt, 4: { equity: 500_000_000n, lots: -4 } };
    const found = done(rows, { account: fund, openInterest: 4 });
    assert.deepEqual(split(found), [0, 4, 0]);
    assert.equal(found.covered, 0n);
    assert.equal(found.changes.get(fund)?.sizeDelta, -4);
  });

  it('charges who takes the lots, in whole ticks, and gives what is too much to the fund', () => {
    // 1,000 units over 3 lots of 100 units a tick: 4 ticks bring in 1,200.
    const rows = { 2: { equity: -1_000n, lots: 3 }, 4: { equity: 500_000_000n, lots: -3 } };
    const found = done(rows);
    assert.deepEqual([found.discount, found.levied, found.perLotQ32], [-4n, 0n, 0n]);
    assert.deepEqual(moved(found), {
      2: [300_001_000n, -3],
      4: [-300_001_200n, 3],
      [fund]: [200n, 0],
    });
    const short = { 2: { equity: -1_000n, lots: -3 }, 4: { equity: 500_000_000n, lots: 3 } };
    assert.deepEqual(moved(done(short)), {
      2: [-299_999_000n, 3],
      4: [299_998_800n, -3],
      [fund]: [200n, 0],
    });
  });

  it('levies what the takers of a part do not pay', () => {
    const rows = { 2: debt, 4: { equity: 500_000_000n, lots: -4 }, 5: { equity: -1n, lots: -6 } };
    const found = done(rows);
    assert.deepEqual(split(found), [0, 4, 6]);
    assert.equal(found.discount, -20_000n);
    assert.equal(found.levied, 12_000_000n);
    // Six longs with the fund and six shorts with account 5 share it.
    assert.equal(found.perLotQ32, 1_000_000n * one);
  });

  it('charges a long’s takers at most the highest price, a short’s at least one tick', () => {
    const deep = (side: number) => ({
      2: { equity: -(2n ** 41n), lots: side },
      4: { equity: 2n ** 60n, lots: -side },
    });
    assert.equal(done(deep(1)).discount, -(2n ** 32n - 1n - 1_000_000n));
    assert.equal(done(deep(-1)).discount, -999_999n);
    // The last position of the market is gone: nobody is left to pay, the account stays in debt.
    const found = done(deep(1));
    assert.deepEqual([found.levied, found.perLotQ32], [0n, 0n]);
    const paid = (2n ** 32n - 1n - 1_000_000n) * 100n;
    assert.equal(found.changes.get(debtor)?.cashDelta, (lot + paid) * one);
  });

  it('gives the last fraction of a unit to the fund, of an emptied bankrupt account alone', () => {
    const fraction = 77n;
    const left = (row: Row, more: Rows = { 4: other }): bigint => {
      const found = done({ 2: { ...row, fraction }, ...more });
      return (
        (accountOf({ ...row, fraction }).cash + (found.changes.get(debtor)?.cashDelta ?? 0n)) % one
      );
    };
    assert.equal(left(debt), 0n);
    assert.equal(left({ equity: 10_000_000n, lots: 10 }), fraction, 'solvent');
    assert.equal(left({ equity: 0n, lots: 10 }), fraction, 'solvent');
    assert.equal(left(debt, { 4: { equity: -1n, lots: -10 } }), 0n, 'the fund takes the lots');
    const found = done({ 2: { ...debt, fraction }, 4: other });
    assert.equal(found.changes.get(fund)?.cashDelta, fraction);
    // A short elsewhere remains with its share of the debt, and so does the fraction.
    const both = { equity: -1_000_001_000n, lots: 10, elsewhere: -1, fraction };
    const rest = done({ 2: both, 4: { equity: 10n ** 13n, lots: -10 } });
    assert.equal(accountOf(both).cash + (rest.changes.get(debtor)?.cashDelta ?? 0n), fraction);
  });
});
