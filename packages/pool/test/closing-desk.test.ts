import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Order } from '@holdfast/order';
import { isRejection } from '@holdfast/units';
import { claimFault, withClosings } from '../src/claims.ts';
import type { ToldClosing } from '../src/client.ts';
import { type Entry, readEntries } from '../src/journal.ts';
import { emptyRecord } from '../src/record.ts';
import { addressOf, flow, followed, mark, type Rig, rig } from './closing-rig.ts';

const member = addressOf(1);
const slip = 10_000;

/** A member's own order in the journal, as one that it signed and that rests. */
const entries = (seq: number, change: object = {}, id = 1): Entry[] => {
  const order = { member, market: 0, isBuy: false, size: 10, price: 1_100_000, timeInForce: 0 };
  const rest = { postOnly: false, expiry: 9_000, nonce: seq, ...change };
  return [
    { type: 'order', id, order: { ...order, ...rest }, signature: '0x12' },
    { type: 'lane', id, lane: 3, seq },
  ] as Entry[];
};
const resting = (seq: number, change: object = {}): string =>
  entries(seq, change)
    .map((each) => `${JSON.stringify(each)}\n`)
    .join('');

const fallingRig = (body: (r: Rig) => Promise<void>): Promise<void> =>
  rig((r) => {
    mark(r.state.book, 965_000);
    return body(r);
  });

const stepOf = async (r: Rig, number = 1): Promise<string> => {
  const result = await r.desk.close(number, slip);
  return isRejection(result) ? result.code : result.step;
};

const toldBy = ({ desk }: Rig): ToldClosing[] =>
  desk.closingsOf(member).map((each) => ({
    ...each,
    equity: BigInt(each.equity),
    maintenance: BigInt(each.maintenance),
    places: [...each.places],
  }));

describe('the desk closes', () => {
  it('a member below maintenance, once, until the chain has settled it', () =>
    fallingRig(async (r) => {
      equal(await stepOf(r), 'sent');
      const { market, side, size, price, reduceOnly, timeInForce } = r
        .sent[0] as (typeof r.sent)[0];
      deepEqual(
        [market, side, size, price, reduceOnly, timeInForce],
        [0, 'sell', 10, 955_350, true, 'IOC'],
      );
      // A second, so that an order signed late outlives no proof.
      equal(r.sent[0]?.expiry, 1_300);
      // Matched, and not in the book yet: nothing more may leave, however long it takes.
      for (const at of [1_000, 1_020, 1_599]) {
        r.now.at = at;
        equal(await stepOf(r), 'waiting');
      }
      equal(r.sent.length, 1);
      r.settle(1, -10, 960_000);
      // 60 tokens less 40, 0.15 and 0.432 of fees.
      equal(await stepOf(r), 'covered');
      equal(r.desk.ownerOf(3, 1), 1);
      const [told] = r.desk.closingsOf(member);
      equal(told?.settled, 10);
      equal(told?.equity, '24850000');
      equal(told?.maintenance, '28950000');
      deepEqual([told?.block, told?.mark, told?.size], [7, 965_000, 10]);
    }));

  it('tries again when nothing was filled, at the newer mark', () =>
    fallingRig(async (r) => {
      r.venue.fills = () => 0;
      equal(await stepOf(r), 'sent');
      equal(await stepOf(r), 'waiting');
      r.now.at = 1_006;
      mark(r.state.book, 950_000);
      equal(await stepOf(r), 'sent');
      ok((r.sent[1]?.price ?? 0) < 950_000);
    }));

  it('nobody who is at or above maintenance', () =>
    rig(async (first) => {
      appendFileSync(first.path, resting(50));
      const r = first.again();
      for (const number of [0, 1, 2]) equal(await stepOf(r, number), 'covered');
      deepEqual([r.sent.length, r.cancelled.length], [0, 0]);
      equal(readFileSync(r.path, 'utf8'), resting(50));
    }));

  it('after the member’s own orders are cancelled, also such as it keeps in the way', () =>
    fallingRig(async (first) => {
      appendFileSync(first.path, resting(50));
      const r = first.again();
      equal(r.desk.openOf(member)[0]?.lots, 10);
      equal(await stepOf(r), 'sent');
      deepEqual(r.cancelled, [{ lane: 3, seq: 50 }]);
      equal(r.sent[0]?.size, 10);
    }));

  it('no lots that an order may have matched of which the venue knows nothing any more', () =>
    fallingRig(async (first) => {
      appendFileSync(first.path, resting(50, { size: 7 }));
      const r = first.again();
      r.venue.cancel = 'OrderUnknown';
      equal(await stepOf(r), 'sent');
      equal(r.sent[0]?.size, 3);
      r.settle(1, -3, 960_000);
      // What did not settle for so long never will: its order may live on for years.
      mark(r.state.book, 950_000);
      r.now.at = 1_590;
      equal(await stepOf(r), 'waiting');
      r.now.at = 1_700;
      equal(await stepOf(r), 'sent');
      equal(r.sent[1]?.size, 7);
    }));

  it('no member that is flat: no order helps one that owes', () =>
    fallingRig(async (r) => {
      equal(await stepOf(r), 'sent');
      r.settle(1, -10, 930_000);
      r.now.at = 1_700;
      equal(await stepOf(r), 'flat');
      equal(r.sent.length, 1);
    }));

  it('in no way that the member can cancel, or use a number of', () =>
    fallingRig(async (r) => {
      r.venue.fills = () => undefined;
      equal(await stepOf(r), 'sent');
      deepEqual(await r.desk.cancel(member, 0), []);
      equal(r.cancelled.length, 0);
      equal(r.desk.orders.byNonce(member, 0), undefined);
    }));
});

describe('a closing in the journal', () => {
  it('is the same after a kill: whose it is, why, and that it may still fill', () =>
    fallingRig(async (r) => {
      r.venue.isDeaf = true;
      await rejects(r.desk.close(1, slip), /nobody answered/);
      const again = r.again();
      deepEqual(again.desk.closingsOf(member), r.desk.closingsOf(member));
      equal(again.desk.ownerOf(3, 1), 1);
      deepEqual(again.desk.openOf(member), r.desk.openOf(member));
      equal(again.desk.openOf(member)[0]?.isClosing, true);
      equal(again.desk.openOf(member)[0]?.lots, 10);
      // Nobody knows whether it matched, so no second one is sent until it is dead.
      again.venue.cancel = 'OrderUnknown';
      equal(await stepOf(again), 'waiting');
      again.now.at = 1_500;
      equal(await stepOf(again), 'waiting');
      equal(again.sent.length, 0);
      again.now.at = 2_000;
      equal(await stepOf(again), 'sent');
    }));

  it('counts for nothing when it was killed before its lane was written', () =>
    fallingRig(async (r) => {
      equal(await stepOf(r), 'sent');
      const [first] = readFileSync(r.path, 'utf8').split('\n');
      rmSync(r.path);
      writeFileSync(r.path, `${first}\n`);
      const again = r.again();
      deepEqual(again.desk.openOf(member), []);
      deepEqual(again.desk.closingsOf(member), []);
      again.now.at = 1_006;
      equal(await stepOf(again), 'sent');
    }));

  it('is read in its own form alone', () =>
    fallingRig(async (r) => {
      equal(await stepOf(r), 'sent');
      const [line] = readFileSync(r.path, 'utf8').split('\n');
      const entry = JSON.parse(line ?? '');
      equal(entry.type, 'closing');
      equal(isRejection(readEntries(`${line}\n`)), false);
      const lies = [
        { ...entry, type: 'order' },
        { ...entry, signature: '0x12' },
        { ...entry, why: undefined },
        { ...entry, why: { ...entry.why, equity: 5 } },
        { ...entry, order: { ...entry.order, nonce: 4 } },
        { ...entry, order: { ...entry.order, timeInForce: 0 } },
      ];
      for (const lie of lies) {
        const text = `${JSON.stringify(lie)}\n`;
        ok(isRejection(readEntries(text)), text);
      }
    }));
});

describe('the last gate', () => {
  const attack = async (twist: Partial<Order>): Promise<void> =>
    fallingRig(async (r) => {
      r.venue.twist = (order) => ({ ...order, ...twist });
      await rejects(r.desk.close(1, slip), { code: 'ClosingDiffers' });
      equal(r.sent.length, 0);
      equal(r.desk.ownerOf(3, 1), undefined);
    });

  it('holds back an order that is another than was decided', async () => {
    const twists = [
      { isBuy: true },
      { size: 11 },
      { price: 1 },
      { market: 1 },
      { timeInForce: 0 },
    ] as unknown as Partial<Order>[];
    for (const twist of twists) await attack(twist);
  });

  it('holds back a closing of a member that was covered while it waited', () =>
    fallingRig(async (r) => {
      r.venue.before = () => flow(r.state.book, 1, 5);
      await rejects(r.desk.close(1, slip), { code: 'MemberCovered' });
      equal(r.sent.length, 0);
    }));

  it('holds back a closing beside another order that came up meanwhile', () =>
    fallingRig(async (r) => {
      const [order, lane] = entries(60, { size: 1 }, 9) as [Entry, Entry];
      r.venue.before = () => {
        r.desk.orders.apply(order);
        r.desk.orders.apply(lane);
      };
      await rejects(r.desk.close(1, slip), { code: 'ClosingGrows' });
      equal(r.sent.length, 0);
    }));

  it('lets a closing pass that is signed anew, and judges it each time', async () => {
    await fallingRig(async (r) => {
      r.venue.signs = 2;
      equal(await stepOf(r), 'sent');
      deepEqual([r.desk.ownerOf(3, 1), r.desk.ownerOf(3, 2)], [1, 1]);
      equal(r.desk.closingsOf(member)[0]?.places.length, 2);
    });
    await fallingRig(async (r) => {
      r.venue.signs = 2;
      r.venue.before = () => flow(r.state.book, 1, 3);
      await rejects(r.desk.close(1, slip), { code: 'MemberCovered' });
      equal(r.sent.length, 0);
    });
  });

  it('holds back a closing that another fill of the member left too large', () =>
    fallingRig(async (first) => {
      appendFileSync(first.path, resting(50));
      const r = first.again();
      r.venue.before = () => r.settle(50, -4, 930_000);
      await rejects(r.desk.close(1, slip), { code: 'ClosingGrows' });
      equal(r.sent.length, 0);
    }));
});

describe('a member’s check', () => {
  it('finds that a closing was one, by its own book at that block', () =>
    fallingRig(async (r) => {
      equal(await stepOf(r), 'sent');
      const [closing] = toldBy(r);
      ok(closing !== undefined);
      const own = { book: r.state.book, shared: [] };
      equal(claimFault(own, 1, closing), undefined);
      const lies = [
        { equity: closing.equity + 1n },
        { maintenance: closing.maintenance - 1n },
        { isBuy: true },
        { lots: 11 },
        { market: 1 },
        { price: 900_000 },
      ];
      for (const lie of lies) {
        equal(
          claimFault(own, 1, { ...closing, ...lie })?.code,
          'ClosingWrong',
          `${Object.keys(lie)}`,
        );
      }
      // By a book in which the member was never below, nothing makes it one.
      equal(claimFault({ book: followed().book, shared: [] }, 1, closing)?.code, 'ClosingWrong');
      const late = { book: followed().book, shared: [8] };
      equal(claimFault(late, 1, closing)?.code, 'ClosingWrong');
      const shared = { book: followed().book, shared: [7] };
      equal(claimFault(shared, 1, closing)?.code, 'ClosingUnclear');
    }));

  it('keeps each lane of a closing once, without which there is no leaf', () =>
    fallingRig(async (r) => {
      equal(await stepOf(r), 'sent');
      const once = withClosings(emptyRecord, toldBy(r));
      deepEqual(once.orders, [{ nonce: 0, lane: 3, seq: 1 }]);
      equal(withClosings(once, toldBy(r)), once);
    }));
});
