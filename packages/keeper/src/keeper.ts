import { clearingHouseAbi } from '@holdfast/abi';
import {
  type Clock,
  createMetrics,
  errorMessage,
  fetchJson,
  type Metrics,
  sleep,
} from '@holdfast/host';
import { health, type MarketContext } from '@holdfast/risk';
import { type AccountId, accountId, firstUserAccount, type Ticks } from '@holdfast/units';
import { BaseError, ContractFunctionRevertedError, type Hex } from 'viem';
import { confirmed, fund, type KeeperHands, ownAccount } from './account.ts';
import { findVictims, type KeptReport, usableReport, type Victim } from './judge.ts';
import { contextOf, createFollower, type Follower, type Mirror } from './mirror.ts';

export interface KeeperOptions extends KeeperHands {
  clock: Clock;
  signal: AbortSignal;
  /** Collateral of the first deposit and of each top-up, token units. */
  funds: bigint;
  /** Wall ms between looks at the chain. */
  everyMs?: number | undefined;
}

export interface Keeper {
  readonly account: number;
  readonly metrics: Metrics;
  /** Looks and acts until the signal aborts. */
  run(): Promise<void>;
  /** One look and what follows from it. */
  turn(): Promise<void>;
}

/** The reason of a revert: the custom error's name, or the message. */
export function revertName(error: unknown): string {
  if (!(error instanceof BaseError)) return errorMessage(error);
  const cause = error.walk((each) => each instanceof ContractFunctionRevertedError);
  const name = cause instanceof ContractFunctionRevertedError ? cause.data?.errorName : undefined;
  return name ?? error.shortMessage;
}

/** Refusals that only say that somebody was faster. */
const raceReasons = new Set(['TooSoon', 'RoundNotNewer', 'NotLiquidatable', 'PositionMissing']);
/** Liquidations sent in one turn. */
const victimsAtOnce = 8;
/** Venue seconds after the last report from which anyone may push. */
const defaultQuietSeconds = 15;

/** What the turns of one keeper share. */
interface Desk extends KeeperOptions {
  account: number;
  follower: Follower;
  liquidations: Counter;
  pushes: Counter;
}

type Counter = ReturnType<Metrics['counter']>;

async function readReports(desk: Desk, after: number): Promise<KeptReport[]> {
  const { host, port } = desk.venue.relay;
  try {
    const url = `http://${host}:${port}/v1/reports?after=${after}`;
    const { status, body } = await fetchJson(url);
    return status === 200 ? (body as KeptReport[]) : [];
  } catch (error) {
    desk.logger.debug({ error: errorMessage(error) }, 'no reports from the relay');
    return [];
  }
}

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

/** Takes over the largest position of each; the rest is looked at afresh in the next turn. */
async function liquidate(desk: Desk, victims: readonly Victim[], raw: Hex): Promise<boolean> {
  const sent: { victim: Victim; hash: Hex | undefined }[] = [];
  for (const victim of victims) {
    const args = [victim.account, victim.markets[0], desk.account, raw];
    sent.push({ victim, hash: await send(desk, 'liquidate', args) });
  }
  let any = false;
  for (const { victim, hash } of sent) {
    if (!(await sure(desk, hash))) continue;
    any = true;
    desk.liquidations.inc();
    const { equity, maintenance, markets } = victim;
    const amounts = { equity: equity.toString(), maintenance: maintenance.toString() };
    const what = { account: victim.account, market: markets[0], ...amounts };
    desk.logger.info(what, 'position taken over');
  }
  return any;
}

/**
 * First everyone who is unhealthy at the chain's own prices, together; then, with a newer
 * report, one: it carries the report, and the others are found by the chain's prices next time.
 */
async function act(desk: Desk, mirror: Mirror, report: KeptReport | undefined): Promise<void> {
  const { venue, writer, clock } = desk;
  const own = writer.account.address.toLowerCase();
  const spare = (id: AccountId): boolean =>
    id < firstUserAccount || mirror.accounts.get(id)?.owner.toLowerCase() === own;
  const known = findVictims(mirror, contextOf(venue, mirror, new Map()), spare);
  if (known.length > 0 && (await liquidate(desk, known.slice(0, victimsAtOnce), '0x'))) return;
  if (report === undefined) return;
  const fresh = report.quotes.map(({ market, price }) => [market, price as Ticks] as const);
  const worst = findVictims(mirror, contextOf(venue, mirror, new Map(fresh)), spare)[0];
  if (worst !== undefined) await liquidate(desk, [worst], report.raw);
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
  const context = contextOf(desk.venue, mirror, new Map());
  const { equity, initial } = health(own, (id) => context(id) as MarketContext);
  const floor = asQuote(desk.funds, desk.venue.token.decimals) / 2n;
  if (equity > initial * 2n && equity > floor) return;
  await fund(desk, desk.account, desk.funds);
}

async function turn(desk: Desk): Promise<void> {
  const { mirror, begunAgain } = await desk.follower.catchUp();
  if (begunAgain) desk.logger.warn('the chain lost blocks; read it again from the start');
  const reports = await readReports(desk, mirror.round());
  await act(desk, mirror, usableReport(reports, desk.venue, mirror, desk.clock.now()));
  await topUp(desk, mirror);
}

async function run(desk: Desk): Promise<void> {
  const { signal, logger, everyMs = 1000 } = desk;
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
 * A keeper: liquidates what is below maintenance with its own account, and pushes the newest
 * report when nobody else brings one. Holds what it takes over; tops up its own margin.
 */
export async function createKeeper(options: KeeperOptions): Promise<Keeper> {
  const metrics = createMetrics();
  const account = await ownAccount(options);
  const desk: Desk = {
    ...options,
    account,
    follower: createFollower(options.venue, options.reader),
    liquidations: metrics.counter('keeper_liquidations_total', 'positions taken over'),
    pushes: metrics.counter('keeper_pushes_total', 'reports pushed'),
  };
  return { account, metrics, run: () => run(desk), turn: () => turn(desk) };
}
