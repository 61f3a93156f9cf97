/** Reporters of a running venue may be replaced: who runs it sees the file change. */
import { readFileSync } from 'node:fs';
import { sleep } from './clock.ts';
import { errorMessage } from './files.ts';
import type { Logger } from './logger.ts';
import { loadVenue, type Venue, venuePaths } from './venue-file.ts';

export interface FollowOptions {
  logger: Logger;
  signal: AbortSignal;
  /** Wall ms between looks. */
  everyMs?: number | undefined;
}

/** The text itself: two changes within one tick of the file system's clock have one time. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Takes over who reports, and how many must, whenever `dir/venue.json` says otherwise: `venue` is
 * changed in place, so that whoever asks it next sees the reporters of now. Nothing else of the
 * file is taken. Ends with the signal.
 */
export async function followReporters(
  dir: string,
  venue: Venue,
  { logger, signal, everyMs = 1000 }: FollowOptions,
): Promise<void> {
  const { file } = venuePaths(dir);
  let seen = '';
  while (!signal.aborted) {
    const text = textOf(file);
    if (text !== seen) {
      seen = text;
      try {
        const { reporters, committee } = loadVenue(dir);
        if (JSON.stringify(reporters) !== JSON.stringify(venue.reporters)) {
          logger.warn({ before: venue.reporters, after: reporters }, 'the reporters have changed');
          venue.reporters = reporters;
        }
        if (committee && venue.committee) venue.committee.threshold = committee.threshold;
      } catch (error) {
        logger.error({ problem: errorMessage(error) }, 'the venue file cannot be read');
      }
    }
    await sleep(everyMs, signal);
  }
}
