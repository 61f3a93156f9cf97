/**
 * Reads that several endpoints agree on. A block counts when `quorum` of them give the same hash,
 * the same logs of the venue and the same calls to it. Who says otherwise is found out: by the hash
 * of the header, or by the receipts that the header stands for.
 */
import { errorMessage, type Logger, sleep } from '@holdfast/host';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { keccak256, toRlp } from 'viem';
import type { Endpoint } from './endpoint.ts';
import { digestOfLogs, hashOfHeader, logsOf, mayContain, rootOfReceipts } from './header.ts';
import {
  type RawBlock,
  type RawLog,
  readBlock,
  readHeader,
  readLogs,
  readReceipts,
} from './wire.ts';

/** A block on which a quorum agrees. */
export interface AgreedBlock {
  readonly block: RawBlock;
  /** Of the venue's contracts, in their order. */
  readonly logs: readonly RawLog[];
  /** Who said so first. */
  readonly by: Endpoint;
}

/** What one endpoint says of a block. */
interface Saying extends AgreedBlock {
  readonly logsDigest: Hex;
  /** Hash, logs and calls as one. */
  readonly digest: string;
}

export interface Reads {
  readonly endpoints: readonly Endpoint[];
  readonly quorum: number;
  /** Highest block that a quorum has; undefined when too few answer. */
  head(): Promise<number | undefined>;
  /** An agreed block; undefined while a quorum has not got it or does not agree. */
  block(number: number): Promise<AgreedBlock | undefined>;
  /** The agreed hash at a height; undefined as above. */
  hash(number: number): Promise<Hex | undefined>;
  /** Logs of a range that a quorum agrees on, each with its block and that block's time. */
  range(from: number, to: number): Promise<readonly (RawLog & { number: number; time: number })[]>;
  /** Proves a block's logs by its receipts, and bans who said otherwise. False: it was a lie. */
  prove(agreed: AgreedBlock): Promise<boolean>;
  /** Those that may be asked for state, whoever answered last first. */
  trusted(): readonly Endpoint[];
  /** Blocks whose logs were proven by receipts. */
  readonly proven: () => number;
}

export interface ReadsOptions {
  readonly endpoints: readonly Endpoint[];
  /** How many must agree; more than half unless told. */
  readonly quorum?: number | undefined;
  /** Contracts of the venue, lower case. */
  readonly addresses: readonly Hex[];
  readonly logger: Logger;
  /** Longest wait for an agreement, wall ms. */
  readonly waitMsMax?: number | undefined;
  /** Blocks that an endpoint may be behind before it counts as stalled. */
  readonly lagMax?: number | undefined;
}

/** Longest wait for a head: who hangs must not hold up a start. */
const headMs = 2_000;

const hexOf = (number: number): Hex => `0x${number.toString(16)}`;

/** The first value that `needed` of the promises share; undefined as soon as none can be. */
async function firstShared<T>(
  asked: readonly Promise<T | undefined>[],
  needed: number,
  keyOf: (value: T) => string,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const votes = new Map<string, number>();
    let open = asked.length;
    let most = 0;
    if (open < needed) resolve(undefined);
    for (const one of asked) {
      void one.then((value) => {
        open -= 1;
        const key = value === undefined ? undefined : keyOf(value);
        if (key !== undefined) {
          const count = (votes.get(key) ?? 0) + 1;
          votes.set(key, count);
          most = Math.max(most, count);
          if (count === needed) resolve(value);
        }
        // Who hangs must not hold up what the others have not got either.
        if (most + open < needed) resolve(undefined);
      });
    }
  });
}

class Quorum implements Reads {
  readonly endpoints: readonly Endpoint[];
  readonly quorum: number;
  readonly #options: ReadsOptions;
  readonly #addresses: ReadonlySet<Hex>;
  #fastest: Endpoint | undefined;
  #proven = 0;

  constructor(options: ReadsOptions) {
    this.endpoints = options.endpoints;
    this.quorum = options.quorum ?? Math.floor(options.endpoints.length / 2) + 1;
    if (this.quorum < 1 || this.quorum > options.endpoints.length) {
      const text = `a quorum of ${this.quorum} of ${options.endpoints.length} endpoints is none`;
      throw new EnvironmentError('QuorumWrong', text);
    }
    this.#options = options;
    this.#addresses = new Set(options.addresses);
  }

  proven = (): number => this.#proven;

  #able(): Endpoint[] {
    return this.endpoints.filter((each) => !each.isBanned());
  }

  trusted(): readonly Endpoint[] {
    const good = this.#able().filter((each) => each.standing().trusted);
    const first = this.#fastest;
    if (first === undefined || !good.includes(first)) return good;
    return [first, ...good.filter((each) => each !== first)];
  }

  /** Asks one endpoint; a failure is noted and counts as no answer. */
  async #ask<T>(endpoint: Endpoint, body: () => Promise<T | undefined>): Promise<T | undefined> {
    try {
      return await body();
    } catch (error) {
      endpoint.blame('failed', errorMessage(error));
      return undefined;
    }
  }

  async head(): Promise<number | undefined> {
    const heads = await Promise.all(
      this.#able().map((each) =>
        this.#ask(each, async () =>
          Number((await each.call('eth_blockNumber', [], headMs)) as string),
        ),
      ),
    );
    const known = heads.filter((head) => head !== undefined).sort((a, b) => b - a);
    return known[this.quorum - 1];
  }

  async hash(number: number): Promise<Hex | undefined> {
    const asked = this.#able().map((each) =>
      this.#ask(each, async () => {
        const answer = await each.call('eth_getBlockByNumber', [hexOf(number), false]);
        return answer === null ? undefined : readHeader(answer).hash;
      }),
    );
    return firstShared(asked, this.quorum, (hash) => hash);
  }

  async #say(by: Endpoint, number: number): Promise<Saying | undefined> {
    const answer = await by.call('eth_getBlockByNumber', [hexOf(number), true]);
    if (answer === null) return undefined;
    const block = readBlock(answer);
    if (hashOfHeader(block) !== block.hash || block.number !== number) {
      by.blame('lied', `its header ${number} does not have the hash ${block.hash}`);
      return undefined;
    }
    const logs = await this.#logs(by, block);
    const logsDigest = digestOfLogs(logs);
    const calls = block.transactions
      .filter(({ to }) => to !== null && to !== undefined && this.#addresses.has(to))
      .map(({ hash, from, to, input }) => [hash, from, to as Hex, keccak256(input)]);
    const digest = `${block.hash}/${logsDigest}/${keccak256(toRlp(calls))}`;
    return { block, logs, by, logsDigest, digest };
  }

  async #logs(by: Endpoint, block: RawBlock): Promise<RawLog[]> {
    const asked = [...this.#addresses].filter((each) => mayContain(block.logsBloom, each));
    if (asked.length === 0) return [];
    const filter = { blockHash: block.hash, address: asked };
    const logs = readLogs(await by.call('eth_getLogs', [filter]));
    const odd = logs.find(({ address }) => !asked.includes(address));
    if (odd === undefined) return logs.sort((a, b) => a.logIndex - b.logIndex);
    by.blame('lied', `a log of ${odd.address} cannot be in block ${block.number}`);
    return [];
  }

  async block(number: number): Promise<AgreedBlock | undefined> {
    const { waitMsMax = 4_000 } = this.#options;
    const all = this.#able();
    const asked = all.map((each) => this.#ask(each, () => this.#say(each, number)));
    const ended = new AbortController();
    const late = sleep(waitMsMax, ended.signal).then(() => undefined);
    const shared = firstShared(asked, this.quorum, (say) => say.digest);
    const agreed = await Promise.race([shared, late]);
    ended.abort();
    if (agreed === undefined) {
      void Promise.all(asked).then((said) => this.#expose(said.filter((one) => one !== undefined)));
      return undefined;
    }
    this.#fastest = agreed.by;
    // Who answers later, or otherwise, is judged without making the block wait.
    for (const [i, one] of asked.entries()) {
      void one.then((say) => this.#compare(all[i] as Endpoint, say, agreed)).catch(() => undefined);
    }
    return agreed;
  }

  async #compare(by: Endpoint, say: Saying | undefined, agreed: Saying): Promise<void> {
    const { lagMax = 3 } = this.#options;
    const { number } = agreed.block;
    if (say === undefined) {
      const { block, fault } = by.standing();
      if (fault === undefined && number - block > lagMax) {
        by.blame('stalled', `it is ${number - block} blocks behind`);
      }
      return;
    }
    if (say.digest === agreed.digest) by.absolve(number);
    else if (say.block.hash === agreed.block.hash) await this.#expose([say, agreed]);
    else by.blame('differs', `it has another block ${number} than a quorum`);
  }

  /** Of those that give one block different logs, bans who is wrong. */
  async #expose(said: readonly Saying[]): Promise<void> {
    for (const one of said) {
      const differ = said.some(
        (other) => other.block.hash === one.block.hash && other.logsDigest !== one.logsDigest,
      );
      if (differ) await this.prove(one);
    }
  }

  async prove(agreed: AgreedBlock): Promise<boolean> {
    const { block, by } = agreed;
    for (const source of [by, ...this.trusted().filter((each) => each !== by)]) {
      const receipts = await this.#receipts(source, block).catch(() => undefined);
      if (receipts === undefined || (await rootOfReceipts(receipts)) !== block.receiptsRoot) {
        continue;
      }
      this.#proven += 1;
      const found = logsOf(receipts, this.#addresses);
      const equal = digestOfLogs(withPlaces(receipts, found)) === digestOfLogs(agreed.logs);
      if (!equal) by.blame('lied', `the logs it gave of block ${block.number} are not those in it`);
      return equal;
    }
    // Nobody gives receipts that belong to the header: nothing is known.
    return true;
  }

  async #receipts(by: Endpoint, block: RawBlock) {
    return readReceipts(await by.call('eth_getBlockReceipts', [hexOf(block.number)], 20_000));
  }

  async range(from: number, to: number) {
    const filter = { fromBlock: hexOf(from), toBlock: hexOf(to), address: [...this.#addresses] };
    const asked = this.#able().map((each) =>
      this.#ask(each, async () => {
        const answer = await each.call('eth_getLogs', [filter], 30_000);
        const rows = answer as { blockNumber: string; blockTimestamp?: string }[];
        const logs = readLogs(answer).map((log, i) => ({
          ...log,
          number: Number(rows[i]?.blockNumber),
          time: Number(rows[i]?.blockTimestamp ?? 0),
        }));
        return { each, logs, digest: digestOfLogs(logs) };
      }),
    );
    const agreed = await firstShared(asked, this.quorum, ({ digest }) => digest);
    if (agreed === undefined) {
      const text = `no ${this.quorum} endpoints agree on the logs of blocks ${from} to ${to}`;
      throw new EnvironmentError('NoQuorum', text, { retry: true });
    }
    return this.#timed(agreed.each, agreed.logs);
  }

  /** Endpoints that do not tell a log's time are asked for its header. */
  async #timed<T extends { number: number; time: number }>(by: Endpoint, logs: readonly T[]) {
    const missing = new Set(logs.filter(({ time }) => !(time > 0)).map(({ number }) => number));
    const times = new Map<number, number>();
    await Promise.all(
      [...missing].map(async (number) => {
        const answer = await by.call('eth_getBlockByNumber', [hexOf(number), false], 30_000);
        times.set(number, readHeader(answer).timestamp);
      }),
    );
    return logs.map((log) => ({ ...log, time: times.get(log.number) ?? log.time }));
  }
}

/** Numbers the logs as their places in all of the block's. */
function withPlaces(
  receipts: readonly { readonly logs: readonly RawLog[]; readonly transactionHash: Hex }[],
  wanted: readonly RawLog[],
): RawLog[] {
  const places = new Map<RawLog, RawLog>();
  let next = 0;
  for (const { logs, transactionHash } of receipts) {
    for (const log of logs) {
      places.set(log, { ...log, logIndex: next, transactionHash });
      next += 1;
    }
  }
  return wanted.map((log) => places.get(log) as RawLog);
}

/**
 * Makes reads over several endpoints.
 *
 * @throws EnvironmentError QuorumWrong
 */
export function createReads(options: ReadsOptions): Reads {
  return new Quorum(options);
}
