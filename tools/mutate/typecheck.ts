/**
 * Which mutants the compiler refuses. Continuous integration type-checks, so these cannot live and
 * do not count, killed or not. Every mutant is written beside its original as a module of its own
 * and all are checked in one run. What a mutant breaks in other modules is not seen: such a mutant
 * counts. Unused names are no reason to refuse one.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../sources.mjs';
import { copyWorkspace, type PackageMutant } from './instrument.ts';

const config = {
  extends: './tsconfig.json',
  compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, allowUnreachableCode: true },
};

const besides = (file: string, name: string): string => file.replace(/\.ts$/, `.${name}.ts`);

/** The files that the compiler complains of. */
function refused(home: string, files: readonly string[]): Set<string> {
  const project = { ...config, files, include: [] };
  writeFileSync(join(home, 'tsconfig.mutants.json'), JSON.stringify(project));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const args = [compiler, '-p', 'tsconfig.mutants.json', '--pretty', 'false'];
  const run = spawnSync(process.execPath, args, {
    cwd: home,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const found = [...run.stdout.matchAll(/^(\S+?)\(\d+,\d+\): error /gm)].map(([, file]) => file);
  if (run.status !== 0 && found.length === 0) throw new Error(run.stdout + run.stderr);
  return new Set(found as string[]);
}

/**
 * Ids of mutants that do not compile.
 *
 * @throws Error if an original does not compile in its mutants' place
 */
export function invalidAmong(mutants: readonly PackageMutant[]): Set<string> {
  const home = copyWorkspace();
  try {
    const written = new Map<string, string | undefined>();
    for (const file of new Set(mutants.map((mutant) => mutant.file))) {
      const path = besides(file, 'original');
      copyFileSync(join(home, file), join(home, path));
      written.set(path, undefined);
    }
    for (const { id, file, text } of mutants) {
      const path = besides(file, `m${id}`);
      writeFileSync(join(home, path), text);
      written.set(path, id);
    }
    const invalid = new Set<string>();
    for (const path of refused(home, [...written.keys()])) {
      const id = written.get(path);
      if (id === undefined) throw new Error(`${path} does not compile without any mutant`);
      invalid.add(id);
    }
    return invalid;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
