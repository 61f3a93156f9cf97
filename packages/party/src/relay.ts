/**
 * Passes envelopes between parties that cannot reach each other. It is trusted with nothing: it
 * can delay, drop and repeat, and see who speaks when.
 */
import { randomBytes } from 'node:crypto';
import { errorMessage, type Logger } from '@holdfast/host';
import { payloadLengthMax } from '@holdfast/quorum';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { isSignedBy } from './identity.ts';

export const frameBytesMax = payloadLengthMax + 16 * 1024;

const key = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hex);

const frameSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('login'), key, signature: z.string().max(200) }),
  z.strictObject({
    op: z.literal('send'),
    to: z.array(key).min(1).max(64),
    envelope: z.string().max(frameBytesMax),
  }),
]);

/** What a party signs to be delivered to: the relay's challenge. */
export const loginBytes = (challenge: string): Uint8Array =>
  new TextEncoder().encode(`holdfast quorum relay login ${challenge}`);

export type RelayOptions = {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly logger: Logger;
  /** Keys that may log in; everybody's unless told. */
  readonly allowed?: ReadonlySet<string> | undefined;
};

export type Relay = { readonly port: number; close(): Promise<void> };

const framesPerSecond = 400;
const connectionsMax = 256;
/** A receiver that does not read loses messages; they are said again. */
const bufferedBytesMax = 8 * 1024 * 1024;

type Peer = { readonly socket: WebSocket; readonly challenge: string; key?: Hex; budget: number };

const textOf = (data: RawData): string =>
  Array.isArray(data) ? Buffer.concat(data).toString() : new TextDecoder().decode(data);

function refuse(peer: Peer, code: string): void {
  peer.socket.send(JSON.stringify({ op: 'error', code }));
  peer.socket.close(1008, code);
}

/** Serves a relay. @throws EnvironmentError PortTaken */
export async function serveRelay(options: RelayOptions): Promise<Relay> {
  const { host, port, logger, allowed } = options;
  const peers = new Map<Hex, Peer>();
  const server = new WebSocketServer({ host, port, maxPayload: frameBytesMax });
  const all = new Set<Peer>();

  function take(peer: Peer, text: string): void {
    if (--peer.budget < 0) return;
    const parsed = frameSchema.safeParse(jsonOf(text));
    if (!parsed.success) {
      refuse(peer, 'FrameMalformed');
      return;
    }
    if (parsed.data.op === 'login') login(peer, parsed.data.key, parsed.data.signature as Hex);
    else pass(peer, parsed.data.to, parsed.data.envelope);
  }

  function login(peer: Peer, own: Hex, signature: Hex): void {
    if (!isSignedBy(own, loginBytes(peer.challenge), signature)) {
      refuse(peer, 'SignatureWrong');
    } else if (allowed !== undefined && !allowed.has(own)) {
      refuse(peer, 'PartyUnknown');
    } else {
      // The newest connection of a party is the one that lives.
      peers.get(own)?.socket.close(1000, 'Replaced');
      peer.key = own;
      peers.set(own, peer);
      peer.socket.send(JSON.stringify({ op: 'ready' }));
    }
  }

  function pass(peer: Peer, to: readonly Hex[], envelope: string): void {
    if (peer.key === undefined) {
      refuse(peer, 'LoginMissing');
      return;
    }
    const text = JSON.stringify({ op: 'deliver', envelope });
    for (const each of to) {
      const socket = peers.get(each)?.socket;
      if (socket !== undefined && socket.bufferedAmount < bufferedBytesMax) socket.send(text);
    }
  }

  server.on('connection', (socket) => {
    const challenge = randomBytes(32).toString('hex');
    const peer: Peer = { socket, challenge, budget: framesPerSecond };
    if (all.size >= connectionsMax) {
      refuse(peer, 'RelayFull');
      return;
    }
    all.add(peer);
    socket.on('message', (data) => take(peer, textOf(data)));
    socket.on('error', (error) => logger.debug({ error: errorMessage(error) }, 'socket error'));
    socket.on('close', () => {
      all.delete(peer);
      if (peer.key !== undefined && peers.get(peer.key) === peer) peers.delete(peer.key);
    });
    socket.send(JSON.stringify({ op: 'challenge', challenge, time: Date.now() }));
  });
  await listening(server, options);
  const refill = setInterval(() => {
    for (const peer of all) peer.budget = framesPerSecond;
  }, 1000);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        clearInterval(refill);
        for (const { socket } of all) socket.terminate();
        server.close(() => resolve());
      }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function listening(server: WebSocketServer, { host, port }: RelayOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('listening', () => resolve());
    server.once('error', (cause) => {
      const message = `relay cannot listen on ${host}:${port}: ${errorMessage(cause)}`;
      reject(new EnvironmentError('PortTaken', message, { retry: true, cause }));
    });
  });
}
