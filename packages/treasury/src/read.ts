/** Reads the calls of an instruction: what does not decode to the last byte is refused. */
import { type Hex, isRejection, type Rejection, reject } from '@holdfast/units';
import {
  type AbiFunction,
  type Address,
  decodeFunctionData,
  encodeFunctionData,
  getAbiItem,
  parseAbi,
} from 'viem';
import { type Book, lower, named, shownAmount, type Token } from './book.ts';
import type { Call, Instruction } from './instruction.ts';

/** Tokens that a call has leave the venue. */
export type Payment = { readonly token: Token; readonly to: Address; readonly amount: bigint };

/** A call as its signer reads it. */
export type ReadCall = {
  readonly target: Address;
  /** Name of the function. */
  readonly name: string;
  /** Values as people read them. */
  readonly args: readonly { readonly name: string; readonly value: string }[];
  /** The same as data, by name. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** What it pays out of the treasury's pocket, if that is what it does. */
  readonly pays: Payment | undefined;
  /** What it may bring to the treasury itself, at most. */
  readonly brings: { readonly token: Token; readonly amountMax: bigint } | undefined;
  /** Whether it is a transfer out of the treasury itself. */
  readonly isTransfer: boolean;
};

const transferAbi = parseAbi(['function transfer(address to, uint256 amount)']);

/** A call of an ERC-20 token: only a transfer can ever be carried out. */
function readTransfer(book: Book, token: Token, { target, data }: Call): ReadCall | Rejection {
  const decoded = decodeExactly(transferAbi, data);
  if (decoded === undefined) {
    const text = `${data.slice(0, 10)} of the token ${token.symbol} is no transfer`;
    return reject('TransferMalformed', text);
  }
  const [to, amount] = decoded.args as [Address, bigint];
  return {
    target,
    name: 'transfer',
    args: [
      { name: 'to', value: named(book, to) },
      { name: 'amount', value: shownAmount(token, amount) },
    ],
    raw: { to, amount },
    pays: { token, to, amount },
    brings: undefined,
    isTransfer: true,
  };
}

type Decoded = { readonly item: AbiFunction; readonly args: readonly unknown[] };

/** Decodes what encodes to the same bytes again: nothing can ride along unseen. */
function decodeExactly(abi: readonly unknown[], data: Hex): Decoded | undefined {
  try {
    const { functionName, args = [] } = decodeFunctionData({ abi: abi as never, data });
    const again = encodeFunctionData({ abi: abi as never, functionName, args } as never);
    if (again !== data.toLowerCase()) return undefined;
    const item = getAbiItem({ abi: abi as never, name: data.slice(0, 10) as never }) as never;
    return { item, args: args as readonly unknown[] };
  } catch {
    return undefined;
  }
}

/** Text of others on a terminal: nothing but what is printed can be in it. */
export const plain = (text: string): string =>
  text.replace(/[^\x20-\x7e]/gu, (each) => `\\u{${each.codePointAt(0)?.toString(16)}}`);

function shown(book: Book, type: string, value: unknown): string {
  if (type === 'address') return named(book, value as string);
  if (typeof value === 'string' && !value.startsWith('0x')) return `"${plain(value)}"`;
  if (Array.isArray(value)) return `[${value.map((each) => shown(book, '', each)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, each]) => `${name} ${shown(book, '', each)}`);
    return `{${entries.join(', ')}}`;
  }
  return plain(`${value}`);
}

/**
 * A withdrawal from an account of the clearing house. To the treasury it brings what the vault pays
 * at once; to anybody else it is a payment.
 */
function withdrawal(book: Book, raw: Readonly<Record<string, unknown>>) {
  const token = book.collateral;
  const { amount, to } = raw as { amount: bigint; to: Address };
  const isOwn = lower(to) === lower(book.treasury);
  return {
    pays: isOwn ? undefined : { token, to, amount },
    brings: isOwn ? { token, amountMax: amount } : undefined,
    shownAmount: shownAmount(token, amount),
  };
}

function readOther(book: Book, { target, data }: Call): ReadCall | Rejection {
  const abi = book.abis.get(lower(target));
  const decoded = abi && decodeExactly(abi, data);
  if (decoded === undefined) {
    const text = `${data.slice(0, 10)} of ${named(book, target)} cannot be read`;
    return reject(
      'CallUnreadable',
      `${text}: no interface of it is known here, or it is malformed`,
    );
  }
  const { item, args } = decoded;
  const names = item.inputs.map(({ name }, i) => name || `${i}`);
  const raw = Object.fromEntries(args.map((value, i) => [names[i] as string, value]));
  const isWithdrawal =
    book.names.get(lower(target)) === 'clearingHouse' && item.name === 'withdraw';
  const money = isWithdrawal ? withdrawal(book, raw) : undefined;
  return {
    target,
    name: item.name,
    args: args.map((value, i) => {
      const isMoney = money !== undefined && names[i] === 'amount';
      const text = isMoney ? money.shownAmount : shown(book, item.inputs[i]?.type ?? '', value);
      return { name: names[i] as string, value: text };
    }),
    raw,
    pays: money?.pays,
    brings: money?.brings,
    isTransfer: false,
  };
}

/**
 * Reads every call.
 * @returns them, or a rejection `TransferMalformed`, `CallUnreadable` naming the first
 */
export function readCalls(book: Book, { calls }: Instruction): readonly ReadCall[] | Rejection {
  const read: ReadCall[] = [];
  for (const [i, call] of calls.entries()) {
    const token = book.tokens.get(lower(call.target));
    const one = token === undefined ? readOther(book, call) : readTransfer(book, token, call);
    if (isRejection(one)) return { ...one, message: `call ${i + 1}: ${one.message}` };
    read.push(one);
  }
  return read;
}

/** One line for a person. */
export function callText(book: Book, { target, name, args }: ReadCall): string {
  const list = args.map((each) => `${each.name} ${each.value}`).join(', ');
  return `${named(book, target)}.${name}(${list})`;
}
