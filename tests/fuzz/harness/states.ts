/** States that a run must reach, and the corpus: the shortest lives that reach each of them. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { corpusFiles, corpusFolder, keep, readKept } from './fuzz.ts';
import { createReached, live, type Reached } from './life.ts';
import { anyLife, type Op, tricks } from './operations.ts';
import { startRig } from './rig.ts';

const done = [
  'deposit',
  'withdraw',
  'withdrawSigned',
  'transfer',
  'settle',
  'cancelLane',
  'cancelAll',
  'report',
  'flag',
  'liquidate',
  'resolve',
  'unwind',
  'request',
  'execute',
  'tighten',
  'clear',
  'govern',
].map((op) => `${op}: done`);

const refusals = [
  'withdraw: MarginShort',
  'withdraw: NotOwner',
  'withdrawSigned: NonceUsed',
  'transfer: OwnersDiffer',
  'settle: SeqStale',
  'settle: MarginShort',
  'settle: BreakerTripped',
  'settle: OpenInterestExceeded',
  'settle: BatchCrowds',
  'settle: PriceStale',
  'settle: OutsideBand',
  'settle: SelfTrade',
  'cancelLane: NotOwner',
  'liquidate: NotLiquidatable',
  'liquidate: AccountBankrupt',
  'liquidate: SelfLiquidation',
  'resolve: NotCloseOut',
  'execute: ForcedEarly',
  'tighten: NotGuardian',
  'tighten: LevelNotHigher',
  'clear: ProposalEarly',
  'clear: NotGovernor',
];

const lawful: readonly string[] = ['none', 'reduce only', 'the batch comes again', 'in two fills'];

const further = [
  'refused for what it leaves',
  'resolved bankrupt',
  'resolved toBackstop',
  'resolved toCounterparties',
  'resolved toFund',
  'resolved covered',
  'resolved levied',
  'forced withdrawal done',
  'forced withdrawal void',
  'forced close done',
  'level 1',
  'level 2',
  'level 3',
  'cleared',
  'loosened after the delay',
  'frozen',
  ...tricks.filter((trick) => !lawful.includes(trick)).map((trick) => `trick refused: ${trick}`),
];

/** Every state that a run is to reach. */
export const wantedStates: readonly string[] = [...done, ...refusals, ...further];

/** States that a run did not reach. */
export const missing = ({ states }: Reached): string[] =>
  wantedStates.filter((state) => !states.has(state));

/**
 * Tries what is kept and random lives, and keeps in place of the corpus few of their beginnings,
 * which reach every wanted state between them.
 */
export async function distil({ runs, seed }: { runs: number; seed: number }): Promise<void> {
  const rig = await startRig();
  const reachedBy = new Map<readonly Op[], ReadonlySet<string>>();
  try {
    const best = new Map<string, readonly Op[]>();
    const kept = corpusFiles().map((name) => readKept(name).ops);
    for (const ops of [...kept, ...fc.sample(anyLife, { numRuns: runs, seed })]) {
      const reached = createReached();
      const places = await reachedAt(ops, reached, (life) => live(rig, life, reached));
      for (const [state, length] of places) {
        const known = best.get(state);
        if (known === undefined || known.length > length) best.set(state, ops.slice(0, length));
      }
    }
    for (const ops of best.values()) {
      const reached = createReached();
      await live(rig, ops, reached);
      reachedBy.set(ops, new Set(reached.states.keys()));
    }
  } finally {
    await rig.stop();
  }
  for (const name of corpusFiles()) rmSync(join(corpusFolder, name));
  const left = new Set(wantedStates);
  let count = 0;
  for (;;) {
    const found = nextBest(reachedBy, left);
    if (found === undefined) break;
    const [ops, states] = found;
    for (const state of states) left.delete(state);
    count += 1;
    keep(`life-${`${count}`.padStart(2, '0')}`, { why: `reaches ${states.join(', ')}`, ops });
  }
  console.log(`${count} lives kept${left.size > 0 ? `; not found: ${[...left].join(', ')}` : ''}`);
}

/** The life that reaches most of what is left for its length, and what that is. */
function nextBest(
  reachedBy: ReadonlyMap<readonly Op[], ReadonlySet<string>>,
  left: ReadonlySet<string>,
): [readonly Op[], string[]] | undefined {
  let best: [readonly Op[], string[]] | undefined;
  let most = 0;
  for (const [ops, states] of reachedBy) {
    const gained = [...left].filter((state) => states.has(state));
    if (gained.length / ops.length <= most) continue;
    [best, most] = [[ops, gained], gained.length / ops.length];
  }
  return best;
}

/** Lengths of the beginnings of a life that reach states first. */
async function reachedAt(
  ops: readonly Op[],
  reached: Reached,
  run: (ops: readonly Op[]) => Promise<void>,
): Promise<Map<string, number>> {
  const places = new Map<string, number>();
  const { set } = reached.states;
  let length = 0;
  reached.states.set = (state, count) => {
    if (!places.has(state)) places.set(state, length);
    return set.call(reached.states, state, count);
  };
  const counted = ops.map((op, i) =>
    Object.defineProperty({ ...op }, 'op', {
      enumerable: true,
      get: () => {
        length = Math.max(length, i + 1);
        return op.op;
      },
    }),
  );
  await run(counted as readonly Op[]);
  return places;
}
