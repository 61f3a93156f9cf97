/**
 * The journal: the input of the exchange, in order. A command is acknowledged only after the frame
 * that holds it is durable; all appends that wait while one frame is written go into the next one
 * (group commit). Where frames are kept is a {@link Keeper}: a local disk or PostgreSQL.
 */
export type Journal = {
  /** Index of the next command, from 0. */
  next(): number;
  /** sha256 chain over all frames, hex. */
  head(): string;
  /**
   * Makes the commands durable, in order and together. Rejects with `EnvironmentError`:
   * `DiskFull` (nothing was kept, later appends may succeed), `JournalBroken` (the keeper failed
   * in a way after which nothing it says can be trusted) or `JournalFenced` (another node has
   * taken over): after the last two the process must stop.
   */
  append(commands: readonly unknown[]): Promise<{ first: number; frames: number }>;
  /** Calls `visit` for every command from `from` on, in order. */
  replay(from: number, visit: (command: unknown, index: number) => void): Promise<void>;
  /** Stores a snapshot of the state after `index` commands and drops older ones but a few. */
  saveSnapshot(index: number, bytes: Uint8Array): Promise<void>;
  /** The newest whole snapshot that the journal reaches. */
  loadSnapshot(): Promise<Snapshot | undefined>;
  stats(): JournalStats;
  /** Text lines kept beside the commands; undefined where files in a folder do that. */
  readonly lines: OpenLines | undefined;
  close(): Promise<void>;
};

export type Snapshot = { readonly index: number; readonly bytes: Uint8Array };

/** `commands` since genesis; `frames` and `bytes` are what this process wrote. */
export type JournalStats = {
  readonly frames: number;
  readonly commands: number;
  readonly bytes: number;
  readonly syncMsLast: number;
};

/** A log of text lines: what the settler and the list of conditional orders remember. */
export type Lines = {
  /** What was there when it was opened, oldest first. */
  readonly old: readonly string[];
  /** Durable when it resolves. */
  append(line: string): Promise<void>;
  /** Replaces all lines, or none. */
  rewrite(lines: readonly string[]): Promise<void>;
  /** Bytes of all lines. */
  size(): number;
  close(): Promise<void>;
};

export type OpenLines = (name: string) => Promise<Lines>;

/** Where the chain of frames ends. */
export type Tip = { readonly next: number; readonly head: Uint8Array };

/** A sealed frame on its way: whole bytes, and where the chain stands after it. */
export type SealedFrame = {
  readonly bytes: Buffer;
  readonly first: number;
  readonly count: number;
  readonly before: Uint8Array;
  readonly head: Uint8Array;
};

/** What a place for frames has to do; frames come one at a time. */
export type Keeper = {
  /** The tip when the keeper was opened. */
  readonly tip: Tip;
  /** Durable when it resolves. @throws EnvironmentError as `Journal.append` */
  write(frame: SealedFrame): Promise<void>;
  replay(from: number, visit: (command: unknown, index: number) => void): Promise<void>;
  saveSnapshot(index: number, bytes: Uint8Array): Promise<void>;
  loadSnapshot(): Promise<Snapshot | undefined>;
  readonly lines: OpenLines | undefined;
  close(): Promise<void>;
};
