/** account leverage: the margin that an owner demands of itself. */
import { Command } from 'commander';
import { UsageError } from '../failure.ts';
import { pairs, type Result } from '../io.ts';
import { parsePercent } from '../parse.ts';
import { accountNumber, agreed, type Session } from '../session.ts';
import { finish, type Perform } from './shared.ts';

const million = 1_000_000;

/**
 * Initial margin in ppm from a leverage ('10', '10x'), a margin ('10%') or 'off'; a leverage that
 * does not divide is rounded to more margin. @throws UsageError
 */
export function parseLeverage(text: string): number {
  if (text === 'off') return 0;
  if (text === '100%') return million;
  if (text.endsWith('%')) return parsePercent(text);
  const match = /^(\d{1,3})x?$/.exec(text);
  const times = Number(match?.[1] ?? 0);
  if (times > 0) return Math.ceil(million / times);
  throw new UsageError(
    `"${text}" is neither a leverage such as 10 nor a margin such as 10% nor off`,
  );
}

async function setLeverage(s: Session, text: string): Promise<Result> {
  const initialPpm = parseLeverage(text);
  const client = await s.client('sign');
  const id = await accountNumber(s, client);
  const report = (await client.latestReport().catch(() => undefined))?.raw;
  const done = agreed(await client.chain().setLeverage(id, initialPpm, report));
  const margin = initialPpm === 0 ? 'as the markets demand' : `at least ${initialPpm / 10_000}%`;
  return {
    data: { ...done, account: id, initialPpm },
    text: pairs([
      ['account', `${id}`],
      ['initial margin', margin],
      ['transaction', done.tx],
    ]),
    next: 'holdfast health',
  };
}

/** The subcommand of `account`. */
export function leverageCommand(perform: Perform): Command {
  const command = new Command('leverage')
    .description('Demand more initial margin of the account than its markets do')
    .argument('<leverage>', 'such as 10 or 10%; off: no own demand');
  return finish(command, [
    'holdfast account leverage 10',
    'holdfast account leverage 10% --account 7',
    'holdfast account leverage off',
  ]).action((text, options) => perform(options, (s) => setLeverage(s, text)));
}
