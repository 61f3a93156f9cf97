import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { join } from 'node:path';

/** The few file operations the journal needs; tests replace them to fill or break the disk. */
export type Disk = {
  list(dir: string): Promise<string[]>;
  read(path: string): Promise<Uint8Array>;
  open(path: string): Promise<FileHandle>;
  /** Writes all of `bytes` at `position`, or throws; how much was written is then unknown. */
  write(file: FileHandle, bytes: Uint8Array, position: number): Promise<void>;
  sync(file: FileHandle): Promise<void>;
  /** Fills `from`..`to` with zeros and syncs, so that later writes there change no metadata. */
  grow(file: FileHandle, from: number, to: number): Promise<void>;
  truncate(file: FileHandle, size: number): Promise<void>;
  /** Temp file, fsync, rename, fsync of the folder: the file is whole or absent at any time. */
  replace(dir: string, name: string, bytes: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
  /** Bytes of a file, or undefined if there is none. */
  size(path: string): Promise<number | undefined>;
  /** Moves a file into another folder, of another file system if need be. */
  move(dir: string, name: string, to: string): Promise<void>;
};

async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const left = bytes.byteLength - done;
    const { bytesWritten } = await file.write(bytes, done, left, position + done);
    done += bytesWritten;
  }
}

async function replaceFile(dir: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(dir, `.${name}.new`);
  const file = await open(temporary, 'w', 0o600);
  try {
    await writeAll(file, bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(dir, name));
  await syncFolder(dir);
}

export const localDisk: Disk = {
  async list(dir) {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    return (await readdir(dir)).sort();
  },
  async read(path) {
    return new Uint8Array(await readFile(path));
  },
  async open(path) {
    const flags = 'a+';
    await (await open(path, flags, 0o600)).close();
    const file = await open(path, 'r+');
    await syncFolder(join(path, '..'));
    return file;
  },
  write: writeAll,
  sync: (file) => file.datasync(),
  truncate: (file, size) => file.truncate(size),
  replace: replaceFile,
  async remove(path) {
    await rm(path, { force: true });
  },
  async grow(file, from, to) {
    await writeAll(file, Buffer.alloc(to - from), from);
    await file.datasync();
  },
  async size(path) {
    try {
      return (await stat(path)).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  },
  async move(dir, name, to) {
    await mkdir(to, { recursive: true, mode: 0o700 });
    try {
      await rename(join(dir, name), join(to, name));
      await syncFolder(to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      await replaceFile(to, name, await readFile(join(dir, name)));
      await rm(join(dir, name));
    }
    await syncFolder(dir);
  },
};
