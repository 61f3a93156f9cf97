/**
 * `npm run models`: checks the protocol models exhaustively within their bounds, and replays their
 * edges, random walks and the counterexamples of their mutants against the compiled contracts.
 */
import { parseArgs } from 'node:util';
import { isMain } from './is-main.mjs';
import type { ModelResult } from './models/check.ts';
import { play } from './models/replay.ts';
import { type ModelEntry, modelTable } from './models/table.ts';

const usage = `npm run models [-- options]

  --only <text>    models whose name holds the text, in any case
  --steps <count>  steps that are replayed against the contracts, over all models [200000]
                   0: none; a million take about two minutes
  --seed <number>  seed of the random walks [1]
  --json           the results as one object
  --help           this text

Exit code: 0 all hold; 1 a property fails, a mutant is not found, or a contract differs from its
model; 2 the options are wrong.`;

type Options = { only: string; steps: number; seed: number; json: boolean };

/** What the options say; a text says what is wrong with them. */
export function readOptions(args: readonly string[]): Options | 'help' | { wrong: string } {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const options = { only: text, steps: text, seed: text, json: flag, help: flag };
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) return 'help';
    const [steps, seed] = [values.steps ?? '200000', values.seed ?? '1'];
    if (!/^\d{1,9}$/.test(steps)) return { wrong: `--steps ${steps}: not a whole number` };
    if (!/^\d{1,9}$/.test(seed)) return { wrong: `--seed ${seed}: not a whole number` };
    const only = values.only ?? '';
    return { only, steps: Number(steps), seed: Number(seed), json: values.json ?? false };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

/** The models that an option names. */
export const chosen = (only: string): ModelEntry[] =>
  modelTable.filter(({ model }) => model.name.toLowerCase().includes(only.toLowerCase()));

/** The table as it is printed. */
export function report(results: readonly ModelResult[]): string {
  const lines = results.flatMap((result) => {
    const { states, transitions, refusals, depth, seconds } = result;
    const counts = `${states} states, ${transitions} transitions, ${refusals} refusals`;
    const head = `${result.protocol}: ${counts}, depth ${depth}, ${seconds.toFixed(1)} s`;
    const rows = result.properties.map(({ property, kind, mutant, mutantDepth, violation }) => {
      const seen = mutantDepth === undefined ? 'NOT FOUND' : `found at depth ${mutantDepth}`;
      const verdict = violation === undefined ? 'holds' : 'FAILS';
      const name = `${property.padEnd(44)} ${kind.padEnd(8)}`;
      const row = `  ${verdict}  ${name} mutant: ${mutant}, ${seen}`;
      return violation === undefined ? row : `${row}\n${violation.replace(/^/gm, '      ')}`;
    });
    return [head, `  bounds: ${result.bounds}`, ...rows];
  });
  return lines.join('\n');
}

/** How many properties fail or have no mutant that breaks them. */
export const faults = (results: readonly ModelResult[]): number =>
  results
    .flatMap(({ properties }) => properties)
    .filter(({ violation, mutantDepth }) => violation !== undefined || mutantDepth === undefined)
    .length;

/** Replays the models in equal parts; one line of what was done, or what differs. */
function replay(entries: readonly ModelEntry[], { steps, seed }: Options) {
  const started = performance.now();
  const share = Math.ceil(steps / entries.length);
  const parts = entries.map(({ write }, i) => write(share, seed + i));
  const difference = play(parts.flatMap(({ programs }) => programs));
  const sum = (of: (part: (typeof parts)[number]) => number) =>
    parts.reduce((all, part) => all + of(part), 0);
  return {
    steps: sum(({ programs }) => programs.reduce((all, { count }) => all + count, 0)),
    edges: sum(({ edges }) => edges),
    walked: sum(({ walked }) => walked),
    mutants: sum(({ mutants }) => mutants),
    seconds: Math.round((performance.now() - started) / 1_000),
    difference,
  };
}

function main(): void {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(usage);
    return;
  }
  const entries = 'wrong' in options ? [] : chosen(options.only);
  if ('wrong' in options || entries.length === 0) {
    const names = modelTable.map(({ model }) => model.name).join(', ');
    console.error('wrong' in options ? options.wrong : `no such model; there are: ${names}`);
    process.exitCode = 2;
    return;
  }
  const results = entries.map(({ check }) => check());
  if (!options.json) console.log(report(results));
  const replayed = options.steps === 0 ? undefined : replay(entries, options);
  if (faults(results) > 0 || replayed?.difference !== undefined) process.exitCode = 1;
  if (options.json) {
    console.log(JSON.stringify({ models: results, replayed }, undefined, 2));
    return;
  }
  const { length } = results.flatMap(({ properties }) => properties);
  console.log(`${length} properties, ${faults(results)} that fail or have no mutant`);
  if (!replayed) return;
  const { steps, edges, walked, mutants, seconds, difference } = replayed;
  const what = `${edges} edges, ${walked} random steps, ${mutants} mutants that the chain refuses`;
  if (difference === undefined) console.log(`replayed ${steps} steps in ${seconds} s: ${what}`);
  else console.error(`contracts differ from their models:\n${difference}`);
}

if (isMain(import.meta.url)) main();
