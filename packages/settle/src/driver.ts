/** What settlement has on its way, and the steps of each batch: sealed, sent, learnt from. */
import type { Logger } from '@holdfast/host';
import { type Hex, round } from '@holdfast/units';
import type { Version } from './books.ts';
import { type Chooser, pendingFills, type Sizes } from './choose.ts';
import type { Draft } from './effects.ts';
import type { ForcedDesk } from './forced.ts';
import type { Hold, SettlerDeps, SettlerOptions } from './options.ts';
import { firstGasModel, gasOf, learnGas, ordersOf } from './planner.ts';
import type { Block, Chain } from './rpc.ts';
import type { StoreRecord } from './store.ts';
import type { Inflight, Sendable, Submitter } from './submitter.ts';

export type DriverDeps = Omit<Chooser, 'unsigned'> & {
  readonly chain: Chain;
  readonly submitter: Submitter;
  readonly forced: ForcedDesk;
  readonly logger: Logger;
  readonly options: SettlerOptions;
  readonly commit: (record: StoreRecord, drafts: readonly Draft[]) => Promise<void>;
  readonly onUnwound: NonNullable<SettlerDeps['onUnwound']>;
  readonly count: (name: string, by?: number) => void;
};

export type Driver = DriverDeps &
  Chooser & {
    /** Batches to be sent again, before anything new. */
    queue: Version[];
    /** Sent and not yet landed, oldest first. */
    flight: Inflight[];
    /** Whether more may be sent on top of the flight: until its first has landed or failed. */
    isBoarding: boolean;
    /** A report on its way without a batch. */
    pushing: Inflight<Sendable> | undefined;
    hold: Hold | undefined;
    sizes: Sizes;
    /** Wall ms when the oldest pending fill was seen. */
    firstSeen: number | undefined;
  };

export function createDriver(deps: DriverDeps): Driver {
  const sizes = { fillsMax: deps.options.fillsMax, model: firstGasModel };
  const nothing = { flight: [], isBoarding: false, pushing: undefined, hold: undefined };
  const idle = { ...nothing, queue: [], firstSeen: undefined };
  return { ...deps, ...idle, sizes, unsigned: { round: 0 } };
}

/** Batches that hold fills but are not on the chain. */
function carried(d: Driver): Version[] {
  return [...d.queue, ...d.flight.map(({ version }) => version)];
}

/** Fills in no batch yet. */
export function waiting(d: Driver) {
  return pendingFills(d, carried(d));
}

/** Whether nothing is left to settle. */
export function isIdle(d: Driver): boolean {
  return d.flight.length === 0 && d.queue.length === 0 && waiting(d).length === 0;
}

/** Puts batches that vanished in front of everything else. */
export function requeue(d: Driver, versions: readonly Version[]): void {
  const list = [...versions, ...d.flight.map(({ version }) => version)];
  d.flight = [];
  const heads = new Set(list.map((version) => version.head));
  d.queue = [...list, ...d.queue.filter((queued) => !heads.has(queued.head))];
}

/** Gas limit for an estimate: state may change before the batch lands. */
export function roomFor(estimate: number): number {
  return Math.ceil(estimate * 1.25) + 50_000;
}

/** Sends a batch: as the first of a flight, or with the nonce after the last of it. */
export async function send(d: Driver, version: Version, gas: number, head: Block): Promise<void> {
  d.queue = d.queue.filter((queued) => queued.head !== version.head);
  const last = d.flight.at(-1);
  let sent: Inflight;
  try {
    const nonce = last === undefined ? undefined : last.nonce + 1;
    sent = await d.submitter.submit(version, gas, head, nonce);
  } catch (error) {
    // It may have reached the chain all the same: it stays first, as it is.
    d.queue = [version, ...d.queue];
    throw error;
  }
  d.isBoarding = last === undefined || d.isBoarding;
  d.flight = [...d.flight, sent];
  d.hold = undefined;
  d.firstSeen = undefined;
  d.count('settle_batches_sent');
  const transaction = sent.hashes.at(-1);
  const fills = version.fills.length;
  const ahead = d.flight.length - 1;
  d.logger.info({ batch: version.number, fills, transaction, ahead }, 'batch sent');
}

/** Remembers a new batch on disk and in the core's journal before anybody can see it. */
export async function seal(d: Driver, version: Version): Promise<void> {
  const { unconfirmed } = d.state();
  const fillIds = version.fills.map((fill) => fill.id).filter((id) => unconfirmed.has(id));
  const reportRound = version.round === null ? null : round(version.round);
  const draft: Draft = { type: 'batch', number: version.number, fillIds, reportRound };
  d.ledger.versions.set(version.head, version);
  await d.commit({ kind: 'version', version }, fillIds.length > 0 ? [draft] : []);
}

/** A refusal without a name: most often too much for one transaction. Half of it is tried. */
export function shrink(d: Driver, count: number): void {
  d.sizes = { ...d.sizes, fillsMax: Math.max(1, count >> 1) };
}

/** Learns from what a batch that landed has cost. */
export function learn(d: Driver, version: Version, used: number): void {
  const { model, fillsMax } = d.sizes;
  const orders = ordersOf(version.fills).length;
  const expected = gasOf(model, orders, version.fills.length, version.round !== null);
  const grown = fillsMax + Math.max(1, fillsMax >> 2);
  d.sizes = {
    model: learnGas(model, expected, used),
    fillsMax: Math.min(d.options.fillsMax, grown),
  };
  d.count('settle_gas', used);
}

/** Transactions of the batches in flight. */
export function transactionsOf(d: Driver): readonly Hex[] {
  return d.flight.flatMap(({ hashes }) => hashes);
}
