import { type Clock, errorMessage, type Logger, sleep, type Venue } from '@holdfast/host';
import { type Client, connect } from '@holdfast/sdk';
import { EnvironmentError } from '@holdfast/units';
import type { LocalAccount } from 'viem';
import { runAgent, type Tally } from './agent.ts';
import { createBucket } from './bucket.ts';
import { createFeed } from './feed.ts';
import { createRandom } from './random.ts';
import { type Part, roster } from './roster.ts';
import { depositAll, openChainDesk, prepareAccounts } from './setup.ts';

export interface TradersOptions {
  venue: Venue;
  key: LocalAccount;
  clock: Clock;
  logger: Logger;
  /** Simulated accounts. */
  accounts: number;
  seed: string;
  /** Orders per wall second of all of them together. */
  ordersPerSecond: number;
  whale: boolean;
}

export interface Traders {
  readonly accounts: readonly number[];
  readonly tally: Tally;
  /** Trades until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** Takes every order back, as far as the node answers, and disconnects. */
  close(): Promise<void>;
}

const loginMsMax = 240_000;
const tellEveryMs = 30_000;

/** Logs in, waiting for a node that has not yet seen the account on the chain. */
async function login(client: Client): Promise<void> {
  const until = Date.now() + loginMsMax;
  for (;;) {
    try {
      await client.ready();
      await client.cancelOnDisconnect(true);
      return;
    } catch (error) {
      const passing = error instanceof EnvironmentError && Date.now() < until;
      if (!passing) throw error;
    }
    await sleep(500);
  }
}

async function connectAll(options: TradersOptions, ids: readonly number[]): Promise<Client[]> {
  const { venue, key } = options;
  const clients: Client[] = [];
  for (const account of ids) {
    // Judging every receipt is right for people; a load of simulated orders need not.
    const quick = { verifyReceipts: false, binary: true };
    clients.push(await connect({ venue, signer: key, account, ...quick }));
  }
  await Promise.all(clients.map(login));
  return clients;
}

function tell(tally: Tally, logger: Logger): void {
  const { sent, accepted } = tally;
  logger.info({ sent, accepted, refused: Object.fromEntries(tally.refused) }, 'orders so far');
}

async function closeAll(clients: readonly Client[], logger: Logger): Promise<void> {
  const cancels = clients.map(async (client) => {
    await Promise.race([client.cancelAll(), sleep(3000)]);
  });
  for (const result of await Promise.allSettled(cancels)) {
    if (result.status === 'rejected') {
      logger.debug({ reason: errorMessage(result.reason) }, 'could not take orders back');
    }
  }
  for (const client of clients) client.close();
}

/**
 * Opens and funds the accounts of one process of simulated traders and logs them in. All of them
 * belong to one key; each trades by its own role and its own stream of random numbers.
 */
export async function createTraders(options: TradersOptions): Promise<Traders> {
  const { venue, key, clock, logger, seed } = options;
  const ids = venue.markets.map((market) => market.id);
  const parts = roster(options.accounts, ids, options.whale);
  const desk = openChainDesk(venue, key, logger);
  const accounts = await prepareAccounts(
    desk,
    parts.map((part) => part.tokens),
  );
  const clients = await connectAll(options, accounts);
  const first = clients[0];
  if (first === undefined) throw new EnvironmentError('NoAccounts', 'no accounts to trade with');
  const feed = createFeed(first, logger, Math.max(500, venue.blockMs));
  const bucket = createBucket(options.ordersPerSecond);
  const tally: Tally = { sent: 0, accepted: 0, refused: new Map() };
  let deposits = Promise.resolve();
  // One after the other: they share a key, and with it a transaction count.
  const refill = (account: number, tokens: number): Promise<void> => {
    const next = deposits.then(() => depositAll(desk, [{ account, tokens }]));
    deposits = next.catch(() => undefined);
    return next;
  };

  return {
    accounts,
    tally,
    async run(signal) {
      const agents = parts.map((part: Part, i) => {
        const client = clients[i] as Client;
        const account = accounts[i] as number;
        const random = createRandom(`${seed}/${i}`);
        const shared = { feed, bucket, clock, logger, tally, signal, refill };
        return runAgent({ client, account, part, random, ...shared });
      });
      const telling = (async () => {
        while (!signal.aborted) {
          await sleep(tellEveryMs, signal);
          tell(tally, logger);
        }
      })();
      await Promise.all([...agents, feed.run(signal), telling]);
    },
    close: () => closeAll(clients, logger),
  };
}
