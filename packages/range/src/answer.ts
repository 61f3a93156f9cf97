/** What the programs of the range answer with, and the file in which they leave it. */
import { resolve } from 'node:path';
import { toJson, writeFileAtomic } from '@holdfast/host';

export interface Answer {
  readonly data: unknown;
  readonly text: string;
  /** Names of the scenarios, or seeds, that failed. */
  readonly failed: readonly string[];
}

const openMode = 0o644;

/** Writes a file for everybody to read, if one was asked for. */
export async function leave(path: string | undefined, textOf: () => string): Promise<void> {
  if (path !== undefined) await writeFileAtomic(resolve(path), textOf(), openMode);
}

export const leaveJson = (path: string | undefined, data: unknown): Promise<void> =>
  leave(path, () => `${toJson(data)}\n`);
