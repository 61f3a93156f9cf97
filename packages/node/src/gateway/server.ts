import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorMessage, type Logger } from '@holdfast/host';
import { domainSeparator, encodeFrame, frameBytesMax } from '@holdfast/order';
import { EnvironmentError } from '@holdfast/units';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { NodeParts } from '../parts.ts';
import { type Budget, createBudgets } from './budget.ts';
import type { AskedOrder, Desk } from './desk.ts';
import { createOutbox, type Wire } from './outbox.ts';
import { createSession, type Session } from './session.ts';
import type { Streams } from './streams.ts';

/** Interval of book diffs and of catching up with slow readers, wall ms. */
const FLUSH_MS = 50;
const PING_MS = 15_000;
/** One frame of a connection in a turn of the event loop: nobody waits for another's buffer. */
const ONE_FRAME = { allowSynchronousEvents: false };

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

/**
 * The bytes of a message, as no Buffer: `slice` of a Buffer copies nothing, and an order that rests
 * would keep all that came with it.
 */
export function bytesOf(data: RawData): Uint8Array {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : data;
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A client's message: text, or the bytes of a binary one. */
export function frameOf(data: RawData, isBinary: boolean): string | Uint8Array {
  const bytes = bytesOf(data);
  if (isBinary) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

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

/** Pings what is silent; two intervals without a sign end it. */
export function keepAlive(wss: WebSocketServer): NodeJS.Timeout {
  const alive = new WeakSet<WebSocket>();
  wss.on('connection', (socket) => {
    alive.add(socket);
    for (const sign of ['pong', 'message']) socket.on(sign, () => alive.add(socket));
  });
  return setInterval(() => {
    for (const socket of wss.clients) {
      if (!alive.has(socket)) socket.terminate();
      alive.delete(socket);
      socket.ping();
    }
  }, PING_MS);
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
  const wss = new WebSocketServer({ noServer: true, maxPayload: frameBytesMax, ...ONE_FRAME });

  server.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?')[0] !== '/v1/ws') {
      socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      return;
    }
    wss.handleUpgrade(request, socket, head, (ws) => {
      wss.emit('connection', ws, request);
      open(ws, socket);
    });
  });

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
  const pinger = keepAlive(wss);

  return {
    connections: () => sessions.size,
    adopt,
    async close() {
      clearInterval(flusher);
      clearInterval(pinger);
      const open_ = [...sessions.values()];
      sessions.clear();
      await Promise.all(open_.map((session) => session.close()));
      for (const socket of wss.clients) socket.close(1001, 'the node is stopping');
      setTimeout(() => wss.clients.forEach((socket) => void socket.terminate()), 500).unref();
      await new Promise((resolve) => wss.close(resolve));
    },
  };
}
