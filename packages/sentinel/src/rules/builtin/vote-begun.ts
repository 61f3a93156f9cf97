/** Votes that would loosen: told when they begin, when they lead, and when their delay runs. */
import { parametersAbi } from '@holdfast/abi';
import { type Abi, encodeFunctionData } from 'viem';
import type { BlockView, VenueEvent } from '../../rule.ts';
import {
  allTapes,
  changedFields,
  isAnnounced,
  isLoosening,
  openCall,
  rule,
  type Score,
  set,
  whole,
} from '../kit/builtin.ts';
import { gather, live } from '../tape/crowd.ts';
import { addressOf, demoParams, type Tape } from '../tape/venue.ts';

/** Calls that take power from nobody and loosen nothing, on whatever contract. */
const harmless = new Set([
  'cancelClear',
  'cancelGovernor',
  'cancelLimit',
  'cancelMarket',
  'cancelReplacement',
  'cancelSteward',
  'cancelVenue',
  'cancelVerifier',
  'dismissSteward',
  'revoke',
  'vetoRotation',
]);
/** Longest description of what is voted on. */
const textMax = 200;

interface Vote {
  readonly what: string;
  readonly planned: boolean;
  readonly inFavour: number;
  readonly against: number;
}
type Memory = ReadonlyMap<string, Vote>;

/** A call that loosens in words; undefined when it only tightens. */
function loosening(data: unknown, { state }: BlockView): string | undefined {
  const call = openCall(data);
  // Nobody knows what it does: the guardians had better look.
  if (call === undefined) return `unknown call ${String(data).slice(0, 10)}`;
  const { name, args } = call;
  if (harmless.has(name)) return undefined;
  const plain = args.filter((each) => typeof each !== 'object').join(' ');
  if (name !== 'proposeMarket') return `${name} ${plain}`.trim();
  const current = state.markets.get(Number(args[0]))?.anchor;
  const next = whole(args[1]);
  if (!isLoosening(current, next)) return undefined;
  const fields = current === undefined ? 'a listing' : changedFields(current, next).join(', ');
  return `${name} ${plain} (${fields})`;
}

const wordsOf = (calls: readonly unknown[], view: BlockView): string =>
  calls
    .map((data) => loosening(data, view))
    .filter((each) => each !== undefined)
    .join('; ')
    .slice(0, textMax);

/** @param until end of what can be done about it: of the vote, or of the delay and its veto */
function scoreOf(event: VenueEvent, id: string, vote: Vote, until: number): Score {
  const { what, planned } = vote;
  const says: Readonly<Record<string, string>> = {
    ProposalCreated: 'a vote begins',
    VoteCast: 'a vote leads',
    ProposalQueued: 'voted, its delay runs',
  };
  const isNear = event.name !== 'ProposalCreated' && event.name !== 'VoteCast';
  return {
    key: `${event.name} ${id}`,
    scope: 0,
    value: 1,
    severity: planned ? 'info' : isNear ? 'critical' : 'high',
    title: `${says[event.name] ?? 'scheduled without a vote'}: ${what}`,
    evidence: { proposal: id, what, until, announced: planned ? 'yes' : 'no' },
  };
}

export default rule({
  id: 'vote-begun',
  tier: 'flow',
  severity: 'high',
  title: 'A vote would loosen',
  reads: 'proposals, ballots and queue of the votes; what their timelock schedules; calls decoded',
  threshold: { kind: 'any' },
  settings: {
    announced: {
      value: '',
      doc: 'what is planned: `ProposalCreated NUMBER`, comma separated; told as info',
    },
  },
  begin: (): Memory => new Map(),
  measure: (view, before, { announced }) => {
    let memory = before;
    const scores: Score[] = [];
    const queuedIn = new Set(
      view.events.filter(({ name }) => name === 'ProposalQueued').map(({ txHash }) => txHash),
    );
    for (const event of view.events) {
      const { source, name, args, txHash } = event;
      if (source === 'access' && name === 'OperationScheduled' && !queuedIn.has(txHash)) {
        const what = wordsOf([args.data], view);
        const vote = { what, planned: false, inFavour: 0, against: 0 };
        const id = String(args.operationId);
        if (what !== '') scores.push(scoreOf(event, id, vote, Number(args.schedule)));
      }
      if (source !== 'votes') continue;
      const id = String(args.proposalId);
      if (name === 'ProposalCreated') {
        const what = wordsOf(args.calldatas as readonly unknown[], view);
        if (what === '') continue;
        const planned = isAnnounced(announced, name, id);
        const vote = { what, planned, inFavour: 0, against: 0 };
        memory = set(memory, id, vote);
        scores.push(scoreOf(event, id, vote, Number(args.voteEnd)));
      }
      const vote = memory.get(id);
      if (vote === undefined) continue;
      if (name === 'VoteCast') {
        const weight = Number(args.weight);
        const more = {
          ...vote,
          inFavour: vote.inFavour + (Number(args.support) === 1 ? weight : 0),
          against: vote.against + (Number(args.support) === 0 ? weight : 0),
        };
        memory = set(memory, id, more);
        const led = vote.inFavour > vote.against;
        if (!led && more.inFavour > more.against) scores.push(scoreOf(event, id, more, 0));
      }
      if (name === 'ProposalQueued') {
        scores.push(scoreOf(event, id, vote, Number(args.etaSeconds)));
      }
      if (name === 'ProposalCanceled' || name === 'ProposalExecuted') {
        memory = new Map([...memory].filter(([each]) => each !== id));
      }
    }
    return { memory, scores };
  },
  trial: {
    silent: allTapes,
    attack: {
      what: 'two seats vote for another governor and wider markets, and queue it a day later',
      acts: false,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 20, seconds: 2 });
        const wide = { ...demoParams, openInterestMax: 2 ** 39, initialPpm: 11_000 };
        const calls = [
          callOf('proposeGovernor', [addressOf(0xdead)]),
          callOf('proposeMarket', [1, wide]),
        ];
        yield* vote(tape, calls, 7n);
      },
    },
    further: [
      {
        what: 'a call that no contract of the venue has',
        acts: false,
        play: (tape) => vote(tape, ['0x12345678'], 8n),
      },
      {
        what: 'the timelock schedules what nobody voted on',
        acts: false,
        *play(tape) {
          const data = callOf('proposeGovernor', [addressOf(0xdead)]);
          const args = { operationId: '0x01', nonce: 1, schedule: tape.now() + 86_400, data };
          tape.event({ source: 'access', name: 'OperationScheduled', args });
          yield tape.block(2);
        },
      },
    ],
    calm: [
      {
        what: 'a vote that drops a proposal, dismisses the steward and narrows a market',
        *play(tape) {
          const crowd = gather(tape);
          yield* live(tape, crowd, { blocks: 2, seconds: 2 });
          const narrow = { ...demoParams, openInterestMax: demoParams.openInterestMax - 1 };
          const calls = [
            callOf('cancelVenue', []),
            callOf('dismissSteward', []),
            callOf('proposeMarket', [1, narrow]),
          ];
          yield* vote(tape, calls, 9n);
        },
      },
    ],
    mutants: [
      {
        what: 'tight and loose change places',
        from: 'if (!isLoosening(current, next)) return undefined;',
        to: 'if (isLoosening(current, next)) return undefined;',
      },
      { what: 'nothing is harmless', from: 'harmless.has(name)', to: 'false' },
      {
        what: 'a call that is not known is none',
        from: 'if (call === undefined) return',
        to: 'if (call === undefined) return undefined;\n  if (call === undefined) return',
      },
      {
        what: 'only what a vote queued is seen',
        from: '&& !queuedIn.has(txHash)',
        to: '&& queuedIn.has(txHash)',
      },
    ],
  },
});

/** Calldata for the parameters. */
function callOf(functionName: string, args: readonly unknown[]): string {
  const tuple = args.map((each) => {
    if (typeof each !== 'object' || each === null) return each;
    const wide = ['tickValue', 'openInterestMax', 'backstopLotsMax'];
    const fields = Object.entries(each);
    return Object.fromEntries(
      fields.map(([name, value]) => [name, wide.includes(name) ? BigInt(value) : value]),
    );
  });
  return encodeFunctionData({ abi: parametersAbi as Abi, functionName, args: tuple });
}

/** A proposal, two ballots and its queue. */
function* vote(tape: Tape, calldatas: readonly string[], proposalId: bigint) {
  const tell = (name: string, args: object) =>
    tape.event({ source: 'votes', name, args: { proposalId, ...args } });
  tell('ProposalCreated', { calldatas, voteEnd: tape.now() + 86_400 });
  yield tape.block(60);
  tell('VoteCast', { support: 1, weight: 1n });
  tell('VoteCast', { support: 1, weight: 1n });
  yield tape.block(60);
  tell('ProposalQueued', { etaSeconds: tape.now() + 172_800 });
  yield tape.block(60);
}
