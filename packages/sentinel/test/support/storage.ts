/** What the contracts of the small venue store, as their views tell it: read off tables. */
import {
  breakerAbi,
  clearingHouseAbi,
  forcedQueueAbi,
  oracleAbi,
  parametersAbi,
  stewardAbi,
  vaultAbi,
} from '@holdfast/abi';
import type { Hex } from '@holdfast/units';
import { type Abi, decodeFunctionData, encodeFunctionResult, erc20Abi } from 'viem';
import type { Places } from '../../src/state/compare.ts';
import { emptyCourse, oldestAside, type Tables } from '../../src/state/tables.ts';
import { onChain } from './venue.ts';

const zeroAddress = `0x${'00'.repeat(20)}`;

type View = (tables: Tables, args: readonly unknown[], balance: bigint) => unknown;

const views: Readonly<Record<string, View>> = {
  account: (tables, [id]) => {
    const row = tables.accounts.get(Number(id));
    const held = [...(row?.positions ?? [])].map(([market, size]) => ({
      market,
      size: BigInt(size),
    }));
    return [row?.owner ?? zeroAddress, row?.cashQ32 ?? 0n, row?.epoch ?? 0, held];
  },
  leverage: (tables, [id]) => tables.accounts.get(Number(id))?.userPpm ?? 0,
  lane: (tables, [account, lane]) => {
    const row = tables.lanes.get(Number(account) * 65_536 + Number(lane));
    return [row?.seq ?? 0, row?.filled ?? 0];
  },
  quote: (tables, [id]) => {
    const row = tables.markets.get(Number(id));
    return [row?.price ?? 0, row?.mark ?? 0, row?.priceTime ?? 0];
  },
  withdrawal: (tables, [id]) => ({
    to: zeroAddress,
    readyAt: 0,
    state: 1,
    account: 0,
    quote: tables.queue.get(BigInt(id as bigint))?.quote ?? 0n,
    until: 0,
  }),
  entry: (tables, [scope]) => [...(tables.breaker.get(Number(scope)) ?? [0, 0, 0]), 0],
  guardiansCount: (tables) => BigInt(tables.venue.get(0)?.guardians.size ?? 0),
  batchNumber: (tables) => BigInt(tables.venue.get(0)?.batchNumber ?? 0),
  batchHead: (tables) => tables.venue.get(0)?.batchHead,
  insolvency: (tables) => tables.venue.get(0)?.insolvency,
  frozenTime: (tables) => tables.venue.get(0)?.frozenTime,
  liabilities: (tables) => tables.venue.get(0)?.liabilities,
  queued: (tables) => tables.venue.get(0)?.queued,
  governor: (tables) => tables.venue.get(0)?.governor,
  steward: (tables) => tables.venue.get(0)?.steward,
  anchor: (tables, [id]) => {
    const row = tables.markets.get(Number(id));
    return row && onChain(row.anchor);
  },
  course: (tables, [id]) => tables.courses.get(Number(id)) ?? emptyCourse,
  state: (tables) => {
    const row = tables.venue.get(0);
    const next = (row?.forcedDone ?? 0n) + 1n;
    return [next, row?.forcedCount ?? 0n, tables.forced.get(next)?.deadline ?? 0];
  },
  aside: (tables) => {
    const oldest = oldestAside(tables);
    return [oldest?.number ?? 0n, oldest?.deadline ?? 0];
  },
  balanceOf: (_tables, _args, balance) => balance,
};

/** Answers an `eth_call` to one of the venue's contracts. */
export function answerCall(
  places: Places,
  tables: Tables,
  balance: bigint,
  { to, data }: { to: Hex; data: Hex },
): Hex {
  const abis: [Hex, unknown][] = [
    [places.clearingHouse, clearingHouseAbi],
    [places.vault, vaultAbi],
    [places.breaker, breakerAbi],
    [places.parameters, parametersAbi],
    [places.steward as Hex, stewardAbi],
    [places.oracle, oracleAbi],
    [places.forcedQueue, forcedQueueAbi],
    [places.token, erc20Abi],
  ];
  const abi = abis.find(([address]) => address === to)?.[1] as Abi;
  const { functionName, args = [] } = decodeFunctionData({ abi, data });
  const own = functionName === 'market' ? marketOf(to === places.parameters) : views[functionName];
  if (own === undefined) throw new Error(`no ${functionName} here`);
  const result = own(tables, args as readonly unknown[], balance);
  return encodeFunctionResult({ abi, functionName, result } as never);
}

const marketOf =
  (isParameters: boolean): View =>
  (tables, [id]) => {
    const row = tables.markets.get(Number(id));
    if (isParameters) return row && onChain(row.params);
    return [row?.fundingIndex, row?.fundingTime, BigInt(row?.openInterest ?? 0)];
  };
