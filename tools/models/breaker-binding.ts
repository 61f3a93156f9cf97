/** The breaker's model carried out by the contract; the governor is a fixed address. */
import { breakerAbi, breakerBytecode } from '@holdfast/abi';
import { type BreakerState, breakerTerms, levelIn } from './breaker.ts';
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

const governor = party(1);
const anyone = party(2);
const guardianOf = (at: number) => party(16 + at);
const [governed, breaker] = [created(0), { abi: breakerAbi, address: created(1) }];

function callerOf(by: string) {
  if (by.startsWith('guardian')) return guardianOf(Number(by.at(-1)));
  return by === 'governor' ? governor : anyone;
}

function call(_state: BreakerState, { by, name, args }: Action) {
  const isOfGuardian = name.endsWith('Guardian');
  return callOf(breaker, callerOf(by), name, isOfGuardian ? [guardianOf(args[0]!)] : args);
}

/** @param initial gives the number of scopes and of guardians */
export function breakerBinding(initial: BreakerState): Binding<BreakerState> {
  const scopes = initial.scopes.map((_, scope) => scope);
  const guardians = initial.guardians.map((_, at) => at);
  const view = (name: string, ...args: unknown[]) => callOf(breaker, anyone, name, args);
  return {
    creations: [
      wordContract,
      creationOf(breakerAbi, breakerBytecode, [governed, [guardianOf(0)], breakerTerms]),
    ],
    setup: [
      { from: anyone, to: governed, data: `0x00000000${governor.slice(2).padStart(64, '0')}` },
    ],
    views: [
      ...scopes.flatMap((scope) => [
        view('level', scope),
        view('entry', scope),
        view('clearReadyAt', scope),
      ]),
      ...guardians.flatMap((at) => [
        view('isGuardian', guardianOf(at)),
        view('guardianReadyAt', guardianOf(at)),
        view('hold', guardianOf(at)),
      ]),
      view('guardiansCount'),
    ],
    call,
    expected: (s, mutant): Word[] => [
      ...scopes.flatMap((scope) => [
        levelIn(s, scope, mutant),
        ...s.scopes[scope]!,
        s.clears[scope]?.readyAt ?? 0,
      ]),
      ...s.guardians.flatMap((g) => [g.isGuardian, g.readyAt, g.since, g.until]),
      s.guardians.filter(({ isGuardian }) => isGuardian).length,
    ],
  };
}
