/** The relay's half of a committee's rounds: one list of observations for all, who is silent. */
import type { Venue } from '@holdfast/host';
import type { SignedObservation } from '@holdfast/oracle';
import { isRejection, type Rejection, reject } from '@holdfast/units';
import { createGathering } from '../gather.ts';
import { defaultRoundSeconds, recoverObserver, reporterSeparator } from '../observe.ts';
import { numberOf, roundWallMs } from './turns.ts';

export interface Rounds {
  /**
   * Takes one observation and waits until its round is closed: when all have spoken of whom that
   * can be hoped, or k have and the others had a little time.
   *
   * @returns the observations of the round, the same for everybody; 'short' when fewer than k
   * spoke in time; otherwise why this one was refused
   */
  take(observation: SignedObservation): Promise<readonly SignedObservation[] | 'short' | Rejection>;
  /** Numbers of the reporters that have not spoken lately. */
  silent(): number[];
  /** Lets those who wait go. */
  end(): void;
}

/** Part of a round's time that a quorum waits for the others. */
const graceParts = 8;
/** A reporter is silent when it missed so many rounds. */
const silentRounds = 3;
/** Part of a round's time after which a request without a quorum is answered; and the longest. */
const waitPart = 0.8;
const waitMsMax = 2000;

type Open = {
  readonly closed: Promise<readonly SignedObservation[] | 'short'>;
  readonly settle: (outcome: readonly SignedObservation[] | 'short') => void;
  readonly timers: NodeJS.Timeout[];
  all: readonly SignedObservation[];
  hasGrace: boolean;
};

/** An observation of another time or other markets would spoil the round for the honest. */
function judgeShape(venue: Venue, { round, time, quotes }: SignedObservation) {
  const ids = venue.markets.map(({ id }) => id).sort((a, b) => a - b);
  const isWhole =
    Number(time) === Number(round) && quotes.map(({ market }) => market).join() === ids.join();
  if (isWhole) return undefined;
  return reject('ObservationForeign', 'it is not of all markets at the time of its round');
}

/** Rounds that wait for their observations. */
function createOpenRounds(waitMs: number) {
  const open = new Map<number, Open>();

  function end(round: number, outcome: readonly SignedObservation[] | 'short'): void {
    const found = open.get(round);
    if (found === undefined) return;
    for (const timer of found.timers) clearTimeout(timer);
    open.delete(round);
    found.settle(outcome);
  }

  function begin(round: number): Open {
    let settle: Open['settle'] = () => undefined;
    const closed = new Promise<readonly SignedObservation[] | 'short'>((resolve) => {
      settle = resolve;
    });
    const timers = [setTimeout(() => end(round, 'short'), waitMs)];
    const made: Open = { closed, settle, timers, all: [], hasGrace: false };
    open.set(round, made);
    return made;
  }

  return {
    end,
    at: (round: number): Open => open.get(round) ?? begin(round),
    endAll() {
      for (const round of [...open.keys()]) end(round, 'short');
    },
  };
}

/** Which reporters have spoken when, in time or not. */
function createVoices(venue: Venue) {
  const numbers = (): number[] => venue.reporters.addresses.map((_, i) => i + 1);
  const spoke = new Map<number, number>();
  return {
    note({ signer, round }: SignedObservation): void {
      const number = numberOf(venue, signer);
      spoke.set(number, Math.max(spoke.get(number) ?? 0, round));
    },
    /** Whether all are here who spoke in the round before, even late: others are not waited for. */
    areHere(all: readonly SignedObservation[], before: number): boolean {
      const here = new Set(all.map(({ signer }) => numberOf(venue, signer)));
      return numbers().every((i) => here.has(i) || (spoke.get(i) ?? 0) < before);
    },
    silent(): number[] {
      const every = venue.roundSeconds ?? defaultRoundSeconds;
      const newest = Math.max(0, ...spoke.values());
      return numbers().filter((i) => (spoke.get(i) ?? 0) <= newest - silentRounds * every);
    },
  };
}

export function createRounds(venue: Venue): Rounds {
  const separator = reporterSeparator(venue);
  const wallMs = roundWallMs(venue);
  const judge = (observation: SignedObservation) => judgeShape(venue, observation);
  const gathering = createGathering({ signers: () => venue.reporters.addresses, separator, judge });
  const open = createOpenRounds(Math.min(wallMs * waitPart, waitMsMax));
  const voices = createVoices(venue);

  function close(round: number, all: readonly SignedObservation[]): void {
    gathering.close(round);
    open.end(round, all);
  }

  async function noteLate(observation: SignedObservation): Promise<void> {
    if (observation.round !== gathering.closed()) return;
    const signer = await recoverObserver(separator, observation);
    if (signer === observation.signer.toLowerCase()) voices.note(observation);
  }

  return {
    async take(observation) {
      const all = await gathering.take(observation);
      if (isRejection(all)) {
        if (all.code === 'RoundClosed') await noteLate(observation);
        return all;
      }
      const { round } = observation;
      const { k, n } = venue.reporters;
      voices.note(observation);
      const found = open.at(round);
      found.all = all;
      const isEnough = all.length >= k;
      if (all.length === n || (isEnough && voices.areHere(all, gathering.closed()))) {
        close(round, all);
      } else if (isEnough && !found.hasGrace) {
        found.hasGrace = true;
        found.timers.push(setTimeout(() => close(round, found.all), wallMs / graceParts));
      }
      return found.closed;
    },
    silent: voices.silent,
    end: open.endAll,
  };
}
