/**
 * Verdicts by what they follow from: sources, settings, and the versions of compiler and solvers.
 * Kept in the build folder of the contracts. Only facts are kept; `unknown` is asked again.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../sources.mjs';
import type { Task } from './judge.ts';
import type { Outcome } from './property.ts';
import type { Solver } from './solvers.ts';

/** Raised when the prover itself changes how it asks or judges. */
const proverVersion = 1;

export const cachePath = join(root, 'contracts/cache/prove.json');

/** The key of a task: what differs in any of its parts is another question. */
export function cacheKey(task: Task, solvers: readonly Solver[], compiler: string): string {
  const hash = createHash('sha256');
  const { sources, ...settings } = task;
  const tools = solvers.map(({ name, version }) => `${name} ${version}`);
  hash.update(JSON.stringify([proverVersion, compiler, tools, settings]));
  for (const [name, text] of [...sources].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`\0${name}\0${text.length}\0`).update(text);
  }
  return hash.digest('hex');
}

export class Cache {
  private readonly path: string;
  private readonly fresh: boolean;
  private readonly entries: Map<string, Outcome>;

  /** Reads what is there; a file that is no cache counts as none. `fresh` tells nothing of it. */
  constructor(path = cachePath, fresh = false) {
    this.path = path;
    this.entries = new Map();
    this.fresh = fresh;
    if (!existsSync(path)) return;
    try {
      const stored: Record<string, Outcome> = JSON.parse(readFileSync(path, 'utf8'));
      for (const [key, outcome] of Object.entries(stored)) this.entries.set(key, outcome);
    } catch {
      this.entries.clear();
    }
  }

  get(key: string): Outcome | undefined {
    const found = this.fresh ? undefined : this.entries.get(key);
    return found && { ...found, cached: true };
  }

  /** Keeps a verdict; writes at once, so that a run that is stopped loses nothing. */
  put(key: string, outcome: Outcome): void {
    if (outcome.verdict === 'unknown') return;
    this.entries.set(key, outcome);
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(this.path, JSON.stringify(Object.fromEntries(this.entries)));
  }
}
