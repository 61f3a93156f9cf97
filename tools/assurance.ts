/**
 * Generator for `npm run docs`: docs/ASSURANCE.md, which tells for each law where it is enforced,
 * proved, fuzzed, simulated and watched, and what is not proved. Fails when a file, test or
 * property that it names is not there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LAWS, usesOf } from '@holdfast/laws';
import {
  constructed,
  fuzzed,
  modelled,
  ofAllLaws,
  simulated,
  unproved,
} from './assurance/evidence.ts';
import { filesIn } from './files.ts';
import { propertyRows } from './models/table.ts';
import { properties as sourceProperties } from './prove/properties.ts';
import type { Property } from './prove/property.ts';
import { methodText } from './prove/table.ts';
import { root } from './sources.mjs';
import { checks } from './symbolic/checks.ts';

const page = 'docs/ASSURANCE.md';

/** What is proved of sources, and of bytecode. */
const properties: readonly Property[] = [...sourceProperties, ...checks];

/** Text of a file; an error names it when it is gone. */
function read(path: string): string {
  if (!existsSync(join(root, path))) throw new Error(`assurance: no file ${path}`);
  return readFileSync(join(root, path), 'utf8');
}

/** Text for a reference `file#name`. @throws Error if the file, or the name in it, is gone */
export function checkReference(reference: string): string {
  const [path, name] = reference.split('#') as [string, string?];
  const text = read(path);
  if (name !== undefined && !text.includes(name)) {
    throw new Error(`assurance: ${path} has no test ${name}`);
  }
  return name === undefined ? `\`${path}\`` : `\`${name}\` in \`${path}\``;
}

/** The properties of a law, by name. */
function proofsOf(law: string): Property[] {
  return properties.filter(({ laws }) => laws.includes(law));
}

/** Contracts that ask a law, by the table that the laws keep of themselves. */
function enforcedIn(law: (typeof LAWS)[number]): string[] {
  const sources = filesIn('contracts/src', '.sol').map((path) => ({ path, text: read(path) }));
  return usesOf(law, sources).chain.filter((path) => !/\/(?:mocks|generated)\//.test(path));
}

/** Protocol models that are about a law. @throws Error if the list names another set of models */
function modelsOf(law: string): string[] {
  const names = [...new Set(propertyRows().map(({ protocol }) => protocol))];
  const listed = Object.keys(modelled);
  const odd = [...names, ...listed].find((name) => !names.includes(name) || !modelled[name]);
  if (odd !== undefined) throw new Error(`assurance: protocol model "${odd}" is not listed`);
  return names.filter((name) => modelled[name]?.includes(law)).map((name) => `\`${name}\``);
}

const list = (items: readonly string[], none: string) =>
  items.length === 0 ? none : items.join('; ');

function lawSection(law: (typeof LAWS)[number]): string {
  const proofs = proofsOf(law.id).map(
    (property) => `\`${property.id}\` (${methodText({ property })})`,
  );
  const built = (constructed[law.id] ?? []).map(checkReference);
  const chain = [
    ...enforcedIn(law).map((path) => `\`${path}\``),
    ...(built.length > 0 ? [`by construction: ${built.join(', ')}`] : []),
  ];
  if (chain.length === 0) throw new Error(`assurance: nothing enforces ${law.id}`);
  return [
    `## ${law.id} ${law.title}`,
    '',
    `- Enforced on chain: ${chain.join('; ')}`,
    `- Proved: ${list(proofs, 'no; see the end of this page')}`,
    `- Every state of a model: ${list(modelsOf(law.id), 'no')}`,
    `- Fuzzed: ${list((fuzzed[law.id] ?? []).map(checkReference), 'no')}`,
    `- Simulated: ${list([...(simulated[law.id] ?? []), ...ofAllLaws].map(checkReference), 'no')}`,
    '- Watched: at every block by sentinels; `packages/sentinel/test/laws.test.ts`',
    '',
  ].join('\n');
}

/** Every property once: name, what holds, of what, how far, and the mutants that break it. */
function propertyTable(): string {
  const rows = properties.map((property) =>
    [
      `\`${property.id}\``,
      property.title,
      property.subject,
      methodText({ property }),
      property.mutants.map(({ name }) => name).join('; '),
    ].join(' | '),
  );
  return [
    '| property | what holds | of | method | broken by |',
    '|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

/** Every property of the protocol models, and the mutant that breaks it. */
function protocolTable(): string {
  const rows = propertyRows().map(({ protocol, contracts, property, kind, says, breaks }) =>
    [protocol, contracts.join(', '), property, kind, says, breaks].join(' | '),
  );
  return [
    '| model | of | property | kind | what holds | broken when |',
    '|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

function unprovedSection(): string {
  const lawless = LAWS.filter(({ id }) => proofsOf(id).length === 0).map(({ id }) => id);
  const explained = new Set(unproved.flatMap(({ laws }) => laws));
  const silent = lawless.filter((id) => !explained.has(id));
  if (silent.length > 0) {
    throw new Error(`assurance: nothing is proved of ${silent.join(', ')}, and nothing says why`);
  }
  return unproved
    .map(({ what, laws, why, instead, tests }) => {
      const of = laws.length === 0 ? '' : ` (${laws.join(', ')})`;
      const where = tests.map(checkReference).join('; ');
      return `- **${what}**${of}. Why not: ${why} Instead: ${instead} ${where}.`;
    })
    .join('\n');
}

/** The page, by its path. */
export function generate(): Record<string, string> {
  const models = properties.filter(({ model }) => model !== undefined);
  for (const property of models) for (const tie of property.ties ?? []) checkReference(tie);
  const text = `<!-- Generated by tools/assurance.ts: \`npm run docs\`. Do not edit. -->
# Assurance

What holds the laws of \`LAWS.md\`, law by law: where each is enforced, proved, fuzzed, simulated
and watched. \`npm run prove -- --full\` repeats every proof, shows the mutants that each proof
does not survive, and denies every assertion, to see that each is reached. Times and solvers are
in its table; they vary and are not here. Run last from nothing, on two cores, on 2026-11-27:
\`npm run prove -- --full\` 15 minutes, \`npm run symbolic -- --full --fresh\` 5, and
\`npm run ties -- --only house --full\`, a million operations, 12 minutes of CPU.

Methods: *all executions* is an invariant of any sequence of calls; *one step* is what one call
does to any state in which the law holds; *all inputs* is what a pure function returns for every
argument of its stated width; *bounded* is up to the size that the property names; *structure* is
read off the syntax tree of all sources; *bytecode* is what compiled code does on every input of
the types of a check. *model* means that a small contract stands for the real one; *not tied* that
no test compares the two step by step.

Everything else but *bytecode* is about the code that is deployed, as the compiler's model checker
reads its source: neither the compiler's code generator nor assembly is covered. The prover shapes
sources in memory only (\`tools/prove/sources.ts\`, \`rewrite.ts\`), and proves what that rests on
(\`words.*\`). The engine for single calls is deprecated by the compiler's authors, who keep it for
now; the version is pinned.

${LAWS.map(lawSection).join('\n')}
## Properties

${propertyTable()}

## Bytecode

\`npm run symbolic\` covers assembly and the code generator for the libraries of the settlement
path: functions of \`contracts/proofs/symbolic\` call the real libraries, compiled with the settings
of deployment, and their code is run on unknown inputs along every path. What it is not: it is not
the clearing house's own bytecode, into which the compiler may merge the same libraries in another
way; a batch has up to three orders, and one fill after any others; Keccak is a function without
collisions of which nothing else is known; who signed is anyone; other calls, logs and gas are not
covered. Each counterexample to a mutant is replayed on the EVM, and the executor is compared with
it on random programs.

Checks named \`wrap.*\` are about arithmetic without checks: the blocks of the libraries that have
none are compiled with them, and their shifts to the left as products, and no input of the stated
widths panics. What wraps on purpose, the band of fills, is \`code.band\`. Of the sums of an account
\`wrap.add\` takes the margin of a position as any number of 24 bits, which is all that
\`wrap.initialPpm\` leaves of it.

## Protocols

\`npm run models\` visits every state of these models within their bounds, finds for each
property the mutant that breaks it, and replays their steps on the compiled contracts, comparing
what the views answer. A *state* property holds in every state, a *step* property of every step,
a *response* says that a party alone comes to an end from every state in a bounded time. There is
no bridge yet, hence no model of one.

${protocolTable()}

## Mutants

\`npm run mutate\` changes the sources of the rules one place at a time, in TypeScript and in
Solidity, and asks whether a test notices; it fails for a mutant that lives and has no reason in
\`tools/mutate/survivors.json\`. In Solidity, which the differential test judges, all mutants of the
libraries are killed or explained. In TypeScript the unit tests of each package judge; mutants that
the compiler refuses do not count. Of the rest, without those that do the same, all are killed in
risk (521) and order (770), 99.2 % in core (1,367 of 1,378) and 96.4 % in laws (1,481 of 1,536;
2026-11-26); the others are mostly second guards and text that no law of today needs.

The contracts that keep state have four groups of their own: \`npm run mutate -- parts\` (vault,
oracle, breaker, guardians, parameters, committees, treasury, steward), \`house\` (the clearing
house, its modules, forced queue and backstop), \`governance\` (seats, votes, and the access of
what was voted for) and \`pool\` (the confidential pool and its registry of proofs, but for the
pairing, which is calls of precompiles). All mutants of a group are compiled once, asleep, and the
tests of forge judge. Of the parts all 2,850 of 2026-11-27 were judged in one run: of the 2,736 that
count 2,721 were killed, 99.5 %, one unit of gas in Vault is explained, and 14 lived, among them
three entrances of the governor that a stranger was never shown to be refused at; a suite kills each
of them now.

Of the mutants of the house, 3,703 on 2026-11-26, uniform samples are judged (\`--sample N\`, by
the hash of sources and seed), and what each says of the whole is told with Wilson's interval of
95 %. A sample
is honest once: as soon as tests are written for what lived in it, it flatters. As each stood when
it was first judged (2026-11-26, 420 each, without those that do the same): seed "second" 354 of
397, 89.2 %; then, with tests for those, "third" 377 of 394, 95.7 %, of all 93.2 % to 97.3 %; then,
with tests for those too, "fourth" 372 of 398, 93.5 %, of all 90.6 % to 95.5 %. Third and fourth
together: 699 of 741 different ones, 94.3 %, of all 92.4 % to 95.8 %. With tests for what lived in
these, of the first 175 of "fifth" 116 had never been drawn before, and of the 108 of them that
count 106 are killed, 98.1 %, of all 93.5 % to 99.5 %. Of "seventh" (2026-11-27, 260) 241 of the 248
that count were killed when it was drawn, 97.2 %, of all 94.3 % to 98.6 %. The two fresh samples
together, each against the tests as they were when it was drawn: 347 of 356, 97.5 %, of all 95.3 %
to 98.7 %. So the house as it was then is above 95 %; the bounds of one block and one hour in the
waterfall, requests that step aside and batches that crowd a market came after, with tests for each.
Many mutants of the house do the same in a way that takes reading to see, and those of a fresh
sample count as alive until somebody has read them. What lived in the samples is killed
now, each by a test of what a user is owed, but for three that are told as they are: the least
fraction of a unit, the largest number of shares, and a unit in a second witness.

Of the pool all 768 mutants of 2026-11-27 were judged: 654 were killed at first, 85.2 %. With tests
for what lived (bounds, last seconds, numbers with two readings, parts that are more than all), 738
of 764 are killed and the 26 others do the same. Of governance all 238 were judged on the same day:
215 were killed at first, 90.3 %; with tests for what lived 231 of 234, and the three others do the
same.

## Not proved

${unprovedSection()}
`;
  return { [page]: text };
}
