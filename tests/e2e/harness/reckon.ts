/**
 * What everybody is owed at the end, worked out from the venue's logs alone and with nothing of
 * the code under test: bigint arithmetic over packed bytes.
 */
import { clearingHouseAbi } from '@holdfast/abi';
import { type Address, type Log, parseEventLogs } from 'viem';

export type Owing = {
  /** Equity by account, quote × 2^32. */
  readonly equity: ReadonlyMap<number, bigint>;
  readonly owners: ReadonlyMap<number, Address>;
  /** Sum of what users with any equity have, quote × 2^32. */
  readonly claims: bigint;
  /** All collateral, quote units. */
  readonly collateral: bigint;
  /** Quote units by account. */
  readonly payable: ReadonlyMap<number, bigint>;
  readonly bankrupt: readonly number[];
  readonly isShort: boolean;
};

type Book = {
  readonly cash: Map<number, bigint>;
  /** Lots by "account/market". */
  readonly lots: Map<string, bigint>;
  readonly price: Map<number, bigint>;
  readonly index: Map<number, bigint>;
  readonly owners: Map<number, Address>;
};

const bytesOf = (hex: string): Buffer => Buffer.from(hex.slice(2), 'hex');
const unsigned = (data: Buffer, at: number, length: number): bigint =>
  BigInt(`0x${data.subarray(at, at + length).toString('hex')}`);
const signed = (data: Buffer, at: number, length: number): bigint =>
  BigInt.asIntN(length * 8, unsigned(data, at, length));

function readAccounts(book: Book, hex: string): void {
  const data = bytesOf(hex);
  for (let at = 0; at < data.length; ) {
    const id = Number(unsigned(data, at, 4));
    book.cash.set(id, signed(data, at + 5, 16));
    const count = Number(unsigned(data, at + 4, 1));
    at += 21;
    for (let i = 0; i < count; i++, at += 8) {
      book.lots.set(`${id}/${unsigned(data, at, 1)}`, signed(data, at + 1, 7));
    }
  }
}

function readQuotes(book: Book, hex: string): void {
  const data = bytesOf(hex);
  for (let at = 0; at < data.length; at += 25) {
    const market = Number(unsigned(data, at, 1));
    book.price.set(market, unsigned(data, at + 1, 4));
    book.index.set(market, signed(data, at + 13, 12));
  }
}

function follow(logs: readonly Log[]): Book {
  const book: Book = {
    cash: new Map(),
    lots: new Map(),
    price: new Map(),
    index: new Map(),
    owners: new Map(),
  };
  for (const { eventName, args } of parseEventLogs({ abi: clearingHouseAbi, logs: [...logs] })) {
    if (eventName === 'AccountOpened') book.owners.set(args.account, args.owner);
    else if (eventName === 'Deposited' || eventName === 'Withdrawn') {
      book.cash.set(args.account, args.cashAfter);
    } else if (eventName === 'Settled' || eventName === 'Touched') {
      readAccounts(book, args.accounts);
    } else if (eventName === 'Refreshed') readQuotes(book, args.quotes);
  }
  return book;
}

/** @param tickValue quote units of one lot at one tick, by market */
export function reckonLogs(logs: readonly Log[], tickValue: ReadonlyMap<number, bigint>): Owing {
  const book = follow(logs);
  const equity = new Map(book.cash);
  for (const [key, lots] of book.lots) {
    const [id, market] = key.split('/').map(Number) as [number, number];
    const price = book.price.get(market) ?? 0n;
    const lot =
      ((price * (tickValue.get(market) as bigint)) << 32n) - (book.index.get(market) ?? 0n);
    equity.set(id, (equity.get(id) ?? 0n) + lots * lot);
  }
  const users = [...equity].filter(([id]) => book.owners.has(id));
  const claims = users.reduce((sum, [, value]) => (value > 0n ? sum + value : sum), 0n);
  const total = [...equity.values()].reduce((sum, value) => sum + value, 0n);
  const collateral = total >> 32n;
  const isShort = claims > collateral << 32n;
  const share = (value: bigint): bigint => {
    if (value <= 0n) return 0n;
    return isShort ? (value * collateral) / claims : value >> 32n;
  };
  return {
    equity,
    owners: book.owners,
    claims,
    collateral,
    payable: new Map(users.map(([id, value]) => [id, share(value)])),
    bankrupt: users.filter(([, value]) => value < 0n).map(([id]) => id),
    isShort,
  };
}
