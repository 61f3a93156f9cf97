/**
 * The state from logs against the chain's storage: what a block touched at once, everything else
 * in turn. A difference is believed when a second look, by another endpoint if there is one, still
 * shows it while the block is still there.
 */
import {
  breakerAbi,
  clearingHouseAbi,
  forcedQueueAbi,
  oracleAbi,
  parametersAbi,
  stewardAbi,
  vaultAbi,
} from '@holdfast/abi';
import { sleep } from '@holdfast/host';
import { firstFundAccount, type Hex } from '@holdfast/units';
import { type Abi, decodeFunctionResult, encodeFunctionData, erc20Abi } from 'viem';
import type { Endpoint } from '../chain/endpoint.ts';
import type { MarketParameters } from '../rule.ts';
import { parametersOf } from './apply.ts';
import { emptyCourse, oldestAside, type Tables, type Undo, venueRow } from './tables.ts';

/** Where a venue's contracts are. */
export interface Places {
  readonly clearingHouse: Hex;
  readonly vault: Hex;
  readonly breaker: Hex;
  readonly parameters: Hex;
  /** Undefined where only governance changes parameters. */
  readonly steward?: Hex | undefined;
  readonly oracle: Hex;
  readonly forcedQueue: Hex;
  readonly token: Hex;
}

/** One thing to read, and what the logs make of it. */
export interface Check {
  readonly what: string;
  readonly to: Hex;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
  readonly shown: (value: unknown) => string;
  readonly expected: string;
  /** Scope of the breaker that a difference concerns. */
  readonly scope: number;
}

/** A difference that was believed. */
export interface Difference {
  readonly what: string;
  readonly scope: number;
  readonly stored: string;
  readonly logged: string;
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint'
      ? `${inner}`
      : typeof inner === 'string'
        ? inner.toLowerCase()
        : inner,
  );

type Maker = (tables: Tables, places: Places, scale: bigint, key: number | bigint) => Check[];

const house = (places: Places, what: string, functionName: string, args: readonly unknown[]) => ({
  what,
  to: places.clearingHouse,
  abi: clearingHouseAbi as Abi,
  functionName,
  args,
  scope: 0,
});

const accounts: Maker = (tables, places, _scale, key) => {
  const id = Number(key);
  const row = tables.accounts.get(id);
  const held = [...(row?.positions ?? [])].sort((a, b) => a[0] - b[0]);
  const { owner = `0x${'0'.repeat(40)}`, cashQ32 = 0n, epoch = 0, userPpm = 0 } = row ?? {};
  return [
    {
      ...house(places, `account ${id}`, 'account', [id]),
      shown: (value) => {
        const [of, cash, at, list] = value as [
          string,
          bigint,
          number,
          { market: number; size: bigint }[],
        ];
        const sizes = list
          .map(({ market, size }) => [market, Number(size)] as const)
          .filter(([, size]) => size !== 0)
          .sort((a, b) => a[0] - b[0]);
        return text([of, cash, at, sizes]);
      },
      expected: text([owner, cashQ32, epoch, held]),
    },
    {
      ...house(places, `leverage of account ${id}`, 'leverage', [id]),
      shown: String,
      expected: `${userPpm}`,
    },
  ];
};

const lanes: Maker = (tables, places, _scale, key) => {
  const [account, lane] = [Math.floor(Number(key) / 65_536), Number(key) % 65_536];
  const { seq = 0, filled = 0 } = tables.lanes.get(Number(key)) ?? {};
  return [
    {
      ...house(places, `lane ${lane} of account ${account}`, 'lane', [account, lane]),
      shown: String,
      expected: `${seq},${filled}`,
    },
  ];
};

const markets: Maker = (tables, places, _scale, key) => {
  const id = Number(key);
  const row = tables.markets.get(id);
  if (row === undefined) return [];
  const scope = 1 + id;
  const { fundingIndex, fundingTime, openInterest, price, mark, priceTime } = row;
  const tuple = (what: string, functionName: string, expected: MarketParameters): Check => ({
    what: `${what} of market ${id}`,
    to: places.parameters,
    abi: parametersAbi as Abi,
    functionName,
    args: [id],
    scope,
    shown: (value) => text(parametersOf(value)),
    expected: text(expected),
  });
  return [
    {
      ...house(places, `market ${id}`, 'market', [id]),
      scope,
      shown: String,
      expected: `${fundingIndex},${fundingTime},${openInterest}`,
    },
    {
      what: `price of market ${id}`,
      to: places.oracle,
      abi: oracleAbi as Abi,
      functionName: 'quote',
      args: [id],
      scope,
      shown: String,
      expected: `${price},${mark},${priceTime}`,
    },
    tuple('parameters', 'market', row.params),
    tuple('anchor', 'anchor', row.anchor),
  ];
};

const courses: Maker = (tables, { steward }, _scale, key) => {
  if (steward === undefined) return [];
  const numbers = (value: object): string =>
    text(Object.entries(value).map(([name, field]) => [name, Number(field)]));
  return [
    {
      what: `steward's course of market ${key}`,
      to: steward,
      abi: stewardAbi as Abi,
      functionName: 'course',
      args: [Number(key)],
      scope: 1 + Number(key),
      shown: (value) => numbers(value as object),
      expected: numbers(tables.courses.get(Number(key)) ?? emptyCourse),
    },
  ];
};

const queue: Maker = (tables, places, scale, key) => [
  {
    what: `queued withdrawal ${key}`,
    to: places.vault,
    abi: vaultAbi as Abi,
    functionName: 'withdrawal',
    args: [BigInt(key)],
    scope: 0,
    shown: (value) => String((value as { quote: bigint }).quote * scale),
    expected: String((tables.queue.get(BigInt(key))?.quote ?? 0n) * scale),
  },
];

const breaker: Maker = (tables, places, _scale, key) => [
  {
    what: `breaker of scope ${key}`,
    to: places.breaker,
    abi: breakerAbi as Abi,
    functionName: 'entry',
    args: [Number(key)],
    scope: Number(key),
    shown: (value) => String((value as unknown[]).slice(0, 3)),
    expected: String(tables.breaker.get(Number(key)) ?? [0, 0, 0]),
  },
];

/** What exists once, read at every block. */
const venue: Maker = (tables, places, scale) => {
  const row = venueRow(tables);
  const read = (to: Hex, abi: unknown, functionName: string, expected: unknown): Check => {
    const shown = (value: unknown) => String(value).toLowerCase();
    const what = functionName;
    return {
      what,
      to,
      abi: abi as Abi,
      functionName,
      args: [],
      scope: 0,
      shown,
      expected: String(expected),
    };
  };
  const next = row.forcedDone + 1n;
  const deadline = tables.forced.get(next)?.deadline ?? 0;
  const oldest = oldestAside(tables);
  return [
    read(places.clearingHouse, clearingHouseAbi, 'batchNumber', row.batchNumber),
    read(places.clearingHouse, clearingHouseAbi, 'batchHead', row.batchHead),
    read(places.clearingHouse, clearingHouseAbi, 'insolvency', row.insolvency),
    read(places.clearingHouse, clearingHouseAbi, 'frozenTime', row.frozenTime),
    read(places.vault, vaultAbi, 'liabilities', row.liabilities * scale),
    read(places.vault, vaultAbi, 'queued', row.queued * scale),
    read(places.parameters, parametersAbi, 'governor', row.governor),
    read(places.parameters, parametersAbi, 'steward', row.steward),
    read(places.breaker, breakerAbi, 'guardiansCount', row.guardians.size),
    read(places.forcedQueue, forcedQueueAbi, 'state', [next, row.forcedCount, deadline].join()),
    read(
      places.forcedQueue,
      forcedQueueAbi,
      'aside',
      [oldest?.number ?? 0, oldest?.deadline ?? 0].join(),
    ),
  ];
};

const makers: Partial<Record<keyof Tables, Maker>> = {
  accounts,
  lanes,
  markets,
  courses,
  queue,
  breaker,
};

/** Keys that are read in turn, and how many of each table at every block. */
const turns = { accounts: 8, lanes: 8, markets: 1, courses: 1, queue: 2, breaker: 1 } as const;

/** Chooses what to read. */
export class Rota {
  readonly #at = new Map<keyof typeof turns, number>();
  readonly #keys = new Map<keyof typeof turns, (number | bigint)[]>();
  rounds = 0;

  /** The next keys of each table, round and round. */
  next(tables: Tables): [keyof typeof turns, number | bigint][] {
    const chosen: [keyof typeof turns, number | bigint][] = [];
    for (const [name, count] of Object.entries(turns) as [keyof typeof turns, number][]) {
      for (let i = 0; i < count; i += 1) {
        let at = this.#at.get(name) ?? 0;
        let keys = this.#keys.get(name) ?? [];
        if (at >= keys.length) {
          keys = [...(tables[name] as Map<number | bigint, unknown>).keys()];
          this.#keys.set(name, keys);
          if (name === 'accounts' && at > 0) this.rounds += 1;
          at = 0;
        }
        const key = keys[at];
        if (key === undefined) break;
        this.#at.set(name, at + 1);
        chosen.push([name, key]);
      }
    }
    return chosen;
  }
}

/** Checks of what a block touched, what exists once and what is next in turn; each once. */
export function checksOf(
  tables: Tables,
  places: Places,
  scale: bigint,
  undo: Undo,
  more: readonly (readonly [keyof Tables, number | bigint])[],
): Check[] {
  const wanted = new Map<string, readonly [keyof Tables, number | bigint]>();
  for (const { table, key } of undo) wanted.set(`${table}/${key}`, [table, key]);
  for (const [table, key] of more) wanted.set(`${table}/${key}`, [table, key]);
  const checks = venue(tables, places, scale, 0);
  for (const [table, key] of wanted.values()) {
    checks.push(...(makers[table]?.(tables, places, scale, key) ?? []));
  }
  return checks;
}

/** Everything, for a first look at a whole venue. */
export function everything(tables: Tables): (readonly [keyof Tables, number | bigint])[] {
  return (Object.keys(makers) as (keyof Tables)[]).flatMap((name) =>
    [...(tables[name] as Map<number | bigint, unknown>).keys()]
      // Funds of markets that nothing was paid into have no row of their own.
      .filter((key) => name !== 'accounts' || Number(key) < firstFundAccount + 256)
      .map((key) => [name, key] as const),
  );
}

/** Tokens of the vault, quote units rounded down. */
export async function balanceOf(places: Places, scale: bigint, by: Endpoint, block: number) {
  const data = encodeFunctionData({
    abi: erc20Abi,
    functionName: 'balanceOf',
    args: [places.vault],
  });
  const answer = await by.call('eth_call', [{ to: places.token, data }, hexOf(block)]);
  return BigInt(answer as string) / scale;
}

const hexOf = (block: number): Hex => `0x${block.toString(16)}`;

async function read(check: Check, by: Endpoint, block: number): Promise<string> {
  const { to, abi, functionName, args } = check;
  const data = encodeFunctionData({ abi, functionName, args });
  const answer = (await by.call('eth_call', [{ to, data }, hexOf(block)], 10_000)) as Hex;
  return check.shown(decodeFunctionResult({ abi, functionName, data: answer }));
}

async function differing(
  checks: readonly Check[],
  by: Endpoint,
  block: number,
): Promise<{ check: Check; stored: string }[]> {
  const stored = await Promise.all(checks.map((check) => read(check, by, block)));
  return checks
    .map((check, i) => ({ check, stored: stored[i] as string }))
    .filter(({ check, stored: found }) => found !== check.expected);
}

/**
 * Compares, twice where it must.
 *
 * @param endpoints who may be asked, at least one
 * @param stands whether the block is still the chain's
 * @returns differences that both looks show; none when the block went away meanwhile
 */
export async function compare(
  checks: readonly Check[],
  endpoints: readonly Endpoint[],
  block: number,
  stands: () => Promise<boolean>,
): Promise<Difference[]> {
  const [first, second = first] = endpoints;
  if (first === undefined || second === undefined) return [];
  const once = await differing(checks, first, block);
  if (once.length === 0) return [];
  // A node may answer for its newest block from a state that is already the next one's.
  await sleep(50);
  const again = await differing(
    once.map(({ check }) => check),
    second,
    block,
  );
  if (again.length === 0) {
    if (second !== first) first.blame('differs', `its storage of block ${block} is another one`);
    return [];
  }
  if (!(await stands())) return [];
  return again.map(({ check, stored }) => {
    return { what: check.what, scope: check.scope, stored, logged: check.expected };
  });
}
