/**
 * `npm run fuzz`: random lives of the compiled venue on a chain, each operation held against the
 * laws and a shadow. `--help` says how.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  corpusFiles,
  type Failure,
  keep,
  type readKept,
  replay,
  search,
} from '../tests/fuzz/harness/fuzz.ts';
import { createReached, live, type Reached } from '../tests/fuzz/harness/life.ts';
import { compileMutants, houseMutants } from '../tests/fuzz/harness/mutants.ts';
import { startRig } from '../tests/fuzz/harness/rig.ts';
import { distil, missing } from '../tests/fuzz/harness/states.ts';
import { otherArtifacts } from './gas/chain.ts';
import { isMain } from './is-main.mjs';

const usage = `npm run fuzz [-- options]

  --runs <count>   random lives of up to 80 operations, after those of tests/fuzz/corpus [40]
  --seed <number>  of the lives; printed with a failure [1]
  --path <text>    of fast-check, printed with a failure: goes to it at once; needs --seed
  --life <file>    lives one life from a file, as a failure is kept, and nothing else
  --distil         keeps the shortest lives that reach each state, in place of the corpus
  --mutants        compiles mutants of the clearing house (two minutes or more), and shows that
                   each is found
  --json           states and laws with how often they were reached, as one object
  --help           this text

A failure is made as short as it gets and kept in tests/fuzz/corpus, where it is replayed first
from then on; delete the file when it is mended and its state is reached otherwise.

Exit code: 0 nothing is wrong; 1 a law or the shadow does not hold, a state is not reached, or a
mutant is not found; 2 the options are wrong.`;

type Options = {
  runs: number;
  seed: number;
  path: string | undefined;
  life: string | undefined;
  distil: boolean;
  mutants: boolean;
  json: boolean;
};

/** What the options say; a text says what is wrong with them. */
export function readOptions(args: readonly string[]): Options | 'help' | { wrong: string } {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const flags = { distil: flag, mutants: flag, json: flag, help: flag };
  try {
    const options = { runs: text, seed: text, path: text, life: text, ...flags };
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) return 'help';
    const [runs, seed] = [values.runs ?? '40', values.seed ?? '1'];
    if (!/^\d{1,7}$/.test(runs)) return { wrong: `--runs ${runs}: not a whole number` };
    if (!/^-?\d{1,10}$/.test(seed)) return { wrong: `--seed ${seed}: not a whole number` };
    const { path, life } = values;
    if (path !== undefined && !/^\d+(:\d+)*$/.test(path)) return { wrong: `--path ${path}` };
    if (path !== undefined && values.seed === undefined) return { wrong: '--path needs --seed' };
    const { distil: d = false, mutants = false, json = false } = values;
    return { runs: Number(runs), seed: Number(seed), path, life, distil: d, mutants, json };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

/** The first failure on the venue as it is, or on a mutant of it. */
async function run(
  mutant: number,
  options: Options & { readonly isQuick?: boolean },
  reached: Reached,
) {
  const rig = await startRig(mutant);
  try {
    return (await replay(rig, reached)) ?? (await search(rig, reached, options));
  } finally {
    await rig.stop();
  }
}

function tellFailure({ why, ops, seed, path }: Failure): void {
  console.error(`${why}\n${ops.map((op) => `  ${JSON.stringify(op)}`).join('\n')}`);
  if (seed === undefined) return;
  const name = `failed-${seed}-${ops.length}`;
  keep(name, { why: why.split('\n')[0]!, ops });
  console.error(`again: npm run fuzz -- --seed ${seed} --path ${path}`);
  console.error(`kept: tests/fuzz/corpus/${name}.json`);
}

async function runMutants(options: Options): Promise<void> {
  otherArtifacts.push(compileMutants());
  for (const [i, { name }] of houseMutants.entries()) {
    const failure = await run(i + 1, { ...options, isQuick: true }, createReached());
    if (failure === undefined) process.exitCode = 1;
    const found = failure?.why.split('\n')[0];
    console.log(`${failure ? 'found ' : 'MISSED'} ${name}${found ? `\n       ${found}` : ''}`);
  }
  // The same code with no mutant on: what is found above is the mutants' doing.
  const failure = await run(houseMutants.length + 1, options, createReached());
  if (failure !== undefined) process.exitCode = 1;
  console.log(failure ? `without a mutant: ${failure.why}` : 'nothing is found without a mutant');
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(usage);
    return;
  }
  if ('wrong' in options) {
    console.error(options.wrong);
    process.exitCode = 2;
    return;
  }
  if (options.mutants) return runMutants(options);
  if (options.life !== undefined) return liveOnce(options.life);
  const started = performance.now();
  const reached = createReached();
  if (options.distil) return distil(options);
  const failure = await run(0, options, reached);
  const seconds = Math.round((performance.now() - started) / 1_000);
  if (failure !== undefined) {
    tellFailure(failure);
    process.exitCode = 1;
    return;
  }
  const lost = options.path === undefined ? missing(reached) : [];
  if (lost.length > 0) {
    console.error(`never reached: ${lost.join(', ')}`);
    process.exitCode = 1;
  }
  const sorted = (map: Map<string, number>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  const { states, verdicts } = reached;
  if (options.json) {
    const [of, laws] = [sorted(states), sorted(verdicts)].map((each) => Object.fromEntries(each));
    console.log(JSON.stringify({ states: of, laws, seconds }, undefined, 2));
    return;
  }
  const show = (map: Map<string, number>): string =>
    sorted(map)
      .map(([name, count]) => `  ${`${count}`.padStart(6)}  ${name}`)
      .join('\n');
  console.log(`states reached:\n${show(states)}\nlaws asked:\n${show(verdicts)}`);
  const lives = `${corpusFiles().length} kept and ${options.runs} random lives`;
  console.log(`${lives}, ${states.size} states, ${verdicts.size} laws, ${seconds} s`);
}

async function liveOnce(file: string): Promise<void> {
  const { ops } = JSON.parse(readFileSync(file, 'utf8')) as ReturnType<typeof readKept>;
  const rig = await startRig();
  try {
    const reached = createReached();
    await live(rig, ops, reached);
    console.log([...reached.states].map(([name, count]) => `${count} ${name}`).join('\n'));
  } finally {
    await rig.stop();
  }
}

if (isMain(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
