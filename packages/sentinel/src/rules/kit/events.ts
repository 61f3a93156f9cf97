/** What a block changed, in the terms of rules. */
import type { BlockView, VenueEvent } from '../../rule.ts';

/** Events of the clearing house by name. */
export const eventsOf = (view: BlockView, ...names: readonly string[]): readonly VenueEvent[] =>
  view.events.filter(({ source, name }) => source === 'clearingHouse' && names.includes(name));

/** Change of one position over a block, lots. */
export interface Change {
  readonly account: number;
  readonly market: number;
  readonly before: number;
  readonly after: number;
}

/** Positions that the block changed. */
export function changesOf(view: BlockView): Change[] {
  const changes: Change[] = [];
  if (view.previous === undefined) return changes;
  for (const account of view.touched) {
    const was = view.previous.accounts.get(account)?.positions;
    const is = view.state.accounts.get(account)?.positions;
    for (const market of new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])) {
      const [before, after] = [was?.get(market) ?? 0, is?.get(market) ?? 0];
      if (before !== after) changes.push({ account, market, before, after });
    }
  }
  return changes;
}

/** Lots that changed hands in each market over a block, netted per account. */
export function volumesOf(changes: readonly Change[]): ReadonlyMap<number, number> {
  const volumes = new Map<number, number>();
  for (const { market, before, after } of changes) {
    if (after > before) volumes.set(market, (volumes.get(market) ?? 0) + after - before);
  }
  return volumes;
}

/**
 * Whether an operator has announced something. @param list `Name` or `Name subject`, comma
 * separated
 */
export function isAnnounced(list: string, name: string, subject: string): boolean {
  const wanted = [name, `${name} ${subject}`.trim()];
  return list.split(',').some((each) => wanted.includes(each.trim()));
}
