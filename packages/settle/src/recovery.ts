/**
 * After a restart: what the store says, what the core has taken of it, what the chain still has.
 * Pure; the RPC work is the follower's.
 */
import { invariant } from '@holdfast/units';
import {
  actualCore,
  type CoreView,
  differs,
  expectedCore,
  type Landing,
  type Ledger,
  type Version,
} from './books.ts';
import type { Draft } from './effects.ts';
import { addDelta, deltasOfSums, differenceOf, type FillTerms, type Sums } from './fills.ts';
import type { SettleStore, StoredEntry, StoreRecord } from './store.ts';

/** What the store knew when the process ended. */
export type Restored = {
  /** Commands of the last record: the core may have taken all, some or none of them. */
  readonly lastDrafts: readonly Draft[];
  /** The version of each batch number that was sealed or landed last. */
  readonly intended: Map<number, Version>;
};

/** Reads the records into an empty ledger, up to the entries that a mirror must be built for. */
export function restore(ledger: Ledger, core: CoreView, records: readonly StoreRecord[]): Restored {
  const intended = new Map<number, Version>();
  const landings = new Map<number, Landing>();
  const refused = new Set<number>();
  let lastDrafts: readonly Draft[] = [];
  for (const record of records) {
    switch (record.kind) {
      case 'version':
        ledger.versions.set(record.version.head, record.version);
        intended.set(record.version.number, record.version);
        break;
      case 'block':
        ledger.blocks.push({ ...record.entry, undos: [] });
        lastDrafts = record.drafts;
        for (const landing of record.entry.landings) {
          const version = ledger.versions.get(landing.head);
          if (version === undefined) continue;
          landings.set(landing.number, landing);
          intended.set(landing.number, version);
          noteLanding(ledger, version, landing, refused);
        }
        break;
      case 'rollback':
        popBlocks(ledger, landings, record.height);
        lastDrafts = record.drafts;
        break;
      case 'cursor':
        ledger.pruned = { number: record.number, hash: record.hash };
        break;
      case 'refused':
        lastDrafts = record.drafts;
        for (const id of record.fillIds) refused.add(id);
        break;
    }
  }
  for (const [number, landing] of landings) ledger.landed.set(number, landing);
  for (const id of [...ledger.recorded.keys()]) {
    if (core.unconfirmed.has(id) || refused.has(id)) ledger.recorded.delete(id);
    else if (!ledger.onChain.has(id)) ledger.ghosts.add(id);
  }
  return { lastDrafts, intended };
}

function noteLanding(
  ledger: Ledger,
  version: Version,
  landing: Landing,
  refused: Set<number>,
): void {
  const valuations = new Map(landing.valuations);
  for (const fill of version.fills) {
    const valuation = valuations.get(fill.id);
    invariant(valuation !== undefined, `landing of batch ${landing.number} lacks a fill`);
    ledger.onChain.set(fill.id, valuation);
    ledger.recorded.set(fill.id, { fill, valuation });
    // It was refused in another version and landed after all: the core took it back then.
    refused.delete(fill.id);
  }
}

function popBlocks(ledger: Ledger, landings: Map<number, Landing>, height: number): void {
  while ((ledger.blocks.at(-1)?.number ?? -1) > height) {
    for (const landing of ledger.blocks.pop()?.landings ?? []) {
      landings.delete(landing.number);
      for (const [id] of landing.valuations) ledger.onChain.delete(id);
    }
  }
}

function sumDrafts(sums: Sums, drafts: readonly Draft[]): void {
  for (const draft of drafts) {
    if (draft.type !== 'external') continue;
    const { account, cashDelta: cash, sizes } = draft;
    addDelta(sums, { account, cash, sizes: new Map(sizes) });
  }
}

/** Commands that say what is so from now on: told twice, they change nothing. */
const settings: ReadonlySet<Draft['type']> = new Set([
  'open',
  'session',
  'laneCancelled',
  'epoch',
  'leverage',
  'params',
]);

/**
 * Which of the last record's commands the core did not take before the process ended. Of those that
 * move money the books decide: exactly one answer makes core and chain agree. Of the others they
 * know nothing: settings are told again.
 *
 * @param planned commands that are about to be given anyway (a rollback)
 * @throws EnvironmentError StateDiffers when no answer does
 */
export function missingDrafts(
  ledger: Ledger,
  core: CoreView,
  lastDrafts: readonly Draft[],
  planned: readonly Draft[],
): readonly Draft[] {
  const expected = expectedCore(ledger, core);
  const differenceWith = (missing: readonly Draft[]) => {
    const sums: Sums = new Map();
    for (const delta of actualCore(core)) addDelta(sums, delta);
    sumDrafts(sums, missing);
    sumDrafts(sums, planned);
    return differenceOf(deltasOfSums(sums), expected);
  };
  for (let from = lastDrafts.length; from >= 0; from--) {
    if (differenceWith(lastDrafts.slice(from)) === undefined) {
      return lastDrafts.filter((draft, i) => i >= from || settings.has(draft.type));
    }
  }
  const wrong = differenceWith([]);
  invariant(wrong !== undefined, 'a difference that is none');
  throw differs(
    `${wrong.field} of account ${wrong.account}: the journal makes ${wrong.found}, the chain and ` +
      `the fills on their way make ${wrong.expected}; was a journal, a store or a chain exchanged?`,
  );
}

/** Sealed batches that the chain does not have, in order. */
export function queueOf(
  ledger: Ledger,
  core: CoreView,
  intended: ReadonlyMap<number, Version>,
  batchNumber: number,
): Version[] {
  const isOpen = (fill: FillTerms): boolean =>
    !ledger.onChain.has(fill.id) && (core.unconfirmed.has(fill.id) || ledger.ghosts.has(fill.id));
  return [...intended.values()]
    .filter((version) => version.number > batchNumber && version.fills.some(isOpen))
    .sort((a, b) => a.number - b.number);
}

/** Records that still matter: enough to undo and to send again the last `keep` batches. */
export function retained(ledger: Ledger, records: readonly StoreRecord[], keep: number) {
  const known = (head: string): boolean => ledger.versions.has(head);
  const blocks: StoredEntry[] = ledger.blocks.slice(-keep).map(({ undos: _, ...entry }) => entry);
  const origin = records.filter((record) => record.kind === 'origin');
  const versions = [...ledger.versions.values()]
    .filter((version) => known(version.head))
    .map((version) => ({ kind: 'version', version }) as const);
  const { pruned } = ledger;
  const cursor = pruned === undefined ? [] : [{ kind: 'cursor', ...pruned } as const];
  const entries = blocks.map((entry) => ({ kind: 'block', entry, drafts: [] }) as const);
  return [...origin, ...cursor, ...versions, ...entries] satisfies StoreRecord[];
}

/** Rewrites the store when it has outgrown its use. */
export async function compact(
  store: SettleStore,
  ledger: Ledger,
  bytesMax: number,
  keep: number,
): Promise<void> {
  if (store.size() < bytesMax) return;
  await store.rewrite(retained(ledger, store.records, keep));
}
