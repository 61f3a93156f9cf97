/** All that a signer asks of an instruction before it signs, and what it shows to a person. */
import { type Clock, toJson } from '@holdfast/host';
import { type Hex, isRejection, keccak256, type Rejection, toHex, utf8 } from '@holdfast/units';
import { formatUnits } from 'viem';
import { type Book, named } from './book.ts';
import { type Facts, type Node, readFacts } from './chain.ts';
import { type Instruction, instructionDigest } from './instruction.ts';
import { judgePolicy, paymentsOf } from './judge.ts';
import type { Ledger } from './ledger.ts';
import type { Policy } from './policy.ts';
import { callText, type ReadCall, readCalls } from './read.ts';
import { type Effect, simulate } from './simulate.ts';

/** A signer's means. */
export type Examiner = {
  readonly book: Book;
  readonly policy: Policy;
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Group key of which we hold a part; undefined while there is none. */
  readonly groupKey: () => Hex | undefined;
};

/** What came of looking at an instruction. */
export type Examination = {
  readonly digest: Hex;
  readonly instruction: Instruction;
  /** Empty when they could not be read. */
  readonly calls: readonly ReadCall[];
  readonly effects: readonly Effect[];
  readonly facts: Facts | undefined;
  readonly refusals: readonly Rejection[];
  /** Why a person has to decide. */
  readonly doubts: readonly Rejection[];
  /**
   * Names what a person saw: digest, decoded calls, effects. An approval is of this and of nothing
   * else.
   */
  readonly seen: Hex;
};

/** What a person is shown, line by line. */
export type Shown = {
  readonly digest: Hex;
  readonly nonce: string;
  readonly expiry: string;
  readonly delay: string;
  readonly calls: readonly string[];
  readonly effects: readonly string[];
};

const isoOf = (seconds: number): string => `${new Date(seconds * 1000).toISOString()} (${seconds})`;

/** The decoded calls and the simulated effects, as text. */
export function shownOf(book: Book, of: Omit<Examination, 'seen'>): Shown {
  const { digest, instruction, calls, effects, facts } = of;
  const { isSmall, smallDelaySeconds = 0, largeDelaySeconds = 0 } = facts ?? {};
  const delay = isSmall ? `short, ${smallDelaySeconds} s` : `long, ${largeDelaySeconds} s`;
  return {
    digest,
    nonce: `${instruction.nonce}`,
    expiry: isoOf(instruction.expiry),
    delay: facts === undefined ? 'unknown' : delay,
    calls: calls.map((call) => callText(book, call)),
    effects: effects.map(({ token, holder, change }) => {
      const sign = change > 0n ? '+' : '';
      const amount = `${sign}${formatUnits(change, token.decimals)} ${token.symbol}`;
      return `${named(book, holder)}: ${amount} (${sign}${change} units)`;
    }),
  };
}

const nodeOf = ({ book, policy, clock, groupKey }: Examiner): Node => ({
  rpcUrl: policy.rpcUrl,
  book,
  clock,
  ageSecondsMax: policy.nodeAgeSecondsMax,
  groupKey: groupKey() ?? '0x',
});

/**
 * Decodes, asks our own node, holds our own policy against it, and simulates. Never throws for what
 * the instruction or the node is; the reasons are in the result.
 */
export async function examine(e: Examiner, instruction: Instruction): Promise<Examination> {
  const { book, policy, ledger, clock } = e;
  const digest = instructionDigest(book, instruction);
  const end = (of: Partial<Examination>): Examination => {
    const none = { calls: [], effects: [], facts: undefined, refusals: [], doubts: [] };
    const whole = { digest, instruction, ...none, ...of };
    return { ...whole, seen: toHex(keccak256(utf8(toJson(shownOf(book, whole), 0)))) };
  };
  const calls = readCalls(book, instruction);
  if (isRejection(calls)) return end({ refusals: [calls] });
  const node = nodeOf(e);
  const facts = await readFacts(node, instruction, calls);
  if (isRejection(facts)) return end({ calls, refusals: [facts] });
  const now = clock.now();
  const { refusals, doubts } = judgePolicy({
    book,
    policy,
    instruction,
    digest,
    calls,
    now,
    wallMs: Date.now(),
    used: (token) => ledger.used(token, now, digest),
    isTaken: ledger.isTaken(instruction.nonce, now, digest),
  });
  if (refusals.length > 0) return end({ calls, facts, refusals, doubts });
  const effects = await simulate(node, instruction, calls, facts);
  if (isRejection(effects)) return end({ calls, facts, refusals: [effects], doubts });
  return end({ calls, facts, effects, doubts });
}

/** Counts an instruction in the ledger; on disk when this resolves. */
export function release(e: Examiner, of: Examination): Promise<void> {
  const { digest, instruction, calls, doubts } = of;
  const { nonce, expiry } = instruction;
  const payments = paymentsOf(calls);
  const isAutomatic = doubts.length === 0;
  return e.ledger.release({ digest, nonce, expiry, payments, isAutomatic }, e.clock.now());
}
