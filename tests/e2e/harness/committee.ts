/** Parties and a relay as processes of the operating system. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { scryptForRandom, sleep } from '@holdfast/host';
import { nodeArguments } from '@holdfast/host/programs';
import { callParty, foundParty, invite, type PartyStatus, partyPaths } from '@holdfast/party';
import { type Hex, isRejection } from '@holdfast/units';

const main = join(import.meta.dirname, '../../../packages/party/src/main.ts');
export const passphrase = 'correct horse battery staple';

export type Line = Record<string, unknown>;
export type Process = {
  readonly child: ChildProcess;
  readonly lines: Line[];
  onLine?: (line: Line) => void;
};

export type Group = {
  readonly dir: string;
  readonly names: readonly string[];
  dirOf(name: string): string;
  start(name: string, ...args: string[]): Process;
  /** Starts another program in the place of a party. */
  startAs(entry: string, name: string, ...args: string[]): Process;
  kill(name: string): Promise<void>;
  process(name: string): Process;
  status(name: string): Promise<PartyStatus>;
  call(name: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  until(what: string, holds: () => Promise<boolean>, ms?: number): Promise<void>;
  isAt(gen: number, names?: readonly string[]): Promise<boolean>;
  sign(name: string, message: Hex): Promise<Hex>;
  end(): Promise<void>;
};

function run(args: readonly string[], entry = main): Process {
  const argv = [...nodeArguments(entry), ...args];
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, argv, { stdio: [...stdio] });
  const made: Process = { child, lines: [] };
  createInterface({ input: child.stdout! }).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    made.lines.push(line);
    made.onLine?.(line);
  });
  return made;
}

async function portOf(relay: Process): Promise<number> {
  for (let i = 0; i < 600; i++) {
    const line = relay.lines.find((each) => each.msg === 'ready');
    if (line !== undefined) return Number(line.port);
    await sleep(50);
  }
  throw new Error('the relay did not start');
}

const gone = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', () => resolve()));

/**
 * A relay and a folder for each party; no party runs yet.
 * @param contract the registry that will know the key
 */
export async function createGroup(
  threshold: number,
  names: readonly string[],
  contract: Hex = `0x${'11'.repeat(20)}`,
): Promise<Group> {
  const dir = mkdtempSync(join(tmpdir(), 'hq-'));
  const relay = run(['relay', '--port', '0']);
  const port = await portOf(relay);
  const invitations = invite({
    name: 'oracle',
    chainId: 31_337,
    contract,
    threshold,
    parties: names,
    relay: `ws://127.0.0.1:${port}`,
  });
  if (isRejection(invitations)) throw new Error(invitations.message);
  for (const invitation of invitations) {
    const home = join(dir, invitation.you);
    mkdirSync(home);
    await foundParty(home, invitation, passphrase, scryptForRandom);
    writeFileSync(partyPaths(home).passphrase, passphrase, { mode: 0o600 });
  }
  const processes = new Map<string, Process>();
  const dirOf = (name: string): string => join(dir, name);
  const group: Group = {
    dir,
    names,
    dirOf,
    start(name, ...args) {
      const made = run(['party', '--dir', dirOf(name), '--trust-roster', ...args]);
      processes.set(name, made);
      return made;
    },
    startAs(entry, name, ...args) {
      const made = run(['party', '--dir', dirOf(name), '--trust-roster', ...args], entry);
      processes.set(name, made);
      return made;
    },
    async kill(name) {
      const { child } = group.process(name);
      child.kill('SIGKILL');
      await gone(child);
    },
    process(name) {
      const found = processes.get(name);
      if (found === undefined) throw new Error(`${name} was not started`);
      return found;
    },
    async status(name) {
      const { body } = await callParty(dirOf(name), 'GET', '/status');
      return body as PartyStatus;
    },
    call: (name, path, body) => callParty(dirOf(name), body ? 'POST' : 'GET', path, body),
    async until(what, holds, ms = 60_000) {
      const end = Date.now() + ms;
      while (Date.now() < end) {
        if (await holds().catch(() => false)) return;
        await sleep(50);
      }
      throw new Error(`${what} did not come about in ${ms} ms`);
    },
    async isAt(gen, which = names) {
      const all = await Promise.all(which.map((name) => group.status(name)));
      return all.every((each) => each.gen === gen && each.isHolder && each.state === 'idle');
    },
    async sign(name, message) {
      for (const each of names)
        await group.call(each, '/allow', { message }).catch(() => undefined);
      const { body } = await group.call(name, '/sign', { message });
      const { signature } = body as { signature?: Hex };
      if (signature === undefined) throw new Error(JSON.stringify(body));
      return signature;
    },
    async end() {
      for (const { child } of [...processes.values(), relay]) child.kill('SIGKILL');
      await Promise.all([...processes.values(), relay].map(({ child }) => gone(child)));
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return group;
}
