import {
  type AckItem,
  encodeAcks,
  encodeFrame,
  frameItemsMax,
  receiptsDigest,
} from '@holdfast/order';
import type { WebSocket } from 'ws';
import type { DigestSigner } from '../verify/sign.ts';

/** Bytes waiting in a connection above which its market data stops until it has caught up. */
export const STREAM_BACKLOG_BYTES_MAX = 1 << 18;
/** Bytes waiting above which nothing more is read from it: who takes no answers asks nothing. */
const ANSWER_BACKLOG_BYTES_MAX = 1 << 19;
/** Bytes waiting above which the connection is closed: it does not read at all. */
const BACKLOG_BYTES_MAX = 4 << 20;
/** A connection as its session needs it: a client's own, or one that a gateway holds. */
export type Wire = Pick<
  WebSocket,
  'send' | 'pause' | 'resume' | 'terminate' | 'isPaused' | 'bufferedAmount'
>;
/** What a connection is sent: answers before market data, and what it may still ask. */
export type Outbox = {
  /** Answers leave once per turn of the event loop, in one signed frame for each form. */
  acknowledge(items: readonly AckItem[], isBinary: boolean): void;
  /** Any other answer, at once. */
  reply(frame: object): void;
  /** A frame of market data; false: dropped, the reader is slow. */
  stream(text: string): boolean;
  /** Reads nothing more from the connection for some ms. */
  pause(ms: number): void;
  /** Reads on where the reasons to pause are gone. To be called every few ms. */
  relieve(): void;
  isDrained(): boolean;
};

export type OutboxDeps = {
  readonly socket: Wire;
  readonly separator: Uint8Array;
  readonly key: DigestSigner;
  /** Gathers all that is sent in this turn of the event loop into one write. */
  readonly cork: () => void;
};

export function createOutbox({ socket, separator, key, cork }: OutboxDeps): Outbox {
  const waiting: Record<'binary' | 'text', AckItem[]> = { binary: [], text: [] };
  let isScheduled = false;
  let readsFrom = 0;

  function send(data: string | Uint8Array): void {
    cork();
    socket.send(data);
    if (socket.bufferedAmount > BACKLOG_BYTES_MAX) socket.terminate();
    else if (socket.bufferedAmount > ANSWER_BACKLOG_BYTES_MAX) socket.pause();
  }

  function sendAcks(items: AckItem[], isBinary: boolean): void {
    for (let at = 0; at < items.length; at += frameItemsMax) {
      const part = items.slice(at, at + frameItemsMax);
      const signature = key.sign(receiptsDigest(separator, part));
      const frame = { op: 'ack' as const, items: part, signature };
      send(isBinary ? encodeAcks(frame) : encodeFrame(frame));
    }
  }

  function flush(): void {
    isScheduled = false;
    const { binary, text } = waiting;
    waiting.binary = [];
    waiting.text = [];
    sendAcks(binary, true);
    sendAcks(text, false);
  }

  return {
    acknowledge(items, isBinary) {
      const into = isBinary ? waiting.binary : waiting.text;
      for (const item of items) into.push(item);
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(flush);
    },
    reply: (frame) => send(encodeFrame(frame)),
    stream(text) {
      if (socket.bufferedAmount > STREAM_BACKLOG_BYTES_MAX) return false;
      send(text);
      return true;
    },
    pause(ms) {
      readsFrom = Math.max(readsFrom, performance.now() + ms);
      socket.pause();
    },
    relieve() {
      if (!socket.isPaused || performance.now() < readsFrom) return;
      if (socket.bufferedAmount <= STREAM_BACKLOG_BYTES_MAX) socket.resume();
    },
    isDrained: () => socket.bufferedAmount === 0,
  };
}
