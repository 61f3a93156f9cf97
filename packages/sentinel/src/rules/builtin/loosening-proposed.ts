/** Loosening is the attack: a looser parameter or cleared entry that is queued is told at once. */
import type { BlockView, VenueEvent } from '../../rule.ts';
import {
  allTapes,
  type Buckets,
  buckets,
  changedFields,
  isAnnounced,
  isLoosening,
  put,
  rule,
  type Score,
  sum,
  whole,
} from '../kit/builtin.ts';
import { announcedUpgrade } from '../tape/benign.ts';
import { gather, live } from '../tape/crowd.ts';
import { demoParams } from '../tape/venue.ts';

interface Proposal {
  readonly subject: string;
  readonly scope: number;
  readonly what: string;
}

function proposalOf({ name, args }: VenueEvent, { state }: BlockView): Proposal | undefined {
  if (name === 'VenueProposed') return { subject: '', scope: 0, what: 'parameters of the venue' };
  if (name === 'ClearProposed') {
    const scope = Number(args.scope);
    return { subject: `${scope}`, scope, what: `clearing of breaker scope ${scope}` };
  }
  if (name !== 'MarketProposed') return undefined;
  const market = Number(args.market);
  // A steward's tightening is not governance's to loosen: a proposal starts from the anchor.
  const [current, next] = [state.markets.get(market)?.anchor, whole(args.params)];
  if (!isLoosening(current, next)) return undefined;
  const fields = changedFields(current, next).join(', ');
  const what = current === undefined ? `listing of market ${market}` : fields;
  return { subject: `${market}`, scope: 1 + market, what };
}

export default rule({
  id: 'loosening-proposed',
  tier: 'flow',
  severity: 'high',
  title: 'A loosening is queued',
  reads: 'proposals to the parameters and to the breaker, against the anchor by law L18',
  threshold: { kind: 'any' },
  settings: {
    announced: { value: '', doc: 'what is planned: `Name subject`, comma separated; told as info' },
    burst: { value: 3, doc: 'unannounced proposals of an hour from which it is critical', min: 1 },
  },
  begin: (): Buckets<number> => buckets<number>(3600, 60),
  measure: (view, before, { announced, burst }) => {
    let memory = before;
    const scores: Score[] = [];
    for (const event of view.events) {
      const proposal = proposalOf(event, view);
      if (proposal === undefined) continue;
      const { subject, scope, what } = proposal;
      const isPlanned = isAnnounced(announced, event.name, subject);
      if (!isPlanned) memory = put(memory, view.timestamp, 1);
      const isBurst = sum(memory, view.timestamp, 0) >= burst;
      scores.push({
        key: `${event.name} ${subject}`.trim(),
        scope,
        value: 1,
        severity: isPlanned ? 'info' : isBurst ? 'critical' : 'high',
        title: `queued: ${what}`,
        evidence: {
          what,
          readyAt: Number(event.args.readyAt ?? 0),
          announced: isPlanned ? 'yes' : 'no',
        },
      });
    }
    return { memory, scores };
  },
  trial: {
    silent: allTapes.filter((name) => name !== 'planned upgrade'),
    speaks: {
      'planned upgrade': 'an announced loosening is told as info: who reads it knows of it',
    },
    settings: { announced: announcedUpgrade },
    attack: {
      what: 'a burst of signed administration: caps and margins of three markets are loosened',
      acts: false,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 20, seconds: 2 });
        for (const market of [1, 2, 3]) {
          const params = { ...demoParams, openInterestMax: 2 ** 39, initialPpm: 11_000 };
          const readyAt = tape.now() + 3600;
          tape.event({
            source: 'parameters',
            name: 'MarketProposed',
            args: { market, params, readyAt },
          });
          yield tape.block(2);
        }
      },
    },
    mutants: [
      {
        what: 'tight and loose change places',
        from: 'if (!isLoosening(current, next))',
        to: 'if (isLoosening(current, next))',
      },
      { what: 'all is announced', from: "isPlanned ? 'info'", to: "!isPlanned ? 'info'" },
    ],
  },
});
