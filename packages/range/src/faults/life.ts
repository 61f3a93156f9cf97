/**
 * One life: a node, its disk, its chain and its clients on virtual time; faults for a while, then
 * calm, and then the question whether everything that was promised is there.
 */
import { stateHash } from '@holdfast/core';
import { errorMessage, silentLogger } from '@holdfast/host';
import { recover } from '@holdfast/node';
import { demoConfig, mirrorText } from '@holdfast/settle/sim';
import { createRandom, type Random } from '@holdfast/trader';
import { SimChain } from './chain.ts';
import { Clients } from './clients.ts';
import { SimDisk } from './disk.ts';
import type { Mutant } from './mutants.ts';
import { openSimJournal, type Running, startProcess } from './process.ts';
import { mirrorOf } from './settlement.ts';
import { type Owner, Time } from './time.ts';

/** What one life came to. */
export interface LifeReport {
  readonly seed: string;
  readonly steps: number;
  readonly crashes: number;
  readonly reorgs: number;
  readonly torn: number;
  readonly acked: number;
  readonly settled: number;
  /** Of the core's state at the end. */
  readonly hash: string;
  readonly problems: readonly string[];
}

const stormMs = 40_000;
const calmMs = 60_000;
const recoveryMs = 60_000;
const stepsMax = 60_000;
/** Blocks that a node may be behind when all is calm. */
const lagMax = 12;

/** Each life has its own weather: some are dry, some have everything at once. */
function weather(random: Random) {
  const some = (most: number): number => (random.chance(0.6) ? random.between(0, most) : 0);
  return {
    crashShare: random.chance(0.8) ? random.between(0.0005, 0.02) : 0,
    loss: some(0.3),
    twice: some(0.3),
    delayMs: random.between(1, 400),
    diskFull: some(0.05),
    syncMs: random.chance(0.3) ? random.between(20, 400) : 2,
    stall: some(0.2),
    stale: some(0.4),
    chainLoss: some(0.4),
    reorg: some(0.15),
    skew: some(30),
  };
}

class Life {
  readonly random: Random;
  readonly time: Time;
  readonly disk: SimDisk;
  readonly chain: SimChain;
  readonly clients: Clients;
  readonly problems: string[] = [];
  readonly mutant: Mutant | undefined;
  running: Running | undefined;
  owner: Owner = { name: 'node', alive: false };
  crashShare = 0;
  skewMax = 0;
  crashes = 0;

  constructor(seed: string, mutant: Mutant | undefined) {
    this.random = createRandom(`${seed}/faults`);
    this.time = new Time(this.random);
    this.disk = new SimDisk(this.time, this.random);
    this.chain = new SimChain(this.time, this.random);
    this.clients = new Clients(this.time, this.random, this.chain, () => this.running);
    this.mutant = mutant;
    mutant?.disk?.(this.disk);
  }

  /** Before anything happens to the process, it may end. */
  readonly before = (owner: Owner): void => {
    if (owner === this.time.world) return;
    if (this.random.chance(this.crashShare)) this.crash();
  };

  crash(): void {
    this.owner.alive = false;
    this.running = undefined;
    this.disk.crash();
    this.crashes += 1;
    this.time.after(this.time.about(500), this.time.world, () => this.start());
  }

  /** A process that cannot go on ends; a full disk is a reason, anything else a finding. */
  #ended(owner: Owner, error: Error): void {
    if (!owner.alive) return;
    const code = (error as { code?: string }).code ?? error.name;
    const cause = (error as { cause?: { code?: string } }).cause?.code;
    const isWeather = ['SettleRestart', 'DiskFull', 'StoreFailed', 'ENOSPC'].includes(code);
    const isFull = cause === 'ENOSPC';
    if (isWeather || isFull) this.crash();
    else {
      this.problems.push(`${code}: ${errorMessage(error).slice(0, 200)}`);
      owner.alive = false;
      this.running = undefined;
    }
  }

  start(): void {
    const owner: Owner = { name: 'node', alive: true };
    this.owner = owner;
    const skew = Math.round(this.random.between(-this.skewMax, this.skewMax));
    const onEnd = (error: Error): void => this.#ended(owner, error);
    const { time, disk, chain, mutant } = this;
    startProcess({ time, disk, chain, skew: () => skew, mutant, onEnd }, owner)
      .then((running) => {
        if (owner.alive) this.running = running;
      })
      .catch(onEnd);
  }

  /** What goes on by itself: blocks, prices, orders. */
  every(ms: number, until: number, act: () => void): void {
    const again = (): void => {
      if (this.time.now > until) return;
      act();
      this.time.after(this.time.about(ms), this.time.world, again);
    };
    this.time.after(this.time.about(ms), this.time.world, again);
  }

  storm(): void {
    const sky = weather(this.random);
    const { disk, chain, clients } = this;
    [this.crashShare, this.skewMax] = [sky.crashShare, sky.skew];
    Object.assign(clients.line, {
      delayMs: sky.delayMs,
      lossShare: sky.loss,
      twiceShare: sky.twice,
    });
    Object.assign(disk.habits, { fullShare: sky.diskFull, syncMs: sky.syncMs });
    Object.assign(chain.habits, {
      stallShare: sky.stall,
      staleShare: sky.stale,
      lossShare: sky.chainLoss,
      reorgShare: sky.reorg,
    });
  }

  calm(): void {
    const { disk, chain, clients } = this;
    [this.crashShare, this.skewMax] = [0, 0];
    Object.assign(clients.line, { delayMs: 5, lossShare: 0, twiceShare: 0 });
    Object.assign(disk.habits, { fullShare: 0, syncMs: 2 });
    Object.assign(chain.habits, { stallShare: 0, staleShare: 0, lossShare: 0, reorgShare: 0 });
  }

  /** Everything that was promised. */
  async judge(): Promise<string> {
    const { chain, clients, problems, running } = this;
    problems.push(...chain.wrong, ...clients.wrong);
    if (running === undefined) {
      problems.push('the node does not run when all is calm');
      return '';
    }
    const { settlement, engine, acks } = running;
    const settled = new Set(chain.fills());
    const open = [...engine.state.unconfirmed.keys()].filter((id) => !settled.has(id));
    if (open.length > 0) problems.push(`${open.length} fills never settled`);
    const { blocks } = chain.sim;
    const tip = settlement.ledger.blocks.at(-1)?.number ?? 0;
    const followed = blocks.filter(({ head }) => head.number <= tip);
    if (tip < blocks.length - lagMax) problems.push(`the node is at block ${tip}`);
    if (mirrorText(settlement.ledger.mirror) !== mirrorText(mirrorOf(followed))) {
      problems.push('the mirror is not the chain');
    }
    const hash = stateHash(engine.state);
    const owner: Owner = { name: 'auditor', alive: true };
    const read = this.#recovered(owner).catch((error: Error) => error);
    await this.time.until(this.time.now + recoveryMs, () => undefined);
    const recovered = await read;
    if (recovered instanceof Error) {
      problems.push(`the journal does not open: ${errorMessage(recovered).slice(0, 200)}`);
      return hash;
    }
    if (recovered.hash !== hash) problems.push('a recovery comes to another state');
    for (const { clientId, told } of clients.asked) {
      const places = recovered.ids.filter((id) => id === clientId).length;
      if (told === undefined) problems.push(`order ${clientId} was never answered`);
      else if (places !== 1) problems.push(`order ${clientId} is ${places} times in the journal`);
      else if (acks.receipt(told.seq)?.clientId !== clientId) {
        problems.push(`receipt ${told.seq} is not that of order ${clientId}`);
      }
    }
    return hash;
  }

  async #recovered(owner: Owner): Promise<{ hash: string; ids: (string | undefined)[] }> {
    this.owner.alive = false;
    this.disk.crash();
    const journal = await openSimJournal(this.disk.journal(owner));
    const ids: (string | undefined)[] = [];
    await journal.replay(0, (command) => ids.push((command as { clientId?: string }).clientId));
    const { state } = await recover(journal, demoConfig, silentLogger());
    return { hash: stateHash(state as never), ids };
  }
}

/** Lives it. The same seed gives the same life, to the hash. */
export async function live(seed: string, mutant?: Mutant): Promise<LifeReport> {
  const life = new Life(seed, mutant);
  const { time, chain, clients } = life;
  life.storm();
  life.start();
  life.every(1_000, stormMs + calmMs, () => chain.block());
  life.every(3_000, stormMs + calmMs / 4, () => clients.report());
  life.every(250, stormMs, () => clients.order());
  const before = (owner: Owner): void => {
    if (life.problems.length === 0 && time.steps < stepsMax) life.before(owner);
  };
  await time.until(stormMs, before);
  life.calm();
  await time.until(stormMs + calmMs, before);
  const hash = life.problems.length > 0 ? '' : await life.judge();
  life.owner.alive = false;
  const { crashes } = life;
  const { reorgs } = chain;
  return {
    seed,
    steps: time.steps,
    crashes,
    reorgs,
    torn: life.disk.torn,
    acked: clients.asked.filter(({ told }) => told !== undefined).length,
    settled: new Set(chain.fills()).size,
    hash,
    problems: [...new Set(life.problems)],
  };
}
