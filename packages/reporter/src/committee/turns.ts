/** Who leads a round, and what a leader does. */
import { errorMessage, fetchJson, type Logger, sleep, type Venue } from '@holdfast/host';
import {
  assembleReport,
  encodeReport,
  encodeSignedReport,
  type SignedObservation,
} from '@holdfast/oracle';
import { fromHex, isRejection, toHex } from '@holdfast/units';
import { defaultRoundSeconds } from '../observe.ts';
import type { Member } from './member.ts';

/** Parts of a round's time: the first leader has one, and so has each that takes its place. */
const turnsPerRound = 4;

/** Wall ms of one round. */
export function roundWallMs(venue: Venue): number {
  return ((venue.roundSeconds ?? defaultRoundSeconds) * 1000) / venue.clock.speed;
}

/** Number of a reporter in the venue file, from 1, which is its number as a party; 0: unknown. */
export function numberOf(venue: Venue, signer: string): number {
  const { addresses } = venue.reporters;
  return addresses.findIndex((each) => each.toLowerCase() === signer.toLowerCase()) + 1;
}

/** Those who observed a round, in the order in which they lead it: another one each round. */
export function leaders(observers: readonly number[], size: number, turn: number): number[] {
  const place = (number: number): number => (number - 1 - (turn % size) + size) % size;
  return [...observers].sort((a, b) => place(a) - place(b));
}

export interface TurnOptions {
  venue: Venue;
  /** Our party of the key in force; undefined when we hold no part of it. */
  inForce: () => Member | undefined;
  /** Address with which we observe. */
  self: string;
  logger: Logger;
  signal: AbortSignal;
  /** Base of the relay's HTTP interface. */
  relay: string;
}

/** Plays our part in a round whose observations are complete; ends when the round has a report. */
export type PlayRound = (observations: readonly SignedObservation[]) => Promise<void>;

async function lastRound(relay: string): Promise<number> {
  const { body } = await fetchJson(`${relay}/health`, { timeoutMs: 1000 });
  return Number((body as { round?: number }).round ?? 0);
}

/** The party that plays, if we can; why we cannot is told once. */
function createPlayer({ venue, inForce, self, logger }: TurnOptions): () => Member | undefined {
  let trouble = '';
  return () => {
    const member = inForce();
    const own = numberOf(venue, self);
    let problem = '';
    if (member === undefined) problem = 'we hold no part of the key in force';
    else if (own !== member.number()) {
      problem = `we are reporter ${own} of the venue and party ${member.number()} of the committee`;
    }
    if (problem !== trouble && problem !== '') logger.warn({ problem }, 'no part in reports');
    trouble = problem;
    return problem === '' ? member : undefined;
  };
}

export function createTurns(options: TurnOptions): PlayRound {
  const { venue, self, logger, signal, relay } = options;
  const every = venue.roundSeconds ?? defaultRoundSeconds;
  const turnMs = roundWallMs(venue) / turnsPerRound;

  const player = createPlayer(options);

  async function lead(
    member: Member,
    observations: readonly SignedObservation[],
    among: number[],
  ): Promise<void> {
    const proposal = assembleReport(observations, venue.reporters.k);
    if (isRejection(proposal)) {
      logger.warn({ code: proposal.code, reason: proposal.message }, 'nothing to propose');
      return;
    }
    const { round, time, quotes } = proposal;
    const signed = await member.lead(encodeReport(proposal), among);
    if (isRejection(signed)) {
      const { code, message: reason } = signed;
      logger.warn({ round, code, reason }, 'the committee did not sign the report that we led');
      return;
    }
    const signature = fromHex(signed.signature);
    const bytes = encodeSignedReport({ round, time, quotes, signature });
    if (isRejection(bytes)) throw new Error(bytes.message);
    const body = { report: toHex(bytes), leader: member.number(), signers: signed.signers };
    const reply = await fetchJson(`${relay}/v1/reports`, { body, timeoutMs: 3000 });
    const refused = isRejection(reply.body) ? reply.body.message : `${reply.status}`;
    if (reply.status !== 200) logger.warn({ round, reason: refused }, 'the relay refused a report');
  }

  /** A round that is over is not worth a signature. */
  let newest = 0;

  return async (observations) => {
    const [first] = observations;
    if (first === undefined) return;
    const { round } = first;
    const among = observations.map(({ signer }) => numberOf(venue, signer));
    const order = leaders(among, venue.reporters.n, Math.floor(round / every));
    const place = order.indexOf(numberOf(venue, self));
    newest = Math.max(newest, round);
    if (place < 0) return;
    try {
      if (place > 0) {
        await sleep(place * turnMs, signal);
        if (signal.aborted || newest > round || (await lastRound(relay)) >= round) return;
      }
      // The key may have changed since the round began.
      const member = player();
      if (member === undefined) return;
      if (place > 0) {
        const before = order[place - 1] as number;
        const leader = member.nameOf(before);
        logger.warn({ round, leader }, 'no report from the leader: it is our turn');
        member.accuse(before, `it led round ${round} and brought no report`);
      }
      await lead(member, observations, among);
    } catch (error) {
      logger.warn({ round, problem: errorMessage(error) }, 'leading a round failed');
    }
  };
}
