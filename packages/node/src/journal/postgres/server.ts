/** Connections to whichever of the servers takes writes. */
import { errorMessage, type Logger, sleep } from '@holdfast/host';
import { EnvironmentError, invariant } from '@holdfast/units';
import pg from 'pg';
import { parse, toClientConfig } from 'pg-connection-string';
import { SERVER, SESSION } from './schema.ts';
import { type PostgresSettings, readPassword } from './settings.ts';

const CONNECT_MS_MAX = 3_000;
/** A statement that takes longer has lost its server, or waits for a standby that is gone. */
const STALL_MS = 10_000;
const PAUSE_MS = 100;

/** An open connection. `doubt` is set when the server warned that a commit was not awaited. */
export type Link = { readonly client: pg.Client; doubt: boolean; lost: boolean };

/** Whether the connection is gone, and with it the knowledge of what became of a statement. */
export function isLoss(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  // Of the server's own errors: connection exceptions and shutdowns. All else is a refusal.
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return /^(08|57P)/.test(code);
  return true;
}

async function connectTo(url: string, settings: PostgresSettings): Promise<Link> {
  const client = new pg.Client({
    ...toClientConfig(parse(url)),
    // A function, so that neither the environment nor ~/.pgpass is asked.
    password: async () => readPassword(settings.passwordFile),
    connectionTimeoutMillis: CONNECT_MS_MAX,
    keepAlive: true,
    application_name: `holdfast ${settings.name}`,
  });
  const link: Link = { client, doubt: false, lost: false };
  client.on('error', () => {
    link.lost = true;
  });
  client.on('notice', ({ severity }) => {
    if (severity === 'WARNING') link.doubt = true;
  });
  try {
    await client.connect();
  } catch (error) {
    // What was refused after the handshake began would stay open on the server.
    hangUp(link);
    throw error;
  }
  return link;
}

type Candidate = { readonly link: Link; readonly standby: boolean; readonly timeline: number };

async function probe(url: string, settings: PostgresSettings): Promise<Candidate> {
  const link = await connectTo(url, settings);
  try {
    const { rows } = await ask(link, SERVER, [], CONNECT_MS_MAX);
    const { standby, wal } = rows[0] as { standby: boolean; wal: string };
    return { link, standby, timeline: Number.parseInt(wal.slice(0, 8) || '0', 16) };
  } catch (error) {
    hangUp(link);
    throw error;
  }
}

/** Ends a connection without waiting for the server. */
export function hangUp(link: Link): void {
  link.lost = true;
  const { connection } = link.client as unknown as { connection: { stream: { destroy(): void } } };
  connection.stream.destroy();
}

/**
 * One statement. Never cancelled on the server: whoever waits too long leaves.
 *
 * @throws what pg throws; {@link isLoss} says whether the outcome is unknown
 */
export async function ask(
  link: Link,
  text: string,
  values: readonly unknown[] = [],
  stallMs = STALL_MS,
): Promise<pg.QueryResult> {
  const timer = setTimeout(() => hangUp(link), stallMs);
  try {
    return await link.client.query(text, [...values]);
  } finally {
    clearTimeout(timer);
  }
}

const hostOf = (url: string): string => url.replace(/^\w+:\/\/(?:[^@/]*@)?/, '');

/**
 * A connection to the server that takes writes.
 *
 * @throws EnvironmentError JournalUnreachable (worth a retry), PasswordUnreadable
 */
export async function connect(settings: PostgresSettings): Promise<Link> {
  readPassword(settings.passwordFile);
  const found = await Promise.allSettled(settings.urls.map((url) => probe(url, settings)));
  const reached = found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const [best, ...others] = reached
    .filter(({ standby }) => !standby)
    .sort((a, b) => b.timeline - a.timeline);
  for (const { link } of [...others, ...reached.filter(({ standby }) => standby)]) hangUp(link);
  if (best === undefined) {
    const why = found.map((one) =>
      one.status === 'rejected' ? errorMessage(one.reason) : 'it is a standby',
    );
    const each = settings.urls.map((url, i) => `${hostOf(url)}: ${why[i]}`);
    const text = `no server of the journal takes writes: ${each.join('; ')}`;
    throw new EnvironmentError('JournalUnreachable', text, { retry: true });
  }
  await ask(best.link, SESSION);
  return best.link;
}

/** The connection in use, opened again when it is lost. */
export type Server = {
  /** @throws EnvironmentError JournalUnreachable after `giveUpMs`, PasswordUnreadable, Stopped */
  link(): Promise<Link>;
  /** Runs `work`; after a lost connection again, on the next. `work` must bear repetition. */
  again<T>(work: (link: Link) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

export function createServer(
  settings: PostgresSettings,
  logger: Logger,
  signal?: AbortSignal,
): Server {
  let current: Promise<Link> | undefined;
  let closed = false;

  async function persist(): Promise<Link> {
    const until = Date.now() + settings.giveUpMs;
    for (let tries = 0; ; tries += 1) {
      if (closed || signal?.aborted) throw new EnvironmentError('Stopped', 'the node is stopping');
      try {
        const link = await connect(settings);
        if (tries > 0) logger.info({ tries }, 'the journal is reached again');
        return link;
      } catch (error) {
        if (!(error instanceof EnvironmentError) || !error.retry || Date.now() > until) throw error;
        if (tries === 0) logger.error({ error: error.message }, 'the journal is not reached');
        await sleep(PAUSE_MS, signal);
      }
    }
  }

  async function link(): Promise<Link> {
    for (;;) {
      current ??= persist();
      const mine = current;
      try {
        const found = await mine;
        if (!found.lost) return found;
      } catch (error) {
        if (current === mine) current = undefined;
        throw error;
      }
      if (current === mine) current = undefined;
    }
  }

  return {
    link,
    async again(work) {
      for (;;) {
        const mine = await link();
        try {
          return await work(mine);
        } catch (error) {
          if (!mine.lost && !isLoss(error)) throw error;
          if (error instanceof EnvironmentError) throw error;
          hangUp(mine);
        }
      }
    },
    async close() {
      closed = true;
      const open = await current?.catch(() => undefined);
      invariant(closed, 'no connection is opened after this');
      if (open !== undefined && !open.lost) await open.client.end();
    },
  };
}
