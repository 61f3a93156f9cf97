import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorMessage, type Logger } from '@holdfast/host';
import { domainSeparator, encodeFrame } from '@holdfast/order';
import { EnvironmentError } from '@holdfast/units';
import type { WebSocket } from 'ws';
import type { NodeParts } from '../parts.ts';
import { type Budget, createBudgets } from './budget.ts';
import type { AskedOrder, Desk } from './desk.ts';
import { createOutbox, type Wire } from './outbox.ts';
import { createSession, type Session } from './session.ts';
import { acceptSockets, frameOf } from './sockets.ts';
import type { Streams } from './streams.ts';

/** Interval of book diffs and of catching up with slow readers, wall ms. */
const FLUSH_MS = 50;

/** What a connection brings. */
export type Served = {
  receive(frame: string | Uint8Array): void;
  receiveOrders(orders: readonly AskedOrder[], isBinary: boolean): void;
  close(): void;
};

export type Gateway = {
  connections(): number;
  /** Serves a connection that is open. @param cork see {@link OutboxDeps} */
  adopt(wire: Wire, cork: () => void): Served;
  close(): Promise<void>;
};

function failed(logger: Logger, socket: Wire, cause: unknown): void {
  if (cause instanceof EnvironmentError) {
    const { code, message } = cause;
    socket.send(encodeFrame({ op: 'error', code, message }));
    return;
  }
  logger.error({ error: cause }, 'a request failed');
  const message = 'the node could not answer this; its log says why';
  socket.send(encodeFrame({ op: 'error', code: 'Internal', message }));
}

/** Gathers the writes of one turn of the event loop. */
function createCork(raw: Duplex): () => void {
  let isCorked = false;
  return () => {
    if (isCorked) return;
    isCorked = true;
    raw.cork();
    setImmediate(() => {
      isCorked = false;
      raw.uncork();
    });
  };
}

/** Serves `/v1/ws` on an HTTP server that is already listening or about to. */
export function serveGateway(
  server: Server,
  parts: NodeParts,
  desk: Desk,
  streams: Streams,
  budgetOf: (flow: string) => Budget = createBudgets(),
): Gateway {
  const { logger } = parts;
  const sessions = new Map<Wire, Session>();
  const separator = domainSeparator(parts.domain);
  let opened = 0;

  function adopt(wire: Wire, cork: () => void): Served {
    const outbox = createOutbox({ socket: wire, separator, key: parts.key, cork });
    opened += 1;
    const name = String(opened);
    const session = createSession({ parts, desk, streams, outbox, budgetOf, name });
    sessions.set(wire, session);
    const answer = (done: Promise<void>): void => {
      done.catch((cause) => failed(logger, wire, cause));
    };
    return {
      receive: (frame) => answer(session.receive(frame)),
      receiveOrders: (orders, isBinary) => answer(session.receiveOrders(orders, isBinary)),
      close() {
        sessions.delete(wire);
        session.close().catch((cause) => logger.error({ error: cause }, 'session close failed'));
      },
    };
  }

  function open(socket: WebSocket, raw: Duplex): void {
    const served = adopt(socket, createCork(raw));
    socket.on('message', (data, isBinary) => served.receive(frameOf(data, isBinary)));
    socket.on('error', (cause) => logger.debug({ error: errorMessage(cause) }, 'socket error'));
    socket.on('close', served.close);
  }

  const flusher = setInterval(() => {
    streams.flush();
    for (const session of sessions.values()) session.catchUp();
  }, FLUSH_MS);
  const sockets = acceptSockets(server, open);

  return {
    connections: () => sessions.size,
    adopt,
    async close() {
      clearInterval(flusher);
      const open_ = [...sessions.values()];
      sessions.clear();
      await Promise.all(open_.map((session) => session.close()));
      await sockets.close('the node is stopping');
    },
  };
}
