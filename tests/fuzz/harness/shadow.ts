/** Arithmetic of the shadow: what trades and liquidations move. */

import { clearingHouseAbi } from '@holdfast/abi';
import { type Address, type Log, parseEventLogs } from 'viem';
import { q32, share } from '../../e2e/harness/worth.ts';
import type { Life } from './life.ts';
import type { Seen } from './rig.ts';

type Params = Record<'tickValue' | 'makerFeePpm' | 'takerFeePpm' | 'fillBandPpm', number>;

export const paramsOf = (seen: Seen, market: number): Params & Record<string, number> =>
  seen.params[market] as never;

export const sizeOf = (seen: Seen, id: number, market: number): number =>
  seen.accounts.get(id)?.sizes.get(market) ?? 0;

/** Value of lots at a price, Q32, by the funding index as it is now. */
export function worthOf(seen: Seen, market: number, lots: number, price: number): bigint {
  const lot = BigInt(price) * BigInt(paramsOf(seen, market).tickValue);
  return BigInt(lots) * (lot * q32 - seen.markets[market]!.index);
}

/** Fees of a fill, Q32. */
export function feesOf(seen: Seen, market: number, lots: number, price: number) {
  const { tickValue, makerFeePpm, takerFeePpm } = paramsOf(seen, market);
  const amount = BigInt(lots) * BigInt(price) * BigInt(tickValue);
  return { maker: share(amount, makerFeePpm) * q32, taker: share(amount, takerFeePpm) * q32 };
}

/** Adds up amounts by account: one may be named more than once. */
export function amounts(...rows: readonly (readonly [id: number, amount: bigint])[]) {
  const all = new Map<number, bigint>();
  for (const [id, amount] of rows) all.set(id, (all.get(id) ?? 0n) + amount);
  return all;
}

/** Adds up lots by account and market. */
export function lotsOf(market: number, ...rows: readonly (readonly [id: number, lots: number])[]) {
  const all = new Map<string, number>();
  for (const [id, lots] of rows)
    all.set(`${id}/${market}`, (all.get(`${id}/${market}`) ?? 0) + lots);
  return all;
}

/** The user of a seat. */
export const userOf = ({ rig }: Life, seat: number): number =>
  rig.users[seat % rig.users.length] as number;

/** Arguments of the one event of a name. */
export function eventOf(logs: readonly Log[], eventName: string): Record<string, never> {
  const [found] = parseEventLogs({ abi: clearingHouseAbi, logs: [...logs], eventName } as never);
  if (found === undefined) throw new Error(`fuzz: no event ${eventName}`);
  return (found as unknown as { args: Record<string, never> }).args;
}

/** Nobody of the venue. */
export const stranger: Address = '0x00000000000000000000000000000000000051a9';
