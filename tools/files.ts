import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { modules } from './modules.ts';
import { root } from './sources.mjs';

/**
 * Files with the suffix in one folder of every package and of tools/, as paths from the root,
 * sorted; `filters` keeps those of the named packages or with the text in their path.
 */
export function packageFiles(folder: string, suffix: string, filters: readonly string[] = []) {
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}`);
  return [...packages, 'tools']
    .flatMap((home) => filesIn(`${home}/${folder}`, suffix))
    .filter((path) => matches(path, filters))
    .sort();
}

/** Files with the suffix below a folder, as paths from the root; none if it does not exist. */
export function filesIn(folder: string, suffix: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  const names = readdirSync(path, { recursive: true }).map(String);
  return names.filter((name) => name.endsWith(suffix)).map((name) => `${folder}/${name}`);
}

/** A filter that names a package, or `tools`, means all of it; any other is a part of a path. */
export function matches(path: string, filters: readonly string[]): boolean {
  const [top, second] = path.split('/');
  const home = top === 'packages' ? second : top;
  const isHome = (filter: string): boolean => filter === 'tools' || Object.hasOwn(modules, filter);
  return (
    filters.length === 0 ||
    filters.some((filter) => (isHome(filter) ? home === filter : path.includes(filter)))
  );
}
