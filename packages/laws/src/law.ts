/** What a law is: one object, from which every use is generated. */
import type { Term } from './term.ts';

/** A whole number of a width in bits, at most 160 so that sums and one product stay in int256. */
export type IntType = {
  readonly kind: 'int' | 'uint';
  readonly bits: number;
  readonly doc: string;
};
/** A field that is not made of others. */
export type ScalarType =
  | IntType
  | { readonly kind: 'bool'; readonly doc: string }
  | { readonly kind: 'bytes32'; readonly doc: string };
/** Named fields, a Solidity struct. */
export type RecordType = {
  readonly kind: 'record';
  readonly name: string;
  readonly doc: string;
  readonly fields: Readonly<Record<string, ScalarType>>;
};
/** Any number (below 2^32) of records. */
export type ListType = { readonly kind: 'list'; readonly of: RecordType; readonly doc: string };
/** The type of one input of a law. */
export type InputType = ScalarType | RecordType | ListType;

/** A value of a scalar: number or bigint for whole numbers, 0x text for bytes32. */
export type ScalarValue = number | bigint | boolean | string;
/** A record of scalars. */
export type RecordValue = Readonly<Record<string, ScalarValue>>;
/** The inputs of a law by name. */
export type Input = Readonly<Record<string, ScalarValue | RecordValue | readonly RecordValue[]>>;

/** One law. */
export type Law = {
  /** Stable: L01, L02, … A retired number is never used again. */
  readonly id: `L${number}`;
  /** camelCase, the name of its function in LawLib and in TypeScript. */
  readonly name: string;
  /** A few words for tables. */
  readonly title: string;
  /** One sentence. */
  readonly statement: string;
  /** What the caller must have made sure of before the verdict means anything. */
  readonly assumes: string;
  /** Inputs in order. */
  readonly inputs: Readonly<Record<string, InputType>>;
  readonly predicate: Term;
  /** Lawful and typical; samples start from it. */
  readonly example: Input;
  /** Further inputs, lawful or not, that samples start from because chance would miss them. */
  readonly edges?: readonly Input[];
  /** Names of mutants that are the same law in other words; each needs its reason in a comment. */
  readonly equalMutants?: readonly string[];
};

/** Unsigned whole number. */
export const uint = (bits: number, doc: string): IntType => ({ kind: 'uint', bits, doc });
/** Signed whole number. */
export const int = (bits: number, doc: string): IntType => ({ kind: 'int', bits, doc });
/** Boolean. */
export const bool = (doc: string): ScalarType => ({ kind: 'bool', doc });
/** 32-byte hash. */
export const bytes32 = (doc: string): ScalarType => ({ kind: 'bytes32', doc });
/** List of records. */
export const list = (of: RecordType, doc: string): ListType => ({ kind: 'list', of, doc });

/** The smallest and the largest value of an integer type. */
export function range(type: IntType): { low: bigint; high: bigint } {
  const bits = BigInt(type.bits);
  if (type.kind === 'uint') return { low: 0n, high: (1n << bits) - 1n };
  return { low: -(1n << (bits - 1n)), high: (1n << (bits - 1n)) - 1n };
}

/** Whether a type is a whole number. */
export function isInt(type: InputType): type is IntType {
  return type.kind === 'int' || type.kind === 'uint';
}

/** Whether a law speaks of single values and records only, so that it is a function of LawLib. */
export function isScalarLaw(law: Law): boolean {
  return Object.values(law.inputs).every((type) => type.kind !== 'list');
}
