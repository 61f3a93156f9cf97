/** govern: what guardians and the governor do, and what anyone may finish for them. */
import { loadVenue, type Venue } from '@holdfast/host';
import {
  createGovernance,
  type Done,
  type Governance,
  type MarketField,
  type MarketTuple,
  marketFields,
} from '@holdfast/sdk';
import type { Rejection } from '@holdfast/units';
import { Command } from 'commander';
import { UsageError } from '../failure.ts';
import { type Result, table } from '../io.ts';
import { parseAddress, parseWhole } from '../parse.ts';
import { agreed, type Session } from '../session.ts';
import { clearCommands, tightenCommand } from './breaker.ts';
import { finish, group, type Perform } from './shared.ts';

type Desk = { readonly venue: Venue; readonly govern: Governance };

async function deskOf(s: Session, how: 'sign' | 'read'): Promise<Desk> {
  const venue = loadVenue(s.dir);
  const client = await s.client(how);
  return { venue, govern: createGovernance(venue, client.chain()) };
}

function marketOf(venue: Venue, symbol: string): Venue['markets'][number] {
  const found = venue.markets.find((market) => market.symbol === symbol.toUpperCase());
  if (found) return found;
  const known = venue.markets.map((market) => market.symbol).join(', ');
  throw new UsageError(`there is no market "${symbol}"; the venue lists ${known}`);
}

/** `name=value` pairs over the tuple in force. @throws UsageError */
export function changeTuple(before: MarketTuple, changes: readonly string[]): MarketTuple {
  const after: Record<MarketField, bigint> = { ...before };
  for (const change of changes) {
    const [name = '', value = ''] = change.split('=');
    const field = marketFields.find((each) => each === name);
    if (field === undefined) {
      throw new UsageError(`"${name}" is no parameter; there are ${marketFields.join(', ')}`);
    }
    after[field] = BigInt(parseWhole(value, name));
  }
  return after;
}

async function act(
  s: Session,
  what: string,
  run: (desk: Desk) => Promise<Done | Rejection>,
  next?: string,
): Promise<Result> {
  const done = agreed(await run(await deskOf(s, 'sign')));
  return { data: { ...done, action: what }, text: `${what}: transaction ${done.tx}`, next };
}

/** What is in force, with governance's value where a steward has tightened it. */
const beside = (inForce: bigint, anchor: bigint): string =>
  inForce === anchor ? `${inForce}` : `${inForce} (anchor ${anchor})`;

async function show(s: Session): Promise<Result> {
  const { venue, govern } = await deskOf(s, 'read');
  const [governor, steward, venueLevel] = await Promise.all([
    govern.governor(),
    govern.steward(),
    govern.level(0),
  ]);
  const markets = await Promise.all(
    venue.markets.map(async ({ id, symbol }) => ({
      symbol,
      level: await govern.level(1 + id),
      clearReadyAt: await govern.clearReadyAt(1 + id),
      params: await govern.market(id),
      anchor: await govern.anchor(id),
      pending: await govern.pendingMarket(id),
    })),
  );
  const rows = markets.map((market) => [
    market.symbol,
    `${market.level}`,
    ...(['initialPpm', 'maintenancePpm', 'openInterestMax'] as const).map((field) =>
      beside(market.params[field], market.anchor[field]),
    ),
    market.pending === undefined ? '-' : `from ${market.pending.readyAt}`,
  ]);
  const head = ['market', 'breaker', 'initialPpm', 'maintenancePpm', 'openInterestMax', 'pending'];
  const lines = [`governor ${governor}`, `steward ${steward}`];
  lines.push(`breaker of the venue: level ${venueLevel}`, '');
  const text = [...lines, table([head, ...rows])].join('\n');
  return { data: { governor, steward, venueLevel, markets }, text };
}

async function proposeMarket(s: Session, symbol: string, changes: string[]): Promise<Result> {
  const { venue, govern } = await deskOf(s, 'sign');
  const { id } = marketOf(venue, symbol);
  // From the anchor: what a steward moved must not become governance's.
  const tuple = changeTuple(await govern.anchor(id), changes);
  const done = agreed(await govern.proposeMarket(id, tuple));
  const pending = await govern.pendingMarket(id);
  const when =
    pending === undefined
      ? 'it only tightens: in force now'
      : `it loosens: anyone may apply it from ${pending.readyAt} (venue seconds)`;
  return { data: { ...done, tuple, pending }, text: `${symbol}: ${when}; transaction ${done.tx}` };
}

const collect = (value: string, before: string[]): string[] => [...before, value];

/** Guardian: what stops large withdrawals; more than half of them have to. */
function vetoCommand(perform: Perform): Command {
  const veto = new Command('veto')
    .description('Guardian: confirm the veto of large withdrawals while they wait their delay')
    .argument('<ids...>', 'numbers in the queue, see "holdfast withdrawals --all"');
  const lines = ['holdfast govern veto 6 --key guardian', 'holdfast govern veto 6 10 14'];
  return finish(veto, lines).action((texts: readonly string[], options) => {
    const ids = texts.map((text) => BigInt(parseWhole(text, 'withdrawal')));
    return perform(options, async (s) => {
      const chain = (await s.client('sign')).chain();
      const [id = 0n, ...more] = ids;
      if (more.length > 0) {
        const done = agreed(await chain.vetoMany(ids));
        const rows = await Promise.all(ids.map((each) => chain.withdrawal(each)));
        const stopped = rows.filter((each) => each?.state === 'vetoed').length;
        const says = `${stopped} of ${ids.length} are stopped; those left out need more guardians`;
        return { data: { ...done, stopped, withdrawals: rows }, text: says };
      }
      const done = agreed(await chain.veto(id));
      const row = await chain.withdrawal(id);
      const isStopped = row?.state === 'vetoed';
      const says = isStopped
        ? `withdrawal ${id} is stopped until ${row.until} (venue seconds) and then goes back`
        : `veto of withdrawal ${id} confirmed; more guardians have to`;
      return { data: { ...done, isStopped, withdrawal: row }, text: says };
    });
  });
}

function guardianCommands(perform: Perform): Command[] {
  return (['propose', 'apply', 'remove'] as const).map((verb) => {
    const who = verb === 'apply' ? 'Anyone, after the delay' : 'Governor';
    const command = new Command(`${verb}-guardian`)
      .description(`${who}: ${verb} a guardian`)
      .argument('<address>', 'address of the guardian');
    const key = verb === 'apply' ? 'keeper' : 'governor';
    return finish(command, [`holdfast govern ${verb}-guardian 0x… --key ${key}`]).action(
      (text, options) => {
        const guardian = parseAddress(text);
        return perform(options, (s) =>
          act(s, `${verb} guardian ${guardian}`, ({ govern }) => {
            if (verb === 'propose') return govern.proposeGuardian(guardian);
            if (verb === 'apply') return govern.applyGuardian(guardian);
            return govern.removeGuardian(guardian);
          }),
        );
      },
    );
  });
}

/** The steward: ended at once, another one after the delay, the anchor back by anyone. */
function stewardCommands(perform: Perform): Command[] {
  const propose = new Command('propose-steward')
    .description('Governor: another steward, after the delay')
    .argument('<address>', 'address of its contract');
  const example = 'holdfast govern propose-steward 0x… --key governor';
  finish(propose, [example]).action((text, options) => {
    const steward = parseAddress(text);
    return perform(options, (s) =>
      act(s, `propose steward ${steward}`, ({ govern }) => govern.proposeSteward(steward)),
    );
  });
  const plain = [
    ['dismiss-steward', 'Governor, at once: nobody moves parameters any more', 'governor'],
    ['appoint-steward', 'Anyone, after the delay: the steward that waits', 'keeper'],
    ['cancel-steward', 'Governor: drop the steward that waits', 'governor'],
  ] as const;
  const rest = plain.map(([name, description, key]) =>
    finish(new Command(name).description(description), [
      `holdfast govern ${name} --key ${key}`,
    ]).action((options) =>
      perform(options, (s) =>
        act(s, name, ({ govern }) => {
          if (name === 'dismiss-steward') return govern.dismissSteward();
          return name === 'appoint-steward' ? govern.appointSteward() : govern.cancelSteward();
        }),
      ),
    ),
  );
  const restore = new Command('restore-market')
    .description('Anyone, while there is no steward: the anchor of a market in force again')
    .argument('<market>', 'symbol');
  finish(restore, ['holdfast govern restore-market BTC-USD --key keeper']).action(
    (symbol, options) =>
      perform(options, (s) =>
        act(s, `restored ${symbol}`, ({ venue, govern }) =>
          govern.restoreMarket(marketOf(venue, symbol).id),
        ),
      ),
  );
  return [propose, ...rest, restore];
}

function marketCommands(perform: Perform): Command[] {
  const propose = new Command('propose-market')
    .description('Governor: change parameters of a market, as one tuple')
    .argument('<market>', 'symbol')
    .requiredOption(
      '--set <name=value>',
      'a field, in the contracts’ units; repeatable',
      collect,
      [],
    );
  const examples = [
    'holdfast govern propose-market BTC-USD --set initialPpm=60000 --key governor',
    'holdfast govern propose-market BTC-USD --set bandPpm=50000 --set fillBandPpm=30000',
  ];
  finish(propose, examples).action((symbol, options) =>
    perform(options, (s) => proposeMarket(s, symbol, options.set)),
  );
  const rest = (['apply', 'cancel'] as const).map((verb) => {
    const who = verb === 'apply' ? 'Anyone, after the delay' : 'Governor';
    const command = new Command(`${verb}-market`)
      .description(`${who}: ${verb} the pending change of a market`)
      .argument('<market>', 'symbol');
    const key = verb === 'apply' ? 'keeper' : 'governor';
    return finish(command, [`holdfast govern ${verb}-market BTC-USD --key ${key}`]).action(
      (symbol, options) =>
        perform(options, (s) =>
          act(s, `${verb} ${symbol}`, ({ venue, govern }) => {
            const { id } = marketOf(venue, symbol);
            return verb === 'apply' ? govern.applyMarket(id) : govern.cancelMarket(id);
          }),
        ),
    );
  });
  return [propose, ...rest];
}

/** The `govern` group. */
export function governCommands(perform: Perform): Command {
  const govern = group('govern', 'Guardian and governor: tighten at once, loosen slowly', [
    'holdfast govern show',
    'holdfast govern tighten --scope venue --level 1 --seconds 3600 --key guardian',
    'holdfast govern propose-market BTC-USD --set initialPpm=60000 --key governor',
  ]);
  const showing = new Command('show').description('Levels, parameters and what is pending');
  govern.addCommand(
    finish(showing, ['holdfast govern show --json']).action((options) => perform(options, show)),
  );
  const all = [
    tightenCommand(perform, 'govern'),
    ...clearCommands(perform, 'govern'),
    vetoCommand(perform),
    ...guardianCommands(perform),
    ...marketCommands(perform),
    ...stewardCommands(perform),
  ];
  for (const command of all) govern.addCommand(command);
  return govern;
}
