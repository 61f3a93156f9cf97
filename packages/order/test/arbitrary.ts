/** Random orders, shared by the tests of this package. */
import {
  accountId,
  invariant,
  lane,
  marketId,
  tryEpoch,
  tryOrderSize,
  trySeconds,
  trySeq,
  tryTicks,
} from '@holdfast/units';
import fc from 'fast-check';
import type { Order, SignedOrder, TimeInForce } from '../src/index.ts';

const known = <T>(value: T | undefined): T => {
  invariant(value !== undefined, 'in range');
  return value;
};

const wide = (min: number, max: number) =>
  fc.oneof(
    fc.integer({ min, max: Math.min(max, min + 3) }),
    fc.maxSafeNat().map((n) => {
      const span = max - min + 1;
      return min + (n % span);
    }),
    fc.constant(max),
  );

export const anyOrder: fc.Arbitrary<Order> = fc.record({
  account: wide(2, 2 ** 32 - 1).map(accountId),
  market: wide(0, 255).map(marketId),
  isBuy: fc.boolean(),
  size: wide(1, 2 ** 40 - 1).map((n) => known(tryOrderSize(n))),
  price: wide(1, 2 ** 32 - 1).map((n) => known(tryTicks(n))),
  timeInForce: fc.constantFrom<TimeInForce>(0, 1, 2),
  reduceOnly: fc.boolean(),
  postOnly: fc.boolean(),
  expiry: wide(1, 2 ** 40 - 1).map((n) => known(trySeconds(n))),
  lane: wide(0, 65_534).map(lane),
  seq: wide(1, 2 ** 32 - 1).map((n) => known(trySeq(n))),
  epoch: wide(0, 2 ** 32 - 1).map((n) => known(tryEpoch(n))),
});

export const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

export const anySignedOrder: fc.Arbitrary<SignedOrder> = fc
  .tuple(anyOrder, bytesOf(64))
  .map(([order, signature]) => ({ ...order, signature }));

export const seed = 20_260_101;
