/** The settler's parts in one place, and what it says of itself. */
import type { Audit } from './audit.ts';
import type { Ledger } from './books.ts';
import { type Driver, transactionsOf, waiting } from './driver.ts';
import type { Follower } from './follower.ts';
import { chainRow } from './mirror.ts';
import type { SettlerDeps, SettlerOptions, SettlerStatus } from './options.ts';
import type { Chain } from './rpc.ts';
import type { SettleStore, StoreRecord } from './store.ts';

export type Settler = {
  readonly deps: SettlerDeps;
  readonly options: SettlerOptions;
  readonly chain: Chain;
  readonly ledger: Ledger;
  readonly follower: Follower;
  readonly driver: Driver;
  readonly audit: Audit;
  readonly abort: AbortController;
  store: SettleStore | undefined;
  state: SettlerStatus['state'];
  /** Core and chain were made to agree after the start. */
  ready: boolean;
  /** The store's records, while they are still needed to get ready. */
  records: StoreRecord[];
  reason: string | undefined;
  failures: number;
  rpcError: string | undefined;
  reorgs: number;
  draining: boolean;
  landed: boolean;
  nudge: AbortController;
  loop: Promise<void> | undefined;
};

function summaryOf(s: Settler, pending: number): string {
  if (s.state === 'halted') return `halted: ${s.reason}`;
  if (s.failures > 0) {
    const where = `${s.failures} tries at ${s.deps.venue.rpcUrl}`;
    return `${s.rpcError} (${where}); matching goes on, fills wait`;
  }
  const { hold } = s.driver;
  if (hold !== undefined) return `${pending} fills wait: ${hold.code}, ${hold.message}`;
  return s.state === 'following'
    ? `settled up to batch ${chainRow(s.ledger.mirror).batchNumber}`
    : s.state;
}

/** Where settlement stands, in numbers and in words. */
export function status(s: Settler): SettlerStatus {
  const { follower, driver, ledger } = s;
  const at = follower.ring.at(-1);
  const { batchNumber, batchHead } = chainRow(ledger.mirror);
  const pending = s.state === 'starting' ? 0 : waiting(driver).length;
  const { length: batches } = driver.flight;
  const batch = driver.flight[0]?.version.number;
  return {
    state: s.state,
    ...(s.reason === undefined ? {} : { reason: s.reason }),
    summary: summaryOf(s, pending),
    rpc: {
      ok: s.failures === 0,
      failures: s.failures,
      ...(s.rpcError === undefined ? {} : { error: s.rpcError }),
    },
    chainHead: follower.latest?.number ?? 0,
    followed: at?.number ?? 0,
    followedHash: at?.hash ?? '0x',
    batchNumber,
    batchHead,
    pendingFills: pending,
    inflight: batch === undefined ? null : { batch, batches, transactions: transactionsOf(driver) },
    queued: driver.queue.length,
    hold: driver.hold ?? null,
    forced: driver.forced.status,
    reorgs: s.reorgs,
    audits: s.audit.done(),
  };
}
