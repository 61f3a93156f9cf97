import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * True if the module of this `import.meta.url` is the program that Node was started with.
 *
 * @param {string} url
 */
export function isMain(url) {
  const started = process.argv[1];
  return started !== undefined && realpathSync(started) === fileURLToPath(url);
}
