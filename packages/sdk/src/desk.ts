/** The desk of one account: login, lanes, and orders from human terms to signed bytes. */
import { sleep } from '@holdfast/host';
import {
  type AckItem,
  type CancelItem,
  type Login,
  type Order,
  type OrderItem,
  packOrder,
  type ServerFrame,
  type TimeInForce,
  validateOrderShape,
} from '@holdfast/order';
import {
  type AccountId,
  accountId,
  EnvironmentError,
  type Epoch,
  isRejection,
  type Lane,
  type Lots,
  lane as laneOf,
  type Rejection,
  reject,
  type Seconds,
  type Seq,
  type Ticks,
} from '@holdfast/units';
import type { ChainActions } from './chain.ts';
import { cureOf } from './cures.ts';
import { createGateway, type Gateway } from './gateway.ts';
import type { VenueInfo, VenueSource } from './info.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { type Market, marketBy, priceToTicks, sizeToLots } from './market.ts';
import type { NodeReads } from './node.ts';
import { type Signer, signOrder } from './signer.ts';

export type ConnectOptions = VenueSource & {
  /** Key of the owner or a session key; without it the client only reads. */
  readonly signer?: Signer | undefined;
  /** Account to trade for; by default the first one that the signer owns. */
  readonly account?: number | undefined;
  /** Longest wait for an answer of the node, wall ms. */
  readonly timeoutMs?: number | undefined;
  /** Judge every receipt (default). */
  readonly verifyReceipts?: boolean | undefined;
  /** Send orders and cancels in the binary form. */
  readonly binary?: boolean | undefined;
  /** The owner is a contract that the signer signs for, in a form of the contract's own. */
  readonly form?: OwnerForm | undefined;
  /** Told of each order before it is sent; what it throws keeps the order back. */
  readonly beforeSend?: ((order: Order, input: OrderInput) => Promise<void>) | undefined;
};

/** What a contract takes as its signature (ERC-1271), from the signer's 64 bytes. */
export type OwnerForm = {
  order(order: Order, signature: Uint8Array): Uint8Array;
  login(login: Login, signature: Uint8Array): Uint8Array;
};

/** An order in human units. */
export type OrderInput = {
  /** Symbol or id. */
  readonly market: string | number;
  readonly side: 'buy' | 'sell';
  /** Base units as decimal text ('0.01'), or whole lots as a number. */
  readonly size: string | number;
  /** Quote per base unit as decimal text ('100000.5'), or whole ticks as a number. */
  readonly price: string | number;
  readonly timeInForce?: 'GTC' | 'IOC' | 'FOK' | undefined;
  readonly postOnly?: boolean | undefined;
  readonly reduceOnly?: boolean | undefined;
  /** Life from now, venue seconds; default a day. */
  readonly lifeSeconds?: number | undefined;
  /** Venue second at which it dies, instead of a life from now. */
  readonly expiry?: number | undefined;
  /** Default: the lowest lane on which nothing rests. A taken lane: its order is replaced. */
  readonly lane?: number | undefined;
};

/** What became of an order or a cancel, with its place in the receipt chain. */
export type Answer = {
  readonly status: 'accepted' | 'rejected' | 'cancelled';
  readonly lane: number;
  readonly seq: number;
  readonly clientId: string;
  /** Place in the receipt chain; 0: refused before it became part of it. */
  readonly receipt: number;
  readonly code?: string;
  readonly message?: string;
  readonly cure?: string;
  /** With `Busy`: when to send again, wall ms. */
  readonly retryMs?: number;
};

const defaultLifeSeconds = 86_400;
export const defaultTimeoutMs = 10_000;
const loginRetryMs = 250;

/** Ids that no earlier run used: wall ms in the high bits, a random start in the low ones. */
export function createClientIds(): () => string {
  let last = (BigInt(Date.now()) << 20n) | BigInt(Math.floor(Math.random() * 2 ** 19));
  return () => {
    last += 1n;
    return last.toString();
  };
}

/** The account that a client trades for. */
type Desk = {
  readonly account: AccountId;
  epoch: Epoch;
  readonly lanes: Lanes;
};

export type Context = {
  readonly info: VenueInfo;
  readonly options: ConnectOptions;
  readonly reads: NodeReads;
  readonly chain: ChainActions | undefined;
  readonly nextId: () => string;
  readonly listeners: Set<(frame: ServerFrame) => void>;
  readonly stateListeners: Set<(state: 'up' | 'down', reason: string) => void>;
  readonly usage: Map<string, number>;
  gateway: Gateway | undefined;
  desk: Promise<Desk> | undefined;
  /** The same, once it is there: frames are applied to it without waiting. */
  live: Desk | undefined;
};

export function gatewayOf(c: Context): Gateway {
  c.gateway ??= createGateway({
    info: c.info,
    signer: c.options.signer,
    loginForm: c.options.form?.login,
    timeoutMs: c.options.timeoutMs ?? defaultTimeoutMs,
    verifyReceipts: c.options.verifyReceipts ?? true,
    binary: c.options.binary ?? false,
    onFrame: (frame) => {
      if (c.live) follow(c.live, frame);
      for (const listener of c.listeners) listener(frame);
    },
    onState: (state, reason) => {
      for (const listener of c.stateListeners) listener(state, reason);
    },
  });
  return c.gateway;
}

/** Keeps lanes and epoch in step with what the node tells. */
function follow(desk: Desk, frame: ServerFrame): void {
  if (frame.op === 'order' && frame.account === desk.account) {
    if (frame.status === 'open') desk.lanes.learn(frame.lane, frame.seq, true);
    else desk.lanes.ended(frame.lane, frame.seq);
  } else if (frame.op === 'account' && frame.account === desk.account) {
    desk.epoch = frame.epoch as Epoch;
  }
}

export function chainOf(c: Context): ChainActions {
  if (c.chain) return c.chain;
  throw new EnvironmentError('RpcMissing', 'this needs the chain: give an rpc url');
}

/** The account of this client: as told, else the first that the signer owns. */
export async function pickAccount(c: Context): Promise<AccountId | Rejection> {
  const { account, signer } = c.options;
  if (account !== undefined) return accountId(account);
  if (!signer) throw new EnvironmentError('KeyMissing', 'give a key or an account number');
  const [first] = await chainOf(c).accountsOf(signer.address);
  return first === undefined
    ? reject('AccountUnknown', `${signer.address} owns no account`)
    : accountId(first);
}

/** Logs in; an account that was opened a moment ago gets time to reach the node. */
async function loginSoon(c: Context, gateway: Gateway, account: AccountId) {
  const end = Date.now() + (c.options.timeoutMs ?? defaultTimeoutMs);
  for (;;) {
    const no = await gateway.login(account);
    if (no?.code !== 'AccountUnknown' || Date.now() >= end) return no;
    await sleep(loginRetryMs);
  }
}

/** Logs in and learns what is live, once. */
async function openDesk(c: Context): Promise<Desk> {
  const picked = await pickAccount(c);
  if (isRejection(picked)) throw new EnvironmentError(picked.code, picked.message);
  if (!c.options.signer) throw new EnvironmentError('KeyMissing', 'trading needs a key');
  const gateway = gatewayOf(c);
  const no = await loginSoon(c, gateway, picked);
  if (no) throw new EnvironmentError(no.code, `login as account ${picked}: ${no.message}`);
  const desk: Desk = { account: picked, epoch: 0 as Epoch, lanes: createLanes() };
  c.live = desk;
  const refused = await gateway.subscribe([`account:${picked}`]);
  if (refused) throw new EnvironmentError(refused.code, refused.message);
  await refresh(c, desk);
  return desk;
}

async function refresh(c: Context, desk: Desk): Promise<void> {
  const view = await c.reads.account(desk.account);
  if (isRejection(view)) throw new EnvironmentError(view.code, view.message, { retry: true });
  desk.epoch = view.epoch as Epoch;
  for (const { lane, seq, resting } of view.lanes) desk.lanes.learn(lane, seq, resting > 0);
}

export function deskOf(c: Context): Promise<Desk> {
  if (c.desk === undefined) {
    const opening = openDesk(c);
    c.desk = opening;
    opening.catch(() => {
      if (c.desk === opening) c.desk = undefined;
    });
  }
  return c.desk;
}

const timeInForceOf = (name: 'GTC' | 'IOC' | 'FOK' | undefined): TimeInForce =>
  name === 'IOC' ? 1 : name === 'FOK' ? 2 : 0;

/** Human terms as whole units; a rejection says what does not fit. */
function terms(
  markets: readonly Market[],
  input: OrderInput,
): { market: Market; size: Lots; price: Ticks } | Rejection {
  const market = marketBy(markets, input.market);
  if (isRejection(market)) return market;
  const size =
    typeof input.size === 'number' ? (input.size as Lots) : sizeToLots(market, input.size);
  if (isRejection(size)) return size;
  const price =
    typeof input.price === 'number' ? (input.price as Ticks) : priceToTicks(market, input.price);
  return isRejection(price) ? price : { market, size, price };
}

type Draft = { readonly order: Order; readonly clientId: string; readonly input: OrderInput };

function draft(c: Context, desk: Desk, input: OrderInput): Draft | Rejection {
  const found = terms(c.info.markets, input);
  if (isRejection(found)) return found;
  const { market, size, price } = found;
  const fixed = {
    account: desk.account,
    market: market.id,
    isBuy: input.side === 'buy',
    size,
    price,
    timeInForce: timeInForceOf(input.timeInForce),
    reduceOnly: input.reduceOnly ?? false,
    postOnly: input.postOnly ?? false,
    expiry: (input.expiry ??
      c.info.clock.now() + (input.lifeSeconds ?? defaultLifeSeconds)) as Seconds,
    epoch: desk.epoch,
  };
  const wrong = validateOrderShape({ ...fixed, lane: 0 as Lane, seq: 1 as Seq });
  if (wrong) return wrong;
  const lane = input.lane === undefined ? desk.lanes.free() : laneOf(input.lane);
  return { order: { ...fixed, lane, seq: desk.lanes.next(lane) }, clientId: c.nextId(), input };
}

async function signed(c: Context, { order, clientId, input }: Draft): Promise<OrderItem> {
  const { signer, form, beforeSend } = c.options;
  if (!signer) throw new EnvironmentError('KeyMissing', 'trading needs a key');
  await beforeSend?.(order, input);
  const signature = await signOrder(signer, c.info, order);
  if (form !== undefined) {
    const bytes = form.order(order, signature);
    const span = { offset: 0, length: bytes.length };
    const packed = packOrder({ ...order, signature: { contract: true, bytes } }, span);
    return { clientId, packed, epoch: order.epoch, contractSignature: bytes };
  }
  return { clientId, packed: packOrder({ ...order, signature }), epoch: order.epoch };
}

function answerOf(item: AckItem, lane: number, seq: number): Answer {
  const { status, clientId, code, message, retryMs } = item;
  const cure = code === undefined ? undefined : cureOf(code);
  return {
    status,
    lane,
    seq,
    clientId,
    receipt: item.seq,
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message }),
    ...(cure === undefined ? {} : { cure }),
    ...(retryMs === undefined ? {} : { retryMs }),
  };
}

/** Rejections that only say that this client's picture of the account was old. */
const isOutdated = ({ code }: AckItem): boolean => code === 'SeqStale' || code === 'EpochWrong';

async function settle(c: Context, desk: Desk, made: Draft, ack: AckItem): Promise<Answer> {
  const { lane, seq, timeInForce } = made.order;
  desk.lanes.answered(lane, seq, ack.status === 'accepted' && timeInForce === 0);
  if (isOutdated(ack)) {
    await refresh(c, desk).catch(() => undefined);
    // A lane that was cancelled on chain a moment ago: the node may not have seen it yet.
    const seen = await c.chain?.lane(desk.account, lane).catch(() => undefined);
    if (seen) desk.lanes.learn(lane, seen.seq, false);
  }
  return answerOf(ack, lane, seq);
}

/**
 * Places orders in one frame. One that is refused because the account moved on meanwhile (another
 * process trades for it) is signed anew, once.
 */
export async function placeMany(
  c: Context,
  inputs: readonly OrderInput[],
  isRepeat = false,
): Promise<(Answer | Rejection)[]> {
  const desk = await deskOf(c);
  const gateway = gatewayOf(c);
  await gateway.ready();
  const drafts = inputs.map((input) => draft(c, desk, input));
  const good = drafts.filter((each): each is Draft => !isRejection(each));
  const items = await Promise.all(good.map((each) => signed(c, each)));
  const acks = new Map(gateway.orders(items).map((ack, i) => [good[i] as Draft, ack]));
  return Promise.all(
    drafts.map(async (each, i) => {
      if (isRejection(each)) return each;
      const { lane, seq, timeInForce } = each.order;
      try {
        const ack = (await acks.get(each)) as AckItem;
        const answer = await settle(c, desk, each, ack);
        if (isRepeat || !isOutdated(ack)) return answer;
        const [again] = await placeMany(c, [inputs[i] as OrderInput], true);
        return again ?? answer;
      } catch (error) {
        // Nobody knows whether it rests, so its lane counts as taken.
        desk.lanes.answered(lane, seq, timeInForce === 0);
        throw error;
      }
    }),
  );
}

export async function cancelMany(
  c: Context,
  wanted: readonly { lane: number; seq?: number | undefined }[],
): Promise<Answer[]> {
  const desk = await deskOf(c);
  const gateway = gatewayOf(c);
  await gateway.ready();
  const items = wanted.map(({ lane, seq }): CancelItem => {
    const base = { clientId: c.nextId(), account: desk.account, lane: laneOf(lane) };
    return seq === undefined ? base : { ...base, seq: seq as Seq };
  });
  const acks = await Promise.all(gateway.cancels(items));
  return acks.map((ack, i) => {
    const { lane = 0, seq = 0 } = wanted[i] ?? {};
    if (ack.status === 'cancelled' && seq > 0) desk.lanes.ended(lane, seq);
    return answerOf(ack, lane, seq);
  });
}

export async function cancelAll(c: Context): Promise<Answer> {
  const desk = await deskOf(c);
  const gateway = gatewayOf(c);
  await gateway.ready();
  const ack = await gateway.cancelAll(desk.account, c.nextId());
  if (ack.status === 'cancelled') desk.lanes.allEnded();
  return answerOf(ack, 0, 0);
}
