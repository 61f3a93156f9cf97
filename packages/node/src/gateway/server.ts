import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorMessage, type Logger } from '@holdfast/host';
import { domainSeparator, encodeFrame, frameBytesMax } from '@holdfast/order';
import { EnvironmentError } from '@holdfast/units';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { NodeParts } from '../parts.ts';
import { type Budget, createBudgets } from './budget.ts';
import type { Desk } from './desk.ts';
import { createOutbox } from './outbox.ts';
import { createSession, type Session } from './session.ts';
import type { Streams } from './streams.ts';

/** Interval of book diffs and of catching up with slow readers, wall ms. */
const FLUSH_MS = 50;
const PING_MS = 15_000;
/** One frame of a connection in a turn of the event loop: nobody waits for another's buffer. */
const ONE_FRAME = { allowSynchronousEvents: false };

export type Gateway = { connections(): number; close(): Promise<void> };

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

function failed(logger: Logger, socket: WebSocket, cause: unknown): void {
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
  const sessions = new Map<WebSocket, Session>();
  const alive = new WeakSet<WebSocket>();
  const separator = domainSeparator(parts.domain);
  let opened = 0;
  const wss = new WebSocketServer({ noServer: true, maxPayload: frameBytesMax, ...ONE_FRAME });

  server.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?')[0] !== '/v1/ws') {
      socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      return;
    }
    wss.handleUpgrade(request, socket, head, (ws) => open(ws, socket));
  });

  function open(socket: WebSocket, raw: Duplex): void {
    const cork = createCork(raw);
    const outbox = createOutbox({ socket, separator, key: parts.key, cork });
    opened += 1;
    const name = String(opened);
    const session = createSession({ parts, desk, streams, outbox, budgetOf, name });
    sessions.set(socket, session);
    alive.add(socket);
    socket.on('pong', () => alive.add(socket));
    socket.on('message', (data, isBinary) => {
      alive.add(socket);
      const bytes = bytesOf(data);
      const frame = isBinary ? bytes : Buffer.from(bytes).toString();
      session.receive(frame).catch((cause) => failed(logger, socket, cause));
    });
    socket.on('error', (cause) => logger.debug({ error: errorMessage(cause) }, 'socket error'));
    socket.on('close', () => {
      sessions.delete(socket);
      session.close().catch((cause) => logger.error({ error: cause }, 'session close failed'));
    });
  }

  function ping(): void {
    for (const socket of sessions.keys()) {
      if (!alive.has(socket)) socket.terminate();
      alive.delete(socket);
      socket.ping();
    }
  }

  const flusher = setInterval(() => {
    streams.flush();
    for (const session of sessions.values()) session.catchUp();
  }, FLUSH_MS);
  const pinger = setInterval(ping, PING_MS);

  return {
    connections: () => sessions.size,
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
