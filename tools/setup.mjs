/**
 * Readies a checkout: Node's version, the dependencies of the lock, the built contracts, the
 * bundled programs. Every npm script runs it first. Plain JavaScript, because it runs before
 * anything is installed. `--no-contracts` stops after the dependencies.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundlesAreFresh } from '../packages/host/programs.mjs';
import { bundle } from './bundle.mjs';
import { isMain } from './is-main.mjs';
import { contractsAreBuilt, root } from './sources.mjs';

const nodeMinimum = [20, 19];

/** Brings the checkout in order; throws an Error whose message says what to do. */
export async function setup({ contracts = true } = {}) {
  checkNode(process.versions.node);
  const isReady = () => contractsAreBuilt() && bundlesAreFresh();
  if (dependenciesAreInstalled() && (!contracts || isReady())) return;
  await locked(async () => {
    if (!dependenciesAreInstalled()) installDependencies();
    if (!contracts) return;
    if (!contractsAreBuilt()) buildContracts();
    if (!bundlesAreFresh()) await bundlePrograms();
  });
}

/** Throws unless the version is at least the one that the dependencies need. */
export function checkNode(version) {
  const [major, minor] = version.split('.').map(Number);
  const [majorMin, minorMin] = nodeMinimum;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  throw new Error(`Node ${nodeMinimum.join('.')} or newer is required, this is ${version}`);
}

/** Compares what npm recorded as installed with the lock, package by package. */
export function dependenciesAreInstalled(folder = root) {
  const recordPath = join(folder, 'node_modules/.package-lock.json');
  if (!existsSync(recordPath)) return false;
  const wanted = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages;
  const found = JSON.parse(readFileSync(recordPath, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true;
    const installed = found[path];
    // Builds for other platforms are in the lock and rightly absent from the disk.
    if (!installed) return entry.optional === true;
    if (entry.link) return existsSync(join(folder, path, 'package.json'));
    return installed.version === entry.version && existsSync(join(folder, path));
  });
}

function installDependencies() {
  const started = Date.now();
  process.stderr.write('setup: installing dependencies …\n');
  // npm names its own entry file when it started us; else the one on the path is taken.
  const npm = process.env.npm_execpath;
  const args = ['ci', '--ignore-scripts', '--include=dev', '--loglevel=error'];
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0 || !dependenciesAreInstalled()) {
    throw new Error('npm ci failed; the message above says why');
  }
  process.stderr.write(`setup: dependencies installed in ${seconds(started)} s\n`);
}

function buildContracts() {
  const started = Date.now();
  process.stderr.write('setup: building contracts …\n');
  const args = ['--import', 'tsx', 'tools/contracts.ts', '--warn'];
  const result = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (result.status !== 0) throw new Error('the contracts do not build; see above');
  process.stderr.write(`setup: contracts built in ${seconds(started)} s\n`);
}

async function bundlePrograms() {
  const started = Date.now();
  await bundle(root);
  process.stderr.write(`setup: programs bundled in ${seconds(started)} s\n`);
}

/** Runs the action while no other setup of this checkout runs. */
async function locked(action) {
  const lock = join(root, '.holdfast-setup');
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (ownerIsGone(lock)) rmSync(lock, { recursive: true, force: true });
      else await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  try {
    writeFileSync(join(lock, 'pid'), String(process.pid));
    await action();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function ownerIsGone(lock) {
  let pid;
  try {
    pid = Number(readFileSync(join(lock, 'pid'), 'utf8'));
  } catch {
    // Between mkdir and write, or just removed: ask again.
    return false;
  }
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function seconds(started) {
  return ((Date.now() - started) / 1000).toFixed(1);
}

if (isMain(import.meta.url)) {
  try {
    await setup({ contracts: !process.argv.includes('--no-contracts') });
  } catch (error) {
    process.stderr.write(`setup: ${error.message}\n`);
    process.exitCode = 1;
  }
}
