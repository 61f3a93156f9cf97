/** A venue of two markets with five reporters, and what they observe. */
import type { Venue } from '@holdfast/host';
import type { SignedObservation } from '@holdfast/oracle';
import { reporterSeparator, signObservation } from '@holdfast/reporter';
import type { Hex } from '@holdfast/units';
import { privateKeyToAccount } from 'viem/accounts';
import { btc, doge } from './markets.ts';

/** Five that report and one that does not. */
export const reporters = ['1', '2', '3', '4', '5', '6'].map((digit) =>
  privateKeyToAccount(`0x${digit.repeat(64)}`),
);
export const at = 1_760_000_000;
const address = `0x${'1'.repeat(40)}` as const;

/** Whose reports are lists of observations. */
export function plainVenue(more: Partial<Venue> = {}): Venue {
  return {
    version: 1,
    chainId: 31_337,
    rpcUrl: 'http://127.0.0.1:9',
    contracts: {
      clearingHouse: address,
      vault: address,
      oracle: address,
      verifier: address,
      breaker: address,
      parameters: address,
      laws: address,
      token: address,
    },
    deployBlock: 0,
    token: { symbol: 'tUSD', decimals: 6 },
    markets: [btc, doge],
    clock: { wallEpochMs: 0, venueEpoch: 0, speed: 1 },
    gateway: { host: '127.0.0.1', port: 1 },
    relay: { host: '127.0.0.1', port: 2 },
    reporters: { k: 3, n: 5, addresses: reporters.slice(0, 5).map((each) => each.address) },
    sequencer: address,
    node: address,
    blockMs: 1000,
    ...more,
  };
}

/** Whose reports a committee signs. */
export const committeeVenue = (more: Partial<Venue> = {}): Venue =>
  plainVenue({
    committee: {
      registry: address,
      id: 2,
      threshold: 3,
      key: `0x02${'11'.repeat(32)}` as Hex,
      roster: `0x${'22'.repeat(32)}` as Hex,
      relay: { host: '127.0.0.1', port: 3 },
    },
    ...more,
  });

export type Said = { price?: number; mark?: number; rate?: number; time?: number; round?: number };

/** What reporter `index` says of the first market; the other is the same for all. */
export function say(venue: Venue, index: number, said: Said = {}): Promise<SignedObservation> {
  const account = reporters[index];
  if (account === undefined) throw new Error(`no reporter ${index}`);
  const { price = 1_000_000, mark = price, rate = 0, round = at, time = round } = said;
  const [first, second] = [...venue.markets].map(({ id }) => id).sort((a, b) => a - b);
  const quotes = [
    { market: first, price, mark, rate },
    { market: second, price: 22_000, mark: 22_000, rate: 0 },
  ];
  return signObservation(account, reporterSeparator(venue), { round, time, quotes } as never);
}
