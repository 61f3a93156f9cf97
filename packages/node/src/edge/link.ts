/** A gateway's end of the link: tries one address of the sequencer after the other. */
import type { ConnectionOptions } from 'node:tls';
import { errorMessage, type Logger } from '@holdfast/host';
import { WebSocket } from 'ws';
import { bytesOf } from '../gateway/sockets.ts';
import { createPacker, type Entry, messageBytesMax, readEntries } from './wire.ts';

export type LinkTarget = { readonly host: string; readonly port: number };

export type Link = {
  readonly target: LinkTarget;
  put(kind: number, subject: number, payload?: Uint8Array): void;
};

export type LinkEvents = {
  onUp(link: Link): void;
  onEntry(entry: Entry): void;
  /** The link broke, or could not be made. */
  onDown(reason: string): void;
};

export type LinkOptions = {
  /** Of a primary and its standby, only one answers. */
  readonly targets: readonly LinkTarget[];
  readonly tls: ConnectionOptions;
  readonly logger: Logger;
};

const RETRY_MS = 250;
const RETRY_MS_MAX = 5000;
const PING_MS = 2000;
const CONNECT_MS = 3000;

/** Keeps a link until it is closed. */
export function keepLink(options: LinkOptions, events: LinkEvents): { close(): void } {
  const { targets, tls, logger } = options;
  let [turn, tries, isClosed] = [0, 0, false];
  let current: WebSocket | undefined;
  let timer: NodeJS.Timeout | undefined;

  function again(reason: string): void {
    events.onDown(reason);
    if (isClosed) return;
    tries += 1;
    turn = (turn + 1) % targets.length;
    const wait = Math.min(RETRY_MS * 2 ** Math.floor(tries / targets.length), RETRY_MS_MAX);
    timer = setTimeout(connect, wait);
  }

  function connect(): void {
    const target = targets[turn] as LinkTarget;
    const shape = { handshakeTimeout: CONNECT_MS, maxPayload: messageBytesMax };
    const socket = new WebSocket(`wss://${target.host}:${target.port}`, { ...tls, ...shape });
    current = socket;
    let reason = 'it was closed';
    let isAlive = true;
    // A machine that vanishes closes nothing.
    const pinger = setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (!isAlive) socket.terminate();
      isAlive = false;
      socket.ping();
    }, PING_MS);
    socket.on('open', () => {
      tries = 0;
      const { put } = createPacker((message) => socket.send(message));
      events.onUp({ target, put });
    });
    for (const sign of ['pong', 'message']) {
      socket.on(sign, () => {
        isAlive = true;
      });
    }
    socket.on('message', (data) => {
      try {
        for (const entry of readEntries(bytesOf(data))) events.onEntry(entry);
      } catch (error) {
        logger.error({ target, error: errorMessage(error) }, 'the link is given up');
        socket.terminate();
      }
    });
    socket.on('error', (error) => {
      reason = errorMessage(error);
      logger.debug({ target, reason }, 'no link');
    });
    socket.on('close', () => {
      clearInterval(pinger);
      again(reason);
    });
  }

  connect();
  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
      current?.terminate();
    },
  };
}
