/** Reads over the node's HTTP interface. */
import { fetchJson } from '@holdfast/host';
import { EnvironmentError, type Hex, type Rejection, reject } from '@holdfast/units';
import type { LiveMarket, Market } from './market.ts';

/** An account as the node's core sees it; amounts in quote units. */
export type AccountView = {
  readonly account: number;
  readonly owner: Hex;
  readonly epoch: number;
  readonly cashQ32: bigint;
  readonly equity: bigint;
  readonly initial: bigint;
  readonly maintenance: bigint;
  /** Equity free for new risk, open orders at their worst. */
  readonly free: bigint | undefined;
  /** Initial margin that the owner demands of itself, ppm. */
  readonly userPpm: number | undefined;
  readonly positions: readonly { readonly market: number; readonly size: number }[];
  readonly lanes: readonly LaneView[];
};

export type LaneView = {
  readonly lane: number;
  readonly seq: number;
  readonly filled: number;
  /** Lots that rest in the book. */
  readonly resting: number;
};

/** A resting order, raw units. */
export type OpenOrder = {
  readonly account: number;
  readonly market: number;
  readonly isBuy: boolean;
  readonly price: number;
  readonly size: number;
  readonly remaining: number;
  readonly lane: number;
  readonly seq: number;
  readonly expiry: number;
  readonly reduceOnly: boolean;
  readonly postOnly: boolean;
};

type FillSideView = {
  readonly account: number;
  readonly lane: number;
  readonly seq: number;
  readonly isBuy: boolean;
};

/** A fill, raw units; fees in quote units. */
export type FillView = {
  readonly id: number;
  readonly market: number;
  readonly price: number;
  readonly lots: number;
  readonly maker: FillSideView;
  readonly taker: FillSideView;
  readonly makerFee: bigint;
  readonly takerFee: bigint;
  readonly at: number;
  readonly status: 'matched' | 'sealed' | 'settled' | 'unwound';
  readonly batch?: number;
};

/** [price in ticks, lots, …], best first. */
export type Level = readonly [number, number, ...number[]];
export type BookView = {
  readonly market: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
};

export type Status = Readonly<Record<string, unknown>> & {
  readonly ok: boolean;
  readonly venueTime: number;
};

export type LatestReport = {
  readonly raw: Hex;
  readonly round: number;
  readonly time: number;
};

/** The node's HTTP reads. Each throws EnvironmentError `Unreachable` when there is no answer. */
export type NodeReads = ReturnType<typeof createNodeReads>;

const big = (value: unknown): bigint => BigInt(value as string);

function accountFrom(body: Record<string, unknown>): AccountView {
  return {
    ...(body as unknown as AccountView),
    cashQ32: big(body.cashQ32),
    equity: big(body.equity),
    initial: big(body.initial),
    maintenance: big(body.maintenance),
    free: body.free === undefined ? undefined : big(body.free),
    lanes: (body.lanes as LaneView[] | undefined) ?? [],
  };
}

const fillFrom = (fill: FillView): FillView => ({
  ...fill,
  makerFee: big(fill.makerFee),
  takerFee: big(fill.takerFee),
});

/** @param nodeUrl base of the HTTP interface, without a trailing slash. */
export function createNodeReads(nodeUrl: string, timeoutMs = 5000) {
  async function get<T>(path: string): Promise<T | Rejection> {
    const { status, body } = await fetchJson(`${nodeUrl}${path}`, { timeoutMs });
    if (status < 400) return body as T;
    const { code, message } = (body ?? {}) as { code?: string; message?: string };
    if (status < 500) return reject(code ?? 'NotFound', message ?? `${path}: status ${status}`);
    throw new EnvironmentError(code ?? 'NodeFailed', message ?? `${path}: status ${status}`, {
      retry: true,
    });
  }
  async function must<T>(path: string): Promise<T> {
    const result = await get<T>(path);
    if (typeof result === 'object' && result !== null && 'code' in result) {
      throw new EnvironmentError('NodeFailed', `${path}: ${(result as Rejection).message}`);
    }
    return result as T;
  }
  const query = (of: Record<string, number | undefined>): string =>
    Object.entries(of)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${value}`)
      .join('&');
  return {
    async markets(): Promise<LiveMarket[]> {
      const list = await must<(Market & LiveMarket)[]>('/v1/markets');
      return list.map((each) => ({ ...each, fundingIndex: big(each.fundingIndex ?? 0) }));
    },
    book: (market: number, depth = 50) => must<BookView>(`/v1/book/${market}?depth=${depth}`),
    /** The account, or a rejection `NotFound` when the node has not seen it (yet). */
    async account(id: number): Promise<AccountView | Rejection> {
      const body = await get<Record<string, unknown>>(`/v1/accounts/${id}`);
      return 'code' in body ? (body as Rejection) : accountFrom(body);
    },
    orders: (id: number) => get<OpenOrder[]>(`/v1/accounts/${id}/orders`),
    async fills(filter: { account?: number; market?: number; limit?: number } = {}) {
      return (await must<FillView[]>(`/v1/fills?${query(filter)}`)).map(fillFrom);
    },
    status: () => must<Status>('/v1/status'),
    /** The newest accepted report, or undefined before the first. */
    async latestReport(): Promise<LatestReport | undefined> {
      const result = await get<LatestReport>('/v1/reports/latest');
      return 'code' in result ? undefined : result;
    },
  };
}
