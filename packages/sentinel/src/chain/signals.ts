/**
 * What wakes the sentinel: new heads and pending transactions over WebSockets, and a clock beside
 * them, since a socket may fall silent without closing.
 */
import type { Logger } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import { WebSocket } from 'ws';
import type { Endpoint } from './endpoint.ts';

/** How one socket stands. */
export interface SocketStanding {
  readonly name: string;
  readonly state: 'connecting' | 'open' | 'stalled' | 'closed';
  /** Times that it was found silent while the chain went on. */
  readonly stalls: number;
}

export interface Signals {
  /** Waits for a head, or the time until which nothing may be heard. */
  next(): Promise<void>;
  /** Tells how far the chain is by other means: a socket that stays behind is stalled. */
  seen(block: number): void;
  readonly sockets: () => readonly SocketStanding[];
  close(): void;
}

export interface SignalsOptions {
  readonly endpoints: readonly Endpoint[];
  /** WebSocket addresses, as many as endpoints; an empty text: that one is polled. */
  readonly sockets: readonly string[];
  readonly blockMs: number;
  readonly logger: Logger;
  readonly onPending?: ((hash: Hex, endpoint: Endpoint) => void) | undefined;
}

const reconnectMs = [200, 500, 1_000, 2_000, 5_000, 10_000];
/** Blocks that a socket may be behind what is seen otherwise. */
const lagMax = 2;

class Socket {
  readonly endpoint: Endpoint;
  state: SocketStanding['state'] = 'connecting';
  stalls = 0;
  head = -1;
  readonly #url: string;
  readonly #options: SignalsOptions;
  readonly #wake: () => void;
  #socket: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pending: string | undefined;
  #attempt = 0;
  #closed = false;

  constructor(url: string, endpoint: Endpoint, options: SignalsOptions, wake: () => void) {
    [this.#url, this.endpoint, this.#options, this.#wake] = [url, endpoint, options, wake];
    this.#open();
  }

  #open(): void {
    if (this.#closed) return;
    this.state = this.state === 'stalled' ? 'stalled' : 'connecting';
    const socket = new WebSocket(this.#url, { handshakeTimeout: 5_000, maxPayload: 2 ** 20 });
    this.#socket = socket;
    socket.on('open', () => {
      socket.send(subscription(1, 'newHeads'));
      if (this.#options.onPending) socket.send(subscription(2, 'newPendingTransactions'));
    });
    socket.on('message', (data) => this.#take(String(data)));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#again(socket));
  }

  #take(text: string): void {
    let message: {
      id?: number;
      result?: unknown;
      params?: { subscription?: string; result?: unknown };
    };
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (message.id === 2) this.#pending = String(message.result);
    if (message.id === 1) this.state = 'open';
    const { params } = message;
    if (params === undefined) return;
    this.#attempt = 0;
    if (params.subscription === this.#pending) {
      if (typeof params.result !== 'string') return;
      this.#options.onPending?.(params.result.toLowerCase() as Hex, this.endpoint);
      return;
    }
    const number = Number((params.result as { number?: string } | undefined)?.number);
    if (!Number.isSafeInteger(number)) return;
    this.head = number;
    this.state = 'open';
    this.#wake();
  }

  #again(socket: WebSocket): void {
    if (this.#closed || this.#socket !== socket) return;
    if (this.state !== 'stalled') this.state = 'closed';
    const wait = reconnectMs[Math.min(this.#attempt, reconnectMs.length - 1)] as number;
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.#open(), wait);
  }

  /** Silent while others see blocks: begun anew. */
  seen(block: number): void {
    if (this.head < 0) this.head = block;
    if (block - this.head <= lagMax) return;
    this.stalls += 1;
    this.state = 'stalled';
    this.head = block;
    const { name } = this.endpoint;
    this.#options.logger.warn({ endpoint: name, block }, 'a WebSocket is silent; polling goes on');
    this.#socket?.terminate();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.terminate();
  }
}

const subscription = (id: number, what: string): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'eth_subscribe', params: [what] });

/** Opens the sockets. */
export function createSignals(options: SignalsOptions): Signals {
  let wake: () => void = () => undefined;
  let woken = false;
  let closed = false;
  const rouse = (): void => {
    woken = true;
    wake();
  };
  const sockets = options.sockets.flatMap((url, i) =>
    url === '' ? [] : [new Socket(url, options.endpoints[i] as Endpoint, options, rouse)],
  );
  return {
    async next() {
      if (woken || closed) {
        woken = false;
        return;
      }
      // With a live socket polling is the safety net; without one it is all there is.
      const live = sockets.some(({ state }) => state === 'open');
      const waitMs = live ? Math.min(options.blockMs, 2_000) : Math.min(options.blockMs / 4, 1_000);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(waitMs, 20));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      woken = false;
    },
    seen: (block) => {
      for (const socket of sockets) socket.seen(block);
    },
    sockets: () =>
      sockets.map(({ endpoint, state, stalls }) => ({ name: endpoint.name, state, stalls })),
    close: () => {
      closed = true;
      for (const socket of sockets) socket.close();
      rouse();
    },
  };
}

/** The WebSocket address that goes with an HTTP one, as most nodes have it. */
export const socketOf = (url: string): string => url.replace(/^http/, 'ws');
