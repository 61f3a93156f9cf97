/** How an operator's commands reach the running party: HTTP over a socket in its own folder. */
import {
  callSocket,
  type JsonReply,
  type JsonRoutes,
  type JsonServer,
  type Logger,
  serveSocket,
} from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { partyPaths } from './folder.ts';

const isCode = (error: unknown, code: string): error is EnvironmentError =>
  error instanceof EnvironmentError && error.code === code;

/**
 * Serves the operator's commands. One process per folder: a second one is refused.
 * @throws EnvironmentError PartyRunning, PathTooLong
 */
export async function serveControl(
  dir: string,
  routes: JsonRoutes,
  logger: Logger,
): Promise<JsonServer> {
  try {
    return await serveSocket(partyPaths(dir).socket, routes, logger);
  } catch (error) {
    if (!isCode(error, 'SocketInUse')) throw error;
    throw new EnvironmentError('PartyRunning', `a party runs in ${dir} already`, { cause: error });
  }
}

/**
 * Calls a running party.
 * @returns its answer, of status 200 or another
 * @throws EnvironmentError PartyDown (retry) when none runs in the folder
 */
export async function callParty(
  dir: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<JsonReply> {
  try {
    return await callSocket(partyPaths(dir).socket, method, path, body);
  } catch (cause) {
    if (!isCode(cause, 'SocketDown')) throw cause;
    const message = `no party runs in ${dir}: start it with quorum party --dir ${dir}`;
    throw new EnvironmentError('PartyDown', message, { retry: true, cause });
  }
}
