/** Running the steps of a gate: one child process each, its output passed through and counted. */
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { root } from './sources.mjs';

/** A command line below the repository's root. */
export type Step = { name: string; command: string; args: readonly string[] };

/** How a step ended: exit code, seconds, and the tests that its own summary reports. */
export type StepResult = { name: string; code: number; seconds: number; counts: Counts };

export type Counts = { passed: number; failed: number };

/** A step that runs a TypeScript program of this repository. */
export function script(name: string, ...args: string[]): Step {
  return { name, command: process.execPath, args: ['--import', 'tsx', ...args] };
}

/** Runs one step with its output passed through. A signal counts as exit code 1. */
export function runStep(step: Step, cwd = root): Promise<StepResult> {
  const started = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn(step.command, step.args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk);
    });
    child.on('error', reject);
    child.on('close', (exit) => {
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
