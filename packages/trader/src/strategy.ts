import type { OrderInput } from '@holdfast/sdk';
import type { Random } from './random.ts';

/** What a strategy knows of a market. */
export interface MarketView {
  id: number;
  /** Index price, ticks. */
  index: number;
  /** Index prices of the last looks, oldest first. */
  history: readonly number[];
  /** Quote units of one lot at one tick. */
  tickValue: number;
}

/** What a strategy knows of its account; amounts in quote units, as whole numbers. */
export interface AccountState {
  equity: number;
  /** Signed lots by market id. */
  positions: ReadonlyMap<number, number>;
}

/** Looks at the world and says which orders to send now. Nothing else: no clock, no network. */
export type Strategy = (
  markets: readonly MarketView[],
  account: AccountState,
  random: Random,
  lifeSeconds: number,
) => OrderInput[];

const quotePerToken = 1_000_000;

/** Lots worth about `tokens` at the index, at least 1. */
export function lotsWorth(market: MarketView, tokens: number): number {
  return Math.max(1, Math.round((tokens * quotePerToken) / (market.index * market.tickValue)));
}

/** Signed notional of a position in tokens. */
function exposure(market: MarketView, account: AccountState): number {
  const size = account.positions.get(market.id) ?? 0;
  return (size * market.index * market.tickValue) / quotePerToken;
}

/** Sum of |notional| over equity. */
export function leverage(markets: readonly MarketView[], account: AccountState): number {
  const sum = markets.reduce((total, market) => total + Math.abs(exposure(market, account)), 0);
  return sum / Math.max(account.equity / quotePerToken, 1e-6);
}

export interface MakerShape {
  levels: number;
  /** Distance of the first level from the index, and between levels, as parts of the price. */
  halfSpread: number;
  step: number;
  /** Tokens per level. */
  sizeTokens: number;
  leverageMax: number;
}

export const usualMaker: MakerShape = {
  levels: 3,
  halfSpread: 0.0004,
  step: 0.0006,
  sizeTokens: 6000,
  leverageMax: 6,
};

/** Lane of a maker's quote: one per market, side and level, replaced at each refresh. */
export function quoteLane(market: number, side: 'buy' | 'sell', level: number): number {
  return market * 32 + (side === 'sell' ? 16 : 0) + level;
}

function ladder(
  market: MarketView,
  account: AccountState,
  shape: MakerShape,
  random: Random,
  lifeSeconds: number,
): OrderInput[] {
  const equity = Math.max(account.equity / quotePerToken, 1);
  const held = exposure(market, account);
  // A full book of inventory moves the quotes by three half spreads: it sells itself off.
  const room = equity * shape.leverageMax;
  const lean = Math.max(-1, Math.min(1, held / room)) * shape.halfSpread * 3;
  const orders: OrderInput[] = [];
  for (const side of ['buy', 'sell'] as const) {
    const grows = side === 'buy' ? held > 0 : held < 0;
    if (grows && Math.abs(held) > room * 0.9) continue;
    const sign = side === 'buy' ? -1 : 1;
    for (let level = 0; level < shape.levels; level += 1) {
      const away = shape.halfSpread + shape.step * (level + random.between(0, 0.5));
      const price = Math.round(market.index * (1 + sign * away - lean));
      const size = lotsWorth(market, shape.sizeTokens * random.between(0.5, 1.5) * (level + 1));
      const lane = quoteLane(market.id, side, level);
      const fixed = { market: market.id, side, postOnly: true, lane, lifeSeconds };
      orders.push({ ...fixed, price: Math.max(1, price), size });
    }
  }
  return orders;
}

/** Quotes both sides of one of its markets per turn, round and round. */
export function makerStrategy(own: readonly number[], shape: MakerShape = usualMaker): Strategy {
  let turn = 0;
  return (markets, account, random, lifeSeconds) => {
    const id = own[turn % own.length];
    turn += 1;
    const market = markets.find((each) => each.id === id);
    if (market === undefined) return [];
    return ladder(market, account, shape, random, lifeSeconds);
  };
}

/** Lane of everyone's immediate orders. */
export const takerLane = 1000;

function immediate(
  market: MarketView,
  side: 'buy' | 'sell',
  size: number,
  lifeSeconds: number,
  reduceOnly = false,
): OrderInput {
  const reach = side === 'buy' ? 1.004 : 0.996;
  const price = Math.max(1, Math.round(market.index * reach));
  const fixed = { market: market.id, side, size, price, lifeSeconds, reduceOnly };
  return { ...fixed, timeInForce: 'IOC', lane: takerLane };
}

/** Closes part of the largest position when an account carries more than it should. */
function relief(
  markets: readonly MarketView[],
  account: AccountState,
  leverageMax: number,
  lifeSeconds: number,
): OrderInput | undefined {
  if (leverage(markets, account) <= leverageMax) return undefined;
  const sorted = [...markets].sort(
    (a, b) => Math.abs(exposure(b, account)) - Math.abs(exposure(a, account)),
  );
  const market = sorted[0];
  const size = account.positions.get(market?.id ?? -1) ?? 0;
  if (market === undefined || size === 0) return undefined;
  const part = Math.max(1, Math.ceil(Math.abs(size) / 3));
  return immediate(market, size > 0 ? 'sell' : 'buy', part, lifeSeconds, true);
}

/** Buys or sells at random; `momentum` follows the last moves instead. */
export function takerStrategy(kind: 'random' | 'momentum', sizeTokens = 3000): Strategy {
  return (markets, account, random, lifeSeconds) => {
    const less = relief(markets, account, 3, lifeSeconds);
    if (less !== undefined) return [less];
    const market = markets[random.below(markets.length)];
    if (market === undefined) return [];
    const past = market.history[0] ?? market.index;
    const move = market.index / past - 1;
    let side: 'buy' | 'sell' = random.chance(0.5) ? 'buy' : 'sell';
    if (kind === 'momentum') {
      if (Math.abs(move) < 0.0002) return [];
      side = move > 0 ? 'buy' : 'sell';
    }
    const size = lotsWorth(market, sizeTokens * random.between(0.2, 1.8));
    return [immediate(market, side, size, lifeSeconds)];
  };
}

/**
 * Builds one large position at high leverage and holds it, until the market takes it away; then
 * begins again on the other side.
 */
export function whaleStrategy(marketId: number, leverageWanted = 17): Strategy {
  let side: 'buy' | 'sell' = 'buy';
  let hadPosition = false;
  return (markets, account, random, lifeSeconds) => {
    const market = markets.find((each) => each.id === marketId);
    if (market === undefined) return [];
    const held = account.positions.get(marketId) ?? 0;
    if (held === 0 && hadPosition) side = side === 'buy' ? 'sell' : 'buy';
    hadPosition = held !== 0;
    if (held !== 0) side = held > 0 ? 'buy' : 'sell';
    const equity = account.equity / quotePerToken;
    const missing = equity * leverageWanted - Math.abs(exposure(market, account));
    if (missing < equity || equity < 1) return [];
    const tokens = Math.min(missing, equity * random.between(0.5, 2));
    return [immediate(market, side, lotsWorth(market, tokens), lifeSeconds)];
  };
}
