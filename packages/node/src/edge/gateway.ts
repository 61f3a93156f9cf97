/**
 * A gateway: holds connections of clients, verifies the signatures of their orders and passes all
 * on to the sequencer over one link. It keeps no state that matters: when the link breaks its
 * clients are told to connect again, and their client ids make what they repeat harmless.
 */
import { Agent } from 'node:https';
import type { AddressInfo } from 'node:net';
import proxy from '@fastify/http-proxy';
import type { Logger } from '@holdfast/host';
import { getUint } from '@holdfast/units';
import fastify from 'fastify';
import type { WebSocket } from 'ws';
import { acceptSockets, frameOf } from '../gateway/sockets.ts';
import { hashFast } from '../verify/keccak.ts';
import type { VerifySetup } from '../verify/verify.ts';
import { keepLink, type Link, type LinkTarget } from './link.ts';
import { gatewayTls } from './secret.ts';
import { down, type Entry, number32, up } from './wire.ts';
import { createWitness, type Witness } from './witness.ts';

export type GatewayOptions = VerifySetup & {
  readonly name: string;
  readonly secret: Uint8Array;
  /** Where the sequencer takes gateways; of several, that which answers. */
  readonly targets: readonly LinkTarget[];
  readonly host: string;
  /** 0: any. */
  readonly port: number;
  readonly threads: number;
  readonly logger: Logger;
};

export type RunningGateway = {
  readonly url: string;
  readonly isLinked: () => boolean;
  readonly connections: () => number;
  close(): Promise<void>;
};

/** Frames of one connection on their way above which it is not read from. */
const IN_FLIGHT_MAX = 256;
/** "Service restart": connect again. */
const RESTART = 1012;

type Client = {
  readonly id: number;
  readonly socket: WebSocket;
  /** Frames leave in the order in which they came. */
  tail: Promise<void>;
  inFlight: number;
  /** The sequencer wants nothing more from it for now. */
  isHeld: boolean;
};

type Context = {
  readonly options: GatewayOptions;
  readonly witness: Witness;
  readonly clients: Map<number, Client>;
  link: Link | undefined;
};

function relieve(client: Client): void {
  if (!client.isHeld && client.inFlight <= IN_FLIGHT_MAX) client.socket.resume();
}

function receive(c: Context, client: Client, frame: string | Uint8Array): void {
  const entry = c.witness.entryOf(frame, String(client.id));
  client.inFlight += 1;
  if (client.inFlight > IN_FLIGHT_MAX) client.socket.pause();
  client.tail = client.tail.then(async () => {
    const { kind, payload } = await entry;
    // A client of a link that is gone is gone too.
    if (c.clients.has(client.id)) c.link?.put(kind, client.id, payload);
    client.inFlight -= 1;
    relieve(client);
  });
}

function open(c: Context, socket: WebSocket, id: number): void {
  const client = { id, socket, tail: Promise.resolve(), inFlight: 0, isHeld: false };
  c.clients.set(id, client);
  c.link?.put(up.open, id);
  socket.on('message', (data, isBinary) => receive(c, client, frameOf(data, isBinary)));
  socket.on('error', (error) => c.options.logger.debug({ error }, 'socket error'));
  socket.on('close', () => {
    if (c.clients.delete(id)) c.link?.put(up.close, id);
  });
}

function give(c: Context, id: number, data: Uint8Array, isBinary: boolean): void {
  const client = c.clients.get(id);
  if (client === undefined) return;
  client.socket.send(data, { binary: isBinary }, () => {
    if (c.clients.has(id)) c.link?.put(up.taken, id, number32(data.length));
  });
}

function take(c: Context, { kind, subject, payload }: Entry): void {
  if (kind === down.epoch) {
    c.witness.assume(subject, getUint(payload, 0, 4));
    return;
  }
  if (kind === down.fan) {
    const text = payload.subarray(subject * 4);
    for (let i = 0; i < subject; i++) give(c, getUint(payload, i * 4, 4), text, false);
    return;
  }
  // It may have gone while this was on its way.
  const client = c.clients.get(subject);
  if (client === undefined) return;
  if (kind === down.text) give(c, subject, payload, false);
  else if (kind === down.binary) give(c, subject, payload, true);
  else if (kind === down.end) client.socket.terminate();
  else if (kind === down.pause) {
    client.isHeld = true;
    client.socket.pause();
  } else if (kind === down.resume) {
    client.isHeld = false;
    relieve(client);
  }
}

/** Clients of a broken link connect again, here or elsewhere. */
function dropAll(c: Context): void {
  const all = [...c.clients.values()];
  c.clients.clear();
  for (const { socket } of all) socket.close(RESTART, 'the link to the sequencer broke');
}

/** Passes requests to the API of the sequencer over the same port and key as the link. */
async function createApi(options: GatewayOptions, c: Context) {
  const app = fastify();
  app.get('/health', (_, reply) => {
    const isLinked = c.link !== undefined;
    return reply.code(isLinked ? 200 : 503).send({ ok: isLinked, gateway: options.name });
  });
  const agent = new Agent({ keepAlive: true, ...gatewayTls(options.name, options.secret) });
  const first = options.targets[0] as LinkTarget;
  await app.register(proxy, {
    upstream: '',
    prefix: '/',
    http: { agents: { 'https:': agent, 'http:': agent as never } },
    replyOptions: {
      getUpstream: () => {
        const { host, port } = c.link?.target ?? first;
        return `https://${host}:${port}`;
      },
    },
  });
  await app.ready();
  return { app, agent };
}

/**
 * Starts a gateway; it serves when it is linked.
 *
 * @throws EnvironmentError NativeMissing; the system's error where it cannot listen
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { logger, host, port } = options;
  await hashFast();
  const witness = createWitness(options);
  const c: Context = { options, witness, clients: new Map(), link: undefined };
  const { app, agent } = await createApi(options, c);
  let opened = 0;
  const sockets = acceptSockets(
    app.server,
    (socket) => {
      opened += 1;
      open(c, socket, opened);
    },
    () => (c.link === undefined ? '503 Service Unavailable' : undefined),
  );
  const keeper = keepLink(
    { ...options, tls: gatewayTls(options.name, options.secret) },
    {
      onUp(link) {
        c.link = link;
        logger.info({ target: link.target }, 'linked to the sequencer');
      },
      onEntry: (entry) => take(c, entry),
      onDown(reason) {
        if (c.link !== undefined) logger.warn({ reason }, 'the link to the sequencer broke');
        c.link = undefined;
        dropAll(c);
      },
    },
  );
  await app.listen({ host, port });
  const at = app.server.address() as AddressInfo;
  return {
    url: `http://${host}:${at.port}`,
    isLinked: () => c.link !== undefined,
    connections: () => c.clients.size,
    async close() {
      dropAll(c);
      c.link = undefined;
      keeper.close();
      await sockets.close('the gateway is stopping');
      await app.close();
      agent.destroy();
      await witness.close();
    },
  };
}
