import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { EnvironmentError } from '@holdfast/units';

/** Reads the `code` of a Node error, or '' for anything else. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return String(error.code);
}

/** The message of anything thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Makes a folder that only its owner can enter; existing folders are narrowed to that too. */
export function ensurePrivateDir(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
}

/** Syncs a folder so that a rename inside it survives a power cut. Not every system allows it. */
async function syncDir(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EINVAL', 'EACCES'].includes(errorCode(error))) throw error;
  }
}

/**
 * Replaces a file so that a reader, or a crash at any moment, sees the old or the new content and
 * never a part: temporary file beside it, fsync, rename, fsync of the folder.
 *
 * @param mode permission bits of the new file, 0600 unless told
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w', mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } catch (error) {
    await handle.close();
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await handle.close();
  await rename(temporary, path);
  await syncDir(dirname(resolve(path)));
}

/** JSON text with bigints as decimal strings. */
export function toJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, (_key, v) => (typeof v === 'bigint' ? v.toString() : v), indent);
}

/** Atomic write of a JSON file with a final newline. */
export async function writeJsonAtomic(path: string, value: unknown, mode = 0o600): Promise<void> {
  await writeFileAtomic(path, `${toJson(value)}\n`, mode);
}

/**
 * Reads a JSON file.
 *
 * @throws EnvironmentError FileMissing, FileUnreadable or FileMalformed; `what` names the file in
 * the message
 */
export function readJson(path: string, what: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const missing = errorCode(error) === 'ENOENT';
    throw new EnvironmentError(
      missing ? 'FileMissing' : 'FileUnreadable',
      missing ? `${what} ${path} does not exist` : `${what} ${path}: ${errorMessage(error)}`,
      { retry: false, cause: error },
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = `${what} ${path} is not JSON: ${errorMessage(error)}`;
    throw new EnvironmentError('FileMalformed', message, { retry: false, cause: error });
  }
}
