/** Processes as /proc shows them: whose child is whose, and which of them still live. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isAlive } from '@holdfast/venue';
import { until } from './until.ts';

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; the parent is the second field after it.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** A process that was killed but not yet reaped by its parent does nothing any more. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

/** All processes below `root`, which is not among them. Needs /proc. */
export function descendants(root: number): number[] {
  if (!existsSync('/proc')) return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const parents = new Map(pids.map((pid) => [Number(pid), parentOf(Number(pid))]));
  const found = [root];
  for (let at = 0; at < found.length; at += 1) {
    for (const [pid, parent] of parents) if (parent === found[at]) found.push(pid);
  }
  return found.slice(1);
}

/** What a process was started with; empty when it is gone. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** Those of `pids` that still run. */
export const living = (pids: readonly number[]): number[] =>
  pids.filter((pid) => isAlive(pid) && !isZombie(pid));

/** Waits for processes to end. @throws with what is left, after killing it */
export async function allGone(pids: readonly number[], msMax: number): Promise<void> {
  try {
    await until('processes ended', msMax, () => living(pids).length === 0);
  } catch {
    const left = living(pids).map((pid) => `${pid} ${commandOf(pid)}`);
    for (const pid of living(pids)) process.kill(pid, 'SIGKILL');
    throw new Error(`left behind after ${msMax} ms: ${left.join('; ')}`);
  }
}
