/** What a log moved, from the rows of the mirror that it overwrote. */
import type { Mirror, MirrorAccount, Undo } from './mirror.ts';

/** How much an event moved one account: exact, additive. */
export type AccountDelta = {
  readonly account: number;
  readonly cash: bigint;
  readonly sizes: ReadonlyMap<number, number>;
};

/** What an event that was just applied moved: after minus before, accounts ascending. */
export function deltasOf(mirror: Mirror, entries: Undo): AccountDelta[] {
  const first = new Map<number, MirrorAccount | undefined>();
  for (const { table, key, before } of entries) {
    if (table !== 'accounts' || first.has(key as number)) continue;
    first.set(key as number, before as MirrorAccount | undefined);
  }
  const deltas: AccountDelta[] = [];
  for (const [id, before] of [...first].sort((a, b) => a[0] - b[0])) {
    const after = mirror.accounts.get(id);
    const delta = between(id, before, after);
    if (delta.cash !== 0n || delta.sizes.size > 0) deltas.push(delta);
  }
  return deltas;
}

function between(
  id: number,
  before: MirrorAccount | undefined,
  after: MirrorAccount | undefined,
): AccountDelta {
  const sizes = new Map<number, number>();
  const markets = new Set([...(before?.sizes.keys() ?? []), ...(after?.sizes.keys() ?? [])]);
  for (const market of [...markets].sort((a, b) => a - b)) {
    const moved = (after?.sizes.get(market) ?? 0) - (before?.sizes.get(market) ?? 0);
    if (moved !== 0) sizes.set(market, moved);
  }
  return { account: id, cash: (after?.cash ?? 0n) - (before?.cash ?? 0n), sizes };
}
