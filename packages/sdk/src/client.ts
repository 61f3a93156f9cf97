/** The client of a trader: orders through the node, money through the chain. */
import { sleep } from '@holdfast/host';
import type { ServerFrame, SessionScope } from '@holdfast/order';
import {
  type AccountId,
  EnvironmentError,
  type Hex,
  isRejection,
  type Rejection,
} from '@holdfast/units';
import { type ChainAccount, createChain, type Done } from './chain.ts';
import { conditionals } from './conditional.ts';
import {
  type Answer,
  type ConnectOptions,
  type Context,
  cancelAll,
  cancelMany,
  chainOf,
  createClientIds,
  defaultTimeoutMs,
  deskOf,
  gatewayOf,
  type OrderInput,
  pickAccount,
  placeMany,
} from './desk.ts';
import { healthOf } from './health.ts';
import { findVenue } from './info.ts';
import { marketBy } from './market.ts';
import { type AccountView, createNodeReads } from './node.ts';

const pollMs = 200;

/** The node's view of an account, the chain's when the node cannot be reached. */
async function accountOf(
  c: Context,
  id: number,
): Promise<((AccountView & { from: 'node' }) | (ChainAccount & { from: 'chain' })) | Rejection> {
  try {
    const view = await c.reads.account(id);
    if (!isRejection(view)) return { ...view, from: 'node' };
    if (!c.chain) return view;
  } catch (error) {
    if (!c.chain || !(error instanceof EnvironmentError)) throw error;
  }
  const view = await chainOf(c).account(id);
  return isRejection(view) ? view : { ...view, from: 'chain' };
}

async function deposit(
  c: Context,
  id: AccountId,
  amount: string,
): Promise<(Done & { seenByNode: boolean }) | Rejection> {
  const cashNow = async (): Promise<bigint | undefined> => {
    const view = await c.reads.account(id).catch(() => undefined);
    return view === undefined || isRejection(view) ? undefined : view.cashQ32;
  };
  const before = (await cashNow()) ?? 0n;
  const done = await chainOf(c).deposit(id, amount);
  if (isRejection(done)) return done;
  const end = Date.now() + (c.options.timeoutMs ?? defaultTimeoutMs);
  for (; Date.now() < end; await sleep(pollMs)) {
    if (((await cashNow()) ?? before) !== before) return { ...done, seenByNode: true };
  }
  return { ...done, seenByNode: false };
}

async function withdraw(c: Context, amount: string, options: { to?: Hex; report?: Hex } = {}) {
  const id = await pickAccount(c);
  if (isRejection(id)) return id;
  // Without the node the chain's own prices, or a report given by hand, must do.
  const latest = options.report ?? (await c.reads.latestReport().catch(() => undefined))?.raw;
  return chainOf(c).withdraw(id, amount, { ...options, report: latest });
}

/** A rejection as it is, anything else by `then`. */
async function withAccount<T>(
  c: Context,
  then: (account: AccountId) => Promise<T | Rejection>,
): Promise<T | Rejection> {
  const id = await pickAccount(c);
  return isRejection(id) ? id : then(id);
}

async function watch(
  c: Context,
  channels: readonly string[],
  listener: (frame: ServerFrame) => void,
): Promise<() => Promise<void>> {
  if (channels.some((channel) => channel.startsWith('account:'))) await deskOf(c);
  c.listeners.add(listener);
  for (const channel of channels) c.usage.set(channel, (c.usage.get(channel) ?? 0) + 1);
  const no = await gatewayOf(c).subscribe(channels);
  const stop = async () => {
    if (!c.listeners.delete(listener)) return;
    const unused = channels.filter((channel) => {
      const left = (c.usage.get(channel) ?? 1) - 1;
      c.usage.set(channel, left);
      return left === 0 && channel !== `account:${c.live?.account}`;
    });
    if (unused.length > 0) await gatewayOf(c).unsubscribe(unused);
  };
  if (!no) return stop;
  await stop();
  throw new EnvironmentError(no.code, no.message);
}

export type Client = Awaited<ReturnType<typeof connect>>;

/**
 * Finds a venue and makes a client of it. The node is contacted when it is first needed, so chain
 * actions work when it is gone.
 *
 * Refusals come back as values: an {@link Answer} with status `rejected`, or a Rejection. What
 * fails around them (network, chain, keys) is thrown as EnvironmentError.
 */
export async function connect(options: ConnectOptions) {
  const info = await findVenue(options);
  const c: Context = {
    info,
    options,
    reads: createNodeReads(info.nodeUrl, options.timeoutMs),
    chain: info.rpcUrl === undefined ? undefined : createChain(info, options.signer),
    nextId: createClientIds(),
    listeners: new Set(),
    stateListeners: new Set(),
    usage: new Map(),
    gateway: undefined,
    desk: undefined,
    live: undefined,
  };
  return { ...reading(c), ...trading(c), ...conditionals(c), ...money(c) };
}

const reading = (c: Context) => ({
  info: c.info,
  /** The chain alone: every action with explicit account numbers. */
  chain: () => chainOf(c),
  markets: () => c.reads.markets(),
  market: (name: string | number) => marketBy(c.info.markets, name),
  book: (market: number, depth?: number) => c.reads.book(market, depth),
  /** The account that this client trades for. */
  accountId: () => pickAccount(c),
  account: (id?: number) =>
    id === undefined ? withAccount(c, (own) => accountOf(c, own)) : accountOf(c, id),
  /** Equity and margin, and which term decides the margin of each position. */
  health: async (id?: number) => {
    const sources = { markets: c.info.markets, reads: c.reads, chain: c.chain };
    const own = id ?? (await pickAccount(c));
    return isRejection(own) ? own : healthOf(sources, await accountOf(c, own));
  },
  orders: (id?: number) =>
    id === undefined ? withAccount(c, (own) => c.reads.orders(own)) : c.reads.orders(id),
  fills: (filter?: { account?: number; market?: number; limit?: number }) => c.reads.fills(filter),
  status: () => c.reads.status(),
  latestReport: () => c.reads.latestReport(),
  /**
   * Streams frames of channels: `book:0`, `trades:0`, `auction:0`, `account:7`, `status`. Returns
   * a stop.
   */
  watch: (channels: readonly string[], listener: (frame: ServerFrame) => void) =>
    watch(c, channels, listener),
  /** Tells when the connection to the node comes and goes. */
  onState(listener: (state: 'up' | 'down', reason: string) => void): () => void {
    c.stateListeners.add(listener);
    return () => c.stateListeners.delete(listener);
  },
  /** Newest place of the receipt chain that this client has judged. */
  receiptSeq: () => c.gateway?.receiptSeq() ?? 0,
  close: () => c.gateway?.close(),
});

const trading = (c: Context) => ({
  /** Connects and logs in now instead of at the first order. */
  ready: async (): Promise<void> => void (await deskOf(c)),
  place: async (input: OrderInput): Promise<Answer | Rejection> =>
    (await placeMany(c, [input]))[0] as Answer | Rejection,
  /** Several orders in one frame, each answered on its own. */
  placeMany: (inputs: readonly OrderInput[]) => placeMany(c, inputs),
  /** Replaces whatever rests on a lane, in one step: the old order is dead once this is in. */
  replace: (lane: number, input: OrderInput): Promise<Answer | Rejection> =>
    placeMany(c, [{ ...input, lane }]).then(([answer]) => answer as Answer | Rejection),
  cancel: async (lane: number, seq?: number): Promise<Answer> =>
    (await cancelMany(c, [{ lane, seq }]))[0] as Answer,
  cancelMany: (wanted: readonly { lane: number; seq?: number | undefined }[]) =>
    cancelMany(c, wanted),
  cancelAll: () => cancelAll(c),
  /** Lanes on which an order of ours may rest. */
  live: async () => (await deskOf(c)).lanes.live(),
  /** The node cancels everything when this connection ends. */
  cancelOnDisconnect: async (on: boolean) =>
    gatewayOf(c).request({ op: 'cancelOnDisconnect', account: (await deskOf(c)).account, on }),
  /** The node cancels everything unless this is called again in time; 0 switches it off. */
  deadman: async (seconds: number) =>
    gatewayOf(c).request({ op: 'deadman', account: (await deskOf(c)).account, seconds }),
});

const money = (c: Context) => ({
  openAccount: (owner?: Hex) => chainOf(c).openAccount(owner),
  /** Test venues only: gas and `amount` test tokens for the signer. */
  faucet: (amount: string) => chainOf(c).faucet(amount),
  /**
   * Approves exactly `amount` (decimal text), deposits it and waits until the node has seen it;
   * `seenByNode` is false when that took too long. The money is safe on chain either way.
   */
  deposit: (amount: string) => withAccount(c, (id) => deposit(c, id, amount)),
  /** Withdraws `amount`; a price report is added when the chain needs one. */
  withdraw: (amount: string, options?: { to?: Hex; report?: Hex }) => withdraw(c, amount, options),
  /** On chain, without the node's help. */
  cancelLaneOnChain: (lane: number, seq: number) =>
    withAccount(c, (id) => chainOf(c).cancelLane(id, lane, seq)),
  /** On chain, without the node's help: every order signed so far is dead. */
  cancelAllOnChain: () => withAccount(c, (id) => chainOf(c).cancelAll(id)),
  /** Demands at least `initialPpm` of margin of every position; 0: no own demand. */
  setLeverage: (initialPpm: number) =>
    withAccount(c, async (id) => {
      const latest = await c.reads.latestReport().catch(() => undefined);
      return chainOf(c).setLeverage(id, initialPpm, latest?.raw);
    }),
  /** Lets another key trade, within a scope; expiry 0 revokes it. */
  setSession: (key: Hex, expiry: number, scope?: SessionScope) =>
    withAccount(c, (id) => chainOf(c).setSession(id, key, expiry, scope)),
});
