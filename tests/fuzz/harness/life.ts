/**
 * One life of the venue: operations one after another, each held against the laws and a shadow of
 * what it should have moved.
 */
import assert from 'node:assert/strict';
import { controlActs } from './acts-control.ts';
import { marketActs } from './acts-market.ts';
import { moneyActs } from './acts-money.ts';
import { changed, judgeState, type Verdicts } from './judge.ts';
import type { Op } from './operations.ts';
import type { Outcome, Rig, Seen } from './rig.ts';
import { sizeOf } from './shadow.ts';

/** How often each state was reached, and each law asked, over all lives. */
export type Reached = { readonly states: Map<string, number>; readonly verdicts: Verdicts };
export const createReached = (): Reached => ({ states: new Map(), verdicts: new Map() });

/** What a life remembers beside the chain. */
export type Life = {
  readonly rig: Rig;
  readonly reached: Reached;
  /** One-time numbers used, as `account/number`. */
  readonly nonces: Set<string>;
  /** Second at which a clearing of a scope was proposed. */
  readonly clearings: Map<number, number>;
  /** Second at which a tuple of a market was proposed, and its maintenance margin. */
  readonly proposals: Map<number, { time: number; maintenancePpm: number }>;
  /** One-time numbers of forced withdrawals, by request. */
  readonly forcedNonces: Map<number, number>;
  mark(state: string): void;
};

/** What an operation did: which accounts it changed, and their cash by how much (Q32). */
export type Effect = {
  readonly outcome: Outcome;
  /** Amounts by account; undefined where only the laws say how much. */
  readonly cash?: ReadonlyMap<number, bigint>;
  /** Lots by account and market, as `account/market`. */
  readonly lots?: ReadonlyMap<string, number>;
  /** The venue is frozen: its books do not answer any more. */
  readonly isEnd?: boolean;
  /** Accounts that may have changed in a way that is not told here. */
  readonly free?: readonly number[] | 'all';
};
/** Carries an operation out. `after` reads the chain, once. */
export type Act<O extends Op> = (
  life: Life,
  op: O,
  before: Seen,
  after: () => Promise<Seen>,
) => Promise<Effect>;
export type Acts<K extends Op['op']> = { [N in K]: Act<Extract<Op, { op: N }>> };

const acts: Acts<Op['op']> = { ...marketActs, ...moneyActs, ...controlActs };

/** Lives through operations, from the stage on. @throws Error naming the one that failed */
export async function live(rig: Rig, ops: readonly Op[], reached: Reached): Promise<void> {
  await rig.reset();
  const life: Life = {
    rig,
    reached,
    nonces: new Set(),
    clearings: new Map(),
    proposals: new Map(),
    forcedNonces: new Map(),
    mark: (state) => reached.states.set(state, (reached.states.get(state) ?? 0) + 1),
  };
  let before: Seen | undefined = await rig.read();
  for (const [i, op] of ops.entries()) {
    try {
      before = await step(life, op, before);
    } catch (error) {
      if (!(error instanceof assert.AssertionError)) throw error;
      throw new Error(`operation ${i}, ${JSON.stringify(op)}: ${error.message}`);
    }
    if (before === undefined) break;
  }
}

/** @returns the state after it; undefined at the end of the venue */
async function step(life: Life, op: Op, before: Seen): Promise<Seen | undefined> {
  let seen: Seen | undefined;
  const after = async (): Promise<Seen> => (seen ??= await life.rig.read());
  const act = acts[op.op] as Act<Op>;
  const effect = await act(life, op, before, after);
  const { ok, error } = effect.outcome;
  life.mark(`${op.op}: ${ok ? 'done' : error}`);
  if (effect.isEnd) return undefined;
  const now = await after();
  // A law of the contracts themselves, broken on the way.
  assert.notEqual(error, 'Panic', 'it panics');
  judgeState(life.reached.verdicts, before, now);
  holdEffect(before, now, effect);
  return now;
}

/** The shadow: accounts changed by what the operation should have moved, and nobody else did. */
function holdEffect(before: Seen, now: Seen, { outcome, cash, lots, free = [] }: Effect): void {
  if (free === 'all' && outcome.ok) return;
  const may = new Set<number>(outcome.ok && free !== 'all' ? free : []);
  for (const id of changed(before, now)) {
    const isTold =
      outcome.ok &&
      (cash?.has(id) || [...(lots?.keys() ?? [])].some((key) => key.startsWith(`${id}/`)));
    assert.ok(may.has(id) || isTold, `account ${id} changed`);
  }
  if (!outcome.ok) {
    assert.equal(now.liabilities, before.liabilities, 'a refused call moved money');
    return;
  }
  for (const [id, amount] of cash ?? []) {
    const moved = now.accounts.get(id)!.cash - before.accounts.get(id)!.cash;
    if (!may.has(id)) assert.equal(moved, amount, `cash of account ${id}`);
  }
  for (const [key, amount] of lots ?? []) {
    const [id, market] = key.split('/').map(Number) as [number, number];
    const moved = sizeOf(now, id, market) - sizeOf(before, id, market);
    assert.equal(moved, amount, `lots of account ${id}`);
  }
}
