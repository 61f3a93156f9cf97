/** Arguments of a check: unknown words of the width of their types, or values from a model. */
import { sext, zext } from './build.ts';
import type { Calldata } from './machine.ts';
import { Memory } from './memory.ts';
import { constant, type Term, variable } from './term.ts';

/** A type as the compiler tells it. */
export type AbiInput = { type: string; components?: AbiInput[] };

type Argument = { name: string; width: number; kind: 'plain' | 'signed' | 'left' };

/** Arguments in order; arrays of a fixed length as their elements. */
export type Arguments = {
  readonly list: readonly Argument[];
  /** Data of a call of a function, given its selector. */
  calldata(selector: string): Calldata;
  /** The words of such data, as text. */
  show(data: string): string;
};

/** @throws Error for a type that has no fixed length */
export function argumentsOf(inputs: readonly AbiInput[]): Arguments {
  const list = inputs.flatMap(elements).map((type, at) => ({ ...shape(type), name: `a${at}` }));
  return {
    list,
    calldata(selector) {
      const memory = new Memory();
      memory.store(0, constant(BigInt(`0x${selector}`), 32));
      for (const [at, argument] of list.entries()) memory.store(4 + 32 * at, word(argument));
      return { memory, size: 4 + 32 * list.length };
    },
    show: (data) => (data.slice(8).match(/.{64}/g) ?? []).map((word) => BigInt(`0x${word}`)).join(),
  };
}

function elements({ type, components = [] }: AbiInput): string[] {
  const [, inner, count] = /^(.*)\[(\d+)\]$/.exec(type) ?? [];
  if (inner !== undefined) {
    return Array.from({ length: Number(count) }, () =>
      elements({ type: inner, components }),
    ).flat();
  }
  return type === 'tuple' ? components.flatMap(elements) : [type];
}

function shape(type: string): Omit<Argument, 'name'> {
  if (type === 'bool') return { width: 1, kind: 'plain' };
  if (type === 'address') return { width: 160, kind: 'plain' };
  const [, kind, size] = /^(uint|int|bytes)(\d+)$/.exec(type) ?? [];
  if (kind === 'bytes') return { width: Number(size) * 8, kind: 'left' };
  if (kind === undefined) throw new Error(`symbolic: an argument of type ${type}`);
  return { width: Number(size), kind: kind === 'int' ? 'signed' : 'plain' };
}

function word({ name, width, kind }: Argument): Term {
  return placed(variable(name, width), kind);
}

function placed(term: Term, kind: Argument['kind']): Term {
  if (kind === 'signed') return sext(term, 256);
  if (kind === 'plain') return zext(term, 256);
  const memory = new Memory();
  memory.store(0, term);
  return memory.load(0, 32);
}

/** Data of a call with the values of a model, in hex; what it does not say is zero. */
export function encode(
  selector: string,
  { list }: Arguments,
  model: ReadonlyMap<string, bigint>,
): string {
  const words = list.map(({ name, width, kind }) => {
    const { value } = placed(constant(model.get(name) ?? 0n, width), kind);
    return value.toString(16).padStart(64, '0');
  });
  return selector + words.join('');
}
