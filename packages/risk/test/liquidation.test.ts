import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { liquidationLawful } from '@holdfast/laws';
import {
  type CashQ32,
  type FundingIndex,
  isRejection,
  type Lots,
  type MarketId,
  type Ppm,
  type Ticks,
} from '@holdfast/units';
import {
  allocate,
  equity,
  fillDiscount,
  freedBy,
  health,
  isEligible,
  type LiquidationTerms,
  leverOf,
  levyPerLot,
  liquidationTerms,
  type MarketContext,
  notional,
  partialLots,
  type RiskAccount,
  rewardOf,
  roomsOf,
  seizurePenalty,
  seizureTerms,
  shareOf,
  speedLots,
  unitQ32,
  zeroDiscount,
  zeroSurcharge,
} from '../src/index.ts';

const one = 1n << 32n;
const market0 = 0 as MarketId;
const base = {
  index: 0n as FundingIndex,
  initialPpm: 50_000 as Ppm,
  marketPpm: 50_000 as Ppm,
  openInterest: 0,
  concentrationPpm: 0 as Ppm,
  concentrationCapPpm: 0 as Ppm,
};
const btc = {
  ...base,
  price: 1_000_000 as Ticks,
  tickValue: 100,
  maintenancePpm: 30_000 as Ppm,
} as MarketContext;
const accountOf = (quote: bigint, size: number): RiskAccount => ({
  cash: (quote * one) as CashQ32,
  positions: new Map([[market0, size as Lots]]),
});
const marketOf = (context: MarketContext) => () => context;

/** A stream of whole numbers from a seed: splitmix64. */
function stream(seed: bigint): (low: number, high: number) => number {
  let state = seed;
  return (low, high) => {
    state = (state + 0x9e3779b97f4a7c15n) & (2n ** 64n - 1n);
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & (2n ** 64n - 1n);
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & (2n ** 64n - 1n);
    return low + Number((z ^ (z >> 31n)) % BigInt(high - low + 1));
  };
}

type Portfolio = { account: RiskAccount; of: (id: MarketId) => MarketContext };

/** Up to four positions, equity anywhere from bankrupt to just healthy. */
function portfolio(next: (low: number, high: number) => number): Portfolio {
  const markets = Array.from({ length: next(1, 4) }, () => {
    const maintenancePpm = next(5_000, 400_000) as Ppm;
    const price = next(1, 1) + next(0, 2 ** next(8, 31));
    const tickValue = next(1, 2 ** next(1, 20));
    return { ...base, maintenancePpm, price, tickValue } as MarketContext;
  });
  const sizes = markets.map(() => (next(0, 1) === 0 ? -1 : 1) * next(1, 2 ** next(1, 24)));
  const positions = new Map(sizes.map((size, i) => [i as MarketId, size as Lots]));
  const of = (id: MarketId) => markets[id] as MarketContext;
  const { maintenance } = health({ cash: 0n as CashQ32, positions }, of);
  const worth = sizes.reduce((sum, size, i) => sum + BigInt(size) * unitQ32(of(i as MarketId)), 0n);
  const wanted = (maintenance * BigInt(next(-400_000, 1_020_000))) / 1_000_000n;
  const cash = ((wanted << 32n) - worth + BigInt(next(0, 2 ** 31))) as CashQ32;
  return { account: { cash, positions }, of };
}

function after(p: Portfolio, id: MarketId, lots: number, cash: bigint) {
  const positions = new Map(p.account.positions);
  const left = (positions.get(id) ?? 0) - lots;
  if (left === 0) positions.delete(id);
  else positions.set(id, left as Lots);
  return health({ cash: (p.account.cash + cash) as CashQ32, positions }, p.of);
}

describe('liquidation, by hand', () => {
  const terms = (account: RiskAccount, options = {}) => {
    const made = liquidationTerms(account, market0, marketOf(btc), options);
    assert.ok(!isRejection(made), 'liquidatable');
    return made as LiquidationTerms;
  };

  it('takes part of the position at the fillable price', () => {
    // Equity 26 of 30 maintenance: 4.5 % · 13.3 % is 6,000 ticks; (33 − 26)/(3.3 − 0.6 − 1.5) lots.
    const made = terms(accountOf(-974_000_000n, 10));
    assert.equal(made.discount, 6_000n);
    assert.equal(made.price, 994_000);
    assert.equal(made.size, 6);
    assert.equal(made.penalty, 9_000_000n);
    assert.equal(made.reward, 900_000n);
    assert.equal(made.keeperCashDelta >> 32n, -600_000_000n + 3_600_000n + 900_000n);
  });

  it('is the mirror image for a short', () => {
    const long = terms(accountOf(-974_000_000n, 10));
    const short = terms(accountOf(1_026_000_000n, -10));
    assert.equal(short.size, -long.size);
    assert.equal(short.price, 1_006_000);
    assert.equal(short.penalty, long.penalty);
    assert.equal(short.accountCashDelta - 2n * 600_000_000n * -one, long.accountCashDelta);
  });

  it('heeds what the keeper wants, what a block allows and how long ago it was flagged', () => {
    const account = accountOf(-974_000_000n, 10);
    assert.equal(terms(account, { lots: 2 }).size, 2);
    assert.equal(terms(account, { allowed: 1 }).size, 1);
    assert.equal(terms(account, { elapsed: 120 }).reward, 4_500_000n);
    assert.equal(rewardOf(1_000n, 60), 300n);
    assert.equal(rewardOf(1_000n, 3_600), 500n);
    assert.equal(rewardOf(1_000n, 3_601), 100n);
    assert.equal(speedLots(10, 250_000), 2);
    assert.equal(speedLots(3, 250_000), 1);
  });

  it('is refused to the healthy, the bankrupt and those without a position', () => {
    const code = (account: RiskAccount) =>
      (liquidationTerms(account, market0, marketOf(btc)) as { code?: string }).code;
    assert.equal(code(accountOf(-970_000_000n, 10)), 'NotLiquidatable');
    assert.equal(code(accountOf(-1_000_000_001n, 10)), 'AccountBankrupt');
    assert.equal(code({ cash: 0n as CashQ32, positions: new Map() }), 'PositionMissing');
  });
});

describe('the book stage', () => {
  const seized = (account: RiskAccount, allowed?: number) =>
    seizureTerms(account, market0, marketOf(btc), allowed);

  it('sells as much as a keeper could take, at the price that it would get', () => {
    for (const account of [accountOf(-974_000_000n, 10), accountOf(1_026_000_000n, -10)]) {
      const keeper = liquidationTerms(account, market0, marketOf(btc));
      assert.ok(!isRejection(keeper));
      assert.deepEqual(seized(account), { size: keeper.size, limit: keeper.price });
      assert.deepEqual(seized(account, 2), {
        size: Math.sign(keeper.size) * 2,
        limit: keeper.price,
      });
    }
  });

  it('is refused like a liquidation', () => {
    const code = (account: RiskAccount) => (seized(account) as { code?: string }).code;
    assert.equal(code(accountOf(-970_000_000n, 10)), 'NotLiquidatable');
    assert.equal(code(accountOf(-1_000_000_001n, 10)), 'AccountBankrupt');
    assert.equal(code({ cash: 0n as CashQ32, positions: new Map() }), 'PositionMissing');
  });

  it('takes the keeper’s penalty, less what the fills have cost', () => {
    const standing = { equity: 26_000_000n, maintenance: 30_000_000n };
    const penalty = (lost: bigint) => seizurePenalty(standing, btc, 10, 6, lost);
    // Six lots are 600 quote tokens: 9 of penalty, and 15.6 of the account's share.
    assert.equal(penalty(0n), 9_000_000n);
    assert.equal(penalty(6_600_000n), 9_000_000n);
    assert.equal(penalty(6_600_001n), 8_999_999n);
    assert.equal(penalty(15_600_001n), 0n);
  });
});

describe('liquidation, 20,000 portfolios in exact fractions', () => {
  const next = stream(20_251_010n);
  const runs = 20_000;

  it('never lowers equity per maintenance, reaches 1.1 where it can, conserves cash', () => {
    let [liquidated, partial, bankrupt] = [0, 0, 0];
    for (let run = 0; run < runs; run += 1) {
      const p = portfolio(next);
      const id = next(0, p.account.positions.size - 1) as MarketId;
      const before = health(p.account, p.of);
      const terms = liquidationTerms(p.account, id, p.of, { elapsed: next(0, 4_000) });
      if (isRejection(terms)) {
        if (before.equity < 0n) bankrupt += 1;
        else assert.ok(before.equity >= before.maintenance);
        continue;
      }
      liquidated += 1;
      const sum = terms.accountCashDelta + terms.keeperCashDelta + terms.insuranceCashDelta;
      assert.equal(sum, 0n);
      const now = after(p, id, terms.size, terms.accountCashDelta);
      const moved = p.of(id);
      const lots = Math.abs(terms.size);
      const lawful = liquidationLawful({
        equityBefore: before.equity,
        maintenanceBefore: before.maintenance,
        equityAfter: now.equity,
        maintenanceAfter: now.maintenance,
        penalty: terms.penalty,
        discount: terms.discount * BigInt(lots) * BigInt(moved.tickValue),
        notional: notional(lots, moved.price, moved.tickValue),
        maintenancePpm: moved.maintenancePpm,
      });
      assert.ok(lawful, `law L20 in run ${run}`);
      assert.ok(now.equity * before.maintenance >= before.equity * now.maintenance);
      if (lots === Math.abs(p.account.positions.get(id) ?? 0)) continue;
      partial += 1;
      assert.ok(10n * now.equity >= 11n * now.maintenance, `run ${run} does not reach 1.1`);
    }
    assert.ok(liquidated > runs / 2, `${liquidated} liquidated`);
    assert.ok(partial > runs / 50 && bankrupt > runs / 10, `${partial}, ${bankrupt}`);
  });

  it('leaves the ratio at the exact zero price, and improves it by less than a tick', () => {
    for (let run = 0; run < runs; run += 1) {
      const p = portfolio(next);
      const id = next(0, p.account.positions.size - 1) as MarketId;
      const [held, moved] = [p.account.positions.get(id) ?? 0, p.of(id)];
      const before = health(p.account, p.of);
      if (before.equity >= before.maintenance) continue;
      const lots = next(1, Math.abs(held));
      const freed = freedBy(moved, Math.abs(held), lots);
      // In fractions: equity − share = equity · (maintenance − freed) / maintenance.
      const left = before.equity * before.maintenance - before.equity * freed;
      assert.equal(left, before.equity * (before.maintenance - freed));
      const share = shareOf(before, freed);
      assert.ok(share * before.maintenance <= before.equity * freed);
      assert.ok((share + 1n) * before.maintenance > before.equity * freed);
      const tick = BigInt(lots) * BigInt(moved.tickValue);
      const ticks =
        share >= 0n
          ? zeroDiscount(share, lots, moved.tickValue)
          : -zeroSurcharge(-share, lots, moved.tickValue);
      assert.ok(ticks * tick <= share && (ticks + 1n) * tick > share, 'the nearest whole tick');
      const ratioKept = (before.equity - ticks * tick) * before.maintenance;
      assert.ok(ratioKept >= before.equity * (before.maintenance - freed));
    }
  });

  it('discounts between nothing and one and a half times the maintenance margin', () => {
    for (let run = 0; run < runs; run += 1) {
      const p = portfolio(next);
      const before = health(p.account, p.of);
      if (before.equity >= before.maintenance) continue;
      const moved = p.of(market0);
      const discount = fillDiscount(moved, before);
      const scale = before.maintenance * 2_000_000n;
      const missing = before.maintenance - (before.equity > 0n ? before.equity : 0n);
      const exact = BigInt(moved.price) * BigInt(moved.maintenancePpm) * 3n * missing;
      assert.ok(discount * scale <= exact && (discount + 1n) * scale > exact);
      const size = Math.abs(p.account.positions.get(market0) ?? 0);
      assert.ok(partialLots(size, moved, discount, before) <= size);
    }
  });
});

describe('deleveraging', () => {
  const next = stream(34_983n);

  it('allocates exactly what is needed, pro rata, and no more than there is', () => {
    for (let run = 0; run < 20_000; run += 1) {
      const list = Array.from({ length: next(0, 12) }, () => {
        const size = next(0, 2 ** next(1, 40));
        const room = next(0, 3) === 0 ? next(0, size) : size;
        return { size, room, lever: BigInt(next(1, 2 ** next(1, 30))) };
      });
      const most = list.reduce((sum, each) => sum + each.room, 0);
      const need = next(1, Math.max(1, most * 2));
      const takes = allocate(need, list);
      const taken = takes.reduce((sum, lots) => sum + lots, 0);
      assert.equal(taken, Math.min(need, most), `run ${run}`);
      const total = list.reduce(
        (sum, each) => sum + (each.room === 0 ? 0n : BigInt(each.size) * each.lever),
        0n,
      );
      takes.forEach((lots, i) => {
        const { size, room, lever } = list[i] as (typeof list)[number];
        assert.ok(lots <= room);
        const fair = total === 0n ? 0n : (BigInt(need) * BigInt(size) * lever) / total;
        assert.ok(BigInt(lots) >= (fair < BigInt(room) ? fair : BigInt(room)));
      });
    }
  });

  it('gives the rest to the highest lever, the earlier one among equals', () => {
    const same = { size: 10, room: 10, lever: 5n };
    assert.deepEqual(allocate(10, [same, same, same]), [4, 3, 3]);
    assert.deepEqual(allocate(10, [same, { ...same, lever: 6n }, same]), [3, 4, 3]);
    assert.deepEqual(allocate(40, [same, { ...same, room: 0 }, same]), [10, 0, 10]);
  });

  it('wants nearly the whole other side, or a crowd that loses no more than its share', () => {
    assert.deepEqual(roomsOf(5, [90, 5], 100), [90, 5]);
    assert.equal(roomsOf(5, [90, 4], 100), undefined);
    const crowd = Array.from({ length: 512 }, () => 2);
    assert.deepEqual(new Set(roomsOf(512, crowd, 2_000)), new Set([1]));
    assert.equal(roomsOf(512, crowd.slice(1), 2_000), undefined);
  });

  it('spares whoever would be made worse by the surcharge, and them only', () => {
    for (let run = 0; run < 20_000; run += 1) {
      const p = portfolio(next);
      const moved = p.of(market0);
      const size = Math.abs(p.account.positions.get(market0) ?? 0);
      const before = health(p.account, p.of);
      const surcharge = BigInt(next(0, moved.price));
      const eligible = isEligible(before, moved, surcharge);
      const lots = next(1, size);
      const now = before.equity - surcharge * BigInt(lots) * BigInt(moved.tickValue);
      const left = before.maintenance - freedBy(moved, size, lots);
      const worse = now * before.maintenance < before.equity * left;
      if (eligible) assert.ok(!worse, `run ${run}`);
      if (before.equity <= 0n) assert.ok(!eligible);
    }
  });

  it('knows leverage and levies', () => {
    assert.equal(leverOf(2n, 1n), 32_769n);
    assert.equal(leverOf(1n, 1n << 60n), (1n << 40n) - 1n);
    assert.equal(levyPerLot(3n, 2n), 3n << 31n);
    assert.equal(levyPerLot(1n, 3n) * 3n - (1n << 32n), 2n);
  });

  it('values what the keeper took at the index price', () => {
    const made = liquidationTerms(accountOf(-974_000_000n, 10), market0, marketOf(btc));
    assert.ok(!isRejection(made));
    const keeper: RiskAccount = {
      cash: ((500_000_000n << 32n) + (made as LiquidationTerms).keeperCashDelta) as CashQ32,
      positions: new Map([[market0, (made as LiquidationTerms).size]]),
    };
    assert.equal(equity(keeper, marketOf(btc)), 500_000_000n + 3_600_000n + 900_000n);
  });
});
