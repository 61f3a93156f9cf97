/** Who signs a venue's reports, as the relay and the venue file tell it. */
import { errorMessage, fetchJson, loadVenue } from '@holdfast/host';
import { z } from 'zod';
import { findVenueDir, type Session } from '../session.ts';

const numbers = z.array(z.number());
const committeeSchema = z.object({
  threshold: z.number(),
  size: z.number(),
  /** null: revoked, or never was. */
  key: z.string().nullable().optional(),
  generation: z.number().optional(),
  round: z.number().optional(),
  leader: z.number().optional(),
  signers: numbers.optional(),
  silent: numbers,
});

/** What `status` shows of the oracle. */
export type OracleView = { readonly data: object; readonly lines: [string, string][] };

const list = (all: readonly number[] | undefined, none: string): string =>
  all === undefined || all.length === 0 ? none : `reporter ${all.join(', ')}`;

function show(known: z.output<typeof committeeSchema>): [string, string][] {
  const { threshold, size, key, generation, round, leader, signers, silent } = known;
  const shown = key === undefined ? 'the chain does not answer' : (key ?? 'none in force: revoked');
  const last = round === undefined ? '' : ` (round ${round}, led by reporter ${leader})`;
  return [
    ['oracle', `committee, ${threshold} of ${size}, generation ${generation ?? '-'}`],
    ['oracle key', shown],
    ['signed last', `${list(signers, 'nobody since the relay started')}${last}`],
    ['silent', list(silent, 'nobody')],
  ];
}

/** Asks the relay; undefined without a venue file, which alone says where that is. */
export async function oracleView({ globals, io }: Session): Promise<OracleView | undefined> {
  const dir = globals.url === undefined ? findVenueDir(globals, io.cwd) : undefined;
  if (dir === undefined) return undefined;
  const venue = loadVenue(dir);
  const { k, n } = venue.reporters;
  if (venue.committee === undefined) {
    const data = { kind: 'quorum', threshold: k, size: n };
    return { data, lines: [['oracle', `${k} of ${n} reporters, each with its own signature`]] };
  }
  const { host, port } = venue.relay;
  try {
    const { body } = await fetchJson(`http://${host}:${port}/v1/committee`, { timeoutMs: 3000 });
    const known = committeeSchema.parse(body);
    return { data: { kind: 'committee', ...known }, lines: show(known) };
  } catch (error) {
    const problem = errorMessage(error);
    const text = `committee, ${venue.committee.threshold} of ${n}; its relay: ${problem}`;
    return { data: { kind: 'committee', problem }, lines: [['oracle', text]] };
  }
}
