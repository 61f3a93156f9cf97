import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';

/** A Solidity source by its import path, from the first root that has it, as the compiler asks. */
export function findSource(path, roots) {
  for (const candidate of isAbsolute(path) ? [path] : roots.map((root) => resolve(root, path))) {
    try {
      return { contents: readFileSync(candidate, 'utf8') };
    } catch (error) {
      if (error.code !== 'ENOENT') return { error: `${candidate}: ${error.message}` };
    }
  }
  return { error: `source not found: ${path}` };
}
