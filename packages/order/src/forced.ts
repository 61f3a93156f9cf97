/** A request in the chain's queue of forced requests. */
import type { Hex } from '@holdfast/units';

/** By number on chain. */
export const forcedKinds = ['none', 'withdraw', 'close', 'cancelAll'] as const;

export type ForcedEntry = {
  readonly number: number;
  readonly kind: (typeof forcedKinds)[number];
  readonly account: number;
  readonly market: number;
  readonly isLong: boolean;
  /** Close: worst price, ticks. */
  readonly limit: number;
  readonly time: number;
  /** Chain second after which anyone may execute it. */
  readonly deadline: number;
  /** Withdraw: quote units. Close: lots. 2^88 - 1: all there is. */
  readonly amount: bigint;
  readonly to: Hex;
  readonly nonce: bigint;
};
