/**
 * One query put to all solvers at once. As a program it reads `{ query, solvers, seconds }` as JSON
 * and prints the decision as JSON: the compiler waits for it, and can wait for a program alone.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMain } from '../is-main.mjs';

/** How much longer a solver may take than the first: a factor of its time, and at least ms. */
const patience = { factor: 2, leastMs: 1000 };

/**
 * @typedef {{ name: string, version: string, command: string, args: readonly string[] }} Solver
 *   `args` hold `{file}`, `{seconds}` and `{ms}`
 * @typedef {'sat' | 'unsat' | 'unknown'} Answer
 * @typedef {{ answer: Answer, text: string }} Reply
 */

/**
 * Asks every solver that can; the answer is that of whoever has one. At the limit a solver is
 * ended, and its answer is `unknown`.
 *
 * @param {string} query SMT-LIB text
 * @param {readonly Solver[]} solvers
 * @param {number} seconds limit of each
 * @returns {Promise<Reply & { silent: string[] }>} `silent`: names of those without an answer
 * @throws {Error} if one says sat and another unsat
 */
export async function decide(query, solvers, seconds) {
  // Only z3 finds invariants.
  const able = solvers.filter(({ name }) => name === 'z3' || !query.startsWith('(set-logic HORN)'));
  const folder = mkdtempSync(join(tmpdir(), 'prove-'));
  try {
    const file = join(folder, 'query.smt2');
    writeFileSync(file, query);
    const started = Date.now();
    const questions = able.map((solver) => ask(solver, file, seconds));
    const replies = await Promise.all(
      questions.map(async ({ reply }, at) => {
        const found = await reply;
        const more = Math.max(patience.leastMs, patience.factor * (Date.now() - started));
        if (found.answer !== 'unknown') {
          for (const [i, other] of questions.entries()) if (i !== at) other.stop(more);
        }
        return found;
      }),
    );
    const definite = replies.filter(({ answer }) => answer !== 'unknown');
    if (definite.some(({ answer }) => answer !== definite[0].answer)) {
      throw new Error('the solvers contradict each other: one says sat, the other unsat');
    }
    const spoke = able.filter((_, at) => replies[at].answer !== 'unknown');
    const silent = solvers.filter((solver) => !spoke.includes(solver)).map(({ name }) => name);
    return { ...(definite[0] ?? { answer: 'unknown', text: 'unknown\n' }), silent };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts one solver on a file; it may be ended early. */
function ask({ command, args }, file, seconds) {
  const values = { '{file}': file, '{seconds}': seconds, '{ms}': seconds * 1000 };
  const filled = args.map((arg) => arg.replace(/\{\w+\}/g, (name) => String(values[name])));
  const child = spawn(command, filled, { stdio: ['ignore', 'pipe', 'ignore'] });
  const kill = () => child.kill('SIGKILL');
  const timers = [setTimeout(kill, seconds * 1000 + 500)];
  const reply = new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', () => {
      for (const timer of timers) clearTimeout(timer);
      resolve({ answer: answerOf(text), text });
    });
  });
  return { reply, stop: (afterMs) => timers.push(setTimeout(kill, afterMs)) };
}

/**
 * The first line of a reply. Anything but a plain verdict, a time-out too, is `unknown`.
 *
 * @param {string} text
 * @returns {Answer}
 */
export function answerOf(text) {
  const [line] = text.split('\n', 1);
  return line === 'sat' || line === 'unsat' ? line : 'unknown';
}

if (isMain(import.meta.url)) {
  const { query, solvers, seconds } = JSON.parse(readFileSync(0, 'utf8'));
  process.stdout.write(JSON.stringify(await decide(query, solvers, seconds)));
}
