/**
 * The pending pool: what a transaction that is not in a block yet would do to the laws. Each is run
 * on top of the newest block, its logs go through the same tables and the same laws, and the tables
 * are put back. A verdict counts when a quorum of endpoints runs it to the same end.
 */
import type { Logger } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import { encodeFunctionData, erc20Abi } from 'viem';
import type { Endpoint } from '../chain/endpoint.ts';
import { type RawLog, type RawPending, readTransaction } from '../chain/wire.ts';

/** What a run came to. */
export interface Simulated {
  readonly tx: RawPending;
  readonly success: boolean;
  readonly logs: readonly RawLog[];
  /** Tokens of the vault after it, token units; undefined when the run did not tell. */
  readonly balance: bigint | undefined;
}

/** Where a run begins. */
export interface Ground {
  readonly block: number;
  /** Time of the block that is run, seconds. */
  readonly time: number;
  readonly token: Hex;
  readonly vault: Hex;
}

const hexOf = (value: number | bigint): Hex => `0x${value.toString(16)}`;

/** The pending transaction of a hash; undefined when it is gone or in a block already. */
export async function pendingOf(hash: Hex, by: Endpoint): Promise<RawPending | undefined> {
  const answer = await by.call('eth_getTransactionByHash', [hash], 2_000);
  if (answer === null || (answer as { blockNumber?: unknown }).blockNumber != null)
    return undefined;
  return readTransaction(answer);
}

/** Runs transactions in their order on top of a block; the last one is judged. */
export async function simulate(
  txs: readonly RawPending[],
  ground: Ground,
  by: Endpoint,
): Promise<Simulated | undefined> {
  const last = txs.at(-1);
  if (last === undefined) return undefined;
  const calls: object[] = txs.map((tx) => ({
    from: tx.from,
    ...(tx.to ? { to: tx.to } : {}),
    input: tx.input,
    value: hexOf(tx.value),
    gas: hexOf(tx.gas),
  }));
  const args = [ground.vault] as const;
  const input = encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args });
  calls.push({ from: last.from, to: ground.token, input });
  const blockOverrides = { time: hexOf(ground.time) };
  const request = { blockStateCalls: [{ blockOverrides, calls }], validation: false };
  const answer = await by.call('eth_simulateV1', [request, hexOf(ground.block)], 3_000);
  const [block] = answer as { calls: Record<string, unknown>[] }[];
  const results = block?.calls ?? [];
  const own = results[txs.length - 1];
  if (own === undefined) return undefined;
  const rows = (own.logs ?? []) as { address: Hex; topics: Hex[]; data: Hex }[];
  const logs = rows.map(({ address, topics, data }, logIndex) => {
    const lowered = { address: address.toLowerCase() as Hex, topics, data };
    return { ...lowered, transactionHash: last.hash, logIndex };
  });
  const returned = results[txs.length]?.returnData as Hex | undefined;
  const balance = returned === undefined || returned.length < 66 ? undefined : BigInt(returned);
  return { tx: last, success: own.status === '0x1', logs, balance };
}

/** What a transaction pays beyond the base fee, wei per gas. */
export function tipOf(
  tx: { gasPrice?: bigint | undefined; maxPriorityFeePerGas?: bigint | undefined },
  baseFee: bigint,
): bigint {
  const { gasPrice = 0n, maxPriorityFeePerGas } = tx;
  if (maxPriorityFeePerGas !== undefined) return maxPriorityFeePerGas;
  return gasPrice > baseFee ? gasPrice - baseFee : 0n;
}

/** The highest tip in a block: who steals again pays no less. */
export function topTip(block: {
  readonly baseFeePerGas?: bigint | undefined;
  readonly transactions: readonly { readonly gasPrice?: bigint | undefined }[];
}): bigint {
  let top = 0n;
  for (const { gasPrice = 0n } of block.transactions) {
    const tip = gasPrice - (block.baseFeePerGas ?? 0n);
    if (tip > top) top = tip;
  }
  return top;
}

/** Most transactions that wait to be run; beyond it the newest are left to their block. */
const waitingMax = 512;
/** How long a transaction is remembered, so that it is run once. */
const seenMax = 20_000;

/** Takes hashes from sockets, one at a time, each once. */
export class PoolQueue {
  readonly #seen = new Set<Hex>();
  readonly #waiting: { hash: Hex; endpoint: Endpoint }[] = [];
  readonly #work: (hash: Hex, endpoint: Endpoint) => Promise<void>;
  readonly #logger: Logger;
  #busy = false;
  dropped = 0;
  run = 0;

  constructor(work: (hash: Hex, endpoint: Endpoint) => Promise<void>, logger: Logger) {
    this.#work = work;
    this.#logger = logger;
  }

  offer(hash: Hex, endpoint: Endpoint): void {
    if (this.#seen.has(hash)) return;
    this.#seen.add(hash);
    if (this.#seen.size > seenMax) this.#seen.delete(this.#seen.values().next().value as Hex);
    if (this.#waiting.length >= waitingMax) {
      this.dropped += 1;
      return;
    }
    this.#waiting.push({ hash, endpoint });
    void this.#drain();
  }

  async #drain(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.run += 1;
      try {
        await this.#work(next.hash, next.endpoint);
      } catch (error) {
        this.#logger.debug({ error }, 'a pending transaction could not be run');
      }
    }
    this.#busy = false;
  }
}
