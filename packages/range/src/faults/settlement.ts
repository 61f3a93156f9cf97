/**
 * Settlement by its real books, store and recovery, over the simulated chain: seal, send, follow,
 * undo, make final. In the order of settle/settler.ts: the store first, then the core.
 */
import type { Engine, Input, Outcome } from '@holdfast/node';
import type { SettleStore } from '@holdfast/settle';
import {
  applyBlock,
  applyEvent,
  brokenLaws,
  chainRow,
  compare,
  createLedger,
  type Draft,
  emptyMirror,
  encodeBatch,
  finalise,
  type Landing,
  type Ledger,
  type Mirror,
  missingDrafts,
  queueOf,
  restore,
  rollback,
  type SimBlock,
  type StoreRecord,
  type Version,
} from '@holdfast/settle/sim';
import { EnvironmentError, type Hex, invariant } from '@holdfast/units';
import { finalDepth, type SimChain } from './chain.ts';
import type { Owner, Time } from './time.ts';

export interface SettlementDeps {
  readonly owner: Owner;
  readonly time: Time;
  readonly chain: SimChain;
  readonly engine: Engine;
  readonly store: SettleStore;
  readonly tell: (inputs: readonly Input[]) => Promise<Outcome[]>;
}

const pollMs = 400;
const resendMs = 6_000;
const fillsMax = 8;
const receipts: Hex = `0x${'11'.repeat(32)}`;

/** A mirror of blocks, from nothing. */
export function mirrorOf(blocks: readonly SimBlock[]): Mirror {
  const mirror = emptyMirror();
  for (const block of blocks) for (const { event } of block.events) applyEvent(mirror, event);
  return mirror;
}

export class Settlement {
  readonly deps: SettlementDeps;
  ledger: Ledger = createLedger(emptyMirror());
  queue: Version[] = [];
  isReady = false;
  #sent: { head: Hex; at: number } | undefined;

  constructor(deps: SettlementDeps) {
    this.deps = deps;
  }

  /** Until its process ends. @throws EnvironmentError StateDiffers, StoreFailed, JournalBroken */
  async run(): Promise<never> {
    const { time, owner } = this.deps;
    for (;;) {
      const blocks = await this.deps.chain.ask(owner);
      if (blocks !== undefined) await this.#look(blocks);
      await time.sleep(time.about(pollMs), owner);
    }
  }

  async #look(blocks: readonly SimBlock[]): Promise<void> {
    try {
      if (!this.isReady) await this.#ready(blocks);
      else await this.#follow(blocks);
      await this.#drive();
    } catch (error) {
      // A full disk passes; the process begins again from what is durable.
      if (!(error instanceof EnvironmentError) || !error.retry) throw error;
      throw new EnvironmentError('SettleRestart', error.message, { cause: error });
    }
  }

  async #tell(drafts: readonly Draft[]): Promise<void> {
    if (drafts.length === 0) return;
    for (const { command, events } of await this.deps.tell(drafts as unknown as Input[])) {
      const no = events.find(({ type }) => type === 'rejected');
      const isHarmless = command.type === 'report' || command.type === 'open';
      invariant(no === undefined || isHarmless, `the core rejects ${JSON.stringify(no)}`);
    }
  }

  async #commit(record: StoreRecord, drafts: readonly Draft[]): Promise<void> {
    await this.deps.store.append(record);
    await this.#tell(drafts);
  }

  /** The newest block that both sides know. */
  #common(blocks: readonly SimBlock[]): number {
    const hashes = new Set(blocks.map(({ head }) => head.hash));
    const { blocks: known } = this.ledger;
    for (let i = known.length - 1; i >= 0; i--) {
      const block = known[i];
      if (block !== undefined && hashes.has(block.hash)) return block.number;
    }
    return 0;
  }

  async #ready(blocks: readonly SimBlock[]): Promise<void> {
    const { state } = this.deps.engine;
    const { ledger } = this;
    const { lastDrafts, intended } = restore(ledger, state, this.deps.store.records);
    const height = this.#common(blocks);
    const isBehind = (blocks.at(-1)?.head.number ?? 0) < (ledger.blocks.at(-1)?.number ?? 0);
    const isGone = ledger.blocks.some(({ number }) => number > height);
    const below = blocks.filter(({ head }) => head.number <= height);
    const { drafts } = rollback(ledger, height, mirrorOf(below));
    const missing = missingDrafts(ledger, state, lastDrafts, drafts);
    const all = [...missing, ...drafts];
    if (isGone || isBehind) await this.#commit({ kind: 'rollback', height, drafts: all }, all);
    else await this.#tell(all);
    await this.#advance(blocks, height);
    this.queue = queueOf(ledger, state, intended, chainRow(ledger.mirror).batchNumber);
    this.isReady = true;
    this.check();
  }

  async #advance(blocks: readonly SimBlock[], height: number): Promise<void> {
    const { state } = this.deps.engine;
    for (const { head, events } of blocks) {
      if (head.number <= height) continue;
      const { entry, drafts } = applyBlock(this.ledger, state, head, events);
      const { undos: _, ...stored } = entry;
      await this.#commit({ kind: 'block', entry: stored, drafts }, drafts);
    }
  }

  async #follow(blocks: readonly SimBlock[]): Promise<void> {
    const { ledger } = this;
    const newest = ledger.blocks.at(-1)?.number ?? 0;
    const height = this.#common(blocks);
    // An endpoint that lags has nothing to say; one that leads somewhere else has.
    if ((blocks.at(-1)?.head.number ?? 0) < newest && this.#isPrefix(blocks)) return;
    if (height < newest) {
      const blind = ledger.blocks.some((each) => each.number > height && each.undos.length === 0);
      const below = blocks.filter(({ head }) => head.number <= height);
      const { drafts, vanished } = rollback(ledger, height, blind ? mirrorOf(below) : undefined);
      await this.#commit({ kind: 'rollback', height, drafts }, drafts);
      this.#requeue(vanished);
    }
    await this.#advance(blocks, height);
    const tip = ledger.blocks.at(-1)?.number ?? 0;
    await this.#tell(finalise(ledger, this.deps.engine.state, tip - finalDepth));
    this.check();
  }

  #isPrefix(blocks: readonly SimBlock[]): boolean {
    const last = blocks.at(-1)?.head;
    return this.ledger.blocks.some(({ hash }) => hash === last?.hash);
  }

  #requeue(vanished: readonly Landing[]): void {
    const versions = vanished.flatMap(({ head }) => this.ledger.versions.get(head) ?? []);
    const heads = new Set(versions.map(({ head }) => head));
    this.queue = [...versions, ...this.queue.filter(({ head }) => !heads.has(head))];
  }

  #isOpen(id: number): boolean {
    const { ledger } = this;
    const { unconfirmed } = this.deps.engine.state;
    return !ledger.onChain.has(id) && (unconfirmed.has(id) || ledger.ghosts.has(id));
  }

  async #drive(): Promise<void> {
    const version = await this.#seal();
    if (version === undefined) return;
    const { time, chain } = this.deps;
    const isFresh = this.#sent?.head === version.head && time.now - this.#sent.at < resendMs;
    if (isFresh) return;
    this.#sent = { head: version.head, at: time.now };
    chain.send(version);
  }

  /** The batch that comes next: a sealed one that still fits, or a new one. */
  async #seal(): Promise<Version | undefined> {
    const { ledger } = this;
    const { state } = this.deps.engine;
    this.queue = this.queue.filter(({ fills }) => fills.some(({ id }) => this.#isOpen(id)));
    const { batchNumber, batchHead, round } = chainRow(ledger.mirror);
    const queued = this.queue[0];
    const fits = queued?.number === batchNumber + 1 && queued.previous === batchHead;
    if (queued !== undefined && fits && queued.fills.every(({ id }) => this.#isOpen(id))) {
      return queued;
    }
    const taken = new Set(this.queue.flatMap(({ fills }) => fills.map(({ id }) => id)));
    const fresh = [...state.unconfirmed.values()].filter(
      ({ id }) => this.#isOpen(id) && !taken.has(id),
    );
    const fills = (queued?.fills.filter(({ id }) => this.#isOpen(id)) ?? fresh).slice(0, fillsMax);
    if (fills.length === 0) return undefined;
    const newest = state.round > round ? state.round : null;
    const version = encodeBatch(fills, {
      number: batchNumber + 1,
      previous: batchHead as Hex,
      receipts,
      report: newest === null ? '0x' : `0x${newest.toString(16).padStart(8, '0')}`,
      round: newest,
    });
    if (ledger.versions.has(version.head)) return version;
    ledger.versions.set(version.head, version);
    const fillIds = fills.map(({ id }) => id).filter((id) => state.unconfirmed.has(id));
    const draft = { type: 'batch', number: version.number, fillIds, reportRound: newest };
    const drafts = fillIds.length > 0 ? [draft as unknown as Draft] : [];
    await this.#commit({ kind: 'version', version }, drafts);
    this.queue = [version, ...this.queue.filter((each) => each !== queued)];
    return version;
  }

  /** @throws AssertionError where books and laws do not hold */
  check(): void {
    const different = compare(this.ledger, this.deps.engine.state);
    invariant(different === undefined, `books: ${different}`);
    const broken = brokenLaws(this.ledger.mirror);
    invariant(broken.length === 0, `laws: ${JSON.stringify(broken)}`);
  }
}
