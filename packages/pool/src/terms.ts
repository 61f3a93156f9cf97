/** What members and operator sign, and the forms in which the pool's contract takes signatures. */
import type { Login, Order } from '@holdfast/order';
import { concatBytes, type Hex, putBig, putInt } from '@holdfast/units';

/** EIP-712 domain of a pool. */
export const poolDomain = (chainId: number, pool: Hex) =>
  ({ name: 'Holdfast Pool', version: '1', chainId, verifyingContract: pool }) as const;

export const poolTypes = {
  /** The operator lets a member join under its key. */
  Admission: [
    { name: 'member', type: 'address' },
    { name: 'key', type: 'uint256' },
  ],
  /** A member asks to be paid. Amount in token units. */
  Payout: [
    { name: 'member', type: 'address' },
    { name: 'amount', type: 'uint256' },
    { name: 'to', type: 'address' },
    { name: 'nonce', type: 'uint256' },
    { name: 'expiry', type: 'uint40' },
  ],
  /** A member's order, for the operator alone. Size in lots, price in ticks. */
  MemberOrder: [
    { name: 'member', type: 'address' },
    { name: 'market', type: 'uint8' },
    { name: 'isBuy', type: 'bool' },
    { name: 'size', type: 'uint64' },
    { name: 'price', type: 'uint32' },
    { name: 'timeInForce', type: 'uint8' },
    { name: 'postOnly', type: 'bool' },
    { name: 'expiry', type: 'uint40' },
    { name: 'nonce', type: 'uint64' },
  ],
  /** A member asks to cancel one order by its nonce, or all: 0. */
  MemberCancel: [
    { name: 'member', type: 'address' },
    { name: 'nonce', type: 'uint64' },
    { name: 'expiry', type: 'uint40' },
  ],
  /** A member asks what it holds; good until `expiry`. */
  MemberRead: [
    { name: 'member', type: 'address' },
    { name: 'expiry', type: 'uint40' },
  ],
} as const;

export type MemberOrder = {
  readonly member: Hex;
  readonly market: number;
  readonly isBuy: boolean;
  readonly size: number;
  readonly price: number;
  /** 0 rests, 1 immediate or cancel, 2 fill or kill. */
  readonly timeInForce: 0 | 1 | 2;
  readonly postOnly: boolean;
  readonly expiry: number;
  /** One-time number of the member. */
  readonly nonce: number;
};

/** Form 0: what the pool's contract takes as its signature of an order of the omnibus account. */
export function orderForm(order: Order, signature: Uint8Array): Uint8Array {
  const out = new Uint8Array(31);
  const flags =
    (order.isBuy ? 1 : 0) |
    (order.reduceOnly ? 2 : 0) |
    (order.postOnly ? 4 : 0) |
    (order.timeInForce << 3);
  putInt(out, 1, 4, order.account);
  putInt(out, 5, 2, order.lane);
  putInt(out, 7, 4, order.seq);
  putInt(out, 11, 1, order.market);
  putInt(out, 12, 1, flags);
  putInt(out, 13, 5, order.size);
  putInt(out, 18, 4, order.price);
  putInt(out, 22, 5, order.expiry);
  putInt(out, 27, 4, order.epoch);
  return concatBytes(out, signature);
}

/** Form 1: the same of a login at the venue's gateway. */
export function loginForm(login: Login, signature: Uint8Array): Uint8Array {
  const out = new Uint8Array(10);
  putInt(out, 0, 1, 1);
  putInt(out, 1, 4, login.account);
  putInt(out, 5, 5, login.expiry);
  return concatBytes(out, login.nonce, signature);
}

/** An address as a word. */
export const addressWord = (address: string): bigint => BigInt(address);

/** 32 bytes of a number, for hashes. */
export function word(value: bigint): Uint8Array {
  const out = new Uint8Array(32);
  putBig(out, 0, 32, value);
  return out;
}
