/**
 * What the built contracts depend on, as one hash. Plain JavaScript without imports from packages,
 * because `setup.mjs` uses it before anything is installed.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Where the hash of the sources that are built now is kept. */
export const stampPath = join(root, 'contracts/out/.hash');

/** Hash over contract sources, build settings, compiler version and the generator itself. */
export function contractsHash() {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const versions = ['solc', '@foundry-rs/forge', '@openzeppelin/contracts']
    .map((name) => lock[`node_modules/${name}`]?.version)
    .join(' ');
  const hash = createHash('sha256').update(versions);
  const tools = ['tools/contracts.ts', 'tools/solc.mjs', 'tools/find-source.mjs'];
  const settings = ['contracts/foundry.toml', ...tools];
  for (const path of [...settings.map((name) => join(root, name)), ...solidityFiles()]) {
    hash.update(`\0${relative(root, path)}\0`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** True if the generated TypeScript belongs to the sources as they are. */
export function contractsAreBuilt() {
  const generated = join(root, 'packages/abi/src/generated/index.ts');
  return (
    existsSync(stampPath) &&
    existsSync(generated) &&
    readFileSync(stampPath, 'utf8') === contractsHash()
  );
}

function solidityFiles() {
  const source = join(root, 'contracts/src');
  return readdirSync(source, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.sol'))
    .sort()
    .map((name) => join(source, name));
}
