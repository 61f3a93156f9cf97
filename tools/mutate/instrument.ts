/**
 * A copy of the workspace in which every mutant of a package is built in and asleep: the value of
 * `globalThis.__stryker__.activeMutant` wakes one. So nothing is compiled per mutant.
 */
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { invariant } from '@holdfast/units';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { filesIn } from '../files.ts';
import { root } from '../sources.mjs';

/** One change of the sources. */
export type Mutant = {
  readonly id: string;
  /** From the root. */
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  readonly original: string;
  readonly replacement: string;
  /** Names it as long as its own line and what it does to it stay. */
  readonly key: string;
};

/** A mutant of a package, with its file as it would stand. */
export type PackageMutant = Mutant & { readonly text: string };

const silent = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  fatal: () => {},
};

type Found = {
  id: string;
  mutatorName: string;
  replacement: string;
  location: { start: { line: number; column: number }; end: { line: number; column: number } };
};

/** The text that a mutant replaces. */
function textAt(lines: readonly string[], { start, end }: Found['location']): string {
  const part = lines.slice(start.line, end.line + 1);
  const last = part.length - 1;
  part[last] = (part[last] ?? '').slice(0, end.column);
  part[0] = (part[0] ?? '').slice(start.column);
  return part.join('\n');
}

/** A mutant in the place of an expression: it may bind weaker, and a fixed condition is no type. */
function inPlace(kind: string, replacement: string): string {
  if (/^(?:true|false)$/.test(replacement)) return `(${replacement} as boolean)`;
  return kind.endsWith('Operator') ? `(${replacement})` : replacement;
}

/** The file with a mutant in the place of its original. */
function mutated(lines: readonly string[], { mutatorName, replacement, location }: Found): string {
  const { start, end } = location;
  const before = [...lines.slice(0, start.line), (lines[start.line] ?? '').slice(0, start.column)];
  const after = [(lines[end.line] ?? '').slice(end.column), ...lines.slice(end.line + 1)];
  return before.join('\n') + inPlace(mutatorName, replacement) + after.join('\n');
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What people read is no rule: messages are not mutated, codes and names are. */
function isProse(kind: string, original: string): boolean {
  return kind === 'StringLiteral' && (original.startsWith('`') || /\s/.test(original));
}

/** Counting what is reached costs most of the time; it ends when `isMeasured` is set. */
function withQuietCover(text: string): string {
  const start = 'function cover() {';
  invariant(
    !text.includes('stryCov_9fa48(') || text.includes(start),
    'the instrumenter writes another header',
  );
  return text.replace(start, `${start} if (ns.isMeasured) return;`);
}

async function mutantsOf(file: string, first: number) {
  const content = readFileSync(join(root, file), 'utf8');
  const lines = content.split('\n');
  const options = { plugins: null, excludedMutations: [], ignorers: [] };
  const made = await new Instrumenter(silent).instrument(
    [{ name: file, mutate: true, content }],
    options,
  );
  const [out] = made.files;
  // Ids count from zero in each file; they have to be one series.
  const text = withQuietCover(out?.content ?? '').replace(
    /(stryMutAct_9fa48|stryCov_9fa48)\(("\d+"(?:, "\d+")*)\)/g,
    (_, name: string, ids: string) =>
      `${name}(${ids.replace(/\d+/g, (id) => String(Number(id) + first))})`,
  );
  const seen = new Map<string, number>();
  const mutants = (made.mutants as readonly Found[]).map((found): PackageMutant => {
    const { mutatorName: kind, replacement, location } = found;
    const original = textAt(lines, location);
    const own = (lines[location.start.line] ?? '').trim();
    const named = hash([file, own, kind, original, replacement].join('\0')).slice(0, 12);
    const again = seen.get(named) ?? 0;
    seen.set(named, again + 1);
    const id = String(Number(found.id) + first);
    const line = location.start.line + 1;
    const key = again === 0 ? named : `${named}.${again}`;
    return { id, file, line, kind, original, replacement, key, text: mutated(lines, found) };
  });
  return { text, mutants };
}

/** A workspace of its own: modules by link, packages by copy, the rest by link. */
export function copyWorkspace(): string {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-mutate-'));
  const skip = new Set(['node_modules', 'packages', '.git']);
  for (const name of readdirSync(root)) {
    if (!skip.has(name)) symlinkSync(join(root, name), join(home, name));
  }
  cpSync(join(root, 'packages'), join(home, 'packages'), {
    recursive: true,
    filter: (path) => basename(path) !== 'node_modules',
  });
  mkdirSync(join(home, 'node_modules/@holdfast'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    const from = join(root, 'node_modules', name);
    const to = join(home, 'node_modules', name);
    if (!existsSync(to)) symlinkSync(from, to);
  }
  for (const name of readdirSync(join(home, 'packages'))) {
    symlinkSync(join(home, 'packages', name), join(home, 'node_modules/@holdfast', name));
  }
  return home;
}

/** Generated sources are held to what their generator writes, to the letter (`docs --check`). */
const isGenerated = (file: string): boolean => file.includes('/src/generated/');

/** The copy with all mutants of the packages, and what they are; only prose is left out. */
export async function instrument(
  packages: readonly string[],
): Promise<{ home: string; mutants: PackageMutant[] }> {
  const home = copyWorkspace();
  const all: PackageMutant[] = [];
  let next = 0;
  for (const name of packages) {
    for (const file of filesIn(`packages/${name}/src`, '.ts')) {
      if (isGenerated(file)) continue;
      const { text, mutants } = await mutantsOf(file, next);
      writeFileSync(join(home, file), text);
      next += mutants.length;
      all.push(...mutants.filter(({ kind, original }) => !isProse(kind, original)));
    }
  }
  return { home, mutants: all };
}
