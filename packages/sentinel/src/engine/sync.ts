/** The venue's history, range by range, into empty tables: what is missed by being away. */
import type { Hex } from '@holdfast/units';
import type { Reads } from '../chain/reads.ts';
import type { RawLog } from '../chain/wire.ts';
import { passBlock } from '../laws/block.ts';
import { holds } from '../laws/judge.ts';
import type { Question } from '../laws/questions.ts';
import type { Tables } from '../state/tables.ts';
import type { OpenVenue } from './venue.ts';

const blocksPerRange = 2_000;
const none: ReadonlyMap<Hex, Hex> = new Map();

type PlacedLog = RawLog & { readonly number: number; readonly time: number };

function byBlock(logs: readonly PlacedLog[]): PlacedLog[][] {
  const groups: PlacedLog[][] = [];
  for (const log of logs) {
    const last = groups.at(-1);
    if (last?.[0]?.number === log.number) last.push(log);
    else groups.push([log]);
  }
  return groups;
}

/**
 * Reads from the first block of the venue up to `to` and judges every event on the way; what needs
 * the calldata of a batch is not asked of blocks this old.
 *
 * @returns questions that did not hold
 * @throws EnvironmentError NoQuorum
 */
export async function catchUp(options: {
  readonly reads: Reads;
  readonly venue: OpenVenue;
  readonly tables: Tables;
  readonly to: number;
  readonly progress: (line: string) => void;
}): Promise<Question[]> {
  const { reads, venue, tables, to, progress } = options;
  const broken: Question[] = [];
  for (let from = venue.deployBlock; from <= to; from += blocksPerRange) {
    const end = Math.min(from + blocksPerRange - 1, to);
    const logs = await reads.range(from, end);
    for (const group of byBlock(logs)) {
      const material = { time: group[0]?.time ?? 0, logs: group, inputs: none };
      const { questions } = passBlock(venue, tables, material);
      broken.push(...questions.filter((question) => !holds(question)));
    }
    if (to - venue.deployBlock > blocksPerRange) progress(`read blocks up to ${end} of ${to}`);
  }
  return broken;
}
