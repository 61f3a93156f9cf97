/** A venue of its own for a test: a folder that goes away, free ports, nothing left running. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchJson, type Venue, venuePaths } from '@holdfast/host';
import {
  createRpc,
  createService,
  type Rpc,
  type RunningVenue,
  type Service,
  startVenue,
  type VenueOptions,
} from '@holdfast/venue';
import { nodeSpec } from '../../../packages/venue/src/launch/services.ts';
import { allGone, descendants } from './processes.ts';
import { since } from './until.ts';

export type Stage = {
  readonly dir: string;
  readonly running: RunningVenue;
  readonly venue: Venue;
  readonly rpc: Rpc;
  /** Base of the node's HTTP interface. */
  readonly url: string;
};

/** Prints a result of a test. */
export function tell(line: string): void {
  process.stdout.write(`    ${line}\n`);
}

/** Runs `body` with an empty folder, which goes away if all is well. */
export async function inFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
  try {
    await body(dir);
  } catch (error) {
    showLogs(dir);
    tell(`the folder is kept: ${dir}`);
    throw error;
  }
  rmSync(dir, { recursive: true, force: true });
}

/** The ends of the logs that tell most. */
export function showLogs(dir: string, names = ['node', 'chain', 'keeper'], lines = 25): void {
  for (const name of names) {
    const path = join(venuePaths(dir).logs, `${name}.log`);
    if (!existsSync(path)) continue;
    const text = readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines);
    process.stdout.write(`── ${name}.log\n${text.map((each) => each.slice(0, 600)).join('\n')}\n`);
  }
}

/**
 * Runs `body` on a fresh venue and ends every process of it, whatever happens. Reports are lists
 * of observations unless told: they need no ceremony and keep up with any speed of the clock.
 * No sentinels either: what a test does to a chain is what they are there to stop.
 */
export async function onStage(
  options: Partial<VenueOptions>,
  body: (stage: Stage) => Promise<void>,
): Promise<void> {
  await inFolder(async (dir) => {
    const began = Date.now();
    const before = new Set(descendants(process.pid));
    const own = () => descendants(process.pid).filter((pid) => !before.has(pid));
    let pids: number[] = [];
    try {
      const reports = 'quorum';
      const running = await startVenue({
        dir,
        port: 0,
        rpcPort: 0,
        reports,
        sentinels: 0,
        ...options,
      });
      tell(`venue started in ${since(began)} s`);
      const { gateway, rpcUrl } = running.venue;
      const url = `http://${gateway.host}:${gateway.port}`;
      try {
        await body({ dir, running, venue: running.venue, rpc: createRpc(rpcUrl), url });
      } finally {
        pids = own();
        await running.stop();
      }
    } finally {
      await allGone([...new Set([...pids, ...own()])], 15_000);
    }
  });
}

export type NodeStatus = {
  ok: boolean;
  halted?: string;
  venueTime: number;
  stateHash: string;
  applied: number;
  fills: number;
  accounts: number;
  journal: { commands: number; head: string };
  receipts: { seq: number; head: string };
  settler: {
    state: string;
    reason?: string;
    summary?: string;
    followed: number;
    chainHead: number;
    batchNumber: number;
    batchHead: string;
    pendingFills: number;
    queued: number;
    reorgs: number;
    inflight: unknown;
    hold: unknown;
  };
};

/** The node's status, with the hash of its state. */
export async function statusOf(url: string): Promise<NodeStatus> {
  const { status, body } = await fetchJson(`${url}/v1/status?hash=true`, { timeoutMs: 10_000 });
  if (status !== 200) throw new Error(`/v1/status: ${status} ${JSON.stringify(body)}`);
  return body as NodeStatus;
}

/** The venue's node under the test's own hand instead of the launcher's. */
export function ownNode(stage: Stage): Service {
  const quiet = { note: () => undefined, pid: () => undefined };
  return createService(nodeSpec(stage.dir, stage.venue), quiet);
}

/** The process of one part of the venue. */
export function serviceOf(running: RunningVenue, name: string): Service {
  const service = running.services.find((each) => each.name === name);
  if (service === undefined) throw new Error(`the venue has no process ${name}`);
  return service;
}
