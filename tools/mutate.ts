/**
 * `npm run mutate [-- package…]`: changes the sources of core, risk, order and laws one place at a
 * time and asks whether a test notices. Fails for a mutant that lives and is not explained in
 * tools/mutate/survivors.json.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { instrument, type Mutant } from './mutate/instrument.ts';
import { type Fate, judgeMutant, measureReach } from './mutate/judge.ts';
import { readSurvivors, scoreOf } from './mutate/survivors.ts';
import { root } from './sources.mjs';

const mutated = ['risk', 'order', 'laws', 'core'] as const;

const help = `npm run mutate [-- package… options]

Packages: ${mutated.join(', ')} (default: all).
  --sample N    only N mutants, chosen by the hash of the sources and --seed
  --seed TEXT   another sample (default: empty)
  --file PART   only files whose path contains this
  --jobs N      processes at a time (default: the cores)
  --json FILE   write every mutant and its fate
  --help

Examples:
  $ npm run mutate -- risk
  $ npm run mutate -- core --file match --json /tmp/match.json
  $ npm run mutate -- --sample 60
`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '' },
    file: { type: 'string', default: '' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function whole(text: string, what: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  console.error(`mutate: --${what} must be a whole number from 1, not "${text}"`);
  process.exit(2);
}

/** The first so many by a hash: the same for the same sources, others for others. */
function sampled(mutants: readonly Mutant[], count: number, seed: string): Mutant[] {
  const all = createHash('sha256')
    .update(mutants.map(({ key }) => key).join())
    .digest('hex');
  const rank = ({ key }: Mutant): string =>
    createHash('sha256').update(`${all}${seed}${key}`).digest('hex');
  return [...mutants].sort((a, b) => (rank(a) < rank(b) ? -1 : 1)).slice(0, count);
}

type Judged = { readonly mutant: Mutant; readonly fate: Fate };

async function judgeAll(home: string, packages: readonly string[], mutants: readonly Mutant[]) {
  const reaches = await measureReach(home, packages);
  const judged: Judged[] = [];
  const queue = [...mutants];
  const started = Date.now();
  const worker = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      judged.push({ mutant, fate: await judgeMutant(home, mutant, reaches) });
      if (judged.length % 50 === 0) {
        const seconds = Math.round((Date.now() - started) / 1000);
        console.log(`  ${judged.length} of ${mutants.length}, ${seconds} s`);
      }
    }
  };
  await Promise.all(Array.from({ length: whole(options.jobs, 'jobs') }, worker));
  return judged;
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
  const unknown = positionals.find((name) => !(mutated as readonly string[]).includes(name));
  if (unknown !== undefined) {
    console.error(`mutate: there is no package ${unknown} here; one of ${mutated.join(', ')}`);
    process.exit(2);
  }
  const packages = positionals.length > 0 ? positionals : [...mutated];
  const { home, mutants } = await instrument(packages);
  try {
    const inFiles = mutants.filter(({ file }) => file.includes(options.file));
    const { sample } = options;
    const chosen =
      sample === undefined ? inFiles : sampled(inFiles, whole(sample, 'sample'), options.seed);
    console.log(`mutate: ${chosen.length} of ${mutants.length} mutants of ${packages.join(', ')}`);
    const judged = await judgeAll(home, packages, chosen);
    if (options.json !== undefined) {
      const rows = judged.map(({ mutant, fate }) => ({ fate, ...mutant }));
      writeFileSync(options.json, `${JSON.stringify(rows, undefined, 1)}\n`);
    }
    report(judged);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function report(judged: readonly Judged[]): void {
  const path = join(root, 'tools/mutate/survivors.json');
  const known = existsSync(path) ? readSurvivors(readFileSync(path, 'utf8')) : new Map();
  const alive = judged.filter(({ fate }) => fate === 'survived' || fate === 'unreached');
  const fresh = alive.filter(({ mutant }) => !known.has(mutant.key));
  for (const { mutant, fate } of fresh) console.log(`${fate}: ${show(mutant)}`);
  for (const { file, all, killed, equivalent, score } of scoreOf(judged, known)) {
    const shown = `${(score * 100).toFixed(1)} %`.padStart(8);
    console.log(`${file.padEnd(40)} ${String(killed).padStart(5)}/${all - equivalent} ${shown}`);
  }
  const explained = alive.length - fresh.length;
  console.log(`mutate: ${judged.length} mutants, ${alive.length} live, ${explained} explained`);
  if (fresh.length > 0) process.exitCode = 1;
}

await main();
