/** What rules see of the tables. */
import type { VenueState } from '../rule.ts';
import { type Tables, venueRow } from './tables.ts';
import { type Budgets, windowsAt } from './windows.ts';

/** The state of the tables at a time; reads through to them. */
export function stateOf(tables: Tables, budgets: Budgets, time: number): VenueState {
  const row = venueRow(tables);
  const { low: _low, ...windows } = windowsAt(tables, budgets, time);
  const { liabilities, queued, gatedUntil } = row;
  return {
    accounts: tables.accounts,
    markets: tables.markets,
    vault: { liabilities, queued, queue: tables.queue, gatedUntil, ...windows },
    insuranceQ32: tables.accounts.get(0)?.cashQ32 ?? 0n,
    backstops: tables.backstops,
    forced: tables.forced,
    forcedDone: row.forcedDone,
    breaker: tables.breaker,
    guardians: row.guardians,
    batchNumber: row.batchNumber,
    batchHead: row.batchHead,
    round: row.round,
    reportTime: row.reportTime,
    sequencer: row.sequencer,
    governor: row.governor,
    reportSkewSecondsMax: row.reportSkewSecondsMax,
    insolvency: row.insolvency,
    frozenTime: row.frozenTime,
  };
}
