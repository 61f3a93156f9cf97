/** range: the thefts of the field against the real stack, on a chain of its own. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { importProgram, root } from '@holdfast/host/programs';
import { reject } from '@holdfast/units';
import { Command } from 'commander';
import { Refused, UsageError } from '../failure.ts';
import type { Result } from '../io.ts';
import type { Session } from '../session.ts';
import { checkFolders, finish, type Perform } from './shared.ts';

type Options = {
  readonly list?: boolean;
  readonly seed: string;
  readonly only?: string;
  readonly out?: string;
  readonly html?: string;
  readonly adversary?: boolean;
  readonly faults?: boolean;
  readonly mutant?: string;
  readonly seeds?: string;
  readonly steps: string;
  readonly minutes?: string;
  readonly roles?: string;
  readonly ablate?: string;
  readonly replay?: string;
};

type Answer = { data: unknown; text: string; failed: readonly string[] };
type Run = (wishes: object, progress: (line: string) => void) => Promise<Answer>;
/** What `packages/range/src` offers: it stands above this package and is loaded late. */
type Program = { runRange: Run; runAdversary: Run; runFaults: Run };

/** A number of the command line. @throws UsageError */
function count(options: Options, name: 'seeds' | 'steps' | 'minutes', isWhole = true): number {
  const value = Number(options[name]);
  const isRight = isWhole ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (isRight && value >= 0) return value;
  throw new UsageError(`--${name} takes a number, not ${options[name]}`);
}

/** What runs, and what it is called when it fails. */
async function choose(names: readonly string[], options: Options) {
  const program = (file: string): Promise<Program> =>
    importProgram(pathToFileURL(join(root, 'packages/range/src', file))) as Promise<Program>;
  const { list = false, adversary = false, faults = false, ...given } = options;
  const { roles, steps: _, ...wishes } = given;
  if (!adversary && !faults && options.replay === undefined) {
    const { runRange } = await program('main.ts');
    return { run: runRange, wishes: { names, list, ...wishes }, what: 'scenarios failed' };
  }
  if (names.length > 0) throw new UsageError('scenarios go without --adversary and --faults');
  const minutes = options.minutes === undefined ? undefined : count(options, 'minutes', false);
  const seeds = (usual: number): number =>
    options.seeds === undefined ? usual : count(options, 'seeds');
  if (faults) {
    const { runFaults } = await program('faults/main.ts');
    return {
      run: runFaults,
      wishes: { ...wishes, seeds: seeds(100), minutes },
      what: 'lives failed',
    };
  }
  const { runAdversary } = await program('adversary/main.ts');
  const held = roles?.split(',').filter((role) => role !== 'none');
  const more = { seeds: seeds(7), steps: count(options, 'steps'), minutes, roles: held };
  return { run: runAdversary, wishes: { ...wishes, ...more }, what: 'seeds found a theft' };
}

async function range(s: Session, names: readonly string[], options: Options): Promise<Result> {
  checkFolders({ out: options.out, html: options.html });
  const { run, wishes, what } = await choose(names, options);
  const { data, text, failed } = await run(wishes, (line) => {
    if (s.io.isTty && !s.globals.json) s.io.err(`${line}\n`);
  });
  if (failed.length === 0) return { data, text };
  if (!s.globals.json) s.io.out(`${text}\n`);
  throw new Refused(reject('RangeFailed', `${failed.length} ${what}: ${failed}`));
}

const story = `
Each attack runs three times from one snapshot: without the attacker, with it, and with it while
the named control is switched off. The command ends with 1 when others lose more than the bound,
when an attack does not succeed without its control, or when a benign tape is touched.
`;

const roleNames = 'sequencer,guardian,keeper,reporter,reporters,majority';

/** The `range` command. */
export function rangeCommand(perform: Perform): Command {
  const command = new Command('range')
    .description('Watch the known thefts fail, and succeed without the control that stops them')
    .argument('[names...]', 'scenarios (default: all)')
    .option('--list', 'only tell what there is')
    .option('--seed <seed>', 'keys and choices; the same seed gives the same blocks', '1')
    .option('--only <kind>', 'attack, tape or open')
    .option('--out <file>', 'write the report as JSON')
    .option('--html <file>', 'write a page with a timeline of each run')
    .option('--adversary', 'no known theft: invent some, and keep what pays')
    .option('--faults', 'no attack: lives of a node on bad disks, lines, clocks and endpoints')
    .option(
      '--seeds <count>',
      'days of an adversary or lives (7, 100); 0: until --minutes are over',
    )
    .option('--steps <count>', 'steps of each day', '600')
    .option('--minutes <minutes>', 'most that all of them take')
    .option('--roles <list>', `keys that it holds, such as ${roleNames}, or none; else by seed`)
    .option('--ablate <control>', 'switch a control off: order-signature, withdrawal-margin')
    .option('--mutant <name>', 'a node with a fault that its lives must find; docs/RANGE.md')
    .option('--replay <file>', 'play the story of a finding again, as --out wrote it')
    .addHelpText('after', story);
  return finish(command, [
    'holdfast range',
    'holdfast range --list',
    'holdfast range order-replay --seed 7 --html range.html',
    'holdfast range --adversary --seeds 0 --minutes 480 --out found.json',
    'holdfast range --replay found.json',
    'holdfast range --faults --seeds 1000',
  ]).action((names: string[], options) => perform(options, (s) => range(s, names, options)));
}
