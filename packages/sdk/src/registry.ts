/**
 * The registry of committees: whose group signature counts. A key in force hands over to the next
 * one (rotation), or the governor replaces it after a longer delay.
 */
import { committeesAbi } from '@holdfast/abi';
import type { Hex, Rejection } from '@holdfast/units';
import type { Abi } from 'viem';
import type { ChainActions, Done } from './chain.ts';

/** A key and what its ceremony says of it, as the registry takes it. */
export type KeyFacts = {
  readonly x: bigint;
  readonly isOdd: boolean;
  readonly threshold: number;
  readonly size: number;
  /** Hash of the parties' roster. */
  readonly roster: Hex;
};

/** A group signature as the registry takes it. */
export type KeySignature = { readonly rx: bigint; readonly ry: bigint; readonly z: bigint };

/** A committee in the registry. */
export type RegisteredCommittee = KeyFacts & {
  /** Signs nothing until it is replaced. */
  readonly isRevoked: boolean;
  /** Keys that it has had; zero: it was never founded. */
  readonly generation: number;
  /** Rotations that were ever proposed. */
  readonly rotations: number;
};

/** A key that waits. */
export type PendingKey = {
  readonly candidate: KeyFacts;
  /** From when anyone may apply it, and from when nobody may any more, venue seconds. */
  readonly readyAt: number;
  readonly deadAt: number;
};

/** A proposal that nobody applies is dead after this long. */
const expirySeconds = 7 * 86_400;

export type Registry = ReturnType<typeof createRegistry>;

type RawPending = { readonly candidate: KeyFacts; readonly readyAt: number };

function pendingOf({ candidate, readyAt }: RawPending): PendingKey | undefined {
  if (Number(readyAt) === 0) return undefined;
  return { candidate, readyAt: Number(readyAt), deadAt: Number(readyAt) + expirySeconds };
}

/**
 * @param address the registry
 * @param chain actions with the key of whoever calls
 */
export function createRegistry(address: Hex, chain: ChainActions) {
  const on = (functionName: string, ...args: unknown[]) =>
    ({ address, abi: committeesAbi as Abi, functionName, args }) as const;
  const act = (functionName: string, ...args: unknown[]): Promise<Done | Rejection> =>
    chain.call(on(functionName, ...args));
  const ask = async <T>(functionName: string, ...args: unknown[]): Promise<T> =>
    (await chain.ask(on(functionName, ...args))) as T;

  return {
    committee: (id: number) => ask<RegisteredCommittee>('committee', id),
    pendingRotation: async (id: number) => pendingOf(await ask<RawPending>('pendingRotation', id)),
    pendingReplacement: async (id: number) =>
      pendingOf(await ask<RawPending>('pendingReplacement', id)),
    /** Delays of a rotation and of a replacement, venue seconds. */
    async delays(): Promise<{ rotation: number; replacement: number }> {
      const names = ['rotationDelaySeconds', 'replacementDelaySeconds'] as const;
      const [rotation, replacement] = await Promise.all(names.map((name) => ask<bigint>(name)));
      return { rotation: Number(rotation), replacement: Number(replacement) };
    },
    /** Anyone, until `expiry`: starts the delay of a hand-over that the key in force has signed. */
    proposeRotation: (
      id: number,
      expiry: number,
      next: KeyFacts,
      life: KeySignature,
      consent: KeySignature,
    ) => act('proposeRotation', id, expiry, next, life, consent),
    /** Anyone, after the delay. */
    applyRotation: (id: number) => act('applyRotation', id),
    /** Governor or any guardian. */
    vetoRotation: (id: number) => act('vetoRotation', id),
    /** Governor: starts the longer delay. */
    proposeReplacement: (id: number, next: KeyFacts, life: KeySignature) =>
      act('proposeReplacement', id, next, life),
    /** Anyone, after the delay. */
    applyReplacement: (id: number) => act('applyReplacement', id),
    /** Governor. */
    cancelReplacement: (id: number) => act('cancelReplacement', id),
    /** Governor: the key signs nothing from now on. */
    revoke: (id: number) => act('revoke', id),
  };
}
