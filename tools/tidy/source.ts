import { impureFolders, pureModules } from '../modules.ts';
import { mask } from './mask.ts';

/** A committed file as the rules see it. */
export type Source = {
  /** Path from the root, with forward slashes. */
  path: string;
  text: string;
  lines: readonly string[];
  /** Code without comments and string contents; for other files the text itself. */
  code: string;
  /** Code with strings but without comments. */
  uncommented: string;
};

/** One breach: where and why. Lines count from 1; 0 is the whole file. */
export type Finding = { rule: string; path: string; line: number; message: string };

/** One rule of style. It sees all files at once, so that it can compare them. */
export type Rule = {
  name: string;
  check(sources: readonly Source[]): Iterable<Omit<Finding, 'rule'>>;
};

export function source(path: string, text: string): Source {
  const language = isSolidity(path) ? 'solidity' : 'typescript';
  const masked =
    isCode(path) || isSolidity(path) ? mask(text, language) : { code: text, uncommented: text };
  return { path, text, lines: text.split('\n'), ...masked };
}

export function isCode(path: string): boolean {
  return /\.(?:ts|mjs|js|cjs)$/.test(path);
}

export function isSolidity(path: string): boolean {
  return path.endsWith('.sol');
}

/** Tests may hold fixed keys, paths and long vectors. */
export function isTest(path: string): boolean {
  return /(?:^|\/)tests?\//.test(path);
}

export function isGenerated(path: string): boolean {
  return path.includes('/generated/') || path === 'package-lock.json';
}

/** Package of a path and its folder in it: `packages/core/src/book.ts` is core, src. */
export function placeOf(path: string): { module: string; folder: string } | undefined {
  const match = /^packages\/([^/]+)\/([^/]+)/.exec(path);
  return match ? { module: match[1]!, folder: match[2]! } : undefined;
}

/** True for the sources, not the tests, of a pure package. */
export function isPureSource(path: string): boolean {
  const place = placeOf(path);
  if (impureFolders.some((folder) => path.startsWith(folder))) return false;
  return place?.folder === 'src' && pureModules.includes(place.module) && isCode(path);
}

/** A rule that looks for a pattern, line by line, in one view of each chosen file. */
export function patternRule(
  name: string,
  view: 'text' | 'code' | 'uncommented',
  chosen: (path: string) => boolean,
  patterns: readonly (readonly [RegExp, string])[],
): Rule {
  return {
    name,
    *check(sources) {
      for (const file of sources.filter(({ path }) => chosen(path))) {
        const lines = file[view].split('\n');
        for (const [at, line] of lines.entries()) {
          for (const [pattern, message] of patterns) {
            if (pattern.test(line)) yield { path: file.path, line: at + 1, message };
          }
        }
      }
    },
  };
}
