/** range: the thefts of the field against the real stack, on a chain of its own. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { importProgram, root } from '@holdfast/host/programs';
import { reject } from '@holdfast/units';
import { Command } from 'commander';
import { Refused } from '../failure.ts';
import type { Result } from '../io.ts';
import type { Session } from '../session.ts';
import { finish, type Perform } from './shared.ts';

type Options = {
  readonly list?: boolean;
  readonly seed: string;
  readonly only?: string;
  readonly out?: string;
  readonly html?: string;
};

/** What `packages/range/src/main.ts` offers: it stands above this package and is loaded late. */
type Program = {
  runRange(
    wishes: object,
    progress: (line: string) => void,
  ): Promise<{ data: unknown; text: string; failed: readonly string[] }>;
};

async function range(s: Session, names: readonly string[], options: Options): Promise<Result> {
  const path = join(root, 'packages/range/src/main.ts');
  const program = (await importProgram(pathToFileURL(path))) as Program;
  const { list = false, ...wishes } = options;
  const { data, text, failed } = await program.runRange({ names, list, ...wishes }, (line) => {
    if (s.io.isTty && !s.globals.json) s.io.err(`${line}\n`);
  });
  if (failed.length === 0) return { data, text };
  s.io.out(`${text}\n`);
  throw new Refused(reject('RangeFailed', `${failed.length} scenarios failed: ${failed}`));
}

const story = `
Each attack runs three times from one snapshot: without the attacker, with it, and with it while
the named control is switched off. The command ends with 1 when others lose more than the bound,
when an attack does not succeed without its control, or when a benign tape is touched.
`;

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
    .addHelpText('after', story);
  return finish(command, [
    'holdfast range',
    'holdfast range --list',
    'holdfast range order-replay --seed 7 --html range.html',
  ]).action((names: string[], options) => perform(options, (s) => range(s, names, options)));
}
