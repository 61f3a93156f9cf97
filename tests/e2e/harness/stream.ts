/** A steady stream of signed orders to whichever node serves, as one careful client sends it. */

import { sleep } from '@holdfast/host';
import type { Order } from '@holdfast/order';
import { toHex } from '@holdfast/units';
import WebSocket from 'ws';
import { alice, bob, makeOrder } from '../../../packages/node/test/fixture.ts';

/** What a client was told of an order. */
export type Told = {
  readonly clientId: string;
  readonly status: string;
  readonly code?: string;
  readonly seq: number;
  readonly head: string;
};

type Sent = {
  readonly clientId: string;
  readonly packed: string;
  sentAt: number;
  told: Told | undefined;
};

export type Stream = {
  /** Orders so far, those of earlier streams included: where the next one begins. */
  count(): number;
  readonly sent: ReadonlyMap<string, Sent>;
  /** In the order in which the answers came. */
  readonly told: readonly Told[];
  /** Wall ms from sending to the answer, of all orders so far: that share of them took no more. */
  wait(share: number): number;
  /** Longest time between two answers, wall ms, since the last call. */
  gap(): number;
  stop(): Promise<void>;
};

const EVERY_MS = 4;
const LANES = 40;
const QUIET_MS = 500;
const VENUE_SECONDS = 1_700_000_000;

/** Alice and bob in turn, each now and then at a price that meets the other. */
function nextOrder(n: number): Sent {
  const isAlice = n % 2 === 0;
  const isBuy = n % 4 < 2 === isAlice;
  const price = 1_000_000 + (isBuy ? -1 : 1) * (n % 7 === 0 ? -20 : 20 + (n % 50));
  const change = {
    account: isAlice ? 2 : 3,
    isBuy,
    price,
    size: 1 + (n % 3),
    lane: Math.floor(n / 2) % LANES,
    seq: 1 + n,
    expiry: VENUE_SECONDS + 100_000,
  };
  const packed = toHex(makeOrder((isAlice ? alice : bob).secret, change as Partial<Order>));
  return { clientId: `${n + 1}`, packed, sentAt: 0, told: undefined };
}

/**
 * Sends to the first of `urls` that answers, and to another when it is lost.
 *
 * @param from - how many orders earlier streams have sent
 */
export function startStream(urls: readonly string[], from = 0): Stream {
  const sent = new Map<string, Sent>();
  const told: Told[] = [];
  const waits: number[] = [];
  const stop = new AbortController();
  let lastAt = performance.now();
  let gap = 0;

  function take(data: unknown): void {
    const frame = JSON.parse(String(data)) as { op: string; items?: Told[] };
    if (frame.op !== 'ack') return;
    const now = performance.now();
    gap = Math.max(gap, now - lastAt);
    lastAt = now;
    for (const item of frame.items ?? []) {
      const order = sent.get(item.clientId);
      if (order === undefined || order.told !== undefined) continue;
      order.told = item;
      waits.push(now - order.sentAt);
      told.push(item);
    }
  }

  function connect(url: string): Promise<WebSocket | undefined> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, { handshakeTimeout: 500 });
    socket.on('message', (data, isBinary) => {
      if (!isBinary) take(data);
    });
    return new Promise((resolve) => {
      socket.once('open', () => resolve(socket));
      socket.once('error', () => resolve(undefined));
    });
  }

  function give(socket: WebSocket, order: Sent): void {
    const { clientId, packed } = order;
    order.sentAt = performance.now();
    socket.send(JSON.stringify({ op: 'orders', orders: [{ clientId, packed, epoch: 0 }] }));
  }

  async function talk(socket: WebSocket): Promise<void> {
    // What was not answered is sent again under the same ids, in the same order.
    for (const order of sent.values()) if (order.told === undefined) give(socket, order);
    const began = performance.now();
    while (!stop.signal.aborted && socket.readyState === WebSocket.OPEN) {
      const order = nextOrder(from + sent.size);
      sent.set(order.clientId, order);
      give(socket, order);
      await sleep(EVERY_MS);
      // A node that is frozen keeps its connections: a client has to doubt it.
      if (performance.now() - Math.max(began, lastAt) > QUIET_MS) break;
    }
    socket.terminate();
  }

  async function run(): Promise<void> {
    for (let at = 0; !stop.signal.aborted; at += 1) {
      const socket = await connect(urls[at % urls.length] as string);
      if (socket !== undefined) await talk(socket);
      else await sleep(20);
    }
  }

  const running = run();
  return {
    sent,
    told,
    count: () => from + sent.size,
    wait(share) {
      const sorted = [...waits].sort((a, b) => a - b);
      return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    },
    gap() {
      const found = gap;
      gap = 0;
      return found;
    },
    async stop() {
      stop.abort();
      await running;
    },
  };
}
