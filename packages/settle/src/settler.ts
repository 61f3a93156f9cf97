/** The settler as a whole: one loop that follows, checks, and settles; its start, stop, status. */
import { sleep } from '@holdfast/host';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { audit, createAudit } from './audit.ts';
import { clearLedger, createLedger, type Landing, type Ledger } from './books.ts';
import { barDrafts, breakerDrafts } from './breaker.ts';
import type { Sources } from './decode.ts';
import { drive } from './drive.ts';
import { createDriver, type Driver, isIdle, requeue, waiting } from './driver.ts';
import type { Draft } from './effects.ts';
import {
  advance,
  ancestor,
  createFollower,
  type Follower,
  position,
  rebuild,
  tip,
} from './follower.ts';
import { createForcedDesk } from './forced.ts';
import { finalise, prune, rollback } from './ledger.ts';
import { chainRow, emptyMirror } from './mirror.ts';
import { optionsOf, type SettlerDeps, type SettlerOptions } from './options.ts';
import { compact, missingDrafts, queueOf, restore } from './recovery.ts';
import { type Chain, createChain, type RpcClient } from './rpc.ts';
import { type Settler, status } from './status.ts';
import { openStore, type SettleStore, type StoreRecord } from './store.ts';
import { createSubmitter } from './submitter.ts';

const backoffMsMax = 5_000;

/** What a rejection of our own command by the core means. */
function judgeEvents(drafts: readonly Draft[], s: Settler, events: readonly object[]): void {
  for (const event of events as readonly { type: string; command?: string; message?: string }[]) {
    if (event.type !== 'rejected') continue;
    const { command, message } = event;
    if (command === 'report') {
      s.deps.logger.warn({ command, message }, 'the core refuses what the chain has taken');
    } else if (command !== 'open' || !sameOwners(drafts, s)) {
      throw new EnvironmentError('StateDiffers', `the core refuses ${command}: ${message}`);
    }
  }
}

/** An account that is open already is no difference if its owner is the same. */
function sameOwners(drafts: readonly Draft[], s: Settler): boolean {
  const { accounts } = s.deps.state();
  return drafts.every((draft) => {
    if (draft.type !== 'open') return true;
    return accounts.get(draft.account)?.owner.toLowerCase() === draft.owner.toLowerCase();
  });
}

async function tell(s: Settler, drafts: readonly Draft[]): Promise<void> {
  if (drafts.length === 0) return;
  let events: readonly object[];
  try {
    events = await s.deps.applyJournaled(drafts);
  } catch (cause) {
    const message = `the journal did not take the chain's effects: ${(cause as Error).message}`;
    throw new EnvironmentError('JournalRefused', message, { cause });
  }
  judgeEvents(drafts, s, events);
}

async function commit(s: Settler, record: StoreRecord, drafts: readonly Draft[]): Promise<void> {
  await s.store?.append(record);
  if (!s.ready) s.records.push(record);
  await tell(s, drafts);
}

function onVanished(s: Settler, landings: readonly Landing[]): void {
  const versions = landings.flatMap((landing) => s.ledger.versions.get(landing.head) ?? []);
  if (versions.length > 0) requeue(s.driver, versions);
}

function onLanded(s: Settler, landing: Landing, transaction: Hex): void {
  const { deps } = s;
  const fillIds = landing.valuations.map(([id]) => id);
  s.landed = true;
  s.audit.touch(landing, s.ledger);
  deps.logger.info({ batch: landing.number, block: landing.block }, 'batch landed');
  deps.metrics?.count('settle_batches_landed');
  deps.metrics?.count('settle_fills_landed', fillIds.length);
  deps.onSettled?.(landing.number, fillIds, transaction);
}

/** The store must be of this venue, and the chain must have it. */
async function checkOrigin(s: Settler): Promise<void> {
  const { chainId, contracts, rpcUrl } = s.deps.venue;
  const clearingHouse = contracts.clearingHouse.toLowerCase();
  const origin = s.records.find((record) => record.kind === 'origin');
  if (origin === undefined) await commit(s, { kind: 'origin', chainId, clearingHouse }, []);
  else if (origin.chainId !== chainId || origin.clearingHouse !== clearingHouse) {
    throw new EnvironmentError('StoreForeign', 'the settlement store belongs to another venue');
  }
  if ((await s.chain.code(contracts.clearingHouse)) === '0x') {
    throw new EnvironmentError(
      'ChainForeign',
      `there is no clearing house at ${contracts.clearingHouse} on ${rpcUrl}: ` +
        'the chain was reset, or it is another chain',
    );
  }
}

/** Reads the store, builds the mirror, and makes core and chain agree, or throws. */
async function getReady(s: Settler): Promise<void> {
  const { deps, follower, ledger } = s;
  await checkOrigin(s);
  clearLedger(ledger);
  const restored = restore(ledger, deps.state(), s.records);
  const height = await ancestor(follower);
  const gone = ledger.blocks.some((entry) => entry.number > height);
  const old = height < deps.venue.deployBlock;
  const mirror = old ? emptyMirror() : await rebuild(follower, height);
  await position(follower, height);
  const { drafts } = rollback(ledger, height, mirror);
  const missing = missingDrafts(ledger, deps.state(), restored.lastDrafts, drafts);
  const all = [...missing, ...drafts];
  if (gone) {
    s.reorgs += 1;
    await commit(s, { kind: 'rollback', height, drafts: all }, all);
  } else await tell(s, all);
  // A node that has never sealed a batch takes the history of the chain as it is.
  const fresh = ledger.versions.size === 0 && deps.state().unconfirmed.size === 0;
  ledger.foreignUpTo = fresh ? Number.MAX_SAFE_INTEGER : 0;
  await advance(follower);
  ledger.foreignUpTo = 0;
  const { batchNumber } = chainRow(ledger.mirror);
  requeue(s.driver, queueOf(ledger, deps.state(), restored.intended, batchNumber));
  s.ready = true;
  s.records = [];
  s.state = 'following';
}

async function tick(s: Settler): Promise<void> {
  if (!s.ready) await getReady(s);
  const { deps, follower, ledger, driver, options } = s;
  const reorgs = s.reorgs;
  const taken = await advance(follower);
  const height = tip(follower).number;
  await tell(s, finalise(ledger, deps.state(), height - options.finalDepth));
  const [{ breakers, barred }, now] = [deps.state(), deps.clock.now()];
  await tell(s, [
    ...breakerDrafts(ledger.mirror, breakers, now),
    ...barDrafts(ledger.mirror, barred, now),
  ]);
  if (taken > 0 || s.reorgs !== reorgs) {
    await audit(s.audit, ledger, deps.state, tip(follower), s.landed);
    s.landed = false;
    prune(ledger, options.keepBatches);
    await compact(s.store as SettleStore, ledger, options.storeBytesMax, options.keepBatches);
  }
  if (follower.latest !== undefined) await drive(driver, follower.latest, s.draining);
  report(s);
}

function report(s: Settler): void {
  const { metrics } = s.deps;
  metrics?.set('settle_block', tip(s.follower).number);
  metrics?.set('settle_batch', chainRow(s.ledger.mirror).batchNumber);
  metrics?.set('settle_pending_fills', waiting(s.driver).length);
  metrics?.set('settle_queued_batches', s.driver.queue.length);
  metrics?.set('settle_rpc_up', s.failures === 0 ? 1 : 0);
}

function halt(s: Settler, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof EnvironmentError ? error.code : 'Defect';
  s.state = 'halted';
  s.reason = `${code}: ${message}`;
  s.deps.logger.fatal({ error }, 'settlement halts');
  s.deps.metrics?.count('settle_halts');
  s.deps.onHalt(s.reason);
}

/** @returns false when it cannot go on */
function fail(s: Settler, error: unknown): boolean {
  if (!(error instanceof EnvironmentError) || !error.retry) {
    halt(s, error);
    return false;
  }
  s.failures += 1;
  s.rpcError = error.message;
  s.deps.metrics?.count('settle_rpc_failures');
  s.deps.metrics?.set('settle_rpc_up', 0);
  if (s.failures === 1)
    s.deps.logger.error({ code: error.code, error }, 'the chain is unreachable');
  return true;
}

async function pause(s: Settler): Promise<void> {
  s.nudge = new AbortController();
  const signal = AbortSignal.any([s.abort.signal, s.nudge.signal]);
  const backoff = s.options.pollMs * 2 ** Math.min(s.failures, 10);
  await sleep(s.failures === 0 ? s.options.pollMs : Math.min(backoff, backoffMsMax), signal);
}

/** One look at the chain. @returns false when it cannot go on */
async function look(s: Settler): Promise<boolean> {
  try {
    await tick(s);
  } catch (error) {
    return fail(s, error);
  }
  if (s.failures > 0) s.deps.logger.info({ failures: s.failures }, 'the chain answers again');
  s.failures = 0;
  s.rpcError = undefined;
  return true;
}

async function run(s: Settler): Promise<void> {
  while (!s.abort.signal.aborted) {
    await pause(s);
    if (s.abort.signal.aborted || !(await look(s))) return;
  }
}

/** Looks once, so that whoever waits finds core and chain agreed, if the chain answers at all. */
async function start(s: Settler): Promise<void> {
  const { storePath } = s.deps;
  s.store = typeof storePath === 'string' ? await openStore(storePath) : storePath;
  s.records = [...s.store.records];
  if (await look(s)) s.loop = run(s);
}

async function stop(s: Settler): Promise<void> {
  s.draining = true;
  s.nudge.abort();
  const busy = (): boolean => s.state === 'following' && s.failures === 0 && !isIdle(s.driver);
  for (let waited = 0; busy() && waited < s.options.drainMs; waited += s.options.pollMs) {
    await sleep(s.options.pollMs);
  }
  s.abort.abort();
  await s.loop;
  await s.store?.close();
  if (s.state !== 'halted') s.state = 'stopped';
}

function lower(address: string): Hex {
  return address.toLowerCase() as Hex;
}

/** What the parts share, and the settler that they report to, once it exists. */
type Shared = {
  readonly chain: Chain;
  readonly ledger: Ledger;
  readonly commit: (record: StoreRecord, drafts: readonly Draft[]) => Promise<void>;
  readonly count: (name: string, by?: number) => void;
  readonly self: () => Settler;
};

function followerOf({ venue, state, logger }: SettlerDeps, shared: Shared): Follower {
  const { clearingHouse, breaker, parameters } = venue.contracts;
  const sources: Sources = {
    clearingHouse: lower(clearingHouse),
    breaker: lower(breaker),
    parameters: lower(parameters),
  };
  return createFollower({
    ...shared,
    sources,
    deployBlock: venue.deployBlock,
    core: state,
    onVanished: (landings) => onVanished(shared.self(), landings),
    onLanded: (landing, transaction) => onLanded(shared.self(), landing, transaction),
    onReorg: (depth, deep) => {
      shared.self().reorgs += 1;
      shared.count('settle_reorgs');
      logger.warn({ depth, deep }, 'the chain was reorganised');
    },
  });
}

function driverOf(deps: SettlerDeps, options: SettlerOptions, shared: Shared): Driver {
  const { venue, state, receipts, report: reportOf, clock, logger } = deps;
  const { chain, count, ledger } = shared;
  const submitter = createSubmitter({
    chain,
    chainId: venue.chainId,
    clearingHouse: lower(venue.contracts.clearingHouse),
    sequencer: deps.sequencer,
    stuckBlocks: options.stuckBlocks,
    onBump: () => count('settle_fee_bumps'),
  });
  const newest = (): Hex | undefined => {
    const { round } = state();
    return round > chainRow(ledger.mirror).round ? reportOf(round) : undefined;
  };
  const forced = createForcedDesk({
    chain,
    submitter,
    logger,
    count,
    clearingHouse: lower(venue.contracts.clearingHouse),
    taker: options.forcedTaker,
    report: newest,
  });
  return createDriver({
    ...shared,
    forced,
    state,
    receipts,
    report: reportOf,
    clock,
    blockMs: venue.blockMs,
    gasSharePpm: options.gasSharePpm,
    submitter,
    logger,
    options,
    onUnwound: (...args) => deps.onUnwound?.(...args),
  });
}

function assemble(deps: SettlerDeps): Settler {
  const options = optionsOf(deps);
  const chain = createChain(deps.client as unknown as RpcClient);
  const ledger = createLedger(emptyMirror());
  const shared: Shared = {
    chain,
    ledger,
    commit: (record, drafts) => commit(s, record, drafts),
    count: (name, by) => deps.metrics?.count(name, by),
    self: () => s,
  };
  const s: Settler = {
    deps,
    options,
    chain,
    ledger,
    follower: followerOf(deps, shared),
    driver: driverOf(deps, options, shared),
    audit: createAudit(deps, options, chain),
    abort: new AbortController(),
    store: undefined,
    state: 'starting',
    ready: false,
    records: [],
    reason: undefined,
    failures: 0,
    rpcError: undefined,
    reorgs: 0,
    draining: false,
    landed: false,
    nudge: new AbortController(),
    loop: undefined,
  };
  return s;
}

/**
 * Everything between the core and the chain.
 *
 * `start` returns once core and chain agree, or, when the chain does not answer, at once: it is
 * tried again for ever and the status says so. When they cannot be made to agree it comes up
 * halted. `stop` settles what is pending, for at most `drainMs`.
 *
 * @returns start, stop, status, wake
 */
export function createSettler(deps: SettlerDeps) {
  const s = assemble(deps);
  return {
    start: () => start(s),
    stop: () => stop(s),
    status: () => status(s),
    /** There is something new to settle: do not wait for the next poll. */
    wake: () => s.nudge.abort(),
  };
}
