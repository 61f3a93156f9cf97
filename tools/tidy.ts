/**
 * `npm run tidy [-- path…]`: holds every file of the repository to the rules of
 * tools/tidy/rules.ts. With paths, only findings below them are reported.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMain } from './is-main.mjs';
import { root } from './sources.mjs';
import { rules } from './tidy/rules.ts';
import { type Finding, type Rule, type Source, source } from './tidy/source.ts';

const binary = /\.(?:png|jpg|gif|ico|bin|gz|zst|woff2?)$/;

/** Findings of the rules over the sources, in the order of rules. */
export function tidy(sources: readonly Source[], chosen: readonly Rule[] = rules): Finding[] {
  return chosen.flatMap((rule) =>
    [...rule.check(sources)].map((finding) => ({ rule: rule.name, ...finding })),
  );
}

/** Every text file that is committed or about to be. */
export function repositorySources(folder = root): Source[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const names = execFileSync('git', args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
  return names
    .split('\0')
    .filter((path) => path !== '' && !binary.test(path) && existsSync(join(folder, path)))
    .map((path) => source(path, readFileSync(join(folder, path), 'utf8')));
}

function main(): void {
  const below = process.argv.slice(2);
  const sources = repositorySources();
  const findings = tidy(sources).filter(
    ({ path }) => below.length === 0 || below.some((start) => path.startsWith(start)),
  );
  for (const { rule, path, line, message } of findings) {
    console.log(`${path}:${line} ${rule}: ${message}`);
  }
  console.log(`tidy: ${sources.length} files, ${rules.length} rules, ${findings.length} findings`);
  if (findings.length > 0) process.exitCode = 1;
}

if (isMain(import.meta.url)) main();
