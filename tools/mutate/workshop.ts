/** A forge project with the contracts of a group, every mutant of them built in. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { findSource } from '../find-source.mjs';
import { root } from '../sources.mjs';
import { type Group, shapes } from './groups.ts';
import { type AsleepMutant, edited, instrumentSource } from './schemata.ts';
import { type Node, walk } from './solidity.ts';

const contracts = join(root, 'contracts');
const importPattern = /^\s*import\s+(?:[^'";]*?\bfrom\s+)?["']([^"']+)["']/gm;
const guard = '@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol';

/** What a source imports, as the compiler is given it. */
function* importsOf(path: string, text: string): Generator<string> {
  for (const [, name = ''] of text.matchAll(importPattern)) {
    yield name.startsWith('.') ? posix.join(posix.dirname(path), name) : name;
  }
}

/** A source and all that it imports, of those that are given. */
function imported(sources: ReadonlyMap<string, string>, path: string): Set<string> {
  const found = new Set<string>();
  const visit = (each: string): void => {
    const text = sources.get(each);
    if (text === undefined || found.has(each)) return;
    found.add(each);
    for (const next of importsOf(each, text)) visit(next);
  };
  visit(path);
  return found;
}

/** Texts of sources and of all that they import below contracts/, and of the guard, by path. */
function collect(paths: readonly string[]): Map<string, string> {
  const sources = new Map<string, string>();
  const visit = (path: string): void => {
    if (sources.has(path) || (path.startsWith('@') && path !== guard)) return;
    const home = path.startsWith('@') ? join(root, 'node_modules') : contracts;
    let text = readFileSync(join(home, path), 'utf8');
    if (path === guard) text = text.replaceAll('"./', '"@openzeppelin/contracts/utils/');
    for (const { file, from, to } of shapes) {
      if (file !== path) continue;
      if (text.split(from).length !== 2) throw new Error(`mutate: ${path} is not as "${from}"`);
      text = text.replace(from, () => to);
    }
    sources.set(path, text);
    for (const next of importsOf(path, text)) visit(next);
  };
  for (const path of paths) visit(path);
  return sources;
}

const solc = (): { compile(input: string, how: object): string; version(): string } =>
  createRequire(import.meta.url)('solc');

/** Syntax trees by path. */
function parse(sources: ReadonlyMap<string, string>): Map<string, Node> {
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries([...sources].map(([path, content]) => [path, { content }])),
    settings: { outputSelection: { '*': { '': ['ast'] } } },
  };
  const find = (path: string) => findSource(path, [contracts, join(root, 'node_modules')]);
  const output = JSON.parse(solc().compile(JSON.stringify(input), { import: find })) as {
    errors?: { severity: string; formattedMessage: string }[];
    sources: Record<string, { ast: Node }>;
  };
  const error = output.errors?.find(({ severity }) => severity === 'error');
  if (error !== undefined) throw new Error(error.formattedMessage);
  return new Map(Object.entries(output.sources).map(([path, { ast }]) => [path, ast]));
}

/** Uses scratch space alone: code here asserts what stands at the end of memory. */
const reach = `// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;
library Probe {
    function reach(uint256 body) internal view {
        uint256 log = uint32(bytes4(keccak256("log(uint256)")));
        assembly ("memory-safe") {
            mstore(0, log)
            mstore(32, body)
            pop(staticcall(gas(), 0x636f6e736f6c652e6c6f67, 28, 36, 0, 0))
        }
    }
}
`;

/**
 * Sources of a group with its mutants in them, by path.
 *
 * @param mutated paths below contracts/ of what is changed
 */
export function instrumented(sources: ReadonlyMap<string, string>, mutated: readonly string[]) {
  const trees = parse(sources);
  const modifiers = new Set<number>();
  for (const path of sources.keys()) {
    for (const node of walk(trees.get(path) as Node)) {
      if (node.nodeType === 'ModifierDefinition') modifiers.add(node.id as number);
    }
  }
  const numbers = { mutant: 1, body: 0, uses: new Map<number, number[]>() };
  const mutants: AsleepMutant[] = [];
  const texts = new Map([['src/Probe.sol', reach]]);
  const last = [...sources.keys()].filter((path) => !mutated.includes(path));
  const written = [...mutated, ...last].map((path) => {
    const source = sources.get(path) ?? '';
    const tree = trees.get(path) as Node;
    const isMutated = mutated.includes(path);
    const own = instrumentSource(`contracts/${path}`, source, tree, numbers, modifiers, isMutated);
    mutants.push(...own.mutants);
    return { path, source, edits: own.edits };
  });
  for (const { path, source, edits } of written) {
    const text = edited(source, edits);
    const known = text.includes('Probe.reach') ? ' import {Probe} from "src/Probe.sol";' : '';
    texts.set(
      path,
      text.replace(/pragma solidity [^;]*;/, (found) => `${found}${known}`),
    );
  }
  for (const [path, text] of texts) {
    // What is pure now reads the block; what forge answers stays as it is declared.
    const viewed = path === 'test/Vm.sol' ? text : text.replace(/\bpure\b/g, 'view');
    texts.set(path, viewed.replaceAll(`"${guard}"`, '"src/Guard.sol"'));
  }
  return { texts, mutants };
}

const settings = `[profile.default]
src = 'src'
test = 'test'
libs = ['lib']
auto_detect_remappings = false
remappings = ['@openzeppelin/=lib/@openzeppelin/']
allow_paths = ['../../../..']
solc = './solc.sh'
offline = true
fs_permissions = [{ access = 'read', path = './out' }]
optimizer = false
evm_version = 'prague'
bytecode_hash = 'none'
cbor_metadata = false
ignored_error_codes = ['license', 'code-size', 'init-code-size', 'transient-storage']
[lint]
lint_on_build = false
[profile.default.fuzz]
seed = '0x486f6c6466617374'
show_logs = true
`;

/** Starting the compiler to hear its version would take longer than most runs of tests. */
function compilerScript(): string {
  const lines = `solc, the solidity compiler commandline interface\nVersion: ${solc().version()}`;
  const run = `exec "${process.execPath}" ../../../../tools/solc.mjs "$@"`;
  return `#!/bin/sh\nif [ "$1" = --version ]; then echo "${lines}"; else ${run}; fi\n`;
}

export type Workshop = {
  readonly home: string;
  readonly mutants: readonly AsleepMutant[];
  /** Where verdicts are kept, of these sources and of others. */
  readonly verdicts: string;
  /** Hash of what a verdict rests on: all sources, or what is mutated and one suite imports. */
  readonly basisOf: (suite?: string) => string;
};

const hashOf = (data: unknown): string =>
  createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);

/** See `Workshop.basisOf`. */
function createBasis(sources: ReadonlyMap<string, string>, group: Group) {
  const found = new Map<string, string>();
  const common = [...group.mutated, ...group.further];
  const compute = (suite?: string): string => {
    const paths = suite === undefined ? [...sources.keys()] : [suite, ...common];
    const texts = [...new Set(paths.flatMap((path) => [...imported(sources, path)]))].sort();
    return hashOf([settings, texts.map((path) => sources.get(path))]);
  };
  return (suite?: string): string => {
    const basis = found.get(suite ?? '') ?? compute(suite);
    found.set(suite ?? '', basis);
    return basis;
  };
}

/** Writes the project of a group; kept by the hash of its sources. */
export function openWorkshop(group: Group): Workshop {
  const sources = collect([...group.tests, ...group.mutated, ...group.further]);
  const { texts, mutants } = instrumented(sources, group.mutated);
  const cache = join(contracts, 'cache/mutate');
  const home = join(cache, `${group.name}-${hashOf([settings, [...texts]])}`);
  const verdicts = join(cache, `${group.name}.jsonl`);
  const workshop = { home, mutants, verdicts, basisOf: createBasis(sources, group) };
  if (existsSync(join(home, 'written'))) return workshop;
  rmSync(home, { recursive: true, force: true });
  for (const [path, text] of texts) {
    const place = join(home, path === guard ? 'src/Guard.sol' : path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
  }
  // A copy: forge does not follow imports out of a project, and compiles again each time.
  const library = '@openzeppelin/contracts';
  cpSync(join(root, 'node_modules', library), join(home, 'lib', library), {
    recursive: true,
    filter: (from) => !from.endsWith('build'),
  });
  for (const name of group.taken ?? []) {
    const artifact = `out/${name}.sol`;
    cpSync(join(contracts, artifact), join(home, artifact), { recursive: true });
  }
  writeFileSync(join(home, 'foundry.toml'), settings);
  writeFileSync(join(home, 'solc.sh'), compilerScript(), { mode: 0o755 });
  writeFileSync(join(home, 'written'), '');
  return workshop;
}
