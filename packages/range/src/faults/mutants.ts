/** Nodes with a fault in them: lives must find each, or they prove nothing. */
import type { Journal } from '@holdfast/node';
import type { StoreRecord } from '@holdfast/settle/sim';
import type { SimDisk } from './disk.ts';

/** What a mutant changes. */
export interface Mutant {
  readonly name: string;
  readonly title: string;
  readonly journal?: (journal: Journal) => Journal;
  /** What settlement finds in its store when it starts. */
  readonly records?: (records: readonly StoreRecord[]) => StoreRecord[];
  readonly disk?: (disk: SimDisk) => void;
}

/** Says that commands are kept before they are. */
function hasty(journal: Journal): Journal {
  let next = journal.next();
  let frames = 0;
  return {
    ...journal,
    async append(commands) {
      journal.append(commands).catch(() => undefined);
      const first = next;
      next += commands.length;
      frames += 1;
      return { first, frames };
    },
  };
}

function withoutLastVersion(records: readonly StoreRecord[]): StoreRecord[] {
  const last = records.findLastIndex(({ kind }) => kind === 'version');
  return records.filter((_, i) => i !== last);
}

export const mutants: readonly Mutant[] = [
  {
    name: 'ack-before-durable',
    title: 'the core acknowledges before the journal is durable',
    journal: hasty,
  },
  {
    name: 'forget-last-batch',
    title: 'settlement forgets its last batch after a crash',
    records: withoutLastVersion,
  },
  {
    name: 'disk-that-lies',
    title: 'the journal does not wait for the disk',
    disk: (disk) => {
      disk.habits.lies = true;
    },
  },
  {
    name: 'forget-last-block',
    title: 'settlement forgets the last block that it followed',
    records: (records) => {
      const last = records.findLastIndex(({ kind }) => kind === 'block');
      return records.filter((_, i) => i !== last);
    },
  },
];
