/**
 * A disk in memory that outlives the process: what was not synced is kept, lost or torn when the
 * process ends, and it can be full or slow.
 */
import type { Disk } from '@holdfast/node';
import type { StoreFiles } from '@holdfast/settle/sim';
import type { Random } from '@holdfast/trader';
import type { Owner, Time } from './time.ts';

interface Write {
  readonly at: number;
  readonly bytes: Uint8Array;
}

interface Stored {
  /** What stands after a crash, come what may. */
  durable: Uint8Array;
  /** What a reader sees. */
  seen: Uint8Array;
  /** Since the last sync. */
  pending: Write[];
}

export interface DiskHabits {
  /** Milliseconds. */
  writeMs: number;
  syncMs: number;
  /** Share of writes that find the disk full. */
  fullShare: number;
  /** A disk whose sync does nothing: the mutant of a journal that does not wait for it. */
  lies: boolean;
}

function put(bytes: Uint8Array, { at, bytes: more }: Write): Uint8Array {
  const out = new Uint8Array(Math.max(bytes.length, at + more.length));
  out.set(bytes);
  out.set(more, at);
  return out;
}

const full = (): Error => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
const empty = (): Stored => ({ durable: new Uint8Array(), seen: new Uint8Array(), pending: [] });

export class SimDisk {
  readonly files = new Map<string, Stored>();
  readonly habits: DiskHabits = { writeMs: 0.2, syncMs: 2, fullShare: 0, lies: false };
  torn = 0;
  readonly #time: Time;
  readonly #random: Random;

  constructor(time: Time, random: Random) {
    [this.#time, this.#random] = [time, random];
  }

  /** The process has ended: of each unsynced write all, a part or nothing has arrived. */
  crash(): void {
    const random = this.#random;
    for (const file of this.files.values()) {
      let bytes = file.durable;
      for (const write of file.pending) {
        const dice = random.next();
        if (dice < 0.35) continue;
        const kept = dice < 0.65 ? random.below(write.bytes.length + 1) : write.bytes.length;
        if (kept < write.bytes.length) this.torn += 1;
        bytes = put(bytes, { at: write.at, bytes: write.bytes.subarray(0, kept) });
      }
      [file.durable, file.seen, file.pending] = [bytes, bytes, []];
    }
  }

  #file(path: string): Stored {
    const found = this.files.get(path) ?? empty();
    this.files.set(path, found);
    return found;
  }

  async #write(owner: Owner, path: string, at: number, bytes: Uint8Array): Promise<void> {
    const { habits } = this;
    const isFull = this.#random.chance(habits.fullShare);
    const part = isFull ? bytes.subarray(0, this.#random.below(bytes.length)) : bytes;
    const file = this.#file(path);
    const write = { at, bytes: new Uint8Array(part) };
    file.pending.push(write);
    file.seen = put(file.seen, write);
    await this.#time.sleep(this.#time.about(habits.writeMs), owner);
    if (isFull) throw full();
  }

  async #sync(owner: Owner, path: string): Promise<void> {
    const file = this.#file(path);
    await this.#time.sleep(this.#time.about(this.habits.syncMs), owner);
    if (this.habits.lies) return;
    [file.durable, file.pending] = [file.seen, []];
  }

  async #cut(owner: Owner, path: string, size: number): Promise<void> {
    const file = this.#file(path);
    await this.#time.sleep(this.#time.about(this.habits.writeMs), owner);
    const bytes = new Uint8Array(size);
    bytes.set(file.seen.subarray(0, size));
    // Metadata goes through the file system's own journal: all or nothing, and in order.
    [file.seen, file.durable] = [bytes, bytes];
    file.pending = [];
  }

  async #replace(owner: Owner, path: string, bytes: Uint8Array): Promise<void> {
    await this.#time.sleep(this.#time.about(this.habits.syncMs), owner);
    if (this.#random.chance(this.habits.fullShare)) throw full();
    const whole = new Uint8Array(bytes);
    this.files.set(path, { durable: whole, seen: whole, pending: [] });
    await this.#time.sleep(this.#time.about(this.habits.syncMs), owner);
  }

  /** As the journal of a node uses it. */
  journal(owner: Owner): Disk {
    const nameOf = (file: unknown): string => (file as { path: string }).path;
    const names = (dir: string): string[] =>
      [...this.files.keys()]
        .filter((path) => path.startsWith(`${dir}/`))
        .map((path) => path.slice(dir.length + 1))
        .sort();
    const handle = (path: string) => ({ path, close: async () => undefined });
    return {
      list: async (dir) => names(dir),
      read: async (path) => new Uint8Array(this.#file(path).seen),
      open: async (path) => {
        this.#file(path);
        await this.#time.sleep(this.#time.about(this.habits.writeMs), owner);
        return handle(path) as never;
      },
      write: (file, bytes, position) => this.#write(owner, nameOf(file), position, bytes),
      sync: (file) => this.#sync(owner, nameOf(file)),
      grow: async (file, from, to) => {
        await this.#write(owner, nameOf(file), from, new Uint8Array(to - from));
        await this.#sync(owner, nameOf(file));
      },
      truncate: (file, size) => this.#cut(owner, nameOf(file), size),
      replace: (dir, name, bytes) => this.#replace(owner, `${dir}/${name}`, bytes),
      remove: async (path) => void this.files.delete(path),
      size: async (path) => this.files.get(path)?.seen.length,
      move: async (dir, name, to) => {
        const file = this.#file(`${dir}/${name}`);
        this.files.set(`${to}/${name}`, file);
        this.files.delete(`${dir}/${name}`);
      },
    };
  }

  /** As the store of settlement uses it. */
  store(owner: Owner): StoreFiles {
    return {
      read: async (path) => Buffer.from(this.#file(path).seen).toString(),
      open: async (path, bytes) => {
        await this.#cut(owner, path, bytes);
        return {
          append: async (text) => {
            const end = this.#file(path).seen.length;
            await this.#write(owner, path, end, Buffer.from(text));
            await this.#sync(owner, path);
          },
          close: async () => undefined,
        };
      },
      replace: (path, text) => this.#replace(owner, path, Buffer.from(text)),
    };
  }
}
