/**
 * How a program of this checkout is started. `tools/bundle.mjs` joins the modules of each program
 * into few files, which load in a fraction of the time. They are used as long as they were made
 * from the sources as these are now; otherwise the sources run as they are, through tsx. Plain
 * JavaScript, because it decides before a TypeScript loader is there.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** What `tools/bundle.mjs` makes; its stamp says of which sources. */
export const bundles = join(root, 'dist');

/** Modules that a process or thread begins with, from packages/, without their ending. */
export const programs = [
  'cli/src/index',
  'keeper/src/main',
  'node/src/edge/main',
  'node/src/main',
  'node/src/verify/worker',
  'party/src/main',
  'range/src/main',
  'reporter/src/main',
  'sentinel/src/main',
  'steward/src/main',
  'trader/src/main',
  'treasury/src/main',
  'venue/src/chain/main',
  'venue/src/main',
];

/**
 * Names, sizes and times of all sources and of the installed dependencies, as one hash.
 *
 * @returns {string}
 */
export function sourcesStamp(folder = root) {
  const hash = createHash('sha256');
  const take = (path) => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${relative(folder, path)} ${size} ${mtimeMs}\n`);
  };
  take(join(folder, 'node_modules/.package-lock.json'));
  for (const name of readdirSync(join(folder, 'packages')).sort()) {
    const source = join(folder, 'packages', name, 'src');
    if (!existsSync(source)) continue;
    const files = readdirSync(source, { recursive: true }).map(String).sort();
    for (const file of files) if (/\.(?:ts|mjs|json)$/.test(file)) take(join(source, file));
  }
  return hash.digest('hex');
}

/**
 * True if the bundles belong to the sources as they are.
 *
 * @returns {boolean}
 */
export function bundlesAreFresh(folder = root) {
  const stamp = join(folder, 'dist/.stamp');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sourcesStamp(folder);
}

/**
 * Path of the bundle of a module, or undefined if there is no fresh one.
 *
 * @param {string} path of one of the programs, with its ending
 * @returns {string | undefined}
 */
function bundleOf(path) {
  const name = relative(join(root, 'packages'), path).replace(/\.ts$/, '').replaceAll('\\', '/');
  if (!programs.includes(name) || !bundlesAreFresh()) return undefined;
  return join(bundles, `${name}.mjs`);
}

/**
 * Arguments of Node that start the program whose source is at this path.
 *
 * @param {string} path
 * @returns {string[]}
 */
export function nodeArguments(path) {
  const bundle = bundleOf(path);
  if (bundle !== undefined) return [bundle];
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href, path];
}

/**
 * Imports a program into this thread.
 *
 * @param {string | URL} source its address
 * @returns {Promise<any>} its exports
 */
export async function importProgram(source) {
  const bundle = bundleOf(fileURLToPath(source));
  if (bundle !== undefined) return import(pathToFileURL(bundle).href);
  const { register } = await import('tsx/esm/api');
  register();
  return import(String(source));
}
