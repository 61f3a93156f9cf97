/** One account is most of a market, and the market cannot bear its default. */
import {
  allTapes,
  bearable,
  changesOf,
  inTokens,
  isUser,
  notionalOf,
  rule,
  type Score,
  shortfall,
} from '../kit/builtin.ts';
import { gather, live } from '../tape/crowd.ts';

export default rule({
  id: 'concentration-account',
  tier: 'flow',
  severity: 'high',
  title: 'One account is most of a market',
  reads: 'positions that changed, open interest, insurance, marks',
  damage: 'a move of `gapPpm` would leave a debt that the venue cannot bear',
  threshold: { kind: 'level', value: 0.4, unit: 'share of the open interest' },
  settings: {
    gapPpm: { value: 150_000, doc: 'move of the market that has to be borne, ppm', max: 1_000_000 },
  },
  begin: () => undefined,
  measure: (view, memory, { gapPpm }) => {
    const scores: Score[] = [];
    for (const { account, market: id, before, after } of changesOf(view)) {
      const market = view.state.markets.get(id);
      if (market === undefined || !isUser(account) || Math.abs(after) <= Math.abs(before)) continue;
      const row = view.state.accounts.get(account);
      const cover = bearable(view.state, id);
      const notional = notionalOf(market, after);
      // What insurance could pay whole is nobody's danger, nor is a debt of a quarter of it.
      if (row === undefined || notional <= cover) continue;
      const owed = shortfall(view.state, [row], id, gapPpm);
      if (owed * 4n < cover) continue;
      scores.push({
        key: `account ${account}, market ${id}`,
        scope: 1 + id,
        value: Math.abs(after) / Math.max(1, market.openInterest),
        title: `account ${account} holds ${inTokens(notional)} of market ${id}`,
        evidence: {
          account,
          market: id,
          lots: after,
          openInterest: market.openInterest,
          owed: inTokens(owed),
          cover: inTokens(cover),
        },
        damage: owed > cover,
      });
    }
    return { memory, scores };
  },
  act: ({ scope }) => ({ kind: 'tighten', scope, level: 1, holdSeconds: 900, law: 6 }),
  trial: {
    silent: allTapes,
    attack: {
      what: 'one account takes nearly all of a market at the least margin',
      acts: true,
      *play(tape) {
        const crowd = gather(tape);
        yield* live(tape, crowd, { blocks: 60, seconds: 2 });
        const whale = tape.join(250_000);
        yield tape.block(2);
        for (let i = 0; i < 10; i += 1) {
          for (const maker of crowd.makers) tape.trade(2, whale, maker, 5_000);
          yield* live(tape, crowd, { blocks: 1, seconds: 2 });
        }
      },
    },
    mutants: [
      {
        what: 'only who grows is left out',
        from: '<= Math.abs(before))',
        to: '>= Math.abs(before))',
      },
      { what: 'the debt is never too large', from: 'owed > cover', to: 'owed < 0n' },
    ],
  },
});
