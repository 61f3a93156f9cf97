/** L15, L09 and L22 on numbers alone: batches, rounds and forced requests leave nothing out. */
import { allTapes, rule, type Score } from '../kit/builtin.ts';
import { gather, live } from '../tape/crowd.ts';

export default rule({
  id: 'sequence-gap',
  tier: 'law',
  severity: 'critical',
  title: 'A number was skipped or came twice',
  reads: 'numbers of batches, rounds and forced requests',
  threshold: { kind: 'any' },
  settings: {},
  begin: () => undefined,
  measure: (view, memory) => {
    const { previous } = view;
    const open = new Set(previous?.forced.keys());
    const scores: Score[] = [];
    if (previous === undefined) return { memory, scores };
    let [batch, round, forced] = [previous.batchNumber, previous.round, previous.forcedDone];
    const report = (key: string, law: number, found: number, required: number): void => {
      const title = `${key} ${found} where ${required} was due`;
      const evidence = { found, required, law: `L${law}` };
      scores.push({ key, scope: 0, value: 1, title, evidence, damage: true });
    };
    for (const { name, args } of view.events) {
      if (name === 'Settled') {
        const found = Number(args.number);
        if (found !== batch + 1) report('batch', 15, found, batch + 1);
        batch = found;
      } else if (name === 'Refreshed') {
        const found = Number(args.round);
        if (found <= round) report('round', 9, found, round + 1);
        round = found;
      } else if (name === 'ForcedTaken' || name === 'ForcedSetAside') {
        const found = BigInt(args.number as bigint);
        // One that stepped aside is taken whenever there is a price.
        const wasAside = name === 'ForcedTaken' && found <= forced && open.has(found);
        if (name === 'ForcedTaken') open.delete(found);
        if (wasAside) continue;
        if (found !== forced + 1n) report('forced request', 22, Number(found), Number(forced) + 1);
        forced = found;
      }
    }
    return { memory, scores };
  },
  act: ({ evidence }) => ({
    kind: 'tighten',
    scope: 0,
    level: 1,
    holdSeconds: 900,
    law: Number(String(evidence.law).slice(1)),
  }),
  trial: {
    silent: allTapes,
    attack: {
      what: 'a captured sequencer drops a batch, so that its fills never happened',
      acts: true,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 20, seconds: 2 });
        tape.trade(0, crowd.makers[0] as number, crowd.takers[0] as number, 5);
        yield tape.block(2, { batchSkip: 1 });
      },
    },
    mutants: [
      { what: 'only going back counts', from: 'found !== batch + 1)', to: 'found <= batch)' },
      {
        what: 'a round that skips counts',
        from: 'found <= round)',
        to: 'found !== round + 1)',
      },
    ],
  },
});
