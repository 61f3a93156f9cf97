/** A node's journal, played through the core from outside: what a node must know after a crash. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  apply,
  type Command,
  type CoreConfig,
  type CoreEvent,
  createState,
  restore,
  type State,
  snapshot,
  stateHash,
} from '@holdfast/core';
import { openJournal } from '@holdfast/node';
import { type Acks, createAcks } from '../../../packages/node/src/acks.ts';

export type Played = {
  readonly state: State;
  readonly hash: string;
  /** Commands played. */
  readonly commands: number;
  readonly acks: Acks;
};

export type PlayOptions = {
  /** Play only so many commands. */
  readonly upTo?: number;
  /** Pack the state into a snapshot after so many commands and go on from its copy. */
  readonly repackAt?: number;
  readonly visit?: (command: Command, events: readonly CoreEvent[]) => void;
};

/** Copies a journal as it is on disk, so that its node may be alive or dead. */
export function copyJournal(dir: string): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-journal-'));
  cpSync(dir, path, { recursive: true, filter: (from) => !from.endsWith('.bin') });
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Plays a copied journal from its first command. */
export async function play(
  path: string,
  config: CoreConfig,
  options: PlayOptions = {},
): Promise<Played> {
  const { upTo = Number.POSITIVE_INFINITY, repackAt, visit } = options;
  const journal = await openJournal({ dir: path });
  let state = createState(config);
  const acks = createAcks();
  let commands = 0;
  await journal.replay(0, (value) => {
    if (commands >= upTo) return;
    if (commands === repackAt) state = restore(snapshot(state));
    const command = value as Command;
    const { events } = apply(state, command);
    acks.take(command, events);
    visit?.(command, events);
    commands += 1;
  });
  await journal.close();
  return { state, hash: stateHash(state), commands, acks };
}
