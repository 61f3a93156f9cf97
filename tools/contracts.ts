/**
 * `npm run build`: compiles the contracts and writes their interfaces and bytecode as TypeScript
 * into packages/abi/src/generated, and fails if a contract is too large to be deployed. Skips what
 * has not changed; `-- --force` compiles anyway.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { forge } from './forge.mjs';
import { isMain } from './is-main.mjs';
import { contractsAreBuilt, contractsHash, root, stampPath } from './sources.mjs';

/** Largest deployed code that a chain accepts, in bytes (EIP-170). */
export const codeSizeMax = 24_576;

type AbiItem = { type: string; name?: string; inputs?: { type: string }[] };

/** The part of a forge artifact that is used here. */
export type Artifact = {
  abi: AbiItem[];
  bytecode: { object: string; linkReferences?: Readonly<Record<string, unknown>> };
  deployedBytecode: { object: string };
};

/**
 * Poseidon of two inputs as `poseidon-solidity` publishes it: our compiler's settings would make it
 * too large to be deployed. Written beside the other artifacts, where the tests look for them.
 */
export function writePoseidon(): Artifact {
  const { bytecode } = createRequire(import.meta.url)('poseidon-solidity').PoseidonT3;
  const word = { type: 'uint256', name: '', internalType: 'uint256' };
  const words = { type: 'uint256[2]', name: '', internalType: 'uint256[2]' };
  const hash = { type: 'function', name: 'hash', inputs: [words], outputs: [word] };
  const abi = [{ ...hash, stateMutability: 'pure' }];
  const artifact = { abi, bytecode: { object: bytecode }, deployedBytecode: { object: bytecode } };
  const folder = join(root, 'contracts/out/PoseidonT3.sol');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'PoseidonT3.json'), JSON.stringify(artifact));
  return artifact;
}

const generated = join(root, 'packages/abi/src/generated');

/** Names of the contracts, interfaces and libraries declared in a Solidity source. */
export function declaredNames(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  const pattern = /^\s*(?:abstract\s+)?(?:contract|interface|library)\s+(\w+)/gm;
  return [...code.matchAll(pattern)].map((match) => match[1]!);
}

/** TypeScript module of one contract: `<name>Abi`, and `<name>Bytecode` if it can be deployed. */
export function renderModule(name: string, artifact: Artifact): string {
  const id = identifier(name);
  const lines = [`export const ${id}Abi = ${JSON.stringify(artifact.abi)} as const;`];
  if (artifact.bytecode.object !== '0x') {
    const code = artifact.bytecode.object;
    lines.push(`export const ${id}Bytecode: \`0x\${string}\` = '${code}';`);
    const linked = Object.keys(artifact.bytecode.linkReferences ?? {});
    if (linked.length > 0)
      throw new Error(`${name} calls a library of ${linked}: make it internal`);
  }
  return `${lines.join('\n')}\n`;
}

/** Every custom error of every contract once: one interface that decodes any revert. */
export function collectErrors(abis: readonly AbiItem[][]): AbiItem[] {
  const errors = new Map<string, AbiItem>();
  for (const item of abis.flat()) {
    if (item.type !== 'error') continue;
    errors.set(`${item.name}(${(item.inputs ?? []).map((input) => input.type)})`, item);
  }
  return [...errors.keys()].sort().map((key) => errors.get(key)!);
}

/** Bytes of deployed code, by the hex text of an artifact. */
export function codeSize(artifact: Artifact): number {
  return (artifact.deployedBytecode.object.length - 2) / 2;
}

function identifier(name: string): string {
  return name[0]!.toLowerCase() + name.slice(1);
}

/** Artifacts of everything declared in contracts/src, by name; two of one name are an error. */
function readArtifacts(): Map<string, Artifact> {
  const source = join(root, 'contracts/src');
  const artifacts = new Map<string, Artifact>();
  const files = readdirSync(source, { recursive: true }).map(String).sort();
  for (const file of files.filter((name) => name.endsWith('.sol'))) {
    for (const name of declaredNames(readFileSync(join(source, file), 'utf8'))) {
      if (artifacts.has(name)) throw new Error(`two contracts are named ${name}`);
      const path = join(root, 'contracts/out', file.split(/[\\/]/).at(-1)!, `${name}.json`);
      artifacts.set(name, JSON.parse(readFileSync(path, 'utf8')));
    }
  }
  artifacts.set('PoseidonT3', writePoseidon());
  return artifacts;
}

/** Contracts that hand operations to modules, and the interface of all that they answer. */
const faces: Readonly<Record<string, string>> = { ClearingHouse: 'IVenue' };

/** A contract's own ABI, and what its modules answer at the same address; each item once. */
export function wholeAbi(own: readonly AbiItem[], face: readonly AbiItem[]): AbiItem[] {
  const key = ({ type, name, inputs }: AbiItem) =>
    `${type} ${name}(${(inputs ?? []).map((input) => input.type)})`;
  return [...new Map([...own, ...face].map((item) => [key(item), item])).values()];
}

function writeModules(artifacts: Map<string, Artifact>): void {
  rmSync(generated, { recursive: true, force: true });
  mkdirSync(generated, { recursive: true });
  const used = [...artifacts].filter(([, artifact]) => artifact.abi.length > 0);
  for (const [name, artifact] of used) {
    const face = artifacts.get(faces[name] ?? '')?.abi ?? [];
    const abi = wholeAbi(artifact.abi, face);
    writeFileSync(join(generated, `${name}.ts`), renderModule(name, { ...artifact, abi }));
  }
  const errors = collectErrors(used.map(([, artifact]) => artifact.abi));
  writeFileSync(
    join(generated, 'errors.ts'),
    `export const errorsAbi = ${JSON.stringify(errors)} as const;\n`,
  );
  const modules = ['errors', ...used.map(([name]) => name)];
  const index = modules.map((name) => `export * from './${name}.ts';\n`).join('');
  writeFileSync(join(generated, 'index.ts'), index);
}

/** Prints the largest contracts with their margin; returns the names of those over the limit. */
function checkSizes(artifacts: Map<string, Artifact>): string[] {
  const sizes = [...artifacts].map(([name, artifact]) => ({ name, size: codeSize(artifact) }));
  sizes.sort((a, b) => b.size - a.size);
  for (const { name, size } of sizes.filter((entry) => entry.size > 1_000)) {
    const margin = codeSizeMax - size;
    console.log(`  ${name.padEnd(20)} ${String(size).padStart(6)} bytes, margin ${margin}`);
  }
  return sizes.filter((entry) => entry.size > codeSizeMax).map((entry) => entry.name);
}

function build(): void {
  const hash = contractsHash();
  const isFresh = contractsAreBuilt() && !process.argv.includes('--force');
  if (!isFresh) {
    const { code, output } = forge(['build', 'src'], { capture: true });
    if (code !== 0) {
      process.stderr.write(output);
      process.exit(code);
    }
  }
  const artifacts = readArtifacts();
  if (!isFresh) {
    writeModules(artifacts);
    writeFileSync(stampPath, hash);
  }
  console.log(`contracts: ${artifacts.size} ${isFresh ? 'up to date' : 'built'}`);
  const tooLarge = checkSizes(artifacts);
  if (tooLarge.length === 0) return;
  console.error(`contracts: over ${codeSizeMax} bytes: ${tooLarge.join(', ')}`);
  // Setup only warns: what does not need the chain can be worked on; build and check fail.
  if (!process.argv.includes('--warn')) process.exitCode = 1;
}

if (isMain(import.meta.url)) build();
