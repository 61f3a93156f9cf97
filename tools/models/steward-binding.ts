/** The steward's model carried out by `Steward` in front of `Parameters`. */
import { parametersAbi, parametersBytecode, stewardAbi, stewardBytecode } from '@holdfast/abi';
import { type Binding, callOf, created, creationOf, party, type Word } from './program.ts';
import {
  askedOf,
  inForce,
  moves,
  notices,
  type StewardModelState,
  stewardAnchor,
  stewardTerms,
} from './steward.ts';

const parameters = { abi: parametersAbi, address: created(0) };
const steward = { abi: stewardAbi, address: created(1) };
const callers: Readonly<Record<string, ReturnType<typeof party>>> = {
  governor: party(1),
  operator: party(2),
  stranger: party(3),
};
const hash = `0x${'00'.repeat(32)}` as const;
const venue = {
  sequencer: party(33),
  quietSeconds: 30,
  reportSkewSecondsMax: 30,
  profitHaircutPpm: 100_000,
};

export function stewardBinding(): Binding<StewardModelState> {
  const args = [callers.governor, 86_400n, venue, [stewardAnchor], steward.address];
  const own = [parameters.address, callers.operator, stewardTerms];
  const view = (of: typeof parameters | typeof steward, name: string, ...more: unknown[]) =>
    callOf(of, party(9), name, more);
  return {
    creations: [
      creationOf(parametersAbi, parametersBytecode, args),
      creationOf(stewardAbi, stewardBytecode, own),
    ],
    setup: [],
    views: [view(parameters, 'market', 0), view(parameters, 'steward'), view(steward, 'course', 0)],
    varies: ({ name }) => name === 'move',
    call: (state, { by, name, args: given }) => {
      const from = callers[by]!;
      if (name === 'move') {
        const [tuple, time] = askedOf(state, moves[given[0]!]!);
        const asked = { market: 0, tuple, modelHash: hash, inputRoot: hash, time };
        return callOf(steward, from, name, [asked]);
      }
      if (name === 'announce') return callOf(steward, from, name, [0, notices[given[0]!]]);
      if (name === 'decay') return callOf(steward, from, name, [0]);
      return callOf(parameters, from, name, name === 'restoreMarket' ? [0] : []);
    },
    expected: (s): Word[] => [
      ...(Object.values(inForce(s)) as number[]),
      s.inOffice ? steward.address : 0,
      s.course.movedAt,
      s.course.inputTime,
      s.course.expiresAt,
      s.course.decayedAt,
      s.course.noticePpm,
      s.course.noticeReadyAt,
    ],
  };
}
