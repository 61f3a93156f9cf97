/** The model of committees carried out by `Committees`, with keys and signatures of its suite. */
import { breakerAbi, breakerBytecode, committeesAbi, committeesBytecode } from '@holdfast/abi';
import { registryDomain, registryTypes } from '@holdfast/party';
import { type Hex, hashTypedData, hexToBytes, keccak256, toHex } from 'viem';
import { type Secret, secretOf, signGroup } from '../group-signer.ts';
import { breakerTerms } from './breaker.ts';
import { type CommitteeState, committeeTerms, type PendingKey } from './committees.ts';
import type { Action } from './model.ts';
import {
  type Binding,
  callOf,
  created,
  creationOf,
  party,
  type Word,
  wordContract,
} from './program.ts';

const id = 1;
const chainId = 31_337;

const governor = party(1);
const guardian = party(2);
const anyone = party(3);
const callers: Readonly<Record<string, Hex>> = { governor, guardian, anyone };

/** The governor is the word of one contract; guardians are those of a breaker. */
const [governed, guardians] = [created(0), created(1)];
const registry = { abi: committeesAbi, address: created(2) };

/** A key of the model, and one nonce for all its signatures: nothing is secret here. */
type Key = {
  readonly own: Secret;
  readonly nonce: Secret;
  readonly candidate: {
    readonly x: bigint;
    readonly isOdd: boolean;
    readonly threshold: number;
    readonly size: number;
    readonly roster: Hex;
  };
};

function keyOf(number: number): Key {
  const own = secretOf(BigInt(1_000 + number));
  const facts = { threshold: 2, size: 3, roster: keccak256(toHex(number)) };
  const candidate = { x: own.x, isOdd: own.y % 2n === 1n, ...facts };
  return { own, nonce: secretOf(BigInt(2_000 + number)), candidate };
}
const keys = [1, 2, 3].map(keyOf);
const keyAt = (number: number): Key => keys[number - 1]!;

function sign({ own, nonce }: Key, digest: Hex) {
  const { rx, ry, z } = signGroup(own, hexToBytes(digest), nonce);
  return { rx, ry, z };
}

const domain = registryDomain(chainId, registry.address);
const types = registryTypes;

const life = (generation: number, to: number, by = to) =>
  sign(
    keyAt(by),
    hashTypedData({
      domain,
      types,
      primaryType: 'ProofOfLife',
      message: { committee: id, generation, ...keyAt(to).candidate },
    }),
  );

function consent(
  generation: number,
  number: number,
  expiry: number,
  [from, to]: readonly number[],
) {
  const message = { committee: id, generation, number, expiry, ...keyAt(to!).candidate };
  return sign(keyAt(from!), hashTypedData({ domain, types, primaryType: 'Rotation', message }));
}

function argsOf(s: CommitteeState, { name, args }: Action): readonly unknown[] {
  const next = s.generation + 1;
  const [from = 0, to = 0] = args;
  if (name === 'proposeReplacement') return [id, keyAt(from).candidate, life(next, from)];
  if (!name.endsWith('Rotation') && name !== 'proposeRogue') return [id];
  if (args.length === 0) return [id];
  // What was signed for the number before is spent; before the first one there is none.
  const number = name === 'replayRotation' ? (s.rotations + 2 ** 32 - 1) % 2 ** 32 : s.rotations;
  const proof = name === 'proposeRogue' ? life(next, to, from) : life(next, to);
  const expiry = name === 'proposeLateRotation' ? s.now - 1 : s.now;
  return [id, expiry, keyAt(to).candidate, proof, consent(next, number, expiry, args)];
}

const renamed: Readonly<Record<string, string>> = {
  replayRotation: 'proposeRotation',
  proposeRogue: 'proposeRotation',
  proposeLateRotation: 'proposeRotation',
};
const isSigned = ({ name }: Action): boolean => name.startsWith('propose') || name in renamed;

function wordsOf(number: number | undefined): Word[] {
  if (number === undefined) return [0, 0, 0, 0, 0];
  const { x, isOdd, threshold, size, roster } = keyAt(number).candidate;
  return [x, isOdd, threshold, size, roster];
}
const pendingWords = (pending: PendingKey | undefined): Word[] => [
  ...wordsOf(pending?.to),
  pending?.readyAt ?? 0,
];

/** The committee's first key is in force from the constructor on. */
export function committeeBinding(initial: CommitteeState): Binding<CommitteeState> {
  const first = { id, candidate: keyAt(initial.key).candidate, life: life(1, initial.key) };
  const { rotationDelaySeconds, replacementDelaySeconds } = committeeTerms;
  const delays = [BigInt(rotationDelaySeconds), BigInt(replacementDelaySeconds)];
  const view = (name: string) => callOf(registry, anyone, name, [id]);
  const word = (address: Hex) => `0x00000000${address.slice(2).padStart(64, '0')}` as const;
  return {
    creations: [
      wordContract,
      creationOf(breakerAbi, breakerBytecode, [governed, [guardian], breakerTerms]),
      creationOf(committeesAbi, committeesBytecode, [governed, guardians, ...delays, [first]]),
    ],
    setup: [{ from: anyone, to: governed, data: word(governor) }],
    views: [view('committee'), view('pendingRotation'), view('pendingReplacement')],
    call: (s, action) =>
      callOf(registry, callers[action.by]!, renamed[action.name] ?? action.name, argsOf(s, action)),
    varies: isSigned,
    expected: (s): Word[] => {
      const { x, isOdd, threshold, size, roster } = keyAt(s.key).candidate;
      const counts = [s.generation, s.rotations];
      return [
        ...[x, isOdd, s.isRevoked, threshold, size, ...counts, roster],
        ...pendingWords(s.rotation),
        ...pendingWords(s.replacement),
      ];
    },
  };
}
