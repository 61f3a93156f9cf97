/** Risk of each market now: margin from the model, depth from the book, cover from the chain. */
import { backstopAbi, clearingHouseAbi } from '@holdfast/abi';
import {
  type Bar,
  createPanel,
  ewma,
  type Fitted,
  flooredMargin,
  harx,
  type MarginBasis,
  type Measured,
  marginBasis,
  type Panel,
} from '@holdfast/forecast';
import {
  type ChainReader,
  errorMessage,
  fetchJson,
  type Venue,
  type VenueMarket,
} from '@holdfast/host';
import type { Mirror } from '@holdfast/keeper';
import { notional } from '@holdfast/risk';
import { fundAccount, insuranceAccount, type MarketId } from '@holdfast/units';
import type { Abi, Address } from 'viem';
import { z } from 'zod';
import { topShares } from './shadow.ts';

/** What a forecaster needs to know before it begins. */
export interface ForecastOptions {
  readonly barSeconds: number;
  /** Recorded bars by symbol without its quote, such as BTC; of the length of a live bar. */
  readonly history?: ReadonlyMap<string, readonly Bar[]> | undefined;
  /** Fewest live bars without a history. */
  readonly barsMin: number;
  /** How long a position takes to close, seconds: margins are for that time. */
  readonly closeOutSeconds: number;
}

/** A margin and what it stands on. */
export interface Forecast {
  /** Part of the notional. */
  readonly margin: number;
  /** Volatility of a bar. */
  readonly sigma: number;
  readonly fitted: Fitted;
  readonly basis: MarginBasis;
}

/** Forecasts margins of markets; undefined where too little is known. */
export interface Forecaster {
  readonly model: string;
  forecast(symbol: string, bars: ReadonlyMap<string, readonly Bar[]>): Forecast | undefined;
}

const nameOf = (symbol: string): string => symbol.replace(/-.*$/, '');

/**
 * Recorded bars before live ones: all moved by the same time, so that the newest ends where the
 * first live bar begins, and to the live price, because only changes count.
 */
function joined(
  history: ReadonlyMap<string, readonly Bar[]>,
  live: ReadonlyMap<string, readonly Bar[]>,
  barSeconds: number,
): Map<string, readonly Bar[]> {
  const last = Math.max(...[...history.values()].map((bars) => bars.at(-1)?.ts ?? 0));
  const starts = [...live.values()].flatMap((bars) => bars[0]?.ts ?? []);
  const shift = starts.length === 0 ? 0 : Math.min(...starts) - barSeconds - last;
  return new Map(
    [...history].map(([name, bars]) => {
      const own = live.get(name) ?? [];
      const scale = (own[0]?.close ?? 1) / (own[0] === undefined ? 1 : (bars.at(-1)?.close ?? 1));
      const moved = bars.map(({ ts, high, low, close }) => ({
        ts: ts + shift,
        high: high * scale,
        low: low * scale,
        close: close * scale,
      }));
      return [name, [...moved, ...own]];
    }),
  );
}

/**
 * HAR-X where there is a history, and an exponential average of live bars where there is none.
 * Learns anew with every thousandth bar of the history, and never from bars of the future.
 */
export function createForecaster(options: ForecastOptions): Forecaster {
  const { barSeconds, history, barsMin, closeOutSeconds } = options;
  const model = history === undefined ? ewma(0.97, barsMin) : harx;
  const fits = new Map<number, Fitted>();

  function panelOf(live: ReadonlyMap<string, readonly Bar[]>): Panel | undefined {
    const all = history === undefined ? live : joined(history, live, barSeconds);
    const series = new Map([...all].filter(([, bars]) => bars.length > 0));
    return series.size === 0 ? undefined : createPanel(series, barSeconds);
  }

  const bases = new Map<string, MarginBasis>();
  /** Without a history there is little to learn from, and all of it is new. */
  const keyOf = (panel: Panel): number =>
    history === undefined ? panel.length : Math.floor(panel.length / 1_000);

  function basisOf(panel: Panel, fitted: Fitted, asset: number): MarginBasis | undefined {
    const key = `${keyOf(panel)}/${asset}`;
    const known = bases.get(key);
    if (known !== undefined) return known;
    const rowsMin = history === undefined ? Math.max(4, barsMin / 2) : 1_000;
    const made = marginBasis(panel, fitted, asset, panel.length - 1, rowsMin);
    if (bases.size > 100) bases.clear();
    if (made !== undefined) bases.set(key, made);
    return made;
  }

  function fitOf(panel: Panel): Fitted | undefined {
    const key = keyOf(panel);
    const known = fits.get(key);
    if (known !== undefined) return known;
    const made = model.fit(panel, panel.length, history === undefined ? 1 : 6);
    if (fits.size > 10) fits.clear();
    if (made !== undefined) fits.set(key, made);
    return made;
  }

  return {
    model: model.name,
    forecast(symbol, bars) {
      const named = new Map([...bars].map(([name, each]) => [nameOf(name), each]));
      const panel = panelOf(named);
      const asset = panel?.assets.indexOf(nameOf(symbol)) ?? -1;
      if (panel === undefined || asset === -1) return undefined;
      const fitted = fitOf(panel);
      if (fitted === undefined) return undefined;
      const at = panel.length - 1;
      const basis = basisOf(panel, fitted, asset);
      const variance = fitted.variance(panel, asset, at);
      if (basis === undefined || variance === undefined) return undefined;
      const margin = flooredMargin(basis, variance) * Math.sqrt(closeOutSeconds / barSeconds);
      return { margin, sigma: Math.sqrt(variance), fitted, basis };
    },
  };
}

/** Levels of a side: price in ticks, lots, orders. */
const levels = z.array(z.tuple([z.number(), z.number(), z.number()]));
const bookSchema = z.object({ bids: levels, asks: levels });

/** What rests in a market's book over what usually does, from the node's public page. */
export interface DepthWatch {
  /** @returns below 1 when thinner than usual; undefined when the node does not answer */
  ratio(market: number): Promise<number | undefined>;
}

const usualWeight = 0.02;

export function createDepthWatch(venue: Venue, onTrouble: (text: string) => void): DepthWatch {
  const usual = new Map<number, number>();
  return {
    async ratio(market) {
      const { host, port } = venue.gateway;
      const url = `http://${host}:${port}/v1/book/${market}?depth=20`;
      try {
        const { status, body } = await fetchJson(url, { timeoutMs: 1_500 });
        const book = status === 200 ? bookSchema.safeParse(body) : undefined;
        if (!book?.success) return undefined;
        const side = (all: z.output<typeof levels>) => all.reduce((sum, [, lots]) => sum + lots, 0);
        // The thinner side is what a liquidation meets.
        const now = Math.min(side(book.data.bids), side(book.data.asks));
        const before = usual.get(market) ?? now;
        usual.set(market, before + (now - before) * usualWeight);
        return before === 0 ? undefined : now / before;
      } catch (error) {
        onTrouble(errorMessage(error));
        return undefined;
      }
    },
  };
}

/** What insurance and the backstop's pool for ordinary markets hold, quote units. */
export async function readBacking(
  venue: Venue,
  reader: ChainReader,
  market: number,
): Promise<bigint> {
  const { clearingHouse, backstop } = venue.contracts;
  const ask = (address: string, abi: unknown, functionName: string, ...args: unknown[]) =>
    reader.readContract({ address: address as Address, abi: abi as Abi, functionName, args });
  const funds = [insuranceAccount, fundAccount(market as MarketId)];
  const held = await Promise.all(
    funds.map((id) => ask(clearingHouse, clearingHouseAbi, 'health', id)),
  );
  const pool = backstop === undefined ? [0, 0n, 0n] : await ask(backstop, backstopAbi, 'poolOf', 0);
  const sums = held.map((health) => (health as readonly [bigint])[0]);
  const all = [...sums, (pool as readonly [number, bigint, bigint])[2]];
  return all.reduce((sum, each) => sum + (each > 0n ? each : 0n), 0n);
}

/**
 * What stands behind a market, over what its largest position would lack if the price went twice
 * the margin against it.
 *
 * @param backing see {@link readBacking}
 * @returns undefined where nobody has a position
 */
export function coverOf(
  mirror: Mirror,
  market: { readonly id: number; readonly tickValue: number },
  margin: number,
  backing: bigint,
): number | undefined {
  const id = market.id as MarketId;
  const mark = mirror.marks.get(id)?.mark;
  if (mark === undefined) return undefined;
  let largest = 0;
  for (const { positions } of mirror.accounts.values()) {
    largest = Math.max(largest, Math.abs(positions.get(id) ?? 0));
  }
  if (largest === 0) return undefined;
  return Number(backing) / (Number(notional(largest, mark, market.tickValue)) * margin);
}

/** Everything that is measured of a market. */
export async function measure(
  venue: Venue,
  reader: ChainReader,
  mirror: Mirror,
  depth: DepthWatch,
  market: VenueMarket,
  margin: number,
): Promise<Measured> {
  const [depthRatio, backing] = await Promise.all([
    depth.ratio(market.id),
    readBacking(venue, reader, market.id),
  ]);
  const cover = coverOf(mirror, market, margin, backing);
  return { margin, depthRatio, topShare: topShares(mirror).get(market.id) ?? 0, cover };
}
