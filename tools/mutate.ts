/**
 * `npm run mutate [-- package…]`: changes the sources of core, risk, order and laws, of the
 * libraries of the rules in Solidity, and of the contracts that keep state, one place at a time and
 * asks whether a test notices. Fails for a mutant that lives and is not explained in
 * tools/mutate/survivors.json.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { judgeContracts } from './mutate/contracts.ts';
import { groups } from './mutate/groups.ts';
import { instrument, type Mutant } from './mutate/instrument.ts';
import { judgeMutants, judgesOf } from './mutate/judge.ts';
import { judgeState, measured } from './mutate/state.ts';
import {
  type Judged,
  readSurvivors,
  sampleLine,
  scoresOf,
  scoreTable,
} from './mutate/survivors.ts';
import { invalidAmong } from './mutate/typecheck.ts';
import { openWorkshop } from './mutate/workshop.ts';
import { root } from './sources.mjs';

const states = groups.map(({ name }) => name);
const mutated = ['risk', 'order', 'laws', 'core', 'contracts', ...states];

const help = `npm run mutate [-- package… options]

Packages: ${mutated.join(', ')} (default: all but ${states.join(', ')}).
\`contracts\` are the libraries of the rules in Solidity, held against TypeScript on the inputs of
tests/e2e/margin.e2e.ts. \`parts\` are vault, oracle, breaker, parameters, committees and treasury,
\`house\` the clearing house, its modules, forced queue and backstop, \`governance\` votes,
seats and the access of what is voted for, \`pool\` the confidential pool: their mutants are
compiled together and judged by the tests of forge. A run that was broken off goes on where it
stopped, as long as sources and tests stay.
  --sample N    only N mutants, each as likely as any other: chosen by the hash of the sources and
                --seed; of fewer the same ones first. Tells what all of them score with 95 %
  --seed TEXT   another sample (default: empty)
  --file PART   only files whose path contains this
  --jobs N      processes at a time (default: the cores)
  --json FILE   write every mutant and its fate
  --lived FILE  only mutants that lived in the run that wrote this by --json
  --help

Examples:
  $ npm run mutate -- risk
  $ npm run mutate -- core --file match --json match.json
  $ npm run mutate -- contracts --file Margin
  $ npm run mutate -- parts --file Vault --json vault.json
  $ npm run mutate -- parts --file Vault --lived vault.json
  $ npm run mutate -- --sample 60
`;

function read() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        sample: { type: 'string' },
        seed: { type: 'string', default: '' },
        file: { type: 'string', default: '' },
        jobs: { type: 'string', default: String(availableParallelism()) },
        json: { type: 'string' },
        lived: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    console.error(`mutate: ${(error as Error).message}\n\n${help}`);
    process.exit(2);
  }
}

const { values: options, positionals } = read();

function whole(text: string, what: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  console.error(`mutate: --${what} must be a whole number from 1, not "${text}"`);
  process.exit(2);
}

/** The first so many by a hash: the same for the same sources, others for others. */
function sampled<M extends Mutant>(mutants: readonly M[], count: number, seed: string): M[] {
  const all = createHash('sha256')
    .update(mutants.map(({ key }) => key).join())
    .digest('hex');
  const rank = ({ key }: M): string =>
    createHash('sha256').update(`${all}${seed}${key}`).digest('hex');
  return [...mutants].sort((a, b) => (rank(a) < rank(b) ? -1 : 1)).slice(0, count);
}

/** Keys of what lived in an earlier run. */
function readLived(path: string): Set<string> {
  try {
    const rows = JSON.parse(readFileSync(path, 'utf8')) as { key: string; fate: string }[];
    return new Set(rows.filter(({ fate }) => isAlive(fate)).map(({ key }) => key));
  } catch (error) {
    console.error(`mutate: --lived ${path}: ${(error as Error).message}`);
    process.exit(2);
  }
}

const isAlive = (fate: string): boolean => fate === 'survived' || fate === 'unreached';
const lived = options.lived === undefined ? undefined : readLived(options.lived);

const started = Date.now();

function tell(done: number, all: number): void {
  if (done % 50 !== 0) return;
  console.log(`  ${done} of ${all}, ${Math.round((Date.now() - started) / 1000)} s`);
}

/** How many mutants there are of what was chosen from. */
let allMutants = 0;

/** What the options leave of all mutants. */
function choose<M extends Mutant>(mutants: readonly M[], what: string): M[] {
  const inFile = mutants.filter(({ file }) => file.includes(options.file));
  const inFiles = lived === undefined ? inFile : inFile.filter(({ key }) => lived.has(key));
  const { sample, seed } = options;
  allMutants += inFiles.length;
  const chosen = sample === undefined ? inFiles : sampled(inFiles, whole(sample, 'sample'), seed);
  console.log(`mutate: ${chosen.length} of ${mutants.length} mutants of ${what}`);
  return chosen;
}

async function judgePackages(packages: readonly string[]): Promise<Judged[]> {
  const { home, mutants } = await instrument(packages);
  try {
    const chosen = choose(mutants, packages.join(', '));
    const invalid = invalidAmong(chosen);
    const rest = chosen.filter(({ id }) => !invalid.has(id));
    console.log(`mutate: the compiler refuses ${invalid.size}`);
    const files = judgesOf([...new Set(rest.map(({ file }) => file.split('/')[1] as string))]);
    const judged = await judgeMutants(home, files, rest, whole(options.jobs, 'jobs'), tell);
    const refused = chosen.filter(({ id }) => invalid.has(id));
    return [...judged, ...refused.map((mutant): Judged => ({ mutant, fate: 'invalid' }))];
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Contracts that keep state: all of a group compiled once, the mutants asleep. */
async function judgeGroup(name: string): Promise<Judged[]> {
  const group = groups.find((each) => each.name === name);
  if (group === undefined) return [];
  const workshop = openWorkshop(group);
  const chosen = choose(workshop.mutants, name);
  console.log('mutate: compiling, and measuring the tests');
  const tests = await measured(workshop);
  return judgeState(workshop, tests, chosen, whole(options.jobs, 'jobs'), tell);
}

function show({ file, line, kind, original, replacement, key }: Mutant): string {
  const short = (text: string): string => {
    const flat = text.replace(/\s+/g, ' ');
    return flat.length > 60 ? `${flat.slice(0, 57)}...` : flat;
  };
  return `${file}:${line}  ${key}  ${kind}\n    ${short(original)}  →  ${short(replacement)}`;
}

async function main(): Promise<void> {
  if (options.help) {
    console.log(help);
    return;
  }
  const unknown = positionals.find((name) => !mutated.includes(name));
  if (unknown !== undefined) {
    console.error(`mutate: there is no package ${unknown} here; one of ${mutated.join(', ')}`);
    process.exit(2);
  }
  const usual = mutated.filter((name) => !states.includes(name));
  const wanted = positionals.length > 0 ? positionals : usual;
  const packages = wanted.filter((name) => name !== 'contracts' && !states.includes(name));
  const judged: Judged[] = packages.length > 0 ? await judgePackages(packages) : [];
  if (wanted.includes('contracts')) {
    const own = await judgeContracts(
      (mutants) => choose(mutants, 'contracts'),
      whole(options.jobs, 'jobs'),
      tell,
    );
    judged.push(...own);
  }
  for (const name of states.filter((each) => wanted.includes(each))) {
    judged.push(...(await judgeGroup(name)));
  }
  if (options.json !== undefined) {
    const rows = judged.map(({ mutant: { key, file, line, kind, ...rest }, fate, by }) => {
      return { fate, key, file, line, kind, from: rest.original, to: rest.replacement, by };
    });
    writeFileSync(options.json, `${JSON.stringify(rows, undefined, 1)}\n`);
  }
  report(judged);
}

function report(judged: readonly Judged[]): void {
  const path = join(root, 'tools/mutate/survivors.json');
  const known = existsSync(path) ? readSurvivors(readFileSync(path, 'utf8')) : new Map();
  const alive = judged.filter(({ fate }) => isAlive(fate));
  const fresh = alive.filter(({ mutant }) => !known.has(mutant.key));
  for (const { mutant, fate } of fresh) console.log(`${fate}: ${show(mutant)}`);
  const scores = scoresOf(judged, known);
  console.log(scoreTable(scores));
  const total = scores.at(-1);
  if (options.sample !== undefined && total !== undefined) {
    console.log(`mutate: ${sampleLine(total, allMutants, options.seed)}`);
  }
  const explained = alive.length - fresh.length;
  console.log(`mutate: ${judged.length} mutants, ${alive.length} live, ${explained} explained`);
  if (fresh.length > 0) process.exitCode = 1;
}

await main();
