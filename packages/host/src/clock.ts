import { invariant, type Seconds, seconds } from '@holdfast/units';

/** How venue time follows wall time; stored in venue.json, so that all processes agree. */
export interface ClockSettings {
  /** Wall time (Unix ms) at which venue time was `venueEpoch`. */
  wallEpochMs: number;
  /** Venue time (Unix seconds) at `wallEpochMs`. */
  venueEpoch: number;
  /** Venue seconds per wall second; 1 outside simulations. */
  speed: number;
}

/** Venue time. Every process takes time from here only. */
export interface Clock {
  readonly settings: ClockSettings;
  /** Venue time in ms. */
  nowMs(): number;
  /** Venue time in whole seconds, rounded down: what the chain and the core see. */
  now(): Seconds;
  /** Wall ms that pass while `venueSeconds` of venue time pass. */
  wallMs(venueSeconds: number): number;
  /** Wall ms from now until venue time `at` (seconds); 0 when it has passed. */
  wallMsUntil(at: number): number;
}

/**
 * venueNow = venueEpoch + (wallMs − wallEpochMs)·speed/1000.
 *
 * @param wallNow source of wall time in Unix ms; tests pass their own
 */
export function createClock(settings: ClockSettings, wallNow: () => number = Date.now): Clock {
  const { wallEpochMs, venueEpoch, speed } = settings;
  invariant(Number.isFinite(speed) && speed > 0, `clock speed must be positive, got ${speed}`);
  invariant(Number.isSafeInteger(wallEpochMs), 'clock wallEpochMs must be a whole number');
  invariant(Number.isSafeInteger(venueEpoch), 'clock venueEpoch must be a whole number');
  const nowMs = (): number => venueEpoch * 1000 + (wallNow() - wallEpochMs) * speed;
  return {
    settings,
    nowMs,
    now: () => seconds(Math.floor(nowMs() / 1000)),
    wallMs: (venueSeconds) => (venueSeconds * 1000) / speed,
    wallMsUntil: (at) => Math.max(0, (at * 1000 - nowMs()) / speed),
  };
}

/** Waits `ms` wall milliseconds; returns early, without throwing, when the signal aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
