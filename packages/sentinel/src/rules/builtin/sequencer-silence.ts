/** Neither batch nor report for many times the usual pause. */
import { allTapes, type Moments, noMoments, observe, rule } from '../kit/builtin.ts';
import { gather, live } from '../tape/crowd.ts';

interface Memory {
  readonly last: number;
  readonly pauses: Moments;
}

const speech = ['Settled', 'Refreshed'];

export default rule({
  id: 'sequencer-silence',
  tier: 'flow',
  severity: 'high',
  title: 'The sequencer is silent',
  reads: 'times of batches and reports',
  threshold: { kind: 'level', value: 10, unit: 'usual pauses' },
  settings: {
    leastSeconds: { value: 20, doc: 'shortest silence that counts, seconds' },
  },
  begin: (): Memory => ({ last: 0, pauses: noMoments }),
  measure: (view, before, { leastSeconds }) => {
    const { timestamp } = view;
    const spoke = view.events.some(({ name }) => speech.includes(name));
    if (spoke || before.last === 0) {
      const pause = before.last === 0 ? 0 : timestamp - before.last;
      // A silence that is over does not teach what is usual.
      const usual = pause > 10 * Math.max(1, before.pauses.mean) && before.pauses.weight > 20;
      const pauses =
        before.last === 0 || usual ? before.pauses : observe(before.pauses, pause, 0.98);
      return { memory: { last: timestamp, pauses }, scores: [] };
    }
    const silence = timestamp - before.last;
    if (before.pauses.weight < 10 || silence < leastSeconds) return { memory: before, scores: [] };
    const usual = Math.max(1, before.pauses.mean);
    const title = `no batch and no report for ${silence} s`;
    const evidence = { silenceSeconds: silence, usualSeconds: Math.round(usual * 10) / 10 };
    const score = { key: 'venue', scope: 0, value: silence / usual, title, evidence };
    return { memory: before, scores: [score] };
  },
  trial: {
    silent: allTapes,
    attack: {
      what: 'the sequencer stops, and with it every report that it carries',
      acts: false,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 60, seconds: 2 });
        for (let i = 0; i < 30; i += 1) yield tape.block(2);
      },
    },
    mutants: [
      {
        what: 'any block is speech',
        from: 'speech.includes(name));',
        to: '!speech.includes(name)) || view.number > 0;',
      },
      { what: 'silence is usual', from: 'silence / usual', to: 'usual / silence' },
    ],
  },
});
