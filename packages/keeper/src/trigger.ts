/** Triggers conditional orders: finds them at the node or in a folder, watches, acts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clearingHouseAbi } from '@holdfast/abi';
import { type Clock, errorMessage, fetchJson, type Metrics } from '@holdfast/host';
import { type SignedConditional, TRAILING, validateConditionalShape } from '@holdfast/order';
import type { Hex } from 'viem';
import { confirmed, type KeeperHands } from './account.ts';
import {
  judgeConditional,
  type KeeperTerms,
  readListed,
  type SeenPrice,
  type Step,
  type Waiting,
} from './conditionals.ts';
import type { KeptReport } from './judge.ts';
import type { Mirror } from './mirror.ts';
import { revertName } from './reverts.ts';

export interface TriggerOptions extends KeeperHands {
  clock: Clock;
  /** The keeper's account, which takes the other side. */
  account: number;
  metrics: Metrics;
  /** Folder with signed conditional orders that traders handed over, one JSON file each. */
  folder?: string | undefined;
  terms?: KeeperTerms | undefined;
}

export interface Triggers {
  /** One look at every order that waits, at the chain's prices and at those of a newer report. */
  turn(mirror: Mirror, report: KeptReport | undefined): Promise<void>;
}

const defaultTerms: KeeperTerms = { rewardQuoteMin: 10_000n, ratchetPpmMin: 1_000 };
const pageSize = 1000;
/** Wall ms between looks at the list, and at the chain's best price of a trailing stop. */
const listEveryMs = 2000;
const bestEveryMs = 10_000;
/** Transactions of one turn. */
const actsAtOnce = 4;

type Tracked = { -readonly [K in keyof Waiting]: Waiting[K] } & { askedMs: number; said: string };

interface Desk extends TriggerOptions {
  tracked: Map<Hex, Tracked>;
  listedMs: number;
  trouble: string;
  triggers: ReturnType<Metrics['counter']>;
  ratchets: ReturnType<Metrics['counter']>;
}

/** What the node lists. Undefined when it cannot be reached: what is known stays known then. */
async function readNode(desk: Desk): Promise<SignedConditional[] | undefined> {
  const { host, port } = desk.venue.gateway;
  const all: SignedConditional[] = [];
  for (let after = 0; ; ) {
    try {
      const url = `http://${host}:${port}/v1/conditionals?after=${after}&limit=${pageSize}`;
      const { status, body } = await fetchJson(url);
      if (status !== 200 || !Array.isArray(body)) return undefined;
      all.push(...readListed(body).map(({ order }) => order));
      if (body.length < pageSize) return all;
      after = Number((body.at(-1) as { id?: unknown }).id);
    } catch (error) {
      desk.logger.debug({ error: errorMessage(error) }, 'no conditional orders from the node');
      return undefined;
    }
  }
}

/** What traders handed over by hand; a file that is none of it is passed over and named once. */
function readFolder(desk: Desk): SignedConditional[] {
  const { folder, logger } = desk;
  if (folder === undefined) return [];
  const found: SignedConditional[] = [];
  const bad: string[] = [];
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.json'))) {
    try {
      found.push(JSON.parse(readFileSync(join(folder, name), 'utf8')) as SignedConditional);
    } catch {
      bad.push(name);
    }
  }
  const trouble = bad.join();
  if (trouble !== desk.trouble) logger.warn({ files: bad }, 'files that are no conditional orders');
  desk.trouble = trouble;
  return found;
}

/** Renews the list; what a reachable node does not list any more is dropped. */
async function renew(desk: Desk): Promise<void> {
  if (Date.now() - desk.listedMs < listEveryMs) return;
  desk.listedMs = Date.now();
  const fromNode = await readNode(desk);
  const orders = [...(fromNode ?? []), ...readFolder(desk)].filter(
    (order) => validateConditionalShape(order) === undefined,
  );
  const seen = new Set<Hex>();
  for (const { hash, order } of readListed(orders)) {
    seen.add(hash);
    if (desk.tracked.has(hash)) continue;
    const best = order.triggerPrice;
    desk.tracked.set(hash, { hash, order, best, askedMs: 0, said: '' });
  }
  if (fromNode === undefined) return;
  for (const hash of desk.tracked.keys()) if (!seen.has(hash)) desk.tracked.delete(hash);
}

const termsOf = ({ signature: _, ...order }: SignedConditional): object => ({
  ...order,
  size: BigInt(order.size),
  nonce: BigInt(order.nonce),
});

/** The best price of a trailing stop is the chain's; whoever ratchets moves it. */
async function follow(desk: Desk, tracked: Tracked): Promise<void> {
  if (Date.now() - tracked.askedMs < bestEveryMs) return;
  tracked.askedMs = Date.now();
  if (tracked.order.kind !== TRAILING) return;
  const [, best] = await desk.reader.readContract({
    address: desk.venue.contracts.clearingHouse,
    abi: clearingHouseAbi,
    functionName: 'conditional',
    args: [termsOf(tracked.order) as never],
  });
  tracked.best = best;
}

function say(desk: Desk, tracked: Tracked, why: string): void {
  if (tracked.said === why) return;
  tracked.said = why;
  const { account, market, nonce } = tracked.order;
  const level = why === 'NotTriggered' ? 'debug' : 'info';
  desk.logger[level]({ hash: tracked.hash, account, market, nonce, why }, 'not triggered');
}

/** Sends what would succeed; says why when the chain refuses. */
async function act(desk: Desk, tracked: Tracked, step: Step, raw: Hex): Promise<boolean> {
  const { venue, reader, writer } = desk;
  const { order } = tracked;
  const call = {
    address: venue.contracts.clearingHouse,
    abi: clearingHouseAbi,
    functionName: step.act,
    args:
      step.act === 'trigger'
        ? [termsOf(order), order.signature, desk.account, raw]
        : [termsOf(order), order.signature, raw],
  };
  try {
    await reader.simulateContract({ ...call, account: writer.account } as never);
    await confirmed(desk, await writer.writeContract(call as never));
  } catch (error) {
    const reason = revertName(error);
    say(desk, tracked, reason);
    // Nothing brings these back; a node that lists them still does so only until it has swept.
    if (reason === 'NonceUsed' || reason === 'EpochWrong') desk.tracked.delete(tracked.hash);
    tracked.askedMs = 0;
    return false;
  }
  return true;
}

function done(desk: Desk, tracked: Tracked, step: Step): void {
  const { hash, order } = tracked;
  const what = { hash, account: order.account, market: order.market, nonce: order.nonce };
  if (step.act === 'trigger') {
    desk.triggers.inc();
    desk.tracked.delete(hash);
    const { price, reward } = step;
    desk.logger.info({ ...what, price, reward: reward.toString() }, 'conditional order triggered');
  } else if (step.act === 'ratchet') {
    desk.ratchets.inc();
    tracked.best = step.best;
    desk.logger.info({ ...what, best: step.best }, 'trailing stop follows the price');
  }
}

function judge(desk: Desk, mirror: Mirror, tracked: Tracked, seen: SeenPrice | undefined): Step {
  const { order } = tracked;
  const market = mirror.markets.get(order.market);
  if (market === undefined || seen === undefined) return { act: 'wait', why: 'PriceMissing' };
  const owner = mirror.accounts.get(order.account);
  const own = desk.writer.account.address.toLowerCase();
  if (owner?.owner.toLowerCase() === own) return { act: 'wait', why: 'SelfTrigger' };
  const position = owner?.positions.get(order.market) ?? 0;
  const at = { now: desk.clock.now(), ageSecondsMax: market.priceAgeSecondsMax };
  return judgeConditional(tracked, seen, position, market, desk.terms ?? defaultTerms, at);
}

/** Goes through all orders at one set of prices; `most` transactions at the most. */
async function pass(
  desk: Desk,
  mirror: Mirror,
  prices: ReadonlyMap<number, SeenPrice>,
  raw: Hex,
  most: number,
): Promise<number> {
  let sent = 0;
  for (const tracked of [...desk.tracked.values()]) {
    if (sent >= most) break;
    await follow(desk, tracked);
    const step = judge(desk, mirror, tracked, prices.get(tracked.order.market));
    if (step.act === 'wait') {
      say(desk, tracked, step.why);
      continue;
    }
    if (!(await act(desk, tracked, step, raw))) continue;
    sent += 1;
    done(desk, tracked, step);
  }
  return sent;
}

/** First at the chain's own prices, together; then one that carries the newer report. */
async function turn(desk: Desk, mirror: Mirror, report: KeptReport | undefined): Promise<void> {
  await renew(desk);
  if (desk.tracked.size === 0) return;
  const time = mirror.reportTime();
  const known = [...mirror.marks].map(([id, { price }]): [number, SeenPrice] => [
    id,
    { price, time },
  ]);
  if ((await pass(desk, mirror, new Map(known), '0x', actsAtOnce)) > 0) return;
  if (report === undefined || report.round <= mirror.round()) return;
  const fresh = report.quotes.map(({ market, price }): [number, SeenPrice] => [
    market,
    { price, time: report.time },
  ]);
  await pass(desk, mirror, new Map(fresh), report.raw, 1);
}

/** Triggers for one keeper account. */
export function createTriggers(options: TriggerOptions): Triggers {
  const { metrics } = options;
  const desk: Desk = {
    ...options,
    tracked: new Map(),
    listedMs: 0,
    trouble: '',
    triggers: metrics.counter('keeper_triggers_total', 'conditional orders triggered'),
    ratchets: metrics.counter('keeper_ratchets_total', 'trailing stops that were moved'),
  };
  return { turn: (mirror, report) => turn(desk, mirror, report) };
}
