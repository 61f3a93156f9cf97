/** Circuits compiled once and kept under the hash of what they are made of. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { invariant } from '@holdfast/units';
import type { CircuitName } from '../files.ts';
import { runTool, type Toolbox } from './run.ts';

/** A compiled circuit. */
export type Compiled = {
  readonly name: CircuitName;
  readonly size: number;
  readonly dir: string;
  readonly r1cs: string;
  readonly wasm: string;
  readonly sym: string;
  /** Every constraint as JSON, of an unsimplified circuit only. */
  readonly json: string;
  /** SHA-256 of the constraints: keys belong to it. */
  readonly r1csHash: string;
  readonly constraints: number;
};

const templates: Readonly<Record<CircuitName, (size: number) => string>> = {
  solvency: (size) => `Solvency(${size})`,
  margin: (size) => `Margin(${Math.log2(size)})`,
};

/** SHA-256 of a file, read in one piece. */
export const fileHash = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex');

/** SHA-256 over the sources of all circuits and the versions of what compiles them. */
export function sourcesHash(tools: Toolbox): string {
  const hash = createHash('sha256').update(toolVersions(tools).join(' '));
  for (const name of readdirSync(tools.circuits).sort()) {
    if (!name.endsWith('.circom')) continue;
    hash.update(`\0${name}\0`).update(readFileSync(join(tools.circuits, name)));
  }
  return hash.digest('hex');
}

/** Compiler, library and prover as installed. */
export const toolVersions = ({ root }: Toolbox): string[] =>
  ['circom2', 'circomlib', 'snarkjs'].map((name) => {
    const manifest = readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8');
    return `${name}@${(JSON.parse(manifest) as { version: string }).version}`;
  });

/**
 * How far the compiler goes in joining constraints. 2 is what keys are made of; 0 keeps the circuit
 * as it is written and tells all constraints as JSON, for tests.
 */
export type Simplification = 0 | 2;

/**
 * Compiles a circuit for chunks of `size` places, a power of two, unless it is there already.
 *
 * @throws EnvironmentError `ToolFailed` with what the compiler says
 */
export async function compileCircuit(
  tools: Toolbox,
  name: CircuitName,
  size: number,
  simplification: Simplification = 2,
): Promise<Compiled> {
  invariant(size >= 2 && Number.isInteger(Math.log2(size)), `${size} is no power of two`);
  const sources = sourcesHash(tools).slice(0, 12);
  const dir = join(tools.out, `${name}-${size}-o${simplification}-${sources}`);
  if (!existsSync(dir)) await build(tools, dir, name, size, simplification);
  const facts = JSON.parse(readFileSync(join(dir, 'facts.json'), 'utf8')) as {
    r1csHash: string;
    constraints: number;
  };
  const at = (file: string): string => join(dir, file);
  return {
    name,
    size,
    dir,
    r1cs: at('main.r1cs'),
    wasm: at('main_js/main.wasm'),
    sym: at('main.sym'),
    json: at('main_constraints.json'),
    ...facts,
  };
}

/** Both circuits, or those that are named, one after the other. */
export async function compileCircuits(
  tools: Toolbox,
  options: {
    readonly size: number;
    readonly circuits?: readonly CircuitName[];
    readonly onStep?: (what: string) => void;
  },
): Promise<Compiled[]> {
  const circuits: Compiled[] = [];
  for (const name of options.circuits ?? (['solvency', 'margin'] as const)) {
    options.onStep?.(`compiling ${name} for chunks of ${options.size}`);
    circuits.push(await compileCircuit(tools, name, options.size));
  }
  return circuits;
}

async function build(
  tools: Toolbox,
  dir: string,
  name: CircuitName,
  size: number,
  simplification: Simplification,
): Promise<void> {
  mkdirSync(tools.out, { recursive: true });
  const made = mkdtempSync(join(tools.out, 'new-'));
  try {
    const main = join(made, 'main.circom');
    writeFileSync(main, mainOf(`${name}.circom`, templates[name](size)));
    const libraries = [tools.circuits, join(tools.root, 'node_modules')];
    const from = libraries.flatMap((folder) => ['-l', folder]);
    const shown = simplification === 0 ? ['--json'] : [];
    const wanted = ['--r1cs', '--wasm', '--sym', ...shown, `--O${simplification}`];
    const { text } = await runTool(tools.circom, [...wanted, ...from, '-o', made, main], {
      cwd: tools.root,
    });
    const constraints = [...text.matchAll(/linear constraints: (\d+)/g)];
    invariant(constraints.length === 2, `the compiler says nothing of constraints: ${text}`);
    const facts = {
      r1csHash: fileHash(join(made, 'main.r1cs')),
      constraints: constraints.reduce((sum, [, count]) => sum + Number(count), 0),
    };
    writeFileSync(join(made, 'facts.json'), JSON.stringify(facts));
    // Whoever was first has made the same.
    if (!existsSync(dir)) renameSync(made, dir);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

const mainOf = (source: string, template: string): string =>
  [
    'pragma circom 2.1.6;',
    `include "${source}";`,
    `component main {public [h, r, s]} = ${template};`,
    '',
  ].join('\n');
