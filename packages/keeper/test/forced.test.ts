import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lotsToTry, mayFreeze, type QueueView, queueDuty } from '../src/forced.ts';

const quiet: QueueView = {
  address: '0x00000000000000000000000000000000000000aa',
  frozenTime: 0,
  next: 3n,
  count: 2n,
  deadline: 0,
  graceSeconds: 50,
  asides: [],
  asideDeadline: 0,
  asideSeconds: 300,
  reportTime: 990,
  feeWei: 7n,
  owed: 0n,
  time: 1_000,
};

describe('keeper: the forced queue', () => {
  it('does nothing about an empty queue or one that is on time', () => {
    assert.equal(queueDuty(quiet), 'nothing');
    assert.equal(queueDuty({ ...quiet, count: 3n, deadline: 1_000 }), 'nothing');
  });

  it('executes what is overdue, even beyond the grace, before it thinks of a freeze', () => {
    const late = { ...quiet, count: 3n, deadline: 999 };
    assert.equal(queueDuty(late), 'execute');
    assert.equal(mayFreeze({ ...late, deadline: 950 }), false);
    assert.equal(queueDuty({ ...late, deadline: 949 }), 'execute');
    assert.equal(mayFreeze({ ...late, deadline: 949 }), true);
  });

  it('serves what is aside, and freezes for it after the longer term', () => {
    const aside = { ...quiet, asides: [1n], asideDeadline: 650 };
    assert.equal(queueDuty(aside), 'execute');
    assert.equal(mayFreeze(aside), false);
    assert.equal(mayFreeze({ ...aside, asideDeadline: 649 }), true);
    assert.equal(mayFreeze({ ...aside, asides: [], asideDeadline: 649 }), false);
    assert.equal(queueDuty({ ...aside, frozenTime: 5 }), 'nothing');
  });

  it('freezes a venue whose reports have stayed away for a week', () => {
    const silent = { ...quiet, time: 990 + 7 * 86_400 };
    assert.equal(queueDuty(silent), 'nothing');
    assert.equal(queueDuty({ ...silent, time: silent.time + 1 }), 'freeze');
    assert.equal(queueDuty({ ...silent, time: silent.time + 1, reportTime: 0 }), 'nothing');
  });

  it('collects fees once they are worth the gas, and all of them after a freeze', () => {
    assert.equal(queueDuty({ ...quiet, owed: 69n }), 'nothing');
    assert.equal(queueDuty({ ...quiet, owed: 70n }), 'collect');
    assert.equal(queueDuty({ ...quiet, owed: 1n, frozenTime: 5 }), 'collect');
    assert.equal(queueDuty({ ...quiet, frozenTime: 5, count: 3n, deadline: 1 }), 'nothing');
  });

  it('tries a close with less and less, and the rest with no lots', () => {
    const close = { isClose: true, account: 2, market: 0, amount: 2n ** 88n - 1n };
    assert.deepEqual(lotsToTry(close, -10), [10n, 5n, 2n, 1n]);
    assert.deepEqual(lotsToTry({ ...close, amount: 3n }, 10), [3n, 1n]);
    assert.equal(lotsToTry(close, 1_000_000).length, 8);
    assert.deepEqual(lotsToTry(close, 0), [0n]);
    assert.deepEqual(lotsToTry({ ...close, isClose: false }, 10), [0n]);
  });
});
