/**
 * Plays the execution of an instruction on the signer's own node, as it would be carried out when
 * its delay is over: the treasury's own `execute`, in a state in which the instruction waits. What
 * then moves must be what the calls say, and nothing else.
 */
import { treasuryAbi } from '@holdfast/abi';
import { type Hex, type Rejection, reject } from '@holdfast/units';
import {
  type Address,
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
  erc20Abi,
  keccak256,
  numberToHex,
  pad,
  toEventSelector,
} from 'viem';
import { type Book, lower, named, type Token, tokenFor } from './book.ts';
import { briefly, type Facts, type Node, readerOf, revertText } from './chain.ts';
import { type Instruction, lists } from './instruction.ts';
import type { ReadCall } from './read.ts';

/** A balance that the execution changes. */
export type Effect = {
  readonly token: Token;
  readonly holder: Address;
  /** Smallest units; below zero: it leaves. */
  readonly change: bigint;
};

/** Slot of `Treasury.waiting`; a node that is told a wrong one is caught by `waiting` itself. */
const waitingSlot = 8n;
/** Who brings it: anybody may. */
const anybody: Address = `0x${'00'.repeat(18)}ca11`;

const topics = {
  transfer: toEventSelector('Transfer(address,address,uint256)'),
  approval: toEventSelector('Approval(address,address,uint256)'),
  approvalForAll: toEventSelector('ApprovalForAll(address,address,bool)'),
};

/** What a balance may change by: from `min` to `max`. */
type Expected = { readonly token: Token; readonly holder: Address; min: bigint; max: bigint };

/** What the calls say that will move. */
export function expectedOf(book: Book, calls: readonly ReadCall[]): readonly Expected[] {
  const all = new Map<string, Expected>();
  const at = (token: Token, holder: Address): Expected => {
    const key = `${lower(token.address)} ${lower(holder)}`;
    const found = all.get(key) ?? { token, holder, min: 0n, max: 0n };
    all.set(key, found);
    return found;
  };
  for (const token of book.tokens.values()) at(token, book.treasury);
  for (const { pays, brings, isTransfer } of calls) {
    if (pays !== undefined) {
      const { token, to, amount } = pays;
      const receiver = at(token, to);
      receiver.max += amount;
      // What the vault cannot pay at once is queued; a transfer is paid or fails.
      if (isTransfer) receiver.min += amount;
      if (isTransfer) at(token, book.treasury).min -= amount;
      if (isTransfer) at(token, book.treasury).max -= amount;
    }
    if (brings !== undefined) at(brings.token, book.treasury).max += brings.amountMax;
  }
  return [...all.values()];
}

function slotsOf(instruction: Instruction, { generation }: Facts, readyAt: number) {
  const { targets, data } = lists(instruction);
  const key = [{ type: 'uint64' }, { type: 'uint256' }] as const;
  const base = BigInt(keccak256(encodeAbiParameters(key, [instruction.nonce, waitingSlot])));
  const calls = encodeAbiParameters([{ type: 'address[]' }, { type: 'bytes[]' }], [targets, data]);
  const when = BigInt(readyAt) | (BigInt(generation) << 40n);
  const slot = (at: bigint): Hex => numberToHex(at, { size: 32 });
  return [
    { slot: slot(base), value: keccak256(calls) },
    { slot: slot(base + 1n), value: pad(numberToHex(when), { size: 32 }) },
  ];
}

type Played = {
  readonly data: Hex;
  readonly status: 'success' | 'failure';
  readonly logs: readonly { readonly address: string; readonly topics: readonly Hex[] }[];
};

/** Balances, the execution, balances again, all in one block after the delay. */
async function play(
  node: Node,
  instruction: Instruction,
  facts: Facts,
  expected: readonly Expected[],
): Promise<readonly Played[]> {
  const { treasury } = node.book;
  const { targets, data } = lists(instruction);
  const delay = facts.isSmall ? facts.smallDelaySeconds : facts.largeDelaySeconds;
  const readyAt = facts.time + delay;
  const looks = expected.map(({ token, holder }) => ({
    to: token.address,
    data: encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args: [holder] }),
  }));
  const { nonce } = instruction;
  const ask = encodeFunctionData({ abi: treasuryAbi, functionName: 'waiting', args: [nonce] });
  const args = [nonce, targets, data] as const;
  const run = encodeFunctionData({ abi: treasuryAbi, functionName: 'execute', args });
  const calls = [{ to: treasury, data: ask }, ...looks, { to: treasury, data: run }, ...looks];
  const [block] = await readerOf(node).simulateBlocks({
    blockNumber: facts.block,
    blocks: [
      {
        blockOverrides: { time: BigInt(readyAt) },
        stateOverrides: [{ address: treasury, stateDiff: slotsOf(instruction, facts, readyAt) }],
        calls: calls.map((call) => ({ ...call, account: anybody })),
      },
    ],
  });
  return (block?.calls ?? []).map(({ data: said, status, logs = [] }) => ({
    data: said,
    status,
    logs: logs as unknown as Played['logs'],
  }));
}

/** Each log that moves or lends what is the treasury's must be of a token that is watched. */
function judgeLogs(book: Book, { logs }: Played): Rejection | undefined {
  const own = pad(lower(book.treasury) as Hex, { size: 32 });
  for (const { address, topics: found } of logs) {
    const [what, from, to] = found.map((each) => each.toLowerCase());
    const token = tokenFor(book, address);
    const name = token?.symbol ?? address;
    if ((what === topics.approval || what === topics.approvalForAll) && from === own) {
      return reject('ApprovalFound', `it lets others take ${name} out of the treasury`);
    }
    const isOurs = what === topics.transfer && (from === own || to === own);
    if (isOurs && token === undefined) {
      return reject('EffectUnexpected', `it moves ${name}, a token that is unknown here`);
    }
  }
  return undefined;
}

const balance = (played: Played | undefined): bigint =>
  decodeFunctionResult({ abi: erc20Abi, functionName: 'balanceOf', data: played?.data ?? '0x' });

function judgeEffects(
  book: Book,
  expected: readonly Expected[],
  before: readonly Played[],
  after: readonly Played[],
): readonly Effect[] | Rejection {
  const effects: Effect[] = [];
  for (const [i, { token, holder, min, max }] of expected.entries()) {
    const change = balance(after[i]) - balance(before[i]);
    if (change < min || change > max) {
      const text = `${token.symbol} of ${named(book, holder)} would change by ${change}`;
      const wanted = min === max ? `${min}` : `${min} to ${max}`;
      return reject('EffectUnexpected', `${text} units; the calls say ${wanted}`);
    }
    if (change !== 0n) effects.push({ token, holder, change });
  }
  return effects;
}

/**
 * @returns what it would change, or a rejection: SimulationFailed (the node cannot),
 * SimulationWrong (it did not play what it was asked), SimulationReverted,
 * EffectUnexpected, ApprovalFound
 */
export async function simulate(
  node: Node,
  instruction: Instruction,
  calls: readonly ReadCall[],
  facts: Facts,
): Promise<readonly Effect[] | Rejection> {
  const { book } = node;
  const expected = expectedOf(book, calls);
  const count = expected.length;
  try {
    const all = await play(node, instruction, facts, expected);
    const [asked, ...rest] = all;
    const run = rest[count];
    const { targets, data } = lists(instruction);
    const list = encodeAbiParameters([{ type: 'address[]' }, { type: 'bytes[]' }], [targets, data]);
    if (run === undefined || rest.length !== 2 * count + 1 || !isWaiting(asked, keccak256(list))) {
      return reject('SimulationWrong', `our node did not play what it was asked`);
    }
    if (run.status !== 'success') {
      return reject('SimulationReverted', `it would fail: ${revertText(run.data)}`);
    }
    const no = judgeLogs(book, run);
    const effects = judgeEffects(book, expected, rest.slice(0, count), rest.slice(count + 1));
    return no ?? effects;
  } catch (error) {
    return reject('SimulationFailed', `our node cannot play it: ${briefly(error)}`);
  }
}

function isWaiting(asked: Played | undefined, calls: Hex): boolean {
  if (asked?.status !== 'success') return false;
  const { data } = asked;
  const [found] = decodeFunctionResult({ abi: treasuryAbi, functionName: 'waiting', data });
  return found === calls;
}
