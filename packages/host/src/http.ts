import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { EnvironmentError } from '@holdfast/units';
import { errorMessage, toJson } from './files.ts';
import type { Logger } from './logger.ts';

export interface JsonRequest {
  method: string;
  /** Path without the query. */
  path: string;
  query: URLSearchParams;
  /** Parsed JSON body; undefined without one. */
  body: unknown;
}

export interface JsonReply {
  status: number;
  /** Sent as JSON; a string is sent as plain text. */
  body: unknown;
  /** Media type of a body that is a string, if not plain text. */
  type?: string | undefined;
}

/** Exact-path handlers, keyed like `GET /health`. */
export type JsonRoutes = Readonly<
  Record<string, (request: JsonRequest) => JsonReply | Promise<JsonReply>>
>;

export interface JsonServerOptions {
  host: string;
  port: number;
  /** Listens on this local socket instead, which only the owner of its folder can reach. */
  socketPath?: string | undefined;
  routes: JsonRoutes;
  logger?: Logger | undefined;
  /** Largest request body in bytes. */
  bodyBytesMax?: number | undefined;
}

export interface JsonServer {
  /** The port that was bound; differs from the asked one only when that was 0. */
  port: number;
  close(): Promise<void>;
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > bytesMax) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function send(response: ServerResponse, reply: JsonReply): void {
  const plain = typeof reply.body === 'string';
  const text = plain ? String(reply.body) : toJson(reply.body, 0);
  const type = plain ? (reply.type ?? 'text/plain; charset=utf-8') : 'application/json';
  response.writeHead(reply.status, { 'content-type': type });
  response.end(text);
}

async function answer(request: IncomingMessage, options: JsonServerOptions): Promise<JsonReply> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const method = request.method ?? 'GET';
  const handler = options.routes[`${method} ${url.pathname}`];
  if (handler === undefined) {
    const message = `no ${method} ${url.pathname} here`;
    return { status: 404, body: { code: 'NotFound', message } };
  }
  const text = await readBody(request, options.bodyBytesMax ?? 256 * 1024);
  if (text === undefined) {
    return { status: 413, body: { code: 'BodyTooLarge', message: 'the body is too large' } };
  }
  let body: unknown;
  try {
    body = text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    return { status: 400, body: { code: 'BodyMalformed', message: errorMessage(error) } };
  }
  return handler({ method, path: url.pathname, query: url.searchParams, body });
}

/** Serves a few exact paths as JSON; for the small processes beside the node. */
export async function serveJson(options: JsonServerOptions): Promise<JsonServer> {
  const server: Server = createServer((request, response) => {
    answer(request, options).then(
      (reply) => send(response, reply),
      (error: unknown) => {
        options.logger?.error({ error, url: request.url }, 'request failed');
        send(response, { status: 500, body: { code: 'Internal', message: 'internal error' } });
      },
    );
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (options.socketPath !== undefined) server.listen(options.socketPath, resolve);
    else server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * One HTTP exchange of JSON.
 *
 * @returns status and parsed body (the text when it is not JSON)
 * @throws EnvironmentError Unreachable (retry) when no answer came in time
 */
export async function fetchJson(
  url: string,
  options: { method?: string; body?: unknown; timeoutMs?: number } = {},
): Promise<JsonReply> {
  const { body, timeoutMs = 5000 } = options;
  const method = options.method ?? (body === undefined ? 'GET' : 'POST');
  let text: string;
  let status: number;
  try {
    const response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined
        ? {}
        : { body: toJson(body, 0), headers: { 'content-type': 'application/json' } }),
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const message = `${method} ${url}: ${errorMessage(cause)}`;
    throw new EnvironmentError('Unreachable', message, { retry: true, cause: error });
  }
  try {
    return { status, body: JSON.parse(text) };
  } catch {
    return { status, body: text };
  }
}
