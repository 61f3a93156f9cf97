/**
 * The sentinel's loop: block after block that a quorum of endpoints agrees on, its logs into the
 * tables, every law asked twice, storage compared, rules run, and what is found acted on.
 */
import { errorMessage, type Logger } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import type { Guardian, Now } from '../act/guardian.ts';
import type { AgreedBlock, Reads } from '../chain/reads.ts';
import type { Signals } from '../chain/signals.ts';
import { type Passed, passBlock, stateQuestions } from '../laws/block.ts';
import { holds, type LawsContract } from '../laws/judge.ts';
import { levelAt, type Question } from '../laws/questions.ts';
import type { Action, Finding } from '../rule.ts';
import { balanceOf, checksOf, compare, everything, Rota } from '../state/compare.ts';
import { emptyTables, type Tables, type Undo } from '../state/tables.ts';
import * as found from './findings.ts';
import { History, type Taken } from './history.ts';
import { judgePending, type Threat } from './pending.ts';
import { PoolQueue, topTip } from './pool.ts';
import { type ActiveRule, beginAll, type Judged, runRules } from './rules.ts';
import { catchUp } from './sync.ts';
import { createTally, type Tally } from './tally.ts';
import type { OpenVenue } from './venue.ts';
import { suspectsOf } from './veto.ts';
import { txsOf, viewOf } from './view.ts';

/** A finding with where it was found and what was asked for. */
export interface Found extends Judged {
  readonly block: number;
  readonly hash: Hex;
  /** Of a transaction that is in no block yet. */
  readonly pending: boolean;
}

export interface EngineOptions {
  readonly venue: OpenVenue;
  readonly reads: Reads;
  readonly laws: LawsContract;
  /** Without one the sentinel watches and tells. */
  readonly guardian?: Guardian | undefined;
  readonly rules: readonly ActiveRule[];
  readonly blockMs: number;
  readonly logger: Logger;
  readonly onFound: (found: Found) => void;
}

/** Blocks before the head that a start takes one by one. */
const tailBlocks = 64;

export class Engine {
  readonly tally: Tally = createTally();
  readonly pool: PoolQueue;
  readonly #options: EngineOptions;
  readonly #tables: Tables = emptyTables();
  readonly #rota = new Rota();
  #history = new History(this.#tables);
  #proving: Promise<unknown> | undefined;
  #failing = '';
  readonly #acts = new Set<Promise<void>>();

  constructor(options: EngineOptions) {
    this.#options = options;
    const { venue, reads, rules, blockMs, logger } = options;
    const desk = { venue, reads, rules, blockMs, tables: this.#tables, tip: () => this.tip };
    this.pool = new PoolQueue(async (hash, by) => {
      const own = options.guardian?.standing().address.toLowerCase();
      const threat = await judgePending(desk, hash, by, own);
      if (threat !== undefined) this.#threatened(threat);
    }, logger);
  }

  get tip(): Taken | undefined {
    return this.#history.tip;
  }

  /** The tables as they are; only to be read. */
  get tables(): Tables {
    return this.#tables;
  }

  /** Whether it does its work now: what it says with a beat. */
  healthy(): boolean {
    const { reads, blockMs } = this.#options;
    const fresh = Date.now() - this.tally.advancedAtMs < Math.max(blockMs * 20, 15_000);
    return fresh && reads.trusted().length >= reads.quorum && this.#failing === '';
  }

  /** Reads the chain up to its head and compares all of the storage once. */
  async begin(progress: (line: string) => void): Promise<void> {
    const { reads, venue, rules, logger } = this.#options;
    const head = (await reads.head()) ?? venue.deployBlock;
    const to = Math.max(venue.deployBlock - 1, head - tailBlocks, 0);
    const broken = await catchUp({ reads, venue, tables: this.#tables, to, progress });
    for (const question of broken) this.#tell(found.lawFinding(question), { block: to });
    const at = await reads.block(to);
    if (at === undefined) throw new Error(`no quorum for block ${to}`);
    const { hash, timestamp: time, baseFeePerGas: baseFee = 0n } = at.block;
    const memories = beginAll(rules);
    this.#history.push({ number: to, hash, time, baseFee, undo: [], memories, broken: new Set() });
    await this.advance();
    const tip = this.tip as Taken;
    const checks = everything(this.#tables);
    logger.info({ block: tip.number, rows: checks.length }, 'comparing all of the storage');
    await this.#compare(tip, [], checks);
  }

  /** One look, to its end: what is there is judged, what follows is sent. Without a clock. */
  async step(): Promise<void> {
    await this.advance();
    await Promise.all(this.#acts);
    await this.#guard();
  }

  /** Runs until the signal aborts. */
  async run(signals: Signals, signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    while (!signal.aborted) {
      await signals.next();
      if (signal.aborted) return;
      try {
        await this.advance();
        this.#failing = '';
      } catch (error) {
        const problem = errorMessage(error);
        if (problem !== this.#failing) logger.error({ problem, error }, 'a block failed');
        this.#failing = problem;
      }
      if (this.tip !== undefined) signals.seen(this.tip.number);
      await this.#guard();
    }
  }

  /** Takes every block that is there, going back first where the chain did. */
  async advance(): Promise<void> {
    const { reads } = this.#options;
    for (;;) {
      const tip = this.tip;
      if (tip === undefined) return;
      const next = await reads.block(tip.number + 1);
      if (next === undefined) {
        const hash = await reads.hash(tip.number);
        const head = hash === undefined ? await reads.head() : undefined;
        const gone =
          hash !== undefined ? hash !== tip.hash : head !== undefined && head < tip.number;
        if (!gone) return;
        await this.#goBack(tip);
      } else if (next.block.parentHash !== tip.hash) await this.#goBack(tip);
      else await this.#take(next);
    }
  }

  async #goBack(tip: Taken): Promise<void> {
    this.tally.reorged(tip.number);
    if (this.#history.pop()) return;
    this.#options.logger.error({ block: tip.number }, 'a reorganisation beyond what is kept');
    this.#clear();
    await this.begin(() => undefined);
  }

  #clear(): void {
    const empty = emptyTables();
    for (const [name, rows] of Object.entries(this.#tables)) {
      const table = rows as Map<unknown, unknown>;
      table.clear();
      for (const [key, row] of empty[name as keyof Tables] as Map<unknown, unknown>) {
        table.set(key, row);
      }
    }
    this.#history = new History(this.#tables);
  }

  /** One block, from its logs to its findings. */
  async #take(agreed: AgreedBlock): Promise<void> {
    const began = performance.now();
    const { venue, reads, guardian } = this.#options;
    const { block } = agreed;
    const [by] = reads.trusted();
    const balance = balanceOf(venue.places, venue.terms.scale, by ?? agreed.by, block.number).catch(
      () => undefined,
    );
    const passed = this.#pass(agreed);
    const previous = this.tip as Taken;
    const questions = [...passed.questions, ...stateQuestions(this.#tables, undefined)];
    const taken: Taken = {
      number: block.number,
      hash: block.hash,
      time: block.timestamp,
      baseFee: block.baseFeePerGas ?? 0n,
      undo: passed.undo,
      memories: previous.memories,
      broken: new Set(),
    };
    this.#history.push(taken);
    const broken = questions.filter((question) => !holds(question));
    taken.broken = new Set(broken.map(({ law }) => law));
    this.#actOn(broken, taken, false, topTip(block));
    const stop = suspectsOf(broken, passed.events, this.#tables, taken.time);
    if (stop && guardian) this.#send(guardian.veto(stop.ids, stop.law, this.#now()));
    this.#runRules(agreed, passed, taken, previous);
    const covered = await this.#judgeCover(await balance, taken);
    if (covered !== undefined) questions.push(covered);
    await Promise.all([
      this.#askChain(questions, taken),
      this.#compare(taken, passed.undo, this.#rota.next(this.#tables)),
    ]);
    this.#prove(agreed);
    this.tally.took(taken, questions, broken.length, performance.now() - began);
  }

  #pass({ block, logs }: AgreedBlock): Passed {
    const { venue } = this.#options;
    const inputs = new Map<Hex, Hex>();
    for (const tx of block.transactions) {
      if (tx.to === venue.places.clearingHouse) inputs.set(tx.hash, tx.input);
    }
    try {
      return passBlock(venue, this.#tables, { time: block.timestamp, logs, inputs });
    } catch (error) {
      const problem = errorMessage(error);
      const finding = found.impossibleFinding(problem);
      const action = {
        kind: 'tighten',
        scope: 0,
        level: 3,
        holdSeconds: found.lawHoldSeconds,
      } as const;
      this.#tell(finding, { block: block.number, hash: block.hash }, { ...action, law: 0 });
      throw error;
    }
  }

  /** Law L02, with a second look: a node may tell the newest balance too early. */
  async #judgeCover(balance: bigint | undefined, taken: Taken): Promise<Question | undefined> {
    const { venue, reads } = this.#options;
    if (balance === undefined) return undefined;
    const ask = (of: bigint) =>
      stateQuestions(this.#tables, of).find(({ law }) => law === 'vaultCovers') as Question;
    const first = ask(balance);
    if (holds(first)) return first;
    const good = reads.trusted();
    const other = good[1] ?? good[0];
    if (other === undefined) return undefined;
    const again = await balanceOf(venue.places, venue.terms.scale, other, taken.number);
    const second = ask(again);
    if (!holds(second)) this.#actOn([second], taken, false);
    return second;
  }

  async #askChain(questions: readonly Question[], { number, hash }: Taken): Promise<void> {
    const { laws, reads } = this.#options;
    const [by] = reads.trusted();
    if (by === undefined) return;
    let verdicts: (boolean | undefined)[];
    try {
      verdicts = await laws.judge(questions, by);
    } catch (error) {
      by.blame('failed', errorMessage(error));
      return;
    }
    for (const [i, question] of questions.entries()) {
      const evm = verdicts[i];
      if (evm === undefined) continue;
      this.tally.asked(1);
      const here = holds(question);
      if (evm !== here) this.#tell(found.disagreement(question, here), { block: number, hash });
    }
  }

  async #compare(taken: Taken, undo: Undo, more: Parameters<typeof checksOf>[4]): Promise<void> {
    const { venue, reads } = this.#options;
    const checks = checksOf(this.#tables, venue.places, venue.terms.scale, undo, more);
    const stands = async () => (await reads.hash(taken.number)) === taken.hash;
    let differences: Awaited<ReturnType<typeof compare>>;
    try {
      differences = await compare(checks, reads.trusted(), taken.number, stands);
    } catch (error) {
      // A node that keeps few old states cannot tell; the next block is read again.
      this.tally.unread(errorMessage(error));
      return;
    }
    this.tally.compared(checks.length);
    for (const each of differences) {
      const place = { block: taken.number, hash: taken.hash };
      this.#tell(found.storageFinding(each), place, found.storageAction(each));
    }
  }

  /** Receipts take long where a block is full of others' logs: one block at a time, beside. */
  #prove(agreed: AgreedBlock): void {
    if (this.#proving !== undefined || agreed.logs.length === 0) return;
    const { reads } = this.#options;
    this.#proving = reads.prove(agreed).then(
      (honest) => {
        this.#proving = undefined;
        if (!honest) this.#sawLie(agreed);
      },
      () => {
        this.#proving = undefined;
      },
    );
  }

  #sawLie({ block, by }: AgreedBlock): void {
    const title = 'A quorum agreed on logs that are not in the block';
    const evidence = { endpoint: by.name, block: block.number };
    this.#tell(found.sightFinding('endpoint-lied', 'critical', by.name, title, evidence), {
      block: block.number,
      hash: block.hash,
    });
  }

  #runRules(agreed: AgreedBlock, passed: Passed, taken: Taken, previous: Taken): void {
    const { rules } = this.#options;
    if (rules.length === 0) return;
    const { block } = agreed;
    const view = viewOf(this.#tables, this.#options.venue.budgets, passed, taken, previous, {
      parentHash: block.parentHash,
      pending: false,
      txs: txsOf(block.transactions, passed, this.#options.venue.sources),
    });
    const { memories, judged } = runRules(rules, view, previous.memories);
    taken.memories = memories;
    for (const each of judged) this.#report(each, { block: taken.number, hash: taken.hash });
  }

  #actOn(
    broken: readonly Question[],
    taken: Pick<Taken, 'number' | 'hash'>,
    pending: boolean,
    above = 0n,
  ): void {
    for (const question of broken) {
      const place = { block: taken.number, hash: taken.hash, pending };
      this.#tell(found.lawFinding(question), place, found.lawAction(question), {
        values: found.lawValues(question),
        above,
      });
    }
  }

  #tell(
    finding: Finding,
    place: { block: number; hash?: Hex; pending?: boolean },
    action?: Action,
    more: { values?: bigint[]; above?: bigint } = {},
  ): void {
    this.#report({ finding, shadow: false, ...(action ? { action } : {}) }, place, more);
  }

  #report(
    judged: Judged,
    place: { block: number; hash?: Hex; pending?: boolean },
    { values = [], above = 0n }: { values?: bigint[]; above?: bigint } = {},
  ): void {
    const { guardian, onFound } = this.#options;
    const { block, hash = '0x', pending = false } = place;
    onFound({ ...judged, block, hash, pending });
    const { action, finding } = judged;
    if (action === undefined || guardian === undefined) return;
    const law = String(finding.evidence.law ?? finding.rule);
    // Evidence may not be of a block that is not there yet.
    const evidence = { law, block: Math.min(block, this.tip?.number ?? block), values };
    this.#send(guardian.act(action, evidence, this.#now(), above));
  }

  #send(sending: Promise<void>): void {
    const act = sending
      .catch((error) => {
        const { logger } = this.#options;
        logger.error({ problem: errorMessage(error) }, 'an action could not be sent');
      })
      .finally(() => this.#acts.delete(act));
    this.#acts.add(act);
  }

  #now(): Now {
    const { number, baseFee, time } = this.tip as Taken;
    return { block: number, baseFee, time, level: (scope) => levelAt(this.#tables, scope, time) };
  }

  async #guard(): Promise<void> {
    const { guardian, logger } = this.#options;
    if (guardian === undefined || this.tip === undefined) return;
    await guardian.tick(this.#now(), this.healthy()).catch((error) => {
      logger.warn({ problem: errorMessage(error) }, 'the guardian could not look at its own');
    });
  }

  /** A transaction that is in no block yet would break something. */
  #threatened({ tx, block, broken, judged, above }: Threat): void {
    this.tally.pendingBroken(tx.hash);
    const taken = { number: block, hash: tx.hash };
    this.#actOn(broken, taken, true, above);
    const place = { block, hash: tx.hash, pending: true };
    for (const each of judged) this.#report(each, place, { above });
  }
}
