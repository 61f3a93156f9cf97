/** Where conditional orders enter, wait for keepers, and end. The core never sees them. */
import { errorMessage } from '@holdfast/host';
import {
  type Conditional,
  compactFrom65,
  conditionalDigest,
  conditionalHash,
  domainSeparator,
  type Forget,
  forgetDigest,
  type SignedConditional,
  validateConditionalShape,
} from '@holdfast/order';
import {
  type AccountId,
  fromHex,
  type Hex,
  isRejection,
  type Rejection,
  reject,
} from '@holdfast/units';
import { findAccount, mayTrade, type ScopedOrder } from '../authority.ts';
import type { NodeParts } from '../parts.ts';
import type { ConditionalChain } from './chain.ts';
import type { ConditionalStore, Listed } from './store.ts';

export type ConditionalFilter = {
  readonly account?: number;
  readonly market?: number;
  /** Only what was listed after this id. */
  readonly after?: number;
  readonly limit: number;
};

export type ConditionalDesk = {
  /** The order as listed, or the reason for refusing it. @throws EnvironmentError */
  add(order: SignedConditional, clientId: string): Promise<Listed | Rejection>;
  /** Takes an order off the list. @throws EnvironmentError */
  forget(forget: Forget, signature: Hex): Promise<Listed | Rejection>;
  list(filter: ConditionalFilter): Listed[];
  /** Drops what is dead: expired, of an earlier epoch, or used. @throws EnvironmentError */
  sweep(): Promise<void>;
  size(): number;
};

/** Live orders of one account. */
const perAccountMax = 100;
const overallMax = 100_000;
/** Requests of one account at once, and regained per venue second. */
const burst = 40;
const perSecond = 1;
/** Orders that one sweep asks the chain about. */
const askedAtOnce = 20;

type Context = {
  readonly parts: NodeParts;
  readonly store: ConditionalStore;
  readonly chain: ConditionalChain;
  readonly separator: Uint8Array;
  readonly buckets: Map<AccountId, { tokens: number; at: number }>;
  /** Orders on their way to the disk, by hash. */
  readonly pending: Map<Hex, Promise<Listed | Rejection>>;
  /** Id after which the next sweep asks. */
  asked: number;
};

function spend(c: Context, account: AccountId): Rejection | undefined {
  const now = c.parts.clock.now();
  const { tokens, at } = c.buckets.get(account) ?? { tokens: burst, at: now };
  const refilled = Math.min(burst, tokens + Math.max(0, now - at) * perSecond);
  if (refilled < 1) {
    const text = `an account sends ${perSecond} conditional order per second; wait a moment`;
    return reject('RateLimited', text, { account });
  }
  c.buckets.set(account, { tokens: refilled - 1, at: now });
  return undefined;
}

/** The owner, a session key in scope, or the owner's wallet contract: as the chain judges. */
async function judgeSigner(
  { parts }: Context,
  id: AccountId,
  digest: Uint8Array,
  signature: Hex,
  order?: ScopedOrder,
): Promise<Rejection | undefined> {
  const account = findAccount(parts.engine.state, id);
  if (isRejection(account)) return account;
  const bytes = fromHex(signature);
  const compact = bytes.length === 65 ? compactFrom65(bytes) : bytes;
  const signer = compact?.length === 64 ? parts.recover(digest, compact) : undefined;
  const no = mayTrade(account, signer, parts.clock.now(), order);
  if (no === undefined || no.code !== 'SignatureWrong') return no;
  return (await parts.contractSigner(account.owner, digest, bytes)) ? undefined : no;
}

/** Everything but the signature that would make the chain refuse for ever, or at any price. */
function judgeTerms({ parts }: Context, order: SignedConditional): Rejection | undefined {
  const { engine, clock, venue } = parts;
  const account = findAccount(engine.state, order.account);
  if (isRejection(account)) return account;
  const market = engine.state.markets.get(order.market);
  if (market === undefined || !venue.markets.some(({ id }) => id === order.market)) {
    return reject('MarketUnknown', `there is no market ${order.market}`);
  }
  if (order.epoch !== account.epoch) {
    return reject('EpochWrong', `the account is in epoch ${account.epoch}: sign the order anew`, {
      found: order.epoch,
      required: account.epoch,
    });
  }
  const now = clock.now();
  if (order.expiry <= now) {
    return reject('OrderExpired', `it is ${now} and the order is dead from ${order.expiry} on`);
  }
  const band = market.params.fillBandPpm;
  if (order.rewardPpm <= band) return undefined;
  return reject('OutsideBand', `fills of the market are within ${band} ppm of the index price`, {
    found: order.rewardPpm,
    required: band,
  });
}

function judgeRoom({ store }: Context, account: AccountId): Rejection | undefined {
  const own = [...store.live.values()].filter(({ order }) => order.account === account).length;
  if (own < perAccountMax && store.live.size < overallMax) return undefined;
  const text = `an account has at most ${perAccountMax} conditional orders; cancel one first`;
  return reject('OrdersTooMany', text, { found: own, required: perAccountMax });
}

/** The same request again is answered alike; another one under its client id is refused. */
function repeated({ store }: Context, hash: Hex, account: AccountId, clientId: string) {
  const same = store.live.get(hash);
  if (same !== undefined) return same;
  if (clientId === '') return undefined;
  const taken = [...store.live.values()].some(
    (each) => each.order.account === account && each.clientId === clientId,
  );
  if (!taken) return undefined;
  return reject('DuplicateClientId', `client id ${clientId} was used for another order`);
}

async function add(
  c: Context,
  order: SignedConditional,
  hash: Hex,
  clientId: string,
): Promise<Listed | Rejection> {
  const before = repeated(c, hash, order.account, clientId);
  if (before !== undefined) return before;
  const halted = c.parts.halted();
  if (halted !== undefined) {
    const text = `the node has halted: ${halted}; hand the order to a keeper directly`;
    return reject('Halted', text);
  }
  const digest = conditionalDigest(c.separator, order);
  const no =
    judgeTerms(c, order) ??
    spend(c, order.account) ??
    judgeRoom(c, order.account) ??
    (await judgeSigner(c, order.account, digest, order.signature, order));
  if (no !== undefined) return no;
  if (await c.chain.used(order, false)) {
    const text = `number ${order.nonce} of account ${order.account} is used; sign with another`;
    return reject('NonceUsed', text, { account: order.account, nonce: order.nonce });
  }
  return c.store.add({ hash, clientId, at: c.parts.clock.now(), order });
}

/** A second request for an order that is on its way to the disk joins the first. */
function addOnce(c: Context, order: SignedConditional, clientId: string) {
  const wrong = validateConditionalShape(order);
  if (wrong !== undefined) return Promise.resolve(wrong);
  const hash = conditionalHash(order);
  const underWay = c.pending.get(hash);
  if (underWay !== undefined) return underWay;
  const adding = add(c, order, hash, clientId).finally(() => c.pending.delete(hash));
  c.pending.set(hash, adding);
  return adding;
}

async function forget(c: Context, asked: Forget, signature: Hex): Promise<Listed | Rejection> {
  const listed = c.store.live.get(asked.order);
  if (listed === undefined || listed.order.account !== asked.account) {
    return reject('OrderUnknown', `account ${asked.account} has no such conditional order here`);
  }
  if (asked.expiry <= c.parts.clock.now()) {
    return reject('OrderExpired', 'the request to forget has expired; sign it anew');
  }
  const digest = forgetDigest(c.separator, asked);
  const no = await judgeSigner(c, asked.account, digest, signature);
  if (no !== undefined) return no;
  await c.store.end(asked.order, 'Forgotten');
  return listed;
}

function list({ store }: Context, { account, market, after = 0, limit }: ConditionalFilter) {
  const fits = ({ id, order }: Listed): boolean =>
    id > after &&
    (account === undefined || order.account === account) &&
    (market === undefined || order.market === market);
  return [...store.live.values()].filter(fits).slice(0, limit);
}

/** Why a listed order can never trigger any more, by what the node itself knows. */
function deadReason({ parts }: Context, order: Conditional): string | undefined {
  if (order.expiry <= parts.clock.now()) return 'OrderExpired';
  const account = parts.engine.state.accounts.get(order.account);
  return account !== undefined && account.epoch > order.epoch ? 'EpochWrong' : undefined;
}

/** The chain is asked about some at a time, round and round. */
async function sweep(c: Context): Promise<void> {
  for (const { hash, order } of [...c.store.live.values()]) {
    const reason = deadReason(c, order);
    if (reason !== undefined) await c.store.end(hash, reason);
  }
  const some = list(c, { after: c.asked, limit: askedAtOnce });
  c.asked = some.length < askedAtOnce ? 0 : (some.at(-1)?.id ?? 0);
  for (const { hash, order } of some) {
    if (await c.chain.used(order, true)) await c.store.end(hash, 'NonceUsed');
  }
}

/** The desk of one node. */
export function createConditionalDesk(
  parts: NodeParts,
  store: ConditionalStore,
  chain: ConditionalChain,
): ConditionalDesk {
  const separator = domainSeparator(parts.domain);
  const c: Context = {
    parts,
    store,
    chain,
    separator,
    buckets: new Map(),
    pending: new Map(),
    asked: 0,
  };
  return {
    add: (order, clientId) => addOnce(c, order, clientId),
    forget: (asked, signature) => forget(c, asked, signature),
    list: (filter) => list(c, filter),
    sweep: () => sweep(c),
    size: () => store.live.size,
  };
}

/** Sweeps every so many wall ms, one at a time. Returns the stop. */
export function keepSwept(parts: NodeParts, desk: ConditionalDesk, everyMs: number): () => void {
  let running = false;
  const timer = setInterval(() => {
    if (running) return;
    running = true;
    desk
      .sweep()
      .catch((error) =>
        parts.logger.warn({ reason: errorMessage(error) }, 'no sweep of conditionals'),
      )
      .finally(() => {
        running = false;
      });
  }, everyMs);
  return () => clearInterval(timer);
}
