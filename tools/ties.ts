/**
 * `npm run ties`: proved models and the deployed contracts that they stand for, step by step on one
 * chain, and the mutants that this must tell. `--help` says how.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { forge } from './forge.mjs';
import { isMain } from './is-main.mjs';
import { createCompiler } from './mutate/compiler.ts';
import { root } from './sources.mjs';
import { controlsOf, type Tie, ties } from './ties/table.ts';

const stepsDefault = 8_000;
const stepsFull = 1_000_000;

const usage = `npm run ties [-- options]

  --only <text>    ties whose name, property or suite holds the text, in any case
  --steps <count>  random operations of each tie [${stepsDefault}]
  --full           a million of each; about a quarter of an hour
  --seed <number>  seed of the operations [1]
  --json           the results as one object
  --help           this text

Each tie plays its operations on the model (contracts/proofs) and on the contract as it is
deployed, and compares answer and state after each. Then each mutant of the model, and of some
contracts, takes the place of the true one, and must be told.

Exit code: 0 all agree; 1 something differs, a mutant is not told, or an operation was never done;
2 the options are wrong.`;

type Options = { only: string; steps: number; seed: number; json: boolean };

/** What the options say; a text says what is wrong with them. */
export function readOptions(args: readonly string[]): Options | 'help' | { wrong: string } {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const options = { only: text, steps: text, seed: text, full: flag, json: flag, help: flag };
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) return 'help';
    if (values.full && values.steps !== undefined)
      return { wrong: '--full and --steps: one alone' };
    const steps = values.steps ?? `${values.full ? stepsFull : stepsDefault}`;
    const seed = values.seed ?? '1';
    if (!/^[1-9]\d{0,8}$/.test(steps)) return { wrong: `--steps ${steps}: not a positive number` };
    if (!/^\d{1,9}$/.test(seed)) return { wrong: `--seed ${seed}: not a whole number` };
    const only = values.only ?? '';
    return { only, steps: Number(steps), seed: Number(seed), json: values.json ?? false };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

/** The ties that an option names. */
export const chosen = (only: string): Tie[] =>
  ties.filter(({ name, suite, properties }) =>
    [name, suite, ...properties].join(' ').toLowerCase().includes(only.toLowerCase()),
  );

const folder = join(root, 'contracts/cache/ties');
const modelsFile = 'test/ties/Models.sol';

/** Compiles the mutants of a tie into `cache/ties/<tie>/<number>`; their names in that order. */
async function writeMutants(tie: Tie): Promise<string[]> {
  const compiler = createCompiler();
  const controls = controlsOf(tie);
  try {
    for (const [i, { mutant, contracts }] of controls.entries()) {
      const text = readFileSync(join(root, mutant.file), 'utf8');
      if (!text.includes(mutant.from)) {
        throw new Error(`ties: ${mutant.file} has no text for "${mutant.name}"`);
      }
      const path = mutant.file.slice('contracts/'.length);
      const replaced = { [path]: text.replace(mutant.from, () => mutant.to) };
      const place = join(folder, tie.name, `${i + 1}`);
      mkdirSync(place, { recursive: true });
      for (const name of contracts) {
        const file = name === tie.contract ? `src/${name}.sol` : modelsFile;
        const { code, error } = await compiler.compile({ name, file }, replaced);
        if (code === undefined) throw new Error(`ties: "${mutant.name}": ${error}`);
        writeFileSync(join(place, `${name}.bin`), Buffer.from(code.slice(2), 'hex'));
      }
    }
    return controls.map(({ mutant }) => mutant.name);
  } finally {
    compiler.stop();
  }
}

/** What one tie did. */
export type Played = {
  readonly name: string;
  readonly properties: readonly string[];
  /** How often each kind of operation was done. */
  readonly done: Readonly<Record<string, number>>;
  readonly mutants: readonly string[];
  /** What is wrong; empty when nothing is. */
  readonly faults: readonly string[];
};

/** What forge said of a tie. */
export function judge(tie: Tie, mutants: readonly string[], output: string): Played {
  const start = output.indexOf(`${tie.suite}\n`);
  const next = output.indexOf('\nSuite result', start);
  const part = start < 0 ? '' : output.slice(start, next < 0 ? undefined : next);
  const done: Record<string, number> = {};
  for (const [, tieName, what, count] of part.matchAll(/^ {2}(\w+) (.+): (\d+)$/gm)) {
    if (tieName === tie.name) done[what!] = (done[what!] ?? 0) + Number(count);
  }
  const told = done['mutants told'] ?? 0;
  delete done['mutants told'];
  const faults = [...part.matchAll(/^\[FAIL: (.+?)\] (?:test_)?(\w+)/gm)].map(([, why, test]) => {
    const untold = /^Untold\((\d+)\)/.exec(why!);
    return untold ? `not told: ${mutants[Number(untold[1]) - 1]}` : `${test}: ${why}`;
  });
  const passed = [...part.matchAll(/^\[PASS\] test_/gm)].length;
  if (faults.length === 0 && passed !== 3) faults.push(`${passed} of 3 tests were played`);
  if (faults.length === 0 && told !== mutants.length) {
    faults.push(`${told} of ${mutants.length} mutants were tried`);
  }
  const idle = Object.entries(done).flatMap(([what, count]) => (count === 0 ? [what] : []));
  if (idle.length > 0) faults.push(`never done: ${idle.join(', ')}`);
  return { name: tie.name, properties: tie.properties, done, mutants, faults };
}

function play(entries: readonly Tie[], { steps, seed }: Options): string {
  const names = `^(${entries.map(({ suite }) => suite).join('|')})$`;
  const limits = ['--gas-limit', '9000000000000000000', '--memory-limit', '2000000000'];
  return forge(['test', '-vv', '--match-contract', names, ...limits], {
    capture: true,
    env: { HOLDFAST_TIES_STEPS: `${steps}`, HOLDFAST_TIES_SEED: `${seed}` },
  }).output;
}

function show({ name, properties, done, mutants, faults }: Played): string {
  const counts = Object.entries(done).map(([what, count]) => `${what} ${count}`);
  return [
    `${faults.length === 0 ? 'tied  ' : 'FAILED'} ${name}: ${properties.join(', ')}`,
    `       done: ${counts.join(', ')}`,
    `       told: ${mutants.join('; ')}`,
    ...faults.map((fault) => `       ${fault}`),
  ].join('\n');
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(usage);
    return;
  }
  const entries = 'wrong' in options ? [] : chosen(options.only);
  if ('wrong' in options || entries.length === 0) {
    const names = ties.map(({ name }) => name).join(', ');
    console.error('wrong' in options ? options.wrong : `no such tie; there are: ${names}`);
    process.exitCode = 2;
    return;
  }
  const started = performance.now();
  rmSync(folder, { recursive: true, force: true });
  const mutants = await Promise.all(entries.map(writeMutants));
  const output = play(entries, options);
  rmSync(folder, { recursive: true, force: true });
  const played = entries.map((tie, i) => judge(tie, mutants[i]!, output));
  const isWrong = played.some(({ faults }) => faults.length > 0);
  if (isWrong) process.exitCode = 1;
  if (options.json) {
    console.log(JSON.stringify(played, undefined, 2));
    return;
  }
  console.log(played.map(show).join('\n'));
  if (isWrong) console.error(output.slice(-2_000));
  const seconds = Math.round((performance.now() - started) / 1_000);
  const all = mutants.flat().length;
  console.log(`${options.steps} operations of each, ${all} mutants, ${seconds} s`);
}

if (isMain(import.meta.url)) await main();
