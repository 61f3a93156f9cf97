/** How an operator's commands reach a running process: HTTP over a socket in its own folder. */
import { chmodSync, existsSync, unlinkSync } from 'node:fs';
import { request } from 'node:http';
import { relative } from 'node:path';
import { EnvironmentError } from '@holdfast/units';
import { errorCode } from './files.ts';
import { type JsonReply, type JsonRoutes, type JsonServer, serveJson } from './http.ts';
import type { Logger } from './logger.ts';

/** The longest path that every system takes for a socket. */
const pathLengthMax = 100;

/** The path from here where that is shorter: a deep folder would be too long. */
function nearest(path: string): string {
  const near = relative(process.cwd(), path);
  return near.length < path.length ? near : path;
}

/**
 * Serves JSON over a socket that only the owner of its folder can reach (mode 600).
 *
 * @throws EnvironmentError SocketInUse when a process answers there already, PathTooLong
 */
export async function serveSocket(
  path: string,
  routes: JsonRoutes,
  logger: Logger,
): Promise<JsonServer> {
  const socketPath = nearest(path);
  if (socketPath.length > pathLengthMax) {
    const message = `${socketPath} is too long for a socket (${pathLengthMax} at most)`;
    throw new EnvironmentError('PathTooLong', message);
  }
  if (existsSync(socketPath)) {
    const isRunning = await callSocket(path, 'GET', '/').then(
      () => true,
      () => false,
    );
    if (isRunning) throw new EnvironmentError('SocketInUse', `a process answers at ${path}`);
    unlinkSync(socketPath);
  }
  const server = await serveJson({ host: '', port: 0, socketPath, routes, logger });
  chmodSync(socketPath, 0o600);
  return server;
}

/**
 * Asks the process behind a socket.
 *
 * @returns its answer, of status 200 or another
 * @throws EnvironmentError SocketDown (retry) when none answers
 */
export function callSocket(
  path: string,
  method: 'GET' | 'POST',
  url: string,
  body?: unknown,
): Promise<JsonReply> {
  return new Promise((resolve, reject) => {
    const down = (cause: unknown): void => {
      const message = `nobody answers at ${path} (${errorCode(cause) || 'no answer'})`;
      reject(new EnvironmentError('SocketDown', message, { retry: true, cause }));
    };
    const headers = { 'content-type': 'application/json' };
    const socketPath = nearest(path);
    const call = request({ socketPath, method, path: url, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', down);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
      });
    });
    call.on('error', down);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
