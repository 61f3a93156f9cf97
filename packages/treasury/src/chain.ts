/** What a node says of the treasury in one block, and whether that node can be believed. */
import { committeesAbi, errorsAbi, treasuryAbi } from '@holdfast/abi';
import { type ChainReader, type Clock, compressKey, createChainReader } from '@holdfast/host';
import { committeeIds } from '@holdfast/party';
import { type Hex, type Rejection, reject } from '@holdfast/units';
import { type Abi, BaseError, decodeErrorResult, erc20Abi } from 'viem';
import { type Book, lower, named } from './book.ts';
import type { Instruction } from './instruction.ts';
import type { ReadCall } from './read.ts';

/** Furthest that a node's time may be ahead of ours, seconds. */
const aheadSecondsMax = 60;

/** The block that everything is read in. */
export type Head = { readonly block: bigint; readonly time: number };

/** The treasury in that block. */
export type Facts = Head & {
  readonly nextNonce: bigint;
  /** Generation of the committee's key. */
  readonly generation: number;
  readonly smallDelaySeconds: number;
  readonly largeDelaySeconds: number;
  /** Whether it would wait the short delay alone. */
  readonly isSmall: boolean;
};

/** A signer's own node and what it should be. */
export type Node = {
  readonly rpcUrl: string;
  readonly book: Book;
  readonly clock: Clock;
  /** Oldest head, wall seconds. */
  readonly ageSecondsMax: number;
  /** The group key of which this signer holds a part, 33 bytes. */
  readonly groupKey: Hex;
};

export const readerOf = ({ rpcUrl, book: { chainId } }: Pick<Node, 'rpcUrl' | 'book'>) =>
  createChainReader({ rpcUrl, chainId, timeoutMs: 5_000, retries: 1 });

const everyError = errorsAbi as Abi;

/** What a node's client threw, in one line. */
export const briefly = (error: unknown): string =>
  error instanceof BaseError ? error.shortMessage : String(error);

/** Name and values of a contract's error. */
export function revertText(data: Hex | undefined): string {
  if (data === undefined || data === '0x') return 'without a reason';
  try {
    const { errorName, args = [] } = decodeErrorResult({ abi: everyError, data });
    return `${errorName}(${(args as readonly unknown[]).join(', ')})`;
  } catch {
    return data;
  }
}

/** @returns the head, or a rejection `NodeForeign`, `NodeStale` */
async function readHead(node: Node, reader: ChainReader): Promise<Head | Rejection> {
  const { chainId } = node.book;
  const [found, head] = await Promise.all([reader.getChainId(), reader.getBlock()]);
  if (found !== chainId) {
    return reject('NodeForeign', `our node is of chain ${found}, not ${chainId}`);
  }
  const time = Number(head.timestamp);
  const now = node.clock.now();
  const age = node.clock.wallMs(now - time) / 1000;
  if (age > node.ageSecondsMax || time - now > aheadSecondsMax * node.clock.settings.speed) {
    const text = `our node's head ${head.number} is ${Math.round(age)} s old`;
    return reject('NodeStale', `${text}, ${node.ageSecondsMax} s at most`);
  }
  return { block: head.number, time };
}

type Ask = (functionName: string, args?: readonly unknown[]) => Promise<unknown>;

const asker = (reader: ChainReader, address: string, abi: Abi, block: bigint): Ask => {
  return (functionName, args = []) =>
    reader.readContract({ address, abi, functionName, args, blockNumber: block } as never);
};

const onTreasury = (reader: ChainReader, { treasury }: Book, block: bigint): Ask =>
  asker(reader, treasury, treasuryAbi as Abi, block);

/** The treasury must be the one whose committee we are: registry and key. */
async function judgeKey(node: Node, ask: Ask, reader: ChainReader, block: bigint) {
  const { registry } = node.book;
  const found = (await ask('committees')) as string;
  if (lower(found) !== lower(registry)) {
    return reject('TreasuryForeign', `the treasury asks the registry ${found}, not ${registry}`);
  }
  const askRegistry = asker(reader, registry, committeesAbi as Abi, block);
  const [key, generation] = (await askRegistry('key', [committeeIds.treasury])) as [
    { x: bigint; isOdd: boolean },
    number,
  ];
  const inForce = compressKey(key.x, key.isOdd);
  if (inForce === node.groupKey) return generation;
  return reject('KeyForeign', `the key in force is ${inForce}, ours is ${node.groupKey}`);
}

/** Every call must be on the treasury's own list, whatever the policy says. */
async function judgeListed(book: Book, ask: Ask, { calls }: Instruction) {
  for (const [i, { target, data }] of calls.entries()) {
    const [, , place] = (await ask('limits', [target])) as [bigint, bigint, number];
    if (place !== 0) {
      if (book.tokens.has(lower(target))) continue;
      return reject('TokenUnknown', `call ${i + 1} is of the token ${target}, unknown here`);
    }
    const selector = data.slice(0, 10);
    if (await ask('isAllowed', [target, selector])) continue;
    const text = `call ${i + 1}, ${selector} of ${named(book, target)}`;
    return reject('CallForbidden', `${text}, is not on the treasury's list`);
  }
  return undefined;
}

/** The rule of `Treasury._isSmall`: each transfer within what its token's budget has left. */
async function wouldBeSmall(ask: Ask, calls: readonly ReadCall[]): Promise<boolean> {
  const sums = new Map<string, bigint>();
  for (const call of calls) {
    if (!call.isTransfer || call.pays === undefined) return false;
    const { token, amount } = call.pays;
    sums.set(token.address, (sums.get(token.address) ?? 0n) + amount);
  }
  for (const [token, sum] of sums) {
    const [limit, used] = await Promise.all([ask('limits', [token]), ask('usedInDay', [token])]);
    const [small] = limit as [bigint];
    const [, usedSmall] = used as [bigint, bigint];
    if (usedSmall + sum > small) return false;
  }
  return true;
}

async function judgeDecimals(reader: ChainReader, calls: readonly ReadCall[], block: bigint) {
  for (const { pays } of calls) {
    if (pays === undefined) continue;
    const { address, symbol, decimals } = pays.token;
    const found = await asker(reader, address, erc20Abi as Abi, block)('decimals');
    if (found === decimals) continue;
    return reject('TokenForeign', `${symbol} has ${found} decimals, not ${decimals} as known here`);
  }
  return undefined;
}

/**
 * Reads what an instruction meets, all in one block.
 * @returns the facts, or a rejection: NodeUnreachable, NodeForeign, NodeStale, TreasuryForeign,
 * KeyForeign, NonceWrong, CallForbidden, TokenUnknown, TokenForeign
 */
export async function readFacts(
  node: Node,
  instruction: Instruction,
  calls: readonly ReadCall[],
): Promise<Facts | Rejection> {
  const { book } = node;
  const reader = readerOf(node);
  try {
    const head = await readHead(node, reader);
    if ('code' in head) return head;
    const ask = onTreasury(reader, book, head.block);
    if ((await reader.getCode({ address: book.treasury, blockNumber: head.block })) === undefined) {
      return reject('TreasuryForeign', `there is no contract at ${book.treasury}`);
    }
    const generation = await judgeKey(node, ask, reader, head.block);
    if (typeof generation !== 'number') return generation;
    const nextNonce = (await ask('nextNonce')) as bigint;
    if (nextNonce !== instruction.nonce) {
      return reject('NonceWrong', `it is number ${instruction.nonce}, the next is ${nextNonce}`);
    }
    const no =
      (await judgeListed(book, ask, instruction)) ??
      (await judgeDecimals(reader, calls, head.block));
    if (no !== undefined) return no;
    return {
      ...head,
      nextNonce,
      generation,
      smallDelaySeconds: Number(await ask('smallDelaySeconds')),
      largeDelaySeconds: Number(await ask('largeDelaySeconds')),
      isSmall: await wouldBeSmall(ask, calls),
    };
  } catch (error) {
    return reject('NodeUnreachable', `our node ${node.rpcUrl}: ${briefly(error)}`);
  }
}
