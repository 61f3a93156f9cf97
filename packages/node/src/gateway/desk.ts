import type { Command } from '@holdfast/core';
import {
  type AckItem,
  type CancelItem,
  completeOrder,
  domainSeparator,
  type OrderItem,
  orderDigest,
  receiptLeaf,
  type SignedOrder,
  unpackOrder,
  validateOrderShape,
} from '@holdfast/order';
import {
  type AccountId,
  EnvironmentError,
  equalBytes,
  type Hex,
  invariant,
  isRejection,
  type Rejection,
  reject,
  type Seq,
} from '@holdfast/units';
import { type Answer, noLink, receiptOf } from '../acks.ts';
import { findAccount, mayTrade } from '../authority.ts';
import type { Input } from '../engine.ts';
import type { NodeParts } from '../parts.ts';

/** Keeps the order of one connection: requests enter the engine as they came, verified or not. */
export type Turn = {
  /** Resolves when everything before this request is in the engine's queue. */
  readonly before: Promise<void>;
  /** Says that this request is in the queue, or never will be. */
  readonly done: () => void;
};

/** Turns what clients ask into commands, and what became of them into answers. */
export type Desk = {
  orders(items: readonly OrderItem[], turn: Turn): Promise<AckItem[]>;
  /** Assumes: the caller may act for the account of every item. */
  cancels(items: readonly CancelItem[], turn: Turn): Promise<AckItem[]>;
  cancelAll(account: AccountId, clientId: string, turn: Turn): Promise<AckItem[]>;
  /** Orders whose signature is being verified or whose frame is being synced. */
  inFlight(): number;
};

/** Requests in flight above which new orders are refused; cancels always pass. */
const IN_FLIGHT_MAX = 20_000;

type Ready = { readonly clientId: string; readonly account: AccountId; readonly input: Input };
type Judged = Ready | AckItem;

const isReady = (value: Judged): value is Ready => 'input' in value;

/** An answer to a request that never became a command: it has no place in the receipt chain. */
export function refusal(clientId: string, rejection: Rejection): AckItem {
  const { code, message } = rejection;
  return { clientId, status: 'rejected', code, message, ...noLink };
}

function ackOf(answer: Answer): AckItem {
  const { clientId, status, code, message, link } = answer;
  const why = code === undefined ? {} : { code, message: message ?? '' };
  return { clientId, status, ...why, ...link };
}

function environmentRefusal(clientId: string, error: unknown): AckItem {
  if (!(error instanceof EnvironmentError)) throw error;
  return refusal(clientId, { code: error.code, message: error.message });
}

type Context = {
  readonly parts: NodeParts;
  readonly separator: Uint8Array;
  /** Answers on their way, by account and client id. */
  readonly pending: Map<string, Promise<AckItem>>;
  inFlight: number;
};

/** The earlier answer to the same request; a new request under a used client id is refused. */
function repeated(c: Context, { account, clientId, input }: Ready): AckItem | undefined {
  if (clientId === '0') return undefined;
  const earlier = c.parts.acks.earlier(account, clientId);
  if (earlier === undefined) return undefined;
  const { seq, leaf } = earlier.link;
  const command = { ...input, at: c.parts.clock.now() } as Command;
  const same = receiptOf(command, earlier, seq);
  if (same !== undefined && equalBytes(receiptLeaf(same), leaf)) return ackOf(earlier);
  const text = `client id ${clientId} was used for another request of account ${account}`;
  return refusal(clientId, reject('DuplicateClientId', text));
}

function readOrder({ parts }: Context, item: OrderItem): { order: SignedOrder } | Rejection {
  const packed = unpackOrder(item.packed);
  if (isRejection(packed)) return packed;
  if (!parts.venue.markets.some(({ id }) => id === packed.market)) {
    return reject('MarketUnknown', `there is no market ${packed.market}`);
  }
  const account = findAccount(parts.engine.state, packed.account);
  if (isRejection(account)) return account;
  const epoch = item.epoch ?? account.epoch;
  const order = completeOrder(packed, epoch, item.contractSignature);
  if (isRejection(order)) return order;
  return validateOrderShape(order) ?? { order };
}

async function judgeSigner(
  c: Context,
  order: SignedOrder,
  signer: Hex | undefined,
): Promise<Rejection | undefined> {
  const { engine, clock, contractSigner } = c.parts;
  const account = findAccount(engine.state, order.account);
  if (isRejection(account)) return account;
  const { signature } = order;
  if (signature instanceof Uint8Array) return mayTrade(account, signer, clock.now(), order);
  const digest = orderDigest(c.separator, order);
  if (await contractSigner(account.owner, digest, signature.bytes)) return undefined;
  return reject('SignatureWrong', `the wallet ${account.owner} did not sign this`);
}

async function authorise(
  c: Context,
  orders: readonly SignedOrder[],
): Promise<(Rejection | undefined)[]> {
  const compact = orders.filter(({ signature }) => signature instanceof Uint8Array);
  const found = await c.parts.pool.signers(compact);
  const signers = new Map(compact.map((order, at) => [order, found[at]]));
  return Promise.all(orders.map((order) => judgeSigner(c, order, signers.get(order))));
}

async function judgeOrders(c: Context, items: readonly OrderItem[]): Promise<Judged[]> {
  const all = items.map((item) => ({ item, read: readOrder(c, item) }));
  const good = all.flatMap(({ read }) => ('order' in read ? [read.order] : []));
  const refused = await authorise(c, good);
  const verdicts = new Map(good.map((order, at) => [order, refused[at]]));
  return all.map(({ item: { clientId }, read }): Judged => {
    if (!('order' in read)) return refusal(clientId, read);
    const no = verdicts.get(read.order);
    if (no !== undefined) return refusal(clientId, no);
    const input: Input = { type: 'order', order: read.order, clientId };
    return { clientId, account: read.order.account, input };
  });
}

const keyOf = ({ account, clientId }: Ready): string => `${account}:${clientId}`;

/** Queues what is new before it first waits; repeats join the request they repeat. */
async function perform(c: Context, judged: readonly Judged[]): Promise<AckItem[]> {
  const fresh: Ready[] = [];
  const finish: ((ack: AckItem) => void)[] = [];
  const answers = judged.map((item) => {
    if (!isReady(item)) return item;
    const before = repeated(c, item) ?? c.pending.get(keyOf(item));
    if (before !== undefined) return before;
    fresh.push(item);
    const answer = new Promise<AckItem>((done) => finish.push(done));
    if (item.clientId !== '0') c.pending.set(keyOf(item), answer);
    return answer;
  });
  const acks = await submit(c, fresh);
  for (const [at, done] of finish.entries()) done(acks[at] as AckItem);
  return Promise.all(answers);
}

async function submit(c: Context, fresh: readonly Ready[]): Promise<AckItem[]> {
  c.inFlight += fresh.length;
  try {
    const outcomes = await c.parts.engine.submit(fresh.map(({ input }) => input));
    return outcomes.map(({ answer }) => {
      invariant(answer !== undefined, 'a request with a client id has an answer');
      return ackOf(answer);
    });
  } catch (error) {
    return fresh.map(({ clientId }) => environmentRefusal(clientId, error));
  } finally {
    c.inFlight -= fresh.length;
    for (const item of fresh) c.pending.delete(keyOf(item));
  }
}

function closed(c: Context): Rejection | undefined {
  const reason = c.parts.halted();
  if (reason !== undefined) {
    return reject('Halted', `the node has halted: ${reason}; cancels stay open`);
  }
  if (c.inFlight < IN_FLIGHT_MAX) return undefined;
  return reject('Overloaded', 'too many requests in flight; send again in a moment');
}

/** `perform` queues its commands before it first waits, so the turn can pass on at once. */
async function inTurn(c: Context, judged: readonly Judged[], turn: Turn): Promise<AckItem[]> {
  await turn.before;
  const answers = perform(c, judged);
  turn.done();
  return answers;
}

async function placeOrders(
  c: Context,
  items: readonly OrderItem[],
  turn: Turn,
): Promise<AckItem[]> {
  const no = closed(c);
  if (no !== undefined) return items.map(({ clientId }) => refusal(clientId, no));
  c.inFlight += items.length;
  try {
    return await inTurn(c, await judgeOrders(c, items), turn);
  } catch (error) {
    return items.map(({ clientId }) => environmentRefusal(clientId, error));
  } finally {
    c.inFlight -= items.length;
  }
}

function cancelRequest({ clientId, account, lane, seq }: CancelItem): Ready {
  const only = seq === undefined ? {} : { seq: seq as Seq };
  return { clientId, account, input: { type: 'cancel', account, lane, ...only, clientId } };
}

/** The desk of one node. */
export function createDesk(parts: NodeParts): Desk {
  const separator = domainSeparator(parts.domain);
  const c: Context = { parts, separator, pending: new Map(), inFlight: 0 };
  return {
    orders: (items, turn) => placeOrders(c, items, turn).finally(turn.done),
    cancels: (items, turn) => inTurn(c, items.map(cancelRequest), turn),
    cancelAll(account, clientId, turn) {
      const input = { type: 'cancelAll' as const, account, clientId };
      return inTurn(c, [{ clientId, account, input }], turn);
    },
    inFlight: () => c.inFlight,
  };
}
