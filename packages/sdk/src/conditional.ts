/** Conditional orders: from human terms to a signed message, for the node or for any keeper. */
import { fetchJson } from '@holdfast/host';
import {
  type Conditional,
  type ConditionalKind,
  conditionalHash,
  type SignedConditional,
  validateConditionalShape,
} from '@holdfast/order';
import {
  type AccountId,
  accountId,
  EnvironmentError,
  type Epoch,
  type Hex,
  isRejection,
  type Lots,
  type Rejection,
  reject,
  type Seconds,
  seconds,
  type Ticks,
  ticks,
  ticksMax,
} from '@holdfast/units';
import { type Context, chainOf, pickAccount } from './desk.ts';
import { type Market, marketBy, priceToTicks, sizeToLots } from './market.ts';
import { randomNonce } from './nonce.ts';
import { signConditional, signForget } from './signer.ts';

/** A conditional order in human units. */
export type ConditionalInput = {
  /** Symbol or id. */
  readonly market: string | number;
  readonly side: 'buy' | 'sell';
  /** Base units as decimal text, or whole lots as a number. */
  readonly size: string | number;
  readonly kind: 'stop-loss' | 'take-profit' | 'trailing';
  /**
   * Index price at which it triggers: decimal text, or ticks as a number. Of a trailing stop the
   * price that it trails from; default the index price now.
   */
  readonly trigger?: string | number | undefined;
  /** Distance of a trailing stop from the best price, ppm of it. */
  readonly trailPpm?: number | undefined;
  /** Worst price of the fill; default: any, the fill is near the index price in any case. */
  readonly limit?: string | number | undefined;
  /** Most that the fill may be worse than the index price, ppm; default 500. */
  readonly rewardPpm?: number | undefined;
  /** Default true: a conditional order closes a position. */
  readonly reduceOnly?: boolean | undefined;
  /** Life from now, venue seconds; default 30 days. */
  readonly lifeSeconds?: number | undefined;
  /** One-time number; give two orders the same one and the first to trigger cancels the other. */
  readonly nonce?: number | undefined;
};

/** A conditional order as a node lists it. */
export type ListedConditional = SignedConditional & {
  readonly id: number;
  readonly hash: Hex;
  /** Venue second at which the node took it. */
  readonly at: number;
};

const defaultLifeSeconds = 30 * 86_400;
const defaultRewardPpm = 500;
const forgetLifeSeconds = 300;
const pageSize = 1000;
const kinds: Readonly<Record<ConditionalInput['kind'], ConditionalKind>> = {
  'stop-loss': 0,
  'take-profit': 1,
  trailing: 2,
};

async function ask<T>(
  c: Context,
  path: string,
  options: { method?: string; body?: unknown } = {},
): Promise<T | Rejection> {
  const { timeoutMs } = c.options;
  const request = { ...options, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  const { status, body } = await fetchJson(`${c.info.nodeUrl}${path}`, request);
  if (status < 400) return body as T;
  const { code = 'NodeFailed', message = `${path}: status ${status}` } = (body ?? {}) as {
    code?: string;
    message?: string;
  };
  if (status < 500) return reject(code, message);
  throw new EnvironmentError(code, message, { retry: true });
}

const toTicks = (market: Market, price: string | number): Ticks | Rejection =>
  typeof price === 'number' ? (price as Ticks) : priceToTicks(market, price);

/** The index price now: the node's, the chain's when the node cannot be reached. */
async function indexPrice(c: Context, market: Market): Promise<Ticks | Rejection> {
  const live = await c.reads.markets().catch(() => []);
  const known = live.find(({ id }) => id === market.id)?.indexPrice ?? 0;
  const price = known > 0 || !c.chain ? known : (await c.chain.price(market.id)).price;
  if (price > 0) return ticks(price);
  return reject('PriceMissing', `${market.symbol} has no price yet; give the trigger price`);
}

async function triggerOf(
  c: Context,
  market: Market,
  { trigger, kind }: ConditionalInput,
): Promise<Ticks | Rejection> {
  if (trigger !== undefined) return toTicks(market, trigger);
  if (kind === 'trailing') return indexPrice(c, market);
  return reject('PriceMissing', `a ${kind} needs a trigger price`);
}

async function epochOf(c: Context, account: AccountId): Promise<Epoch | Rejection> {
  const view = await c.reads.account(account).catch((error: unknown) => {
    if (!c.chain) throw error;
    return undefined;
  });
  const found = view === undefined || isRejection(view) ? undefined : view.epoch;
  if (found !== undefined || !c.chain) return (found as Epoch | undefined) ?? (view as Rejection);
  const own = await c.chain.account(account);
  return isRejection(own) ? own : (own.epoch as Epoch);
}

async function draft(c: Context, input: ConditionalInput): Promise<Conditional | Rejection> {
  const account = await pickAccount(c);
  if (isRejection(account)) return account;
  const market = marketBy(c.info.markets, input.market);
  if (isRejection(market)) return market;
  const { size: wanted, side, limit } = input;
  const size = typeof wanted === 'number' ? (wanted as Lots) : sizeToLots(market, wanted);
  if (isRejection(size)) return size;
  const triggerPrice = await triggerOf(c, market, input);
  if (isRejection(triggerPrice)) return triggerPrice;
  const any = ticks(side === 'buy' ? ticksMax : 1);
  const limitPrice = limit === undefined ? any : toTicks(market, limit);
  if (isRejection(limitPrice)) return limitPrice;
  const epoch = await epochOf(c, account);
  if (isRejection(epoch)) return epoch;
  const since = c.info.clock.now() as Seconds;
  return {
    account,
    market: market.id,
    isBuy: side === 'buy',
    size,
    kind: kinds[input.kind],
    triggerPrice,
    trailPpm: input.trailPpm ?? 0,
    limitPrice,
    rewardPpm: input.rewardPpm ?? defaultRewardPpm,
    reduceOnly: input.reduceOnly ?? true,
    since,
    expiry: (since + (input.lifeSeconds ?? defaultLifeSeconds)) as Seconds,
    nonce: input.nonce ?? randomNonce(),
    epoch,
  };
}

/**
 * Signs and tells nobody: what comes back may be given to any keeper, by any way.
 * @throws EnvironmentError KeyMissing
 */
export async function prepare(
  c: Context,
  input: ConditionalInput,
): Promise<SignedConditional | Rejection> {
  const { signer } = c.options;
  if (!signer) throw new EnvironmentError('KeyMissing', 'trading needs a key');
  const order = await draft(c, input);
  if (isRejection(order)) return order;
  const wrong = validateConditionalShape(order);
  if (wrong) return wrong;
  return { ...order, signature: await signConditional(signer, c.info, order) };
}

/** Hands a signed order to the node, for keepers to find. Sent twice, it is answered alike. */
export const list = (c: Context, order: SignedConditional, clientId = conditionalHash(order)) =>
  ask<ListedConditional>(c, '/v1/conditionals', { body: { clientId: clientId.slice(2), order } });

/** Every conditional order of an account that the node lists. */
export async function listed(
  c: Context,
  account: number,
): Promise<readonly ListedConditional[] | Rejection> {
  const all: ListedConditional[] = [];
  for (;;) {
    const query = `account=${account}&after=${all.at(-1)?.id ?? 0}&limit=${pageSize}`;
    const page = await ask<ListedConditional[]>(c, `/v1/conditionals?${query}`);
    if (isRejection(page)) return page;
    all.push(...page);
    if (page.length < pageSize) return all;
  }
}

/** Has the node forget an order. Keepers that know it already may still trigger it. */
export async function forget(c: Context, order: Hex): Promise<ListedConditional | Rejection> {
  const { signer } = c.options;
  if (!signer) throw new EnvironmentError('KeyMissing', 'trading needs a key');
  const account = await pickAccount(c);
  if (isRejection(account)) return account;
  const expiry = seconds(c.info.clock.now() + forgetLifeSeconds);
  const signature = await signForget(signer, c.info, { account, order, expiry });
  return ask(c, `/v1/conditionals/${order}`, {
    method: 'DELETE',
    body: { account, expiry, signature },
  });
}

/** What a client does with conditional orders. */
export const conditionals = (c: Context) => ({
  /** Signs a conditional order and hands it to the node. */
  conditional: async (input: ConditionalInput): Promise<ListedConditional | Rejection> => {
    const order = await prepare(c, input);
    return isRejection(order) ? order : list(c, order);
  },
  /** Signs only: the result goes to any keeper, with no node and no operator. */
  signConditional: (input: ConditionalInput) => prepare(c, input),
  /** Hands in what was signed before. */
  listConditional: (order: SignedConditional) => list(c, order),
  conditionals: async (id?: number): Promise<readonly ListedConditional[] | Rejection> => {
    const account = id === undefined ? await pickAccount(c) : accountId(id);
    return isRejection(account) ? account : listed(c, account);
  },
  /** Takes an order off the node's list; only `cancelNonceOnChain` binds everybody. */
  forgetConditional: (hash: Hex) => forget(c, hash),
  /** On chain: whatever was signed under the number is dead. */
  cancelNonceOnChain: async (nonce: number) => {
    const id = await pickAccount(c);
    return isRejection(id) ? id : chainOf(c).cancelNonce(id, nonce);
  },
});
