import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { doors, modules } from '../modules.ts';
import { type Finding, isCode, isPureSource, placeOf, type Rule, type Source } from './source.ts';

type Manifest = {
  name?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
};

const keyword = /\b(?:from|import)\b/g;
const specifier = /\s*\(?\s*(['"])([^'"\n]+)\1/y;

/** Every module that a source imports, with its line. */
export function importsOf(file: Source): { name: string; line: number }[] {
  // The word is sought in bare code, so that one inside a string is none.
  return [...file.code.matchAll(keyword)].flatMap((match) => {
    specifier.lastIndex = match.index + match[0].length;
    const name = specifier.exec(file.uncommented)?.[2];
    return name ? [{ name, line: file.code.slice(0, match.index).split('\n').length }] : [];
  });
}

/** Imports between packages follow the table; imports from outside are declared in the manifest. */
export const importRule: Rule = {
  name: 'imports',
  *check(sources) {
    const manifests = new Map(
      sources
        .filter(({ path }) => path.endsWith('package.json'))
        .map((file) => [file.path, JSON.parse(file.text) as Manifest]),
    );
    for (const file of sources.filter(({ path }) => isCode(path) && placeOf(path))) {
      const { module } = placeOf(file.path)!;
      const manifest = manifests.get(`packages/${module}/package.json`) ?? {};
      for (const { name, line } of importsOf(file)) {
        const message = importFault(file.path, name, manifest);
        if (message) yield { path: file.path, line, message };
      }
    }
  },
};

function importFault(path: string, name: string, manifest: Manifest): string | undefined {
  const { module, folder } = placeOf(path)!;
  if (name.startsWith('node:') && isPureSource(path)) return `${name} in a pure module`;
  if (name.startsWith('.')) {
    const target = posix.join(posix.dirname(path), name);
    return target.startsWith(`packages/${module}/`)
      ? undefined
      : `${name} leaves the package: import @holdfast/<package>`;
  }
  // Tests may compare packages that must not import each other, and use the tools at the root.
  if (folder === 'test' || name.startsWith('node:')) return undefined;
  if (builtinModules.includes(name)) return `write node:${name}`;
  if (name.startsWith('@holdfast/')) {
    const inner = name.slice('@holdfast/'.length);
    const other = doors[inner] ?? inner;
    if (other === module || modules[module]?.includes(other)) return undefined;
    return `${module} may not import ${other}`;
  }
  const parts = name.split('/');
  const external = name.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  return external in declared
    ? undefined
    : `${external} is not declared in packages/${module}/package.json`;
}

/** Manifests agree with the table of modules and with the versions at the root. */
export const manifestRule: Rule = {
  name: 'manifest',
  *check(sources) {
    const root = sources.find(({ path }) => path === 'package.json');
    if (!root) return;
    const { dependencies, devDependencies } = JSON.parse(root.text) as Manifest;
    const versions = { ...dependencies, ...devDependencies };
    for (const file of sources) {
      const match = /^packages\/([^/]+)\/package\.json$/.exec(file.path);
      if (match) yield* manifestFaults(file, match[1]!, versions);
    }
  },
};

function* manifestFaults(
  file: Source,
  module: string,
  versions: Record<string, string>,
): Iterable<Omit<Finding, 'rule'>> {
  const fault = (message: string) => ({ path: file.path, line: 0, message });
  const allowed = modules[module];
  if (!allowed) {
    yield fault(`${module} is missing from tools/modules.ts`);
    return;
  }
  const dependencies = (JSON.parse(file.text) as Manifest).dependencies ?? {};
  const internal = Object.keys(dependencies).filter((name) => name.startsWith('@holdfast/'));
  for (const name of internal) {
    if (!allowed.includes(name.slice('@holdfast/'.length))) yield fault(`${name} is not allowed`);
  }
  for (const name of allowed) {
    if (!internal.includes(`@holdfast/${name}`)) yield fault(`@holdfast/${name} is missing`);
  }
  for (const [name, version] of Object.entries(dependencies)) {
    if (name.startsWith('@holdfast/')) continue;
    if (versions[name] !== version) {
      yield fault(`${name} ${version}: the root pins ${versions[name] ?? 'no version'}`);
    }
  }
}
