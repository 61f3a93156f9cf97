/**
 * The sequencer's side of its gateways: each holds many clients' connections and has verified their
 * orders. A session here is the same as that of a connection of the node's own. Gateways are the
 * operator's: their word on a signature is taken but for spot checks, and what they could forge the
 * chain would refuse when it settles.
 */
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { errorMessage, type Logger, portFault } from '@holdfast/host';
import { EnvironmentError, getUint } from '@holdfast/units';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Wire } from '../gateway/outbox.ts';
import type { Gateway, Served } from '../gateway/server.ts';
import { bytesOf } from '../gateway/sockets.ts';
import { hubTls } from './secret.ts';
import {
  createPacker,
  decodeVouched,
  down,
  type Entry,
  messageBytesMax,
  number32,
  type Packer,
  readEntries,
  up,
} from './wire.ts';

export type HubOptions = {
  readonly host: string;
  /** 0: any. */
  readonly port: number;
  readonly secrets: ReadonlyMap<string, Uint8Array>;
};

export type HubDeps = {
  readonly gateway: Gateway;
  /** Answers the HTTP requests that gateways pass on. */
  readonly api: RequestListener;
  readonly logger: Logger;
};

export type Hub = {
  readonly port: number;
  links(): number;
  close(): Promise<void>;
};

type Held = { readonly served: Served; taken(bytes: number): void };

type Link = {
  readonly name: string;
  readonly packer: Packer;
  readonly sessions: Map<number, Held>;
  /** One text for many sessions, as long as nothing else comes between. */
  fan: { text: string; sessions: number[] };
  /** The gateway lied: it is not heard any more. */
  refute(): void;
};

const none = new Uint8Array(0);

function flushFan(link: Link): void {
  const { text, sessions } = link.fan;
  link.fan = { text: '', sessions: [] };
  if (sessions.length === 0) return;
  const list = Buffer.alloc(sessions.length * 4);
  for (const [i, session] of sessions.entries()) list.writeUInt32BE(session, i * 4);
  link.packer.put(down.fan, sessions.length, Buffer.concat([list, Buffer.from(text)]));
}

function put(link: Link, kind: number, subject: number, payload: Uint8Array = none): void {
  flushFan(link);
  link.packer.put(kind, subject, payload);
}

/** A client's connection that a gateway holds. */
function wireOf(link: Link, id: number): { wire: Wire; taken(bytes: number): void } {
  let sent = 0;
  let isPaused = false;
  const set = (paused: boolean): void => {
    if (paused !== isPaused) put(link, paused ? down.pause : down.resume, id);
    isPaused = paused;
  };
  const wire = {
    get bufferedAmount() {
      return sent;
    },
    get isPaused() {
      return isPaused;
    },
    pause: () => set(true),
    resume: () => set(false),
    terminate: () => put(link, down.end, id),
    send(data: string | Uint8Array) {
      if (typeof data !== 'string') {
        sent += data.length;
        return put(link, down.binary, id, data);
      }
      sent += Buffer.byteLength(data);
      if (data !== link.fan.text) {
        flushFan(link);
        link.fan.text = data;
        setImmediate(() => flushFan(link));
      }
      link.fan.sessions.push(id);
    },
  };
  const taken = (bytes: number): void => {
    sent = Math.max(0, sent - bytes);
  };
  return { wire: wire as unknown as Wire, taken };
}

function ordersOf(link: Link, { served }: Held, payload: Uint8Array): void {
  const { items, isBinary } = decodeVouched(payload);
  const asked = items.map(({ item, word }) => {
    // The account is the first field of a packed order.
    const stale = (epoch: number) =>
      put(link, down.epoch, getUint(item.packed, 0, 4), number32(epoch));
    return { ...item, voucher: { ...word, stale, refute: link.refute } };
  });
  served.receiveOrders(asked, isBinary);
}

function take(link: Link, gateway: Gateway, { kind, subject, payload }: Entry): void {
  if (kind === up.open) {
    if (link.sessions.has(subject)) {
      throw new EnvironmentError('LinkMalformed', `session ${subject} is open already`);
    }
    const { wire, taken } = wireOf(link, subject);
    link.sessions.set(subject, { served: gateway.adopt(wire, () => {}), taken });
    return;
  }
  const held = link.sessions.get(subject);
  // What was on its way when the session ended.
  if (held === undefined) return;
  if (kind === up.taken) held.taken(getUint(payload, 0, 4));
  else if (kind === up.text) held.served.receive(Buffer.from(payload).toString());
  else if (kind === up.binary) held.served.receive(payload);
  else if (kind === up.orders) ordersOf(link, held, payload);
  else if (kind === up.close) {
    held.served.close();
    link.sessions.delete(subject);
  } else throw new EnvironmentError('LinkMalformed', `no entry is of kind ${kind}`);
}

/**
 * Takes the connections of gateways.
 *
 * @throws EnvironmentError PortInUse, PortUnusable
 */
export async function serveHub(deps: HubDeps, options: HubOptions): Promise<Hub> {
  const { gateway, api, logger } = deps;
  const secrets = new Map(options.secrets);
  const tls = hubTls(secrets);
  const server = createServer(tls.options, api);
  const wss = new WebSocketServer({ noServer: true, maxPayload: messageBytesMax });

  function open(socket: WebSocket, { socket: raw }: IncomingMessage): void {
    const name = tls.nameOf(raw);
    const packer = createPacker((message) => socket.send(message));
    const refute = (): void => {
      logger.fatal({ gateway: name }, 'a gateway vouched for a false signature: it is cut off');
      secrets.delete(name);
      socket.terminate();
    };
    const fan = { text: '', sessions: [] };
    const link: Link = { name, packer, sessions: new Map(), fan, refute };
    logger.info({ gateway: name }, 'a gateway has joined');
    socket.on('message', (data) => {
      try {
        for (const entry of readEntries(bytesOf(data))) take(link, gateway, entry);
      } catch (error) {
        logger.error({ gateway: name, error: errorMessage(error) }, 'a gateway is cut off');
        socket.terminate();
      }
    });
    socket.on('error', (error) => logger.warn({ gateway: name, error }, 'the link failed'));
    socket.on('close', () => {
      logger.warn({ gateway: name, sessions: link.sessions.size }, 'a gateway has left');
      for (const { served } of link.sessions.values()) served.close();
      link.sessions.clear();
    });
  }

  server.on('upgrade', (request, socket, head) => {
    wss.handleUpgrade(request, socket, head, (link) => open(link, request));
  });
  server.on('tlsClientError', (error) => {
    logger.warn(
      { error: errorMessage(error) },
      'somebody without the key of a gateway was refused',
    );
  });
  const port = await listen(server, options);
  return {
    port,
    links: () => wss.clients.size,
    async close() {
      for (const socket of wss.clients) socket.close(1001);
      wss.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function listen(server: ReturnType<typeof createServer>, { host, port }: HubOptions) {
  return new Promise<number>((resolve, fail) => {
    server.once('error', (cause) => {
      fail(portFault(cause, `port ${port} for gateways`, 'set another with --gateways'));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}
