/** The model of the treasury carried out by `Treasury`, with signatures of its suite. */
import {
  breakerAbi,
  breakerBytecode,
  testTokenAbi,
  testTokenBytecode,
  treasuryAbi,
  treasuryBytecode,
} from '@holdfast/abi';
import { instructionDigest } from '@holdfast/treasury';
import {
  concatHex,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  hexToBytes,
  keccak256,
  toHex,
} from 'viem';
import { secretOf, signGroup } from '../group-signer.ts';
import { breakerTerms } from './breaker.ts';
import type { Action } from './model.ts';
import {
  type Binding,
  type Call,
  callOf,
  created,
  creationOf,
  party,
  type Word,
  wordContract,
} from './program.ts';
import { levels, noting, sumOf, type TreasuryState, treasuryTerms as terms } from './treasury.ts';

const chainId = 31_337;
const [governor, guardian, anyone, registry] = [1, 2, 3, 4].map(party) as [Hex, Hex, Hex, Hex];
const payee = party(5);
const callers: Readonly<Record<string, Hex>> = { governor, guardian, anyone, registry };

const [governed, guardians, committees, target] = [0, 1, 2, 3].map(created) as [Hex, Hex, Hex, Hex];
const token = { abi: testTokenAbi, address: created(4) };
const treasury = { abi: treasuryAbi, address: created(5) };

/**
 * A registry of one key. A call of four words stores them: x, isOdd, generation, isRevoked. Any
 * other is answered with the first three, or with `KeyRevoked(1)`.
 */
const registryCode: Hex = (() => {
  const store = [0, 1, 2, 3].map(
    (i) => `60${toHex(4 + 32 * i, { size: 1 }).slice(2)}3560${toHex(i, { size: 1 }).slice(2)}55`,
  );
  const load = [0, 1, 2].map(
    (i) => `60${toHex(i, { size: 1 }).slice(2)}5460${toHex(32 * i, { size: 1 }).slice(2)}52`,
  );
  const selector = encodeFunctionData({
    abi: [{ type: 'function', name: 'KeyRevoked', inputs: [{ type: 'uint8' }] }],
    args: [1],
  } as never).slice(2, 10);
  const answer = `${load.join('')}60605ff3`;
  const refuse = `63${selector}60e01b5f52600160045260245ffd`;
  // calldatasize > 36 ? store : isRevoked ? refuse : answer. What decides takes 13 bytes.
  const atRefuse = 13 + answer.length / 2;
  const atStore = atRefuse + 1 + refuse.length / 2;
  const byte = (n: number) => toHex(n, { size: 1 }).slice(2);
  const head = `6024361160${byte(atStore)}57600354`;
  const runtime = `${head}60${byte(atRefuse)}57${answer}5b${refuse}5b${store.join('')}00`;
  return `0x60${byte(runtime.length / 2)}80600a5f395ff3fe${runtime}` as Hex;
})();

/** Keys by parity of the generation, and one nonce for each: nothing is secret here. */
const keys = [0, 1].map((i) => ({
  own: secretOf(BigInt(1_000 + i)),
  nonce: secretOf(BigInt(7 + i)),
}));
const keyAt = (generation: number) => keys[generation % 2]!;

/** What the governor allows: the target keeps the word that it is called with. */
const selector = '0xa1b2c3d4';

/** One call, which pays or notes the number of its instruction. */
function callsOf(amount: number, nonce: number): { targets: Hex[]; data: Hex[] } {
  if (amount === noting) {
    return { targets: [target], data: [concatHex([selector, toHex(nonce + 1, { size: 32 })])] };
  }
  const args = [payee, BigInt(amount)] as const;
  const data = encodeFunctionData({ abi: testTokenAbi, functionName: 'transfer', args });
  return { targets: [token.address], data: [data] };
}

function scheduleOf(s: TreasuryState, { name, args }: Action): Call {
  const [amount = 0, age = 0] = args;
  const nonce = name === 'scheduleSpent' ? s.nextNonce - 1 : s.nextNonce;
  const expiry = s.now - (name === 'scheduleLate' ? 1 : 0);
  const { targets, data } = callsOf(amount, nonce);
  const calls = targets.map((each, i) => ({ target: each, data: data[i] as Hex }));
  const instruction = { nonce: BigInt(nonce), expiry, calls };
  const digest = instructionDigest({ chainId, treasury: treasury.address }, instruction);
  const { own, nonce: secret } = keyAt(s.generation - age);
  const { rx, ry, z } = signGroup(own, hexToBytes(digest), secret);
  const signature = { rx, ry, z };
  return callOf(treasury, anyone, 'schedule', [BigInt(nonce), expiry, targets, data, signature]);
}

/** What waits at a place; where nothing does, the next one. */
const at = (s: TreasuryState, place: number): { nonce: number; amount: number } =>
  s.waiting[place] ?? { nonce: s.nextNonce, amount: 1 };

function executeOf(s: TreasuryState, { name, args }: Action): Call {
  if (name === 'executeGone') {
    const { targets, data } = callsOf(1, args[0]!);
    return callOf(treasury, anyone, 'execute', [BigInt(args[0]!), targets, data]);
  }
  const { nonce, amount } = at(s, args[0]!);
  const { targets, data } = callsOf(name === 'executeOther' ? amount + 1 : amount, nonce);
  return callOf(treasury, anyone, 'execute', [BigInt(nonce), targets, data]);
}

/** The registry as it is after a change of its key. */
function registryCall(generation: number, isRevoked: boolean): Call {
  const { x, y } = keyAt(generation).own;
  const words = [x, y % 2n, BigInt(generation), BigInt(isRevoked)];
  const data = concatHex(['0x00000000', ...words.map((word) => toHex(word, { size: 32 }))]);
  return { from: registry, to: committees, data };
}

const limitOf = (level: number): readonly bigint[] => {
  const { small, day } = levels[level]!;
  return [BigInt(small), BigInt(day)];
};

function callFor(s: TreasuryState, action: Action): Call {
  const { by, name, args } = action;
  const from = callers[by]!;
  if (name === 'rotate') return registryCall(s.generation + 1, false);
  if (name === 'revoke') return registryCall(s.generation, true);
  if (name.startsWith('schedule')) return scheduleOf(s, action);
  if (name.startsWith('execute')) return executeOf(s, action);
  if (name === 'veto') return callOf(treasury, from, name, [BigInt(at(s, args[0]!).nonce)]);
  if (name.endsWith('Call')) return callOf(treasury, from, name, [target, selector]);
  const limit = name === 'proposeLimit' ? limitOf(args[0]!) : [];
  return callOf(treasury, from, name, [token.address, ...limit]);
}

/** The token and the call wait, and the treasury is funded. */
function setupOf(initial: TreasuryState): Call[] {
  const word = (address: Hex) => `0x00000000${address.slice(2).padStart(64, '0')}` as const;
  return [
    { from: anyone, to: governed, data: word(governor) },
    registryCall(initial.generation, false),
    callOf(token, anyone, 'mint', [treasury.address, 1_000_000n]),
    callOf(treasury, governor, 'proposeLimit', [token.address, ...limitOf(1)]),
    ...(initial.callReadyAt > 0
      ? [callOf(treasury, governor, 'proposeCall', [target, selector])]
      : []),
  ];
}

/** Number, ready time and generation of an instruction, as the contract keeps them. */
function waitingWords(s: TreasuryState, number: number): Word[] {
  const entry = s.waiting.find(({ nonce }) => nonce === number);
  if (entry === undefined) return [0, 0, 0];
  const { targets, data } = callsOf(entry.amount, number);
  const types = [{ type: 'address[]' }, { type: 'bytes[]' }] as const;
  const calls = keccak256(encodeAbiParameters(types, [targets, data]));
  return [calls, entry.readyAt, entry.generation];
}

export function treasuryBinding(initial: TreasuryState): Binding<TreasuryState> {
  const { smallDelaySeconds, largeDelaySeconds } = terms;
  const delays = [BigInt(smallDelaySeconds), BigInt(largeDelaySeconds)];
  const view = (name: string, ...args: readonly unknown[]) => callOf(treasury, anyone, name, args);
  const limitWords = (level: number | undefined): readonly Word[] =>
    level === undefined || level < 0 ? [0, 0] : limitOf(level);
  return {
    creations: [
      wordContract,
      creationOf(breakerAbi, breakerBytecode, [governed, [guardian], breakerTerms]),
      registryCode,
      wordContract,
      creationOf(testTokenAbi, testTokenBytecode, ['Test Dollar', 'TUSD', 6]),
      creationOf(treasuryAbi, treasuryBytecode, [committees, governed, guardians, ...delays]),
    ],
    setup: setupOf(initial),
    views: [
      view('nextNonce'),
      view('usedInDay', token.address),
      callOf(token, anyone, 'balanceOf', [payee]),
      view('limits', token.address),
      view('pendingLimit', token.address),
      view('isAllowed', target, selector),
      view('callReadyAt', target, selector),
      view('waiting', 0n),
      view('waiting', 1n),
    ],
    call: callFor,
    varies: ({ name }) => /^(?:schedule|execute|veto|rotate|revoke)/.test(name),
    expected: (s): Word[] => [
      s.nextNonce,
      ...[sumOf(s.paid, s.now), sumOf(s.small, s.now), s.sent],
      ...[...limitWords(s.level), s.level < 0 ? 0 : 1],
      ...[...limitWords(s.pending?.level), s.pending?.readyAt ?? 0],
      ...[s.isAllowed, s.callReadyAt],
      ...waitingWords(s, 0),
      ...waitingWords(s, 1),
    ],
  };
}
