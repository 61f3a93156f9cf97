/** What delayed changes promise, and their two bounded models. */
import { act, type Model, type Property, wait } from './model.ts';
import {
  isTighterMarket,
  isTighterVenue,
  numberOf,
  type ParametersState,
  parametersModel,
  parameterTerms as terms,
} from './parameters.ts';

type P = Property<ParametersState>;

const isLooser = (before: ParametersState, after: ParametersState, id: number): boolean => {
  const [from, to] = [before.markets[id], after.markets[id]];
  return to !== undefined && from !== to && (from === undefined || !isTighterMarket(from, to));
};

/** Age of what is applied now: negative of the time that is left, plus the delay. */
const ageOf = (pending: { readonly readyAt: number } | undefined, now: number): number =>
  pending === undefined ? -1 : now - pending.readyAt + terms.delaySeconds;

const isInWeek = (age: number): boolean =>
  age >= terms.delaySeconds && age <= terms.delaySeconds + terms.expirySeconds;

const markets: P[] = [
  {
    name: 'loosening waits',
    says: 'A market is listed or loosened in any field only by what was proposed a delay before.',
    mutant: 'applied early',
    breaks: 'a proposal is applied before its time',
    kind: 'step',
    check: (before, { name }, after) => {
      const id = [0, 1].find((each) => isLooser(before, after, each));
      if (id === undefined) return undefined;
      if (name !== 'applyMarket') return 'loosened without a proposal';
      const age = ageOf(before.pendingMarkets[id], after.now);
      return age < terms.delaySeconds ? 'loosened before the delay' : undefined;
    },
  },
  {
    name: 'old proposals are dead',
    says: 'Nothing is applied later than seven days after it was ready.',
    mutant: 'old proposals live',
    breaks: 'proposals do not expire',
    kind: 'step',
    check: (before, { name, args }, after) =>
      name === 'applyMarket' && !isInWeek(ageOf(before.pendingMarkets[args[0]!], after.now))
        ? 'applied outside its week'
        : undefined,
  },
  {
    name: 'every field decides',
    says: 'A tuple that is tighter in one field and looser in another waits as a whole.',
    mutant: 'one field decides',
    breaks: 'one tighter field is enough',
    kind: 'step',
    check: (before, { name }, after) =>
      name === 'proposeMarket' && isLooser(before, after, 0) ? 'looser at once' : undefined,
  },
  {
    name: 'maintenance margin always waits',
    says: 'Nobody becomes liquidatable by a change that did not wait, in either direction.',
    mutant: 'maintenance at once',
    breaks: 'a change of the maintenance margin may be tighter',
    kind: 'step',
    check: (before, { name }, after) =>
      name !== 'applyMarket' && before.markets[0]!.maintenance !== after.markets[0]!.maintenance
        ? 'changed at once'
        : undefined,
  },
  {
    name: 'tightening never waits',
    says: 'What is tighter in every field is in force in the call that proposes it.',
    mutant: 'tightening waits',
    breaks: 'all proposals wait',
    kind: 'step',
    check: (before, { name, args: [id, ...fields] }, after) => {
      if (name !== 'proposeMarket' || id !== 0) return undefined;
      const [cap, fee, maintenance, tick] = fields as [number, number, number, number];
      const isTighter = isTighterMarket(before.markets[0]!, { cap, fee, maintenance, tick });
      const { cap: now, fee: nowFee } = after.markets[0]!;
      return isTighter && (now !== cap || nowFee !== fee) ? 'not in force' : undefined;
    },
  },
  {
    name: 'tightening ends what was pending',
    says: 'No proposal from before a tightening or a cancelling is applied after it.',
    mutant: 'pending survives',
    breaks: 'a tightening leaves the pending proposal',
    kind: 'step',
    check: (before, { name, args }) =>
      name === 'applyMarket' && before.pendingMarkets[args[0]!]?.isOld
        ? 'applied what was dropped'
        : undefined,
  },
  {
    name: 'cancelled is gone',
    says: 'What the governor cancelled is never applied.',
    mutant: 'cancel keeps',
    breaks: 'cancelling only says so',
    kind: 'step',
    check: (before, { name, args }) =>
      name === 'applyMarket' && before.pendingMarkets[args[0]!]?.isOld
        ? 'applied what was cancelled'
        : undefined,
  },
  {
    name: 'bounds hold for every governor',
    says: 'No state has a parameter outside its hard bounds, in force or pending.',
    mutant: 'no bounds',
    breaks: 'a tuple is not judged',
    kind: 'state',
    check: (s) =>
      [...s.markets, ...s.pendingMarkets.map((slot) => slot?.value)].some((m) => m && m.fee > 2)
        ? 'a fee above its bound'
        : undefined,
  },
  {
    name: 'a tick keeps its value',
    says: 'The value of a tick of a listed market never changes, so that positions keep theirs.',
    mutant: 'tick may change',
    breaks: 'the tuple of a listed market may have another',
    kind: 'step',
    check: (before, _action, after) =>
      before.markets[0]!.tick === after.markets[0]!.tick ? undefined : 'changed',
  },
];

const roles: P[] = [
  {
    name: 'only the governor proposes',
    says: 'Only the governor of the moment proposes and cancels.',
    mutant: 'anyone governs',
    breaks: 'the caller is not asked for',
    kind: 'step',
    check: (before, { by, name }) =>
      /^(?:propose|cancel)/.test(name) && numberOf(by) !== before.governor
        ? 'done by another'
        : undefined,
  },
  {
    name: 'another sequencer waits',
    says: 'No sequencer follows another without the delay; none at all follows at once.',
    mutant: 'any sequencer',
    breaks: 'another sequencer counts as tighter',
    kind: 'step',
    check: (before, { name }, after) =>
      name !== 'applyVenue' && !isTighterVenue(before.venue, after.venue)
        ? 'another at once'
        : undefined,
  },
  {
    name: 'another governor waits and accepts',
    says: 'The governor changes only to the one proposed, who accepts in its week after the delay.',
    mutant: 'anyone accepts',
    breaks: 'anyone accepts for the successor',
    kind: 'step',
    check: (before, { by, name }, after) => {
      if (before.governor === after.governor) return undefined;
      if (name !== 'acceptGovernor' || numberOf(by) !== after.governor) return 'not accepted by it';
      return isInWeek(ageOf(before.pendingGovernor, after.now)) ? undefined : 'outside its week';
    },
  },
  {
    name: 'nobody leaves too late',
    says: 'Between a proposal for the venue and its force lies the whole delay, and never less.',
    mutant: 'no delay',
    breaks: 'a proposal is ready at once',
    kind: 'step',
    check: (before, { name }, after) =>
      name === 'proposeVenue' &&
      after.pendingVenue !== undefined &&
      after.pendingVenue !== before.pendingVenue &&
      after.pendingVenue.readyAt < after.now + terms.delaySeconds
        ? 'ready too soon'
        : undefined,
  },
  {
    name: 'the sequencer is out at once',
    says: 'The governor alone takes the sequencer out in one step, in every state.',
    mutant: 'no sequencer waits',
    breaks: 'no sequencer at all waits too',
    kind: 'response',
    next: (s) =>
      s.venue.sequencer === 0
        ? undefined
        : act(`party${s.governor}`, 'proposeVenue', 0, s.venue.quiet),
    stepsMax: 1,
    secondsMax: 0,
  },
  {
    name: 'a change comes through',
    says: 'The governor alone gets any lawful change in force within the delay, from every state.',
    mutant: 'dead on arrival',
    breaks: 'a proposal expires before it is ready',
    kind: 'response',
    next: (s) => {
      if (s.venue.sequencer === 2) return undefined;
      const pending = s.pendingVenue;
      if (pending?.value.sequencer !== 2 || s.now > pending.readyAt + terms.expirySeconds) {
        return act(`party${s.governor}`, 'proposeVenue', 2, 2);
      }
      return s.now < pending.readyAt ? wait(pending.readyAt - s.now) : act('party9', 'applyVenue');
    },
    stepsMax: 3,
    secondsMax: terms.delaySeconds,
  },
];

const none = { tuples: [], listings: [], venues: [], governors: [] };

export const parametersModels: readonly Model<ParametersState>[] = [
  parametersModel(
    {
      ...none,
      name: 'parameters: markets',
      bounds: '1 listed market of 9 tuples, 1 listing, 2 callers',
      tuples: [
        [2, 2, 1, 1],
        [1, 2, 1, 1],
        [2, 1, 1, 1],
        [1, 1, 1, 1],
        [2, 2, 2, 1],
        [1, 1, 2, 1],
        [2, 2, 1, 2],
        [1, 3, 1, 1],
        [0, 2, 1, 1],
      ],
      listings: [[1, 1, 1, 2]],
      parties: [1, 3],
    },
    markets,
  ),
  parametersModel(
    {
      ...none,
      name: 'parameters: roles',
      bounds: '3 sequencers, 3 governors, all of them and a stranger call',
      venues: [
        [1, 2],
        [1, 1],
        [2, 2],
        [0, 2],
        [0, 1],
      ],
      governors: [0, 2, 3],
      parties: [1, 2, 3],
    },
    roles,
  ),
];
