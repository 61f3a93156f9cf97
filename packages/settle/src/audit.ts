/** When which books are compared: after every batch what it touched, now and then everything. */
import type { Hex } from '@holdfast/units';
import type { CoreView, Landing, Ledger } from './books.ts';
import type { Mark } from './follower.ts';
import { laneKey } from './mirror.ts';
import type { SettlerDeps, SettlerOptions } from './options.ts';
import { ordersOf } from './planner.ts';
import { reconcileBooks, reconcileStorage, type StorageDeps } from './reconcile.ts';
import type { Chain } from './rpc.ts';

export type Audit = {
  /** A batch has landed: its accounts and lanes are due. */
  touch(landing: Landing, ledger: Ledger): void;
  /** Comparisons with the chain's storage so far. */
  done(): number;
  readonly due: { accounts: Set<number>; lanes: Set<number>; batches: number };
  readonly storage: StorageDeps;
  readonly every: number;
  ran(): void;
};

export function createAudit(deps: SettlerDeps, options: SettlerOptions, chain: Chain): Audit {
  const { contracts, token } = deps.venue;
  const due = { accounts: new Set<number>([0, 1]), lanes: new Set<number>(), batches: 0 };
  let done = 0;
  return {
    due,
    every: options.auditEvery,
    storage: {
      client: deps.client,
      clearingHouse: contracts.clearingHouse as Hex,
      vault: contracts.vault as Hex,
      token: contracts.token as Hex,
      tokenDecimals: token.decimals,
      hashAt: async (block) => (await chain.block(block))?.hash,
    },
    touch(landing, ledger) {
      due.batches += 1;
      const fills = ledger.versions.get(landing.head)?.fills ?? [];
      for (const { account, lane } of ordersOf(fills)) {
        due.accounts.add(account);
        due.lanes.add(laneKey(account, lane));
      }
    },
    done: () => done,
    ran() {
      done += 1;
    },
  };
}

/**
 * Compares core and mirror, and, after a batch, mirror and storage.
 *
 * @throws EnvironmentError StateDiffers, LawBroken; RpcDown when storage cannot be read
 */
export async function audit(
  a: Audit,
  ledger: Ledger,
  core: () => CoreView,
  at: Mark,
  landed: boolean,
): Promise<void> {
  reconcileBooks(ledger, core(), at.number);
  if (!landed) return;
  const all = a.due.batches >= a.every;
  const accounts = all ? [...ledger.mirror.accounts.keys()] : [...a.due.accounts];
  const lanes = [...a.due.lanes];
  if (!(await reconcileStorage(a.storage, ledger.mirror, at, { accounts, lanes }))) return;
  a.ran();
  a.due.accounts = new Set([0, 1]);
  a.due.lanes = new Set();
  if (all) a.due.batches = 0;
}
