/**
 * Which laws an event must have held, with their inputs: from the state right before it and right
 * after it. Pure. What a question needs and nobody shows (the calldata of a batch that came through
 * another contract) is not asked.
 */
import type { LawInput, LawName } from '@holdfast/laws';
import type { Pace, StewardTerms } from '@holdfast/risk';
import type { Hex } from '@holdfast/units';
import type { MarketView, VenueEvent } from '../rule.ts';
import type { Tables } from '../state/tables.ts';
import type { OpenBatch } from './batch.ts';

/** One law with its inputs, asked of TypeScript and of the EVM alike. */
export interface Question<N extends LawName = LawName> {
  readonly law: N;
  readonly input: LawInput<N>;
  /** Breaker scope that it concerns. */
  readonly scope: number;
  /** What it is about, such as `account 7`. */
  readonly about: string;
  readonly tx?: Hex | undefined;
}

/** A steward's contract and what it may do: fixed when it is deployed. */
export interface StewardRules extends StewardTerms {
  /** Lower case. */
  readonly address: Hex;
}

/** What a venue was deployed with and never changes. */
export interface Terms {
  /** Token units per quote unit. */
  readonly scale: bigint;
  readonly parameterDelaySeconds: number;
  readonly holdSecondsMax: number;
  readonly forcedGraceSeconds: number;
  /** What is added for a request that is aside. */
  readonly forcedAsideSeconds: number;
  /** Undefined where there is no steward to follow. */
  readonly steward?: StewardRules | undefined;
}

/** One event between two states. */
export interface Step {
  readonly event: VenueEvent;
  readonly before: Tables;
  readonly after: Tables;
  /** Time of the block, seconds. */
  readonly time: number;
  readonly terms: Terms;
  /** Events of the same transaction before this one. */
  readonly earlier: readonly VenueEvent[];
  /** State before the first event of the transaction. */
  readonly start: Tables;
  readonly batch: OpenBatch | undefined;
  /** What the block resolved so far, by market; {@link resolvedQuestion} writes it. */
  readonly paces: Map<number, Pace>;
  /** True: the venue's parameters were deployed by this transaction. */
  readonly founding: boolean;
}

export const scopeOf = (market: number): number => 1 + market;
export const num = (value: unknown): number => Number(value as bigint | number);
export const big = (value: unknown): bigint => BigInt(value as bigint | number);

/** A question, typed by its law. */
export function ask<N extends LawName>(
  step: Step,
  law: N,
  input: LawInput<N>,
  scope: number,
  about: string,
): Question {
  const question: Question<N> = { law, input, scope, about, tx: step.event.txHash };
  return question as unknown as Question;
}

/** A market, which the event must have found listed. */
export function marketAt(tables: Tables, market: number): MarketView {
  const row = tables.markets.get(market);
  if (row === undefined) throw new Error(`market ${market} is not listed`);
  return row;
}

/** Highest scope that the venue's own contains: that of the last market. */
const marketScopeMax = 256;

/** Level of the breaker set for a scope: of a market the larger of its own and the venue's. */
export function levelAt(tables: Tables, scope: number, time: number): number {
  const own = (of: number): number => {
    const entry = tables.breaker.get(of) ?? [0, 0, 0];
    return entry.findLastIndex((until) => time < until) + 1;
  };
  return scope > marketScopeMax ? own(scope) : Math.max(own(0), own(scope));
}
