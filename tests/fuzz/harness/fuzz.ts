/** Many lives from a seed, the kept ones first; what fails is shrunk and kept. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { root } from '../../../tools/sources.mjs';
import { live, type Reached } from './life.ts';
import { anyLife, type Op } from './operations.ts';
import type { Rig } from './rig.ts';

export const corpusFolder = join(root, 'tests/fuzz/corpus');

/** A life that is kept: why, and its operations. */
export type Kept = { readonly why: string; readonly ops: readonly Op[] };
/** A life that failed, shrunk. */
export type Failure = {
  readonly why: string;
  readonly ops: readonly Op[];
  /** Of fast-check; absent when a kept life failed. */
  readonly seed?: number;
  readonly path?: string;
};

/** Names of kept lives, in order. */
export function corpusFiles(): string[] {
  if (!existsSync(corpusFolder)) return [];
  return readdirSync(corpusFolder)
    .filter((name) => name.endsWith('.json'))
    .sort();
}

export const readKept = (name: string): Kept =>
  JSON.parse(readFileSync(join(corpusFolder, name), 'utf8')) as Kept;

/** Keeps a life, one operation a line. */
export function keep(name: string, { why, ops }: Kept): void {
  mkdirSync(corpusFolder, { recursive: true });
  const lines = ops.map((op) => `    ${JSON.stringify(op)}`).join(',\n');
  const text = `{\n  "why": ${JSON.stringify(why)},\n  "ops": [\n${lines}\n  ]\n}\n`;
  writeFileSync(join(corpusFolder, `${name}.json`), text);
}

/** Replays what is kept. @returns the first that fails */
export async function replay(rig: Rig, reached: Reached): Promise<Failure | undefined> {
  for (const name of corpusFiles()) {
    const { ops } = readKept(name);
    try {
      await live(rig, ops, reached);
    } catch (error) {
      return { why: `corpus/${name}: ${messageOf(error)}`, ops };
    }
  }
  return undefined;
}

/** Tries random lives until one fails. @returns the one that failed, made as short as it gets */
export async function search(
  rig: Rig,
  reached: Reached,
  options: {
    readonly runs: number;
    readonly seed: number;
    readonly path?: string | undefined;
    /** As it was found, not made shorter. */
    readonly isQuick?: boolean;
  },
): Promise<Failure | undefined> {
  const { runs: numRuns, seed, path, isQuick: endOnFailure = false } = options;
  const property = fc.asyncProperty(anyLife, (ops) => live(rig, ops, reached));
  const asked = { numRuns, seed, endOnFailure, ...(path === undefined ? {} : { path }) };
  const result = await fc.check(property, asked);
  if (!result.failed) return undefined;
  const ops = result.counterexample?.[0] ?? [];
  const why = messageOf(result.errorInstance);
  return { why, ops, seed: result.seed, path: result.counterexamplePath ?? '' };
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
