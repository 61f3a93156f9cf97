/** Reports as the relay serves them; nothing is used that the venue's reporters did not sign. */
import {
  type ChainReader,
  type Clock,
  createKeyReader,
  errorMessage,
  fetchJson,
  type Logger,
  type Venue,
} from '@holdfast/host';
import { proveReport, reportAuthority } from '@holdfast/oracle';
import { recoverSigner } from '@holdfast/order';
import { isRejection, tryFromHex } from '@holdfast/units';
import { type KeptReport, usableReport } from './judge.ts';
import type { Mirror } from './mirror.ts';

export interface ReportReader {
  /** The newest report that the chain would accept. */
  usable(mirror: Mirror): Promise<KeptReport | undefined>;
}

export function createReportReader(options: {
  venue: Venue;
  reader: ChainReader;
  clock: Clock;
  logger: Logger;
}): ReportReader {
  const { venue, reader, clock, logger } = options;
  const authority = reportAuthority(venue, recoverSigner, createKeyReader(reader, venue));
  /** The last report that was proved. */
  let proved: KeptReport | undefined;

  async function ask(after: number): Promise<KeptReport[]> {
    const { host, port } = venue.relay;
    try {
      const url = `http://${host}:${port}/v1/reports?after=${after}`;
      const { status, body } = await fetchJson(url);
      return status === 200 ? (body as KeptReport[]) : [];
    } catch (error) {
      logger.debug({ error: errorMessage(error) }, 'no reports from the relay');
      return [];
    }
  }

  /** Its bytes alone count; what the relay says beside them is where the search begins. */
  async function prove({ raw, round }: KeptReport): Promise<KeptReport | undefined> {
    const bytes = tryFromHex(raw);
    const told = bytes && (await proveReport(bytes, authority));
    if (told !== undefined && !isRejection(told) && told.round === round) return { ...told, raw };
    const reason = told === undefined ? 'no bytes' : isRejection(told) ? told.code : 'other round';
    logger.warn({ round, reason }, 'the relay has a report that is none');
    return undefined;
  }

  return {
    async usable(mirror) {
      const left = await ask(mirror.round());
      for (;;) {
        const best = usableReport(left, mirror, clock.now());
        if (best === undefined) return undefined;
        const known = proved?.raw === best.raw ? proved : await prove(best);
        if (known !== undefined) {
          proved = known;
          if (usableReport([known], mirror, clock.now())) return known;
        }
        left.splice(left.indexOf(best), 1);
      }
    },
  };
}
