import { EnvironmentError } from '@holdfast/units';
import { FRAME_HEADER_BYTES, sealFrame } from './frame.ts';
import { createRecordWriter, type RecordWriter } from './record.ts';
import type { Journal, Keeper, SealedFrame, Tip } from './types.ts';

type Waiting = {
  readonly count: number;
  readonly done: (result: { first: number; frames: number }) => void;
  readonly failed: (error: Error) => void;
};

/** What an unexpected failure of a keeper means: nothing is known any more. */
export function broken(cause: unknown): EnvironmentError {
  const text = `the journal cannot be written: ${(cause as Error).message}`;
  return new EnvironmentError('JournalBroken', text, { retry: false, cause });
}

function seal(records: RecordWriter, group: readonly Waiting[], tip: Tip): SealedFrame {
  const bytes = records.take(FRAME_HEADER_BYTES);
  const count = group.reduce((sum, item) => sum + item.count, 0);
  const { next: first, head: before } = tip;
  return { bytes, first, count, before, head: sealFrame(bytes, { first, count, before }) };
}

/** Group commit over a keeper: encodes while a frame is written, seals what waits into the next. */
export function createJournal(
  keeper: Keeper,
  clock: () => number = () => performance.now(),
): Journal {
  const records = createRecordWriter();
  let { next, head } = keeper.tip;
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let failure: Error | undefined;
  const stats = { frames: 0, bytes: 0, syncMsLast: 0 };

  async function writeGroup(group: readonly Waiting[]): Promise<void> {
    const frame = seal(records, group, { next, head });
    const started = clock();
    try {
      await keeper.write(frame);
    } catch (error) {
      const known = error instanceof EnvironmentError ? error : broken(error);
      if (!known.retry) failure = known;
      for (const item of group) item.failed(known);
      return;
    }
    stats.syncMsLast = clock() - started;
    stats.frames += 1;
    stats.bytes += frame.bytes.length;
    next += frame.count;
    head = frame.head;
    let { first } = frame;
    for (const item of group) {
      item.done({ first, frames: stats.frames });
      first += item.count;
    }
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      if (failure === undefined) await writeGroup(group);
      else {
        records.take(0);
        for (const item of group) item.failed(failure);
      }
    }
    writing = undefined;
  }

  return {
    next: () => next,
    head: () => Buffer.from(head).toString('hex'),
    async append(commands) {
      if (commands.length === 0) return { first: next, frames: stats.frames };
      records.add(commands);
      return new Promise((done, failed) => {
        waiting.push({ count: commands.length, done, failed });
        writing ??= drain();
      });
    },
    replay: keeper.replay,
    saveSnapshot: keeper.saveSnapshot,
    loadSnapshot: keeper.loadSnapshot,
    stats: () => ({ ...stats, commands: next }),
    lines: keeper.lines,
    async close() {
      await writing;
      await keeper.close();
    },
  };
}
