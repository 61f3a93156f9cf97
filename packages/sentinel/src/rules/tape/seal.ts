/** Closes a block of a tape. */
import type { BlockView, VenueState } from '../../rule.ts';
import { selectorOf } from '../kit/selectors.ts';
import { type Books, callOf, tell, touchedRow } from './books.ts';
import { budgets, usedSince } from './custody.ts';
import { hashOf, places } from './venue.ts';

function settle(b: Books, batchSkip: number): void {
  const { state } = b;
  if (b.batch.size > 0) {
    state.batchNumber += 1 + batchSkip;
    state.batchHead = hashOf(state.batchNumber);
    const accounts = [...b.batch].map(([account, markets]) => touchedRow(b, account, markets));
    const args = { number: BigInt(state.batchNumber), head: state.batchHead };
    tell(b, { source: 'clearingHouse', name: 'Settled', args, accounts, orders: b.orders });
  }
  const spoke = b.batch.size > 0 || b.events.some(({ name }) => name === 'Refreshed');
  if (!spoke) return;
  b.txs.push(callOf(b, places.sequencer, places.clearingHouse, selectorOf('settle')));
}

function snapshot(b: Books): VenueState {
  const { state } = b;
  const { vault } = state;
  const used = { hourUsed: usedSince(b, 3600), dayUsed: usedSince(b, 86_400) };
  state.vault = { ...vault, ...used, ...budgets(b) };
  const isSame = b.touched.size === 0 && b.previous !== undefined;
  return {
    ...state,
    accounts: isSame ? (b.previous as VenueState).accounts : new Map(state.accounts),
    markets: new Map(state.markets),
  };
}

/** The block with all that was written; the next one begins `seconds` later. */
export function sealBlock(b: Books, seconds: number, batchSkip: number): BlockView {
  settle(b, batchSkip);
  b.paid = b.paid.filter(({ time }) => time > b.time - 86_400);
  const state = snapshot(b);
  const view: BlockView = {
    number: b.number,
    hash: hashOf(b.number),
    parentHash: hashOf(b.number - 1),
    timestamp: b.time,
    baseFee: 1_000_000_000n,
    events: b.events,
    state,
    ...(b.previous === undefined ? {} : { previous: b.previous }),
    touched: b.touched,
    pending: false,
    txs: b.txs,
  };
  Object.assign(b, {
    events: [],
    txs: [],
    touched: new Set(),
    batch: new Map(),
    orders: [],
    previous: state,
    number: b.number + 1,
    time: b.time + seconds,
  });
  return view;
}
