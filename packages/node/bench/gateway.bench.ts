/**
 * The whole path over loopback: real signatures, a real journal on this disk, one verifier thread.
 * Capacity by a closed loop; then an open loop at parts of it, with latency from the time at which
 * an order was to be sent, whether or not it could be. CPU time is the node's process alone.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { domainSeparator } from '@holdfast/order';
import { against, type Measure, middle } from '@holdfast/units/measure';
import { hashFast } from '../src/verify/keccak.ts';
import { loadNative } from '../src/verify/recover.ts';
import { theDomain } from '../test/fixture.ts';
import { cpuMicros } from './cost.ts';
import { createTrader, type Link, openLink } from './traders.ts';

const TRADERS = 8;
const FRAME = 16;
const ORDERS = 8192;
const SECONDS = 2;
const REPEATS = 3;
const TURNS = 5;
const LOADS = [0.25, 0.5, 0.8];
const ORDERS_OPEN = 64;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function ask<T>(server: ChildProcess, message: string): Promise<T> {
  server.send(message);
  const [answer] = await once(server, 'message');
  return answer as T;
}

type Used = { cpu: number; applied: number };
type Capacity = { perSecond: number; cpu: number };

/** Orders per second when every trader always has 64 orders open, over a fixed number of them. */
async function capacityOf(server: ChildProcess, links: readonly Link[]): Promise<Capacity> {
  const stock = links.map(({ trader }) => trader.orders(ORDERS / TRADERS));
  const before = await ask<Used>(server, 'used');
  const begun = performance.now();
  let answered = 0;
  await Promise.all(
    links.map(
      (link, i) =>
        new Promise<void>((done) => {
          const mine = stock[i] ?? [];
          let at = 0;
          let open = 0;
          const more = () => {
            while (open < ORDERS_OPEN && at < mine.length) {
              const items = mine.slice(at, at + FRAME);
              link.send(items);
              at += items.length;
              open += items.length;
            }
            if (open === 0) done();
          };
          link.onAck = (count) => {
            answered += count;
            open -= count;
            more();
          };
          more();
        }),
    ),
  );
  const took = performance.now() - begun;
  const after = await ask<Used>(server, 'used');
  return { perSecond: (answered / took) * 1000, cpu: (after.cpu - before.cpu) / answered };
}

/** Latencies in ms of orders that were to be sent at a steady rate; refusals fail the bench. */
async function latencies(links: readonly Link[], perSecond: number): Promise<number[]> {
  const frames = Math.ceil((perSecond * SECONDS) / FRAME);
  const everyMs = (FRAME / perSecond) * 1000;
  const stock = Array.from({ length: frames }, (_, i) =>
    (links[i % TRADERS] as Link).trader.orders(FRAME),
  );
  const due: number[][] = links.map(() => []);
  const found: number[] = [];
  let refusedInAll = 0;
  for (const [i, link] of links.entries()) {
    let heads = 0;
    link.onAck = (count, refused) => {
      const now = performance.now();
      refusedInAll += refused;
      // Answers of a connection come in the order of its frames.
      for (let n = 0; n < count; n++) {
        found.push(now - (due[i]?.[Math.floor((heads + n) / FRAME)] ?? Number.NaN));
      }
      heads += count;
    };
  }
  const begun = performance.now() + 20;
  for (let sent = 0; sent < frames; ) {
    const dueNow = Math.min(Math.floor((performance.now() - begun) / everyMs) + 1, frames);
    for (; sent < dueNow; sent++) {
      due[sent % TRADERS]?.push(begun + sent * everyMs);
      (links[sent % TRADERS] as Link).send(stock[sent] ?? []);
    }
    await wait(1);
  }
  for (let waited = 0; found.length < frames * FRAME && waited < 20_000; waited += 10)
    await wait(10);
  if (refusedInAll > frames) throw new Error(`${refusedInAll} orders were refused`);
  return found.sort((a, b) => a - b);
}

const at = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? Number.NaN;

async function openLoop(links: readonly Link[], part: number, perSecond: number) {
  const runs: number[][] = [];
  for (let i = 0; i < REPEATS; i++) runs.push(await latencies(links, perSecond * part));
  const note = `${Math.round(perSecond * part)} orders/s, frames of ${FRAME}`;
  return [0.5, 0.99, 0.999].map((p) => ({
    ...middle(
      `latency p${p * 100}, ${part * 100} % of capacity`,
      'ms',
      runs.map((run) => at(run, p)),
    ),
    note,
  }));
}

/** CPU time of one recover of the addon alone, µs: what an order costs at least. */
async function recoverMicros(): Promise<number> {
  const trader = createTrader(0);
  const native = loadNative();
  const all = trader.orders(1000).map(({ packed }) => packed.slice(26));
  for (const rs of all) rs[32] = (rs[32] ?? 0) & 0x7f;
  const output = new Uint8Array(65);
  const digest = domainSeparator(theDomain);
  const run = () => {
    for (const rs of all) native.ecdsaRecover(rs, 0, digest, false, output);
  };
  return (await cpuMicros(run)) / all.length;
}

/** `HOLDFAST_CPU_PROFILE=folder` keeps a CPU profile of each of the node's threads there. */
const folder = process.env.HOLDFAST_CPU_PROFILE;
const profile = folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];

/** `HOLDFAST_BENCH_BEFORE=checkout`: the node of another commit takes turns with this one. */
const checkout = process.env.HOLDFAST_BENCH_BEFORE;

type Served = { readonly server: ChildProcess; readonly links: readonly Link[] };

/** A node of this commit, or of the one in a checkout, with its traders logged in. */
async function startServer(home?: string): Promise<Served> {
  const path =
    home === undefined
      ? new URL('./serve.ts', import.meta.url)
      : join(resolve(home), 'packages', 'node', 'bench', 'serve.ts');
  const server = fork(path, [String(TRADERS)], {
    execArgv: ['--import', 'tsx', ...(home === undefined ? profile : [])],
    ...(home === undefined ? {} : { cwd: home }),
  });
  const [{ url }] = (await once(server, 'message')) as [{ url: string }];
  const links: Link[] = [];
  for (let i = 0; i < TRADERS; i++) links.push(await openLink(url, createTrader(i)));
  for (let i = 0; i < 2; i++) await capacityOf(server, links);
  return { server, links };
}

async function stopServer({ server, links }: Served): Promise<void> {
  for (const link of links) link.close();
  server.send('stop');
  await once(server, 'exit');
}

const cpuOf = (name: string, runs: readonly Capacity[]): Measure =>
  middle(
    name,
    'µs CPU',
    runs.map((run) => run.cpu),
  );

/** This node and the one of the checkout in turn. */
async function inTurn(now: Served, home: string): Promise<Measure[]> {
  const old = await startServer(home);
  const runs: Capacity[] = [];
  const earlier: Capacity[] = [];
  for (let i = 0; i < TURNS; i++) {
    runs.push(await capacityOf(now.server, now.links));
    earlier.push(await capacityOf(old.server, old.links));
  }
  await stopServer(old);
  const before = cpuOf('an order, whole path, before', earlier);
  return [against(cpuOf('an order, whole path, in turn', runs), before), before];
}

/** What `npm run bench -- gateway` prints. */
export async function bench(): Promise<Measure[]> {
  await hashFast();
  const served = await startServer();
  const { server, links } = served;
  try {
    const runs: Capacity[] = [];
    const bounds: number[] = [];
    for (let i = 0; i < REPEATS; i++) {
      runs.push(await capacityOf(server, links));
      bounds.push(await recoverMicros());
    }
    const bound = middle('recover, the addon alone', 'µs CPU', bounds);
    const cpu = cpuOf('an order, whole path, all threads', runs);
    const perSecond = middle(
      'capacity over loopback, two cores shared with the traders',
      'orders/s',
      runs.map((run) => run.perSecond),
    );
    const rows: Measure[] = [
      bound,
      { ...cpu, reference: bound.name, ratio: cpu.value / bound.value },
      {
        ...perSecond,
        reference: 'both cores do nothing but recover',
        ratio: perSecond.value / (2e6 / bound.value),
      },
    ];
    if (checkout !== undefined) rows.push(...(await inTurn(served, checkout)));
    for (const part of LOADS) rows.push(...(await openLoop(links, part, perSecond.value)));
    return rows;
  } finally {
    await stopServer(served);
  }
}
