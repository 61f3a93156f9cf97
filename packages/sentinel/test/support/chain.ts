/**
 * A chain made by hand: blocks whose headers hash and whose receipts are rooted, and nodes that
 * serve them over HTTP, honestly or not.
 */
import { type JsonServer, serveJson, sleep } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import { encodeAbiParameters, encodeEventTopics, keccak256, numberToHex, stringToHex } from 'viem';
import { hashOfHeader, rootOfReceipts } from '../../src/chain/header.ts';
import { readBlock, readReceipts } from '../../src/chain/wire.ts';

export interface FakeLog {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

/** One transaction of a block. */
export interface FakeTx {
  readonly from?: Hex;
  readonly to: Hex;
  readonly input?: Hex;
  readonly logs: readonly FakeLog[];
}

interface FakeBlock {
  readonly json: Record<string, unknown>;
  readonly receipts: Record<string, unknown>[];
  readonly logs: Record<string, unknown>[];
}

const zero = `0x${'00'.repeat(32)}`;
const bloom = `0x${'ff'.repeat(256)}`;
export const nobody: Hex = `0x${'11'.repeat(20)}`;

/** A log of an event by its interface. */
export function logOf(abi: readonly unknown[], address: Hex, name: string, args: object): FakeLog {
  const topics = encodeEventTopics({ abi, eventName: name, args } as never) as Hex[];
  type Input = { name: string; indexed?: boolean };
  const event = (abi as { type: string; name: string; inputs: Input[] }[]).find(
    (each) => each.type === 'event' && each.name === name,
  );
  const plain = (event?.inputs ?? []).filter(({ indexed }) => !indexed);
  const values = plain.map((input) => (args as Record<string, unknown>)[input.name]);
  return { address, topics, data: encodeAbiParameters(plain as never, values as never) };
}

/** Blocks in their order; block 0 is empty. */
export class FakeChain {
  readonly blocks: FakeBlock[] = [];
  #salt = 0;

  /** @param time of the block, seconds */
  async mine(txs: readonly FakeTx[] = [], time?: number): Promise<Hex> {
    const number = this.blocks.length;
    const parent = this.blocks.at(-1)?.json;
    const timestamp = time ?? Number(parent?.timestamp ?? 1_700_000_000) + 1;
    this.#salt += 1;
    const hashes = txs.map((_, i) => keccak256(stringToHex(`${number}/${i}/${this.#salt}`)));
    const receipts = txs.map((_, i) => ({
      type: '0x2',
      status: '0x1',
      cumulativeGasUsed: numberToHex(21_000 * (i + 1)),
      logsBloom: bloom,
      transactionHash: hashes[i],
      logs: [] as Record<string, unknown>[],
    }));
    let logIndex = 0;
    for (const [i, tx] of txs.entries()) {
      for (const log of tx.logs) {
        const place = { transactionHash: hashes[i], logIndex: numberToHex(logIndex) };
        receipts[i]?.logs.push({ ...log, ...place, blockNumber: numberToHex(number) });
        logIndex += 1;
      }
    }
    const json: Record<string, unknown> = {
      hash: zero,
      parentHash: parent?.hash ?? zero,
      sha3Uncles: zero,
      miner: nobody,
      stateRoot: keccak256(stringToHex(`state ${this.#salt}`)),
      transactionsRoot: zero,
      receiptsRoot: await rootOfReceipts(readReceipts(receipts)),
      logsBloom: bloom,
      difficulty: '0x0',
      number: numberToHex(number),
      gasLimit: '0x5f5e100',
      gasUsed: '0x0',
      timestamp: numberToHex(timestamp),
      extraData: '0x',
      mixHash: zero,
      nonce: '0x0000000000000000',
      baseFeePerGas: '0x3b9aca00',
      transactions: txs.map(({ from = nobody, to, input = '0x' }, i) => {
        return { hash: hashes[i], from, to, input };
      }),
    };
    json.hash = hashOfHeader(readBlock(json));
    const logs = receipts.flatMap((receipt) => receipt.logs);
    this.blocks.push({ json, receipts, logs });
    return json.hash as Hex;
  }

  /** Takes the last blocks away. */
  drop(count: number): void {
    this.blocks.splice(this.blocks.length - count, count);
  }
}

type Request = { readonly id: number; readonly method: string; readonly params: unknown[] };
/** Answers a call, or undefined: the honest answer is given. */
export type Twist = (method: string, params: unknown[], honest: () => unknown) => unknown;

function honest(chain: FakeChain, method: string, params: unknown[]): unknown {
  const at = (tag: unknown) =>
    chain.blocks[tag === 'latest' ? chain.blocks.length - 1 : Number(tag)];
  switch (method) {
    case 'eth_chainId':
      return '0x7a69';
    case 'eth_blockNumber':
      return numberToHex(chain.blocks.length - 1);
    case 'eth_getBlockByNumber':
      return at(params[0])?.json ?? null;
    case 'eth_getBlockReceipts':
      return at(params[0])?.receipts ?? null;
    case 'eth_getLogs': {
      const filter = params[0] as Record<string, unknown>;
      const wanted = new Set(filter.address as string[]);
      const inRange = chain.blocks.filter(({ json }) =>
        filter.blockHash === undefined
          ? Number(json.number) >= Number(filter.fromBlock) &&
            Number(json.number) <= Number(filter.toBlock)
          : json.hash === filter.blockHash,
      );
      return inRange.flatMap(({ logs }) =>
        logs.filter(({ address }) => wanted.has(String(address))),
      );
    }
    default:
      throw new Error(`no ${method} here`);
  }
}

export interface FakeNode {
  readonly url: string;
  /** What it does otherwise than an honest one; undefined: nothing. */
  twist: Twist | undefined;
  /** Wall ms before it answers. */
  delayMs: number;
  readonly calls: Map<string, number>;
  close(): Promise<void>;
}

/** A node on a port of its own. */
export async function startNode(chain: FakeChain): Promise<FakeNode> {
  const calls = new Map<string, number>();
  const answer = async ({ id, method, params }: Request): Promise<object> => {
    calls.set(method, (calls.get(method) ?? 0) + 1);
    if (node.delayMs > 0) await sleep(node.delayMs);
    try {
      const truth = () => honest(chain, method, params);
      const result = node.twist?.(method, params, truth) ?? truth();
      return { jsonrpc: '2.0', id, result };
    } catch (error) {
      return { jsonrpc: '2.0', id, error: { code: -32_000, message: String(error) } };
    }
  };
  const routes = {
    'POST /': async ({ body }: { body: unknown }) => {
      const list = Array.isArray(body);
      const answers = await Promise.all(
        (list ? body : [body]).map((each) => answer(each as Request)),
      );
      return { status: 200, body: list ? answers : answers[0] };
    },
  };
  const bodyBytesMax = 2 ** 24;
  const server: JsonServer = await serveJson({ host: '127.0.0.1', port: 0, routes, bodyBytesMax });
  const node: FakeNode = {
    url: `http://127.0.0.1:${server.port}`,
    twist: undefined,
    delayMs: 0,
    calls,
    close: () => server.close(),
  };
  return node;
}
