import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EnvironmentError } from '@holdfast/units';

const require = createRequire(import.meta.url);

/** The npm package that carries anvil for a platform, or undefined where there is none. */
export function anvilPackage(platform: string, arch: string): string | undefined {
  const system = { linux: 'linux', darwin: 'darwin', win32: 'win32' }[platform];
  const machine = { x64: 'amd64', arm64: 'arm64' }[arch];
  if (system === undefined || machine === undefined) return undefined;
  return `@foundry-rs/anvil-${system}-${machine}`;
}

/**
 * Path of the anvil program that npm installed.
 *
 * @throws EnvironmentError AnvilMissing with the cure
 */
export function anvilPath(
  platform: string = process.platform,
  arch: string = process.arch,
): string {
  const name = anvilPackage(platform, arch);
  const program = platform === 'win32' ? 'anvil.exe' : 'anvil';
  try {
    if (name !== undefined) {
      const path = join(dirname(require.resolve(`${name}/package.json`)), 'bin', program);
      if (existsSync(path)) return path;
    }
  } catch {
    // Told below, together with the case of a platform without a package.
  }
  const message =
    name === undefined
      ? `there is no anvil for ${platform} ${arch}; point the venue at another chain`
      : `${name} is not installed; run npm install (optional dependencies must be on)`;
  throw new EnvironmentError('AnvilMissing', message, { retry: false });
}

export interface AnvilOptions {
  port: number;
  chainId: number;
  /** Timestamp of the genesis block; ignored when a state is loaded. */
  genesisTime: number;
  /** Folder for what anvil would else leave below the user's home. */
  cacheDir: string;
  /** JSON state to load. */
  statePath?: string | undefined;
}

/** Arguments of anvil: mines only when told, holds no prefunded keys, listens on loopback. */
export function anvilArguments(options: AnvilOptions): string[] {
  const fixed = [
    ['--host', '127.0.0.1'],
    ['--hardfork', 'prague'],
    ['--accounts', '0'],
    ['--order', 'fifo'],
    ['--gas-limit', '100000000'],
    ['--prune-history', '256'],
    ['--cache-path', options.cacheDir],
  ].flat();
  const load = options.statePath === undefined ? [] : ['--load-state', options.statePath];
  return [
    '--no-mining',
    '--quiet',
    ...fixed,
    '--port',
    String(options.port),
    '--chain-id',
    String(options.chainId),
    '--timestamp',
    String(options.genesisTime),
    ...load,
  ];
}

/**
 * Starts anvil and, beside it, a shell that ends it when this process dies in any way: its input
 * is a pipe from here, which the system closes even after kill -9.
 */
export function spawnAnvil(options: AnvilOptions): ChildProcess {
  // A group of its own, so that Ctrl-C in a terminal does not reach it before the last dump.
  const child = spawn(anvilPath(), anvilArguments(options), {
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  if (child.pid !== undefined && process.platform !== 'win32') guard(child);
  return child;
}

function guard(anvil: ChildProcess): void {
  const script = 'cat >/dev/null; kill -TERM "$1" 2>/dev/null';
  const watchdog = spawn('/bin/sh', ['-c', script, 'guard', String(anvil.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.on('error', () => undefined);
  watchdog.stdin.on('error', () => undefined);
  watchdog.unref();
  // Once anvil is gone its pid may become another's: the guard must not outlive it.
  anvil.once('exit', () => watchdog.kill('SIGKILL'));
}
