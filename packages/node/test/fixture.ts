import { mkdtemp, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CoreConfig } from '@holdfast/core';
import { createClock, silentLogger, type Venue } from '@holdfast/host';
import {
  assembleReport,
  encodeReport,
  observationDigest,
  oracleDomain,
  oracleDomainSeparator,
  reportAuthority,
} from '@holdfast/oracle';
import {
  type AckItem,
  compactFrom65,
  type Domain,
  domain,
  domainSeparator,
  type Order,
  orderDigest,
  packOrder,
  type ServerFrame,
  signDigest,
} from '@holdfast/order';
import {
  accountId,
  fromHex,
  type Hex,
  invariant,
  isRejection,
  keccak256,
  round,
  seconds,
  toHex,
  toQ32,
} from '@holdfast/units';
import { privateKeyToAccount } from 'viem/accounts';
import WebSocket from 'ws';
import { type ConditionalDesk, createConditionalDesk } from '../src/conditionals/desk.ts';
import { openConditionals } from '../src/conditionals/store.ts';
import { coreConfig } from '../src/config.ts';
import { createEngine } from '../src/engine.ts';
import type { Budget } from '../src/gateway/budget.ts';
import { createDesk, type Desk } from '../src/gateway/desk.ts';
import { type Gateway, serveGateway } from '../src/gateway/server.ts';
import { createStreams } from '../src/gateway/streams.ts';
import { createHttp } from '../src/http/server.ts';
import type { Disk } from '../src/journal/disk.ts';
import { openJournal } from '../src/journal/local.ts';
import { createMetrics } from '../src/metrics.ts';
import type { NodeParts } from '../src/parts.ts';
import { recover, saveRecovered } from '../src/recovery.ts';
import { createReportDesk } from '../src/reports.ts';
import { createVerifyPool } from '../src/verify/pool.ts';
import { nativeRecover } from '../src/verify/recover.ts';
import { createDigestSigner } from '../src/verify/sign.ts';

/** A key made from a word: tests need many, none is worth anything. */
export function keyOf(word: string): { secret: Uint8Array; address: Hex } {
  const secret = keccak256(new TextEncoder().encode(word));
  return { secret, address: privateKeyToAccount(toHex(secret)).address };
}

const address = (n: number): Hex => `0x${n.toString(16).padStart(40, '0')}`;
export const START = 1_700_000_000;
export const reporters = ['r1', 'r2', 'r3', 'r4', 'r5'].map(keyOf);

export const venue: Venue = {
  version: 1,
  chainId: 31337,
  rpcUrl: 'http://127.0.0.1:1',
  contracts: {
    clearingHouse: address(1),
    vault: address(2),
    oracle: address(3),
    verifier: address(4),
    breaker: address(5),
    parameters: address(6),
    laws: address(7),
    token: address(8),
  },
  deployBlock: 0,
  token: { symbol: 'USD', decimals: 6 },
  markets: [
    {
      id: 0,
      symbol: 'BTC-USD',
      tickSize: '0.1',
      lotSize: '0.001',
      tickValue: 100,
      initialPpm: 50_000,
      maintenancePpm: 30_000,
      takerFeePpm: 450,
      makerFeePpm: 150,
      priceAgeSecondsMax: 60,
      bandPpm: 100_000,
      fillBandPpm: 50_000,
      fundingRatePpmMax: 120_000,
      openInterestMax: 1_000_000_000,
      openInterestLowPpm: 1_000_000,
      openInterestHighPpm: 1_000_000,
      concentrationPpm: 0,
      concentrationCapPpm: 0,
      isolated: 0,
      markClampPpm: 0,
      fundingGapSecondsMax: 7_200,
      liquidationPartPpm: 1_000_000,
      coverSharePpm: 1_000_000,
      backstopLotsMax: 0,
    },
  ],
  clock: { wallEpochMs: 0, venueEpoch: START, speed: 1 },
  gateway: { host: '127.0.0.1', port: 1 },
  relay: { host: '127.0.0.1', port: 2 },
  reporters: { k: 3, n: 5, addresses: reporters.map((key) => key.address) },
  sequencer: address(9),
  node: address(10),
  blockMs: 1000,
};

const verifierSeparator = oracleDomainSeparator(oracleDomain(venue.chainId, address(4)));

/** Signed report bytes of one market at one price. */
export function makeReport(
  at: number,
  price: number,
  signers = reporters.slice(0, 3),
  roundNo = at,
): Uint8Array {
  const quotes = [{ market: 0, price, mark: price, rate: 0 }] as never;
  const observation = { round: round(roundNo % 2 ** 32), time: seconds(at), quotes };
  const digest = observationDigest(verifierSeparator, observation);
  const signed = signers.map(({ secret, address: signer }) => {
    return { ...observation, signer, signature: signDigest(digest, secret) };
  });
  const report = assembleReport(signed, 1);
  invariant(!isRejection(report), 'the fixture makes whole reports');
  return encodeReport(report);
}

export const theDomain: Domain = domain(venue.chainId, venue.contracts.clearingHouse);

/** A signed order of 90 bytes; `change` overrides any field. */
export function makeOrder(
  secret: Uint8Array,
  change: Partial<Order> = {},
  of: Domain = theDomain,
): Uint8Array {
  const order = {
    account: 2,
    market: 0,
    isBuy: true,
    size: 10,
    price: 1_000_000,
    timeInForce: 0,
    reduceOnly: false,
    postOnly: false,
    expiry: START + 3600,
    lane: 0,
    seq: 1,
    epoch: 0,
    ...change,
  } as Order;
  const signature = signDigest(orderDigest(domainSeparator(of), order), secret);
  return packOrder({ ...order, signature });
}

export type Fixture = {
  readonly parts: NodeParts;
  readonly gateway: Gateway;
  readonly api: RequestListener;
  readonly conditionals: ConditionalDesk;
  /** Has the chain say that a one-time number is used. */
  use(nonce: number): void;
  readonly url: string;
  /** Moves venue time. */
  advance(by: number): void;
  halt(reason: string | undefined): void;
  connect(): Promise<Client>;
  close(): Promise<void>;
  get(path: string): Promise<{ status: number; body: Record<string, unknown> }>;
  snapshot(): Promise<void>;
};

export type Client = {
  readonly frames: ServerFrame[];
  readonly binary: Uint8Array[];
  /** Client id → status of its first ack and when it came. */
  readonly answered: ReadonlyMap<string, { readonly status: string; readonly at: number }>;
  send(frame: object | Uint8Array | string): void;
  /** The first frame, old or new, that fits; fails after two seconds. */
  next<Op extends ServerFrame['op']>(
    op: Op,
    fits?: (frame: Extract<ServerFrame, { op: Op }>) => boolean,
  ): Promise<Extract<ServerFrame, { op: Op }>>;
  close(): Promise<void>;
};

async function until<T>(read: () => T | undefined, what: string): Promise<T> {
  for (let waited = 0; waited < 4000; waited += 5) {
    const value = read();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`waited in vain for ${what}`);
}

export async function connectTo(url: string): Promise<Client> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`);
  const frames: ServerFrame[] = [];
  const binary: Uint8Array[] = [];
  const answered = new Map<string, { status: string; at: number }>();
  socket.on('message', (data, isBinary) => {
    if (isBinary) {
      binary.push(new Uint8Array(data as Buffer));
      return;
    }
    const frame = JSON.parse(data.toString()) as ServerFrame;
    frames.push(frame);
    if (frame.op !== 'ack') return;
    for (const { clientId, status } of frame.items as AckItem[]) {
      answered.set(clientId, { status, at: performance.now() });
    }
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const taken = new Set<ServerFrame>();
  return {
    frames,
    binary,
    answered,
    send(frame) {
      const raw = frame instanceof Uint8Array || typeof frame === 'string';
      socket.send(raw ? frame : JSON.stringify(frame));
    },
    next: async (op, fits = () => true) => {
      const found = await until(
        () => frames.find((frame) => frame.op === op && !taken.has(frame) && fits(frame as never)),
        `${op}; got ${JSON.stringify(frames.slice(-3))}`,
      );
      taken.add(found);
      return found as never;
    },
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.close();
      await new Promise((resolve) => socket.once('close', resolve));
    },
  };
}

export type FixtureOptions = {
  readonly disk?: Disk | undefined;
  /** Verifier threads; 0: on the node's own. */
  readonly threads?: number;
  /** The core's configuration, changed. */
  readonly config?: Partial<CoreConfig>;
  /** Stands between the sessions and the desk. */
  readonly around?: (desk: Desk) => Desk;
  /** What refusals cost. */
  readonly budgetOf?: (flow: string) => Budget;
};

/** The node's servers over a journal in `dir`, without a chain. */
export async function startFixture(dir: string, options: FixtureOptions = {}): Promise<Fixture> {
  const { disk, threads = 0, config = {}, around = (desk) => desk, budgetOf } = options;
  const journal = await openJournal({ dir, ...(disk ? { disk } : {}) });
  const recovered = await recover(journal, { ...coreConfig(venue), ...config }, silentLogger());
  let wall = 0;
  let haltReason: string | undefined;
  const clock = createClock(venue.clock, () => wall);
  const { state, acks, tape } = recovered;
  const onFatal = (error: Error): void => {
    haltReason = error.message;
  };
  const engine = createEngine({ state, journal, acks, now: clock.now, onFatal });
  const separator = domainSeparator(theDomain);
  const parts: NodeParts = {
    venue,
    domain: theDomain,
    clock,
    logger: silentLogger(),
    engine,
    journal,
    acks,
    tape,
    pool: createVerifyPool({ separator, verifier: 'native', threads }),
    recover: nativeRecover(),
    authority: reportAuthority(venue, nativeRecover(), async () => undefined),
    contractSigner: async (_owner, _digest, signature) => signature[0] === 7,
    key: createDigestSigner(toHex(keyOf('node').secret)),
    halted: () => haltReason,
  };
  const metrics = createMetrics();
  const reports = createReportDesk(parts, recovered.reports);
  const streams = createStreams(parts, () => ({}));
  engine.listen((outcome) => {
    tape.take(outcome.events);
    streams.take(outcome);
    metrics.take(outcome);
  });
  const store = await openConditionals(join(dir, 'conditionals.jsonl'));
  const used = new Set<number>();
  const conditionals = createConditionalDesk(parts, store, {
    used: async ({ nonce }) => used.has(nonce),
  });
  const forced = { next: 1, count: 0, deadline: 0, waiting: [], hold: null };
  const app = await createHttp({
    parts,
    metrics,
    reports,
    conditionals,
    settlerStatus: () => ({ forced }),
  });
  await app.ready();
  const gateway = serveGateway(app.server, parts, around(createDesk(parts)), streams, budgetOf);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return {
    parts,
    gateway,
    api: app.routing as RequestListener,
    url,
    conditionals,
    use: (nonce) => used.add(nonce),
    advance(by) {
      wall += by * 1000;
    },
    halt(reason) {
      haltReason = reason;
    },
    connect: () => connectTo(url),
    async get(path) {
      const response = await fetch(url + path);
      return { status: response.status, body: (await response.json()) as never };
    },
    snapshot: () => saveRecovered(journal, engine.applied(), recovered),
    async close() {
      await gateway.close();
      await app.close();
      await store.close();
      await engine.idle();
      await parts.pool.close();
      await journal.close();
    },
  };
}

export const alice = keyOf('alice');
export const bob = keyOf('bob');

/** Opens accounts 2 (alice) and 3 (bob) with 10,000 each and hands in a price of 100,000. */
export async function fund({ parts, url }: Fixture): Promise<void> {
  const owners = [alice, bob];
  for (const [at, { address: owner }] of owners.entries()) {
    const account = accountId(2 + at);
    await parts.engine.submit([
      { type: 'open', account, owner: owner.toLowerCase() as Hex },
      {
        type: 'external',
        account,
        cashDelta: toQ32(10_000_000_000n as never),
        sizes: [],
        cause: 'deposit',
        block: 1,
      },
    ]);
  }
  const body = JSON.stringify({ report: toHex(makeReport(START + 1, 1_000_000)) });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
  const response = await fetch(`${url}/v1/reports`, init);
  invariant(response.status === 200, `report refused: ${await response.text()}`);
}

/** A funded fixture in a folder of its own, closed and removed afterwards. */
export async function withNode(
  run: (node: Fixture, dir: string) => Promise<void>,
  disk?: Disk,
  options: FixtureOptions = {},
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-node-'));
  const node = await startFixture(dir, { disk, ...options });
  try {
    node.advance(1);
    await fund(node);
    await run(node, dir);
  } finally {
    await node.close();
    await rm(dir, { recursive: true, force: true });
  }
}

export async function signWith(secret: Uint8Array, digest: Uint8Array): Promise<Uint8Array> {
  const full = await privateKeyToAccount(toHex(secret)).sign({ hash: toHex(digest) });
  const compact = compactFrom65(fromHex(full));
  invariant(compact !== undefined, 'viem signs with low s');
  return compact;
}
