/** breaker: how it stands, and what guardians do about it. */
import { loadVenue, type Venue } from '@holdfast/host';
import {
  accountsScope,
  type Breaker,
  byHand,
  createBreaker,
  createGovernance,
  type Done,
  type Evidence,
  type Governance,
  withdrawalsScope,
} from '@holdfast/sdk';
import type { Rejection } from '@holdfast/units';
import { Command } from 'commander';
import { UsageError } from '../failure.ts';
import { type Result, table } from '../io.ts';
import { parseDuration, parseWhole } from '../parse.ts';
import { agreed, type Session } from '../session.ts';
import { finish, group, type Perform } from './shared.ts';

type Desk = { readonly venue: Venue; readonly breaker: Breaker; readonly govern: Governance };

const lawBytesMax = 32;
const valuesMax = 8;
const what = ['normal', 'reduce-only', 'reduce-only, no liquidation', 'halted'];

async function deskOf(s: Session, how: 'sign' | 'read'): Promise<Desk> {
  const venue = loadVenue(s.dir);
  const chain = (await s.client(how)).chain();
  const [breaker, govern] = [createBreaker(venue, chain), createGovernance(venue, chain)];
  return { venue, breaker, govern };
}

/** 'venue', 'withdrawals', 'accounts' or a market's symbol as the breaker's scope. */
export function scopeOf(venue: Venue, name: string): number {
  const named: Record<string, number> = {
    venue: 0,
    withdrawals: withdrawalsScope,
    accounts: accountsScope,
  };
  const scope = named[name.toLowerCase()];
  if (scope !== undefined) return scope;
  const found = venue.markets.find(({ symbol }) => symbol === name.toUpperCase());
  if (found) return 1 + found.id;
  const known = venue.markets.map(({ symbol }) => symbol).join(', ');
  throw new UsageError(
    `there is no scope "${name}"; there are venue, withdrawals, accounts, ${known}`,
  );
}

/** @throws UsageError */
function evidenceOf(options: { law?: string; block?: string; value?: string[] }): Evidence {
  const law = options.law ?? byHand.law;
  if (new TextEncoder().encode(law).length > lawBytesMax) {
    throw new UsageError(`the name of a law has at most ${lawBytesMax} bytes`);
  }
  const values = (options.value ?? []).map((value) => {
    if (!/^-?\d{1,76}$/.test(value)) throw new UsageError(`"${value}" is no whole number`);
    return BigInt(value);
  });
  if (values.length > valuesMax) throw new UsageError(`evidence has at most ${valuesMax} values`);
  return { law, block: BigInt(parseWhole(options.block ?? '0', 'block')), values };
}

const withEvidence = (command: Command): Command =>
  command
    .option('--law <id>', 'evidence: the law or rule that is broken')
    .option('--block <n>', 'evidence: the block in which it shows')
    .option('--value <n...>', 'evidence: up to 8 values that show it');

async function act(
  s: Session,
  says: string,
  run: (desk: Desk) => Promise<Done | Rejection>,
): Promise<Result> {
  const done = agreed(await run(await deskOf(s, 'sign')));
  return { data: { ...done, action: says }, text: `${says}: transaction ${done.tx}` };
}

async function tighten(
  s: Session,
  name: string,
  level: number,
  seconds: number,
  evidence: Evidence,
): Promise<Result> {
  const { venue, breaker } = await deskOf(s, 'sign');
  const scope = scopeOf(venue, name);
  const done = agreed(await breaker.tighten(scope, level, seconds, evidence));
  const entry = await breaker.entry(scope);
  const isInForce = entry.level >= level;
  const text = isInForce
    ? `${name} is at level ${entry.level} (${what[entry.level]}): transaction ${done.tx}`
    : `vote for level ${level} of ${name} counted, ${await breaker.quorum()} are needed for the ` +
      `same scope, level and time within ten minutes: transaction ${done.tx}`;
  return { data: { ...done, action: `tightened ${name} to ${level}`, isInForce, entry }, text };
}

async function status(s: Session): Promise<Result> {
  const { venue, breaker, govern } = await deskOf(s, 'read');
  const names = ['venue', 'withdrawals', ...venue.markets.map(({ symbol }) => symbol)];
  const scopes = await Promise.all(
    names.map(async (name) => {
      const scope = scopeOf(venue, name);
      const clearReadyAt = await govern.clearReadyAt(scope);
      return { name, scope, clearReadyAt, ...(await breaker.entry(scope)) };
    }),
  );
  const [guardians, quorum, silentAt, limits, accounts] = await Promise.all([
    breaker.guardians(),
    breaker.quorum(),
    breaker.silentAt(),
    breaker.limits(),
    breaker.entry(accountsScope),
  ]);
  const rows = scopes.map(({ name, level, untils, haltedSince, clearReadyAt }) => [
    name,
    `${level} ${what[level]}`,
    untils.join(' / '),
    haltedSince === 0 ? '-' : `${haltedSince}`,
    clearReadyAt === 0 ? '-' : `from ${clearReadyAt}`,
  ]);
  const head = ['scope', 'level', 'until (1 / 2 / 3)', 'halted since', 'clearing'];
  const lines = [
    `${guardians.length} guardians; ${quorum} are a quorum`,
    `one holds at most ${limits.hold} s, a quorum ${limits.halt} s; ` +
      `a clearing waits ${limits.clear} s`,
    silentAt === 0 ? 'no dead man' : `silent from ${silentAt} unless a guardian beats`,
    `accounts are barred until ${accounts.untils[0]}`,
  ];
  const text = [table([head, ...rows]), '', ...lines].join('\n');
  return { data: { scopes, guardians, quorum, silentAt, limits, accounts }, text };
}

/** Tightening; in this group and in `govern`. */
export function tightenCommand(perform: Perform, parent: string): Command {
  const command = new Command('tighten')
    .description('Guardian: tighten a scope for a bounded time, or vote for it')
    .requiredOption('--scope <name>', '"venue", "withdrawals" or a market')
    .requiredOption('--level <n>', '1 no growth, 2 also no liquidation, 3 only reduce-only orders')
    .requiredOption('--seconds <time>', 'how long, such as 3600 or 1h');
  const examples = [
    `holdfast ${parent} tighten --scope venue --level 1 --seconds 3600 --key guardian`,
    `holdfast ${parent} tighten --scope BTC-USD --level 3 --seconds 15m --law L01 --key guardian`,
  ];
  return finish(withEvidence(command), examples).action((options) => {
    const level = parseWhole(options.level, 'level', 3);
    const seconds = parseDuration(options.seconds);
    const evidence = evidenceOf(options);
    return perform(options, (s) => tighten(s, options.scope, level, seconds, evidence));
  });
}

/** The three steps of a clearing; in this group and in `govern`. */
export function clearCommands(perform: Perform, parent: string): Command[] {
  return (['propose', 'apply', 'cancel'] as const).map((verb) => {
    const who = verb === 'apply' ? 'Anyone, after the delay' : 'Governor';
    const command = new Command(`${verb}-clear`)
      .description(`${who}: ${verb} the clearing of a breaker entry`)
      .requiredOption('--scope <name>', '"venue", "withdrawals", "accounts" or a market');
    const key = verb === 'apply' ? 'keeper' : 'governor';
    return finish(command, [`holdfast ${parent} ${verb}-clear --scope venue --key ${key}`]).action(
      (options) =>
        perform(options, (s) =>
          act(s, `${verb} clearing of ${options.scope}`, ({ venue, govern }) => {
            const scope = scopeOf(venue, options.scope);
            if (verb === 'propose') return govern.proposeClear(scope);
            return verb === 'apply' ? govern.applyClear(scope) : govern.cancelClear(scope);
          }),
        ),
    );
  });
}

function barCommand(perform: Perform): Command {
  const command = new Command('bar')
    .description('Guardian: vote that accounts may not grow for a bounded time')
    .argument('<accounts...>', 'account numbers')
    .requiredOption('--seconds <time>', 'how long, such as 3600 or 1h');
  const examples = ['holdfast breaker bar 17 23 --seconds 1h --law wall --key guardian'];
  return finish(withEvidence(command), examples).action((texts: string[], options) => {
    const numbers = texts.map((text) => parseWhole(text, 'account'));
    const accounts = [...new Set(numbers)].sort((a, b) => a - b);
    const seconds = parseDuration(options.seconds);
    const evidence = evidenceOf(options);
    return perform(options, (s) =>
      act(s, `vote to bar ${accounts.join(', ')}`, ({ breaker }) =>
        breaker.bar(accounts, seconds, evidence),
      ),
    );
  });
}

/** The `breaker` group. */
export function breakerCommands(perform: Perform): Command {
  const breaker = group('breaker', 'What is switched off for now, and who does it', [
    'holdfast breaker status',
    'holdfast breaker tighten --scope venue --level 1 --seconds 3600 --key guardian',
  ]);
  const plain = (name: string, description: string, example: string) =>
    finish(new Command(name).description(description), [`holdfast breaker ${example}`]);
  const all = [
    plain('status', 'Levels of all scopes, guardians and limits', 'status --json').action(
      (options) => perform(options, status),
    ),
    tightenCommand(perform, 'breaker'),
    barCommand(perform),
    plain('beat', 'Guardian: say that it is alive', 'beat --key guardian').action((options) =>
      perform(options, (s) => act(s, 'beat', ({ breaker: on }) => on.beat())),
    ),
    plain('dead-man', 'Anyone, while all guardians are silent', 'dead-man --key keeper').action(
      (options) => perform(options, (s) => act(s, 'dead man', ({ breaker: on }) => on.deadMan())),
    ),
    ...clearCommands(perform, 'breaker'),
  ];
  for (const command of all) breaker.addCommand(command);
  return breaker;
}
