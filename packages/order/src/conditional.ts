/**
 * Conditional orders: what is signed, and the rules by which the chain judges them. The rules equal
 * `Conditionals.sol` to the unit; all products stay below 2^53.
 */
import {
  type AccountId,
  type Epoch,
  fromHex,
  type Hex,
  keccak256,
  type Lots,
  type MarketId,
  ppmOne,
  putBig,
  type Rejection,
  reject,
  type Seconds,
  type Ticks,
  toHex,
  tryFromHex,
} from '@holdfast/units';
import { typedDigest, typeHash, types } from './typed.ts';

export const STOP_LOSS = 0;
export const TAKE_PROFIT = 1;
export const TRAILING = 2;
export type ConditionalKind = 0 | 1 | 2;

/** Names of the kinds, by value. */
export const conditionalKindNames = ['stop-loss', 'take-profit', 'trailing stop'] as const;

/** A conditional order: exactly what its owner signs. */
export type Conditional = {
  readonly account: AccountId;
  readonly market: MarketId;
  readonly isBuy: boolean;
  /** Lots, 1 .. 2^40 - 1. */
  readonly size: Lots;
  readonly kind: ConditionalKind;
  /** Index price at which it triggers; of a trailing stop, the price that it trails from. */
  readonly triggerPrice: Ticks;
  /** Distance from the best price, ppm of it, 1 .. 999,999; 0 unless trailing. */
  readonly trailPpm: number;
  /** Worst price of the fill. */
  readonly limitPrice: Ticks;
  /** Most that the fill may be worse than the index price, for the keeper; at most 10,000. */
  readonly rewardPpm: number;
  /** Only as much is filled as reduces the position. */
  readonly reduceOnly: boolean;
  /** Prices observed before this second count for nothing. */
  readonly since: Seconds;
  /** Dead from this venue second on. */
  readonly expiry: Seconds;
  /** One-time number, 0 .. 2^53 - 1 here; orders that share one cancel each other. */
  readonly nonce: number;
  readonly epoch: Epoch;
};

/** Signature as the chain takes it: 64 bytes EIP-2098, 65, or what an ERC-1271 wallet takes. */
export type SignedConditional = Conditional & { readonly signature: Hex };

/** Largest reward for a keeper, ppm of the index price. */
export const rewardPpmMax = 10_000;
const contractSignatureBytesMax = 4096;
const firstTradingAccount = 2;

export const conditionalTypeHash: Uint8Array = typeHash('Conditional');

/** hashStruct(Conditional), 32 bytes. Assumes a well-shaped order. */
export function conditionalStructHash(order: Conditional): Uint8Array {
  const fields = types.Conditional;
  const words = new Uint8Array(32 * (fields.length + 1));
  words.set(conditionalTypeHash, 0);
  fields.forEach(({ name }, i) => {
    putBig(words, 32 * (i + 1), 32, BigInt(order[name]));
  });
  return keccak256(words);
}

/** What the owner signs: 32 bytes. @param separator of the venue */
export const conditionalDigest = (separator: Uint8Array, order: Conditional): Uint8Array =>
  typedDigest(separator, conditionalStructHash(order));

/** Name of a conditional order in lists and logs: hashStruct as hex. */
export const conditionalHash = (order: Conditional): Hex => toHex(conditionalStructHash(order));

/** Asks a node to forget a conditional order. It binds that node, not the chain or keepers. */
export type Forget = {
  readonly account: AccountId;
  /** {@link conditionalHash} of the order. */
  readonly order: Hex;
  readonly expiry: Seconds;
};

const forgetTypeHash = typeHash('Forget');

/** What is signed to have a node forget a conditional order. Assumes 32 bytes in `order`. */
export function forgetDigest(separator: Uint8Array, forget: Forget): Uint8Array {
  const words = new Uint8Array(128);
  words.set(forgetTypeHash, 0);
  putBig(words, 32, 32, BigInt(forget.account));
  words.set(fromHex(forget.order), 64);
  putBig(words, 96, 32, BigInt(forget.expiry));
  return typedDigest(separator, keccak256(words));
}

const whole = (value: unknown, from: number, to: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= to;

/** Ranges of the whole-number fields; `trailPpm` depends on the kind. */
const ranges = {
  size: [1, 2 ** 40 - 1],
  kind: [0, TRAILING],
  triggerPrice: [1, 2 ** 32 - 1],
  limitPrice: [1, 2 ** 32 - 1],
  rewardPpm: [0, rewardPpmMax],
  since: [0, 2 ** 40 - 1],
  expiry: [1, 2 ** 40 - 1],
  nonce: [0, Number.MAX_SAFE_INTEGER],
  epoch: [0, 2 ** 32 - 1],
} as const;

function outOfRange(field: string, found: unknown, from: number, to: number): Rejection {
  const text = `${field} of a conditional order is a whole number from ${from} to ${to}`;
  return reject('ConditionalMalformed', text, { field, found: String(found), required: to });
}

/**
 * Judges everything that needs no state.
 * @returns undefined when well shaped, otherwise a rejection with the contract's code
 */
export function validateConditionalShape(
  order: Conditional & { readonly signature?: Hex },
): Rejection | undefined {
  const { account, market, isBuy, reduceOnly, signature } = order;
  if (!whole(account, firstTradingAccount, 2 ** 32 - 1)) {
    return reject('AccountUnknown', `account ${account} cannot trade`, { account });
  }
  if (!whole(market, 0, 255)) {
    return reject('MarketUnknown', `there is no market ${market}`, { market });
  }
  if (typeof isBuy !== 'boolean' || typeof reduceOnly !== 'boolean') {
    return reject('ConditionalMalformed', 'isBuy and reduceOnly are true or false');
  }
  for (const [field, [from, to]] of Object.entries(ranges)) {
    const found = order[field as keyof typeof ranges];
    if (!whole(found, from, to)) return outOfRange(field, found, from, to);
  }
  const [from, to] = order.kind === TRAILING ? [1, ppmOne - 1] : [0, 0];
  if (!whole(order.trailPpm, from, to)) {
    return outOfRange('trailPpm', order.trailPpm, from, to);
  }
  if (order.expiry <= order.since) {
    return reject('OrderExpired', 'the order expires before it looks at any price', {
      found: order.expiry,
      required: order.since + 1,
    });
  }
  return signature === undefined ? undefined : validateBytes(signature);
}

function validateBytes(signature: Hex): Rejection | undefined {
  const bytes = typeof signature === 'string' ? tryFromHex(signature) : undefined;
  if (bytes !== undefined && bytes.length <= contractSignatureBytesMax) return undefined;
  const text = `a signature is 0x text of at most ${contractSignatureBytesMax} bytes`;
  return reject('SignatureWrong', text);
}

/** The price is better for the trader to trail from: higher for one who sells. */
export const improves = (isBuy: boolean, from: number, price: number): boolean =>
  isBuy ? price < from : price > from;

/**
 * The price has reached the trigger, compared exactly.
 * @param best price that a trailing stop follows from; unused for the other kinds
 */
export function conditionMet(order: Conditional, best: number, price: number): boolean {
  if (order.kind === TRAILING) {
    return order.isBuy
      ? price * ppmOne >= best * (ppmOne + order.trailPpm)
      : price * ppmOne <= best * (ppmOne - order.trailPpm);
  }
  const upward = order.isBuy === (order.kind === STOP_LOSS);
  return upward ? price >= order.triggerPrice : price <= order.triggerPrice;
}

/** The trigger as a price, for people; a trailing one is rounded toward the best. */
export function conditionalThreshold(order: Conditional, best: number): number {
  if (order.kind !== TRAILING) return order.triggerPrice;
  const trail = Math.floor((best * order.trailPpm) / ppmOne);
  return order.isBuy ? best + trail : best - trail;
}

/**
 * Price of the fill: the index price made worse by the reward, rounded for the trader and no worse
 * than the limit.
 * @returns undefined when the limit is better than the index price: the chain refuses then
 */
export function conditionalFillPrice(order: Conditional, index: number): number | undefined {
  const { isBuy, limitPrice, rewardPpm } = order;
  if (isBuy ? index > limitPrice : index < limitPrice) return undefined;
  const reward = Math.floor((index * rewardPpm) / ppmOne);
  return isBuy ? Math.min(index + reward, limitPrice) : Math.max(index - reward, limitPrice);
}

/** Lots that would be filled, 0 when a reduce-only order finds nothing to reduce. */
export function conditionalLots(order: Conditional, position: number): number {
  if (!order.reduceOnly) return order.size;
  return Math.min(Math.max(order.isBuy ? -position : position, 0), order.size);
}
