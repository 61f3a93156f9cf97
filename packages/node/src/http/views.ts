import { accountView, depth, impactView, ordersOf, stateHash } from '@holdfast/core';
import type { AccountId, MarketId } from '@holdfast/units';
import { phaseOf } from '../auctions.ts';
import type { NodeParts } from '../parts.ts';

/** What the HTTP interface says about each thing: plain data, bigints left for the encoder. */

export function marketView(parts: NodeParts, id: MarketId): object | undefined {
  const market = parts.engine.state.markets.get(id);
  const described = parts.venue.markets.find((item) => item.id === id);
  if (market === undefined || described === undefined) return undefined;
  const { price, mark, priceTime, rate, index, openInterest, params } = market;
  return {
    ...described,
    ...params,
    indexPrice: price,
    markPrice: mark,
    priceTime,
    fundingRatePpmPerDay: rate,
    fundingIndex: index,
    openInterest,
    ...phaseOf(parts, id),
  };
}

export function bookView(parts: NodeParts, id: MarketId, levels: number): object | undefined {
  if (!parts.engine.state.markets.has(id)) return undefined;
  return { market: id, ...depth(parts.engine.state, id, levels) };
}

/** What reporters make the mark and the funding rate of. */
export function impactBody(parts: NodeParts, id: MarketId): object | undefined {
  const view = impactView(parts.engine.state, id);
  if (view === undefined) return undefined;
  return { ...view, last: parts.tape.last(id), time: parts.clock.now() };
}

export function accountBody(parts: NodeParts, id: AccountId): object | undefined {
  const view = accountView(parts.engine.state, id);
  if (view === undefined) return undefined;
  const { account, equity, initial, maintenance, free } = view;
  const { owner, epoch, cash: cashQ32, userPpm } = account;
  const positions = [...account.positions].map(([market, size]) => ({ market, size }));
  const lanes = [...account.lanes].map(([lane, state]) => {
    const { seq, filled, resting } = state;
    return { lane, seq, filled, resting: resting?.remaining ?? 0 };
  });
  const sessions = [...account.sessions].map(([key, { expiry, scope }]) => {
    return { key, expiry, ...scope };
  });
  const health = { equity, initial, maintenance, free };
  return { account: id, owner, epoch, cashQ32, userPpm, ...health, positions, lanes, sessions };
}

export function ordersView(parts: NodeParts, id: AccountId): object[] | undefined {
  if (!parts.engine.state.accounts.has(id)) return undefined;
  return ordersOf(parts.engine.state, id).map(({ order, remaining }) => {
    const { signature: _, ...fields } = order;
    return { ...fields, remaining };
  });
}

/** Where everything stands; `stateHash` costs a pass over the whole state. */
export function statusView(parts: NodeParts, settler: object, withHash: boolean): object {
  const halted = parts.halted();
  const { seq, head } = parts.acks.head();
  const { commands } = parts.journal.stats();
  return {
    ok: halted === undefined,
    ...(halted === undefined ? {} : { halted }),
    venueTime: parts.clock.now(),
    ...(withHash ? { stateHash: stateHash(parts.engine.state) } : {}),
    applied: parts.engine.applied(),
    fills: parts.engine.state.fills,
    accounts: parts.engine.state.accounts.size,
    journal: { commands, head: parts.journal.head() },
    receipts: { seq, head },
    settler,
  };
}
