/**
 * The operator as a process: follows the chain, takes orders, admits and pays members, opens epochs
 * and proves them. What it is asked comes over HTTP, signed by the member that asks.
 */
import { join } from 'node:path';
import { iConfidentialPoolAbi, iProofRegistryAbi } from '@holdfast/abi';
import {
  createClock,
  createLogger,
  ensurePrivateDir,
  errorMessage,
  type Logger,
  loadVenue,
  serveJson,
  sleep,
} from '@holdfast/host';
import { chunkMembers, leafOf, proofWords } from '@holdfast/proof';
import { type ProverOptions, proveEpoch } from '@holdfast/proof/node';
import { type Client, connect, type Signer } from '@holdfast/sdk';
import { EnvironmentError, type Hex, isRejection, type Rejection, reject } from '@holdfast/units';
import type { Abi } from 'viem';
import type { z } from 'zod';
import { memberOf, operatorNumber } from './book.ts';
import { type Closer, type CloserRules, createCloser, createSend, type Send } from './closer.ts';
import { type PoolInfo, poolInfo } from './contract.ts';
import { createDesk, type Desk, numberOf, signerOf } from './desk.ts';
import { leavesOf, openingOf, planOf } from './epoch.ts';
import { createFollower, type Follower } from './follow.ts';
import { openJournal } from './journal.ts';
import { memberHealth, uncovered } from './margin.ts';
import { bodies, replyOf, route } from './requests.ts';
import { openSeed, sharedOf } from './secrets.ts';
import { loginForm, type MemberOrder, orderForm, poolDomain, poolTypes } from './terms.ts';

export type OperatorOptions = {
  /** Folder of the venue. */
  readonly venue: string;
  readonly pool: Hex;
  /** Folder of what this operator alone has. */
  readonly dir: string;
  readonly signer: Signer;
  readonly host?: string;
  readonly port: number;
  readonly rpcUrl?: string | undefined;
  readonly url?: string | undefined;
  readonly confirmations?: number;
  /** Proves epochs; absent: somebody else does. */
  readonly prover?: ProverOptions | undefined;
  /** Seconds between two epochs; 0: only when asked. */
  readonly epochSeconds: number;
  /** How it closes members below maintenance, and what it puts in for those that owe. */
  readonly closing?: CloserRules;
  /** Whom it admits; absent: everybody who asks. */
  readonly admits?: ((member: Hex) => boolean) | undefined;
  readonly logger?: Logger;
};

const pollMs = 500;
const readSecondsMax = 300;
/** Wall time in which members are closed before an epoch that was asked for. */
const closeMs = 30_000;
/** 1 % off the mark, and nothing of the operator's own. */
export const closingDefault: CloserRules = { slipPpm: 10_000, coverQuote: 0n };

type Deps = {
  readonly options: OperatorOptions;
  readonly info: PoolInfo;
  readonly follower: Follower;
  readonly desk: Desk;
  readonly client: Client;
  readonly send: Send;
  readonly seed: Uint8Array;
  readonly now: () => number;
  readonly logger: Logger;
};

/** A call of the pool or its registry. */
async function call(d: Deps, at: 'pool' | 'registry', functionName: string, args: unknown[]) {
  const abi = (at === 'pool' ? iConfidentialPoolAbi : iProofRegistryAbi) as Abi;
  return d.send({ address: d.info[at], abi, functionName, args });
}

async function admit(d: Deps, body: z.infer<typeof bodies.admit>): Promise<object | Rejection> {
  const { member, key } = body;
  if (d.options.admits && !d.options.admits(member)) {
    return reject('NotAdmitted', `${member} is not on the list of who may join`);
  }
  const signature = await d.options.signer.signTypedData({
    domain: poolDomain(d.info.chainId, d.info.pool),
    types: { Admission: poolTypes.Admission },
    primaryType: 'Admission',
    message: { member, key },
  });
  return { admission: signature };
}

/** A member that signed a question that is not old. */
async function asking(
  d: Deps,
  kind: 'MemberRead' | 'MemberCancel',
  body: { member: Hex; expiry: number; signature: Hex; nonce?: number },
): Promise<number | Rejection> {
  const { member, expiry, signature, nonce } = body;
  if (expiry <= d.now() || expiry > d.now() + readSecondsMax) {
    return reject('RequestExpired', `a request is good for ${readSecondsMax} s`, { expiry });
  }
  const message = { member, expiry, ...(nonce === undefined ? {} : { nonce: BigInt(nonce) }) };
  const signer = await signerOf(d.info, kind, message, signature);
  const number = numberOf(d.follower.state().book, member);
  if (signer !== member.toLowerCase() || number === undefined) {
    return reject('SignatureWrong', `${member} is no member, or did not sign this`);
  }
  return number;
}

async function holdings(d: Deps, body: z.infer<typeof bodies.read>): Promise<object | Rejection> {
  const number = await asking(d, 'MemberRead', body);
  if (isRejection(number)) return number;
  const { book, epochs } = d.follower.state();
  const { cash, sizes } = memberOf(book, number);
  const proven = [...epochs.values()].filter(({ isProven }) => isProven).at(-1);
  // Handed out before it is proven: a member must have its leaf when the operator goes after that.
  const last = [...epochs.values()].at(-1);
  const next = last && !last.isProven ? last : undefined;
  return {
    number,
    cashQ32: cash,
    positions: [...sizes].map(([market, size]) => ({ market, size })),
    ...memberHealth(book, number),
    orders: d.desk.openOf(body.member),
    closings: d.desk.closingsOf(body.member),
    shared: `${sharedOf(d.seed, body.member)}`,
    opening: proven && openingOf(d.seed, proven, number),
    snapshot: proven?.snapshot,
    next: next && {
      opening: openingOf(d.seed, next, number),
      snapshot: next.snapshot,
    },
  };
}

async function payout(d: Deps, body: z.infer<typeof bodies.payout>): Promise<object | Rejection> {
  const { member, amount, to, nonce, expiry, signature } = body;
  const message = { member, amount, to, nonce, expiry };
  const signer = await signerOf(d.info, 'Payout', message, signature);
  const { book } = await d.follower.advance();
  const number = numberOf(book, member);
  if (number === undefined || signer !== member.toLowerCase()) {
    return reject('SignatureWrong', `${member} is no member, or did not sign this`);
  }
  const quote = amount / d.info.scale;
  const { equity, initial } = memberHealth(book, number);
  const isIdle = d.desk.openOf(member).length === 0;
  // Cash first: profit that is not realised stays, as it would in an account of its own.
  const cash = memberOf(book, number).cash >> 32n;
  const flat = memberOf(book, number).sizes.size === 0;
  const free = flat ? cash : equity - initial;
  if (!isIdle || quote > free) {
    const why = isIdle ? `${free} quote units are free` : 'orders are open: cancel them first';
    return reject('MarginShort', `${quote} quote units cannot be paid: ${why}`, {
      found: `${quote}`,
      free: `${free}`,
    });
  }
  const report = await d.client.latestReport().catch(() => undefined);
  const args = [member, amount, to, nonce, expiry, signature];
  const plain = await call(d, 'pool', 'payout', [...args, '0x']);
  if (!isRejection(plain) || plain.code !== 'PriceStale' || !report) return plain;
  return call(d, 'pool', 'payout', [...args, report.raw]);
}

/** Opens an epoch and proves it. Undefined: it is proven. */
export async function makeEpoch(d: Deps): Promise<Rejection | undefined> {
  const { prover } = d.options;
  if (!prover) return reject('ProverMissing', 'this operator has no keys to prove with');
  const before = await d.follower.advance();
  const bad = uncovered(before.book);
  if (bad.length > 0) {
    return reject('MemberUncovered', `members ${bad.join(', ')} are below maintenance`, {
      members: bad as never,
    });
  }
  const opened = await call(d, 'registry', 'openEpoch', ['0x']);
  if (isRejection(opened)) return opened;
  await waitFor(d, opened.block);
  const epoch = [...d.follower.state().epochs.values()].at(-1);
  if (epoch === undefined) return reject('EpochMissing', 'the chain opened no epoch');
  const circuit = { circuitId: d.info.solvencyId, size: d.info.chunkMembers };
  const plans = planOf(circuit, d.info, d.seed, epoch);
  if (isRejection(plans)) return plans;
  const members = leavesOf(d.seed, epoch);
  const dir = join(d.options.dir, 'epochs', `${epoch.snapshot.number}-${epoch.id % 10n ** 9n}`);
  const chunks = await proveEpoch({ ...prover, dir }, plans);
  for (const [index, chunk] of chunks.entries()) {
    const { sumsAfter, h, proof } = chunk;
    const leaves = chunkMembers(members, index, circuit.size).map(leafOf);
    const text = { index, sumsNext: sumsAfter, vectorHash: h, leaves };
    const args = [epoch.snapshot, { ...text, proof: proofWords(proof) }];
    const sent = await call(d, 'registry', 'submitChunk', args);
    if (isRejection(sent)) return sent;
    await waitFor(d, sent.block);
  }
  return undefined;
}

async function waitFor(d: Deps, block: number): Promise<void> {
  for (let tries = 0; d.follower.state().block < block; tries++) {
    if (tries > 0) await sleep(pollMs);
    await d.follower.advance();
  }
}

/** Members below maintenance and what is done about them, for the operator alone. */
async function uncoveredFor(
  d: Deps,
  closer: Closer,
  body: z.infer<typeof bodies.read>,
): Promise<object | Rejection> {
  const number = await asking(d, 'MemberRead', body);
  if (isRejection(number)) return number;
  if (number === operatorNumber) return { uncovered: closer.view() };
  return reject('NotOperator', `${body.member} does not operate this pool`);
}

/** What anyone may know of the pool; nothing that shows how a member stands. */
function statusOf(d: Deps): object {
  const { book, freshUntil, lapsedTime, epochs, block } = d.follower.state();
  const last = [...epochs.values()].at(-1);
  const state = lapsedTime !== 0 ? 'lapsed' : freshUntil >= d.now() ? 'fresh' : 'stale';
  return {
    pool: d.info.pool,
    account: d.info.account,
    state,
    freshUntil,
    lapsedTime,
    members: book.members.length,
    epoch: last?.snapshot.number ?? 0,
    isProven: last?.isProven ?? false,
    block,
  };
}

async function open(options: OperatorOptions): Promise<Deps & { close(): void }> {
  ensurePrivateDir(options.dir);
  const { venue, pool, rpcUrl, confirmations, signer, url } = options;
  const at = { rpcUrl, ...(confirmations === undefined ? {} : { confirmations }) };
  const { info, reader } = await poolInfo(venue, pool, at);
  if (signer.address.toLowerCase() !== info.operator) {
    throw new EnvironmentError('NotOperator', `${signer.address} does not operate ${pool}`);
  }
  const journal = openJournal(join(options.dir, 'orders.jsonl'));
  const { now } = createClock(loadVenue(venue).clock);
  const held: { desk?: Desk; client?: Client } = {};
  const follower = createFollower(reader, info, (lane, seq) => held.desk?.ownerOf(lane, seq));
  const state = () => follower.state();
  const desk = createDesk({ info, journal, now, state, client: () => held.client as Client });
  held.desk = desk;
  held.client = await connect({
    venue,
    rpcUrl,
    url,
    signer,
    account: info.account,
    form: { order: orderForm, login: loginForm },
    beforeSend: desk.beforeSend,
  });
  const { client } = held;
  await follower.advance();
  const logger = options.logger ?? createLogger('pool');
  const seed = openSeed(join(options.dir, 'seed'));
  const close = (): void => {
    client.close();
    journal.close();
  };
  const send = createSend(client);
  return { options, info, follower, desk, client, send, seed, now, logger, close };
}

/**
 * Follows the chain, closes who is below maintenance, and begins an epoch when it is time and
 * nobody is. An epoch is proven beside that: prices do not wait for a proof.
 */
function runLoop(d: Deps, closer: Closer, epoch: () => Promise<Rejection | undefined>) {
  const { epochSeconds } = d.options;
  let isStopped = false;
  let lastEpoch = 0;
  let proving: Promise<void> | undefined;
  const failed = (error: unknown): void => {
    const text = 'the operator could not go on; it tries again';
    d.logger.error({ error: errorMessage(error) }, text);
  };
  async function prove(): Promise<void> {
    const fault = await epoch();
    if (fault === undefined) return;
    d.logger.error(fault, 'no epoch: the pool goes reduce-only when its proof is old');
    // Prices moved while it was opened: again, as soon as the member is closed.
    if (fault.code === 'MemberUncovered') lastEpoch = 0;
  }
  async function turn(): Promise<void> {
    await d.follower.advance();
    const isCovered = await closer.pass();
    const isDue = epochSeconds > 0 && d.now() >= lastEpoch + epochSeconds;
    if (!isCovered || !isDue || proving !== undefined) return;
    lastEpoch = d.now();
    proving = prove()
      .catch(failed)
      .finally(() => {
        proving = undefined;
      });
  }
  const done = (async () => {
    while (!isStopped) {
      await sleep(pollMs);
      await turn().catch(failed);
    }
    await proving;
  })();
  return {
    stop(): Promise<void> {
      isStopped = true;
      return done;
    },
  };
}

/** Runs an operator until it is stopped. */
export async function startOperator(options: OperatorOptions) {
  const d = await open(options);
  const closer = createCloser({
    ...d,
    rules: options.closing ?? closingDefault,
    state: () => d.follower.state(),
    token: d.client.info.token.address,
    waitFor: (block) => waitFor(d, block),
  });
  let epochs: Promise<unknown> = Promise.resolve();
  const epoch = (): Promise<Rejection | undefined> => {
    const next = epochs.then(() => makeEpoch(d));
    epochs = next.catch(() => undefined);
    return next;
  };
  const place = ({ order, signature }: z.infer<typeof bodies.order>) =>
    d.desk.place(order as MemberOrder, signature);
  const cancel = async (body: z.infer<typeof bodies.cancel>) => {
    const who = await asking(d, 'MemberCancel', body);
    return isRejection(who) ? who : { cancelled: await d.desk.cancel(body.member, body.nonce) };
  };
  const server = await serveJson({
    host: options.host ?? '127.0.0.1',
    port: options.port,
    logger: d.logger,
    routes: {
      'GET /status': () => replyOf(statusOf(d)),
      'POST /admit': route(bodies.admit, (body) => admit(d, body)),
      'POST /orders': route(bodies.order, place),
      'POST /cancel': route(bodies.cancel, cancel),
      'POST /holdings': route(bodies.read, (body) => holdings(d, body)),
      'POST /payout': route(bodies.payout, (body) => payout(d, body)),
      'POST /uncovered': route(bodies.read, (body) => uncoveredFor(d, closer, body)),
    },
  });
  const stopWatch = await d.client
    .watch([`account:${d.info.account}`], d.desk.onFrame)
    .catch((error: unknown) => {
      d.logger.warn({ error: errorMessage(error) }, 'the venue is not there: no orders for now');
      return undefined;
    });
  const loop = runLoop(d, closer, epoch);
  return {
    port: server.port,
    url: `http://${options.host ?? '127.0.0.1'}:${server.port}`,
    status: () => statusOf(d),
    /** Opens and proves an epoch, once members below maintenance are closed. */
    async epoch(): Promise<Rejection | undefined> {
      for (let waited = 0; waited < closeMs; waited += pollMs) {
        if (uncovered((await d.follower.advance()).book).length === 0) break;
        await sleep(pollMs);
      }
      return epoch();
    },
    uncovered: closer.view,
    desk: d.desk,
    follower: d.follower,
    async stop(): Promise<void> {
      await loop.stop();
      await stopWatch?.();
      await server.close();
      d.close();
    },
  };
}
