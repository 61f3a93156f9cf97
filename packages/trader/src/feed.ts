import { errorMessage, type Logger, sleep } from '@holdfast/host';
import type { Client } from '@holdfast/sdk';
import type { MarketView } from './strategy.ts';

/** Index prices of all markets, looked at by one client for all traders of the process. */
export interface Feed {
  readonly markets: () => readonly MarketView[];
  /** Prices are there and not stale. */
  readonly isFresh: () => boolean;
  run(signal: AbortSignal): Promise<void>;
}

const historyLength = 30;

/** @param everyMs wall ms between looks */
export function createFeed(client: Client, logger: Logger, everyMs: number): Feed {
  let views: MarketView[] = [];
  let freshUntil = 0;

  async function look(): Promise<void> {
    const now = client.info.clock.now();
    const markets = await client.markets();
    let oldest = Number.POSITIVE_INFINITY;
    views = markets.map((market) => {
      const before = views.find((view) => view.id === market.id)?.history ?? [];
      const history = [...before, market.indexPrice].slice(-historyLength);
      oldest = Math.min(oldest, market.priceTime + market.priceAgeSecondsMax - now);
      return { id: market.id, index: market.indexPrice, history, tickValue: market.tickValue };
    });
    const priced = views.length > 0 && views.every((view) => view.index > 0);
    freshUntil = priced ? Date.now() + client.info.clock.wallMs(oldest * 0.8) : 0;
  }

  return {
    markets: () => views,
    isFresh: () => Date.now() < freshUntil,
    async run(signal) {
      let trouble = '';
      while (!signal.aborted) {
        try {
          await look();
          if (trouble !== '') logger.info('the node answers again');
          trouble = '';
        } catch (error) {
          if (trouble === '') logger.warn({ problem: errorMessage(error) }, 'no prices');
          trouble = errorMessage(error);
        }
        await sleep(everyMs, signal);
      }
    },
  };
}
