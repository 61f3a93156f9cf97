/**
 * Withdrawals that a sentinel stops: what waits in the vault for accounts that took money out in a
 * transaction which broke a law. Whose money it is, is what such a law says it cannot be.
 */
import { lawOf } from '@holdfast/laws';
import type { Question } from '../laws/questions.ts';
import type { VenueEvent } from '../rule.ts';
import type { Tables } from '../state/tables.ts';

/** The line of the vault's queue that can be vetoed; a number ends with its line. */
const largeLine = 2n;

export interface Suspects {
  /** Numbers of the withdrawals, ascending. */
  readonly ids: readonly bigint[];
  /** Id of the first law that was broken. */
  readonly law: string;
}

/**
 * @param broken laws that do not hold
 * @param events of the block in which they broke
 * @param time of that block, seconds
 * @returns undefined when nothing can be stopped
 */
export function suspectsOf(
  broken: readonly Question[],
  events: readonly VenueEvent[],
  tables: Tables,
  time: number,
): Suspects | undefined {
  const txs = new Set(broken.map(({ tx }) => tx).filter((tx) => tx !== undefined));
  if (txs.size === 0) return undefined;
  const accounts = new Set<number>();
  for (const { source, name, args, txHash } of events) {
    const isOut = source === 'vault' && name === 'Queued';
    if (isOut && txs.has(txHash)) accounts.add(Number(args.account));
  }
  const ids = [...tables.queue.values()]
    .filter(({ id, account, readyAt }) => {
      return accounts.has(account) && (id & 3n) === largeLine && readyAt > time;
    })
    .map(({ id }) => id)
    .sort((a, b) => (a < b ? -1 : 1));
  const first = broken.find(({ tx }) => tx !== undefined && txs.has(tx));
  if (ids.length === 0 || first === undefined) return undefined;
  return { ids, law: lawOf(first.law).id };
}
