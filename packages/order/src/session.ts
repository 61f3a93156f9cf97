/** What a session key may sign: the rules of `Sessions.sol`, with the same codes. */
import { type Rejection, reject, type Seconds } from '@holdfast/units';

/** The limits of a session key, as `setSession` takes them. */
export type SessionScope = {
  /** Bit m: market m, for the first 128; all ones: every market there is. */
  readonly markets: bigint;
  /** Largest size of one order, lots; 2^40 - 1 is no limit, 0 lets it only cancel. */
  readonly orderLotsMax: number;
  /** Only orders flagged reduce-only. */
  readonly reduceOnly: boolean;
};

/** A session key of an account. */
export type SessionGrant = { readonly expiry: Seconds; readonly scope: SessionScope };

const allMarkets = (1n << 128n) - 1n;
const allLots = 2 ** 40 - 1;
const bitmapMarkets = 128;

/** The scope of a key that signs whatever the owner could. */
export const wholeScope: SessionScope = {
  markets: allMarkets,
  orderLotsMax: allLots,
  reduceOnly: false,
};

/** The key trades everything that the owner trades; only such a key may act as a keeper. */
export const isWhole = (scope: SessionScope): boolean =>
  scope.markets === allMarkets && scope.orderLotsMax === allLots && !scope.reduceOnly;

/**
 * The bitmap of some markets.
 * @returns undefined when one of them has no bit (128 and above)
 */
export function marketBits(ids: readonly number[]): bigint | undefined {
  if (ids.some((id) => !Number.isInteger(id) || id < 0 || id >= bitmapMarkets)) return undefined;
  return ids.reduce((bits, id) => bits | (1n << BigInt(id)), 0n);
}

/** Why a key of this scope may not sign such an order, or undefined when it may. */
export function holdScope(
  scope: SessionScope,
  order: { readonly market: number; readonly size: number; readonly reduceOnly: boolean },
): Rejection | undefined {
  const { market, size, reduceOnly } = order;
  const inside = scope.markets === allMarkets || ((scope.markets >> BigInt(market)) & 1n) === 1n;
  if (!inside) {
    return reject('SessionMarketBarred', `the session key may not trade market ${market}`, {
      found: market,
      allowed: `0x${scope.markets.toString(16)}`,
    });
  }
  if (size > scope.orderLotsMax) {
    const text = `the session key signs orders of at most ${scope.orderLotsMax} lots`;
    return reject('SessionOversize', text, { found: size, required: scope.orderLotsMax });
  }
  if (scope.reduceOnly && !reduceOnly) {
    return reject('SessionReduceOnly', 'the session key signs reduce-only orders alone');
  }
  return undefined;
}
