/**
 * Insurance funds, levies and the backstop: what stands behind a venue, and how to stand there
 * oneself. Chain only; no node is asked.
 */
import { backstopAbi, clearingHouseAbi, testTokenAbi } from '@holdfast/abi';
import {
  EnvironmentError,
  fundAccount,
  type Hex,
  insuranceAccount,
  isRejection,
  marketId,
  type Rejection,
} from '@holdfast/units';
import type { Abi } from 'viem';
import type { ChainActions, ContractCall, Done } from './chain.ts';
import type { VenueInfo } from './info.ts';
import { parseTokens } from './market.ts';

/** The fund of a market and what its losses have cost. Amounts in quote units. */
export type FundView = {
  readonly market: number;
  readonly symbol: string;
  readonly equity: bigint;
  /** Lots that nobody took and that the fund holds. */
  readonly size: number;
  /** Charge per lot of every position so far, quote Q32. */
  readonly levyPerLotQ32: bigint;
};

/** A pool of the backstop. */
export type PoolView = {
  readonly pool: number;
  readonly account: number;
  readonly equity: bigint;
  readonly shares: bigint;
};

/** Everything that stands behind the venue. */
export type InsuranceView = {
  /** The fund behind all markets that are not isolated. */
  readonly shared: bigint;
  readonly funds: readonly FundView[];
  readonly pools: readonly PoolView[];
};

/** What somebody has in a pool. */
export type HoldingView = {
  readonly shares: bigint;
  readonly leaving: bigint;
  /** Second from which the leaving shares can be paid out; 0: none are leaving. */
  readonly readyAt: number;
};

const none: Hex = `0x${'00'.repeat(20)}`;

type Books = { readonly info: VenueInfo; readonly chain: ChainActions };

const house = (c: Books, functionName: string, args: readonly unknown[] = []): ContractCall => ({
  address: c.info.clearingHouse,
  abi: clearingHouseAbi as Abi,
  functionName,
  args,
});

async function backstop(c: Books): Promise<Hex> {
  const address = (await c.chain.ask(house(c, 'backstop'))) as Hex;
  if (address !== none) return address;
  throw new EnvironmentError('BackstopMissing', 'this venue has no backstop');
}

async function stop(
  c: Books,
  functionName: string,
  args: readonly unknown[],
): Promise<ContractCall> {
  return { address: await backstop(c), abi: backstopAbi as Abi, functionName, args };
}

async function equityOf(c: Books, id: number): Promise<bigint> {
  const [equity] = (await c.chain.ask(house(c, 'health', [id]))) as readonly [bigint];
  return equity;
}

async function fund(c: Books, market: number, symbol: string): Promise<FundView> {
  const id = fundAccount(marketId(market));
  const [, , , positions] = (await c.chain.ask(house(c, 'account', [id]))) as readonly [
    Hex,
    bigint,
    number,
    readonly { market: number; size: bigint }[],
  ];
  const size = Number(positions.find((each) => each.market === market)?.size ?? 0n);
  const levyPerLotQ32 = (await c.chain.ask(house(c, 'levy', [market]))) as bigint;
  return { market, symbol, equity: await equityOf(c, id), size, levyPerLotQ32 };
}

async function pool(c: Books, number: number): Promise<PoolView> {
  const found = (await c.chain.ask(await stop(c, 'poolOf', [number]))) as [number, bigint, bigint];
  const [account, shares, equity] = found;
  return { pool: number, account: Number(account), equity, shares };
}

async function pools(c: Books): Promise<PoolView[]> {
  if ((await c.chain.ask(house(c, 'backstop'))) === none) return [];
  const found: PoolView[] = [];
  const isolated = c.info.markets.map(({ id }) => [id, true] as const);
  for (const [market, alone] of [[0, false] as const, ...isolated]) {
    const account = (await c.chain.ask(await stop(c, 'accountFor', [market, alone]))) as number;
    if (account !== 0) found.push(await pool(c, alone ? market + 1 : 0));
  }
  return found;
}

/** Reads and moves; `chain` signs if it was made with a signer. */
export function createInsurance(info: VenueInfo, chain: ChainActions) {
  const c: Books = { info, chain };
  return {
    /** Funds, levies and pools. */
    async view(): Promise<InsuranceView> {
      const funds: FundView[] = [];
      for (const { id, symbol } of info.markets) funds.push(await fund(c, id, symbol));
      return { shared: await equityOf(c, insuranceAccount), funds, pools: await pools(c) };
    },
    /** What `owner` has in a pool. */
    async holding(number: number, owner: Hex): Promise<HoldingView> {
      const call = await stop(c, 'holdingOf', [number, owner]);
      const [shares, leaving, readyAt] = (await chain.ask(call)) as [bigint, bigint, bigint];
      return { shares, leaving, readyAt: Number(readyAt) };
    },
    /** Buys shares for `amount` tokens of the signer. */
    async deposit(number: number, amount: string): Promise<Done | Rejection> {
      const units = parseTokens(amount, info.token.decimals);
      if (isRejection(units)) return units;
      const call = await stop(c, 'deposit', [number, units]);
      const { address } = info.token;
      const args = [call.address, units];
      const approve = { address, abi: testTokenAbi as Abi, functionName: 'approve', args };
      const approved = await chain.call(approve);
      return isRejection(approved) ? approved : chain.call(call);
    },
    /** Starts the cool-down of `shares` of the signer; 0 takes the request back. */
    request: async (number: number, shares: bigint): Promise<Done | Rejection> =>
      chain.call(await stop(c, 'requestWithdrawal', [number, shares])),
    /** Pays out what was requested, after the cool-down. */
    withdraw: async (number: number): Promise<Done | Rejection> =>
      chain.call(await stop(c, 'withdraw', [number])),
    /**
     * Takes the signer's part of a pool out of a frozen and reckoned venue, as far as the vault has
     * paid it; has the pool leave first when nobody has. To be called again when more has arrived.
     */
    async leave(number: number): Promise<Done | Rejection> {
      const left = await chain.call(await stop(c, 'leave', [number]));
      if (isRejection(left) && left.code !== 'PoolGone') return left;
      return chain.call(await stop(c, 'collect', [number]));
    },
  };
}
