/** What a fill moves, to the unit, for given funding indexes and fees. Pure. */
import type { UnconfirmedFill } from '@holdfast/core';
import { ceilDiv, feeAccount, invariant, q32Bits } from '@holdfast/units';
import type { AccountDelta } from './deltas.ts';
import type { MarketParams } from './events.ts';

/** The numbers that value a fill. */
export type Valuation = {
  /** Funding index, quote × 2^32 per lot. */
  readonly index: bigint;
  /** Quote. */
  readonly makerFee: bigint;
  /** Quote. */
  readonly takerFee: bigint;
};

/** The part of a fill that never changes. */
export type FillTerms = Pick<
  UnconfirmedFill,
  'id' | 'market' | 'price' | 'lots' | 'maker' | 'taker'
>;

/** Accumulates exact movements of accounts; accounts and markets at zero count as absent. */
export type Sums = Map<number, { cash: bigint; sizes: Map<number, number> }>;

/** Adds `sign` times a movement of one account. */
export function addDelta(sums: Sums, delta: AccountDelta, sign: 1 | -1 = 1): void {
  const row = sums.get(delta.account) ?? { cash: 0n, sizes: new Map<number, number>() };
  sums.set(delta.account, row);
  row.cash += BigInt(sign) * delta.cash;
  for (const [market, size] of delta.sizes) {
    row.sizes.set(market, (row.sizes.get(market) ?? 0) + sign * size);
  }
}

/** Movements without the zeros, accounts and markets ascending. */
export function deltasOfSums(sums: Sums): AccountDelta[] {
  const out: AccountDelta[] = [];
  for (const [account, row] of [...sums].sort((a, b) => a[0] - b[0])) {
    const moved = [...row.sizes].filter(([, size]) => size !== 0).sort((a, b) => a[0] - b[0]);
    if (row.cash !== 0n || moved.length > 0) {
      out.push({ account, cash: row.cash, sizes: new Map(moved) });
    }
  }
  return out;
}

/**
 * What a fill does to the two accounts and the fee account:
 * buyer size += n, cash −= n·((p·tickValue << 32) − I); seller the opposite; fees << 32.
 */
export function fillDeltas(fill: FillTerms, tickValue: number, v: Valuation): AccountDelta[] {
  const lots = BigInt(fill.lots);
  const cost = lots * (((BigInt(fill.price) * BigInt(tickValue)) << q32Bits) - v.index);
  const makerSign = fill.maker.isBuy ? 1 : -1;
  const side = (account: number, sign: number, fee: bigint): AccountDelta => ({
    account,
    cash: -BigInt(sign) * cost - (fee << q32Bits),
    sizes: new Map([[fill.market, sign * fill.lots]]),
  });
  return [
    side(fill.maker.account, makerSign, v.makerFee),
    side(fill.taker.account, -makerSign, v.takerFee),
    { account: feeAccount, cash: (v.makerFee + v.takerFee) << q32Bits, sizes: new Map() },
  ];
}

/** Adds `sign` times what a fill does. */
export function addFill(
  sums: Sums,
  fill: FillTerms,
  tickValue: number,
  valuation: Valuation,
  sign: 1 | -1 = 1,
): void {
  for (const delta of fillDeltas(fill, tickValue, valuation)) addDelta(sums, delta, sign);
}

/** The fee of one side of a fill: ⌈notional · ppm / 10^6⌉ quote. */
export function feeOf(fill: FillTerms, tickValue: number, feePpm: number): bigint {
  const notional = BigInt(fill.lots) * BigInt(fill.price) * BigInt(tickValue);
  return ceilDiv(notional * BigInt(feePpm), 1_000_000n);
}

/** How the chain values a fill under these parameters and this funding index. */
export function chainValuation(fill: FillTerms, params: MarketParams, index: bigint): Valuation {
  return {
    index,
    makerFee: feeOf(fill, params.tickValue, params.makerFeePpm),
    takerFee: feeOf(fill, params.tickValue, params.takerFeePpm),
  };
}

/** The first difference between two lists of movements, as text, or undefined. */
export function differenceOf(
  found: readonly AccountDelta[],
  expected: readonly AccountDelta[],
): { account: number; field: string; found: string; expected: string } | undefined {
  const sums: Sums = new Map();
  for (const delta of found) addDelta(sums, delta);
  for (const delta of expected) addDelta(sums, delta, -1);
  const [first] = deltasOfSums(sums);
  if (first === undefined) return undefined;
  const pick = (list: readonly AccountDelta[]) => list.filter((d) => d.account === first.account);
  const [market] = first.sizes.keys();
  const show = (list: readonly AccountDelta[]): string => {
    let total = 0n;
    for (const delta of pick(list)) {
      total += market === undefined ? delta.cash : BigInt(delta.sizes.get(market) ?? 0);
    }
    return total.toString();
  };
  invariant(first.cash !== 0n || market !== undefined, 'a difference of nothing');
  return {
    account: first.account,
    field: market === undefined ? 'cash' : `size of market ${market}`,
    found: show(found),
    expected: show(expected),
  };
}
