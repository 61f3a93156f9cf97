/** Every question to both twins of the laws: TypeScript here, and the generated contract. */
import { lawsAbi, lawsBytecode } from '@holdfast/abi';
import {
  checks,
  type InputType,
  type LawName,
  lawOf,
  numberOf,
  snapshotLaws,
} from '@holdfast/laws';
import { EnvironmentError, type Hex } from '@holdfast/units';
import {
  type AbiParameter,
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
} from 'viem';
import type { Endpoint } from '../chain/endpoint.ts';
import type { Question } from './questions.ts';

/** What both said; `evm` is undefined when the chain was not asked or gave no answer. */
export interface Verdict {
  readonly question: Question;
  readonly holds: boolean;
  readonly evm: boolean | undefined;
}

const perCall = 250;
/** Rows of a snapshot that every block is asked with; larger ones now and then. */
const rowsMax = 4_000;
const sender = '0x0000000000000000000000000000000000000001';

/** The verdict of TypeScript alone: at once, and what is acted on. */
export function holds(question: Question): boolean {
  return (checks[question.law] as (input: unknown) => boolean)(question.input);
}

const isWhole = (type: InputType): type is Extract<InputType, { bits: number }> =>
  type.kind === 'int' || type.kind === 'uint';

/** Every number as a word, so that a value outside its width still encodes and is refused. */
function abiOf(name: string, type: InputType): AbiParameter {
  if (isWhole(type)) return { name, type: `${type.kind}256` };
  if (type.kind === 'bool' || type.kind === 'bytes32') return { name, type: type.kind };
  const record = type.kind === 'list' ? type.of : type;
  const components = Object.entries(record.fields).map(([field, inner]) => abiOf(field, inner));
  return { name, type: type.kind === 'list' ? 'tuple[]' : 'tuple', components };
}

function wordsOf(type: InputType, value: unknown): unknown {
  if (isWhole(type)) return BigInt(value as number | bigint);
  if (type.kind === 'list') return (value as unknown[]).map((row) => wordsOf(type.of, row));
  if (type.kind !== 'record') return value;
  const row = value as Record<string, unknown>;
  const fields = Object.entries(type.fields);
  return Object.fromEntries(fields.map(([name, field]) => [name, wordsOf(field, row[name])]));
}

function encoded(law: LawName, input: object): Hex {
  const entries = Object.entries(lawOf(law).inputs);
  const row = input as Record<string, unknown>;
  return encodeAbiParameters(
    entries.map(([name, type]) => abiOf(name, type)),
    entries.map(([name, type]) => wordsOf(type, row[name])),
  );
}

/** Inputs of a question for the EVM; undefined when the type of a word already refuses them. */
function encodedOrNone(question: Question): Hex | undefined {
  try {
    return encoded(question.law, question.input);
  } catch {
    return undefined;
  }
}

const isOfState = ({ law }: Question): boolean => snapshotLaws.some(({ name }) => name === law);

/** Asks the contract of the laws over any of the endpoints. */
export interface LawsContract {
  /** Verdicts in the order of the questions; undefined where the chain gave none. */
  judge(questions: readonly Question[], endpoint: Endpoint): Promise<(boolean | undefined)[]>;
}

interface Call {
  readonly places: readonly number[];
  readonly data: Hex;
}

function callsOf(questions: readonly Question[], verdicts: (boolean | undefined)[]): Call[] {
  const byLaw = new Map<LawName, { place: number; input: Hex }[]>();
  for (const [place, question] of questions.entries()) {
    if (isOfState(question)) continue;
    const input = encodedOrNone(question);
    if (input === undefined) {
      verdicts[place] = false;
      continue;
    }
    byLaw.set(question.law, [...(byLaw.get(question.law) ?? []), { place, input }]);
  }
  const calls: Call[] = [];
  for (const [law, list] of byLaw) {
    for (let at = 0; at < list.length; at += perCall) {
      const part = list.slice(at, at + perCall);
      const args = [BigInt(numberOf(lawOf(law))), part.map(({ input }) => input)] as const;
      const data = encodeFunctionData({ abi: lawsAbi, functionName: 'judgeMany', args });
      calls.push({ places: part.map(({ place }) => place), data });
    }
  }
  return calls;
}

/** The snapshot that questions on the whole state were made of. */
function snapshotOf(questions: readonly Question[]): Record<string, unknown> | undefined {
  const parts = questions.filter(isOfState).map(({ input }) => input as Record<string, unknown>);
  if (parts.length === 0) return undefined;
  const all = Object.assign({}, ...parts);
  const rows = (all.accounts?.length ?? 0) + (all.positions?.length ?? 0);
  if (rows > rowsMax) return undefined;
  return { accounts: [], liabilities: 0n, balance: 0n, queued: 0n, ...all };
}

function evaluateData(snapshot: Record<string, unknown>): Hex {
  const types: Record<string, InputType> = Object.assign(
    {},
    ...snapshotLaws.map((law) => law.inputs),
  );
  const values = Object.entries(types).map(([name, type]) => [name, wordsOf(type, snapshot[name])]);
  const args = [Object.fromEntries(values)] as never;
  return encodeFunctionData({ abi: lawsAbi, functionName: 'evaluate', args });
}

/**
 * The laws as they are deployed; their code must be what this version generates.
 *
 * @throws EnvironmentError LawsForeign
 */
export async function openLaws(address: Hex, endpoint: Endpoint): Promise<LawsContract> {
  const code = String(await endpoint.call('eth_getCode', [address, 'latest']));
  if (code.length < 100 || !lawsBytecode.includes(code.slice(2))) {
    const text = `the contract of the laws at ${address} is not that of this version`;
    throw new EnvironmentError('LawsForeign', text);
  }
  const callOf = (by: Endpoint, data: Hex) =>
    by.call('eth_call', [{ from: sender, to: address, data, gas: '0x3b9aca00' }, 'latest'], 10_000);

  return {
    async judge(questions, by) {
      const verdicts: (boolean | undefined)[] = questions.map(() => undefined);
      const single = callsOf(questions, verdicts).map(async ({ places, data }) => {
        const answer = (await callOf(by, data)) as Hex;
        const abi = lawsAbi;
        const bytes = decodeFunctionResult({ abi, functionName: 'judgeMany', data: answer });
        places.forEach((place, i) => {
          verdicts[place] = String(bytes).slice(2 + 2 * i, 4 + 2 * i) === '01';
        });
      });
      const snapshot = snapshotOf(questions);
      const whole = async (): Promise<void> => {
        if (snapshot === undefined) return;
        const bits = BigInt((await callOf(by, evaluateData(snapshot))) as string);
        for (const [place, question] of questions.entries()) {
          if (!isOfState(question)) continue;
          verdicts[place] = (bits >> BigInt(numberOf(lawOf(question.law)))) % 2n === 1n;
        }
      };
      await Promise.all([...single, whole()]);
      return verdicts;
    },
  };
}
