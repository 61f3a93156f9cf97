/** `npm start`: runs a venue until Ctrl-C. */
import { errorMessage, sleep } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { banner, panelsOf } from './launch/banner.ts';
import { parseOptions, requireNode, usage, type VenueOptions } from './launch/options.ts';
import { statusLine, type VenueStatus } from './launch/status.ts';
import { type RunningVenue, startVenue } from './launch/venue.ts';

const statusEveryMs = 5000;

function say(line: string): void {
  // On a terminal the status line is rewritten in place; anything else takes its place.
  process.stdout.write(process.stdout.isTTY ? `\r\x1b[2K${line}\n` : `${line}\n`);
}

function showStatus(line: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[2K${line}`);
  else process.stdout.write(`${line}\n`);
}

async function watch(running: RunningVenue, signal: AbortSignal): Promise<void> {
  let before: VenueStatus | undefined;
  let ended = false;
  while (!signal.aborted) {
    const now = await running.status();
    if (signal.aborted) return;
    showStatus(statusLine(now, before));
    before = now;
    const { replayEnd } = running.plan;
    if (replayEnd !== undefined && !ended) {
      const { venueEpoch, wallEpochMs, speed } = running.venue.clock;
      ended = venueEpoch + ((Date.now() - wallEpochMs) * speed) / 1000 > replayEnd;
      if (ended) say('the recording has ended; prices stay at its last close');
    }
    await sleep(statusEveryMs, signal);
  }
}

async function run(options: VenueOptions): Promise<void> {
  const began = Date.now();
  const abort = new AbortController();
  let presses = 0;
  const end = (): void => {
    presses += 1;
    if (presses === 1) say('stopping in order; nothing is lost');
    if (presses === 2) say('still stopping; the node drains and the chain is saved');
    abort.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  // A closed terminal must not end the launcher before the others.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  let running: RunningVenue;
  try {
    running = await startVenue(options, say, abort.signal);
  } catch (error) {
    // Asked to stop while still starting: whatever failed then failed for that reason.
    if (!abort.signal.aborted) throw error;
    say('stopped');
    return;
  }
  if (!abort.signal.aborted) {
    say(banner(running.dir, running.venue, panelsOf(running.dir, options.sentinels)));
    say(`started in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    if (options.seconds !== undefined) {
      setTimeout(end, options.seconds * 1000).unref();
    }
    await watch(running, abort.signal);
  }
  await running.stop();
  say('stopped');
}

async function main(): Promise<number> {
  try {
    requireNode();
    const options = parseOptions(process.argv.slice(2));
    if (options === 'help') {
      process.stdout.write(`${usage}\n`);
      return 0;
    }
    await run(options);
    return 0;
  } catch (error) {
    const known = error instanceof EnvironmentError;
    process.stderr.write(known ? `holdfast: ${error.message}\n` : `${String(error)}\n`);
    if (!known && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    else if (known && error.cause !== undefined && process.env.HOLDFAST_LOG === 'debug') {
      process.stderr.write(`  because ${errorMessage(error.cause)}\n`);
    }
    return known && error.code === 'ArgumentWrong' ? 2 : 1;
  }
}

process.exit(await main());
