import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fetchJson, sleep } from '@holdfast/host';
import { nodeArguments } from '@holdfast/host/programs';
import { EnvironmentError } from '@holdfast/units';

/** How one process of the venue is run. */
export interface ServiceSpec {
  name: string;
  /** Absolute path of the TypeScript entry. */
  entry: string;
  args: readonly string[];
  /** File that gets stdout and stderr, appended. */
  logFile: string;
  /** Answers 200 when healthy; without it the process says `ready` itself. */
  healthUrl?: string | undefined;
  /** Wall ms to become ready. */
  readyMsMax?: number | undefined;
  /** Wall ms to end after SIGTERM before it is killed. */
  stopMsMax?: number | undefined;
}

export type ServiceState = 'starting' | 'ready' | 'waiting' | 'stopped';

export interface Service {
  readonly name: string;
  readonly pid: () => number | undefined;
  readonly state: () => ServiceState;
  /** Times it was started again after a crash. */
  readonly restarts: () => number;
  /** Waits until it is ready for the first time; what it said with `ready`. */
  start(): Promise<Record<string, unknown>>;
  /** Sends a message; the answer is the next one of type `reply`. */
  ask(message: object, reply: string): Promise<Record<string, unknown>>;
  /** SIGTERM, then SIGKILL after the grace. */
  stop(): Promise<void>;
}

export interface ServiceEvents {
  /** One line for a person. */
  note(line: string): void;
  /** A process of this pid was started or ended. */
  pid(name: string, pid: number, alive: boolean): void;
}

const backoffMs = [500, 1000, 2000, 4000, 8000, 15_000];
/** A process that lived this long starts again with the shortest wait. */
const calmMs = 60_000;

const passedOn = /^(PATH|HOME|USER|LANG|LC_.*|TMPDIR|TEMP|TMP|SYSTEMROOT|NODE_.*|HOLDFAST_LOG)$/i;

function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => passedOn.test(name));
  return { ...Object.fromEntries(kept), HOLDFAST_SUPERVISED: '1' };
}

interface Run {
  child: ChildProcess;
  /** Resolves when it is ready; rejects when it ends or fails first. */
  ready: Promise<Record<string, unknown>>;
  exited: Promise<string>;
  over: () => boolean;
}

/** Waits until it answers 200, or is over. */
export async function pollHealth(url: string, over: () => boolean): Promise<void> {
  while (!over()) {
    const reply = await fetchJson(url, { timeoutMs: 1000 }).catch(() => undefined);
    if (reply?.status === 200) return;
    await sleep(150);
  }
}

function launch(spec: ServiceSpec, events: ServiceEvents): Run {
  const log = openSync(spec.logFile, 'a', 0o600);
  // Its own group: Ctrl-C goes to the launcher alone, which ends the others in order.
  const child = spawn(process.execPath, [...nodeArguments(spec.entry), ...spec.args], {
    stdio: ['ignore', log, log, 'ipc'],
    detached: true,
    env: environment(),
  });
  closeSync(log);
  let over = false;
  let failure = '';
  const exited = new Promise<string>((resolve) => {
    const done = (why: string): void => {
      over = true;
      resolve(why);
    };
    child.once('error', (error) => done(error.message));
    child.once('exit', (code, signal) => done(failure || `exit ${signal ?? code}`));
  });
  const said = new Promise<Record<string, unknown>>((resolve) => {
    child.on('message', (message: { type?: string; message?: string }) => {
      if (message.type === 'progress') events.note(`${spec.name}: ${message.message ?? ''}`);
      if (message.type === 'failed') failure = message.message ?? 'failed';
      if (message.type === 'ready') resolve(message as Record<string, unknown>);
    });
  });
  const healthy = async (): Promise<Record<string, unknown>> => {
    const info = await said;
    if (spec.healthUrl !== undefined) await pollHealth(spec.healthUrl, () => over);
    return info;
  };
  const ready = Promise.race([healthy(), endOf(exited, spec.readyMsMax ?? 180_000)]);
  // Awaited later or never; an early end must not count as unhandled.
  ready.catch(() => undefined);
  return { child, ready, exited, over: () => over };
}

/** Throws the reason when it ends by itself, or that it is late. */
async function endOf(exited: Promise<string>, ms: number): Promise<never> {
  const abort = new AbortController();
  void exited.then(() => abort.abort());
  await sleep(ms, abort.signal);
  if (abort.signal.aborted) throw new Error(await exited);
  throw new Error(`not ready after ${Math.round(ms / 1000)} s`);
}

async function endRun(run: Run, spec: ServiceSpec, events: ServiceEvents): Promise<void> {
  if (run.over()) return;
  run.child.kill('SIGTERM');
  const late = new AbortController();
  const patience = sleep(spec.stopMsMax ?? 10_000, late.signal).then(() => {
    if (late.signal.aborted) return;
    events.note(`${spec.name} did not end in time and was killed`);
    run.child.kill('SIGKILL');
  });
  await run.exited;
  late.abort();
  await patience;
}

/** Sends a message to a process and waits for the answer. */
function ask({ child, exited }: Run, message: object, reply: string) {
  return new Promise<Record<string, unknown>>((resolve, reject) => {
    const hear = (said: { type?: string }): void => {
      if (said.type !== reply) return;
      child.off('message', hear);
      resolve(said as Record<string, unknown>);
    };
    child.on('message', hear);
    child.send(message, (error) => error && reject(error));
    void exited.then((why) => reject(new Error(`it ended: ${why}`)));
  });
}

/** A process that is started again when it ends by itself, each time a little later. */
export function createService(spec: ServiceSpec, events: ServiceEvents): Service {
  let run: Run | undefined;
  let state: ServiceState = 'starting';
  let restarts = 0;
  let failures = 0;
  const stopping = new AbortController();

  async function once(): Promise<Record<string, unknown>> {
    const current = launch(spec, events);
    run = current;
    state = 'starting';
    const { pid } = current.child;
    if (pid !== undefined) {
      events.pid(spec.name, pid, true);
      void current.exited.then(() => events.pid(spec.name, pid, false));
    }
    const info = await current.ready;
    state = 'ready';
    return info;
  }

  async function watch(): Promise<void> {
    let began = Date.now();
    while (!stopping.signal.aborted && run !== undefined) {
      const why = await run.exited;
      if (stopping.signal.aborted) return;
      failures = Date.now() - began > calmMs ? 0 : failures;
      const waitMs = backoffMs[Math.min(failures, backoffMs.length - 1)] as number;
      failures += 1;
      restarts += 1;
      state = 'waiting';
      events.note(`${spec.name} ended (${why}); starting it again in ${waitMs / 1000} s`);
      await sleep(waitMs, stopping.signal);
      if (stopping.signal.aborted) return;
      began = Date.now();
      try {
        await once();
        events.note(`${spec.name} is back`);
      } catch {
        // It ended or was too slow; the next turn waits for its end and says why.
        run?.child.kill('SIGKILL');
      }
    }
  }

  return {
    name: spec.name,
    pid: () => (run?.over() === false ? run.child.pid : undefined),
    state: () => state,
    restarts: () => restarts,
    async start() {
      try {
        const info = await once();
        void watch();
        return info;
      } catch (error) {
        run?.child.kill('SIGKILL');
        await run?.exited;
        state = 'stopped';
        const reason = error instanceof Error ? error.message : String(error);
        const message = `${spec.name} did not start: ${reason}; its log is ${spec.logFile}`;
        throw new EnvironmentError('ServiceFailed', message, { retry: true, cause: error });
      }
    },
    ask: (message, reply) => ask(run as Run, message, reply),
    async stop() {
      stopping.abort();
      if (run !== undefined) await endRun(run, spec, events);
      state = 'stopped';
    },
  };
}
