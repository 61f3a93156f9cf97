#!/usr/bin/env node
/**
 * The Solidity compiler as forge expects it, answered by the `solc` package from npm, so that a
 * machine with Node alone builds the contracts.
 */
import { readFileSync } from 'node:fs';
import solc from 'solc';
import { findSource } from './find-source.mjs';

const args = process.argv.slice(2);
const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);

if (args.includes('--version')) {
  process.stdout.write(
    `solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`,
  );
} else if (args.includes('--standard-json')) {
  const base = option('--base-path') ?? process.cwd();
  const include = args.flatMap((arg, at) => (arg === '--include-path' ? [args[at + 1]] : []));
  process.stdout.write(
    solc.compile(readFileSync(0, 'utf8'), {
      import: (path) => findSource(path, [base, ...include]),
    }),
  );
} else {
  process.stderr.write('solc.mjs: only --version and --standard-json are answered\n');
  process.exitCode = 1;
}
