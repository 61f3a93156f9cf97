/** Somebody tries doors: selectors that no contract has, calls that revert, guarded functions. */
import {
  allTapes,
  type Buckets,
  buckets,
  functionNames,
  put,
  rule,
  type Score,
  sum,
} from '../kit/builtin.ts';
import { gather, live } from '../tape/crowd.ts';
import { addressOf, places } from '../tape/venue.ts';

/** Weight of what happened in the last ten minutes. */
type Memory = Buckets<number>;

/** What only few may call; a revert of it was somebody else. */
const guarded = new RegExp(
  '^(propose|apply|cancel|tighten|removeGuardian|setVerifier|revoke|veto|initialize|steer|' +
    'announce|dismiss)',
);

export default rule({
  id: 'unusual-calls',
  tier: 'statistical',
  severity: 'medium',
  title: 'Calls that nobody needs',
  reads: 'sender, target, selector and outcome of transactions to contracts of the venue',
  threshold: { kind: 'budget', falsePerMonth: 1, unit: 'weighted calls in ten minutes' },
  settings: {},
  begin: (): Memory => buckets<number>(600, 60),
  measure: (view, before) => {
    let weight = 0;
    const named = new Map<string, number>();
    for (const { from, to, selector, status } of view.txs) {
      // What went through was meant: by a wallet's or a relay's own function, or at deployment.
      if (status === 'success' || to === undefined) continue;
      const name = functionNames.get(selector);
      // A guardian's beat leaves no log, and what leaves none looks as if it had been refused.
      const isBeat = name !== undefined && view.state.guardians.has(from.toLowerCase());
      const each = name === undefined ? 4 : isBeat ? 0 : guarded.test(name) ? 2 : 0.5;
      weight += each;
      if (each > 0) named.set(from, (named.get(from) ?? 0) + each);
    }
    if (weight === 0) return { memory: before, scores: [] as Score[] };
    const memory = put(before, view.timestamp, weight);
    const value = sum(memory, view.timestamp, 0);
    const [worst = ''] = [...named].sort((a, b) => b[1] - a[1])[0] ?? [];
    const title = `calls of weight ${value} in ten minutes`;
    const evidence = { mostBy: worst, weight: value };
    return { memory, scores: [{ key: 'venue', scope: 0, value, title, evidence }] };
  },
  trial: {
    silent: allTapes,
    attack: {
      what: 'a sweep over selectors of every contract from one address',
      acts: false,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 30, seconds: 2 });
        const all = [places.vault, places.parameters, places.breaker, places.oracle];
        for (let i = 0; i < 120; i += 1) {
          const selector = `0x${(0x10000000 + tape.random.below(0xe0000000)).toString(16)}`;
          tape.call(addressOf(0xbad), all[i % 4] as string, selector, 'reverted');
          if (i % 2 === 1) yield tape.block(2);
        }
      },
    },
    mutants: [
      {
        what: 'a selector that nobody has is fine',
        from: 'name === undefined ? 4',
        to: 'name === undefined ? 0',
      },
      {
        what: 'weights are forgotten',
        from: 'buckets<number>(600, 60)',
        to: 'buckets<number>(1, 1)',
      },
    ],
  },
});
