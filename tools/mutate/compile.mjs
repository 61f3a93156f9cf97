/**
 * Compiles a contract with some sources replaced, in a process of its own: reads
 * `{ file, name, replaced }` from a line of standard input and answers with a line
 * `{ code, trees, error }`. Without the optimizer: a mutant does the same, and is there sooner.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import solc from 'solc';
import { findSource } from '../find-source.mjs';
import { root } from '../sources.mjs';

const roots = [join(root, 'contracts'), join(root, 'node_modules')];
const known = new Map();

function read(path) {
  const { contents, error } = findSource(path, roots);
  if (contents === undefined) throw new Error(error);
  return contents;
}

function source(path, replaced) {
  if (replaced[path] !== undefined) return replaced[path];
  if (!known.has(path)) known.set(path, read(path));
  return known.get(path);
}

function compile({ file, name, replaced, withTrees }) {
  const outputs = { [file]: { [name]: ['evm.bytecode.object'] } };
  if (withTrees) outputs['*'] = { '': ['ast'] };
  const input = {
    language: 'Solidity',
    sources: { [file]: { content: source(file, replaced) } },
    settings: { evmVersion: 'prague', outputSelection: outputs },
  };
  const output = JSON.parse(
    solc.compile(JSON.stringify(input), {
      import: (path) => ({ contents: source(path, replaced) }),
    }),
  );
  const error = (output.errors ?? []).find(({ severity }) => severity === 'error');
  if (error !== undefined) return { error: error.formattedMessage };
  const trees = Object.entries(output.sources ?? {}).map(([path, { ast }]) => [path, ast]);
  const code = `0x${output.contracts[file][name].evm.bytecode.object}`;
  return { code, ...(withTrees ? { trees } : {}) };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(compile(JSON.parse(line)))}\n`);
}
