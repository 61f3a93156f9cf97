/** A small venue as logs: what its contracts would say, to be twisted by tests. */
import {
  breakerAbi,
  clearingHouseAbi,
  forcedQueueAbi,
  parametersAbi,
  stewardAbi,
  vaultAbi,
} from '@holdfast/abi';
import { packFill, packOrder } from '@holdfast/order';
import { tupleOf } from '@holdfast/risk';
import { concatBytes, type Hex, putBig, putInt, toHex } from '@holdfast/units';
import { encodeFunctionData, keccak256, stringToHex } from 'viem';
import type { RawLog } from '../../src/chain/wire.ts';
import { type Passed, passBlock, stateQuestions, type Venue } from '../../src/laws/block.ts';
import { holds } from '../../src/laws/judge.ts';
import type { MarketParameters, Source } from '../../src/rule.ts';
import { emptyTables, type Tables } from '../../src/state/tables.ts';
import { logOf } from './chain.ts';

export const places: Record<
  Exclude<Source, 'oracle' | 'backstop' | 'committees' | 'votes' | 'access'>,
  Hex
> = {
  clearingHouse: `0x${'c1'.repeat(20)}`,
  vault: `0x${'a1'.repeat(20)}`,
  breaker: `0x${'b1'.repeat(20)}`,
  parameters: `0x${'d1'.repeat(20)}`,
  steward: `0x${'57'.repeat(20)}`,
  forcedQueue: `0x${'f1'.repeat(20)}`,
};
/** Interfaces of its contracts. */
export const abis = {
  clearingHouse: clearingHouseAbi,
  vault: vaultAbi,
  breaker: breakerAbi,
  parameters: parametersAbi,
  steward: stewardAbi,
  forcedQueue: forcedQueueAbi,
};

export const q32 = 2n ** 32n;
export const sequencer: Hex = `0x${'5e'.repeat(20)}`;
export const alice: Hex = `0x${'0a'.repeat(20)}`;
export const bob: Hex = `0x${'0b'.repeat(20)}`;
export const startTime = 1_700_000_000;
const zero: Hex = `0x${'00'.repeat(32)}`;

export const params: MarketParameters = {
  tickValue: 100,
  initialPpm: 50_000,
  maintenancePpm: 30_000,
  takerFeePpm: 450,
  makerFeePpm: 150,
  priceAgeSecondsMax: 60,
  bandPpm: 100_000,
  fillBandPpm: 50_000,
  fundingRatePpmMax: 120_000,
  openInterestMax: 1_000_000,
  openInterestLowPpm: 1_000_000,
  openInterestHighPpm: 1_000_000,
  concentrationPpm: 0,
  concentrationCapPpm: 0,
  isolated: 0,
  markClampPpm: 20_000,
  fundingGapSecondsMax: 30,
  liquidationPartPpm: 100_000,
  coverSharePpm: 250_000,
  backstopLotsMax: 10_000,
};

/** Parameters as they are on chain. */
export const onChain = (of: MarketParameters) => ({
  ...of,
  tickValue: BigInt(of.tickValue),
  openInterestMax: BigInt(of.openInterestMax),
  backstopLotsMax: BigInt(of.backstopLotsMax),
});

/** What the small venue's steward may do. */
export const stewardTerms = {
  initialMaxPpm: 3_000_000,
  maintenanceMaxPpm: 1_500_000,
  concentrationMaxPpm: 3_000_000,
  capMinPpm: 250_000,
  tightenPpm: 100_000,
  loosenPpm: 5_000,
  decayPpm: 20_000,
  moveSeconds: 60,
  holdSeconds: 86_400,
  noticeSeconds: 86_400,
  inputAgeSeconds: 600,
};

/** Governance's anchor of market 0, which comes into force. */
export const anchored = (of: MarketParameters, inForce = of): Emit[] => [
  ['parameters', 'AnchorChanged', { market: 0, params: onChain(of) }],
  ['parameters', 'MarketChanged', { market: 0, params: onChain(inForce) }],
];

/** The steward's tuple and what it puts in force. */
export const steered = (
  name: 'Moved' | 'Decayed',
  tuple: MarketParameters,
  inForce = tuple,
  time = startTime,
): Emit[] => {
  const own = name === 'Moved' ? { ...hashes, time, expiresAt: time + 86_400 } : {};
  return [
    ['steward', name, { market: 0, tuple: tupleOf(onChain(tuple) as never), ...own }],
    ['parameters', 'MarketChanged', { market: 0, params: onChain(inForce) }],
  ];
};

const hashes = { modelHash: zero, inputRoot: zero };

export const venue: Venue = {
  sources: new Map(Object.entries(places).map(([source, at]) => [at, source as Source])),
  terms: {
    scale: 1n,
    parameterDelaySeconds: 86_400,
    holdSecondsMax: 86_400,
    forcedGraceSeconds: 21_600,
    forcedAsideSeconds: 259_200,
    steward: { address: places.steward, ...stewardTerms },
  },
  budgets: {
    hourFloorQuote: 1_000n,
    dayFloorQuote: 5_000n,
    hourPpm: 10_000n,
    dayPpm: 100_000n,
  },
};

export type Emit = readonly [source: keyof typeof places, name: string, args: object];

export interface AccountRow {
  readonly id: number;
  readonly cash: bigint;
  readonly sizes?: readonly (readonly [market: number, size: number])[];
}

export function packAccounts(rows: readonly AccountRow[]): Hex {
  return toHex(
    concatBytes(
      ...rows.map(({ id, cash, sizes = [] }) => {
        const out = new Uint8Array(21 + 8 * sizes.length);
        putInt(out, 0, 4, id);
        putInt(out, 4, 1, sizes.length);
        putBig(out, 5, 16, cash);
        sizes.forEach(([market, size], i) => {
          putInt(out, 21 + 8 * i, 1, market);
          putBig(out, 22 + 8 * i, 7, BigInt(size));
        });
        return out;
      }),
    ),
  );
}

export function packQuote(price: number, mark = price, rate = 0, index = 0n, market = 0): Hex {
  const out = new Uint8Array(25);
  putInt(out, 0, 1, market);
  putInt(out, 1, 4, price);
  putInt(out, 5, 4, mark);
  putInt(out, 9, 4, rate);
  putBig(out, 13, 12, index);
  return toHex(out);
}

export function packOrders(rows: readonly (readonly [number, number, number, number])[]): Hex {
  return toHex(
    concatBytes(
      ...rows.map(([account, lane, seq, filled]) => {
        const out = new Uint8Array(15);
        putInt(out, 0, 4, account);
        putInt(out, 4, 2, lane);
        putInt(out, 6, 4, seq);
        putInt(out, 10, 5, filled);
        return out;
      }),
    ),
  );
}

/** A trade of two accounts as one batch: what it says, to be changed. */
export interface Trade {
  lots: number;
  price: number;
  /** Limits of buyer and seller. */
  limits: [number, number];
  sizes: [number, number];
  number: number;
  previous: Hex;
  /** Change of cash beyond what the fills do. */
  extra: bigint;
  seq: number;
  reduceOnly: boolean;
}

const order = (account: number, isBuy: boolean, trade: Trade) => ({
  account,
  market: 0,
  isBuy,
  size: trade.sizes[isBuy ? 0 : 1],
  price: trade.limits[isBuy ? 0 : 1],
  timeInForce: 0,
  reduceOnly: trade.reduceOnly,
  postOnly: false,
  expiry: 2_000_000_000,
  lane: 1,
  seq: trade.seq,
  signature: new Uint8Array(64),
});

/** One transaction: its events, and its calldata where it matters. */
export type SceneTx = { readonly emits: readonly Emit[]; readonly input?: Hex };
type Hear = (txs: readonly SceneTx[], time: number) => void;

/** Tables that logs go into, one block after the other. */
export class Scene {
  readonly tables: Tables = emptyTables();
  time = startTime;
  #tx = 0;
  readonly #hear: Hear;

  /** @param hear told of every block */
  constructor(hear: Hear = () => undefined) {
    this.#hear = hear;
  }

  /** One block of transactions. @returns names of the laws that do not hold */
  pass(txs: readonly SceneTx[], seconds = 1): string[] {
    const { questions } = this.passed(txs, seconds);
    return broken([...questions, ...stateQuestions(this.tables, this.balance())]);
  }

  passed(txs: readonly SceneTx[], seconds = 1): Passed {
    this.time += seconds;
    this.#hear(txs, this.time);
    const logs: RawLog[] = [];
    const inputs = new Map<Hex, Hex>();
    for (const { emits, input } of txs) {
      this.#tx += 1;
      const transactionHash = keccak256(stringToHex(`tx ${this.#tx}`));
      if (input !== undefined) inputs.set(transactionHash, input);
      for (const [source, name, args] of emits) {
        const log = logOf(abis[source], places[source], name, args);
        logs.push({ ...log, topics: [...log.topics], transactionHash, logIndex: logs.length });
      }
    }
    return passBlock(venue, this.tables, { time: this.time, logs, inputs });
  }

  /** What the vault holds if it covers everything exactly. */
  balance(): bigint {
    const row = this.tables.venue.get(0);
    return (row?.liabilities ?? 0n) + (row?.queued ?? 0n);
  }

  cash(id: number): bigint {
    return this.tables.accounts.get(id)?.cashQ32 ?? 0n;
  }

  size(id: number): number {
    return this.tables.accounts.get(id)?.positions.get(0) ?? 0;
  }

  report(
    price: number,
    more: { mark?: number; rate?: number; index?: bigint; round?: number; age?: number } = {},
  ) {
    const { mark = price, rate = 0, index = 0n, age = 0 } = more;
    const round = more.round ?? (this.tables.venue.get(0)?.round ?? 0) + 1;
    const args = { round, time: this.time + 1 - age, quotes: packQuote(price, mark, rate, index) };
    return ['clearingHouse', 'Refreshed', args] as const;
  }

  deposit(id: number, quote: bigint, booked = quote) {
    const from = id === 2 ? alice : bob;
    const cashAfter = this.cash(id) + booked * q32;
    const { liabilities = 0n } = this.tables.venue.get(0) ?? {};
    return [
      ['clearingHouse', 'Deposited', { account: id, from, quote, cashAfter }],
      ['vault', 'Taken', { from, received: quote, liabilities: liabilities + quote }],
    ] as const;
  }

  withdraw(id: number, quote: bigint, booked = quote) {
    const to = id === 2 ? alice : bob;
    const cashAfter = this.cash(id) - booked * q32;
    const { liabilities = 0n } = this.tables.venue.get(0) ?? {};
    return [
      ['clearingHouse', 'Withdrawn', { account: id, to, quote, cashAfter }],
      ['vault', 'Paid', { to, amount: quote, liabilities: liabilities - quote }],
    ] as const;
  }

  /** Account 2 takes from account 3. */
  trade(change: Partial<Trade> = {}): { emits: Emit[]; input: Hex } {
    const row = this.tables.venue.get(0);
    const trade: Trade = {
      lots: 10,
      price: 1_000,
      limits: [1_000, 1_000],
      sizes: [10, 10],
      number: (row?.batchNumber ?? 0) + 1,
      previous: row?.batchHead ?? zero,
      extra: 0n,
      seq: row?.batchNumber ? row.batchNumber + 1 : 1,
      reduceOnly: false,
      ...change,
    };
    const { lots, price } = trade;
    const notional = BigInt(lots) * BigInt(price) * 100n;
    const fee = (ppm: bigint) => (notional * ppm + 999_999n) / 1_000_000n;
    const [taker, maker] = [fee(450n), fee(150n)];
    const accounts = packAccounts([
      {
        id: 2,
        cash: this.cash(2) - (notional + taker) * q32 + trade.extra,
        sizes: [[0, this.size(2) + lots]],
      },
      { id: 3, cash: this.cash(3) + (notional - maker) * q32, sizes: [[0, this.size(3) - lots]] },
      { id: 1, cash: this.cash(1) + (taker + maker) * q32 },
    ]);
    const filled = (isBuy: boolean) => Math.min(lots, trade.sizes[isBuy ? 0 : 1]);
    const orders = packOrders([
      [2, 1, trade.seq, trade.sizes[0] < lots ? lots : filled(true)],
      [3, 1, trade.seq, trade.sizes[1] < lots ? lots : filled(false)],
    ]);
    const head = keccak256(stringToHex(`head ${trade.number}`));
    const packed = [order(2, true, trade), order(3, false, trade)];
    const batch = {
      number: BigInt(trade.number),
      previous: trade.previous,
      receipts: zero,
      report: '0x' as Hex,
      orders: toHex(concatBytes(...packed.map((each) => packOrder(each as never)))),
      fills: toHex(packFill({ maker: 1, taker: 0, lots, price } as never)),
      signatures: '0x' as Hex,
    };
    const args = [batch] as const;
    const input = encodeFunctionData({
      abi: clearingHouseAbi,
      functionName: 'settle',
      args,
    } as never);
    const settled = { number: BigInt(trade.number), head, orders, accounts };
    return { emits: [['clearingHouse', 'Settled', settled]], input };
  }
}

/** Laws among questions that do not hold, once each, sorted. */
export const broken = (questions: Passed['questions']): string[] =>
  [...new Set(questions.filter((each) => !holds(each)).map(({ law }) => law))].sort();

/** A venue that runs: a market with a price, two accounts with money. */
export function openScene(hear?: Hear): Scene {
  const scene = new Scene(hear);
  const governor: Hex = `0x${'60'.repeat(20)}`;
  const venueParams = {
    sequencer,
    quietSeconds: 15,
    reportSkewSecondsMax: 120,
    profitHaircutPpm: 0,
  };
  scene.pass([
    {
      emits: [
        ['parameters', 'GovernorChanged', { governor }],
        ['parameters', 'VenueChanged', { params: venueParams }],
        ...anchored(params),
        ['parameters', 'StewardChanged', { steward: places.steward }],
        ['breaker', 'GuardianAdded', { guardian: alice }],
        ['clearingHouse', 'AccountOpened', { account: 2, owner: alice }],
        ['clearingHouse', 'AccountOpened', { account: 3, owner: bob }],
      ],
    },
  ]);
  scene.pass([{ emits: [scene.report(1_000)] }]);
  scene.pass([{ emits: scene.deposit(2, 200_000n) }]);
  scene.pass([{ emits: scene.deposit(3, 200_000n) }]);
  return scene;
}
