/**
 * Rules in TypeScript against their twins in Solidity, on many random inputs, word for word.
 *
 * To add an operation (a funding step, a mark, a fillable price):
 * 1. In a harness contract (`contracts/src/mocks`: `RiskHarness`, `RulesHarness`) add a function
 *    `name(uint256 parts, bytes records) returns (bytes)`: it reads records of whole words, calls
 *    the library of the venue, and returns a fixed number of words for each record.
 * 2. Add an `operation({...})` to a list like `risk-operations.ts`: `sample` draws an input (bounds
 *    and their neighbours often, not only the middle), `encode` packs it as the contract reads it,
 *    `evaluate` gives the words that the contract must return, by the functions in `rules` alone.
 * 3. Name mutants of the TypeScript that the samples must tell apart (`mutants.ts`), so that the
 *    comparison is known to see each term.
 */
import { type Hex, toFunctionSelector } from 'viem';
import type { Evm } from './evm.ts';

/** Random numbers from a seed: the same on every machine. */
export type Dice = {
  /** Whole, from 0 to n − 1; n up to 2^53. */
  below(n: number): number;
  /** Whole, from low to high. */
  between(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
  /** True once in n. */
  oneIn(n: number): boolean;
  /** Signed, up to so many bits. */
  signed(bits: number): bigint;
};

/** An operation whose inputs are hidden: what the runner needs. */
export type Operation = {
  readonly name: string;
  /** Creation code of the contract that has the function `name`. */
  readonly bytecode: Hex;
  /** Values of `parts`, one for each call in turn. */
  readonly parts: readonly number[];
  /** How many records are compared. */
  readonly count: number;
  draw(dice: Dice, parts: number): Drawn;
};

/** One input, ready for both sides. */
export type Drawn = {
  readonly words: readonly bigint[];
  readonly results: (rules: unknown) => readonly (bigint | number | boolean)[];
  readonly shown: () => string;
};

/** Makes an operation from its typed parts. */
export function operation<Input, Rules>(spec: {
  readonly name: string;
  readonly bytecode: Hex;
  readonly parts?: readonly number[];
  readonly count: number;
  readonly sample: (dice: Dice, parts: number) => Input;
  readonly encode: (input: Input) => readonly bigint[];
  readonly evaluate: (input: Input, rules: Rules) => readonly (bigint | number | boolean)[];
}): Operation {
  const { name, bytecode, parts = [1], count } = spec;
  return {
    name,
    bytecode,
    parts,
    count,
    draw: (dice, wanted) => {
      const input = spec.sample(dice, wanted);
      return {
        words: spec.encode(input),
        results: (rules) => spec.evaluate(input, rules as Rules),
        shown: () => describe(input),
      };
    },
  };
}

/** Fields of so many bits each, the first one highest, in one word. */
export const pack = (
  fields: readonly (readonly [bits: number, value: number | bigint])[],
): bigint =>
  fields.reduce(
    (word, [bits, value]) => (word << BigInt(bits)) | BigInt.asUintN(bits, BigInt(value)),
    0n,
  );

const describe = (input: unknown): string =>
  JSON.stringify(input, (_key, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`;
    return value instanceof Map ? [...value] : value;
  });

/** @param seed any 32 bits but 0 */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  const word = (): number => {
    // xorshift32 (Marsaglia).
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  const below = (n: number): number =>
    n <= 2 ** 32 ? word() % n : ((word() % 2 ** 21) * 2 ** 32 + word()) % n;
  const signed = (bits: number): bigint => {
    let value = 0n;
    for (let left = below(bits) + 1; left > 0; left -= 32) {
      const taken = Math.min(left, 32);
      value = (value << BigInt(taken)) | BigInt(below(2 ** taken));
    }
    return below(2) === 0 ? value : -value;
  };
  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    oneIn: (n) => below(n) === 0,
    signed,
  };
}

const hexOf = (value: bigint | number | boolean): string =>
  BigInt.asUintN(256, BigInt(value)).toString(16).padStart(64, '0');

/** Calls of one operation and what the chain said to them. */
export type Kept = {
  readonly parts: number;
  readonly drawn: readonly Drawn[];
  readonly answer: string;
};

/** The first record whose results differ from the chain's, in words; undefined when all agree. */
export function difference(kept: Kept, rules: unknown): string | undefined {
  let at = 0;
  for (const drawn of kept.drawn) {
    const expected = drawn.results(rules).map(hexOf).join('');
    const found = kept.answer.slice(at, at + expected.length);
    at += expected.length;
    if (found !== expected) return `${drawn.shown()}: found ${found}, expected ${expected}`;
  }
  return at === kept.answer.length ? undefined : `the chain returned ${kept.answer.length / 64}`;
}

const recordsPerCall = 1_000;

/**
 * Compares an operation on its whole count; the next call is on its way while one is judged.
 *
 * @param keep calls that are returned, for mutants
 * @throws Error naming the first input on which the two sides differ
 */
export async function compare(
  evm: Evm,
  address: Hex,
  op: Operation,
  options: { readonly seed: number; readonly rules: unknown; readonly keep: number },
): Promise<{ compared: number; kept: Kept[] }> {
  const dice = createDice(options.seed);
  const selector = toFunctionSelector(`${op.name}(uint256,bytes)`);
  const kept: Kept[] = [];
  let compared = 0;
  let before: Promise<Kept> | undefined;
  const judge = async (call: Promise<Kept>): Promise<void> => {
    const answered = await call;
    const wrong = difference(answered, options.rules);
    if (wrong !== undefined) throw new Error(`${op.name}: ${wrong}`);
    compared += answered.drawn.length;
    if (kept.length < options.keep) kept.push(answered);
  };
  for (let sent = 0, turn = 0; sent < op.count; sent += recordsPerCall, turn++) {
    const parts = op.parts[turn % op.parts.length] as number;
    const wanted = Math.min(recordsPerCall, op.count - sent);
    const drawn = Array.from({ length: wanted }, () => op.draw(dice, parts));
    const call = ask(evm, address, selector, parts, drawn);
    if (before !== undefined) await judge(before);
    before = call;
  }
  if (before !== undefined) await judge(before);
  return { compared, kept };
}

/** What a contract at another address answers to a kept call. */
export async function answerTo(evm: Evm, address: Hex, op: Operation, kept: Kept): Promise<string> {
  const selector = toFunctionSelector(`${op.name}(uint256,bytes)`);
  return (await ask(evm, address, selector, kept.parts, kept.drawn)).answer;
}

async function ask(
  evm: Evm,
  address: Hex,
  selector: Hex,
  parts: number,
  drawn: readonly Drawn[],
): Promise<Kept> {
  const records = drawn.map(({ words }) => words.map(hexOf).join('')).join('');
  const head = [parts, 64, records.length / 2].map(hexOf).join('');
  const answer = await evm.call(address, `${selector}${head}${records}`);
  // 0x, the offset and the length of the bytes.
  return { parts, drawn, answer: answer.slice(2 + 128) };
}
