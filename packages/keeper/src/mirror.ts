import { clearingHouseAbi, parametersAbi } from '@holdfast/abi';
import type { ChainReader, Venue, VenueMarket } from '@holdfast/host';
import {
  type MarginParams,
  type MarketContext,
  marketContext,
  type RiskAccount,
} from '@holdfast/risk';
import {
  type AccountId,
  accountId,
  type CashQ32,
  cashQ32,
  type FundingIndex,
  fromHex,
  fundingIndex,
  getInt,
  getSignedBig,
  getUint,
  type Hex,
  type Lots,
  lots,
  type MarketId,
  marketId,
  type Ppm,
  ppm,
  type Ticks,
  ticks,
} from '@holdfast/units';
import { type Address, type Log, parseEventLogs } from 'viem';

/** Prices and funding index of a market as the chain knows them. */
export interface MarketMark {
  /** Index price. */
  price: Ticks;
  mark: Ticks;
  index: FundingIndex;
}

/** Parameters of a market that are in force; a steward and votes move them. */
export type KeptMarket = MarginParams &
  Pick<VenueMarket, 'bandPpm' | 'liquidationPartPpm' | 'markClampPpm' | 'priceAgeSecondsMax'>;

interface MirrorAccount {
  owner: Address;
  cash: CashQ32;
  positions: Map<MarketId, Lots>;
  userPpm?: Ppm;
}

/** The part of the chain's state that a keeper needs, rebuilt from logs alone. */
export interface Mirror {
  readonly accounts: ReadonlyMap<AccountId, RiskAccount & { readonly owner: Address }>;
  readonly marks: ReadonlyMap<MarketId, MarketMark>;
  readonly markets: ReadonlyMap<MarketId, KeptMarket>;
  /** Last accepted round and its time. */
  readonly round: () => number;
  readonly reportTime: () => number;
  /** Applies logs in the order of the chain. */
  apply(logs: readonly Log[]): void;
}

const sizeBytes = 7;
const quoteBytes = 25;

/** Reads `Settled.accounts`: id u32 | cash int128 | count u8 | count × (market u8, size int56). */
export function readSettledAccounts(
  hex: Hex,
): { account: number; cash: bigint; sizes: [market: number, size: number][] }[] {
  const data = fromHex(hex);
  const found = [];
  let at = 0;
  while (at < data.length) {
    const account = getUint(data, at, 4);
    const cash = getSignedBig(data, at + 5, 16);
    const count = getUint(data, at + 4, 1);
    at += 21;
    const sizes: [number, number][] = [];
    for (let i = 0; i < count; i += 1) {
      const size = Number(getSignedBig(data, at + 1, sizeBytes));
      sizes.push([getUint(data, at, 1), size]);
      at += 1 + sizeBytes;
    }
    found.push({ account, cash, sizes });
  }
  return found;
}

/** Reads `Refreshed.quotes`: market u8 | price u32 | mark u32 | rate i32 | index i96. */
export function readRefreshedQuotes(
  hex: Hex,
): { market: number; price: number; mark: number; rate: number; index: bigint }[] {
  const data = fromHex(hex);
  const found = [];
  for (let at = 0; at < data.length; at += quoteBytes) {
    found.push({
      market: getUint(data, at, 1),
      price: getUint(data, at + 1, 4),
      mark: getUint(data, at + 5, 4),
      rate: getInt(data, at + 9, 4),
      index: getSignedBig(data, at + 13, 12),
    });
  }
  return found;
}

/** An empty mirror of a clearing house at its first block. */
export function createMirror(): Mirror {
  const accounts = new Map<AccountId, MirrorAccount>();
  const marks = new Map<MarketId, MarketMark>();
  const markets = new Map<MarketId, KeptMarket>();
  let round = 0;
  let reportTime = 0;

  function at(id: number): MirrorAccount {
    const key = accountId(id);
    let found = accounts.get(key);
    if (found === undefined) {
      found = { owner: `0x${'0'.repeat(40)}`, cash: cashQ32(0n), positions: new Map() };
      accounts.set(key, found);
    }
    return found;
  }

  function setSize(account: MirrorAccount, market: number, size: number): void {
    if (size === 0) account.positions.delete(marketId(market));
    else account.positions.set(marketId(market), lots(size));
  }

  function settled(hex: Hex): void {
    for (const { account, cash, sizes } of readSettledAccounts(hex)) {
      const target = at(account);
      target.cash = cashQ32(cash);
      for (const [market, size] of sizes) setSize(target, market, size);
    }
  }

  /** Every position in the market, as it stands, pays for each of its lots. */
  function levied(market: number, perLot: bigint): void {
    for (const account of accounts.values()) {
      const size = account.positions.get(marketId(market)) ?? 0;
      if (size === 0) continue;
      account.cash = cashQ32(account.cash - BigInt(Math.abs(size)) * perLot);
    }
  }

  function applyOne(event: ReturnType<typeof decode>[number]): void {
    if (event.eventName === 'AccountOpened') at(event.args.account).owner = event.args.owner;
    else if (event.eventName === 'Deposited' || event.eventName === 'Withdrawn') {
      at(event.args.account).cash = cashQ32(event.args.cashAfter);
    } else if (event.eventName === 'Settled' || event.eventName === 'Touched') {
      settled(event.args.accounts);
    } else if (event.eventName === 'LeverageSet') {
      at(event.args.account).userPpm = ppm(event.args.initialPpm);
    } else if (event.eventName === 'MarketChanged') {
      const fields = Object.entries(event.args.params).map(([name, value]) => [
        name,
        Number(value),
      ]);
      markets.set(marketId(event.args.market), Object.fromEntries(fields) as KeptMarket);
    } else if (event.eventName === 'Levied') {
      levied(event.args.market, event.args.perLotQ32);
    } else if (event.eventName === 'Refreshed') {
      round = event.args.round;
      reportTime = event.args.time;
      for (const { market, price, mark, index } of readRefreshedQuotes(event.args.quotes)) {
        const prices = { price: ticks(price), mark: ticks(mark) };
        marks.set(marketId(market), { ...prices, index: fundingIndex(index) });
      }
    }
  }

  return {
    accounts,
    marks,
    markets,
    round: () => round,
    reportTime: () => reportTime,
    apply: (logs) => {
      for (const event of decode(logs)) applyOne(event);
    },
  };
}

const followed = [
  'AccountOpened',
  'Deposited',
  'Withdrawn',
  'LeverageSet',
  'Refreshed',
  'Settled',
  'Touched',
  'Levied',
  'MarketChanged',
] as const;

const abi = [...clearingHouseAbi, ...parametersAbi] as const;

function decode(logs: readonly Log[]) {
  return parseEventLogs({ abi, logs: [...logs], eventName: [...followed] });
}

/** Follows the chain block by block; begins again when the chain has lost blocks. */
export interface Follower {
  /** Reads up to the head; the mirror as of that block. */
  catchUp(): Promise<{ mirror: Mirror; block: number; begunAgain: boolean }>;
}

const blocksPerRead = 2000;

/** Makes a follower that starts at the venue's first block. */
export function createFollower(venue: Venue, reader: ChainReader): Follower {
  let mirror = createMirror();
  let next = venue.deployBlock;
  let lastHash: Hex | undefined;

  async function stillThere(head: number): Promise<boolean> {
    if (lastHash === undefined) return true;
    if (head < next - 1) return false;
    const block = await reader.getBlock({ blockNumber: BigInt(next - 1) });
    return block.hash === lastHash;
  }

  return {
    async catchUp() {
      const head = Number(await reader.getBlockNumber());
      const begunAgain = !(await stillThere(head));
      if (begunAgain) {
        mirror = createMirror();
        next = venue.deployBlock;
        lastHash = undefined;
      }
      const { clearingHouse, parameters } = venue.contracts;
      const address = [clearingHouse, parameters];
      while (next <= head) {
        const to = Math.min(next + blocksPerRead - 1, head);
        const range = { fromBlock: BigInt(next), toBlock: BigInt(to) };
        const logs = await reader.getLogs({ address, ...range });
        const { hash } = await reader.getBlock({ blockNumber: BigInt(to) });
        mirror.apply(logs);
        lastHash = hash;
        next = to + 1;
      }
      return { mirror, block: next - 1, begunAgain };
    },
  };
}

/**
 * A market's context for the margin rules.
 *
 * @param marks marks to value at; the mirror's own unless given
 */
export function contextOf(
  mirror: Mirror,
  marks: ReadonlyMap<number, Ticks>,
): (market: MarketId) => MarketContext | undefined {
  const longs = new Map<MarketId, number>();
  for (const { positions } of mirror.accounts.values()) {
    for (const [id, size] of positions) longs.set(id, (longs.get(id) ?? 0) + Math.max(size, 0));
  }
  return (id) => {
    const market = mirror.markets.get(id);
    const known = mirror.marks.get(id);
    const price = marks.get(id) ?? known?.mark;
    if (market === undefined || price === undefined) return undefined;
    const index = known?.index ?? fundingIndex(0n);
    return marketContext(market, { price, index, openInterest: longs.get(id) ?? 0 });
  };
}
