/**
 * The breaker: what guardians tighten alone or vote for, and how each scope stands. What loosens is
 * in `govern.ts`: it waits on chain.
 */
import { breakerAbi } from '@holdfast/abi';
import type { Venue } from '@holdfast/host';
import type { Hex, Rejection } from '@holdfast/units';
import { type Abi, stringToHex } from 'viem';
import type { ChainActions, Done } from './chain.ts';

/** Scope of direct withdrawals, and that of the accounts that may not grow. */
export const withdrawalsScope = 257;
export const accountsScope = 258;

/** Why a guardian tightens: logged on chain, not judged there. */
export type Evidence = {
  /** Id of the law or rule, at most 31 bytes of text. */
  readonly law: string;
  /** Block in which it showed; not after the chain's head. */
  readonly block: bigint;
  /** At most eight values that show it. */
  readonly values: readonly bigint[];
};

/** One entry of a list. */
export type Tightening = {
  readonly scope: number;
  readonly level: number;
  readonly seconds: number;
  readonly evidence: Evidence;
};

/** A scope by itself: until when each level holds, since when it is or was halted; seconds. */
export type ScopeEntry = {
  readonly level: number;
  readonly untils: readonly [number, number, number];
  readonly haltedSince: number;
};

/** What a person gives who tightens by hand. */
export const byHand: Evidence = { law: 'by hand', block: 0n, values: [] };

const encoded = ({ law, block, values }: Evidence) => ({
  law: stringToHex(law, { size: 32 }),
  blockNumber: block,
  values,
});

export type Breaker = ReturnType<typeof createBreaker>;

/** @param chain actions with the key of a guardian, or of anyone for reads and `deadMan` */
export function createBreaker(venue: Pick<Venue, 'contracts'>, chain: ChainActions) {
  const { breaker: address } = venue.contracts;
  const on = (functionName: string, ...args: unknown[]) =>
    ({ address, abi: breakerAbi as Abi, functionName, args }) as const;
  const act = (...call: Parameters<typeof on>): Promise<Done | Rejection> =>
    chain.call(on(...call));
  const ask = async (...call: Parameters<typeof on>): Promise<unknown> => chain.ask(on(...call));

  return {
    /** Level 1 for a short time at once; all else is a vote, in force with the last one needed. */
    tighten: (scope: number, level: number, seconds: number, evidence = byHand) =>
      act('tighten', scope, level, BigInt(seconds), encoded(evidence)),
    /** As many as 32; what is redundant or refused is skipped. */
    tightenMany: (entries: readonly Tightening[]) =>
      act(
        'tightenMany',
        entries.map(({ scope, level, seconds, evidence }) => ({
          scope,
          level,
          holdSeconds: seconds,
          evidence: encoded(evidence),
        })),
      ),
    /** Votes that accounts, ascending, may not grow. */
    bar: (accounts: readonly number[], seconds: number, evidence = byHand) =>
      act('bar', accounts, BigInt(seconds), encoded(evidence)),
    /** Guardian: says that it is alive. */
    beat: () => act('beat'),
    /** Anyone, once all guardians are silent. */
    deadMan: () => act('deadMan'),
    /** Second from which `deadMan` may be called; 0: never. */
    silentAt: async (): Promise<number> => Number(await ask('silentAt')),
    guardians: async () => (await ask('guardians')) as readonly Hex[],
    quorum: async (): Promise<number> => Number(await ask('quorum')),
    isBarred: async (account: number) => (await ask('barred', account)) as boolean,
    /** How a scope stands; of a market the level contains the venue's. */
    async entry(scope: number): Promise<ScopeEntry> {
      const [level, raw] = await Promise.all([ask('level', scope), ask('entry', scope)]);
      const [one, two, three, since] = (raw as unknown[]).map(Number) as [
        number,
        number,
        number,
        number,
      ];
      return { level: Number(level), untils: [one, two, three], haltedSince: since };
    },
    /** What is fixed at deployment, seconds but for the votes. */
    async limits() {
      const names = ['holdSecondsMax', 'haltSecondsMax', 'clearDelaySeconds', 'silenceSeconds'];
      const found = await Promise.all(names.map((name) => ask(name)));
      const [hold, halt, clear, silence] = found.map(Number) as [number, number, number, number];
      return { hold, halt, clear, silence };
    },
  };
}
