/**
 * Who may call what, found by asking: the same call from strangers and from every party of the
 * venue. Whoever is answered otherwise than a stranger is known to the contract.
 */

import { errorsAbi } from '@holdfast/abi';
import type { ChainReader } from '@holdfast/host';
import { type Hex, invariant, keccak256, toHex, utf8 } from '@holdfast/units';
import {
  type Abi,
  type AbiFunction,
  type AbiParameter,
  type Address,
  encodeFunctionData,
  toFunctionSelector,
} from 'viem';
import type { Entry } from './builds.ts';

/** Values that make a call meaningful, by `type name` or by type; all others are made up. */
export type Known = Readonly<Record<string, unknown>>;

/** Parties whose answers are compared with a stranger's, by role. */
export type Callers = Readonly<Record<string, Address>>;

export type Found = {
  /** Roles that are answered otherwise than strangers, sorted. */
  readonly callers: string[];
  /** What strangers are told: names of errors, or `ok`; sorted. */
  readonly strangers: string[];
};

/** An address that nobody holds a key of. */
export const strangerOf = (number: number): Address =>
  toHex(keccak256(utf8(`holdfast stranger ${number}`)).slice(12)) as Address;

/** A number from a seed and a place, the same on every run. */
function randomOf(seed: string): bigint {
  return BigInt(toHex(keccak256(utf8(seed))));
}

function arrayOf(parameter: AbiParameter, seed: string, known: Known): unknown[] | undefined {
  const [, inner, length] = /^(.*)\[(\d*)\]$/.exec(parameter.type) ?? [];
  if (inner === undefined) return undefined;
  const count = length === '' ? Number(randomOf(`${seed} length`) % 3n) : Number(length);
  const of = { ...parameter, type: inner, name: '' } as AbiParameter;
  return Array.from({ length: count }, (_, i) => argumentOf(of, `${seed} ${i}`, known));
}

/**
 * A value of an argument: what is known of it, else one that the seed decides; an empty seed gives
 * zeros.
 */
export function argumentOf(parameter: AbiParameter, seed: string, known: Known = {}): unknown {
  const { type, name = '' } = parameter;
  for (const key of [`${type} ${name}`, type]) if (key in known) return known[key];
  const list = arrayOf(parameter, seed, known);
  if (list !== undefined) return list;
  if (type === 'tuple') {
    const { components = [] } = parameter as { components?: readonly AbiParameter[] };
    const fields = components.map((each) => [
      each.name,
      argumentOf(each, seed && `${seed} ${each.name}`, known),
    ]);
    return Object.fromEntries(fields);
  }
  const random = seed === '' ? 0n : randomOf(`${seed} ${name} ${type}`);
  if (type === 'bool') return random % 2n === 1n;
  if (type === 'address') return `0x${(random & (2n ** 160n - 1n)).toString(16).padStart(40, '0')}`;
  if (type === 'string') return random.toString();
  const bytes = /^bytes(\d*)$/.exec(type);
  if (bytes) {
    const size = bytes[1] === '' ? Number(random % 100n) : Number(bytes[1]);
    return `0x${random
      .toString(16)
      .padStart(64, '0')
      .repeat(4)
      .slice(0, size * 2)}`;
  }
  return wholeOf(type, random);
}

/** Often small, because large numbers seldom get past the first check. */
function wholeOf(type: string, random: bigint): bigint | number {
  const [, sign, bitsText] = /^(u?)int(\d+)$/.exec(type) ?? [];
  invariant(bitsText !== undefined, `an argument of type ${type}`);
  const bits = Math.min(Number(bitsText), random % 3n === 0n ? 256 : 8) - (sign === 'u' ? 0 : 1);
  const value = (random >> 8n) & (2n ** BigInt(bits) - 1n);
  return Number(bitsText) <= 48 ? Number(value) : value;
}

/** Calldata of an entry with made-up arguments. */
export function callOf(entry: Entry, seed: string, known: Known = {}): Hex {
  const args = entry.item.inputs.map((input, i) =>
    argumentOf(input, seed && `${seed} ${i}`, known),
  );
  return encodeFunctionData({ abi: [entry.item] as Abi, functionName: entry.item.name, args });
}

/** Names of all errors by selector. */
const errorNames: ReadonlyMap<string, string> = new Map(
  errorsAbi.map((item) => [toFunctionSelector(item as unknown as AbiFunction), item.name]),
);

/** The name of an error by what a call reverted with; its selector when nobody knows it. */
export function errorName(data: Hex): string {
  if (data === '0x') return 'without reason';
  const selector = data.slice(0, 10);
  return errorNames.get(selector) ?? selector;
}

type Failure = { data?: unknown; cause?: unknown; code?: unknown };

/** What a node's error says that a call reverted with; undefined when it is no revert. */
function revertData(error: unknown): Hex | undefined {
  for (let at = error as Failure | undefined; at; at = at.cause as Failure | undefined) {
    const { data } = at;
    if (typeof data === 'string' && /^0x[0-9a-f]*$/i.test(data)) return data as Hex;
    const inner = (data as { data?: unknown } | undefined)?.data;
    if (typeof inner === 'string' && inner.startsWith('0x')) return inner as Hex;
    if (at.code === 3) return '0x';
  }
  return undefined;
}

/**
 * The answer to a call: `ok`, or the name of the error.
 *
 * @throws what the node threw when the call never ran
 */
export async function answerTo(
  reader: ChainReader,
  from: Address,
  to: Address,
  data: Hex,
): Promise<string> {
  try {
    const call = { from, to, data, gas: '0x1c9c380', gasPrice: '0x0' };
    await reader.request({ method: 'eth_call', params: [call, 'latest'] } as never);
    return 'ok';
  } catch (error) {
    const reason = revertData(error);
    if (reason === undefined) throw error;
    return errorName(reason);
  }
}

const strangersCount = 3;

/** Asks one function with each of these arguments, as every caller and as strangers. */
export async function probe(
  reader: ChainReader,
  to: Address,
  callers: Callers,
  arguments_: readonly Hex[],
): Promise<Found> {
  const found = new Set<string>();
  const strangers = new Set<string>();
  const unknown = Array.from({ length: strangersCount }, (_, i) => strangerOf(i));
  const known = Object.entries(callers);
  const from = [...unknown, ...known.map(([, address]) => address)];
  // All at once: where the reader sends batches they are one request.
  const all = await Promise.all(
    arguments_.map((data) => Promise.all(from.map((each) => answerTo(reader, each, to, data)))),
  );
  for (const answers of all) {
    const told = answers.slice(0, unknown.length);
    for (const answer of told) strangers.add(answer);
    known.forEach(([role], i) => {
      if (!told.includes(answers[unknown.length + i] as string)) found.add(role);
    });
  }
  return { callers: [...found].sort(), strangers: [...strangers].sort() };
}
