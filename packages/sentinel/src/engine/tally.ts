/** What the sentinel has done, in numbers. */
import { LAWS } from '@holdfast/laws';
import type { Question } from '../laws/questions.ts';
import type { Taken } from './history.ts';

/** One law in the last blocks. */
export interface LawTally {
  readonly id: string;
  readonly title: string;
  /** Times that it was asked, and did not hold, since the start. */
  asked: number;
  broken: number;
  /** Block at which it was asked last. */
  block: number;
}

export interface Tally {
  readonly laws: ReadonlyMap<string, LawTally>;
  readonly blocks: () => number;
  readonly questions: () => number;
  /** Questions that the chain answered too. */
  readonly evm: () => number;
  readonly reads: () => number;
  readonly reorgs: () => number;
  readonly pending: () => number;
  readonly lastMs: () => number;
  /** Median and worst of the last blocks, wall ms. */
  readonly overhead: () => { medianMs: number; maxMs: number };
  readonly readProblem: () => string;
  advancedAtMs: number;
  took(taken: Taken, questions: readonly Question[], broken: number, ms: number): void;
  asked(count: number): void;
  compared(count: number): void;
  unread(problem: string): void;
  reorged(block: number): void;
  pendingBroken(hash: string): void;
}

const keptTimes = 256;

export function createTally(): Tally {
  const laws = new Map<string, LawTally>(
    LAWS.map(({ id, title, name }) => [name, { id, title, asked: 0, broken: 0, block: 0 }]),
  );
  const counts = { blocks: 0, questions: 0, evm: 0, reads: 0, reorgs: 0, pending: 0, broken: 0 };
  const times: number[] = [];
  let problem = '';
  const tally: Tally = {
    laws,
    blocks: () => counts.blocks,
    questions: () => counts.questions,
    evm: () => counts.evm,
    reads: () => counts.reads,
    reorgs: () => counts.reorgs,
    pending: () => counts.pending,
    lastMs: () => times.at(-1) ?? 0,
    overhead: () => {
      const sorted = [...times].sort((a, b) => a - b);
      const medianMs = sorted[Math.floor(sorted.length / 2)] ?? 0;
      return { medianMs, maxMs: sorted.at(-1) ?? 0 };
    },
    readProblem: () => problem,
    advancedAtMs: Date.now(),
    took({ number, broken: names }, questions, broken, ms) {
      tally.advancedAtMs = Date.now();
      counts.blocks += 1;
      counts.questions += questions.length;
      counts.broken += broken;
      for (const { law } of questions) {
        const row = laws.get(law);
        if (row === undefined) continue;
        row.asked += 1;
        row.block = number;
      }
      for (const name of names) {
        const row = laws.get(name);
        if (row !== undefined) row.broken += 1;
      }
      times.push(ms);
      if (times.length > keptTimes) times.shift();
    },
    asked: (count) => {
      counts.evm += count;
    },
    compared: (count) => {
      counts.reads += count;
      problem = '';
    },
    unread: (text) => {
      problem = text;
    },
    reorged: () => {
      counts.reorgs += 1;
    },
    pendingBroken: () => {
      counts.pending += 1;
    },
  };
  return tally;
}
