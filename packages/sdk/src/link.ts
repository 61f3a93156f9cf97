/** A WebSocket that comes back. */
import { frameBytesMax, isFrame, readServerFrame, type ServerFrame } from '@holdfast/order';
import WebSocket, { type RawData } from 'ws';

export type LinkEvents = {
  /** The socket is open; nothing has been received yet. */
  readonly opened: () => void;
  readonly frame: (frame: ServerFrame) => void;
  /** The socket is gone; another attempt follows unless the link was closed. */
  readonly down: (reason: string) => void;
};

export type Link = {
  /** Whether the data went out to an open socket. */
  send(data: string | Uint8Array): boolean;
  /** Drops the connection; the link connects anew. */
  drop(reason: string): void;
  close(): void;
};

const firstDelayMs = 200;
const delayMsMax = 5000;
const keepAliveMs = 10_000;

const bytesOf = (data: RawData): Uint8Array => {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
};

/** Wait before attempt n (from 0), wall ms: doubles up to 5 s, spread so that clients disperse. */
export const retryDelayMs = (attempt: number, spread = Math.random()): number =>
  Math.min(firstDelayMs * 2 ** attempt, delayMsMax) * (0.5 + spread / 2);

/** Opens `url` and reopens it whenever it fails, until closed. */
export function createLink(url: string, events: LinkEvents): Link {
  let socket: WebSocket | undefined;
  let attempt = 0;
  let isClosed = false;
  let retry: NodeJS.Timeout | undefined;

  function open(): void {
    const mine = new WebSocket(url, { handshakeTimeout: 5000, maxPayload: 4 * frameBytesMax });
    socket = mine;
    let isAlive = true;
    let reason = 'connection closed';
    const keepAlive = setInterval(() => {
      if (!isAlive) mine.terminate();
      else if (mine.readyState === WebSocket.OPEN) mine.ping();
      isAlive = false;
    }, keepAliveMs);
    keepAlive.unref();
    mine.on('open', () => {
      isAlive = true;
      events.opened();
    });
    mine.on('pong', () => {
      isAlive = true;
    });
    mine.on('message', (data, isBinary) => {
      isAlive = true;
      attempt = 0;
      const frame = readServerFrame(isBinary ? bytesOf(data) : String(data));
      if (isFrame(frame)) events.frame(frame as ServerFrame);
    });
    mine.on('error', (error) => {
      reason = error.message || String((error as { code?: string }).code ?? 'failed');
    });
    mine.on('close', () => {
      clearInterval(keepAlive);
      if (socket !== mine) return;
      socket = undefined;
      if (isClosed) return;
      events.down(reason);
      retry = setTimeout(open, retryDelayMs(attempt));
      attempt += 1;
    });
  }
  open();

  return {
    send(data) {
      if (socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(data);
      return true;
    },
    drop() {
      socket?.terminate();
    },
    close() {
      isClosed = true;
      clearTimeout(retry);
      const last = socket;
      last?.close();
      // A peer that does not answer the closing handshake must not keep the process alive.
      setTimeout(() => last?.terminate(), 500).unref();
    },
  };
}
