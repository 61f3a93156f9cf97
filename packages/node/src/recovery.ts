import type { CoreConfig } from '@holdfast/core';
import {
  apply,
  type Command,
  createState,
  restore,
  type State,
  snapshot,
  stateHash,
} from '@holdfast/core';
import type { Logger } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import { type Acks, createAcks } from './acks.ts';
import { decodeValue, encodeValue } from './journal/codec.ts';
import type { Journal } from './journal/journal.ts';
import { type Reports, rememberReport } from './reports.ts';
import { createTape, type Tape } from './tape.ts';

/** Everything that the journal's commands make: what a node knows when it starts. */
export type Recovered = {
  readonly state: State;
  readonly acks: Acks;
  readonly tape: Tape;
  readonly reports: Reports;
  /** Commands applied after the snapshot. */
  readonly replayed: number;
};

type Saved = {
  readonly hash: Hex;
  readonly core: Uint8Array;
  readonly acks: unknown;
  readonly tape: unknown;
  readonly reports: Reports;
};

/** Stores a snapshot of everything that the first `index` commands made. */
export async function saveRecovered(
  journal: Journal,
  index: number,
  from: Pick<Recovered, 'state' | 'acks' | 'tape' | 'reports'>,
): Promise<void> {
  const saved: Saved = {
    hash: stateHash(from.state),
    core: snapshot(from.state),
    acks: from.acks.export(),
    tape: from.tape.export(),
    reports: from.reports,
  };
  await journal.saveSnapshot(index, Buffer.from(encodeValue(saved)));
}

function fromSnapshot(bytes: Uint8Array, logger: Logger): Omit<Recovered, 'replayed'> | undefined {
  const saved = decodeValue(Buffer.from(bytes).toString()) as Saved;
  const state = restore(saved.core);
  const found = stateHash(state);
  if (found !== saved.hash) {
    logger.warn({ found, required: saved.hash }, 'snapshot hash differs; replaying everything');
    return undefined;
  }
  const { acks, tape, reports } = saved;
  return { state, acks: createAcks(acks), tape: createTape(tape), reports };
}

/**
 * Rebuilds the node's state from the newest good snapshot and the commands after it. The same
 * journal always gives the same state hash, whichever snapshot it started from.
 */
export async function recover(
  journal: Journal,
  config: CoreConfig,
  logger: Logger,
): Promise<Recovered> {
  const stored = await journal.loadSnapshot();
  const base = stored && fromSnapshot(stored.bytes, logger);
  const state = base?.state ?? createState(config);
  const acks = base?.acks ?? createAcks();
  const tape = base?.tape ?? createTape();
  const reports = base?.reports ?? new Map();
  let replayed = 0;
  await journal.replay(base === undefined ? 0 : (stored?.index ?? 0), (value) => {
    const command = value as Command;
    const { events } = apply(state, command);
    acks.take(command, events);
    tape.take(events);
    rememberReport(reports, command, events);
    replayed += 1;
  });
  return { state, acks, tape, reports, replayed };
}
