import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { protocolLane, protocolOrder } from '@holdfast/order';
import type { Verdict } from '../src/bisect.ts';
import type { FillTerms } from '../src/fills.ts';
import { applyEvent, undo } from '../src/mirror.ts';
import { firstFills, firstGasModel, takeFills } from '../src/planner.ts';
import { predict } from '../src/predictor.ts';
import { createWorld, push, trade, type World } from './world.ts';

const fillsOf = (w: World) => [...w.core.unconfirmed.values()];

function loaded(): World {
  const w = createWorld();
  push(w);
  for (let i = 0; i < 8; i++) trade(w, 2 + (i % 4), 2 + ((i + 1) % 4), i % 2, 10 + i);
  return w;
}

function change<T extends FillTerms>(fill: T, side: 'maker' | 'taker', more: object): T {
  return { ...fill, [side]: { ...fill[side], ...more } };
}

const codeOf = (verdict: Verdict): string => (verdict.kind === 'ok' ? 'ok' : verdict.code);

describe('orders of the protocol', () => {
  const w = loaded();
  const [first] = fillsOf(w);
  assert(first !== undefined);
  const say = (list: readonly FillTerms[], now = w.time) =>
    codeOf(predict(w.ledger.mirror, list, { now }));

  it('judges what the protocol sold by how the account stood before', () => {
    const { mirror } = w.ledger;
    const { mark, index } = mirror.markets.get(0)!;
    const { tickValue, maintenancePpm } = mirror.params.get(0)!;
    const maker = { ...first.maker, isBuy: true, price: mark + 9, size: 50 };
    const id = first.taker.account;
    const row = mirror.accounts.get(id)!;
    const fill = (price: number, lots = 4) => {
      const terms = { ...first.taker, isBuy: false, size: 10, price, seq: 1 };
      const taker = protocolOrder(terms as never);
      return { ...first, maker, taker, price: mark, lots } as never as typeof first;
    };
    // Long 10 lots, with a part of the maintenance requirement as equity.
    const worth = 10 * mark * tickValue;
    const maintenance = Math.ceil((worth * maintenancePpm) / 1e6);
    const says = (equity: number, list: readonly FillTerms[]) => {
      const cash = (BigInt(equity - worth) << 32n) + 10n * index;
      mirror.accounts.set(id, { ...row, cash, sizes: new Map([[0, 10]]) });
      const said = say(list);
      mirror.accounts.set(id, row);
      return said;
    };
    const half = maintenance >> 1;
    assert.equal(says(half, [fill(mark - 1)]), 'ok');
    assert.equal(says(maintenance, [fill(mark - 1)]), 'NotLiquidatable');
    assert.equal(says(-1, [fill(mark - 1)]), 'AccountBankrupt');
    assert.equal(says(maintenance - 1, [fill(mark - 1, 1)]), 'SeizureTooCheap');
    assert.equal(says(maintenance - 1, [fill(mark, 1)]), 'ok');
    assert.equal(says(maintenance - 1, [fill(mark, 10)]), 'SeizureTooLarge');
    const more = { ...fill(mark), id: 99, taker: { ...first.taker, isBuy: false, price: 1 } };
    assert.equal(says(half, [fill(mark), more as never]), 'ProtocolNotAlone');
    const entry = { type: 'Tightened', scope: 1, level: 2, until: w.time + 50 } as const;
    const entries = applyEvent(mirror, entry);
    // The maker closes a short, which the breaker allows: the seizure is what it stops.
    const rich = mirror.accounts.get(maker.account)!;
    mirror.accounts.set(maker.account, { ...rich, sizes: new Map([[0, -50]]) });
    assert.equal(says(half, [fill(mark - 1)]), 'BreakerTripped');
    undo(mirror, entries);
    assert.equal(says(half, [fill(mark - 1)]), 'ok');
    mirror.accounts.set(maker.account, rich);
  });

  it('keeps apart what the protocol sold: whole, and alone with its account', () => {
    const w = loaded();
    const fills = fillsOf(w);
    const seized = { lane: protocolLane, seq: 1, account: 9 };
    const limits = { fillsMax: 2, gasMax: 30_000_000 };
    const roomy = { fillsMax: 100, gasMax: 30_000_000 };
    const take = (list: typeof fills, of = roomy) =>
      takeFills(list, of, firstGasModel, false, 9).length;
    const whole = fills.map((fill, i) => (i < 4 ? change(fill, 'taker', seized) : fill));
    assert.equal(take(whole, limits), 4);
    assert.equal(take(whole), fills.length);
    const later = whole.map((fill, i) => (i === 5 ? change(fill, 'maker', { account: 9 }) : fill));
    assert.equal(take(later), 5);
    assert.equal(firstFills(later, 100).length, 5);
    const before = fills.map((fill, i) =>
      i === 0
        ? change(fill, 'maker', { account: 9 })
        : i === 2
          ? change(fill, 'taker', seized)
          : fill,
    );
    assert.equal(take(before), 2);
    assert.equal(firstFills(before, 100).length, 2);
  });
});
