/** Deciding one property, or one mutant of it: the compiler asks, the solvers answer. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { filesIn } from '../files.ts';
import { root } from '../sources.mjs';
import type { AbiInput } from '../symbolic/arguments.ts';
import { decide } from './decide.mjs';
import { denial, type Mutant, type Outcome, type Property, type Verdict } from './property.ts';
import { narrowPath } from './rewrite.ts';
import type { Solver } from './solvers.ts';
import {
  assertionsOf,
  collect,
  denied,
  mutated,
  type Node,
  pruned,
  type Sources,
  shaped,
} from './sources.ts';
import { graphOf, structures } from './structure.ts';
import { lemmas } from './words.ts';

const secondsDefault = 30;

type Message = {
  errorCode?: string;
  severity: string;
  message: string;
  formattedMessage?: string;
  sourceLocation?: { file: string; start: number };
};
/** What the compiler makes of a contract. */
export type CompiledContract = {
  abi: { type: string; name?: string; inputs?: AbiInput[] }[];
  evm: { bytecode: { object: string }; deployedBytecode: { object: string } };
};
type Compiled = {
  failure?: string;
  output: {
    errors?: Message[];
    sources?: Record<string, { ast: Node }>;
    contracts?: Record<string, Record<string, CompiledContract>>;
  };
  asked: { silent: string[] }[];
};

/** Message codes of the model checker: both engines, by what they say of one assertion. */
const codes = {
  safe: new Set(['2961', '9576']),
  violated: new Set(['4661', '6328']),
  open: new Set(['7812']),
  overflow: new Set(['2661', '3046', '4984']),
};

const wordsPath = 'tools/prove/words.ts';

/** Harness of a property, as the compiler knows it. */
export const harnessOf = (property: Property): string => `contracts/proofs/${property.harness}`;

/** Everything that the verdict on a property depends on but the solvers. */
export function questionOf(property: Property, mutant?: Mutant): Task {
  if (property.engine === 'bits') return lemmaTask(property, mutant);
  if (property.engine === 'tree') return treeTask(property, mutant);
  const collected = collect(harnessOf(property));
  if (property.plain?.includes('casts')) {
    for (const [name, text] of collect(narrowPath)) collected.set(name, text);
  }
  const { contract, engine, plain = [] } = property;
  const harness = harnessOf(property);
  if (mutant === denial)
    return { sources: collected, contract, engine, plain, harness, denies: true };
  const sources = mutant ? mutated(collected, mutant) : collected;
  return { sources, contract, engine, plain, harness };
}

/** All contracts, as a rule of `structure.ts` reads them. */
function treeTask({ contract, engine }: Property, mutant?: Mutant): Task {
  const names = filesIn('contracts/src', '.sol');
  const sources = new Map(names.flatMap((name) => [...collect(name)]));
  const chosen = mutant ? mutated(sources, mutant) : sources;
  return { sources: chosen, contract, engine, plain: [], harness: names[0]! };
}

/** A query of `words.ts` as the only source of a task. */
function lemmaTask({ contract, engine }: Property, mutant?: Mutant): Task {
  const sources: Sources = new Map([[wordsPath, lemmas[contract]!]]);
  const chosen = mutant ? mutated(sources, mutant) : sources;
  return { sources: chosen, contract, engine, plain: [], harness: wordsPath };
}

export type Task = {
  sources: Sources;
  contract: string;
  engine: Property['engine'];
  plain: NonNullable<Property['plain']>;
  harness: string;
  /** Asks whether every assertion is reached, instead of whether it holds. */
  denies?: boolean;
  /** How bytecode may revert: see `Property`. */
  reverts?: NonNullable<Property['reverts']>;
  /** Of bytecode: hash of the program that runs it. */
  tool?: string;
};

/** Decides a task. A failure of the compiler or of a solver is an Error: nothing was decided. */
export async function judge(
  task: Task,
  solvers: readonly Solver[],
  seconds = secondsDefault,
): Promise<Outcome> {
  const started = Date.now();
  if (task.engine === 'bits') return judgeLemma(task, solvers, seconds);
  const compiler = new Compiler();
  try {
    if (task.engine === 'tree')
      return judgeTree(await treesOf(compiler, task.sources), task, started);
    const { sources, offsets } = await prepared(compiler, task);
    const input = modelInput(task, sources);
    const { output, asked } = await compiler.run({ input, solvers, seconds });
    // Whoever confirmed every query; where nobody did, who answered some of them.
    const all = solvers.filter(({ name }) => asked.every(({ silent }) => !silent.includes(name)));
    const some = solvers.filter(({ name }) => asked.some(({ silent }) => !silent.includes(name)));
    return verdictOf(output.errors ?? [], offsets, task, {
      solvers: (all.length > 0 ? all : some).map(named),
      seconds: (Date.now() - started) / 1000,
    });
  } finally {
    compiler.end();
  }
}

/** A lemma is proved when there is no word for which it fails. */
async function judgeLemma(
  { sources, harness }: Task,
  solvers: readonly Solver[],
  seconds: number,
): Promise<Outcome> {
  const started = Date.now();
  const { answer, text, silent } = await decide(sources.get(harness)!, solvers, seconds);
  const verdicts = { unsat: 'proved', sat: 'refuted', unknown: 'unknown' } as const;
  return {
    verdict: verdicts[answer],
    assertions: answer === 'unknown' ? 0 : 1,
    detail: answer === 'unsat' ? '' : text,
    solvers: solvers.filter(({ name }) => !silent.includes(name)).map(named),
    seconds: (Date.now() - started) / 1000,
    cached: false,
  };
}

const named = ({ name, version }: Solver): string => `${name} ${version}`;

/** What the compiler says once every query is answered. */
function verdictOf(
  messages: readonly Message[],
  offsets: readonly number[],
  task: Task,
  rest: Pick<Outcome, 'solvers' | 'seconds'>,
): Outcome {
  const marks = { safe: new Set<number>(), violated: new Set<number>(), open: new Set<number>() };
  const details: string[] = [];
  let loses = false;
  for (const { errorCode = '', message, sourceLocation, formattedMessage } of messages) {
    const start = sourceLocation?.start ?? -1;
    const isOurs = sourceLocation?.file === task.harness && offsets.includes(start);
    const kind = kindOf(errorCode, message);
    // Besides the harness: casts and sums must not lose anything.
    const isCare = sourceLocation?.file === narrowPath || codes.overflow.has(errorCode);
    if (kind === undefined || (!isOurs && !isCare)) continue;
    if (!isOurs) {
      loses ||= kind !== 'safe';
      if (kind !== 'safe') details.push(formattedMessage ?? message);
      continue;
    }
    marks[kind].add(start);
    if (kind !== 'safe') details.push(formattedMessage ?? message);
  }
  const whole = offsets.length > 0 && offsets.every((at) => marks.safe.has(at));
  let verdict: Verdict = 'unknown';
  if (task.denies) verdict = deniedVerdict(marks, offsets);
  else if (marks.violated.size > 0) verdict = 'refuted';
  else if (whole && marks.open.size === 0 && !loses) verdict = 'proved';
  const assertions = marks.safe.size + marks.violated.size;
  const detail = details.join('\n').trim() || (whole ? '' : 'no verdict on some assertion');
  return { verdict, assertions, detail, cached: false, ...rest };
}

/** Denied assertions are refuted if all are violated; one that is safe is never reached. */
function deniedVerdict(
  { safe, violated }: { safe: Set<number>; violated: Set<number> },
  offsets: readonly number[],
): Verdict {
  if (safe.size > 0) return 'proved';
  return offsets.every((at) => violated.has(at)) ? 'refuted' : 'unknown';
}

function kindOf(code: string, message: string): 'safe' | 'violated' | 'open' | undefined {
  if (codes.safe.has(code)) return 'safe';
  if (codes.open.has(code) || message.includes('might happen here')) return 'open';
  if (codes.violated.has(code) || codes.overflow.has(code)) return 'violated';
  return undefined;
}

/** Shapes and prunes the sources, and finds the assertions that must be decided. */
async function prepared(compiler: Compiler, task: Task) {
  const shapedSources = shaped(task.sources, task.plain);
  const trees = await treesOf(compiler, shapedSources);
  // An invariant must hold whoever calls whatever there is.
  const whole = task.engine === 'chc';
  const { harness, contract } = task;
  const tree = trees.get(harness)!;
  const sources = pruned(shapedSources, trees, harness, contract, whole);
  if (task.denies) sources.set(harness, denied(sources.get(harness)!, tree, contract));
  return { sources, offsets: assertionsOf(tree, contract) };
}

/** The syntax tree of each source. */
async function treesOf(compiler: Compiler, sources: Sources): Promise<Map<string, Node>> {
  const settings = { outputSelection: { '*': { '': ['ast'] } } };
  const { output } = await compiler.run({
    input: { language: 'Solidity', sources: contents(sources), settings },
  });
  return new Map(Object.entries(output.sources ?? {}).map(([name, { ast }]) => [name, ast]));
}

function judgeTree(trees: ReadonlyMap<string, Node>, { contract }: Task, started: number): Outcome {
  const broken = structures[contract]!(graphOf(trees));
  return {
    verdict: broken.length === 0 ? 'proved' : 'refuted',
    assertions: 1,
    detail: broken.join('\n'),
    solvers: [],
    seconds: (Date.now() - started) / 1000,
    cached: false,
  };
}

function modelInput(task: Task, sources: Sources) {
  return {
    language: 'Solidity',
    sources: contents(sources),
    settings: {
      outputSelection: { [task.harness]: { [task.contract]: ['abi'] } },
      modelChecker: {
        engine: task.engine,
        contracts: { [task.harness]: [task.contract] },
        extCalls: 'trusted',
        solvers: ['smtlib2'],
        targets: task.plain.includes('left') ? ['assert', 'overflow'] : ['assert'],
        showProvedSafe: true,
        showUnproved: true,
      },
    },
  };
}

export const contents = (sources: Sources) =>
  Object.fromEntries([...sources].map(([name, content]) => [name, { content }]));

/** A process of the compiler; whoever starts it ends it. */
export class Compiler {
  private readonly child: ChildProcess = fork(join(root, 'tools/prove/compile.mjs'), {
    execArgv: ['--max-old-space-size=4096'],
    serialization: 'advanced',
  });

  /** One compilation. Throws what the compiler or a solver reports as an error. */
  async run(request: { input: unknown; solvers?: readonly Solver[]; seconds?: number }) {
    const { failure, output, asked } = await new Promise<Compiled>((resolve, reject) => {
      const gone = () => reject(new Error('prove: the compiler ended without a result'));
      this.child.once('exit', gone);
      this.child.once('message', (message) => {
        this.child.off('exit', gone);
        resolve(message as Compiled);
      });
      this.child.send(request);
    });
    if (failure !== undefined) throw new Error(failure);
    const error = output.errors?.find(({ severity }) => severity === 'error');
    if (error) throw new Error(error.formattedMessage ?? error.message);
    return { output, asked };
  }

  end(): void {
    this.child.kill();
  }
}
