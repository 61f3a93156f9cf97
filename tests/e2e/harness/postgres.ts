/** Two PostgreSQL servers for a test, in synchronous replication, gone when it ends. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '@holdfast/host';
import pg from 'pg';
import { descendants } from './processes.ts';
import { until } from './until.ts';

const ROOTS = ['/usr/lib/postgresql', '/usr/local/pgsql', '/opt/homebrew/opt/postgresql'];
const USER = 'holdfast';

/** Folder of the newest server's programs. @throws Error with the way to get one */
export function findPostgres(): string {
  for (const root of ROOTS) {
    if (!existsSync(root)) continue;
    const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
    for (const folder of [join(root, 'bin'), ...versions.map((v) => join(root, v, 'bin'))]) {
      if (existsSync(join(folder, 'initdb'))) return folder;
    }
  }
  throw new Error(
    'PostgreSQL, which this test replicates a journal with, is missing: install it (Debian, ' +
      'Ubuntu: `apt-get install postgresql`)',
  );
}

/** The servers refuse to run as root. */
function servant(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string, name: string): number =>
    Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', name), gid: idOf('-g', name) };
    } catch {
      // The next one.
    }
  }
  throw new Error('neither the user postgres nor nobody exists: PostgreSQL refuses to run as root');
}

/** One server. */
export type Database = {
  readonly url: string;
  readonly dir: string;
  /** All its processes, gone at once, as when the machine dies. */
  kill(): Promise<void>;
  /** Stops the time of all its processes, or lets it go on. */
  freeze(signal: 'SIGSTOP' | 'SIGCONT'): void;
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
};

export type Pair = {
  readonly primary: Database;
  readonly standby: Database;
  readonly passwordFile: string;
  /** Makes the standby a primary, by the command of the runbook. */
  promote(): void;
  close(): Promise<void>;
};

type Place = {
  readonly bin: string;
  readonly dir: string;
  readonly passwordFile: string;
  readonly user: { uid: number; gid: number } | undefined;
};

function run({ bin, user, dir }: Place, program: string, args: readonly string[]): void {
  const options = { ...user, cwd: dir, stdio: 'pipe' as const };
  execFileSync(join(bin, program), args, options);
}

/** Starts a server and waits until it answers. */
async function serve(place: Place, name: string, port: number, more: readonly string[] = []) {
  const { bin, dir, user } = place;
  const data = join(dir, name);
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${dir}`];
  const quick = ['shared_buffers=32MB', 'max_wal_senders=4', 'wal_receiver_status_interval=1'];
  const args = ['-D', data, ...[...settings, ...quick, ...more].flatMap((one) => ['-c', one])];
  const child: ChildProcess = spawn(join(bin, 'postgres'), args, {
    ...user,
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr?.on('data', (chunk) => {
    log += chunk;
  });
  // Whatever happens to the test's process.
  const reap = (): void => {
    for (const pid of pids()) signalTo(pid, 'SIGKILL');
  };
  process.once('exit', reap);
  let ended = false;
  const gone = new Promise<void>((resolve) =>
    child.once('exit', () => {
      ended = true;
      process.off('exit', reap);
      resolve();
    }),
  );
  const url = `postgres://${USER}@127.0.0.1:${port}/postgres`;
  const pids = (): number[] => (child.pid ? [child.pid, ...descendants(child.pid)] : []);
  const database: Database = {
    url,
    dir: data,
    async kill() {
      if (ended) return;
      for (const pid of pids()) signalTo(pid, 'SIGKILL');
      await gone;
    },
    freeze(signal) {
      for (const pid of pids()) signalTo(pid, signal);
    },
    async query(text, values = []) {
      const client = new pg.Client({
        host: '127.0.0.1',
        port,
        user: USER,
        password: PASSWORD,
        database: 'postgres',
      });
      client.on('error', () => undefined);
      await client.connect();
      try {
        return (await client.query(text, values)).rows;
      } finally {
        await client.end();
      }
    },
  };
  await until(
    `PostgreSQL ${name} answers`,
    20_000,
    async () => {
      if (ended) throw new Error(log.trim().split('\n').slice(-3).join(' '));
      return (await database.query('SELECT 1')).length === 1;
    },
    50,
  );
  return database;
}

function signalTo(pid: number, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

/** Worth nothing: the servers listen on this machine alone and go with the test. */
const PASSWORD = 'of no worth: a test';

/** Makes a primary and its synchronous standby below `dir`. */
export async function startPair(dir: string): Promise<Pair> {
  const bin = findPostgres();
  const user = servant();
  const base = join(dir, 'postgres');
  mkdirSync(base, { mode: 0o700 });
  const passwordFile = join(base, 'password');
  const passFile = join(base, 'pass');
  const [portA, portB] = [await findFreePort(), await findFreePort()];
  writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
  writeFileSync(passFile, `127.0.0.1:${portA}:*:${USER}:${PASSWORD.replace(':', '\\:')}\n`, {
    mode: 0o600,
  });
  chmodSync(dir, 0o711);
  if (user) for (const path of [base, passwordFile, passFile]) chownSync(path, user.uid, user.gid);
  const place: Place = { bin, dir: base, passwordFile, user };
  const made = ['--username', USER, '--auth', 'scram-sha-256', '--pwfile', passwordFile];
  run(place, 'initdb', ['-D', join(base, 'a'), ...made, '--no-sync', '--no-locale', '-E', 'UTF8']);
  const primary = await serve(place, 'a', portA, ['synchronous_standby_names=*']);
  const from = `host=127.0.0.1 port=${portA} user=${USER} passfile=${passFile}`;
  run(place, 'pg_basebackup', ['-D', join(base, 'b'), '-d', from, '-R', '-c', 'fast', '--no-sync']);
  const standby = await serve(place, 'b', portB);
  await until(
    'the standby is synchronous',
    10_000,
    async () => {
      const rows = await primary.query('SELECT sync_state FROM pg_stat_replication');
      return rows.some(({ sync_state: state }) => state === 'sync');
    },
    50,
  );
  return {
    primary,
    standby,
    passwordFile,
    promote: () => run(place, 'pg_ctl', ['promote', '-D', join(base, 'b')]),
    async close() {
      await primary.kill();
      await standby.kill();
    },
  };
}
