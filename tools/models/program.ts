/**
 * Programs for contracts/test/models/Replay.t.sol: contracts to create, and steps of models, each
 * with the outcome and the answers of the views that the model predicts.
 */
import { hash } from 'node:crypto';
import * as abi from '@holdfast/abi';
import {
  type Abi,
  type Address,
  encodeDeployData,
  encodeFunctionData,
  getContractAddress,
  type Hex,
  toFunctionSelector,
} from 'viem';
import { type Action, isRefused, type Model, show, type Timed } from './model.ts';

/** A transaction, or a view (of which only `to` and `data` count). */
export type Call = {
  readonly from: Address;
  readonly to: Address;
  readonly data: Hex;
  readonly value?: bigint;
};

/** One word of what a view answers. */
export type Word = number | bigint | boolean | Hex;

/** How a model is carried out by its contracts. */
export type Binding<S extends Timed> = {
  readonly creations: readonly Hex[];
  /** First calls, at the time of the model's initial state. */
  readonly setup: readonly Call[];
  readonly views: readonly Call[];
  /** The call of an action; undefined for one that is not on chain. */
  readonly call: (state: S, action: Action) => Call | undefined;
  /** Whether `call` depends on the state: then it is not kept for the next time. */
  readonly varies?: (action: Action) => boolean;
  /** What all views answer, word by word. */
  readonly expected: (state: S, mutant: string) => readonly Word[];
};

/** Forge deploys the contract of a test here; what it creates has its nonces from 1. */
const player: Address = '0x7FA9385bE102ac3EAc297483Dd6233D62b3e1496';

/** Address of the n-th contract that a program creates, from 0. */
export const created = (n: number): Address =>
  getContractAddress({ from: player, nonce: BigInt(1 + n) });

/** Address of a party, by number. */
export const party = (n: number): Address =>
  `0x${(0xac7 * 2 ** 20 + n).toString(16).padStart(40, '0')}`;

/** Encodes a call by name; for the few that are made. */
export const callOf = (
  contract: { readonly abi: readonly unknown[]; readonly address: Address },
  from: Address,
  functionName: string,
  args: readonly unknown[] = [],
  value?: bigint,
): Call => {
  const data = encodeFunctionData({ abi: contract.abi as Abi, functionName, args });
  return { from, to: contract.address, data, ...(value === undefined ? {} : { value }) };
};

/** Creation code with its arguments. */
export const creationOf = (
  contractAbi: readonly unknown[],
  bytecode: Hex,
  args: readonly unknown[],
) => encodeDeployData({ abi: contractAbi as Abi, bytecode, args });

/**
 * A contract of one word: a call of more than a selector stores its first argument, any other
 * answers with it.
 */
export const wordContract: Hex = (() => {
  //      cds 4  lt   push jumpi sload(0) mstore  return      jumpdest  sstore(0, arg)  stop
  const runtime = '36600410600f575f545f5260205ff35b6004355f5500';
  const size = runtime.length / 2;
  return `0x60${size.toString(16).padStart(2, '0')}80600a5f395ff3fe${runtime}` as Hex;
})();

const selectors = new Map(
  abi.errorsAbi.map((item) => [
    item.name as string,
    toFunctionSelector({
      ...item,
      type: 'function',
      outputs: [],
      stateMutability: 'view',
    } as never),
  ]),
);

function selectorOf(error: string): number {
  const found = selectors.get(error);
  if (found === undefined) throw new Error(`no contract has an error ${error}`);
  return Number(found);
}

/** The words one after another. */
export function bytesOf(words: readonly Word[]): Buffer {
  const bytes = Buffer.alloc(words.length * 32);
  words.forEach((word, i) => {
    const at = i * 32;
    if (typeof word === 'boolean') bytes[at + 31] = word ? 1 : 0;
    else if (typeof word === 'number' && word >= 0) {
      bytes.writeBigUInt64BE(BigInt(word), at + 24);
    } else {
      const hex =
        typeof word === 'string' ? word.slice(2) : BigInt.asUintN(256, BigInt(word)).toString(16);
      bytes.write(hex.padStart(64, '0'), at, 'hex');
    }
  });
  return bytes;
}

const operations = { step: 0, back: 1, begin: 2, end: 3 } as const;
type Operation = keyof typeof operations;
const idle: Call = { from: party(0), to: `0x${'00'.repeat(20)}`, data: '0x' };

/** Writes one program. */
export class Program<S extends Timed> {
  /** Steps that change or try to change the chain. */
  count = 0;
  /** Mutants by the step at which their traces end. */
  readonly mutants = new Map<number, string>();
  private readonly words: Buffer[] = [];
  private readonly calls: Call[] = [idle];
  private readonly indexes = new Map<string, number>([['', 0]]);
  /** What each step is and should lead to, to tell how one differs. */
  private readonly notes: (readonly [Action, outcome: string, after: S] | undefined)[] = [];

  private readonly model: Model<S>;
  private readonly binding: Binding<S>;

  constructor(model: Model<S>, binding: Binding<S>) {
    this.model = model;
    this.binding = binding;
  }

  /** A step with what the model says of it; the state after it. */
  step(state: S, action: Action, mutant = ''): S {
    const result = this.model.apply(state, action, mutant);
    const after = isRefused(result) ? state : result;
    const wait = action.name === 'wait' ? action.args[0]! : 0;
    const index = action.name === 'wait' ? 0 : this.indexOf(state, action);
    const outcome = isRefused(result) ? selectorOf(result) : 0;
    const digest = hash('sha256', bytesOf(this.binding.expected(after, mutant)), 'buffer');
    const word = Buffer.alloc(32);
    // From the low end: operation u8, call u16, wait u40, outcome u32, digest u64.
    digest.copy(word, 12, 0, 8);
    word.writeUInt32BE(outcome, 20);
    word.writeUIntBE(wait, 24, 5);
    word.writeUInt16BE(index, 29);
    this.words.push(word);
    this.notes.push([action, isRefused(result) ? result : 'done', after]);
    this.count += 1;
    return after;
  }

  /** @param mutant at the end of its trace: which one was not told */
  mark(operation: Operation, mutant?: string): void {
    if (mutant !== undefined) this.mutants.set(this.words.length, mutant);
    const word = Buffer.alloc(32);
    word[31] = operations[operation];
    this.words.push(word);
    this.notes.push(undefined);
  }

  /** Whether another walk of so many steps would make it too long for one file. */
  get isFull(): boolean {
    return this.words.length > 6_000 || this.calls.length > 60_000;
  }

  /** The call of `Replay.play` with everything. */
  encode(): Buffer {
    const { creations, setup, views } = this.binding;
    const full = (list: readonly Call[]) => list.map((call) => ({ value: 0n, ...call }));
    const time = BigInt(this.model.initial.now);
    const args = [time, creations, full(setup), full(this.calls), full(views), []];
    const head = encodeFunctionData({ abi: [playAbi], functionName: 'play', args } as never);
    // The steps are the last argument, and so far an empty list: its length is the last word.
    const length = Buffer.alloc(32);
    length.writeUInt32BE(this.words.length, 28);
    return Buffer.concat([Buffer.from(head.slice(2, -64), 'hex'), length, ...this.words]);
  }

  /** How a step differs: the steps before it, and the words that the views should answer. */
  explain(step: number, outcome: string, observed: Hex): string {
    const first = this.notes.slice(0, step).lastIndexOf(undefined) + 1;
    const last = this.notes[step];
    if (last === undefined) return `step ${step} is none of the model`;
    const wanted = bytesOf(this.binding.expected(last[2], '')).toString('hex');
    const wrong = (wanted.match(/.{64}/g) ?? []).flatMap((word, i) => {
      const found = observed.slice(2 + 64 * i, 66 + 64 * i);
      return found === word ? [] : [`  word ${i}: 0x${found}, the model says 0x${word}`];
    });
    const shown = this.notes
      .slice(Math.max(first, step - 30), step + 1)
      .flatMap((note) => (note ? [`  ${show(note[0])}: ${note[1]}`] : []));
    const error = [...selectors].find(([, selector]) => selector === outcome)?.[0] ?? outcome;
    const head = `${this.model.name}: the chain answers ${error} to the last of`;
    return [head, ...shown, ...wrong].join('\n');
  }

  private indexOf(state: S, action: Action): number {
    const varies = this.binding.varies?.(action) ?? false;
    const shown = show(action);
    const known = varies ? undefined : this.indexes.get(shown);
    if (known !== undefined) return known;
    const call = this.binding.call(state, action) ?? idle;
    const key = varies ? `${call.from} ${call.data}` : shown;
    const index = this.indexes.get(key) ?? this.calls.push(call) - 1;
    this.indexes.set(key, index);
    return index;
  }
}

const callType = {
  type: 'tuple[]',
  components: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'data', type: 'bytes' },
  ],
} as const;
const playAbi = {
  type: 'function',
  name: 'play',
  stateMutability: 'nonpayable',
  outputs: [],
  inputs: [
    { name: 'time', type: 'uint256' },
    { name: 'creations', type: 'bytes[]' },
    { name: 'setup', ...callType },
    { name: 'calls', ...callType },
    { name: 'views', ...callType },
    { name: 'steps', type: 'uint256[]' },
  ],
} as const;
