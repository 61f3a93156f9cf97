/**
 * The settler's own durable memory: sealed batches, blocks that moved the core, reorganisations.
 * Each record is on disk before the core is told, so that a restart can tell what the core has
 * taken and what it has not. JSON lines; a torn last line is cut off.
 */
import { mkdirSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SignedOrder } from '@holdfast/order';
import {
  EnvironmentError,
  fromHex,
  type Hex,
  parseExact,
  stringifyExact,
  toHex,
} from '@holdfast/units';
import type { BlockEntry, Version } from './books.ts';
import type { Draft } from './effects.ts';
import type { FillTerms } from './fills.ts';

/** A block entry without its in-memory undo. */
export type StoredEntry = Omit<BlockEntry, 'undos'>;

/** What may be written. `drafts` are what the core was about to be told. */
export type StoreRecord =
  | { readonly kind: 'origin'; readonly chainId: number; readonly clearingHouse: string }
  | { readonly kind: 'version'; readonly version: Version }
  | { readonly kind: 'block'; readonly entry: StoredEntry; readonly drafts: readonly Draft[] }
  | { readonly kind: 'rollback'; readonly height: number; readonly drafts: readonly Draft[] }
  | {
      readonly kind: 'refused';
      readonly fillIds: readonly number[];
      readonly drafts: readonly Draft[];
    }
  | { readonly kind: 'cursor'; readonly number: number; readonly hash: Hex };

export type SettleStore = {
  /** Everything that was there when the store was opened, oldest first. */
  readonly records: readonly StoreRecord[];
  /** Durable when the promise resolves. @throws EnvironmentError StoreFailed */
  append(record: StoreRecord): Promise<void>;
  /** Replaces everything. @throws EnvironmentError StoreFailed */
  rewrite(records: readonly StoreRecord[]): Promise<void>;
  /** Bytes on disk. */
  size(): number;
  close(): Promise<void>;
};

type StoredOrder = Omit<SignedOrder, 'signature'> & {
  readonly signature: string | { readonly contract: string };
};

function storeOrder(order: SignedOrder): StoredOrder {
  const { signature } = order;
  const text =
    signature instanceof Uint8Array ? toHex(signature) : { contract: toHex(signature.bytes) };
  return { ...order, signature: text };
}

function readOrder(order: StoredOrder): SignedOrder {
  const { signature } = order;
  if (typeof signature === 'string') return { ...order, signature: fromHex(signature) };
  return { ...order, signature: { contract: true, bytes: fromHex(signature.contract) } };
}

function storeFill(fill: FillTerms): unknown {
  const { id, market, price, lots } = fill;
  return { id, market, price, lots, maker: storeOrder(fill.maker), taker: storeOrder(fill.taker) };
}

/** A record as one line of text. */
export function encodeRecord(record: StoreRecord): string {
  if (record.kind !== 'version') return stringifyExact(record);
  const fills = record.version.fills.map(storeFill);
  return stringifyExact({ kind: 'version', version: { ...record.version, fills } });
}

/** The record of a line. @throws SyntaxError if the line is torn */
export function decodeRecord(line: string): StoreRecord {
  const record = parseExact(line) as StoreRecord;
  if (record.kind !== 'version') return record;
  const fills = record.version.fills.map((fill) => ({
    ...fill,
    maker: readOrder(fill.maker as unknown as StoredOrder),
    taker: readOrder(fill.taker as unknown as StoredOrder),
  }));
  return { kind: 'version', version: { ...record.version, fills } };
}

/** Reads lines until the first torn one. */
function parseLines(text: string): { records: StoreRecord[]; bytes: number } {
  const records: StoreRecord[] = [];
  let at = 0;
  for (let end = text.indexOf('\n', at); end >= 0; end = text.indexOf('\n', at)) {
    try {
      records.push(decodeRecord(text.slice(at, end)));
    } catch {
      break;
    }
    at = end + 1;
  }
  // Only the very last line can be torn by a crash; lines after an unreadable one mean damage.
  const next = text.indexOf('\n', at);
  if (next >= 0 && next !== text.length - 1) {
    throw new EnvironmentError(
      'StoreDamaged',
      'the settlement store is damaged before its end; restore it from a copy',
    );
  }
  return { records, bytes: Buffer.byteLength(text.slice(0, at)) };
}

/** The few file operations that the store needs; a simulation replaces them to break the disk. */
export type StoreFiles = {
  /** Text of a file, '' if there is none. */
  read(path: string): Promise<string>;
  /** Opens or creates a file and cuts it to its first `bytes`. */
  open(path: string, bytes: number): Promise<StoreFile>;
  /** Replaces a file, whole or not at all. */
  replace(path: string, text: string): Promise<void>;
};

export type StoreFile = {
  /** Durable when it resolves. */
  append(text: string): Promise<void>;
  close(): Promise<void>;
};

/** The files of this machine. */
export const localFiles: StoreFiles = {
  async read(path) {
    mkdirSync(dirname(path), { recursive: true });
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  },
  async open(path, bytes) {
    const file = await open(path, 'a', 0o600);
    await file.truncate(bytes);
    return {
      async append(text) {
        await file.appendFile(text);
        await file.datasync();
      },
      close: () => file.close(),
    };
  },
  async replace(path, text) {
    const next = `${path}.next`;
    const fresh = await open(next, 'w', 0o600);
    await fresh.writeFile(text);
    await fresh.sync();
    await fresh.close();
    await rename(next, path);
  },
};

function failed(path: string, cause: unknown): EnvironmentError {
  const message = `cannot write the settlement store ${path}: ${(cause as Error).message}`;
  return new EnvironmentError('StoreFailed', message, { cause });
}

/** Opens or creates the store. @throws EnvironmentError StoreDamaged, StoreFailed */
export async function openStore(path: string, files = localFiles): Promise<SettleStore> {
  const { records, bytes } = parseLines(await files.read(path));
  let file = await files.open(path, bytes);
  let size = bytes;
  return {
    records,
    async append(record) {
      const line = `${encodeRecord(record)}\n`;
      try {
        await file.append(line);
      } catch (cause) {
        throw failed(path, cause);
      }
      size += Buffer.byteLength(line);
    },
    async rewrite(all) {
      const text = all.map((record) => `${encodeRecord(record)}\n`).join('');
      try {
        await files.replace(path, text);
        await file.close();
        size = Buffer.byteLength(text);
        file = await files.open(path, size);
      } catch (cause) {
        throw failed(path, cause);
      }
    },
    size: () => size,
    close: () => file.close(),
  };
}

/** The store over a log of lines that somebody else keeps, durable and in order. */
export function storeOver(log: {
  readonly old: readonly string[];
  append(line: string): Promise<void>;
  rewrite(lines: readonly string[]): Promise<void>;
  size(): number;
  close(): Promise<void>;
}): SettleStore {
  return {
    records: log.old.map(decodeRecord),
    append: (record) => log.append(encodeRecord(record)),
    rewrite: (records) => log.rewrite(records.map(encodeRecord)),
    size: log.size,
    close: log.close,
  };
}

/** A store that forgets with the process: for tests and throw-away venues. */
export function memoryStore(initial: readonly StoreRecord[] = []): SettleStore & {
  readonly all: () => StoreRecord[];
} {
  let lines = initial.map(encodeRecord);
  return {
    records: initial,
    append: async (record) => {
      lines.push(encodeRecord(record));
    },
    rewrite: async (all) => {
      lines = all.map(encodeRecord);
    },
    size: () => lines.reduce((sum, line) => sum + line.length, 0),
    close: async () => {},
    all: () => lines.map(decodeRecord),
  };
}
