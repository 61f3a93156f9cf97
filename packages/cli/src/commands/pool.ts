/** pool: trading behind a shared account without showing what one holds. */
import type { Command } from 'commander';
import { Command as Made } from 'commander';
import type { Globals } from '../session.ts';
import * as closing from './pool-closing.ts';
import * as exits from './pool-exit.ts';
import * as member from './pool-member.ts';
import type { PoolOptions } from './pool-place.ts';
import * as runs from './pool-run.ts';
import { finish, group, type Perform } from './shared.ts';

type All<T> = Globals & T;

const base = (name: string, description: string): Command =>
  new Made(name)
    .description(description)
    .option('--pool <address>', 'the pool (default: the only one known here)')
    .option('--operator <url>', 'where its operator answers')
    .option('--keys <dir>', 'folder of the circuits’ keys');

/** What an operator says of members below maintenance. */
const closes = (command: Command): Command =>
  command
    .option('--slip <percent>', 'farthest from the mark that a member is closed at, to 5%', '1%')
    .option('--cover <amount>', 'most to put in, in all, for members that are flat and owe', '0');

function operatorCommands(perform: Perform): Command[] {
  const create = base('create', 'deploy a pool, as its operator, and join it first')
    .option('--fresh <time>', 'how long a proof counts', '1h')
    .option('--exit <time>', 'without a newer proof for this long, anyone winds it up', '1d')
    .option('--delay <time>', 'delay of other circuits', '2d')
    .option('--markets <ids>', 'market ids, comma between (default: all)')
    .option('--governor <address>', 'who may replace circuits (default: the operator)')
    .option('--chunk <n>', 'members in a chunk, where keys are made', '4')
    .action((o: All<runs.CreateOptions>) => perform(o, (s) => runs.create(s, o)));
  const run = closes(base('run', 'run the operator; it closes members below maintenance'))
    .option('--port <n>', 'where it answers', '8790')
    .option('--every <time>', 'time between two epochs; 0s: only by hand', '10m')
    .action((o: All<runs.RunOptions>) => perform(o, (s) => runs.run(s, o)));
  const epoch = closes(base('epoch', 'open and prove one epoch, where no operator runs')).action(
    (o: All<runs.ClosingOptions>) => perform(o, (s) => runs.proveOnce(s, o)),
  );
  const uncovered = base('uncovered', 'members below maintenance, for the operator').action(
    (o: All<PoolOptions>) => perform(o, (s) => closing.uncovered(s, o)),
  );
  return [
    finish(create, ['holdfast pool create', 'holdfast pool create --keys ceremony --fresh 30m']),
    finish(run, ['holdfast pool run --every 5m', 'holdfast pool run --slip 2% --cover 500']),
    finish(epoch, ['holdfast pool epoch']),
    finish(uncovered, ['holdfast pool uncovered --key operator']),
  ];
}

function memberCommands(perform: Perform): Command[] {
  const join = base('join', 'join with a secret that is made here').action((o: All<PoolOptions>) =>
    perform(o, (s) => member.join_(s, o)),
  );
  const deposit = base('deposit', 'deposit for oneself, or for another member')
    .argument('<amount>')
    .option('--for <address>', 'the member that it is for (default: oneself)')
    .action((amount: string, o: All<member.DepositOptions>) =>
      perform(o, (s) => member.deposit(s, amount, o)),
    );
  const order = base('order', 'sign an order and give it to the operator')
    .argument('<market>')
    .argument('<side>')
    .argument('<size>')
    .requiredOption('--price <price>', 'limit')
    .option('--tif <name>', 'GTC, IOC or FOK')
    .option('--post-only', 'never take')
    .option('--life <time>', 'life of the order', '10m')
    .action((market: string, side: string, size: string, o: All<member.OrderOptions>) =>
      perform(o, (s) => member.order(s, market, side, size, o)),
    );
  const cancel = base('cancel', 'cancel an order by its number, or all')
    .argument('[number]')
    .action((nonce: string | undefined, o: All<PoolOptions>) =>
      perform(o, (s) => member.cancel(s, nonce, o)),
    );
  const payout = base('payout', 'ask to be paid out of the pool')
    .argument('<amount>')
    .option('--to <address>', 'recipient (default: oneself)')
    .option('--life <time>', 'how long the request is good', '10m')
    .action((amount: string, o: All<member.PayoutOptions>) =>
      perform(o, (s) => member.payout(s, amount, o)),
    );
  const simple = [
    ['holdings', 'what one holds, as the operator has it', member.holdings],
    ['closings', 'how the operator closed one, judged by one’s own record', closing.closings],
    ['status', 'state of the pool, from the chain', member.status],
    ['lapse', 'wind the pool up, once its newest proof is too old', exits.lapse],
    ['recall', 'ask the venue for what a wound-up pool has there', exits.recall],
    ['exit', 'show one’s leaf and take one’s part of a wound-up pool', exits.exit],
  ] as const;
  const made = simple.map(([name, description, body]) =>
    finish(
      base(name, description).action((o: All<PoolOptions>) => perform(o, (s) => body(s, o))),
      [`holdfast pool ${name}`],
    ),
  );
  const inclusion = base('inclusion', 'check that one was counted, and keep the leaf for an exit')
    .option('--every <time>', 'again and again, after each such time')
    .action((o: All<member.InclusionOptions>) => perform(o, (s) => member.inclusion(s, o)));
  return [
    finish(inclusion, ['holdfast pool inclusion --every 1m']),
    finish(join, ['holdfast pool join --pool 0x… --operator http://127.0.0.1:8790']),
    finish(deposit, ['holdfast pool deposit 1000', 'holdfast pool deposit 50 --for 0x…']),
    finish(order, ['holdfast pool order BTC-USD buy 0.01 --price 100000']),
    finish(cancel, ['holdfast pool cancel']),
    finish(payout, ['holdfast pool payout 100']),
    ...made,
  ];
}

export function poolCommands(perform: Perform): Command {
  const pool = group('pool', 'trade behind a shared account without showing what one holds', [
    'holdfast pool create',
    'holdfast pool run',
    'holdfast pool join --pool 0x… --operator http://127.0.0.1:8790 --key alice',
  ]);
  for (const command of operatorCommands(perform)) pool.addCommand(command);
  for (const command of memberCommands(perform)) pool.addCommand(command);
  return pool;
}
