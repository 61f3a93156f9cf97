/** Equivocation in each open message of a ceremony: proved, and nobody else's. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Envelope, isEquivocation } from '@holdfast/quorum';
import type { Hex } from '@holdfast/units';
import { turn, World } from './world.ts';

type Body = Record<string, unknown>;
const others: Readonly<Record<string, (body: Body, victim: Hex) => Body>> = {
  hello: ({ nonce }) => ({ nonce: turn(nonce as Hex) }),
  commit: ({ commitments }) => ({ commitments: [...(commitments as Hex[])].reverse() }),
  verdict: (_, victim) => ({ against: [victim] }),
  confirm: ({ transcript }) => ({ transcript: turn(transcript as Hex) }),
  life: ({ partial }) => ({ partial: turn(partial as Hex) }),
};

describe('a party that speaks in two voices', () => {
  for (const [type, other] of Object.entries(others)) {
    it(`${type}: is named, with two envelopes that prove it or one that is wrong`, () => {
      const world = new World(`two voices ${type}`, 2, 3);
      world.node('bob').lie = (message) => {
        if (message.type !== type) return [message];
        const body = message.body as Body;
        const changed = { ...body, ...other(body, message.to[0]!) };
        return [
          { ...message, to: message.to.slice(0, 1) },
          { ...message, to: message.to.slice(1), body: changed },
        ];
      };
      world.start();
      assert.ok(
        world.run(120_000, () => world.isAt(1)),
        'no key',
      );
      let [named, proved] = [0, 0];
      for (const honest of ['ann', 'cid']) {
        for (const event of world.node(honest).events) {
          if (event.type !== 'blame') continue;
          const { blame, name } = event;
          assert.equal(name, 'bob');
          named++;
          if (blame.kind !== 'Equivocated') continue;
          const [a, b] = blame.proof as [Envelope, Envelope];
          assert.ok(isEquivocation(a, b, (envelope) => world.isSigned(envelope)));
          assert.equal(a.from, world.node('bob').key);
          proved++;
        }
      }
      assert.ok(named > 0, 'nobody names it');
      // Of the last two the wrong voice shows by itself before the other is heard.
      if (!['confirm', 'life'].includes(type)) assert.ok(proved > 0, 'nobody has a proof');
    });
  }
});
