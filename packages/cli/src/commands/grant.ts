/** session: keys that may trade and nothing else. */
import { Command } from 'commander';
import { pairs, type Result } from '../io.ts';
import { parseAddress, parseDuration } from '../parse.ts';
import { accountNumber, agreed, type Session } from '../session.ts';
import { finish, group, type Perform } from './shared.ts';

async function add(s: Session, keyText: string, life: string): Promise<Result> {
  const key = parseAddress(keyText);
  const seconds = parseDuration(life);
  const client = await s.client('sign');
  const id = await accountNumber(s, client);
  const expiry = client.info.clock.now() + seconds;
  const done = agreed(await client.chain().setSession(id, key, expiry));
  return {
    data: { ...done, account: id, key, expiry },
    text: pairs([
      ['session key', key],
      ['account', `${id}`],
      ['trades until', `${expiry} (venue seconds)`],
      ['transaction', done.tx],
    ]),
    next: `holdfast order list --account ${id} --key NAME   with that key`,
  };
}

async function revoke(s: Session, keyText: string): Promise<Result> {
  const key = parseAddress(keyText);
  const client = await s.client('sign');
  const id = await accountNumber(s, client);
  const done = agreed(await client.chain().setSession(id, key, 0));
  return { data: { ...done, account: id, key }, text: `${key} may no longer trade for ${id}` };
}

/** The `session` group. */
export function sessionCommands(perform: Perform): Command {
  const session = group('session', 'Let another key trade (never withdraw)', [
    'holdfast session add 0x… --for 7d',
    'holdfast session revoke 0x…',
  ]);
  const adding = new Command('add')
    .description('Let a key trade for the account')
    .argument('<address>', 'address of the session key')
    .option('--for <time>', 'how long, such as 12h or 7d', '7d');
  session.addCommand(
    finish(adding, ['holdfast session add 0x… --for 12h']).action((address, options) =>
      perform(options, (s) => add(s, address, options.for)),
    ),
  );
  const ending = new Command('revoke')
    .description('Take the permission back at once')
    .argument('<address>', 'address of the session key');
  session.addCommand(
    finish(ending, ['holdfast session revoke 0x…']).action((address, options) =>
      perform(options, (s) => revoke(s, address)),
    ),
  );
  return session;
}
