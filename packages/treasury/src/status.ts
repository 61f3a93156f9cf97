/** What anybody can see of a treasury: what it holds, may pay, and what waits. */
import { treasuryAbi } from '@holdfast/abi';
import { type ChainReader, readCommitteeAt } from '@holdfast/host';
import { committeeIds } from '@holdfast/party';
import { type Hex, isRejection, type Rejection, reject } from '@holdfast/units';
import { type Abi, type Address, erc20Abi } from 'viem';
import { type Book, lower, type Token } from './book.ts';
import type { Call, Instruction } from './instruction.ts';
import { callText, readCalls } from './read.ts';

/** Seconds after its delay in which an instruction can be carried out; `Delayed.EXPIRY_SECONDS`. */
const expirySeconds = 7 * 86_400;

/** A listed token; amounts in its smallest units. */
export type TokenStatus = {
  readonly address: Address;
  readonly symbol: string;
  readonly decimals: number;
  readonly held: bigint;
  /** What may leave in 24 hours after the short delay, and at all. */
  readonly small: bigint;
  readonly day: bigint;
  readonly smallUsed: bigint;
  readonly dayUsed: bigint;
};

export type WaitingState = 'waits' | 'ready' | 'expired' | 'dead: another key is in force';

/** An instruction that was signed and not yet carried out. */
export type Waiting = {
  readonly nonce: bigint;
  readonly readyAt: number;
  readonly state: WaitingState;
  readonly calls: readonly Call[];
  /** As people read them; as bytes where they cannot be read here. */
  readonly text: readonly string[];
};

export type TreasuryStatus = {
  readonly address: Address;
  readonly nextNonce: bigint;
  readonly smallDelaySeconds: number;
  readonly largeDelaySeconds: number;
  readonly committee: {
    readonly key: Hex | null;
    readonly generation: number;
    readonly threshold: number;
    readonly size: number;
  };
  readonly tokens: readonly TokenStatus[];
  readonly waiting: readonly Waiting[];
};

type Ask = <T>(functionName: string, args?: readonly unknown[]) => Promise<T>;

/** Most tokens that a treasury lists; `TreasuryRules.TOKENS_MAX`. */
const tokensMax = 16;

async function listedTokens(ask: Ask): Promise<Address[]> {
  const found: Address[] = [];
  for (let i = 0; i < tokensMax; i += 1) {
    try {
      found.push(await ask('tokens', [BigInt(i)]));
    } catch {
      break;
    }
  }
  return found;
}

async function tokenStatus(reader: ChainReader, book: Book, ask: Ask, address: Address) {
  const known: Token | undefined = book.tokens.get(lower(address));
  const of = <T>(functionName: string, args: readonly unknown[] = []): Promise<T> =>
    reader.readContract({ address, abi: erc20Abi, functionName, args } as never) as Promise<T>;
  const [symbol, decimals, held, limit, used] = await Promise.all([
    known?.symbol ?? of<string>('symbol').catch(() => address),
    known?.decimals ?? of<number>('decimals'),
    of<bigint>('balanceOf', [book.treasury]),
    ask<readonly [bigint, bigint, number]>('limits', [address]),
    ask<readonly [bigint, bigint]>('usedInDay', [address]),
  ]);
  const [small, day] = limit;
  const [dayUsed, smallUsed] = used;
  return { address, symbol, decimals, held, small, day, smallUsed, dayUsed };
}

type Scheduled = { nonce: bigint; calls: Call[]; readyAt: number };

/** Instructions that were ever scheduled, from the logs, oldest first. */
async function scheduled(reader: ChainReader, book: Book, fromBlock: bigint, nonce?: bigint) {
  const logs = await reader.getContractEvents({
    address: book.treasury,
    abi: treasuryAbi,
    eventName: 'Scheduled',
    args: nonce === undefined ? {} : { nonce },
    fromBlock,
  });
  return logs.map(({ args }): Scheduled => {
    const { targets = [], data = [] } = args;
    const calls = targets.map((target, i) => ({ target, data: data[i] as Hex }));
    return { nonce: args.nonce ?? 0n, calls, readyAt: Number(args.readyAt) };
  });
}

function textOf(book: Book, of: Scheduled): readonly string[] {
  const read = readCalls(book, { ...of, expiry: 0 } as Instruction);
  if (isRejection(read)) return of.calls.map(({ target, data }) => `${target} ${data}`);
  return read.map((call) => callText(book, call));
}

/**
 * Reads all of it. Times are those of the chain.
 * @param fromBlock first block that may hold a log of the treasury
 */
export async function treasuryStatus(
  reader: ChainReader,
  book: Book,
  fromBlock: bigint,
): Promise<TreasuryStatus> {
  const { treasury, registry } = book;
  const ask: Ask = (functionName, args = []) =>
    reader.readContract({
      address: treasury,
      abi: treasuryAbi as Abi,
      functionName,
      args,
    }) as Promise<never>;
  const [head, nextNonce, small, large, known, listed, all] = await Promise.all([
    reader.getBlock(),
    ask<bigint>('nextNonce'),
    ask<bigint>('smallDelaySeconds'),
    ask<bigint>('largeDelaySeconds'),
    readCommitteeAt(reader, { registry, id: committeeIds.treasury }),
    listedTokens(ask),
    scheduled(reader, book, fromBlock),
  ]);
  const { key, generation, isRevoked, threshold, size } = known;
  const now = Number(head.timestamp);
  const waiting: Waiting[] = [];
  for (const each of all) {
    const [, readyAt, signedBy] = await ask<readonly [Hex, number, number]>('waiting', [
      each.nonce,
    ]);
    if (readyAt === 0) continue;
    const isDead = isRevoked || signedBy !== generation;
    const late = now > readyAt + expirySeconds ? 'expired' : now >= readyAt ? 'ready' : 'waits';
    const state = isDead ? 'dead: another key is in force' : late;
    waiting.push({ ...each, readyAt, state, text: textOf(book, each) });
  }
  return {
    address: treasury,
    nextNonce,
    smallDelaySeconds: Number(small),
    largeDelaySeconds: Number(large),
    committee: { key: key ?? null, generation, threshold, size },
    tokens: await Promise.all(listed.map((at) => tokenStatus(reader, book, ask, at))),
    waiting,
  };
}

/** Calls of an instruction that was scheduled, or a rejection `InstructionUnknown`. */
export async function scheduledCalls(
  reader: ChainReader,
  book: Book,
  fromBlock: bigint,
  nonce: bigint,
): Promise<readonly Call[] | Rejection> {
  const [found] = await scheduled(reader, book, fromBlock, nonce);
  if (found !== undefined) return found.calls;
  return reject('InstructionUnknown', `no instruction ${nonce} was scheduled`);
}
