import { clearingHouseAbi, forcedQueueAbi } from '@holdfast/abi';
import { type Clock, createMetrics, errorMessage, type Metrics, sleep } from '@holdfast/host';
import { health, type MarketContext } from '@holdfast/risk';
import {
  type AccountId,
  accountId,
  firstUserAccount,
  fundAccount,
  marketId,
} from '@holdfast/units';
import type { Hex } from 'viem';
import { confirmed, fund, type KeeperHands, ownAccount } from './account.ts';
import {
  createQueueReader,
  lotsToTry,
  mayFreeze,
  type QueueReader,
  type QueueView,
  queueDuty,
} from './forced.ts';
import { findVictims, type KeptReport, marksAfter, type Victim } from './judge.ts';
import { contextOf, createFollower, type Follower, type Mirror } from './mirror.ts';
import { releaseQueue } from './release.ts';
import { createReportReader, type ReportReader } from './reports.ts';
import { revertName } from './reverts.ts';
import { tightenSilence } from './silence.ts';
import { createTriggers, type Triggers } from './trigger.ts';
import { type Act, actOf, createPacer, isHelpable } from './waterfall.ts';

export interface KeeperOptions extends KeeperHands {
  clock: Clock;
  signal: AbortSignal;
  /** Collateral of the first deposit and of each top-up, token units. */
  funds: bigint;
  /** Folder with signed conditional orders that traders handed over. */
  folder?: string | undefined;
  /** Wall ms between looks at the chain. */
  everyMs?: number | undefined;
  /**
   * Wall ms that the node's book has before this keeper acts; default five looks. Who is bankrupt
   * is not kept waiting: the book cannot help.
   */
  patienceMs?: number | undefined;
}

export interface Keeper {
  readonly account: number;
  readonly metrics: Metrics;
  /** Looks and acts until the signal aborts. */
  run(): Promise<void>;
  /** One look and what follows from it. */
  turn(): Promise<void>;
}

/** Refusals that only say that somebody was faster. */
const raceReasons = new Set([
  'TooSoon',
  'RoundNotNewer',
  'NotLiquidatable',
  'NotCloseOut',
  'LiquidatedEnough',
  'ResolvedEnough',
  'PositionMissing',
  'ForcedOutOfTurn',
  'QueueEmpty',
  'Frozen',
  'PriceAwaited',
  'PriceUsable',
  'VenueSilent',
]);
const defaultEveryMs = 1000;
/** Liquidations sent in one turn. */
const victimsAtOnce = 8;
/** Venue seconds after the last report from which anyone may push. */
const defaultQuietSeconds = 15;
/** Venue seconds after which the discount on what is unwound (10 ppm a second) is worth it. */
const unwindAfterSeconds = 60;

/** What the turns of one keeper share. */
interface Desk extends KeeperOptions {
  account: number;
  follower: Follower;
  triggers: Triggers;
  liquidations: Counter;
  resolutions: Counter;
  unwinds: Counter;
  /** Accounts that this keeper has flagged and not seen healthy since. */
  flagged: Set<AccountId>;
  /** Wall ms at which this keeper first saw an account in need. */
  seenAt: Map<AccountId, number>;
  /** Since when this keeper sees a position wait to be unwound, by account/market. */
  heldSince: Map<string, number>;
  pushes: Counter;
  queue: QueueReader;
  reports: ReportReader;
  forced: Counter;
  /** Whether it was said that the venue is frozen. */
  frozenSaid: boolean;
}

type Counter = ReturnType<Metrics['counter']>;

/** Tries a call; sends it when it would succeed. Undefined when the chain would refuse it. */
async function send(
  desk: Desk,
  functionName: string,
  args: readonly unknown[],
): Promise<Hex | undefined> {
  const { venue, reader, writer, logger } = desk;
  const address = venue.contracts.clearingHouse;
  const call = { address, abi: clearingHouseAbi, functionName, args };
  try {
    const simulation = { ...call, account: writer.account };
    await reader.simulateContract(simulation as never);
    return await writer.writeContract(call as never);
  } catch (error) {
    const reason = revertName(error);
    // Others push and liquidate too; that they were first is no trouble.
    const level = raceReasons.has(reason) ? 'debug' : 'warn';
    logger[level](
      { functionName, account: args.length > 1 ? args[0] : undefined, reason },
      'refused',
    );
    return undefined;
  }
}

async function sure(desk: Desk, hash: Hex | undefined): Promise<boolean> {
  if (hash === undefined) return false;
  try {
    await confirmed(desk, hash);
    return true;
  } catch (error) {
    desk.logger.warn({ reason: errorMessage(error) }, 'a transaction did not go through');
    return false;
  }
}

/** What is done about an account in need, and whether that went through. */
interface Attempt {
  victim: Victim;
  act: Act;
  hash: Hex | undefined;
}

/** Sends what helps; an account that cannot be taken over yet is at least flagged. */
async function attempt(desk: Desk, victim: Victim, act: Act, raw: Hex): Promise<Attempt> {
  const hash = await send(desk, act.name, [...act.args, raw]);
  if (hash !== undefined || act.name !== 'liquidate' || desk.flagged.has(victim.account)) {
    return { victim, act, hash };
  }
  desk.flagged.add(victim.account);
  const flag: Act = { name: 'flag', args: [victim.account], market: act.market };
  return { victim, act: flag, hash: await send(desk, 'flag', [victim.account, raw]) };
}

/** Helps each once; the rest of a position is looked at afresh in the next turn. */
async function relieve(
  desk: Desk,
  mirror: Mirror,
  victims: readonly Victim[],
  raw: Hex,
): Promise<boolean> {
  const sent: Attempt[] = [];
  const fits = createPacer(mirror);
  for (const victim of victims) {
    const act = actOf(mirror, victim, desk.account);
    if (fits(act)) sent.push(await attempt(desk, victim, act, raw));
    else desk.logger.debug({ account: victim.account, market: act.market }, 'left for a block');
  }
  let any = false;
  for (const { victim, act, hash } of sent) {
    if (!(await sure(desk, hash))) continue;
    any = true;
    if (act.name === 'liquidate') desk.liquidations.inc();
    if (act.name === 'resolve') desk.resolutions.inc();
    const { equity, maintenance, account } = victim;
    const amounts = { equity: equity.toString(), maintenance: maintenance.toString() };
    desk.logger.info({ account, market: act.market, ...amounts }, done[act.name]);
  }
  return any;
}

const done = {
  liquidate: 'part of a position taken over',
  resolve: 'position resolved by the waterfall',
  flag: 'account flagged',
} as const;

/** Those that the book has had its time for. */
function ripe(desk: Desk, victims: readonly Victim[]): Victim[] {
  const { seenAt, everyMs = defaultEveryMs, patienceMs = everyMs * 5 } = desk;
  const now = performance.now();
  const ids = new Set(victims.map(({ account }) => account));
  for (const id of seenAt.keys()) if (!ids.has(id)) seenAt.delete(id);
  for (const id of ids) if (!seenAt.has(id)) seenAt.set(id, now);
  return victims.filter(({ account, equity }) => {
    return equity < 0n || now - (seenAt.get(account) ?? now) >= patienceMs;
  });
}

/**
 * First everyone who is unhealthy at the chain's own marks, together; then, with a newer
 * report, one: it carries the report, and the others are found by the chain's prices next time.
 */
async function act(desk: Desk, mirror: Mirror, report: KeptReport | undefined): Promise<void> {
  const { venue, writer, clock } = desk;
  const own = writer.account.address.toLowerCase();
  const spare = (id: AccountId): boolean =>
    id < firstUserAccount || mirror.accounts.get(id)?.owner.toLowerCase() === own;
  const context = contextOf(mirror, new Map());
  const known = findVictims(mirror, context, spare).filter(isHelpable);
  for (const id of desk.flagged) {
    if (!known.some(({ account }) => account === id)) desk.flagged.delete(id);
  }
  const ahead =
    report === undefined
      ? []
      : findVictims(mirror, contextOf(mirror, marksAfter(report, mirror)), spare).filter(
          isHelpable,
        );
  const due = ripe(desk, [...known, ...ahead]);
  const now = due.filter((victim) => known.includes(victim)).slice(0, victimsAtOnce);
  if (now.length > 0 && (await relieve(desk, mirror, now, '0x'))) return;
  if (report === undefined) return;
  const worst = due.find((victim) => ahead.includes(victim));
  if (worst !== undefined) await relieve(desk, mirror, [worst], report.raw);
  else if (clock.now() - mirror.reportTime() > (venue.quietSeconds ?? defaultQuietSeconds)) {
    if (!(await sure(desk, await send(desk, 'push', [report.raw])))) return;
    desk.pushes.inc();
    desk.logger.info({ round: report.round }, 'report pushed');
  }
}

/** Token units as quote units (10^-6). */
function asQuote(amount: bigint, decimals: number): bigint {
  return decimals > 6 ? amount / 10n ** BigInt(decimals - 6) : amount;
}

/** Deposits again when what was taken over weighs on the margin. */
async function topUp(desk: Desk, mirror: Mirror): Promise<void> {
  const own = mirror.accounts.get(accountId(desk.account));
  if (own === undefined) return;
  const context = contextOf(mirror, new Map());
  const { equity, initial } = health(own, (id) => context(id) as MarketContext);
  const floor = asQuote(desk.funds, desk.venue.token.decimals) / 2n;
  if (equity > initial * 2n && equity > floor) return;
  await fund(desk, desk.account, desk.funds);
}

/** Executes a request; a close with as many lots as the margin allows. */
async function executeForced(
  desk: Desk,
  number: bigint,
  mirror: Mirror,
  report: KeptReport | undefined,
): Promise<boolean> {
  const aim = await desk.queue.request(number);
  const holder = mirror.accounts.get(accountId(aim.account));
  const size = holder?.positions.get(marketId(aim.market)) ?? 0;
  const { isClose } = aim;
  const raws: Hex[] = report === undefined ? ['0x'] : ['0x', report.raw];
  for (const lots of lotsToTry(aim, size)) {
    for (const raw of raws) {
      const args = [number, desk.account, lots, raw];
      if (!(await sure(desk, await send(desk, 'executeForced', args)))) continue;
      desk.forced.inc();
      desk.logger.info({ number: Number(number), isClose }, 'overdue request executed');
      return true;
    }
  }
  return false;
}

/** Lets a request for which nobody brings a price step out of the line. */
async function setAside(desk: Desk, number: bigint, report: Hex): Promise<boolean> {
  if (!(await sure(desk, await send(desk, 'setAsideForced', [number, report])))) return false;
  desk.logger.warn({ number: Number(number) }, 'a request that waits for a price is set aside');
  return true;
}

/** Serves what is in turn or aside. @returns whether the line moved */
async function serveRequests(
  desk: Desk,
  view: QueueView,
  mirror: Mirror,
  report: KeptReport | undefined,
): Promise<boolean> {
  for (const number of view.asides) await executeForced(desk, number, mirror, report);
  if (view.next > view.count || view.deadline >= view.time) return false;
  if (await executeForced(desk, view.next, mirror, report)) return true;
  return setAside(desk, view.next, report?.raw ?? '0x');
}

async function collect(desk: Desk, view: QueueView): Promise<void> {
  const { writer, logger } = desk;
  const args = [writer.account.address];
  const call = { address: view.address, abi: forcedQueueAbi, functionName: 'collect', args };
  if (await sure(desk, await writer.writeContract(call as never))) {
    logger.info({ wei: view.owed.toString() }, 'fees collected');
  }
}

/** Sees to the forced queue. @returns whether the venue still runs */
async function serveQueue(
  desk: Desk,
  mirror: Mirror,
  report: KeptReport | undefined,
): Promise<boolean> {
  const view = await desk.queue.view();
  const duty = queueDuty(view);
  if (duty === 'collect') await collect(desk, view);
  else if (duty === 'execute') {
    const served = await serveRequests(desk, view, mirror, report);
    // What was served or set aside meanwhile is asked for anew.
    if (!served && mayFreeze(await desk.queue.view())) {
      await sure(desk, await send(desk, 'freeze', []));
    }
  } else if (duty === 'freeze') await sure(desk, await send(desk, 'freeze', []));
  if (view.frozenTime === 0) return true;
  if (!desk.frozenSaid) {
    desk.logger.fatal({ frozenTime: view.frozenTime }, 'the venue is frozen: holdfast exit');
    desk.frozenSaid = true;
  }
  return false;
}

async function turn(desk: Desk): Promise<void> {
  const { mirror, begunAgain } = await desk.follower.catchUp();
  if (begunAgain) desk.logger.warn('the chain lost blocks; read it again from the start');
  const report = await desk.reports.usable(mirror);
  if (!(await serveQueue(desk, mirror, report))) return;
  await act(desk, mirror, report);
  await desk.triggers.turn(mirror, report);
  await unwind(desk, mirror);
  await topUp(desk, mirror);
  await releaseQueue(desk);
  await tightenSilence(desk, desk.clock.now());
}

/** Takes over a little of what backstop and funds hold, once the discount pays for it. */
async function unwind(desk: Desk, mirror: Mirror): Promise<void> {
  const { venue, reader, clock } = desk;
  for (const id of mirror.markets.keys()) {
    const held = await reader.readContract({
      address: venue.contracts.clearingHouse,
      abi: clearingHouseAbi,
      functionName: 'backstopOf',
      args: [id],
    });
    for (const from of [accountId(held), fundAccount(id)]) {
      const size = from === 0 ? 0 : (mirror.accounts.get(from)?.positions.get(marketId(id)) ?? 0);
      const key = `${from}/${id}`;
      const since = desk.heldSince.get(key) ?? clock.now();
      if (size === 0) desk.heldSince.delete(key);
      else desk.heldSince.set(key, since);
      if (size === 0 || clock.now() - since < unwindAfterSeconds) continue;
      const lots = Math.max(1, Math.floor(Math.abs(size) / 4));
      if (!(await sure(desk, await send(desk, 'unwind', [from, id, lots, desk.account, '0x'])))) {
        continue;
      }
      desk.unwinds.inc();
      desk.logger.info({ from, market: id, lots }, 'lots unwound');
    }
  }
}

async function run(desk: Desk): Promise<void> {
  const { signal, logger, everyMs = defaultEveryMs } = desk;
  let trouble = '';
  while (!signal.aborted) {
    try {
      await turn(desk);
      trouble = '';
    } catch (error) {
      const problem = errorMessage(error);
      if (problem !== trouble) logger.error({ problem }, 'a look at the chain failed');
      trouble = problem;
    }
    await sleep(everyMs, signal);
  }
}

/**
 * A keeper: liquidates what is below maintenance with its own account, triggers conditional
 * orders, pushes the newest report when nobody else brings one, and releases queued withdrawals as
 * the vault's windows reopen. Holds what it takes over; tops up its own margin.
 */
export async function createKeeper(options: KeeperOptions): Promise<Keeper> {
  const metrics = createMetrics();
  const account = await ownAccount(options);
  const desk: Desk = {
    ...options,
    account,
    follower: createFollower(options.venue, options.reader),
    triggers: createTriggers({ ...options, account, metrics }),
    liquidations: metrics.counter('keeper_liquidations_total', 'positions taken over in part'),
    resolutions: metrics.counter('keeper_resolutions_total', 'positions resolved'),
    unwinds: metrics.counter('keeper_unwinds_total', 'positions taken off backstop and funds'),
    flagged: new Set(),
    heldSince: new Map(),
    seenAt: new Map(),
    pushes: metrics.counter('keeper_pushes_total', 'reports pushed'),
    queue: createQueueReader(options.venue, options.reader, options.writer.account.address),
    reports: createReportReader(options),
    forced: metrics.counter('keeper_forced_total', 'overdue forced requests executed'),
    frozenSaid: false,
  };
  return { account, metrics, run: () => run(desk), turn: () => turn(desk) };
}
