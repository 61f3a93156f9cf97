/** A forced request nears its deadline: the operator does not serve the exit. */
import { allTapes, rule, type Score, set } from '../kit/builtin.ts';
import { gather, live } from '../tape/crowd.ts';

/** When a request that waits was seen first, by its number. */
type Memory = ReadonlyMap<bigint, number>;

export default rule({
  id: 'forced-deadline',
  tier: 'flow',
  severity: 'high',
  title: 'The forced queue nears its deadline',
  reads: 'requests that wait, and their deadlines',
  threshold: {
    kind: 'level',
    value: 0.7,
    unit: 'part of the time to the deadline that has passed',
  },
  settings: {},
  begin: (): Memory => new Map(),
  measure: (view, before) => {
    const { forced, forcedDone } = view.state;
    const scores: Score[] = [];
    let memory = before;
    for (const number of before.keys()) {
      if (!forced.has(number)) memory = set(memory, number, undefined);
    }
    for (const [number, { account, deadline }] of forced) {
      const since = memory.get(number) ?? view.timestamp;
      if (!memory.has(number)) memory = set(memory, number, since);
      const left = deadline - view.timestamp;
      const value = 1 - left / Math.max(1, deadline - since);
      if (value <= 0) continue;
      // What is aside waits for reporters, not for the operator, and stands in nobody's way.
      const waits = number <= forcedDone ? 'waits aside for a price' : 'is overdue';
      scores.push({
        key: `request ${number}`,
        scope: 0,
        value,
        title: left > 0 ? `request ${number} is due in ${left} s` : `request ${number} ${waits}`,
        evidence: { request: number.toString(), account, deadline, leftSeconds: left },
        ...(left > 0 ? {} : { severity: 'critical' as const }),
      });
    }
    return { memory, scores };
  },
  trial: {
    silent: allTapes,
    attack: {
      what: 'a sequencer that settles everything but the exits',
      acts: false,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 20, seconds: 2 });
        tape.force(crowd.takers[0] as number, 1, 900);
        yield* live(tape, crowd, { blocks: 62, seconds: 12 });
      },
    },
    mutants: [
      {
        what: 'the time begins anew',
        from: 'memory.get(number) ?? view.timestamp',
        to: 'view.timestamp',
      },
      {
        what: 'what is done is not taken out',
        from: 'of forced) {',
        to: 'of view.previous?.forced ?? []) {\n      if (forced.has(number)) continue;',
      },
    ],
  },
});
