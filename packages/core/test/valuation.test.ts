import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health, initialWithOrders } from '@holdfast/risk';
import { accountId, type Lots, lots, marketId, ppm, seconds } from '@holdfast/units';
import { contexts } from '../src/amounts.ts';
import { accountView, apply, checkLaws, createState, restore, snapshot } from '../src/index.ts';
import type { Command, CoreConfig, State } from '../src/types.ts';
import { opening, stream, streamAccounts } from './stream.ts';
import { config, deposit, numbers, order, owner, params, report } from './support.ts';

/** Margin that grows with open interest and with a position's share of it. */
const crowded = {
  ...params,
  openInterestMax: lots(4000),
  openInterestLowPpm: ppm(20_000),
  openInterestHighPpm: ppm(900_000),
  concentrationPpm: ppm(60_000),
  concentrationCapPpm: ppm(200_000),
};

/** Every account's kept margin against the whole computation from prices, sizes and orders. */
function hold(state: State): void {
  const marketOf = contexts(state);
  for (const account of state.accounts.values()) {
    const whole = health(account, marketOf);
    const required = initialWithOrders(account, account.open, marketOf);
    const view = accountView(state, account.id);
    assert.deepEqual(
      [view?.equity, view?.initial, view?.maintenance, view?.free],
      [whole.equity, whole.initial, whole.maintenance, whole.equity - required - account.reserved],
      `account ${account.id}`,
    );
  }
}

/** The stream's commands, with leverage and crowded markets among them. */
function mixed(seed: number): (state: State, i: number) => Command {
  const dice = numbers(seed + 100);
  const next = stream(seed);
  return (state, i) => {
    const { at } = state;
    if (i % 97 === 0) {
      const account = accountId(2 + dice(streamAccounts));
      const initialPpm = ppm([0, 70_000, 150_000][dice(3)] ?? 0);
      return { type: 'leverage', at, account, initialPpm };
    }
    if (i % 301 === 0) return { type: 'params', at, market: marketId(dice(2)), params: crowded };
    return next(state);
  };
}

describe('kept margin', () => {
  it('is the whole computation after any command', () => {
    for (const seed of [21, 22]) {
      const state = createState({
        ...config,
        markets: config.markets.map(({ id }) => ({ id, params: crowded })),
      });
      for (const command of opening()) apply(state, command);
      const next = mixed(seed);
      for (let i = 1; i <= 1500; i++) {
        apply(state, next(state, i));
        // Sums that nobody asked for in a while catch up on several changes at once.
        if (i % (1 + (i % 5)) === 0) hold(state);
      }
      assert.deepEqual(checkLaws(state), []);
      const again = restore(snapshot(state));
      hold(again);
    }
  });

  it('follows an account through more markets than it may be in at once', () => {
    const markets = 40;
    const wide: CoreConfig = {
      ...config,
      markets: Array.from({ length: markets }, (_, id) => ({ id: marketId(id), params: crowded })),
    };
    const state = createState(wide);
    const at = seconds(1000);
    for (const id of [2, 3]) {
      apply(state, { type: 'open', at, account: accountId(id), owner: owner(id) });
      apply(state, deposit(id, 1e9, 1000));
    }
    apply(state, report(1, Array(markets).fill(1000), 1000));
    const accepts = (account: number, isBuy: boolean, short: Parameters<typeof order>[2]) => {
      const signed = order(account, isBuy, short);
      const { events } = apply(state, { type: 'order', at, order: signed });
      const isTaken = events.some(({ type }) => type === 'accepted');
      assert.ok(isTaken, JSON.stringify(short));
      hold(state);
    };
    for (let market = 0; market < markets; market++) {
      const seq = market + 1;
      accepts(2, true, { market, lane: 1, seq, price: 999 });
      accepts(2, true, { market, lane: 2, seq, size: 3 });
      accepts(3, false, { market, lane: 2, seq, size: 3, tif: 1 });
      // Out of the market again, but for a quote on lane 1 that the next market takes over.
      accepts(2, false, { market, lane: 3, seq, size: 3 });
      accepts(3, true, { market, lane: 3, seq, size: 3, tif: 1 });
    }
    assert.ok((state.accounts.get(accountId(2))?.sums?.parts.length ?? 0) <= 32);
  });

  it('follows each parameter and the price alone', () => {
    // Half of the cap is open: a ppm of the base more leaves the market's margin as it is.
    const half = {
      ...crowded,
      initialPpm: ppm(50_001),
      openInterestLowPpm: ppm(0),
      openInterestHighPpm: ppm(1_000_000),
      concentrationPpm: ppm(600_000),
      concentrationCapPpm: ppm(700_000),
    };
    const state = createState({ ...config, markets: [{ id: marketId(0), params: half }] });
    const at = seconds(1000);
    for (const id of [2, 3]) {
      apply(state, { type: 'open', at, account: accountId(id), owner: owner(id) });
      apply(state, deposit(id, 1e9, 1000));
    }
    apply(state, report(1, [1000], 1000));
    apply(state, { type: 'order', at, order: order(2, false, { size: 2000 }) });
    apply(state, { type: 'order', at, order: order(3, true, { size: 2000, tif: 1 }) });
    apply(state, { type: 'confirmed', at, number: null, indexes: [] });
    hold(state);
    const seen = new Set<string>();
    const changes = [
      { initialPpm: ppm(50_002) },
      { maintenancePpm: ppm(30_001) },
      { concentrationPpm: ppm(600_005) },
      { concentrationCapPpm: ppm(600_000) },
      { openInterestMax: lots(2100) },
    ];
    for (const change of changes) {
      for (const next of [{ ...half, ...change }, half]) {
        apply(state, { type: 'params', at, market: marketId(0), params: next });
        hold(state);
        seen.add(JSON.stringify(Object.values(accountView(state, accountId(2)) ?? {}).map(String)));
      }
    }
    // Each of them mattered, and the way back led to the same again.
    assert.equal(seen.size, changes.length + 1);
    apply(state, report(2, [1001], 1001, 0));
    assert.equal(state.markets.get(marketId(0))?.index, 0n);
    hold(state);
  });

  it('is told by the laws where it is of something else', () => {
    const state = createState(config);
    for (const command of opening()) apply(state, command);
    const account = state.accounts.get(accountId(5));
    assert.deepEqual(checkLaws(state), []);
    account?.positions.set(marketId(0), 7 as Lots);
    const breach = 'account 5 keeps margin of something else';
    assert.ok(checkLaws(state).includes(breach));
  });
});
