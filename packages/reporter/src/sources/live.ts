import { errorMessage, type Logger, sleep, type VenueMarket } from '@holdfast/host';
import { lowerMedian } from '@holdfast/oracle';
import { EnvironmentError } from '@holdfast/units';
import type { PriceSource, SourcePrice } from './source.ts';

/** The part of a ccxt exchange that is used. */
export interface LiveExchange {
  readonly id: string;
  fetchTicker(symbol: string): Promise<{ last?: number | undefined; bid?: number; ask?: number }>;
}

export interface LiveOptions {
  markets: readonly VenueMarket[];
  exchanges: readonly LiveExchange[];
  logger: Logger;
  /** Wall ms between polls of one exchange. */
  pollMs?: number | undefined;
  /** A quote older than this (wall ms) is dropped. */
  quoteAgeMsMax?: number | undefined;
  /** Fewest fresh exchanges for a price. */
  exchangesMin?: number | undefined;
  wallNow?: (() => number) | undefined;
}

/** Exchanges asked unless told otherwise. */
export const defaultExchanges: readonly string[] = ['binance', 'kraken', 'coinbase', 'okx'];

/**
 * Loads exchanges from ccxt, which is optional: nothing else of Holdfast needs it.
 *
 * @throws EnvironmentError CcxtMissing with the command that installs it; ExchangeUnknown
 */
export async function loadExchanges(ids: readonly string[]): Promise<LiveExchange[]> {
  // The name is a value so that neither the compiler nor a bundler wants the package.
  const packageName = 'ccxt';
  let library: Record<string, unknown>;
  try {
    library = (await import(packageName)).default;
  } catch (error) {
    const message = 'live prices need ccxt; install it with: npm install --no-save ccxt@4.5.84';
    throw new EnvironmentError('CcxtMissing', message, { retry: false, cause: error });
  }
  return ids.map((id) => {
    const Exchange = library[id] as (new (options: object) => LiveExchange) | undefined;
    if (typeof Exchange !== 'function') {
      throw new EnvironmentError('ExchangeUnknown', `ccxt knows no exchange "${id}"`, {
        retry: false,
      });
    }
    return new Exchange({ enableRateLimit: true, timeout: 5000 });
  });
}

/** 'BTC-USD' → the pairs tried, in order. */
function pairs(symbol: string): string[] {
  const base = symbol.split('-')[0] ?? symbol;
  return [`${base}/USDT`, `${base}/USD`, `${base}/USDC`];
}

interface Quote {
  price8: number;
  atMs: number;
}

/** 'BTC-USD' → the linear perpetuals tried, in order, as ccxt names them. */
function perpetuals(symbol: string): string[] {
  const base = symbol.split('-')[0] ?? symbol;
  return [`${base}/USDT:USDT`, `${base}/USDC:USDC`, `${base}/USD:USD`];
}

/** The first price of some names. @throws what the last name failed with */
async function askExchange(exchange: LiveExchange, names: readonly string[]): Promise<number> {
  let failure: unknown;
  for (const pair of names) {
    try {
      const ticker = await exchange.fetchTicker(pair);
      const { bid, ask, last } = ticker;
      const price = bid !== undefined && ask !== undefined ? (bid + ask) / 2 : last;
      if (price !== undefined && Number.isFinite(price) && price > 0) {
        return Math.round(price * 1e8);
      }
      failure = new Error(`${pair} has no price`);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/**
 * Polls exchanges in the background and answers with the lower median of the fresh ones. Ignores
 * the asked time: live prices have only one, now. Perpetuals of the same exchanges go along.
 */
export function liveSource(options: LiveOptions): PriceSource {
  const { markets, exchanges, logger, pollMs = 1500, quoteAgeMsMax = 10_000 } = options;
  const wallNow = options.wallNow ?? Date.now;
  const exchangesMin = options.exchangesMin ?? Math.min(2, exchanges.length);
  const quotes = new Map<string, Quote>();
  const perps = new Map<string, Quote>();
  const abort = new AbortController();

  /** An exchange need not have perpetuals; only that it has no spot price is worth a warning. */
  async function ask(exchange: LiveExchange, symbol: string): Promise<void> {
    const key = `${exchange.id} ${symbol}`;
    try {
      quotes.set(key, { price8: await askExchange(exchange, pairs(symbol)), atMs: wallNow() });
    } catch (error) {
      const reason = errorMessage(error);
      logger.warn({ exchange: exchange.id, symbol, reason }, 'exchange gave no price');
    }
    try {
      perps.set(key, { price8: await askExchange(exchange, perpetuals(symbol)), atMs: wallNow() });
    } catch (error) {
      const reason = errorMessage(error);
      logger.debug({ exchange: exchange.id, symbol, reason }, 'exchange gave no perpetual price');
    }
  }

  async function poll(exchange: LiveExchange): Promise<void> {
    while (!abort.signal.aborted) {
      for (const { symbol } of markets) await ask(exchange, symbol);
      await sleep(pollMs, abort.signal);
    }
  }

  function freshOf(from: ReadonlyMap<string, Quote>, symbol: string): number[] {
    return exchanges
      .map((exchange) => from.get(`${exchange.id} ${symbol}`))
      .filter((quote) => quote !== undefined && wallNow() - quote.atMs <= quoteAgeMsMax)
      .map((quote) => (quote as Quote).price8);
  }
  const polls = exchanges.map(poll);

  return {
    name: `live(${exchanges.map((exchange) => exchange.id).join(',')})`,
    pricesAt: async () => {
      const prices = new Map<string, SourcePrice>();
      for (const { symbol } of markets) {
        const fresh = freshOf(quotes, symbol);
        if (fresh.length < exchangesMin) continue;
        prices.set(symbol, { price8: lowerMedian(fresh), perps8: freshOf(perps, symbol) });
      }
      return prices;
    },
    close: async () => {
      abort.abort();
      await Promise.all(polls);
    },
  };
}
