/**
 * The whole path over loopback: real signatures, a real journal on this disk, one verifier thread.
 * Capacity by a closed loop; then an open loop at parts of it, with latency from the time at which
 * an order was to be sent, whether or not it could be. CPU time is the node's process alone.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { domainSeparator } from '@holdfast/order';
import { hashFast } from '../src/verify/keccak.ts';
import { loadNative } from '../src/verify/recover.ts';
import { theDomain } from '../test/fixture.ts';
import { cpuMicros, type Measure, measure } from './cost.ts';
import { createTrader, type Link, openLink } from './traders.ts';

const TRADERS = 8;
const FRAME = 16;
const ORDERS = 8192;
const SECONDS = 2;
const REPEATS = 3;
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
    ...measure(
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

async function startServer(): Promise<{ server: ChildProcess; url: string }> {
  const server = fork(new URL('./serve.ts', import.meta.url), [String(TRADERS)], {
    execArgv: ['--import', 'tsx', ...profile],
  });
  const [{ url }] = (await once(server, 'message')) as [{ url: string }];
  return { server, url };
}

/** What `npm run bench -- gateway` prints. */
export async function bench(): Promise<Measure[]> {
  await hashFast();
  const { server, url } = await startServer();
  try {
    const links: Link[] = [];
    for (let i = 0; i < TRADERS; i++) links.push(await openLink(url, createTrader(i)));
    const runs: Capacity[] = [];
    const bounds: number[] = [];
    for (let i = 0; i < 2; i++) await capacityOf(server, links);
    for (let i = 0; i < REPEATS; i++) {
      runs.push(await capacityOf(server, links));
      bounds.push(await recoverMicros());
    }
    const bound = measure('recover, the addon alone', 'µs CPU', bounds);
    const cpu = measure(
      'an order, whole path, all threads',
      'µs CPU',
      runs.map((run) => run.cpu),
    );
    const perSecond = measure(
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
    for (const part of LOADS) rows.push(...(await openLoop(links, part, perSecond.value)));
    for (const link of links) link.close();
    return rows;
  } finally {
    server.send('stop');
    await once(server, 'exit');
  }
}
