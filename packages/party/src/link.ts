/** A party's connection to the relay: logs in, and comes back when it is lost. */
import type { Logger } from '@holdfast/host';
import type { PartyKey } from '@holdfast/quorum';
import WebSocket from 'ws';
import { z } from 'zod';
import { type KeyPair, signWith } from './identity.ts';
import { frameBytesMax, loginBytes } from './relay.ts';

const frameSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('challenge'), challenge: z.string().max(128) }),
  z.object({ op: z.literal('ready') }),
  z.object({ op: z.literal('deliver'), envelope: z.string() }),
  z.object({ op: z.literal('error'), code: z.string().max(64) }),
]);

export type LinkOptions = {
  readonly url: string;
  readonly pair: KeyPair;
  readonly logger: Logger;
  readonly deliver: (envelope: string) => void;
  readonly ready?: () => void;
};

export type Link = {
  /** Lost when there is no connection: whoever needs an answer asks again. */
  send(to: readonly PartyKey[], envelope: string): void;
  isReady(): boolean;
  close(): void;
};

const retryMsFirst = 100;
const retryMsMax = 5_000;
const pingMs = 10_000;

export function createLink(options: LinkOptions): Link {
  const { url, pair, logger, deliver } = options;
  const sign = signWith(pair);
  let socket: WebSocket | undefined;
  let isReady = false;
  let isClosed = false;
  let delay = retryMsFirst;
  let timer: NodeJS.Timeout | undefined;

  function take(mine: WebSocket, text: string): void {
    const parsed = frameSchema.safeParse(JSON.parse(text));
    if (!parsed.success) return;
    const frame = parsed.data;
    if (frame.op === 'challenge') {
      const signature = sign(loginBytes(frame.challenge));
      mine.send(JSON.stringify({ op: 'login', key: pair.public, signature }));
    } else if (frame.op === 'ready') {
      isReady = true;
      delay = retryMsFirst;
      options.ready?.();
    } else if (frame.op === 'deliver') deliver(frame.envelope);
    else logger.warn({ code: frame.code, url }, 'the relay refused us');
  }

  function open(): void {
    const mine = new WebSocket(url, { handshakeTimeout: 5000, maxPayload: frameBytesMax });
    socket = mine;
    let isAlive = true;
    const pinger = setInterval(() => {
      if (!isAlive) mine.terminate();
      else if (mine.readyState === WebSocket.OPEN) mine.ping();
      isAlive = false;
    }, pingMs);
    mine.on('pong', () => {
      isAlive = true;
    });
    mine.on('message', (data) => {
      isAlive = true;
      try {
        take(mine, String(data));
      } catch (error) {
        logger.debug({ error }, 'the relay sent nonsense');
      }
    });
    mine.on('error', (error) => logger.debug({ error: error.message, url }, 'relay connection'));
    mine.on('close', () => {
      clearInterval(pinger);
      if (socket !== mine) return;
      isReady = false;
      socket = undefined;
      if (isClosed) return;
      timer = setTimeout(open, delay);
      delay = Math.min(2 * delay, retryMsMax);
    });
  }
  open();
  return {
    send(to, envelope) {
      if (isReady) socket?.send(JSON.stringify({ op: 'send', to, envelope }));
    },
    isReady: () => isReady,
    close() {
      isClosed = true;
      clearTimeout(timer);
      socket?.terminate();
    },
  };
}
