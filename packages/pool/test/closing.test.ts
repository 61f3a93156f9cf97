import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isRejection } from '@holdfast/units';
import fc from 'fast-check';
import { applyEvent, memberOf } from '../src/book.ts';
import {
  type ClosingTerms,
  type ClosingView,
  closingFault,
  owedBy,
  planClosing,
  slipPpmMax,
  type Tried,
} from '../src/closing.ts';
import type { Followed } from '../src/follow.ts';
import { isUncovered, memberHealth } from '../src/margin.ts';
import { buy, flow, followed, mark } from './closing-rig.ts';

const view: ClosingView = { others: [], tried: [], now: 1_000, slipPpm: 10_000 };

function planned(state: Followed, change: Partial<ClosingView> = {}, number = 1): ClosingTerms {
  const terms = planClosing(state, number, { ...view, ...change });
  ok(terms !== undefined && !isRejection(terms), JSON.stringify(terms));
  return terms;
}

const tried = (market: number, at: number, isVain = false): Tried => ({ market, at, isVain });

/** Below maintenance: 10 lots are worth 965 tokens and ask 28.95; equity is 24.85. */
function falling(price = 965_000): Followed {
  const state = followed();
  mark(state.book, price);
  return state;
}

describe('the plan of a closing', () => {
  it('sells a long, reduce-only where the account shrinks by it, in what is needed', () => {
    const terms = planned(falling());
    // 1.1 · 3 % less 1 % of distance less 1.5 %: 0.8 % of 96.5 tokens a lot, until 7 are made up.
    deepEqual(terms, {
      market: 0,
      isBuy: false,
      lots: 10,
      price: 955_350,
      reduceOnly: true,
      expiry: 1_300,
    });
    const part = planned(falling(968_500), { slipPpm: 1_000 });
    ok(part.lots > 0 && part.lots < 10, `${part.lots}`);
  });

  it('buys a short back above the mark', () => {
    const state = followed();
    buy(state.book, 1, -20);
    mark(state.book, 1_040_000);
    const terms = planned(state);
    equal(terms.isBuy, true);
    equal(terms.price, 1_050_400);
    equal(terms.reduceOnly, true);
  });

  it('goes no farther from the mark than equity bears, and a fifth of that without any', () => {
    const poor = falling(945_150);
    equal(memberHealth(poor.book, 1).equity, 5_000_000n);
    // Less the fee of 0.425318 tokens, over ten lots of 100 a tick.
    equal(945_150 - planned(poor).price, 4_574);
    const broke = falling(930_000);
    equal(planned(broke).price, 930_000 - 9_300 / 5);
    equal(planned(broke, { slipPpm: 20_000 }).price, 930_000 - 18_600 / 5);
  });

  it('is an ordinary order within freshness where the account would not shrink', () => {
    const state = falling();
    buy(state.book, 2, -4);
    const terms = planned(state);
    deepEqual([terms.lots, terms.reduceOnly, terms.expiry], [10, false, 1_300]);
    state.freshUntil = 1_100;
    equal(planned(state).expiry, 1_100);
    // Once the proof is old, only what shrinks the account.
    state.freshUntil = 1_005;
    const rest = planned(state);
    deepEqual([rest.lots, rest.reduceOnly, rest.expiry], [6, true, 1_300]);
    buy(state.book, 2, -6);
    const none = planClosing(state, 1, view);
    ok(isRejection(none) && none.code === 'PoolStale');
  });

  it('leaves room for what may still fill on the same side, and waits for a closing', () => {
    const state = falling();
    const other = { market: 0, isBuy: false, lots: 7, price: 1 };
    equal(planned(state, { others: [other] }).lots, 3);
    equal(planned(state, { others: [{ ...other, isBuy: true }] }).lots, 10);
    equal(planned(state, { others: [{ ...other, market: 1 }] }).lots, 10);
    equal(planClosing(state, 1, { ...view, others: [{ ...other, lots: 10 }] }), undefined);
    const closing = { ...other, lots: 1, isClosing: true };
    equal(planClosing(state, 1, { ...view, others: [closing] }), undefined);
  });

  it('takes the market that waited longest, and rests between two', () => {
    const state = falling();
    buy(state.book, 1, 3, 1);
    equal(planned(state).market, 0);
    equal(planned(state, { tried: [tried(0, 990)] }).market, 1);
    equal(planned(state, { tried: [tried(0, 980), tried(1, 990)] }).market, 0);
    equal(planClosing(state, 1, { ...view, tried: [tried(0, 996)] }), undefined);
  });

  it('rests longer after each that filled nothing, up to 80 seconds', () => {
    const state = falling();
    const vain = (n: number) => Array.from({ length: n }, () => tried(0, 1_000, true));
    const rests = (all: Tried[]): number => {
      for (let now = 1_000; ; now++) {
        if (planClosing(state, 1, { ...view, tried: all, now }) !== undefined) return now - 1_000;
      }
    };
    deepEqual(
      [1, 2, 3, 4, 5, 9].map((n) => rests(vain(n))),
      [5, 10, 20, 40, 80, 80],
    );
    equal(rests([...vain(9), tried(0, 1_000)]), 5);
    equal(rests([tried(0, 1_000), ...vain(2)]), 10);
  });

  it('has no price to close at before the first report', () => {
    const state = falling();
    mark(state.book, 0);
    const none = planClosing(state, 1, view);
    ok(isRejection(none) && none.code === 'PriceStale');
  });
});

describe('the judgement of a closing', () => {
  const good = { market: 0, isBuy: false, lots: 10, price: 955_000 };
  const codeOf = (state: Followed, order: object, others: (typeof good)[] = [], number = 1) =>
    closingFault(state.book, number, { ...good, ...order }, others)?.code;

  it('lets pass what closes, up to the whole position', () => {
    equal(codeOf(falling(), {}), undefined);
    equal(codeOf(falling(), { lots: 1 }), undefined);
  });

  it('stops one for a member that is not below maintenance', () => {
    const state = falling();
    // To the unit: with what is missing put in, there is nothing to close.
    const { equity, maintenance } = memberHealth(state.book, 1);
    const missing = maintenance - equity;
    applyEvent(state.book, { type: 'flow', member: 1, quote: missing - 1n });
    equal(codeOf(state, {}), undefined);
    applyEvent(state.book, { type: 'flow', member: 1, quote: 1n });
    equal(isUncovered(state.book, 1), false);
    equal(codeOf(state, {}), 'MemberCovered');
    equal(codeOf(state, {}, [], 2), 'MemberCovered');
    equal(codeOf(followed(), {}), 'MemberCovered');
  });

  it('stops one by which a position could grow, turn, or begin', () => {
    const state = falling();
    equal(codeOf(state, { isBuy: true }), 'ClosingGrows');
    equal(codeOf(state, { lots: 11 }), 'ClosingGrows');
    equal(codeOf(state, { lots: 0 }), 'ClosingGrows');
    equal(codeOf(state, { lots: -1 }), 'ClosingGrows');
    equal(codeOf(state, { lots: Number.NaN }), 'ClosingGrows');
    equal(codeOf(state, { market: 1, lots: 1 }), 'ClosingGrows');
    equal(codeOf(state, { lots: 8 }, [{ ...good, lots: 3 }]), 'ClosingGrows');
    equal(codeOf(state, { lots: 7 }, [{ ...good, lots: 3 }]), undefined);
  });

  it('stops one whose limit gives away more than any closing may', () => {
    const state = falling();
    equal(codeOf(state, { price: 965_000 - 48_250 }), undefined);
    equal(codeOf(state, { price: 965_000 - 48_251 }), 'ClosingFar');
    buy(state.book, 1, -20);
    mark(state.book, 1_040_000);
    equal(codeOf(state, { isBuy: true, price: 1_092_000 }), undefined);
    equal(codeOf(state, { isBuy: true, price: 1_092_001 }), 'ClosingFar');
  });

  it('passes every plan, and a plan that fills only makes position and account smaller', () => {
    const lots = fc.integer({ min: -40, max: 40 });
    const price = fc.integer({ min: 700_000, max: 1_300_000 });
    const cash = fc.integer({ min: -50, max: 400 });
    const slip = fc.integer({ min: 1, max: slipPpmMax });
    let closed = 0;
    fc.assert(
      fc.property(lots, lots, lots, price, price, cash, slip, (a, b, o, p, q, c, slipPpm) => {
        const state = followed();
        buy(state.book, 1, a);
        buy(state.book, 1, b, 1);
        buy(state.book, 2, o);
        flow(state.book, 1, c);
        mark(state.book, p);
        mark(state.book, q, 1);
        if (!isUncovered(state.book, 1)) return;
        const { sizes } = memberOf(state.book, 1);
        const before = new Map(sizes);
        if (before.size === 0) return;
        const net = new Map(state.book.total.sizes);
        const { market, isBuy, lots: n, price: at, reduceOnly } = planned(state, { slipPpm });
        const asked = { market, isBuy, lots: n, price: at };
        equal(closingFault(state.book, 1, asked, []), undefined);
        closed++;
        const signed = isBuy ? n : -n;
        const fill = { member: 1, market, lots: signed, price: at, role: 'taker' } as const;
        applyEvent(state.book, { type: 'fills', fills: [fill] });
        const [old, size] = [before.get(market) as number, sizes.get(market) ?? 0];
        ok(Math.abs(size) < Math.abs(old) && size * old >= 0, `${old} to ${size}`);
        if (!reduceOnly) return;
        const [sum, rest] = [net.get(market) ?? 0, state.book.total.sizes.get(market) ?? 0];
        ok(Math.abs(rest) < Math.abs(sum) && rest * sum >= 0, `account ${sum} to ${rest}`);
      }),
      { numRuns: 500, seed: 21 },
    );
    ok(closed > 50, `${closed}`);
  });
});

describe('what a member owes', () => {
  it('is nothing while it has a position, and all of it, rounded up, once it is flat', () => {
    const state = falling(900_000);
    ok(memberHealth(state.book, 1).equity < 0n);
    equal(owedBy(state.book, 1), 0n);
    const side = { member: 1, market: 0, lots: -10, price: 900_001, role: 'taker' } as const;
    applyEvent(state.book, { type: 'fills', fills: [side] });
    const owed = owedBy(state.book, 1);
    equal(owed, -memberHealth(state.book, 1).equity);
    applyEvent(state.book, { type: 'flow', member: 1, quote: owed - 1n });
    equal(owedBy(state.book, 1), 1n);
    applyEvent(state.book, { type: 'flow', member: 1, quote: 1n });
    equal(isUncovered(state.book, 1), false);
    equal(owedBy(state.book, 2), 0n);
  });
});
