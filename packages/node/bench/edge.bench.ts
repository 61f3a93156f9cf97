/**
 * What an order costs the sequencer when clients come to it, and when they come to a gateway: CPU
 * time of the processes alone, so that two cores tell what many would. Both in one run, in turns.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { against, type Measure, middle } from '@holdfast/units/measure';
import { createTrader, openLink, type Trader } from './traders.ts';

const TRADERS = 8;
const FRAME = 16;
const ORDERS_OPEN = 64;
const ORDERS = 4096;
const REPEATS = 5;

async function ask<T>(child: ChildProcess, message: string): Promise<T> {
  child.send(message);
  const [answer] = await once(child, 'message');
  return answer as T;
}

async function start<T>(script: string, argument: number): Promise<[ChildProcess, T]> {
  const path = new URL(script, import.meta.url);
  const child = fork(path, [String(argument)], { execArgv: ['--import', 'tsx'] });
  const [ready] = await once(child, 'message');
  return [child, ready as T];
}

/** Sends so many orders of every trader, 64 of each open at a time. */
async function trade(url: string, traders: readonly Trader[]): Promise<void> {
  const links = await Promise.all(traders.map((trader) => openLink(url, trader)));
  const each = links.map(
    (link) =>
      new Promise<void>((done) => {
        const mine = link.trader.orders(ORDERS / TRADERS);
        let [at, open] = [0, 0];
        const more = (): void => {
          while (open < ORDERS_OPEN && at < mine.length) {
            link.send(mine.slice(at, at + FRAME));
            at += FRAME;
            open += FRAME;
          }
          if (open === 0) done();
        };
        link.onAck = (count) => {
          open -= count;
          more();
        };
        more();
      }),
  );
  await Promise.all(each);
  for (const link of links) link.close();
}

export async function bench(): Promise<Measure[]> {
  const [node, { url, hubPort }] = await start<{ url: string; hubPort: number }>(
    './serve.ts',
    TRADERS,
  );
  const [gateway, edge] = await start<{ url: string }>('./serve-gateway.ts', hubPort);
  const traders = Array.from({ length: TRADERS }, (_, i) => createTrader(i));
  const cpu = async (child: ChildProcess) => (await ask<{ cpu: number }>(child, 'used')).cpu;
  const used = { direct: [] as number[], behind: [] as number[], gateway: [] as number[] };
  try {
    for (let i = 0; i <= REPEATS; i++) {
      const begun = await cpu(node);
      await trade(url, traders);
      const between = await cpu(node);
      const before = await cpu(gateway);
      await trade(edge.url, traders);
      // The first turn warms up.
      if (i === 0) continue;
      used.direct.push((between - begun) / ORDERS);
      used.behind.push(((await cpu(node)) - between) / ORDERS);
      used.gateway.push(((await cpu(gateway)) - before) / ORDERS);
    }
  } finally {
    for (const child of [gateway, node]) {
      const ended = once(child, 'exit');
      child.send('stop');
      await ended;
    }
  }
  const direct = middle('node: an order, clients at the node', 'µs CPU', used.direct);
  const behind = middle('node: an order, clients at a gateway', 'µs CPU', used.behind);
  return [
    { ...direct, note: 'signature included' },
    { ...against(behind, direct), note: 'signature verified by the gateway but for 1 in 64' },
    middle('gateway: an order', 'µs CPU', used.gateway),
  ];
}
