/** An engine from the options of a command or process. */
import type { ChainReader, Logger, Venue } from '@holdfast/host';
import { createFollower } from '@holdfast/keeper';
import { createLiveBars } from './bars.ts';
import type { StewardHands } from './chain.ts';
import { createEngine, type Engine } from './engine.ts';
import { readHistory } from './history.ts';
import { createDepthWatch, createForecaster } from './measure.ts';

export interface StewardOptions {
  readonly venue: Venue;
  readonly reader: ChainReader;
  readonly logger: Logger;
  /** Absent: proposes and sends nothing. */
  readonly hands?: StewardHands | undefined;
  readonly announces?: boolean | undefined;
  /** Length of a live bar, venue seconds; an hour with a history. */
  readonly barSeconds: number;
  readonly barsMin: number;
  /** Folder of recorded hourly bars. */
  readonly history?: string | undefined;
  /** Time in which a position is closed, seconds; an hour unless given. */
  readonly closeOutSeconds?: number | undefined;
}

const hour = 3_600;

/** @throws EnvironmentError FileMissing or FileMalformed when the history will not do */
export function createStewardEngine(options: StewardOptions): Engine {
  const { venue, reader, logger, hands, barsMin } = options;
  const names = venue.markets.map(({ symbol }) => symbol.replace(/-.*$/, ''));
  const history =
    options.history === undefined
      ? undefined
      : readHistory(options.history, [...new Set(['BTC', ...names])]);
  const barSeconds = history === undefined ? options.barSeconds : hour;
  const closeOutSeconds = options.closeOutSeconds ?? hour;
  return createEngine({
    venue,
    reader,
    logger,
    hands,
    announces: options.announces ?? false,
    follower: createFollower(venue, reader),
    bars: createLiveBars(venue, reader, barSeconds),
    forecaster: createForecaster({ barSeconds, history, barsMin, closeOutSeconds }),
    depth: createDepthWatch(venue, (why) => logger.debug({ why }, 'no book')),
  });
}
