/** Running the steps of a gate: one child process each, its output passed through and counted. */
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { root } from './sources.mjs';

/**
 * A command line below the repository's root. A step that takes longer than `minutesMax` is ended
 * with all that it started, and has failed.
 */
export type Step = {
  name: string;
  command: string;
  args: readonly string[];
  minutesMax?: number;
  /** On top of this process's own environment. */
  env?: Readonly<Record<string, string>>;
  /** It takes only what others leave of the processors, and so do the steps that it runs. */
  isPatient?: boolean;
};

/** How a step ended: exit code, seconds, and the tests that its own summary reports. */
export type StepResult = { name: string; code: number; seconds: number; counts: Counts };

export type Counts = { passed: number; failed: number };

/** A step that runs a TypeScript program of this repository. */
export function script(name: string, ...args: string[]): Step {
  return { name, command: process.execPath, args: ['--import', 'tsx', ...args] };
}

const minutesMaxDefault = 20;
const signals = ['SIGINT', 'SIGTERM'] as const;
/** Time that a step has to end in order once it was asked to. */
const graceMs = 15_000;
/** Time that the output of a step may stay open after its end. */
const lingerMs = 5000;

/** Ends the process group that `pid` leads: asked first, then made to. */
function endGroup(pid: number): NodeJS.Timeout {
  const send = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // The group has ended by itself.
    }
  };
  send('SIGTERM');
  return setTimeout(() => send('SIGKILL'), graceMs);
}

const patience = constants.priority.PRIORITY_LOW;
/** Time after which the priority of another session may be set. */
const againMs = 150;

/** Makes the process group that `pid` leads, and what it will start, wait for all others. */
function makePatient(pid: number): void {
  setPriority(pid, patience);
  // Linux shares the processors between sessions first: a process's priority counts within its
  // session alone.
  if (existsSync(`/proc/${pid}/autogroup`)) makeSessionPatient(pid);
}

function makeSessionPatient(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, `${patience}`);
  } catch (error) {
    // Who is not root may do it ten times a second; any other failure means that it has ended.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') setTimeout(makeSessionPatient, againMs, pid).unref();
  }
}

/** Runs one step with its output passed through. A signal counts as exit code 1. */
export function runStep(step: Step, cwd = root): Promise<StepResult> {
  const started = Date.now();
  return new Promise((resolve, reject) => {
    // A group of its own, so that a step that hangs can be ended with all that it started.
    const child = spawn(step.command, step.args, {
      cwd,
      env: { ...process.env, ...step.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    if ((step.isPatient || getPriority() >= patience) && child.pid !== undefined) {
      makePatient(child.pid);
    }
    let output = '';
    let ending: NodeJS.Timeout | undefined;
    const end = (): void => {
      ending ??= child.pid === undefined ? undefined : endGroup(child.pid);
    };
    const tooLong = setTimeout(
      () => {
        process.stderr.write(`\n${step.name}: not done after ${step.minutesMax} min, ended\n`);
        end();
      },
      (step.minutesMax ?? minutesMaxDefault) * 60_000,
    );
    let stopped = false;
    const stop = (): void => {
      stopped = true;
      end();
    };
    for (const signal of signals) process.once(signal, stop);
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk);
    });
    child.on('error', reject);
    child.on('exit', () => {
      // A process that the step left behind may hold its output open for ever.
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, lingerMs).unref();
    });
    child.on('close', (exit) => {
      if (stopped) process.exit(130);
      clearTimeout(tooLong);
      clearTimeout(ending);
      for (const signal of signals) process.removeListener(signal, stop);
      const code = exit ?? 1;
      const seconds = (Date.now() - started) / 1000;
      resolve({ name: step.name, code, seconds, counts: countStep(output, code) });
    });
  });
}

/**
 * Tests that the step's own summaries report: those of node:test and of forge. A step without a
 * summary is one check. A failed step counts at least one failure, whatever it printed.
 */
export function countStep(output: string, code: number): Counts {
  const plain = stripVTControlCharacters(output);
  const sum = (pattern: RegExp): number =>
    [...plain.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  const passed = sum(/^(?:ℹ|#) pass (\d+)$/gm) + sum(/: (\d+) tests passed, \d+ failed/g);
  const failed = sum(/^(?:ℹ|#) fail (\d+)$/gm) + sum(/: \d+ tests passed, (\d+) failed/g);
  if (passed + failed === 0)
    return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed };
}

/** One line per step with its time, for the end of a run. */
export function timeTable(results: readonly StepResult[]): string {
  return results
    .map(({ name, code, seconds }) => {
      const verdict = code === 0 ? 'ok    ' : 'FAILED';
      return `${verdict} ${name.padEnd(28)} ${seconds.toFixed(1).padStart(7)} s`;
    })
    .join('\n');
}
