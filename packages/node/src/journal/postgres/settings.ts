import { readFileSync } from 'node:fs';
import { errorMessage } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';

/** The journal over PostgreSQL, as the node's configuration gives it. */
export type PostgresSettings = {
  readonly kind: 'postgres';
  /** The servers, without a password: whichever of them takes writes is used. */
  readonly urls: readonly string[];
  /** File with the password, one line. */
  readonly passwordFile?: string | undefined;
  /** Name of this node; no two nodes share one. */
  readonly name: string;
  /** Whether a standby takes over when the lease runs out, or only when it is told. */
  readonly takeover: 'automatic' | 'manual';
  /** Wall ms for which a node that says nothing still counts as alive. */
  readonly leaseMs: number;
  /** Whether to go on over a server that has no synchronous standby. */
  readonly alone: 'refuse' | 'allow';
  /** Wall ms after which a node that reaches no server gives up and stops. */
  readonly giveUpMs: number;
};

/** The password, read anew for each connection. @throws EnvironmentError PasswordUnreadable */
export function readPassword(path: string | undefined): string {
  if (path === undefined) return '';
  try {
    return readFileSync(path, 'utf8').trimEnd();
  } catch (cause) {
    const text = `the journal's password file cannot be read: ${errorMessage(cause)}`;
    throw new EnvironmentError('PasswordUnreadable', text, { cause });
  }
}
