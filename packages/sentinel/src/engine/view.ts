/** What rules are given of a block or of a pending transaction. */
import type { Hex } from '@holdfast/units';
import type { Passed } from '../laws/block.ts';
import type { BlockView, TxView } from '../rule.ts';
import { before, type Tables } from '../state/tables.ts';
import { stateOf } from '../state/view.ts';
import type { Budgets } from '../state/windows.ts';
import type { Taken } from './history.ts';

/** The view after a block whose events are in the tables. */
export function viewOf(
  tables: Tables,
  budgets: Budgets,
  passed: Passed,
  taken: Omit<Taken, 'memories' | 'broken'>,
  previous: Taken,
  more: Pick<BlockView, 'parentHash' | 'pending' | 'txs'>,
): BlockView {
  const { number, hash, time, baseFee, undo } = taken;
  const accounts = undo.filter(({ table }) => table === 'accounts').map(({ key }) => Number(key));
  return {
    number,
    hash,
    timestamp: time,
    baseFee,
    events: passed.events,
    state: stateOf(tables, budgets, time),
    previous: stateOf(before(tables, undo), budgets, previous.time),
    touched: new Set(accounts),
    ...more,
  };
}

/** Transactions that the venue's events came from, or that called it; without a log, in vain. */
export function txsOf(
  all: readonly { hash: Hex; from: Hex; to?: Hex | null | undefined; input: Hex }[],
  { events }: Passed,
  sources: { has(address: Hex): boolean } = new Set(),
): TxView[] {
  const logged = new Set(events.map(({ txHash }) => txHash));
  return all
    .filter(({ hash, to }) => logged.has(hash) || (to && sources.has(to)))
    .map(({ hash, from, to, input }) => ({
      hash,
      from,
      ...(to ? { to } : {}),
      selector: input.slice(0, 10) as Hex,
      status: logged.has(hash) ? ('success' as const) : ('reverted' as const),
    }));
}
