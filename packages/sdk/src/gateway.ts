/**
 * The order entry of a node over one WebSocket: login, requests matched to answers, receipts
 * judged, and everything taken up again after a lost connection. Client ids are idempotent at the
 * node, so a request whose answer was lost is sent again and never runs twice.
 */
import {
  type AckFrame,
  type AckItem,
  type CancelItem,
  cancelAllBody,
  cancelBody,
  domain,
  domainSeparator,
  encodeCancels,
  encodeFrame,
  encodeOrders,
  type Login,
  type OrderItem,
  type ServerFrame,
  type ServerFrameOf,
} from '@holdfast/order';
import { type AccountId, EnvironmentError, type Rejection, type Seconds } from '@holdfast/units';
import { socketUrl, type VenueInfo } from './info.ts';
import { createLink, type Link } from './link.ts';
import { type Asked, createReceiptWatch, judgeReceipts } from './receipts.ts';
import { type Signer, signLogin } from './signer.ts';

export type GatewayOptions = {
  readonly info: VenueInfo;
  /** Signs logins; without it the connection only reads. */
  readonly signer: Signer | undefined;
  /** What the owner takes as its signature, when it is a contract. */
  readonly loginForm?: ((login: Login, signature: Uint8Array) => Uint8Array) | undefined;
  /** Longest wait for an answer, wall ms. */
  readonly timeoutMs: number;
  /** Judge every receipt. Off only for load generators. */
  readonly verifyReceipts: boolean;
  /** Send orders and cancels in the binary form. */
  readonly binary: boolean;
  readonly onFrame: (frame: ServerFrame) => void;
  readonly onState: (state: 'up' | 'down', reason: string) => void;
};

type Waiting = {
  readonly asked: Asked;
  readonly order?: OrderItem;
  readonly cancel?: CancelItem;
  readonly cancelAll?: AccountId;
  readonly resolve: (item: AckItem) => void;
  readonly fail: (error: EnvironmentError) => void;
  readonly timer: NodeJS.Timeout;
};
type WaitingReply = {
  readonly resolve: (result: Rejection | undefined) => void;
  readonly timer: NodeJS.Timeout;
};

export type Gateway = {
  /** Resolves once logged in; rejects when that takes too long or is refused. */
  ready(): Promise<void>;
  /** Logs an account in, now and after every reconnect. */
  login(account: AccountId): Promise<Rejection | undefined>;
  orders(items: readonly OrderItem[]): Promise<AckItem>[];
  cancels(items: readonly CancelItem[]): Promise<AckItem>[];
  cancelAll(account: AccountId, clientId: string): Promise<AckItem>;
  /** A request that is answered by `ok` or `error`: deadman, cancelOnDisconnect. */
  request(frame: { op: string } & Record<string, unknown>): Promise<Rejection | undefined>;
  /** Subscribes, now and after every reconnect. */
  subscribe(channels: readonly string[]): Promise<Rejection | undefined>;
  unsubscribe(channels: readonly string[]): Promise<void>;
  /** Newest place of the receipt chain that this connection has judged. */
  receiptSeq(): number;
  close(): void;
};

type Context = GatewayOptions & {
  readonly separator: Uint8Array;
  readonly watch: ReturnType<typeof createReceiptWatch>;
  readonly waiting: Map<string, Waiting>;
  readonly replies: Map<number, WaitingReply>;
  readonly accounts: Set<AccountId>;
  readonly channels: Set<string>;
  readonly readyWaiters: Set<{ resolve: () => void; fail: (error: EnvironmentError) => void }>;
  link: Link;
  hello: ServerFrameOf<'hello'> | undefined;
  isReady: boolean;
  lastReason: string;
  /** Set once: the node or the venue is not what it should be. */
  broken: EnvironmentError | undefined;
  nextId: number;
};

const loginSeconds = 365 * 86_400;

function fatal(c: Context, error: EnvironmentError): void {
  c.broken = error;
  c.isReady = false;
  for (const { fail, timer } of c.waiting.values()) {
    clearTimeout(timer);
    fail(error);
  }
  c.waiting.clear();
  for (const waiter of c.readyWaiters) waiter.fail(error);
  c.readyWaiters.clear();
  c.onState('down', error.message);
  c.link.close();
}

function onHello(c: Context, hello: ServerFrameOf<'hello'>): void {
  const { info } = c;
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  if (hello.chainId !== info.chainId || !same(hello.clearingHouse, info.clearingHouse)) {
    const found = `chain ${hello.chainId}, clearing house ${hello.clearingHouse}`;
    const message = `${info.nodeUrl} serves another venue (${found})`;
    fatal(c, new EnvironmentError('VenueDiffers', message));
    return;
  }
  if (info.node !== undefined && !same(hello.node, info.node)) {
    const message = `${info.nodeUrl} signs receipts as ${hello.node}, not as ${info.node}`;
    fatal(c, new EnvironmentError('NodeDiffers', message));
    return;
  }
  c.hello = hello;
  takeUp(c).catch((cause: unknown) => {
    c.link.drop(String(cause));
  });
}

/** Brings a fresh connection to where the last one was. */
async function takeUp(c: Context): Promise<void> {
  for (const account of c.accounts) {
    const no = await logIn(c, account);
    if (no && isPassing(no)) return c.link.drop(no.message);
    if (no) return fatal(c, new EnvironmentError(no.code, `login refused: ${no.message}`));
  }
  if (c.channels.size > 0) await ask(c, { op: 'subscribe', channels: [...c.channels] });
  c.isReady = true;
  transmit(c, [...c.waiting.entries()]);
  for (const { resolve } of c.readyWaiters) resolve();
  c.readyWaiters.clear();
  c.onState('up', '');
}

/** A node that has just started may not know the account yet. */
const isPassing = ({ code }: Rejection): boolean =>
  code === 'ConnectionLost' || code === 'AccountUnknown';

async function logIn(c: Context, account: AccountId): Promise<Rejection | undefined> {
  const { hello, signer, info } = c;
  if (hello === undefined || signer === undefined) return undefined;
  const expiry = (info.clock.now() + loginSeconds) as Seconds;
  const login = { account, expiry, nonce: hello.nonce };
  const compact = await signLogin(signer, info, login);
  const signature = c.loginForm?.(login, compact) ?? compact;
  return ask(c, { op: 'login', account, expiry, signature });
}

function ask(
  c: Context,
  frame: { op: string } & Record<string, unknown>,
): Promise<Rejection | undefined> {
  const id = c.nextId++;
  return new Promise((resolve, fail) => {
    const timer = setTimeout(() => {
      c.replies.delete(id);
      fail(timeout(c, frame.op));
    }, c.timeoutMs);
    c.replies.set(id, {
      timer,
      resolve: (result) => {
        clearTimeout(timer);
        c.replies.delete(id);
        resolve(result);
      },
    });
    if (!c.link.send(encodeFrame({ ...frame, id }))) {
      c.replies.get(id)?.resolve({ code: 'ConnectionLost', message: c.lastReason });
    }
  });
}

function timeout(c: Context, what: string): EnvironmentError {
  if (c.broken) return c.broken;
  const state = c.isReady ? 'connected' : `not connected: ${c.lastReason || 'no hello yet'}`;
  const message =
    `no answer to ${what} from ${c.info.nodeUrl} in ${c.timeoutMs} ms (${state}); ` +
    'an order may or may not be live: look at the open orders';
  return new EnvironmentError('GatewayTimeout', message, { retry: true });
}

const itemsPerFrame = 256;

function transmit(c: Context, entries: readonly (readonly [string, Waiting])[]): void {
  const orders = entries.flatMap(([, { order }]) => (order ? [order] : []));
  const cancels = entries.flatMap(([, { cancel }]) => (cancel ? [cancel] : []));
  for (let at = 0; at < cancels.length; at += itemsPerFrame) {
    const part = cancels.slice(at, at + itemsPerFrame);
    c.link.send(c.binary ? encodeCancels(part) : encodeFrame({ op: 'cancel', items: part }));
  }
  for (let at = 0; at < orders.length; at += itemsPerFrame) {
    const part = orders.slice(at, at + itemsPerFrame);
    const isPlain = part.every(({ contractSignature }) => contractSignature === undefined);
    const frame = { op: 'orders', orders: part };
    c.link.send(c.binary && isPlain ? encodeOrders(part) : encodeFrame(frame));
  }
  for (const [clientId, { cancelAll: account }] of entries) {
    if (account !== undefined) c.link.send(encodeFrame({ op: 'cancelAll', account, clientId }));
  }
}

type Request = Pick<Waiting, 'asked' | 'order' | 'cancel' | 'cancelAll'> & { clientId: string };

function enter(c: Context, requests: readonly Request[]): Promise<AckItem>[] {
  const answers = requests.map(
    ({ clientId, ...rest }) =>
      new Promise<AckItem>((resolve, fail) => {
        const timer = setTimeout(() => {
          c.waiting.delete(clientId);
          fail(timeout(c, rest.order ? 'an order' : 'a cancel'));
        }, c.timeoutMs);
        if (c.broken) {
          clearTimeout(timer);
          fail(c.broken);
        } else {
          c.waiting.set(clientId, { ...rest, resolve, fail, timer });
        }
      }),
  );
  if (c.isReady) {
    const ids = new Set(requests.map(({ clientId }) => clientId));
    transmit(
      c,
      [...ids].flatMap((id) => {
        const waiting = c.waiting.get(id);
        return waiting ? [[id, waiting] as const] : [];
      }),
    );
  }
  return answers;
}

function onAck(c: Context, frame: AckFrame): void {
  if (c.verifyReceipts && c.hello) {
    const asked = (item: AckItem) => c.waiting.get(item.clientId)?.asked;
    const wrong = judgeReceipts(c.watch, frame, c.separator, c.hello.node, asked);
    if (wrong) {
      fatal(c, wrong);
      return;
    }
  }
  for (const item of frame.items) {
    const waiting = c.waiting.get(item.clientId);
    if (!waiting) continue;
    clearTimeout(waiting.timer);
    c.waiting.delete(item.clientId);
    waiting.resolve(item);
  }
}

function onFrame(c: Context, frame: ServerFrame): void {
  if (frame.op === 'hello') onHello(c, frame);
  else if (frame.op === 'ack') onAck(c, frame as AckFrame);
  else if ((frame.op === 'ok' || frame.op === 'pong') && frame.id !== undefined) {
    c.replies.get(frame.id)?.resolve(undefined);
  } else if (frame.op === 'error' && frame.id !== undefined) {
    const { code, message } = frame;
    c.replies.get(frame.id)?.resolve({ code, message });
  }
  c.onFrame(frame);
}

function onDown(c: Context, reason: string): void {
  c.lastReason = reason;
  c.isReady = false;
  c.hello = undefined;
  const lost = { code: 'ConnectionLost', message: reason };
  for (const reply of [...c.replies.values()]) reply.resolve(lost);
  c.onState('down', reason);
}

function whenReady(c: Context): Promise<void> {
  if (c.broken) return Promise.reject(c.broken);
  if (c.isReady) return Promise.resolve();
  return new Promise((resolve, fail) => {
    const waiter = {
      resolve: () => {
        clearTimeout(timer);
        resolve();
      },
      fail: (error: EnvironmentError) => {
        clearTimeout(timer);
        fail(error);
      },
    };
    const timer = setTimeout(() => {
      c.readyWaiters.delete(waiter);
      const why = c.lastReason || 'no hello';
      const message = `cannot reach the node at ${c.info.nodeUrl} (${why}); is it running?`;
      fail(new EnvironmentError('Unreachable', message, { retry: true }));
    }, c.timeoutMs);
    c.readyWaiters.add(waiter);
  });
}

/** Connects to the gateway of `options.info.nodeUrl`. */
export function createGateway(options: GatewayOptions): Gateway {
  const { info } = options;
  const c: Context = {
    ...options,
    separator: domainSeparator(domain(info.chainId, info.clearingHouse)),
    watch: createReceiptWatch(),
    waiting: new Map(),
    replies: new Map(),
    accounts: new Set(),
    channels: new Set(),
    readyWaiters: new Set(),
    link: undefined as unknown as Link,
    hello: undefined,
    isReady: false,
    lastReason: '',
    broken: undefined,
    nextId: 1,
  };
  c.link = createLink(socketUrl(info.nodeUrl), {
    opened: () => undefined,
    frame: (frame) => onFrame(c, frame),
    down: (reason) => onDown(c, reason),
  });
  return gatewayOf(c);
}

function gatewayOf(c: Context): Gateway {
  return {
    ready: () => whenReady(c),
    async login(account) {
      await whenReady(c);
      const no = await logIn(c, account);
      if (no === undefined) c.accounts.add(account);
      return no;
    },
    orders: (items) =>
      enter(
        c,
        items.map((order) => ({
          clientId: order.clientId,
          order,
          asked: { kind: 1 as const, body: order.packed },
        })),
      ),
    cancels: (items) =>
      enter(
        c,
        items.map((cancel) => ({
          clientId: cancel.clientId,
          cancel,
          asked: { kind: 2, body: cancelBody(cancel.account, cancel.lane, cancel.seq ?? 0) },
        })),
      ),
    cancelAll: (account, clientId) =>
      enter(c, [
        { clientId, cancelAll: account, asked: { kind: 3, body: cancelAllBody(account) } },
      ])[0] as Promise<AckItem>,
    async request(frame) {
      await whenReady(c);
      return ask(c, frame);
    },
    async subscribe(channels) {
      await whenReady(c);
      for (const channel of channels) c.channels.add(channel);
      const no = await ask(c, { op: 'subscribe', channels: [...channels] });
      if (no) for (const channel of channels) c.channels.delete(channel);
      return no;
    },
    async unsubscribe(channels) {
      for (const channel of channels) c.channels.delete(channel);
      if (c.isReady) await ask(c, { op: 'unsubscribe', channels: [...channels] });
    },
    receiptSeq: () => c.watch.seq,
    close() {
      const error = new EnvironmentError('Closed', 'the client was closed');
      fatal(c, error);
    },
  };
}
