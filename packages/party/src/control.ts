/** How an operator's commands reach the running party: HTTP over a socket in its own folder. */
import { chmodSync, existsSync, unlinkSync } from 'node:fs';
import { request } from 'node:http';
import { relative } from 'node:path';
import {
  errorCode,
  type JsonRoutes,
  type JsonServer,
  type Logger,
  serveJson,
} from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { partyPaths } from './folder.ts';

/** The longest path that every system takes for a socket. */
const socketPathLengthMax = 100;

/** The socket's path, from here where that is shorter: a deep folder would be too long. */
function socketOf(dir: string): string {
  const { socket } = partyPaths(dir);
  const near = relative(process.cwd(), socket);
  return near.length < socket.length ? near : socket;
}

/**
 * Serves the operator's commands. One process per folder: a second one is refused.
 * @throws EnvironmentError PartyRunning, PathTooLong
 */
export async function serveControl(
  dir: string,
  routes: JsonRoutes,
  logger: Logger,
): Promise<JsonServer> {
  const socketPath = socketOf(dir);
  if (socketPath.length > socketPathLengthMax) {
    const message = `${socketPath} is too long for a socket (${socketPathLengthMax} at most)`;
    throw new EnvironmentError('PathTooLong', message, { retry: false });
  }
  if (existsSync(socketPath)) {
    const isRunning = await callParty(dir, 'GET', '/status').then(
      () => true,
      () => false,
    );
    if (isRunning) {
      throw new EnvironmentError('PartyRunning', `a party runs in ${dir} already`, {
        retry: false,
      });
    }
    unlinkSync(socketPath);
  }
  const server = await serveJson({ host: '', port: 0, socketPath, routes, logger });
  chmodSync(socketPath, 0o600);
  return server;
}

/**
 * Calls a running party.
 * @returns its answer, of status 200 or another
 * @throws EnvironmentError PartyDown (retry) when none runs in the folder
 */
export function callParty(
  dir: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const socketPath = socketOf(dir);
  return new Promise((resolve, reject) => {
    const down = (cause: unknown): void => {
      const why = errorCode(cause) || 'no answer';
      const message = `no party runs in ${dir} (${why}): start it with quorum party --dir ${dir}`;
      reject(new EnvironmentError('PartyDown', message, { retry: true, cause }));
    };
    const headers = { 'content-type': 'application/json' };
    const call = request({ socketPath, method, path, headers }, (response) => {
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
