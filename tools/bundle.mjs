/**
 * Joins the modules of every program into dist/, so that a command or a process starts in a third
 * of a second and not in two. The text stays readable; packages with native code or files of their
 * own stay in node_modules.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs, sourcesStamp } from '../packages/host/programs.mjs';

/** Loaded from node_modules: CommonJS, addons, or what looks up files by its own path. */
const external = [
  '@ethereumjs/*',
  '@fastify/http-proxy',
  '@fastify/swagger',
  '@foundry-rs/*',
  '@holdfast/host/programs',
  'commander',
  'esbuild',
  'evmole',
  'fastify',
  'pg',
  'pg-connection-string',
  'pino',
  'prom-client',
  'secp256k1',
  'tsx',
  'ws',
];

/** A `require` that is left in a bundle throws when it is reached. */
function refuseRequires({ inputs }) {
  const wrong = Object.entries(inputs)
    .filter(([, { imports }]) =>
      imports.some((each) => each.kind === 'require-call' && each.external),
    )
    .map(([path]) => path);
  if (wrong.length > 0) throw new Error(`not for a bundle, for they call require: ${wrong}`);
}

/** Writes the bundles of a checkout and then their stamp; what was there is replaced as a whole. */
export async function bundle(folder) {
  // Loaded here, because setup comes here before anything is installed.
  const { build } = await import('esbuild');
  const stamp = sourcesStamp(folder);
  const [made, old, final] = ['dist.new', 'dist.old', 'dist'].map((name) => join(folder, name));
  for (const path of [made, old]) rmSync(path, { recursive: true, force: true });
  mkdirSync(made);
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints: programs.map((name) => `packages/${name}.ts`),
    outbase: 'packages',
    outdir: made,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  refuseRequires(metafile);
  writeFileSync(join(made, '.stamp'), stamp);
  try {
    renameSync(final, old);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  renameSync(made, final);
  rmSync(old, { recursive: true, force: true });
}
