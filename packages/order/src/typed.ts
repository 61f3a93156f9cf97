/** EIP-712: domain, types and hand-packed digests of orders, logins and receipts. */
import {
  concatBytes,
  domainSeparator,
  type Hex,
  keccak256,
  putInt,
  toHex,
  typedDigest,
  utf8,
} from '@holdfast/units';
import type { Login, Order } from './types.ts';

/** The typed-data domain of a venue; wallets and viem take it as it is. */
export type Domain = {
  readonly name: 'Holdfast';
  readonly version: '1';
  readonly chainId: number;
  readonly verifyingContract: Hex;
};

/** The domain of the venue whose clearing house lives at `clearingHouse` on `chainId`. */
export const domain = (chainId: number, clearingHouse: Hex): Domain => ({
  name: 'Holdfast',
  version: '1',
  chainId,
  verifyingContract: clearingHouse,
});

/** Typed-data definitions in the shape that wallets take. Field order is part of the hash. */
export const types = {
  Order: [
    { name: 'account', type: 'uint32' },
    { name: 'market', type: 'uint8' },
    { name: 'isBuy', type: 'bool' },
    { name: 'size', type: 'uint64' },
    { name: 'price', type: 'uint32' },
    { name: 'timeInForce', type: 'uint8' },
    { name: 'reduceOnly', type: 'bool' },
    { name: 'postOnly', type: 'bool' },
    { name: 'expiry', type: 'uint40' },
    { name: 'lane', type: 'uint16' },
    { name: 'seq', type: 'uint32' },
    { name: 'epoch', type: 'uint32' },
  ],
  Conditional: [
    { name: 'account', type: 'uint32' },
    { name: 'market', type: 'uint8' },
    { name: 'isBuy', type: 'bool' },
    { name: 'size', type: 'uint64' },
    { name: 'kind', type: 'uint8' },
    { name: 'triggerPrice', type: 'uint32' },
    { name: 'trailPpm', type: 'uint32' },
    { name: 'limitPrice', type: 'uint32' },
    { name: 'rewardPpm', type: 'uint32' },
    { name: 'reduceOnly', type: 'bool' },
    { name: 'since', type: 'uint40' },
    { name: 'expiry', type: 'uint40' },
    { name: 'nonce', type: 'uint64' },
    { name: 'epoch', type: 'uint32' },
  ],
  Forget: [
    { name: 'account', type: 'uint32' },
    { name: 'order', type: 'bytes32' },
    { name: 'expiry', type: 'uint40' },
  ],
  Login: [
    { name: 'account', type: 'uint32' },
    { name: 'expiry', type: 'uint40' },
    { name: 'nonce', type: 'bytes32' },
  ],
  Receipts: [
    { name: 'first', type: 'uint64' },
    { name: 'leaves', type: 'bytes32' },
    { name: 'head', type: 'bytes32' },
  ],
} as const;

/** hash of a type's definition, 32 bytes. */
export const typeHash = (name: keyof typeof types): Uint8Array =>
  keccak256(utf8(`${name}(${types[name].map((f) => `${f.type} ${f.name}`).join(',')})`));

export const orderTypeHash: Uint8Array = typeHash('Order');
export const loginTypeHash: Uint8Array = typeHash('Login');
export const receiptsTypeHash: Uint8Array = typeHash('Receipts');

export { domainSeparator, typedDigest };

/** hashStruct(Order), 32 bytes. Assumes a well-shaped order. */
export function orderStructHash(order: Order): Uint8Array {
  const words = new Uint8Array(416);
  words.set(orderTypeHash, 0);
  const values = [
    order.account,
    order.market,
    order.isBuy ? 1 : 0,
    order.size,
    order.price,
    order.timeInForce,
    order.reduceOnly ? 1 : 0,
    order.postOnly ? 1 : 0,
    order.expiry,
    order.lane,
    order.seq,
    order.epoch,
  ];
  values.forEach((value, i) => {
    putInt(words, 32 * (i + 2) - 6, 6, value);
  });
  return keccak256(words);
}

/**
 * What the owner signs: 32 bytes, equal to any EIP-712 library's digest.
 * @param separator {@link domainSeparator} of the venue.
 */
export const orderDigest = (separator: Uint8Array, order: Order): Uint8Array =>
  typedDigest(separator, orderStructHash(order));

/** Name of an order in fills, logs and queries: hashStruct(Order) as hex. */
export const orderHash = (order: Order): Hex => toHex(orderStructHash(order));

/** Digest of a gateway login. Assumes a nonce of 32 bytes. */
export function loginDigest(separator: Uint8Array, login: Login): Uint8Array {
  const words = new Uint8Array(128);
  words.set(loginTypeHash, 0);
  putInt(words, 58, 6, login.account);
  putInt(words, 90, 6, login.expiry);
  words.set(login.nonce, 96);
  return typedDigest(separator, keccak256(words));
}

/** Digest of a signed frame of receipts. See `receipts.ts` for `leaves`. */
export function receiptsStructDigest(
  separator: Uint8Array,
  first: number,
  leaves: Uint8Array,
  head: Uint8Array,
): Uint8Array {
  const count = new Uint8Array(32);
  putInt(count, 26, 6, first);
  return typedDigest(separator, keccak256(concatBytes(receiptsTypeHash, count, leaves, head)));
}
