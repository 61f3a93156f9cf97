/** The solvers that the prover asks: how each is found and called. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from '../sources.mjs';

/** A solver as a command; its arguments hold `{file}`, `{seconds}` and `{ms}`. */
export type Solver = {
  name: 'z3' | 'cvc5';
  version: string;
  command: string;
  args: readonly string[];
};

/** Solvers found, and for each that is missing the sentence that says how to get it. */
export type Found = { solvers: Solver[]; missing: string[] };

/** Settings under which z3 finds invariants; they change nothing for other queries. */
const z3Options = [
  'rewriter.pull_cheap_ite=true',
  'fp.spacer.q3.use_qgen=true',
  'fp.spacer.mbqi=false',
  'fp.spacer.ground_pobs=false',
] as const;

const z3Wasm = join(root, 'tools/prove/z3-wasm.mjs');

/** How to get the solver that npm does not have. */
export const cvc5Hint =
  'cvc5, the second solver, is missing: install it (Debian, Ubuntu: `apt-get install cvc5`) ' +
  'or put the cvc5 binary of a release from github.com/cvc5/cvc5 on the PATH';

/**
 * The solvers of this machine: a native z3 and cvc5 where the path has them, else z3 from npm.
 *
 * @param path Folders to search, as the environment variable writes them.
 */
export function findSolvers(path = process.env.PATH ?? ''): Found {
  const solvers: Solver[] = [];
  const missing: string[] = [];
  const z3 = executable('z3', path);
  const command = z3 ?? process.execPath;
  const before = z3 ? [] : [z3Wasm];
  const version = versionOf(command, [...before, '--version']);
  if (version === undefined) missing.push('z3 is missing: run `npm ci` to install z3-solver');
  else {
    solvers.push({
      name: 'z3',
      version: z3 ? version : `${version} wasm`,
      command,
      // The limit of the process holds for both; a native z3 ends by itself a little earlier.
      args: z3
        ? ['-smt2', '-T:{seconds}', ...z3Options, '{file}']
        : [...before, '{file}', ...z3Options],
    });
  }
  const cvc5 = executable('cvc5', path);
  const found = cvc5 && versionOf(cvc5, ['--version']);
  if (!cvc5 || found === undefined) missing.push(cvc5Hint);
  else {
    solvers.push({
      name: 'cvc5',
      version: found!,
      command: cvc5,
      args: ['--lang=smt2', '--produce-models', '--tlimit={ms}', '{file}'],
    });
  }
  return { solvers, missing };
}

function executable(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function versionOf(command: string, args: string[]): string | undefined {
  try {
    const options = { encoding: 'utf8', timeout: 30_000, stdio: ['ignore', 'pipe', 'ignore'] };
    const text = String(execFileSync(command, args, options as { encoding: 'utf8' }));
    return /version (\d+(?:\.\d+)+)/i.exec(text)?.[1];
  } catch {
    return undefined;
  }
}
