/** WebSocket connections of clients: how they are taken, kept alive, read and ended. */
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { frameBytesMax } from '@holdfast/order';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';

const PING_MS = 15_000;
/** After which a client that does not answer the end is cut off. */
const GRACE_MS = 500;
/** "Going away". */
const GONE = 1001;
/** One frame of a connection in a turn of the event loop: nobody waits for another's buffer. */
const ONE_FRAME = { allowSynchronousEvents: false };

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

/** Pings what is silent; two intervals without a sign end it. */
function keepAlive(wss: WebSocketServer): NodeJS.Timeout {
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

/**
 * Takes connections at `/v1/ws` of an HTTP server.
 *
 * @param closed the HTTP status with which none is taken now
 */
export function acceptSockets(
  server: Server,
  open: (socket: WebSocket, raw: Duplex) => void,
  closed: () => string | undefined = () => undefined,
): { close(reason: string): Promise<void> } {
  const wss = new WebSocketServer({ noServer: true, maxPayload: frameBytesMax, ...ONE_FRAME });
  server.on('upgrade', (request, raw, head) => {
    const isOurs = request.url?.split('?')[0] === '/v1/ws';
    const status = isOurs ? closed() : '404 Not Found';
    if (status !== undefined) {
      raw.end(`HTTP/1.1 ${status}\r\n\r\n`);
      return;
    }
    wss.handleUpgrade(request, raw, head, (socket) => {
      wss.emit('connection', socket, request);
      open(socket, raw);
    });
  });
  const pinger = keepAlive(wss);
  return {
    async close(reason) {
      clearInterval(pinger);
      for (const socket of wss.clients) socket.close(GONE, reason);
      setTimeout(() => wss.clients.forEach((socket) => void socket.terminate()), GRACE_MS).unref();
      await new Promise((done) => wss.close(done));
    },
  };
}
