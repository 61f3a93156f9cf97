import { createServer } from 'node:net';
import { EnvironmentError } from '@holdfast/units';
import { errorCode, errorMessage } from './files.ts';

function tryListen(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}

/**
 * Why a port cannot be listened on, as an EnvironmentError PortInUse or PortUnusable.
 *
 * @param cure what to do about it
 */
export function portFault(cause: unknown, place: string, cure: string): EnvironmentError {
  if (errorCode(cause) === 'EADDRINUSE') {
    const message = `${place} is in use by another process; ${cure}`;
    return new EnvironmentError('PortInUse', message, { retry: true, cause });
  }
  const message = `${place} cannot be used: ${errorMessage(cause)}; ${cure}`;
  return new EnvironmentError('PortUnusable', message, { retry: false, cause });
}

/**
 * Checks that a TCP port can be listened on.
 *
 * @param option the command-line option that sets the port, for the message
 * @throws EnvironmentError PortInUse or PortUnusable
 */
export async function requireFreePort(
  port: number,
  option = '--port',
  host = '127.0.0.1',
): Promise<void> {
  try {
    await tryListen(port, host);
  } catch (error) {
    throw portFault(error, `port ${port}`, `set ${option}`);
  }
}

/** A port that was free a moment ago, chosen by the system. */
export function findFreePort(host = '127.0.0.1'): Promise<number> {
  return tryListen(0, host);
}
