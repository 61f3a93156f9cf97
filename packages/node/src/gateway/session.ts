import { randomBytes } from 'node:crypto';
import {
  type AckItem,
  type CancelItem,
  type ClientFrame,
  compactFrom65,
  domainSeparator,
  isFrame,
  loginDigest,
  readClientFrame,
} from '@holdfast/order';
import { type AccountId, isRejection, type Rejection, reject } from '@holdfast/units';
import { findAccount, mayTrade } from '../authority.ts';
import type { NodeParts } from '../parts.ts';
import type { Origin } from './admission.ts';
import type { Budget } from './budget.ts';
import { type AskedOrder, type Desk, refusal, type Turn } from './desk.ts';
import type { Outbox } from './outbox.ts';
import type { Streams, Subscriber } from './streams.ts';

/** Orders of one connection between arrival and answer above which it is not read from. */
const ORDERS_IN_FLIGHT_MAX = 1024;
/** The flow of all who are not logged in for the account whose order they send. */
const STRANGERS = 'strangers';
const flowOf = (account: AccountId): string => `account ${account}`;

export type Session = {
  receive(data: string | Uint8Array): Promise<void>;
  /** Orders that a gateway has read and verified. */
  receiveOrders(orders: readonly AskedOrder[], isBinary: boolean): Promise<void>;
  /** Reads on after a pause, and gives channels that fell behind a fresh snapshot. */
  catchUp(): void;
  /** Ends the session: streams stop, orders of accounts that asked for it are cancelled. */
  close(): Promise<void>;
};

export type SessionDeps = {
  readonly parts: NodeParts;
  readonly desk: Desk;
  readonly streams: Streams;
  readonly outbox: Outbox;
  /** The debt of a flow, see `budget.ts`. */
  readonly budgetOf: (flow: string) => Budget;
  /** Names the connection among all of this process. */
  readonly name: string;
};

type Frame<Op extends ClientFrame['op']> = Extract<ClientFrame, { op: Op }>;

type Context = SessionDeps & {
  readonly separator: Uint8Array;
  readonly nonce: Uint8Array;
  /** Account → venue time at which the login ends. */
  readonly logins: Map<AccountId, number>;
  readonly cancelOnClose: Set<AccountId>;
  /** Channels whose frames were dropped because the reader was slow. */
  readonly behind: Set<string>;
  readonly subscriber: Subscriber;
  readonly origin: Origin;
  ordersInFlight: number;
  tail: Promise<void>;
};

function takeTurn(c: Context): Turn {
  const before = c.tail;
  let done = (): void => {};
  c.tail = new Promise((resolve) => {
    done = resolve;
  });
  return { before, done };
}

/** Refusals of an account's connections are its own debt, those of strangers are shared. */
function refused(c: Context, count: number): void {
  const [account] = c.logins.keys();
  const owed = c.budgetOf(account === undefined ? STRANGERS : flowOf(account)).spend(count);
  if (owed > 0) c.outbox.pause(owed);
}

const isRefusal = ({ seq, status }: AckItem): boolean => seq === 0 && status === 'rejected';

function acknowledge(c: Context, items: readonly AckItem[], isBinary: boolean): void {
  const count = items.filter(isRefusal).length;
  if (count > 0) refused(c, count);
  c.outbox.acknowledge(items, isBinary);
}

function loggedIn(c: Context, account: AccountId): Rejection | undefined {
  const until = c.logins.get(account);
  if (until === undefined) {
    return reject('LoginRequired', `log in for account ${account} first`, { account });
  }
  if (until > c.parts.clock.now()) return undefined;
  return reject('LoginExpired', `the login of account ${account} ended at ${until}`, { account });
}

async function login(c: Context, frame: Frame<'login'>): Promise<Rejection | undefined> {
  const { account, expiry, signature } = frame;
  const found = findAccount(c.parts.engine.state, account);
  if (isRejection(found)) return found;
  if (expiry <= c.parts.clock.now()) return reject('LoginExpired', 'the login has expired already');
  const digest = loginDigest(c.separator, { account, expiry, nonce: c.nonce });
  const compact = signature.length === 65 ? compactFrom65(signature) : signature;
  const signer = compact?.length === 64 ? c.parts.recover(digest, compact) : undefined;
  const no = mayTrade(found, signer, c.parts.clock.now());
  const isWallet =
    no !== undefined && (await c.parts.contractSigner(found.owner, digest, signature));
  if (no !== undefined && !isWallet) return no;
  c.logins.set(account, expiry);
  return undefined;
}

async function placeOrders(
  c: Context,
  orders: readonly AskedOrder[],
  isBinary: boolean,
): Promise<void> {
  c.ordersInFlight += orders.length;
  if (c.ordersInFlight > ORDERS_IN_FLIGHT_MAX) c.outbox.pause(0);
  try {
    acknowledge(c, await c.desk.orders(orders, takeTurn(c), c.origin), isBinary);
  } finally {
    c.ordersInFlight -= orders.length;
    if (c.ordersInFlight <= ORDERS_IN_FLIGHT_MAX) c.outbox.relieve();
  }
}

async function cancel(c: Context, items: readonly CancelItem[], isBinary: boolean): Promise<void> {
  const judged = items.map((item) => ({ item, no: loggedIn(c, item.account) }));
  const allowed = judged.flatMap(({ item, no }) => (no === undefined ? [item] : []));
  const done = await c.desk.cancels(allowed, takeTurn(c));
  const answers = judged.map(({ item, no }) =>
    no === undefined ? (done.shift() as AckItem) : refusal(item.clientId, no),
  );
  acknowledge(c, answers, isBinary);
}

async function cancelAll(c: Context, account: AccountId, clientId: string): Promise<void> {
  const no = loggedIn(c, account);
  const answers =
    no === undefined
      ? await c.desk.cancelAll(account, clientId, takeTurn(c))
      : [refusal(clientId, no)];
  acknowledge(c, answers, false);
}

function subscribe(c: Context, channels: readonly string[]): Rejection | undefined {
  for (const channel of channels) {
    const [kind, id] = channel.split(':');
    const isMarket = kind === 'book' || kind === 'trades' || kind === 'auction';
    if (isMarket && !c.parts.venue.markets.some((market) => market.id === Number(id))) {
      return reject('MarketUnknown', `there is no market ${id}`);
    }
    const no = kind === 'account' ? loggedIn(c, Number(id) as AccountId) : undefined;
    if (no !== undefined) return no;
  }
  for (const channel of channels) c.streams.subscribe(c.subscriber, channel);
  return undefined;
}

async function deadman(c: Context, frame: Frame<'deadman'>): Promise<Rejection | undefined> {
  const { account, seconds } = frame;
  const no = loggedIn(c, account);
  if (no !== undefined) return no;
  const until = (seconds === 0 ? 0 : c.parts.clock.now() + seconds) as never;
  await c.parts.engine.submit([{ type: 'deadman', account, until }]);
  return undefined;
}

function onDisconnect(c: Context, frame: Frame<'cancelOnDisconnect'>): Rejection | undefined {
  const no = loggedIn(c, frame.account);
  if (no !== undefined) return no;
  if (frame.on) c.cancelOnClose.add(frame.account);
  else c.cancelOnClose.delete(frame.account);
  return undefined;
}

async function request(c: Context, frame: ClientFrame): Promise<Rejection | undefined> {
  if (frame.op === 'login') return login(c, frame);
  if (frame.op === 'subscribe') return subscribe(c, frame.channels);
  if (frame.op === 'deadman') return deadman(c, frame);
  if (frame.op === 'cancelOnDisconnect') return onDisconnect(c, frame);
  if (frame.op === 'unsubscribe') {
    for (const channel of frame.channels) c.streams.unsubscribe(c.subscriber, channel);
  }
  return undefined;
}

function catchUp(c: Context): void {
  if (c.ordersInFlight <= ORDERS_IN_FLIGHT_MAX) c.outbox.relieve();
  if (c.behind.size === 0 || !c.outbox.isDrained()) return;
  const channels = [...c.behind];
  c.behind.clear();
  for (const channel of channels) c.streams.subscribe(c.subscriber, channel);
}

async function dispatch(c: Context, frame: ClientFrame, isBinary: boolean): Promise<void> {
  if (frame.op === 'orders') return placeOrders(c, frame.orders, isBinary);
  if (frame.op === 'cancel') return cancel(c, frame.items as CancelItem[], isBinary);
  if (frame.op === 'cancelAll') return cancelAll(c, frame.account, frame.clientId);
  const { id } = frame;
  const echo = id === undefined ? {} : { id };
  if (frame.op === 'ping') return reply(c, { op: 'pong', ...echo });
  const no = await request(c, frame);
  if (no !== undefined) error(c, no, id);
  else reply(c, { op: 'ok', for: frame.op, ...echo });
}

function reply(c: Context, frame: object): void {
  c.outbox.reply(frame);
}

function error(c: Context, rejection: Rejection, id?: number): void {
  refused(c, 1);
  reply(c, { op: 'error', ...rejection, ...(id === undefined ? {} : { id }) });
}

/** Greets a new connection and answers it until it closes. */
export function createSession(deps: SessionDeps): Session {
  const { parts, outbox, streams, name } = deps;
  const behind = new Set<string>();
  const logins = new Map<AccountId, number>();
  function send(text: string, channel: string): boolean {
    if (outbox.stream(text)) return true;
    behind.add(channel);
    return false;
  }
  const isIn = (account: AccountId) => (logins.get(account) ?? 0) > parts.clock.now();
  const c: Context = {
    ...deps,
    origin: {
      connection: name,
      flowOf: (account) => (isIn(account) ? flowOf(account) : STRANGERS),
    },
    separator: domainSeparator(parts.domain),
    nonce: new Uint8Array(randomBytes(32)),
    logins,
    cancelOnClose: new Set(),
    behind,
    subscriber: { send },
    ordersInFlight: 0,
    tail: Promise.resolve(),
  };
  const { chainId, verifyingContract: clearingHouse } = parts.domain;
  reply(c, { op: 'hello', nonce: c.nonce, chainId, clearingHouse, node: parts.key.address });
  return {
    async receive(data) {
      const frame = readClientFrame(data);
      if (!isFrame(frame)) return error(c, frame);
      await dispatch(c, frame as ClientFrame, typeof data !== 'string');
    },
    receiveOrders: (orders, isBinary) => placeOrders(c, orders, isBinary),
    catchUp: () => catchUp(c),
    async close() {
      streams.unsubscribe(c.subscriber);
      const inputs = [...c.cancelOnClose].map((account) => ({
        type: 'cancelAll' as const,
        account,
      }));
      await parts.engine.submit(inputs);
    },
  };
}
