/**
 * Logs of the venue's contracts as plain values. The packed byte strings of `Settled` and
 * `Refreshed` are opened here and nowhere else.
 */
import type { SessionScope } from '@holdfast/order';
import { EnvironmentError, fromHex, getSignedBig, getUint, type Hex } from '@holdfast/units';

/** Parameters of a market in force on chain. */
export type MarketParams = {
  readonly tickValue: number;
  readonly initialPpm: number;
  readonly maintenancePpm: number;
  readonly takerFeePpm: number;
  readonly makerFeePpm: number;
  readonly priceAgeSecondsMax: number;
  readonly bandPpm: number;
  readonly fillBandPpm: number;
  readonly fundingRatePpmMax: number;
  readonly openInterestMax: number;
  readonly openInterestLowPpm: number;
  readonly openInterestHighPpm: number;
  readonly concentrationPpm: number;
  readonly concentrationCapPpm: number;
  readonly isolated: number;
  readonly markClampPpm: number;
  readonly fundingGapSecondsMax: number;
  readonly liquidationPartPpm: number;
  readonly coverSharePpm: number;
  readonly backstopLotsMax: number;
};

/** One market of a `Refreshed`. */
export type QuoteRow = {
  readonly market: number;
  /** Index price, ticks. */
  readonly price: number;
  /** Mark price as accepted, ticks. */
  readonly mark: number;
  /** ppm per day as charged. */
  readonly rate: number;
  readonly indexAfter: bigint;
};

/** One account of a `Settled` or a `Touched`; sizes are those of the markets that it touched. */
export type SettledAccount = {
  readonly account: number;
  readonly cashAfter: bigint;
  readonly sizes: readonly (readonly [market: number, sizeAfter: number])[];
};

/** One order of a `Settled`. */
export type SettledOrder = {
  readonly account: number;
  readonly lane: number;
  readonly seq: number;
  readonly filledAfter: number;
};

/** Everything that changes the chain's side of the venue. */
export type ChainEvent =
  | { readonly type: 'AccountOpened'; readonly account: number; readonly owner: string }
  | {
      readonly type: 'Deposited' | 'Withdrawn';
      readonly account: number;
      readonly quote: bigint;
      readonly cashAfter: bigint;
    }
  | {
      readonly type: 'SessionSet';
      readonly account: number;
      readonly key: string;
      readonly expiry: number;
      readonly scope: SessionScope;
    }
  | {
      readonly type: 'LaneCancelled';
      readonly account: number;
      readonly lane: number;
      readonly seq: number;
    }
  | { readonly type: 'AllCancelled'; readonly account: number; readonly epoch: number }
  | { readonly type: 'LeverageSet'; readonly account: number; readonly initialPpm: number }
  | {
      readonly type: 'Refreshed';
      readonly round: number;
      readonly time: number;
      readonly quotes: readonly QuoteRow[];
    }
  | {
      readonly type: 'Settled';
      readonly number: number;
      readonly head: Hex;
      readonly accounts: readonly SettledAccount[];
      readonly orders: readonly SettledOrder[];
    }
  | {
      readonly type: 'Touched';
      /** Why, by number: see {@link causes}. */
      readonly cause: number;
      readonly accounts: readonly SettledAccount[];
    }
  | {
      /** Every position in the market as it stands pays this for each of its lots, quote Q32. */
      readonly type: 'Levied';
      readonly market: number;
      readonly perLot: bigint;
    }
  | { readonly type: 'MarketSet'; readonly market: number; readonly params: MarketParams }
  | {
      readonly type: 'VenueSet';
      readonly sequencer: string;
      readonly quietSeconds: number;
      readonly reportSkewSecondsMax: number;
    }
  | {
      readonly type: 'Tightened';
      readonly scope: number;
      readonly level: number;
      readonly until: number;
    }
  | {
      readonly type: 'Halted';
      readonly scope: number;
      readonly since: number;
      readonly until: number;
    }
  | { readonly type: 'Barred'; readonly accounts: readonly number[]; readonly until: number }
  | { readonly type: 'Cleared'; readonly scope: number };

/** A log with its place. */
export type PlacedEvent = {
  readonly event: ChainEvent;
  readonly transaction: Hex;
  readonly logIndex: number;
  /** For a `Refreshed` whose report we may not know: the report's bytes, if they can be had. */
  readonly report?: Hex;
};

const quoteBytes = 25;
const orderBytes = 15;
const accountHeadBytes = 21;
const sizeBytes = 8;

function malformed(what: string, found: number): EnvironmentError {
  return new EnvironmentError(
    'LogMalformed',
    `${what} of a log has ${found} bytes: contracts and node are of different versions`,
  );
}

/** Opens `quotes` of a `Refreshed`. @throws EnvironmentError LogMalformed */
export function decodeQuotes(text: string): QuoteRow[] {
  const data = fromHex(text);
  if (data.length % quoteBytes !== 0) throw malformed('quotes', data.length);
  const rows: QuoteRow[] = [];
  for (let at = 0; at < data.length; at += quoteBytes) {
    rows.push({
      market: getUint(data, at, 1),
      price: getUint(data, at + 1, 4),
      mark: getUint(data, at + 5, 4),
      rate: Number(getSignedBig(data, at + 9, 4)),
      indexAfter: getSignedBig(data, at + 13, 12),
    });
  }
  return rows;
}

/** Opens `accounts` of a `Settled` or a `Touched`. @throws EnvironmentError LogMalformed */
export function decodeAccounts(text: string): SettledAccount[] {
  const data = fromHex(text);
  const rows: SettledAccount[] = [];
  let at = 0;
  while (at < data.length) {
    if (at + accountHeadBytes > data.length) throw malformed('accounts', data.length);
    const account = getUint(data, at, 4);
    const cashAfter = getSignedBig(data, at + 5, 16);
    const count = getUint(data, at + 4, 1);
    at += accountHeadBytes;
    if (at + count * sizeBytes > data.length) throw malformed('accounts', data.length);
    const sizes: [number, number][] = [];
    for (let i = 0; i < count; i++, at += sizeBytes) {
      sizes.push([getUint(data, at, 1), Number(getSignedBig(data, at + 1, 7))]);
    }
    rows.push({ account, cashAfter, sizes });
  }
  return rows;
}

/** Opens `orders` of a `Settled`. @throws EnvironmentError LogMalformed */
export function decodeOrders(text: string): SettledOrder[] {
  const data = fromHex(text);
  if (data.length % orderBytes !== 0) throw malformed('orders', data.length);
  const rows: SettledOrder[] = [];
  for (let at = 0; at < data.length; at += orderBytes) {
    rows.push({
      account: getUint(data, at, 4),
      lane: getUint(data, at + 4, 2),
      seq: getUint(data, at + 6, 4),
      filledAfter: getUint(data, at + 10, 5),
    });
  }
  return rows;
}
