/**
 * Keeps the books of books.ts true: `applyBlock`, `rollback`, `finalise` and `refuse` change them
 * and return the commands that make the core follow. Pure: nothing here knows of RPC, time, files.
 */

import { fundingIndex, invariant, marketId, round } from '@holdfast/units';
import {
  type BlockEntry,
  type BlockHead,
  type CoreView,
  differs,
  type Landing,
  type Ledger,
  tickValueOf,
  type Version,
} from './books.ts';
import { type AccountDelta, deltasOf } from './deltas.ts';
import { type Draft, effectOf, movements } from './effects.ts';
import type { ChainEvent, PlacedEvent } from './events.ts';
import {
  addFill,
  chainValuation,
  deltasOfSums,
  differenceOf,
  type FillTerms,
  type Sums,
  type Valuation,
} from './fills.ts';
import { applyEvent, chainRow, type Mirror, type Undo, undo } from './mirror.ts';

type Step = { drafts: Draft[]; inverse: Draft[] };

function valuationsOf(ledger: Ledger, version: Version): Map<number, Valuation> {
  const out = new Map<number, Valuation>();
  for (const fill of version.fills) {
    const params = ledger.mirror.params.get(fill.market);
    invariant(params !== undefined, `fill ${fill.id} in an unknown market`);
    const index = ledger.mirror.markets.get(fill.market)?.index ?? 0n;
    out.set(fill.id, chainValuation(fill, params, index));
  }
  return out;
}

/** Fills that the core does not carry as unconfirmed must move by what the chain just did. */
function recordFills(
  ledger: Ledger,
  core: CoreView,
  version: Version,
  valuations: ReadonlyMap<number, Valuation>,
  block: number,
): readonly Draft[] {
  const sums: Sums = new Map();
  for (const fill of version.fills) {
    if (core.unconfirmed.has(fill.id)) continue;
    const valuation = valuations.get(fill.id) as Valuation;
    const tickValue = tickValueOf(ledger, fill.market);
    const before = ledger.recorded.get(fill.id);
    if (before !== undefined) addFill(sums, fill, tickValue, before.valuation, -1);
    addFill(sums, fill, tickValue, valuation);
    ledger.recorded.set(fill.id, { fill, valuation });
  }
  return movements(deltasOfSums(sums), 'reorg', block).drafts;
}

function land(
  ledger: Ledger,
  core: CoreView,
  event: Extract<ChainEvent, { type: 'Settled' }>,
  moved: readonly AccountDelta[],
  block: number,
): { landing: Landing | undefined; step: Step } {
  const version = ledger.versions.get(event.head);
  if (version === undefined) {
    if (event.number > ledger.foreignUpTo) {
      throw differs(
        `batch ${event.number} (head ${event.head}, block ${block}) is on chain but not ours: ` +
          'another process settles with the sequencer key, or the settlement store is lost',
      );
    }
    const effect = movements(moved, 'repair', block);
    return {
      landing: undefined,
      step: { drafts: [...effect.drafts], inverse: [...effect.inverse] },
    };
  }
  const valuations = valuationsOf(ledger, version);
  const sums: Sums = new Map();
  for (const fill of version.fills) {
    const valuation = valuations.get(fill.id) as Valuation;
    addFill(sums, fill, tickValueOf(ledger, fill.market), valuation);
  }
  const wrong = differenceOf(moved, deltasOfSums(sums));
  if (wrong !== undefined) {
    throw differs(
      `batch ${event.number} in block ${block} moved ${wrong.field} of account ` +
        `${wrong.account} by ${wrong.found}, its fills by ${wrong.expected}`,
    );
  }
  const landing: Landing = {
    number: event.number,
    head: event.head,
    block,
    round: chainRow(ledger.mirror).round,
    indexes: [...ledger.mirror.markets].map(([market, row]) => [market, row.index] as const),
    valuations: [...valuations],
  };
  ledger.landed.set(event.number, landing);
  for (const [id, valuation] of valuations) {
    ledger.onChain.set(id, valuation);
    ledger.ghosts.delete(id);
  }
  const drafts = [...recordFills(ledger, core, version, valuations, block)];
  return { landing, step: { drafts, inverse: [] } };
}

/**
 * Follows one block.
 *
 * @returns commands for the core, in order, and the entry that was appended to `ledger.blocks`
 * @throws EnvironmentError StateDiffers when a batch did what its fills do not explain
 */
export function applyBlock(
  ledger: Ledger,
  core: CoreView,
  head: BlockHead,
  events: readonly PlacedEvent[],
): { entry: BlockEntry; drafts: Draft[] } {
  const undos: Undo[] = [];
  const drafts: Draft[] = [];
  const inverse: Draft[] = [];
  const landings: Landing[] = [];
  let knownRound: number = core.round;
  for (const placed of events) {
    const entries = applyEvent(ledger.mirror, placed.event);
    undos.push(entries);
    if (placed.event.type === 'Settled') {
      const moved = deltasOf(ledger.mirror, entries);
      const { landing, step } = land(ledger, core, placed.event, moved, head.number);
      if (landing !== undefined) landings.push(landing);
      drafts.push(...step.drafts);
      inverse.push(...step.inverse);
      continue;
    }
    const effect = effectOf(ledger.mirror, placed, entries, head.number, knownRound);
    if (placed.event.type === 'Refreshed') knownRound = Math.max(knownRound, placed.event.round);
    drafts.push(...effect.drafts);
    inverse.push(...effect.inverse);
  }
  inverse.reverse();
  const entry: BlockEntry = { ...head, undos, inverse, landings };
  ledger.blocks.push(entry);
  return { entry, drafts };
}

/**
 * Takes back every block after `height`, newest first.
 *
 * @param rebuilt the mirror at `height`, when it was rebuilt from logs instead of being undone
 * @returns commands for the core, and the batches that vanished, ascending
 */
export function rollback(
  ledger: Ledger,
  height: number,
  rebuilt?: Mirror,
): { drafts: Draft[]; vanished: Landing[] } {
  const drafts: Draft[] = [];
  const vanished: Landing[] = [];
  while (ledger.blocks.length > 0) {
    const entry = ledger.blocks[ledger.blocks.length - 1] as BlockEntry;
    if (entry.number <= height) break;
    ledger.blocks.pop();
    if (rebuilt === undefined) {
      invariant(entry.undos.length > 0, `block ${entry.number} cannot be undone from memory`);
      for (let i = entry.undos.length - 1; i >= 0; i--) {
        undo(ledger.mirror, entry.undos[i] as Undo);
      }
    }
    drafts.push(...entry.inverse);
    for (const landing of entry.landings) {
      ledger.landed.delete(landing.number);
      for (const [id] of landing.valuations) {
        ledger.onChain.delete(id);
        if (ledger.recorded.has(id)) ledger.ghosts.add(id);
      }
      vanished.push(landing);
    }
  }
  if (rebuilt !== undefined) ledger.mirror = rebuilt;
  return { drafts, vanished: vanished.sort((a, b) => a.number - b.number) };
}

/**
 * Batches deep enough to be final: the core takes over the chain's numbers.
 *
 * @param height everything up to this block is final
 */
export function finalise(ledger: Ledger, core: CoreView, height: number): Draft[] {
  const drafts: Draft[] = [];
  const due = [...ledger.landed.values()].filter((landing) => landing.block <= height);
  for (const landing of due.sort((a, b) => a.number - b.number)) {
    const version = ledger.versions.get(landing.head);
    if (version === undefined) continue;
    const open = version.fills.filter((fill) => core.unconfirmed.has(fill.id));
    if (open.length === 0) continue;
    const valuations = new Map(landing.valuations);
    drafts.push(...sealAsLanded(core, version, open));
    drafts.push({
      type: 'confirmed',
      number: landing.number,
      round: round(landing.round),
      indexes: landing.indexes.map(([market, index]) => {
        return [marketId(market), fundingIndex(index)] as const;
      }),
    });
    drafts.push(...feeCorrections(ledger, core, open, valuations, landing.block));
    for (const fill of open) {
      ledger.recorded.set(fill.id, { fill, valuation: valuations.get(fill.id) as Valuation });
    }
  }
  return drafts;
}

/** An older version of a batch may have won; the core must confirm the fills that landed. */
function sealAsLanded(core: CoreView, version: Version, open: readonly FillTerms[]): Draft[] {
  const fillIds = open.map((fill) => fill.id);
  const sealed = core.batches.get(version.number)?.fillIds ?? [];
  if (sealed.length === fillIds.length && fillIds.every((id) => sealed.includes(id))) return [];
  const reportRound = version.round === null ? null : round(version.round);
  return [{ type: 'batch', number: version.number, fillIds, reportRound }];
}

/** Forgets what lies `keep` batches behind the newest: no reorganisation reaches it any more. */
export function prune(ledger: Ledger, keep: number): void {
  const oldest = chainRow(ledger.mirror).batchNumber - keep;
  while (ledger.blocks.length > keep) {
    const entry = ledger.blocks.shift() as BlockEntry;
    ledger.pruned = { number: entry.number, hash: entry.hash };
  }
  for (const [head, version] of ledger.versions) {
    if (version.number >= oldest) break;
    for (const fill of version.fills) {
      if (ledger.ghosts.has(fill.id)) return;
      ledger.recorded.delete(fill.id);
      ledger.onChain.delete(fill.id);
    }
    ledger.versions.delete(head);
    ledger.landed.delete(version.number);
  }
}

/** Fees differ when a parameter changed on chain between matching and settling. */
function feeCorrections(
  ledger: Ledger,
  core: CoreView,
  fills: readonly FillTerms[],
  valuations: ReadonlyMap<number, Valuation>,
  block: number,
): readonly Draft[] {
  const sums: Sums = new Map();
  for (const fill of fills) {
    const assumed = core.unconfirmed.get(fill.id);
    const chain = valuations.get(fill.id);
    invariant(assumed !== undefined && chain !== undefined, `fill ${fill.id} without a value`);
    const tickValue = tickValueOf(ledger, fill.market);
    addFill(sums, fill, tickValue, chain);
    addFill(sums, fill, tickValue, { ...assumed, index: chain.index }, -1);
  }
  return movements(deltasOfSums(sums), 'repair', block).drafts;
}

/**
 * Fills of batches that the chain will never take.
 *
 * @returns an `unwind` for those that the core lists as unconfirmed, exact opposites for the rest
 */
export function refuse(
  ledger: Ledger,
  core: CoreView,
  fillIds: readonly number[],
  reason: string,
  block: number,
): Draft[] {
  const drafts: Draft[] = [];
  const open = fillIds.filter((id) => core.unconfirmed.has(id));
  if (open.length > 0) drafts.push({ type: 'unwind', fillIds: open, reason });
  const sums: Sums = new Map();
  for (const id of fillIds) {
    const recorded = ledger.recorded.get(id);
    if (recorded === undefined || core.unconfirmed.has(id)) continue;
    const { fill, valuation } = recorded;
    addFill(sums, fill, tickValueOf(ledger, fill.market), valuation, -1);
    ledger.recorded.delete(id);
    ledger.ghosts.delete(id);
  }
  drafts.push(...movements(deltasOfSums(sums), 'reorg', block).drafts);
  return drafts;
}
