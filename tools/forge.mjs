#!/usr/bin/env node
/**
 * Forge from npm on the contracts folder: `node tools/forge.mjs <subcommand> [arguments]`.
 * The platform's binary is run directly, because no install script has linked it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isMain } from './is-main.mjs';
import { contractsAreBuilt, root } from './sources.mjs';

/** Path of a Foundry tool's binary for this machine; `tool` is `forge` or `anvil`. */
export function foundryBinary(tool) {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const pkg = `@foundry-rs/${tool}-${process.platform}-${arch}`;
  const name = process.platform === 'win32' ? `${tool}.exe` : tool;
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve(`${pkg}/package.json`);
    const path = join(dirname(manifest), 'bin', name);
    if (existsSync(path)) return path;
  } catch {
    // Reported below together with the case of a package without its binary.
  }
  throw new Error(`${tool} has no build for this machine: ${pkg} is not installed`);
}

/**
 * Tests are compiled by a profile of their own, unless the environment names another, and take what
 * they test from contracts/out, which therefore has to be of the sources as they are. Everything
 * else is done as for deployment.
 */
function profileOf(args) {
  if (args[0] !== 'test') return 'default';
  if (!contractsAreBuilt()) throw new Error('the contracts have changed: `npm run build` first');
  return process.env.FOUNDRY_PROFILE ?? 'tests';
}

/**
 * Runs forge in contracts/ with the arguments; returns its exit code and, if asked, its output. An
 * Error says that tests are asked for of contracts that are not built, or that forge did not start.
 */
export function forge(args, { capture = false, env = {} } = {}) {
  const settings = { FOUNDRY_PROFILE: profileOf(args), FOUNDRY_DISABLE_NIGHTLY_WARNING: '1' };
  const result = spawnSync(foundryBinary('forge'), args, {
    cwd: join(root, 'contracts'),
    stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, ...settings, ...env },
  });
  if (result.error) throw result.error;
  return { code: result.status ?? 1, output: `${result.stdout ?? ''}${result.stderr ?? ''}` };
}

if (isMain(import.meta.url)) {
  try {
    process.exitCode = forge(process.argv.slice(2)).code;
  } catch (error) {
    process.stderr.write(`forge: ${error.message}\n`);
    process.exitCode = 1;
  }
}
