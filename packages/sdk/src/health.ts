/** Equity and margin of an account, and for each position which term decides its margin. */
import {
  closeOut,
  type Health,
  health,
  liquidationPrice,
  type MarketContext,
  type MarketOf,
  marginTerms,
  marketContext,
  notional,
  type RiskAccount,
  shareUp,
} from '@holdfast/risk';
import {
  EnvironmentError,
  type FundingIndex,
  isRejection,
  type Lots,
  type MarketId,
  type Ppm,
  type Quote,
  type Rejection,
  type Ticks,
} from '@holdfast/units';
import type { ChainAccount, ChainActions } from './chain.ts';
import type { LiveMarket, Market } from './market.ts';
import type { AccountView, NodeReads } from './node.ts';

/** Where an account stands: below initial margin it may only reduce. */
export type Standing = 'healthy' | 'reduce only' | 'liquidatable' | 'close-out';

/** One position and what it needs; amounts in quote units. */
export type PositionHealth = {
  readonly market: LiveMarket;
  readonly size: number;
  readonly notional: Quote;
  readonly initial: Quote;
  readonly maintenance: Quote;
  /** The four terms of its initial margin, ppm, and which of them decides. */
  readonly terms: ReturnType<typeof marginTerms>;
  /** Ticks; undefined when no positive price liquidates the account. */
  readonly liquidationPrice: number | undefined;
};

/** An account's health at the index prices and the open interest of now, orders left out. */
export type HealthView = Health & {
  readonly account: number;
  readonly from: 'node' | 'chain';
  readonly standing: Standing;
  readonly closeOut: Quote;
  /** Initial margin that the owner demands of itself, ppm; 0: none. */
  readonly userPpm: number;
  /** Equity free for new risk; open orders at their worst where the node answers. */
  readonly free: bigint;
  readonly positions: readonly PositionHealth[];
};

/** What is asked for a health: the node's reads, and the chain's where there is one. */
export type HealthSources = {
  readonly markets: readonly Market[];
  readonly reads: Pick<NodeReads, 'markets'>;
  readonly chain: Pick<ChainActions, 'price' | 'market'> | undefined;
};

type Seen = (AccountView & { from: 'node' }) | (ChainAccount & { from: 'chain' });

/** Markets from the node; their prices from the chain when the node cannot be reached. */
async function liveMarkets(sources: HealthSources): Promise<LiveMarket[]> {
  const { chain } = sources;
  try {
    return await sources.reads.markets();
  } catch (error) {
    if (!(error instanceof EnvironmentError) || chain === undefined) throw error;
    return Promise.all(
      sources.markets.map(async (market) => {
        const [{ price, mark, time }, { fundingIndex, openInterest }] = await Promise.all([
          chain.price(market.id),
          chain.market(market.id),
        ]);
        const prices = { indexPrice: price, markPrice: mark, priceTime: time };
        return { ...market, ...prices, fundingIndex, openInterest, fundingRatePpmPerDay: 0 };
      }),
    );
  }
}

const contextOf = (market: LiveMarket): MarketContext =>
  marketContext(market, {
    price: Math.max(market.markPrice, 1) as Ticks,
    index: market.fundingIndex as FundingIndex,
    openInterest: market.openInterest,
  });

function standingOf(of: Health): Standing {
  if (of.equity < closeOut(of.maintenance)) return 'close-out';
  if (of.equity < of.maintenance) return 'liquidatable';
  return of.equity < of.initial ? 'reduce only' : 'healthy';
}

function positionHealth(
  account: RiskAccount,
  market: LiveMarket,
  size: number,
  marketOf: MarketOf,
): PositionHealth {
  const context = contextOf(market);
  const amount = notional(size, context.price, context.tickValue);
  const terms = marginTerms(context, size, account.userPpm);
  return {
    market,
    size,
    notional: amount,
    initial: shareUp(amount, terms.ppm),
    maintenance: shareUp(amount, context.maintenancePpm),
    terms,
    liquidationPrice: liquidationPrice(account, market.id, marketOf),
  };
}

/** The health of an account, as seen by whoever answered for it; a rejection passes through. */
export async function healthOf(
  sources: HealthSources,
  view: Seen | Rejection,
): Promise<HealthView | Rejection> {
  if (isRejection(view)) return view;
  const live = await liveMarkets(sources);
  const marketOf = (id: MarketId): MarketContext => contextOf(liveOf(live, id));
  const userPpm = view.userPpm ?? 0;
  const held = view.positions.map((p) => [p.market as MarketId, p.size as Lots] as const);
  const account = {
    cash: view.cashQ32 as RiskAccount['cash'],
    positions: new Map(held),
    userPpm: userPpm as Ppm,
  };
  const sums = health(account, marketOf);
  const free = view.from === 'node' ? view.free : undefined;
  return {
    ...sums,
    account: view.account,
    from: view.from,
    standing: standingOf(sums),
    closeOut: closeOut(sums.maintenance),
    userPpm,
    free: free ?? sums.equity - sums.initial,
    positions: held.map(([id, size]) => positionHealth(account, liveOf(live, id), size, marketOf)),
  };
}

function liveOf(live: readonly LiveMarket[], id: MarketId): LiveMarket {
  const found = live.find((market) => market.id === id);
  if (found !== undefined) return found;
  throw new EnvironmentError('MarketUnknown', `the node does not know market ${id}`);
}
