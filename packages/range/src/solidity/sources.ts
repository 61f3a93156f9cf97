/** Texts of the venue's contracts, with the edits of an ablation in them. */
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { root } from '@holdfast/host/programs';
import { EnvironmentError } from '@holdfast/units';

/** A text that occurs exactly once in a source below contracts/, and what it becomes. */
export interface Edit {
  /** Path below contracts/, such as `src/Vault.sol`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const importPattern = /^\s*import\s+(?:[^'";]*?\bfrom\s+)?["']([^"']+)["']/gm;

function read(path: string): string {
  const home = path.startsWith('@') ? join(root, 'node_modules') : join(root, 'contracts');
  const file = join(home, path);
  if (!existsSync(file)) throw new EnvironmentError('SourceMissing', `there is no ${file}`);
  return readFileSync(file, 'utf8');
}

/**
 * Sources with their edits, by path.
 *
 * @throws EnvironmentError EditLost when a text does not occur exactly once: the source moved on
 */
export function edited(edits: readonly Edit[]): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const { file, from, to } of edits) {
    const text = texts[file] ?? read(file);
    const count = text.split(from).length - 1;
    if (count !== 1) {
      const message = `${file} has this text ${count} times, not once: ${from}`;
      throw new EnvironmentError('EditLost', message, { retry: false });
    }
    texts[file] = text.replace(from, () => to);
  }
  return texts;
}

/** A source and all that it imports, by path; `replaced` stands for what is on disk. */
export function closure(
  path: string,
  replaced: Readonly<Record<string, string>>,
): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (each: string): void => {
    if (found.has(each)) return;
    const text = replaced[each] ?? read(each);
    found.set(each, text);
    for (const [, name = ''] of text.matchAll(importPattern)) {
      visit(name.startsWith('.') ? posix.join(posix.dirname(each), name) : name);
    }
  };
  visit(path);
  return found;
}
