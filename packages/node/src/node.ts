import type { RequestListener } from 'node:http';
import {
  type ChainReader,
  type Clock,
  createKeyReader,
  type Logger,
  portFault,
  type Venue,
} from '@holdfast/host';
import { reportAuthority } from '@holdfast/oracle';
import { domain, domainSeparator } from '@holdfast/order';
import { createSettler, type SettlerStatus } from '@holdfast/settle';
import { toHex } from '@holdfast/units';
import type { FastifyInstance } from 'fastify';
import type { LocalAccount, PublicClient } from 'viem';
import { parseAbi } from 'viem';
import { applyPolicies, holdCalls, serveOperator } from './auctions.ts';
import type { ContractSigner } from './authority.ts';
import { createConditionalChain } from './conditionals/chain.ts';
import { createConditionalDesk, keepSwept } from './conditionals/desk.ts';
import type { ConditionalStore } from './conditionals/store.ts';
import { coreConfig, type NodeOptions } from './config.ts';
import { type Hub, serveHub } from './edge/hub.ts';
import { createEngine, type Input } from './engine.ts';
import { createDesk, type Desk } from './gateway/desk.ts';
import { type Gateway, serveGateway } from './gateway/server.ts';
import { createStreams, type Streams } from './gateway/streams.ts';
import { createHttp, type HttpDeps } from './http/server.ts';
import { statusView } from './http/views.ts';
import type { Journal } from './journal/types.ts';
import { type Log, openLog } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import type { NodeParts } from './parts.ts';
import { type Recovered, saveRecovered } from './recovery.ts';
import { createReportDesk } from './reports.ts';
import { watchSeizures } from './seize.ts';
import { sweepTime } from './sweep.ts';
import { hashFast } from './verify/keccak.ts';
import { createVerifyPool } from './verify/pool.ts';
import type { DigestSigner } from './verify/sign.ts';
import { recoverFor } from './verify/verify.ts';

export type NodeDeps = {
  readonly venue: Venue;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Signs receipts. */
  readonly key: DigestSigner;
  /** Signs batches. */
  readonly sequencer: LocalAccount;
  readonly client: PublicClient;
  readonly options: NodeOptions;
  /** Called once when the node can never go on; the process has to end. */
  readonly onFatal: (error: Error) => void;
  /** Ends the wait of a standby. */
  readonly signal?: AbortSignal;
};

export type RunningNode = {
  readonly url: string;
  readonly parts: NodeParts;
  status(): object;
  /** Stops taking requests, settles what it can, writes a snapshot and closes the journal. */
  stop(): Promise<void>;
};

const SWEEP_MS = 250;
const CONDITIONAL_SWEEP_MS = 5000;

const walletAbi = parseAbi(['function isValidSignature(bytes32, bytes) view returns (bytes4)']);
const VALID = '0x1626ba7e';

function createContractSigner(client: PublicClient): ContractSigner {
  return async (address, digest, signature) => {
    const code = await client.getCode({ address });
    if (code === undefined) return false;
    try {
      const args = [toHex(digest), toHex(signature)] as const;
      const call = { address, abi: walletAbi, functionName: 'isValidSignature' as const, args };
      return (await client.readContract(call)) === VALID;
    } catch {
      // A wallet that reverts has not signed; a dead RPC must not let an order in either.
      return false;
    }
  };
}

async function listen(app: FastifyInstance, venue: Venue): Promise<string> {
  const { host, port } = venue.gateway;
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    throw portFault(cause, `port ${port}`, 'set another gateway port');
  }
}

function createParts(
  deps: NodeDeps,
  journal: Journal,
  recovered: Recovered,
  halted: () => string | undefined,
): NodeParts {
  const { venue, clock, logger, key, options, client, onFatal } = deps;
  const { state, acks, tape } = recovered;
  const domain_ = domain(venue.chainId, venue.contracts.clearingHouse);
  const { threads, verifier } = options;
  const recover_ = recoverFor({ verifier });
  const engine = createEngine({ state, journal, acks, now: clock.now, onFatal });
  const separator = domainSeparator(domain_);
  const pool = createVerifyPool({ separator, verifier, threads });
  const contractSigner = createContractSigner(client);
  const authority = reportAuthority(venue, recover_, createKeyReader(client as ChainReader, venue));
  const servers = { venue, domain: domain_, clock, logger, engine, journal, acks, tape, pool, key };
  return { ...servers, recover: recover_, authority, contractSigner, halted };
}

function watchMetrics(metrics: Metrics, parts: NodeParts, gateway: Gateway, desk: Desk): void {
  const { engine, journal, pool } = parts;
  metrics.watch('holdfast_connections', 'Open connections', gateway.connections);
  metrics.watch('holdfast_orders_waiting', 'Orders in the fair queue', desk.waiting);
  metrics.watch('holdfast_engine_waiting', 'Inputs not yet durable', engine.waiting);
  metrics.watch('holdfast_verify_waiting', 'Signature jobs waiting', pool.waiting);
  metrics.watch('holdfast_journal_commands', 'Commands', () => journal.stats().commands);
  metrics.watch('holdfast_journal_bytes', 'Bytes', () => journal.stats().bytes);
  metrics.watch('holdfast_journal_sync_ms', 'Last commit, ms', () => journal.stats().syncMsLast);
  metrics.watch('holdfast_accounts', 'Accounts', () => engine.state.accounts.size);
  metrics.watch('holdfast_fills_unconfirmed', 'Fills not yet on chain', () => {
    return engine.state.unconfirmed.size;
  });
  metrics.watch('holdfast_calls', 'Markets that collect orders for an auction', () => {
    return [...engine.state.markets.values()].filter(({ call }) => call !== undefined).length;
  });
  metrics.watch('holdfast_halted', '1 when halted', () => Number(parts.halted() !== undefined));
}

/** Snapshots by count of commands, one at a time. */
function keepSnapshots(deps: NodeDeps, { engine, journal }: NodeParts, from: () => Recovered) {
  let last = journal.next();
  let running = false;
  return (): void => {
    const index = engine.applied();
    if (running || index - last < deps.options.snapshotEvery) return;
    running = true;
    last = index;
    saveRecovered(journal, index, from())
      .catch((error) => deps.logger.error({ error }, 'snapshot failed; the journal is whole'))
      .finally(() => {
        running = false;
      });
  };
}

/** The snapshot of an ordered end. Without it the next start replays more, and nothing is lost. */
async function saveLast({ engine, journal, logger }: NodeParts, known: Recovered): Promise<void> {
  if (engine.failure() !== undefined) return;
  await saveRecovered(journal, engine.applied(), known).catch((error) => {
    logger.error({ error }, 'no snapshot was taken; the journal is whole');
  });
}

/** Everybody who follows what the core does. */
function feed({ engine, tape }: NodeParts, streams: Streams, metrics: Metrics): void {
  engine.listen((outcome) => {
    tape.take(outcome.events);
    streams.take(outcome);
    metrics.take(outcome);
  });
}

/** The HTTP server, with the list of conditional orders that is kept beside the journal. */
async function openHttp(
  deps: NodeDeps,
  store: ConditionalStore,
  rest: Omit<HttpDeps, 'conditionals'>,
) {
  const { parts } = rest;
  const chain = createConditionalChain(deps.client, deps.venue.contracts.clearingHouse);
  const conditionals = createConditionalDesk(parts, store, chain);
  rest.metrics.watch('holdfast_conditionals', 'Conditional orders listed', conditionals.size);
  const stop = keepSwept(parts, conditionals, CONDITIONAL_SWEEP_MS);
  const app = await createHttp({ ...rest, conditionals });
  await app.ready();
  async function close(): Promise<void> {
    await app.close();
    stop();
    await store.close();
  }
  return { app, close };
}

function settlerDeps(deps: NodeDeps, { engine, acks }: NodeParts, { settle }: Log) {
  const { venue, client, sequencer, clock, logger, options } = deps;
  return {
    storePath: settle,
    venue,
    client,
    sequencer,
    clock,
    logger,
    options: { forcedTaker: options.forcedTaker },
    state: () => engine.state,
    receipts: () => toHex(acks.head().head),
    async applyJournaled(commands: readonly Input[]) {
      const outcomes = await engine.submit(commands);
      return outcomes.flatMap(({ events }) => [...events]);
    },
  };
}

function openNodeLog(deps: NodeDeps): Promise<Log> {
  const { options, venue, logger, signal, onFatal } = deps;
  const { journal = { kind: 'local', dir: options.journalDir } } = options;
  const config = coreConfig(venue);
  return openLog(journal, { venue, config, logger, signal, onLost: onFatal });
}

/** Takes gateways, where the node is told to. */
async function openHub(
  { options, logger }: NodeDeps,
  gateway: Gateway,
  app: FastifyInstance,
  metrics: Metrics,
): Promise<Hub | undefined> {
  if (options.gateways === undefined) return undefined;
  const api = app.routing as RequestListener;
  const hub = await serveHub({ gateway, api, logger }, options.gateways);
  metrics.watch('holdfast_gateways', 'Gateways that are linked', hub.links);
  return hub;
}

/** The ways in besides the public one: gateways and the operator. Returns what closes them. */
async function openDoors(
  deps: NodeDeps,
  parts: NodeParts,
  gateway: Gateway,
  app: FastifyInstance,
  metrics: Metrics,
): Promise<() => Promise<void>> {
  const hub = await openHub(deps, gateway, app, metrics);
  const operator = await serveOperator(parts, deps.options.control);
  return async () => {
    await operator?.close();
    await hub?.close();
  };
}

/** Passes on the first call only. */
function firstOnly(call: (error: Error) => void): typeof call {
  let called = false;
  return (error) => {
    if (!called) call(error);
    called = true;
  };
}

/**
 * Starts a node: opens and replays the journal, follows the chain, then takes orders. Over
 * PostgreSQL it first stands by until it holds the lease.
 *
 * @throws EnvironmentError JournalDamaged and others of {@link openLog}, PortInUse, NativeMissing,
 *   and the chain client's
 */
export async function startNode(given: NodeDeps): Promise<RunningNode> {
  const deps = { ...given, onFatal: firstOnly(given.onFatal) };
  const { venue, logger } = deps;
  await hashFast();
  const log = await openNodeLog(deps);
  const { journal, recovered } = log;
  logger.info({ commands: journal.next(), replayed: recovered.replayed }, 'journal replayed');
  let haltReason: string | undefined;
  let stopping = false;
  const parts = createParts(deps, journal, recovered, () => {
    return stopping ? 'it is stopping' : haltReason;
  });
  const { engine } = parts;
  const metrics = createMetrics();
  const reports = createReportDesk(parts, recovered.reports);
  const settler = createSettler({
    ...settlerDeps(deps, parts, log),
    report: reports.raw,
    onHalt(reason) {
      haltReason ??= reason;
      logger.fatal({ reason }, 'the node halts itself: it takes cancels only');
      holdCalls(parts);
    },
    onSettled: (batch, fillIds, tx) => streams.settled(batch, fillIds, tx),
  });
  const settlerStatus = (): SettlerStatus => settler.status();
  const status = (): object => statusView(parts, settlerStatus(), false);
  const streams = createStreams(parts, status);
  const desk = createDesk(parts);
  feed(parts, streams, metrics);
  const rest = { parts, metrics, reports, settlerStatus };
  const { app, close } = await openHttp(deps, log.conditionals, rest);
  const gateway = serveGateway(app.server, parts, desk, streams);
  watchMetrics(metrics, parts, gateway, desk);
  const everything = (): Recovered => ({ ...recovered, replayed: 0 });
  const snapshots = keepSnapshots(deps, parts, everything);
  const sweep = sweepTime(parts);
  await applyPolicies(parts, deps.options.auctions);
  await settler.start();
  watchSeizures(parts);
  const url = await listen(app, venue);
  const closeDoors = await openDoors(deps, parts, gateway, app, metrics);
  const timer = setInterval(() => {
    snapshots();
    sweep();
  }, SWEEP_MS);

  return {
    url,
    parts,
    status,
    async stop() {
      stopping = true;
      clearInterval(timer);
      await closeDoors();
      await gateway.close();
      await close();
      await engine.idle();
      await settler.stop();
      await engine.idle();
      await saveLast(parts, everything());
      await parts.pool.close();
      await journal.close();
    },
  };
}
