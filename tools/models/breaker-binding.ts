/** The breaker's model carried out by the contract; the governor is a fixed address. */
import { breakerAbi, breakerBytecode } from '@holdfast/abi';
import { type BreakerState, levelIn, quorumOf } from './breaker.ts';
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
const nobody = `0x${'0'.repeat(40)}` as const;
const guardianOf = (at: number) => party(16 + at);
const [governed, breaker] = [created(0), { abi: breakerAbi, address: created(1) }];

/** What a captured guardian says it saw. */
const evidence = { law: `0x${'4c'.repeat(32)}`, blockNumber: 0n, values: [-1n] };

function callerOf(by: string) {
  if (by.startsWith('guardian')) return guardianOf(Number(by.at(-1)));
  return by === 'governor' ? governor : anyone;
}

function call(_state: BreakerState, { by, name, args }: Action) {
  const from = callerOf(by);
  if (name.endsWith('Guardian')) return callOf(breaker, from, name, [guardianOf(args[0]!)]);
  return callOf(breaker, from, name, name === 'tighten' ? [...args, evidence] : args);
}

/** What each actor holds, as `hold` tells it: all guardians alone are one. */
function holdsOf(s: BreakerState): number[] {
  const count = s.guardians.length;
  const holders = Array.from({ length: count + 2 }, (_, at) => (at < count ? count + 2 : at));
  return holders.flatMap((at) => [s.actors[at]!.since, s.actors[at]!.until]);
}

/** @param initial gives the number of scopes and of guardians */
export function breakerBinding(initial: BreakerState): Binding<BreakerState> {
  const scopes = initial.scopes.map((_, scope) => scope);
  const guardians = initial.guardians.map((_, at) => at);
  const captured = guardians.filter((at) => initial.guardians[at]!.isGuardian).map(guardianOf);
  const actors = [...guardians.map(guardianOf), breaker.address, nobody];
  const view = (name: string, ...args: unknown[]) => callOf(breaker, anyone, name, args);
  return {
    creations: [
      wordContract,
      creationOf(breakerAbi, breakerBytecode, [governed, captured, initial.terms]),
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
      ]),
      ...actors.map((actor) => view('hold', actor)),
      view('guardiansCount'),
      view('quorum'),
      view('silentAt'),
    ],
    call,
    expected: (s, mutant): Word[] => [
      ...scopes.flatMap((scope) => [
        levelIn(s, scope, mutant),
        ...s.scopes[scope]!.untils,
        s.scopes[scope]!.since3,
        s.clears[scope]?.readyAt ?? 0,
      ]),
      ...s.guardians.flatMap((g) => [g.isGuardian, g.readyAt]),
      ...holdsOf(s),
      s.guardians.filter(({ isGuardian }) => isGuardian).length,
      quorumOf(s),
      s.terms.silenceSeconds && s.beatTime + s.terms.silenceSeconds,
    ],
  };
}
