/** The relay's routes of a committee: rounds, the reports that it signed, and how it is. */
import {
  type ChainReader,
  createKeyReader,
  errorMessage,
  type JsonReply,
  type JsonRoutes,
  type Logger,
  readCommittee,
  type Venue,
} from '@holdfast/host';
import { proveReport, reportAuthority } from '@holdfast/oracle';
import { recoverSigner } from '@holdfast/order';
import { type Hex, isRejection, type Rejection, reject, tryFromHex } from '@holdfast/units';
import { z } from 'zod';
import type { RelayedReport } from '../collect.ts';
import { readObservation, writeObservation } from '../observe.ts';
import { createRounds } from './rounds.ts';

const number = z.number().int().min(1).max(255);
const signedSchema = z.strictObject({
  report: z.string().regex(/^0x(?:[0-9a-f]{2})+$/),
  /** What the leader says; shown, never relied upon. */
  leader: number,
  signers: z.array(number).max(255),
});

export interface DeskOptions {
  venue: Venue;
  reader: ChainReader;
  logger: Logger;
  /** Round of the last report. */
  lastRound: () => number;
  /** Takes a report that the committee has signed. */
  forward: (report: RelayedReport) => void;
  /** Counts and tells of an observation that was refused. */
  refuse: (reason: Rejection) => JsonReply;
}

export interface CommitteeDesk {
  routes: JsonRoutes;
  /** Numbers of the reporters that have not spoken lately. */
  silent(): number[];
  close(): void;
}

/**
 * Routes: POST /v1/observations (answers when the round is closed, with all of it),
 * POST /v1/reports, GET /v1/committee.
 */
export function createCommitteeDesk(options: DeskOptions): CommitteeDesk {
  const { venue, reader, logger, lastRound, forward, refuse } = options;
  const rounds = createRounds(venue);
  const authority = reportAuthority(venue, recoverSigner, createKeyReader(reader, venue));
  let last: { round: number; leader: number; signers: readonly number[] } | undefined;
  let silentBefore = '';

  function tellSilent(): void {
    const silent = rounds.silent();
    if (silent.join() === silentBefore) return;
    silentBefore = silent.join();
    if (silent.length === 0) logger.info('all reporters are heard');
    else logger.warn({ silent }, 'reporters are silent');
  }

  async function observe(value: unknown): Promise<JsonReply> {
    const read = readObservation(value);
    const outcome = isRejection(read) ? read : await rounds.take(read);
    if (isRejection(outcome)) return refuse(outcome);
    tellSilent();
    if (outcome === 'short') return { status: 200, body: { ok: true, complete: false } };
    const observations = outcome.map(writeObservation);
    return { status: 200, body: { ok: true, complete: true, observations } };
  }

  async function report(value: unknown): Promise<JsonReply> {
    const parsed = signedSchema.safeParse(value);
    const bytes = parsed.success ? tryFromHex(parsed.data.report) : undefined;
    if (!parsed.success || bytes === undefined) {
      return refuse(reject('ReportMalformed', 'a report comes with its leader and its signers'));
    }
    const told = await proveReport(bytes, authority);
    if (isRejection(told)) return refuse(told);
    const { round } = told;
    const { report: raw, leader, signers } = parsed.data;
    if (round > lastRound()) {
      last = { round, leader, signers };
      forward({ ...told, raw: raw as Hex });
    }
    return { status: 200, body: { ok: true } };
  }

  async function status(): Promise<JsonReply> {
    const { threshold } = venue.committee as NonNullable<Venue['committee']>;
    const known = { threshold, size: venue.reporters.n, ...last, silent: rounds.silent() };
    try {
      const { key, generation } = await readCommittee(reader, venue);
      return { status: 200, body: { ...known, key: key ?? null, generation } };
    } catch (error) {
      return { status: 200, body: { ...known, problem: errorMessage(error) } };
    }
  }

  return {
    silent: rounds.silent,
    close: rounds.end,
    routes: {
      'POST /v1/observations': ({ body }) => observe(body),
      'POST /v1/reports': ({ body }) => report(body),
      'GET /v1/committee': status,
    },
  };
}
