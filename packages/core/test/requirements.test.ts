import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  fillDelta,
  grewAny,
  health,
  healthyOrHealthier,
  marketContext,
  type RiskAccount,
} from '@holdfast/risk';
import {
  type CashQ32,
  type FundingIndex,
  type Lots,
  lots,
  type MarketId,
  marketId,
  ppm,
  round,
  seconds,
  type Ticks,
} from '@holdfast/units';
import fc from 'fast-check';
import { checkLaws, marketView, restore, snapshot, stateHash } from '../src/index.ts';
import type { FillEvent, MarketParams } from '../src/types.ts';
import { cancelsOf, codeOf, fillsOf, params, q32, Venue } from './support.ts';

const at = (venue: Venue) => ({ at: seconds(venue.at) });
const marketsOf = (...all: MarketParams[]) => ({
  markets: all.map((each, id) => ({ id: marketId(id), params: each })),
});
const crowded: MarketParams = {
  ...params,
  openInterestMax: lots(100),
  openInterestLowPpm: ppm(200_000),
};
const concentrated: MarketParams = {
  ...params,
  concentrationPpm: ppm(400_000),
  concentrationCapPpm: ppm(300_000),
};
/** One lot is worth 100,000 quote units at the price of the test venue. */
const lot = 100_000;

const confirmed = (venue: Venue, upTo: number) => {
  const fillIds = [...venue.state.unconfirmed.keys()].filter((id) => id <= upTo);
  const number = venue.state.batches.size + upTo;
  venue.run({ type: 'batch', ...at(venue), number, fillIds, reportRound: null });
  const indexes = [[marketId(0), 0n as FundingIndex]] as const;
  venue.run({ type: 'confirmed', ...at(venue), number, round: round(1), indexes });
};

describe('own leverage', () => {
  const demand = (venue: Venue, account: number, initialPpm: number) =>
    venue.run({
      type: 'leverage',
      ...at(venue),
      account: venue.account(account).id,
      initialPpm: ppm(initialPpm),
    });

  it('is demanded of new orders and cancels what it no longer covers', () => {
    const venue = new Venue(3, 2 * lot);
    venue.place(2, true, { size: 10 });
    assert.equal(cancelsOf(demand(venue, 2, 100_000)).length, 0);
    assert.equal(cancelsOf(demand(venue, 2, 1_000_000))[0]?.reason, 'MarginShort');
    assert.equal(venue.refusal(2, true, { size: 10, seq: 2 }), 'MarginShort');
    demand(venue, 2, 0);
    assert.equal(venue.refusal(2, true, { size: 10, seq: 3 }), undefined);
  });

  it('survives a snapshot', () => {
    const venue = new Venue(2);
    demand(venue, 2, 123_456);
    const copy = restore(snapshot(venue.state));
    assert.equal(copy.accounts.get(venue.account(2).id)?.userPpm, 123_456);
    assert.equal(stateHash(copy), stateHash(venue.state));
  });
});

describe('open interest', () => {
  it('is judged at the highest since the chain confirmed, which confirmation ends', () => {
    const venue = new Venue(4, 100 * lot, marketsOf(crowded, params));
    venue.place(2, false, { size: 90 });
    venue.place(3, true, { size: 90 });
    const marketPpm = () => venue.state.markets.get(marketId(0));
    assert.deepEqual([marketPpm()?.interestLow, marketPpm()?.interestHigh], [0, 90]);
    // Closed again before the chain saw it: a batch may still begin in between.
    venue.place(2, true, { size: 90, seq: 2 });
    venue.place(3, false, { size: 90, seq: 2 });
    assert.deepEqual([marketPpm()?.interestLow, marketPpm()?.interestHigh], [0, 90]);
    // 100 lots of cash: 20 lots at 100,000 quote units need 20 lots · 88.75 %.
    assert.equal(venue.refusal(4, true, { size: 120 }), 'MarginShort');
    confirmed(venue, 1);
    assert.deepEqual([marketPpm()?.interestLow, marketPpm()?.interestHigh], [0, 90]);
    confirmed(venue, 2);
    assert.deepEqual([marketPpm()?.interestLow, marketPpm()?.interestHigh], [0, 0]);
    assert.equal(venue.refusal(4, true, { size: 120, seq: 2 }), undefined);
    assert.deepEqual(checkLaws(venue.state), []);
  });

  it('is not moved by an order that was taken back whole', () => {
    const venue = new Venue(4, 100 * lot, marketsOf(crowded, params));
    venue.place(2, false, { size: 90 });
    assert.equal(venue.refusal(3, true, { size: 95, tif: 2 }), 'FillOrKillShort');
    assert.equal(venue.state.markets.get(marketId(0))?.interestHigh, 0);
  });

  it('is judged as the fill leaves it, since a batch of one is judged so', () => {
    // 90 of 100 need 88.125 %, whatever there was before.
    const venue = new Venue(4, 79 * lot, marketsOf(crowded, params));
    venue.place(2, false, { size: 90 });
    assert.equal(fillsOf(venue.place(3, true, { size: 90 })).length, 0);
    assert.equal(venue.size(3), 0);
    const rich = new Venue(4, 80 * lot, marketsOf(crowded, params));
    rich.place(2, false, { size: 90 });
    assert.equal(fillsOf(rich.place(3, true, { size: 90 })).length, 1);
  });

  it('asks more of new positions and nothing more of maintenance', () => {
    const venue = new Venue(4, 20 * lot, marketsOf(crowded, params));
    venue.place(2, false, { size: 19 });
    venue.place(3, true, { size: 19 });
    assert.equal(venue.refusal(4, true, { size: 100 }), undefined);
    const deep = new Venue(4, 60 * lot, marketsOf(crowded, params));
    deep.place(2, false, { size: 60 });
    deep.place(3, true, { size: 60 });
    assert.equal(deep.refusal(4, true, { size: 120 }), 'MarginShort');
    assert.equal(marketView(deep.state, marketId(0))?.params.maintenancePpm, 30_000);
  });
});

describe('a fill-or-kill order of several fills', () => {
  /** Two makers of ten lots each, in an empty market where a batch may add a step of five lots. */
  const stocked = (more: Partial<MarketParams> = {}) => {
    const terms = { ...crowded, openInterestLowPpm: ppm(100_000), ...more };
    const venue = new Venue(5, 100 * lot, marketsOf(terms, params));
    venue.place(2, false, { size: 10 });
    venue.place(3, false, { size: 10 });
    return venue;
  };

  it('adds at most what the chain takes in one batch, and leaves nothing when refused', () => {
    const venue = stocked();
    const market = venue.state.markets.get(marketId(0));
    const [no] = venue.place(4, true, { size: 16, tif: 2 });
    assert(no?.type === 'rejected');
    assert.deepEqual([no.code, no.data], ['OpenInterestExceeded', { found: 16, required: 15 }]);
    assert.equal(market?.openInterest, 0);
    assert.deepEqual(
      [2, 3, 4].map((id) => venue.size(id)),
      [0, 0, 0],
    );
    assert.equal(venue.refusal(4, true, { size: 15, tif: 2, seq: 2 }), undefined);
    assert.equal(market?.openInterest, 15);
    // From there on a step of five: five lots of maker 3, and more of maker 2.
    venue.place(2, false, { size: 5, seq: 2 });
    assert.equal(venue.refusal(4, true, { size: 6, tif: 2, seq: 3 }), 'OpenInterestExceeded');
    assert.equal(venue.refusal(4, true, { size: 6, tif: 1, seq: 4 }), undefined);
    assert.deepEqual(checkLaws(venue.state), []);
  });

  it('is free as a single fill, where it only closes, and where margin is flat', () => {
    const single = stocked();
    single.place(2, false, { size: 40, seq: 2, price: 999 });
    assert.equal(single.refusal(4, true, { size: 40, tif: 2 }), undefined);
    const back = { price: 998, size: 10 };
    for (const lane of [1, 2]) single.place(2, true, { ...back, lane });
    assert.equal(single.refusal(4, false, { ...back, size: 20, tif: 2, seq: 2 }), undefined);
    assert.equal(single.size(4), 20);
    const flat = stocked({ openInterestLowPpm: ppm(1_000_000) });
    assert.equal(flat.refusal(4, true, { size: 20, tif: 2 }), undefined);
  });
});

describe('concentration', () => {
  it('counts orders at their worst size', () => {
    const venue = new Venue(4, 9 * lot, marketsOf(concentrated, params));
    // The only one in an empty market: 30 % of 30 lots are 9, and the fee is more than is left.
    assert.equal(venue.refusal(2, true, { size: 30 }), 'MarginShort');
    assert.equal(venue.refusal(2, true, { size: 29, seq: 2 }), undefined);
    assert.equal(venue.refusal(2, true, { size: 1, lane: 1 }), 'MarginShort');
  });
});

describe('isolated markets', () => {
  const isolated = () => {
    const all = marketsOf(params, { ...params, isolated: 1 }, params);
    const venue = new Venue(4, 100 * lot, all);
    venue.price([1000, 1000, 1000]);
    return venue;
  };

  it('refuse orders beside positions and orders of other markets', () => {
    const venue = isolated();
    venue.place(2, true, { market: 0 });
    const refused = venue.place(2, true, { market: 1, lane: 1 });
    assert.equal(codeOf(refused), 'IsolatedMarket');
    venue.place(3, false, { market: 0 });
    assert.equal(venue.refusal(2, true, { market: 1, lane: 1, seq: 2 }), 'IsolatedMarket');
    // Closed: free to go.
    venue.place(2, false, { market: 0, seq: 2 });
    venue.place(3, true, { market: 0, seq: 2 });
    assert.equal(venue.size(2), 0);
    assert.equal(venue.refusal(2, true, { market: 1, lane: 1, seq: 3 }), undefined);
  });

  it('refuse orders of other markets while one of their own is open', () => {
    const venue = isolated();
    venue.place(2, true, { market: 1 });
    assert.equal(venue.refusal(2, true, { market: 2, lane: 1 }), 'IsolatedMarket');
    // In the same lane the new order replaces the one that was in the way.
    assert.equal(venue.refusal(2, true, { market: 2, seq: 2 }), undefined);
    assert.equal(venue.refusal(3, true, { market: 0 }), undefined);
    assert.equal(venue.refusal(3, true, { market: 2, lane: 1 }), undefined);
  });

  it('do not fill an order whose account got a position elsewhere, but let it close', () => {
    const venue = isolated();
    venue.place(2, true, { market: 1, postOnly: true });
    for (const [account, size] of [
      [2, 5],
      [4, -5],
    ] as const) {
      const sizes = [[marketId(0), lots(size)]] as const;
      const { id } = venue.account(account);
      const base = { type: 'external', ...at(venue), account: id, cashDelta: q32(0) } as const;
      venue.run({ ...base, sizes, cause: 'liquidation', block: 2 });
    }
    const events = venue.place(3, false, { market: 1 });
    assert.equal(fillsOf(events).length, 0);
    assert.equal(cancelsOf(events)[0]?.reason, 'IsolatedMarket');
    assert.equal(venue.refusal(2, false, { market: 0, size: 5, lane: 1 }), undefined);
  });
});

/**
 * An account of the chain's side: judged batch by batch, at the open interest before each, or that
 * after it if the batch is a single fill that adds to it.
 */
type Held = { cash: bigint; size: number };

function after(fills: readonly FillEvent[], cash: bigint): Map<number, Held> {
  const held = new Map([2, 3, 4, 5].map((id) => [id, { cash, size: 0 }]));
  for (const fill of fills) {
    for (const [side, feePpm] of [
      [fill.maker, 150],
      [fill.taker, 450],
    ] as const) {
      const { lots: traded, price, index } = fill;
      const terms = { isBuy: side.isBuy, lots: traded, price, index, tickValue: 100 };
      const delta = fillDelta({ ...terms, feePpm: ppm(feePpm) });
      const account = held.get(side.account) as Held;
      account.cash += delta.cashDelta;
      account.size += delta.sizeDelta;
    }
  }
  return held;
}

const asRisk = ({ cash, size }: Held): RiskAccount => ({
  cash: cash as CashQ32,
  positions: new Map(size === 0 ? [] : [[0 as MarketId, size as Lots]]),
});

describe('what the core takes the chain takes', () => {
  const terms: MarketParams = {
    ...crowded,
    ...{ concentrationPpm: ppm(300_000), concentrationCapPpm: ppm(900_000) },
  };
  const cash = 12 * lot;

  const longsOf = (held: ReturnType<typeof after>) =>
    [...held.values()].reduce((sum, { size }) => sum + Math.max(size, 0), 0);

  /** Every batch that could be cut out of the fills, judged as the chain would. */
  function judgeCuts(fills: readonly FillEvent[], confirmedCount: number): number {
    let foreseen = 0;
    for (let from = confirmedCount; from < fills.length; from++) {
      const before = after(fills.slice(0, from), q32(cash));
      const low = longsOf(before);
      for (let to = from + 1; to <= fills.length; to++) {
        const end = after(fills.slice(0, to), q32(cash));
        const high = to === from + 1 ? Math.max(low, longsOf(end)) : low;
        if (high > low) foreseen += 1;
        const openInterest = { low, high };
        const at = { price: 1000 as Ticks, index: 0n as FundingIndex, openInterest };
        const context = marketContext(terms, at);
        for (const [id, held] of end) {
          const [old, now] = [asRisk(before.get(id) as Held), asRisk(held)];
          const grew = grewAny(old.positions, now.positions);
          const [was, is] = [health(old, () => context), health(now, () => context)];
          const name = `account ${id}, fills ${from + 1} to ${to}: ${is.equity} of ${is.initial}`;
          const touched = fills
            .slice(from, to)
            .some(({ maker, taker }) => maker.account === id || taker.account === id);
          if (touched) assert.ok(healthyOrHealthier(was, is, grew), name);
        }
      }
    }
    return foreseen;
  }

  it('wherever its fills are cut into batches', () => {
    const step = fc.record({
      account: fc.integer({ min: 2, max: 5 }),
      isBuy: fc.boolean(),
      size: fc.integer({ min: 1, max: 30 }),
      lane: fc.integer({ min: 0, max: 1 }),
    });
    let fillCount = 0;
    let refused = 0;
    let foreseen = 0;
    const check = (steps: { account: number; isBuy: boolean; size: number; lane: number }[]) => {
      const venue = new Venue(4, cash, marketsOf(terms, params));
      for (const [i, { account, ...short }] of steps.entries()) {
        const events = venue.place(account, short.isBuy, { ...short, seq: i + 1 });
        if (codeOf(events) === 'MarginShort') refused += 1;
        const first = [...venue.state.unconfirmed.keys()][0];
        if (i % 7 === 6 && first !== undefined) confirmed(venue, first + 1);
        assert.deepEqual(checkLaws(venue.state), []);
      }
      const fills = fillsOf(venue.events);
      fillCount += fills.length;
      foreseen += judgeCuts(fills, fills.length - venue.state.unconfirmed.size);
      const copy = restore(snapshot(venue.state));
      assert.equal(stateHash(copy), stateHash(venue.state));
    };
    fc.assert(fc.property(fc.array(step, { minLength: 10, maxLength: 30 }), check), {
      seed: 20_261_126,
      numRuns: 150,
    });
    assert.ok(fillCount > 500 && refused > 200, `${fillCount} fills, ${refused} refusals`);
    assert.ok(foreseen > 200, `${foreseen} single fills that add`);
  });
});
